//! A card of the user's own: `prefix,rate[,market]` under lines that say from when it holds
//! and what it is in.

use super::card::{MAX_PREFIX_DIGITS, MarketIndex, RateCard};
use super::read::{CardRow, Faults};
use crate::model::{CardDate, Currency, parse_micros};

pub(super) fn read(
    above: &[CardRow],
    header: &CardRow,
    rows: &[CardRow],
    faults: &mut Faults<'_>,
) -> Option<RateCard> {
    let as_of = remark(above, "as_of").and_then(CardDate::parse);
    if as_of.is_none() {
        let hint = "a line above the columns, such as `# as_of: 2026-10-01`";
        faults.add(None, "rates/no-date", "the rate card does not say from when it holds", hint);
    }
    let currency = remark(above, "currency").and_then(Currency::parse);
    if currency.is_none() {
        let hint = "a line above the columns, such as `# currency: USD`";
        faults.add(None, "rates/no-currency", "the rate card does not say its currency", hint);
    }
    let Some(rate) = header.position("rate") else {
        let message = "there is no column `rate`";
        faults.add(
            Some(header.line),
            "rates/no-header",
            message,
            "the columns are `prefix,rate[,market]`",
        );
        return None;
    };
    let market = header.position("market");
    // Whatever day and currency: the rows' faults are told all the same.
    let mut card = RateCard::new(
        as_of.or_else(|| CardDate::new(1970, 1, 1))?,
        currency.or_else(|| Currency::parse("NIL"))?,
    );
    for row in rows {
        read_row(&mut card, row, rate, market, faults);
    }
    if card.markets().is_empty() {
        faults.add(None, "rates/empty", "the rate card has no rates", "");
    }
    Some(card)
}

/// `# key: value` in a line above the columns.
fn remark<'r>(above: &'r [CardRow], key: &str) -> Option<&'r str> {
    above.iter().find_map(|row| {
        let (found, value) = row.cell(0).strip_prefix('#')?.split_once(':')?;
        found.trim().eq_ignore_ascii_case(key).then(|| value.trim())
    })
}

fn read_row(
    card: &mut RateCard,
    row: &CardRow,
    rate: usize,
    market: Option<usize>,
    faults: &mut Faults<'_>,
) {
    let prefix = row.cell(0).strip_prefix('+').unwrap_or(row.cell(0));
    if row.cell(0).starts_with('#') {
        return;
    }
    let digits = prefix.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || prefix.len() > MAX_PREFIX_DIGITS || prefix.starts_with('0') {
        let hint = "a prefix is the first digits of numbers with their calling code, such as `91`; empty for all others";
        faults.add(Some(row.line), "rates/prefix", "this is no prefix of a telephone number", hint);
        return;
    }
    let Some(micros) = parse_micros(row.cell(rate)).filter(|_| !row.cell(rate).is_empty()) else {
        let hint = "a decimal number with at most six digits after the point, such as `0.0118`";
        faults.add(Some(row.line), "rates/rate", "this row has no rate", hint);
        return;
    };
    let name = match market.map(|market| row.cell(market)).filter(|name| !name.is_empty()) {
        Some(name) => name.to_owned(),
        None if prefix.is_empty() => "Other".to_owned(),
        None => format!("+{prefix}"),
    };
    let Some(market) = same_market(card, &name, micros).or_else(|| card.add_market(name, micros))
    else {
        faults.add(Some(row.line), "rates/too-long", "the rate card has too many markets", "");
        return;
    };
    let new =
        if prefix.is_empty() { card.set_other(market) } else { card.add_prefix(prefix, market) };
    if !new {
        let message = if prefix.is_empty() {
            "there is a rate for all others already".to_owned()
        } else {
            format!("the prefix `{prefix}` has a rate already")
        };
        faults.add(Some(row.line), "rates/twice", message, "keep one of the rows");
    }
}

/// Several prefixes of one name and price are one market.
fn same_market(card: &RateCard, name: &str, micros: u64) -> Option<MarketIndex> {
    card.find_market(|market| market.name == name && market.micros == micros)
}
