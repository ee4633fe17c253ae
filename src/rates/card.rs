//! A rate card: which market a number belongs to, and what a message costs there.

use crate::model::{CardDate, CountryPrefix, Currency, Money, PhoneNumber};

/// What one marketing message costs, by the longest matching prefix of the number.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RateCard {
    as_of: CardDate,
    currency: Currency,
    markets: Vec<Market>,
    prefixes: Prefixes,
    /// For numbers that no prefix matches.
    other: Option<MarketIndex>,
}

/// Numbers with one price.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Market {
    /// As the card calls it: `India`, `Rest of Africa`, `+91`.
    pub name: String,
    /// The price of one message, in millionths of the card's currency.
    pub micros: u64,
}

/// One of a card's markets.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct MarketIndex(u16);

impl MarketIndex {
    /// Where the market stands in [`RateCard::markets`].
    pub fn place(self) -> usize {
        usize::from(self.0)
    }
}

impl RateCard {
    /// A card without markets.
    pub(super) fn new(as_of: CardDate, currency: Currency) -> Self {
        let (markets, prefixes) = (Vec::new(), Prefixes::default());
        Self { as_of, currency, markets, prefixes, other: None }
    }

    /// Adds a market. `None` when there are more than a card can have (65,534).
    pub(super) fn add_market(&mut self, name: String, micros: u64) -> Option<MarketIndex> {
        let index = u16::try_from(self.markets.len()).ok().filter(|index| *index < u16::MAX)?;
        self.markets.push(Market { name, micros });
        Some(MarketIndex(index))
    }

    /// The first market that is wanted.
    pub(super) fn find_market(&self, wanted: impl Fn(&Market) -> bool) -> Option<MarketIndex> {
        let index = self.markets.iter().position(wanted)?;
        u16::try_from(index).ok().map(MarketIndex)
    }

    /// Gives a prefix to a market; false when it already has one.
    pub(super) fn add_prefix(&mut self, digits: &str, market: MarketIndex) -> bool {
        self.prefixes.insert(digits, market)
    }

    /// Gives a market all numbers without a prefix; false when one has them already.
    pub(super) fn set_other(&mut self, market: MarketIndex) -> bool {
        self.other.replace(market).is_none()
    }

    /// From when the card holds.
    pub fn as_of(&self) -> CardDate {
        self.as_of
    }

    /// What its prices are in.
    pub fn currency(&self) -> Currency {
        self.currency
    }

    /// Its markets, in the order of the file.
    pub fn markets(&self) -> &[Market] {
        &self.markets
    }

    /// The market of a number; `None` when the card has none for it.
    pub fn market_of(&self, number: PhoneNumber) -> Option<MarketIndex> {
        self.prefixes.longest(number.as_u64()).or(self.other)
    }

    /// The same from the beginning of a number; a card that tells numbers of one country apart
    /// has the price for all of it, if any.
    pub fn market_of_prefix(&self, prefix: CountryPrefix) -> Option<MarketIndex> {
        self.prefixes.longest(prefix.as_u64()).or(self.other)
    }

    /// The price of one message in a market.
    pub fn price(&self, market: MarketIndex) -> Money {
        Money { micros: self.markets[market.place()].micros, currency: self.currency }
    }

    /// The card in its simplest shape, equal for equal cards: kept in the ledger beside what
    /// was sent under it, and read back by [`super::read_card`].
    pub fn to_text(&self) -> String {
        let mut text = format!("# as_of: {}\n# currency: {}\n", self.as_of, self.currency);
        text.push_str("prefix,rate,market\n");
        let mut row = |prefix: &str, market: MarketIndex| {
            let Market { name, .. } = &self.markets[market.place()];
            let rate = self.price(market).amount();
            let name = name.replace('"', "\"\"");
            text.extend([prefix, ",", &rate, ",\"", &name, "\"\n"]);
        };
        self.prefixes.each(&mut row);
        if let Some(other) = self.other {
            row("", other);
        }
        text
    }
}

/// The most digits of a prefix: no number is longer (ITU-T E.164).
pub(super) const MAX_PREFIX_DIGITS: usize = 15;

/// Prefixes as a tree of digits: a number is looked up in as many steps as the longest
/// prefix has digits.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Prefixes {
    nodes: Vec<Node>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Node {
    /// Index of the node for each next digit; 0 is none, since the root follows no digit.
    next: [u32; 10],
    market: Option<MarketIndex>,
}

impl Default for Prefixes {
    fn default() -> Self {
        Self { nodes: vec![Node::default()] }
    }
}

impl Prefixes {
    fn insert(&mut self, digits: &str, market: MarketIndex) -> bool {
        let mut at = 0;
        for digit in digits.bytes().map(|byte| usize::from(byte - b'0')) {
            if self.nodes[at].next[digit] == 0 {
                let new = u32::try_from(self.nodes.len()).expect("a card is below 1 MiB");
                self.nodes[at].next[digit] = new;
                self.nodes.push(Node::default());
            }
            at = self.nodes[at].next[digit] as usize;
        }
        self.nodes[at].market.replace(market).is_none()
    }

    fn longest(&self, number: u64) -> Option<MarketIndex> {
        let mut power = 10_u64.pow(number.checked_ilog10()?);
        let mut node = self.nodes[0];
        let mut found = None;
        while power > 0 {
            let digit = usize::try_from(number / power % 10).expect("one digit");
            match node.next[digit] {
                0 => break,
                next => node = self.nodes[next as usize],
            }
            found = node.market.or(found);
            power /= 10;
        }
        found
    }

    /// Every prefix with its market, in the order of the digits.
    fn each(&self, visit: &mut impl FnMut(&str, MarketIndex)) {
        let mut stack = vec![(0_usize, String::new())];
        while let Some((at, digits)) = stack.pop() {
            if let Some(market) = self.nodes[at].market {
                visit(&digits, market);
            }
            for (digit, &next) in self.nodes[at].next.iter().enumerate().rev() {
                if next != 0 {
                    stack.push((next as usize, format!("{digits}{digit}")));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(digits: u64) -> PhoneNumber {
        PhoneNumber::from_digits(digits).expect("a number")
    }

    fn card(prefixes: &[&str], other: bool) -> RateCard {
        let day = CardDate::new(2026, 10, 1).expect("a day");
        let mut card = RateCard::new(day, Currency::parse("USD").expect("a currency"));
        for prefix in prefixes {
            let market = card.add_market(format!("+{prefix}"), 1).expect("room");
            card.add_prefix(prefix, market);
        }
        if other {
            let market = card.add_market("Other".to_owned(), 1).expect("room");
            card.set_other(market);
        }
        card
    }

    fn name(card: &RateCard, digits: u64) -> Option<&str> {
        card.market_of(number(digits)).map(|market| card.markets()[market.place()].name.as_str())
    }

    #[test]
    fn the_longest_prefix_decides() {
        let card = card(&["7", "76", "77", "1", "1809"], false);
        assert_eq!(name(&card, 79_161_234_567), Some("+7"));
        assert_eq!(name(&card, 77_011_234_567), Some("+77"));
        assert_eq!(name(&card, 18_095_551_234), Some("+1809"));
        assert_eq!(name(&card, 18_085_551_234), Some("+1"));
        assert_eq!(name(&card, 919_812_345_678), None);
    }

    #[test]
    fn a_card_may_have_a_price_for_all_others() {
        assert_eq!(name(&card(&["91"], true), 4_915_112_345_678), Some("Other"));
    }

    proptest! {
        #[test]
        fn the_tree_finds_what_trying_all_prefixes_finds(
            prefixes in proptest::collection::btree_set("[1-9][0-9]{0,4}", 1..40),
            digits in 1_000_000_u64..=999_999_999_999_999,
        ) {
            let prefixes: Vec<_> = prefixes.iter().map(String::as_str).collect();
            let card = card(&prefixes, false);
            let text = digits.to_string();
            let longest = prefixes
                .iter()
                .filter(|prefix| text.starts_with(**prefix))
                .max_by_key(|prefix| prefix.len())
                .map(|prefix| format!("+{prefix}"));
            prop_assert_eq!(name(&card, digits).map(str::to_owned), longest);
        }
    }
}
