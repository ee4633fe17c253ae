//! Which columns are read, in which order. The tables are called the same in every store;
//! `r` stands for `recipients`, `p` for `plans`.

/// What [`super::Verified`] is made of, from `recipients AS r`. Which table has the state is the
/// store's affair.
macro_rules! deciding_columns {
    ($states:literal) => {
        concat!(
            "r.id, r.campaign, r.plan, ",
            $states,
            ".state, r.number, r.code_digest, r.content_hash, r.round, r.checksum"
        )
    };
}
/// What [`super::Texts`] are made of, after the deciding ones.
macro_rules! text_columns {
    () => {
        "r.ext_id, r.coupon_code, r.params, r.url_suffix, r.header_url, r.text_checksum"
    };
}
/// What [`super::StoredPlan`] is made of, from `plans AS p`.
macro_rules! plan_columns {
    () => {
        "p.id, p.plan_id, p.consumed_at, p.offer_ends_at, p.offer_window_ms, p.terms, \
         p.planned, p.checksum, p.campaign, p.sender"
    };
}
pub(in crate::ledger) use {deciding_columns, plan_columns, text_columns};

/// How many columns come before the caller's own, without the texts.
pub(in crate::ledger) const DECIDING_COLUMNS: usize = 9;
/// How many columns come before the caller's own, with the texts.
pub(in crate::ledger) const ALL_COLUMNS: usize = DECIDING_COLUMNS + 6;
