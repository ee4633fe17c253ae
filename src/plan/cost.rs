//! What a plan costs at most, and whether its limit allows that.

use super::document::LimitSourceWord;
use super::guard::{Cap, LimitCheck, Most};
use super::planner::Planned;
use crate::ledger::{ForgottenRow, Known};
use crate::model::{Money, State, people};
use crate::rates::{CostEstimate, CostTally, RateCard};

/// What a plan costs at most by one rate card.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlanCost {
    /// The messages still to send.
    pub sends: CostEstimate,
    /// Messages of this campaign whose outcome is unknown: their cost comes on top if they
    /// were sent.
    pub held: CostEstimate,
    /// What has been accepted of the same plan before: a limit binds the plan as a whole.
    spent: CostEstimate,
}

impl PlanCost {
    /// Adds up. `known` is everybody the ledger knows of the campaign, with `forgotten` those it
    /// does not name any more, `resumes` whether
    /// the plan is one that was consumed before.
    pub(super) fn of<'k>(
        card: &RateCard,
        sends: &[Planned],
        known: impl Iterator<Item = &'k Known>,
        forgotten: &[ForgottenRow],
        resumes: bool,
    ) -> Self {
        let (mut to_send, mut held, mut spent) =
            (CostTally::new(card), CostTally::new(card), CostTally::new(card));
        for planned in sends {
            to_send.add(planned.number);
        }
        for person in known {
            match person.state {
                State::Unknown | State::Attempting => held.add(person.number),
                State::Accepted if resumes && person.in_last_plan => spent.add(person.number),
                _ => {}
            }
        }
        for row in forgotten {
            match row.state {
                State::Unknown | State::Attempting => held.add_prefix(row.prefix),
                State::Accepted if resumes && row.in_last_plan => spent.add_prefix(row.prefix),
                _ => {}
            }
        }
        Self { sends: to_send.finish(), held: held.finish(), spent: spent.finish() }
    }

    /// What the whole plan costs if everybody in doubt was sent to as well.
    pub fn at_most(&self) -> Money {
        let total = self.sends.total();
        let more = self.held.total().micros.saturating_add(self.spent.total().micros);
        Money { micros: total.micros.saturating_add(more), ..total }
    }

    /// People without a price.
    fn unpriced(&self) -> u64 {
        self.sends.unpriced + self.held.unpriced + self.spent.unpriced
    }
}

/// `limits.cost` and the caps on it, with what they are held against; empty where there is
/// neither limit nor card.
pub(super) fn cost_checks(
    limit: Option<Money>,
    caps: &[Cap],
    cost: Option<&PlanCost>,
) -> Vec<LimitCheck> {
    let of_campaign = cost_check(limit, LimitSourceWord::Campaign, cost);
    let of_caps = caps.iter().filter_map(|cap| match cap.most {
        Most::Cost(most) => cost_check(Some(most), cap.set_by, cost),
        Most::Recipients(_) => None,
    });
    of_campaign.into_iter().chain(of_caps).collect()
}

fn cost_check(
    limit: Option<Money>,
    set_by: LimitSourceWord,
    cost: Option<&PlanCost>,
) -> Option<LimitCheck> {
    let (actual, fits) = match cost {
        None => {
            limit?;
            ("no rate card (`--rates FILE`)".to_owned(), false)
        }
        Some(cost) => {
            let total = cost.at_most();
            let currency = limit.is_none_or(|limit| limit.currency == total.currency);
            let within = limit.is_none_or(|limit| total.micros <= limit.micros);
            let words = match cost.unpriced() {
                0 => amount(total),
                some => format!("{} and {} without a rate", amount(total), people(some)),
            };
            (words, currency && within && cost.unpriced() == 0)
        }
    };
    Some(LimitCheck {
        limit: "cost",
        allowed: limit.map(|limit| limit.to_string()),
        actual: Some(actual),
        set_by,
        breached: limit.is_some() && !fits,
    })
}

/// `3391.20 USD`, rounded up.
fn amount(money: Money) -> String {
    let hundredths = money.hundredths();
    format!("{}.{:02} {}", hundredths / 100, hundredths % 100, money.currency)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ContentHash, PhoneNumber};
    use crate::rates::read_card;

    fn card() -> RateCard {
        let text = "# as_of: 2026-10-01\n# currency: USD\nprefix,rate\n91,0.0118\n";
        read_card("card.csv", text.as_bytes()).expect("a card")
    }

    fn planned(digits: u64) -> Planned {
        let number = PhoneNumber::from_digits(digits).expect("a number");
        Planned { number, content: ContentHash::from_bytes([1; 16]) }
    }

    fn known(digits: u64, state: State, in_last_plan: bool) -> Known {
        let Planned { number, content } = planned(digits);
        let (code, round) = (0, 0);
        Known {
            number,
            state,
            content,
            in_last_plan,
            code,
            round,
            settled_unsent: false,
            failed: false,
        }
    }

    fn limit(text: &str) -> Option<Money> {
        let limit = Money::parse(text);
        assert!(limit.is_some(), "{text} is no amount");
        limit
    }

    fn people_of_the_ledger() -> Vec<Known> {
        vec![
            known(919_800_000_003, State::Accepted, true),
            known(919_800_000_004, State::Accepted, false),
            known(919_800_000_005, State::Unknown, true),
            known(919_800_000_006, State::Rejected, true),
        ]
    }

    #[test]
    fn a_resumed_plan_is_priced_with_what_it_has_spent_and_who_is_in_doubt() {
        let sends = [planned(919_800_000_001), planned(919_800_000_002)];
        let known = people_of_the_ledger();
        let cost = PlanCost::of(&card(), &sends, known.iter(), &[], true);
        assert_eq!(cost.sends.total().to_string(), "0.0236 USD");
        assert_eq!(cost.held.total().to_string(), "0.0118 USD");
        assert_eq!(cost.at_most().to_string(), "0.0472 USD", "two, one accepted, one in doubt");
        let anew = PlanCost::of(&card(), &sends, known.iter(), &[], false);
        assert_eq!(anew.at_most().to_string(), "0.0354 USD");
    }

    #[test]
    fn a_limit_holds_only_with_a_card_of_its_currency_that_prices_everybody() {
        let sends = [planned(919_800_000_001), planned(919_800_000_002)];
        let cost = PlanCost::of(&card(), &sends, [].iter(), &[], false);
        let check = |limit, cost| {
            let [check] = cost_checks(limit, &[], cost).try_into().expect("one check");
            let LimitCheck { actual, breached, .. } = check;
            (actual.unwrap_or_default(), breached)
        };
        assert_eq!(check(limit("0.0236 USD"), Some(&cost)), ("0.03 USD".to_owned(), false));
        assert_eq!(check(limit("0.0235 USD"), Some(&cost)), ("0.03 USD".to_owned(), true));
        assert_eq!(check(limit("600 INR"), Some(&cost)), ("0.03 USD".to_owned(), true));
        assert_eq!(check(None, Some(&cost)), ("0.03 USD".to_owned(), false));
        assert!(check(limit("1 USD"), None).1, "no card");
        let abroad = [planned(919_800_000_001), planned(33_612_345_678)];
        let cost = PlanCost::of(&card(), &abroad, [].iter(), &[], false);
        assert_eq!(
            check(limit("1 USD"), Some(&cost)),
            ("0.02 USD and 1 person without a rate".to_owned(), true)
        );
        assert_eq!(cost_checks(None, &[], None), []);
    }

    #[test]
    fn a_cap_on_the_cost_holds_beside_the_campaigns_limit() {
        let sends = [planned(919_800_000_001), planned(919_800_000_002)];
        let cost = PlanCost::of(&card(), &sends, [].iter(), &[], false);
        let cap = |text| Cap {
            most: Most::Cost(limit(text).expect("an amount")),
            set_by: LimitSourceWord::Environment,
        };
        let breached = |caps: &[Cap], cost| -> Vec<_> {
            let checks = cost_checks(limit("1 USD"), caps, cost);
            checks.into_iter().map(|check| (check.set_by, check.breached)).collect()
        };
        let (campaign, environment) = (LimitSourceWord::Campaign, LimitSourceWord::Environment);
        let low = [cap("0.0235 USD")];
        assert_eq!(breached(&low, Some(&cost)), [(campaign, false), (environment, true)]);
        let high = [cap("0.0236 USD")];
        assert_eq!(breached(&high, Some(&cost)), [(campaign, false), (environment, false)]);
        assert_eq!(breached(&high, None), [(campaign, true), (environment, true)], "no card");
        let other = [cap("600 INR")];
        assert_eq!(breached(&other, Some(&cost))[1], (environment, true), "another currency");
        let people = Cap { most: Most::Recipients(1), set_by: environment };
        assert_eq!(breached(&[people], Some(&cost)), [(campaign, false)]);
    }
}
