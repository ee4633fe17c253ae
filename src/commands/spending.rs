//! `offercast report`: what accepted messages cost at most, from the ledger alone.

use std::collections::{BTreeMap, HashMap};

use super::context::Context;
use super::error::CommandError;
use super::ledgers::open_to_read;
use crate::cli::{Exit, ReportArgs, ReportBy, ReportFormat};
use crate::ledger::{HistoryRow, KeptRates, Whose};
use crate::model::{PlanId, Receipt, State, Timestamp};
use crate::rates::{RateCard, read_card};
use crate::view::spending::{self, Price, Spending, SpendingKey};

/// Runs the command.
pub(super) fn report(context: &mut Context, args: &ReportArgs) -> Result<Exit, CommandError> {
    let from = args.from.as_deref().map(instant).transpose()?;
    let to = args.to.as_deref().map(instant).transpose()?;
    let ledger = open_to_read(context, &args.ledger, &[])?;
    let cards = Cards::of(ledger.rates()?);
    let mut sums: BTreeMap<SpendingKey, Spending> = BTreeMap::new();
    ledger.history::<CommandError>(&crate::ledger::Who::All, None, |row| {
        let Some(at) = time_of(&row) else { return Ok(()) };
        if from.is_some_and(|from| at < from) || to.is_some_and(|to| at >= to) {
            return Ok(());
        }
        let price = cards.price(&row, at);
        let sum = sums.entry(key(args, &row, price.as_ref())).or_default();
        match (row.state, row.receipt) {
            (State::Accepted, Some(Receipt::Failed)) => sum.failed += 1,
            (State::Accepted, _) => {
                sum.accepted += 1;
                sum.micros = sum.micros.saturating_add(price.map_or(0, |price| price.micros));
            }
            _ => {
                sum.unknown += 1;
                let micros = price.map_or(0, |price| price.micros);
                sum.unknown_micros = sum.unknown_micros.saturating_add(micros);
            }
        }
        Ok(())
    })?;
    let (out, look) = context.output.data();
    match args.format {
        ReportFormat::Human => spending::write_human(out, look, &sums),
        ReportFormat::Json => spending::write_json(out, &sums),
        ReportFormat::Csv => spending::write_csv(out, &sums),
    }
    .map_err(CommandError::Output)?;
    context.output.flush().map_err(CommandError::Output)?;
    Ok(Exit::Done)
}

/// When a message was accepted, or put on the wire with an outcome that is not known. `None`
/// for people who cost nothing.
fn time_of(row: &HistoryRow) -> Option<Timestamp> {
    match row.state {
        State::Accepted => row.accepted_at,
        State::Unknown | State::Attempting => row.attempted_at.or(Some(row.updated_at)),
        State::Pending | State::Rejected | State::Skipped => None,
    }
}

fn key(args: &ReportArgs, row: &HistoryRow, price: Option<&Price>) -> SpendingKey {
    let by = |what| args.by.contains(&what);
    SpendingKey {
        campaign: by(ReportBy::Campaign).then(|| row.campaign.as_str().to_owned()),
        price: price.filter(|_| by(ReportBy::Market)).cloned(),
        currency: price.map(|price| price.currency),
    }
}

/// The rate cards of the ledger's plans.
struct Cards {
    cards: Vec<RateCard>,
    /// Of each plan: since when which card holds, ascending.
    uses: HashMap<PlanId, Vec<(Timestamp, usize)>>,
}

impl Cards {
    /// A card that cannot be read prices nothing: its messages are counted without a rate.
    fn of(kept: Vec<KeptRates>) -> Self {
        let mut cards = Self { cards: Vec::new(), uses: HashMap::new() };
        let mut texts: HashMap<String, usize> = HashMap::new();
        for KeptRates { plan, since, card } in kept {
            let index = if let Some(index) = texts.get(&card) {
                *index
            } else {
                let Ok(read) = read_card("the ledger", card.as_bytes()) else { continue };
                cards.cards.push(read);
                texts.insert(card, cards.cards.len() - 1);
                cards.cards.len() - 1
            };
            cards.uses.entry(plan).or_default().push((since, index));
        }
        for uses in cards.uses.values_mut() {
            uses.sort_unstable();
        }
        cards
    }

    fn price(&self, row: &HistoryRow, at: Timestamp) -> Option<Price> {
        let uses = self.uses.get(&row.plan)?;
        let until = uses.partition_point(|(since, _)| *since <= at);
        // What was sent before the first card was named is priced by that card.
        let (_, index) = uses[until.saturating_sub(1)];
        let card = &self.cards[index];
        let market = match row.whose {
            Whose::Number(number) => card.market_of(number),
            Whose::Forgotten(prefix) => card.market_of_prefix(prefix),
        }?;
        Some(Price {
            market: card.markets()[market.place()].name.clone(),
            micros: card.price(market).micros,
            currency: card.currency(),
            as_of: card.as_of(),
        })
    }
}

/// `2026-12-01` is the beginning of that day in UTC.
fn instant(text: &str) -> Result<Timestamp, CommandError> {
    let day = format!("{text}T00:00:00Z");
    Timestamp::parse(text).or_else(|| Timestamp::parse(&day)).ok_or_else(|| CommandError::Usage {
        message: format!("`{}` is no time", crate::view::text::safe(text)),
        hint: Some("a day such as `2026-12-01`, or `2026-12-01T09:00:00+05:30`".to_owned()),
    })
}
