//! What a number of messages costs at most.

use super::card::{MarketIndex, RateCard};
use crate::model::{CardDate, CountryPrefix, Currency, Money, PhoneNumber};

/// Adds up the price of messages, person by person. Memory: 8 bytes for each market.
#[derive(Clone, Debug)]
pub struct CostTally<'c> {
    card: &'c RateCard,
    people: Vec<u64>,
    unpriced: u64,
}

/// What messages cost at most: Meta charges for delivered ones only.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CostEstimate {
    /// From when the card holds.
    pub as_of: CardDate,
    /// What it is in.
    pub currency: Currency,
    /// The markets with anybody in them, the dearest sum first.
    pub markets: Vec<MarketCost>,
    /// People in no market of the card: what they cost is not known.
    pub unpriced: u64,
}

/// One market's part of the cost.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MarketCost {
    /// As the card calls it.
    pub market: String,
    /// The price of one message.
    pub rate: Money,
    /// How many messages.
    pub people: u64,
}

impl MarketCost {
    /// The price of all.
    pub fn total(&self) -> Money {
        Money { micros: self.rate.micros.saturating_mul(self.people), ..self.rate }
    }
}

impl<'c> CostTally<'c> {
    /// Nobody yet.
    pub fn new(card: &'c RateCard) -> Self {
        Self { card, people: vec![0; card.markets().len()], unpriced: 0 }
    }

    /// One message to this number.
    pub fn add(&mut self, number: PhoneNumber) {
        self.add_to(self.card.market_of(number), 1);
    }

    /// One message to a number that began so.
    pub fn add_prefix(&mut self, prefix: CountryPrefix) {
        self.add_to(self.card.market_of_prefix(prefix), 1);
    }

    /// That many messages to one market, or to numbers without one.
    pub fn add_to(&mut self, market: Option<MarketIndex>, messages: u64) {
        match market {
            Some(market) => self.people[market.place()] += messages,
            None => self.unpriced += messages,
        }
    }

    /// The sum.
    pub fn finish(self) -> CostEstimate {
        let Self { card, people, unpriced } = self;
        let mut markets: Vec<_> = card
            .markets()
            .iter()
            .zip(people)
            .filter(|(_, people)| *people > 0)
            .map(|(market, people)| MarketCost {
                market: market.name.clone(),
                rate: Money { micros: market.micros, currency: card.currency() },
                people,
            })
            .collect();
        markets.sort_by_key(|market| std::cmp::Reverse(market.total().micros));
        CostEstimate { as_of: card.as_of(), currency: card.currency(), markets, unpriced }
    }
}

impl CostEstimate {
    /// The price of all messages in a market of the card.
    pub fn total(&self) -> Money {
        let micros = self
            .markets
            .iter()
            .fold(0_u64, |sum, market| sum.saturating_add(market.total().micros));
        Money { micros, currency: self.currency }
    }

    /// How many messages it is about.
    pub fn people(&self) -> u64 {
        self.markets.iter().map(|market| market.people).sum::<u64>() + self.unpriced
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rates::read_card;

    #[test]
    fn the_sum_is_exact_and_the_dearest_market_comes_first() {
        let text = "# as_of: 2026-10-01\n# currency: USD\nprefix,rate,market\n91,0.0118,India\n49,0.1365,Germany\n1,0.025,North America\n";
        let card = read_card("card.csv", text.as_bytes()).expect("a card");
        let mut tally = CostTally::new(&card);
        for number in 0..1_000 {
            tally.add(PhoneNumber::from_digits(919_800_000_000 + number).expect("a number"));
        }
        for number in 0..100 {
            tally.add(PhoneNumber::from_digits(4_915_100_000_000 + number).expect("a number"));
        }
        tally.add(PhoneNumber::from_digits(33_612_345_678).expect("a number"));
        let cost = tally.finish();
        let parts: Vec<_> = cost
            .markets
            .iter()
            .map(|part| format!("{} {} {}", part.market, part.people, part.total()))
            .collect();
        assert_eq!(parts, ["Germany 100 13.65 USD", "India 1000 11.8 USD"]);
        assert_eq!(cost.total().to_string(), "25.45 USD");
        assert_eq!((cost.unpriced, cost.people()), (1, 1_101));
    }
}
