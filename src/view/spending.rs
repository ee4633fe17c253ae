//! What accepted messages cost at most: a table for people, JSON and CSV.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::export::csv_cell;
use super::output::Look;
use super::style::Role;
use super::text::{Align, Table, json_line, money, number, safe};
use crate::model::{CardDate, Currency, Money};

/// What one line is about.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct SpendingKey {
    /// The campaign; `None` when sums are not made by campaign.
    pub campaign: Option<String>,
    /// The price; `None` when sums are not made by market, or there is no rate.
    pub price: Option<Price>,
    /// What the sums are in; `None` for messages without a rate.
    pub currency: Option<Currency>,
}

/// What one message costs.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Price {
    /// The market, as the card calls it.
    pub market: String,
    /// Millionths of the currency's unit.
    pub micros: u64,
    /// The card's currency.
    pub currency: Currency,
    /// From when the card holds.
    pub as_of: CardDate,
}

/// Sums of one line.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Spending {
    /// Messages accepted, but for the failed ones.
    pub accepted: u64,
    /// Messages accepted that a report told as failed: they cost nothing.
    pub failed: u64,
    /// Messages with an unknown outcome.
    pub unknown: u64,
    /// What the accepted ones cost, in millionths.
    pub micros: u64,
    /// What the unknown ones cost if they were sent, in millionths.
    pub unknown_micros: u64,
}

/// The lines of a report.
pub type Sums = BTreeMap<SpendingKey, Spending>;

/// A table, and a total for each currency.
pub fn write_human(out: &mut dyn Write, look: Look, sums: &Sums) -> io::Result<()> {
    if sums.is_empty() {
        return writeln!(out, "no message was accepted in this time");
    }
    let mut table = Table::new(&[
        Align::Left,
        Align::Left,
        Align::Right,
        Align::Left,
        Align::Right,
        Align::Right,
        Align::Right,
        Align::Right,
        Align::Right,
    ]);
    table.row([
        "campaign", "market", "rate", "card", "accepted", "at most", "failed", "unknown", "if sent",
    ]);
    let mut totals: BTreeMap<Option<Currency>, Spending> = BTreeMap::new();
    for (key, sum) in sums {
        table.row(cells(key, sum));
        let total = totals.entry(key.currency).or_default();
        total.accepted += sum.accepted;
        total.failed += sum.failed;
        total.unknown += sum.unknown;
        total.micros = total.micros.saturating_add(sum.micros);
        total.unknown_micros = total.unknown_micros.saturating_add(sum.unknown_micros);
    }
    let lines = sums.len();
    if lines > 1 {
        for (currency, total) in &totals {
            let key = SpendingKey {
                campaign: Some("total".to_owned()),
                price: None,
                currency: *currency,
            };
            let mut cells = cells(&key, total);
            cells[1] = String::new();
            table.row(cells);
        }
    }
    for (index, line) in table.lines(0).enumerate() {
        let is_strong = index == 0 || index > lines;
        let line = if is_strong { look.palette.paint(Role::Strong, &line) } else { line };
        writeln!(out, "{line}")?;
    }
    writeln!(out)?;
    writeln!(
        out,
        "At most: Meta charges for delivered messages only, and Kaleyra's price may differ."
    )
}

fn cells(key: &SpendingKey, sum: &Spending) -> [String; 9] {
    let amount = |micros| match key.currency {
        Some(currency) => money(Money { micros, currency }),
        None => "no rate".to_owned(),
    };
    let count = |count: u64| if count == 0 { String::new() } else { number(count) };
    let price = key.price.as_ref();
    [
        safe(key.campaign.as_deref().unwrap_or("all")).into_owned(),
        match (price, key.currency) {
            (Some(price), _) => safe(&price.market).into_owned(),
            (None, Some(_)) => "all".to_owned(),
            (None, None) => "-".to_owned(),
        },
        price.map(|price| rate(price).amount()).unwrap_or_default(),
        price.map(|price| price.as_of.to_string()).unwrap_or_default(),
        number(sum.accepted),
        amount(sum.micros),
        count(sum.failed),
        count(sum.unknown),
        if sum.unknown == 0 { String::new() } else { amount(sum.unknown_micros) },
    ]
}

fn rate(price: &Price) -> Money {
    Money { micros: price.micros, currency: price.currency }
}

/// One JSON object on one line. Amounts are exact decimal numbers.
pub fn write_json(out: &mut dyn Write, sums: &Sums) -> io::Result<()> {
    let lines: Vec<_> = sums.iter().map(|(key, sum)| line_json(key, sum)).collect();
    let document = json!({ "format_version": "1.0", "lines": lines });
    writeln!(out, "{}", json_line(&document)?)
}

fn line_json(key: &SpendingKey, sum: &Spending) -> Value {
    let amount = |micros| key.currency.map(|currency| Money { micros, currency }.amount());
    json!({
        "campaign": key.campaign,
        "market": key.price.as_ref().map(|price| &price.market),
        "rate": key.price.as_ref().map(|price| rate(price).amount()),
        "card": key.price.as_ref().map(|price| price.as_of.to_string()),
        "currency": key.currency.map(|currency| currency.to_string()),
        "accepted": sum.accepted,
        "cost_at_most": amount(sum.micros),
        "failed": sum.failed,
        "unknown": sum.unknown,
        "unknown_cost": amount(sum.unknown_micros),
    })
}

/// One line for each sum after a line of column names. Amounts are exact.
pub fn write_csv(out: &mut dyn Write, sums: &Sums) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record([
        "campaign",
        "market",
        "rate",
        "card",
        "currency",
        "accepted",
        "cost_at_most",
        "failed",
        "unknown",
        "unknown_cost",
    ])?;
    for (key, sum) in sums {
        let amount = |micros| {
            key.currency.map(|currency| Money { micros, currency }.amount()).unwrap_or_default()
        };
        let price = key.price.as_ref();
        csv.write_record([
            csv_cell(key.campaign.as_deref().unwrap_or_default()),
            csv_cell(price.map(|price| price.market.as_str()).unwrap_or_default()),
            price.map(|price| rate(price).amount()).unwrap_or_default(),
            price.map(|price| price.as_of.to_string()).unwrap_or_default(),
            key.currency.map(|currency| currency.to_string()).unwrap_or_default(),
            sum.accepted.to_string(),
            amount(sum.micros),
            sum.failed.to_string(),
            sum.unknown.to_string(),
            amount(sum.unknown_micros),
        ])?;
    }
    csv.flush()
}
