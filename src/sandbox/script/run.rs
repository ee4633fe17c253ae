//! Decides, request by request, which rule applies.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::dice::{Dice, IDLE, LATENCY};
use super::{Act, Behaviour, Condition, Millis, Rule, Script};

/// A script under way.
pub(in crate::sandbox) struct ScriptRun {
    script: Script,
    dice: Dice,
    /// How often each rule was applied.
    applied: Vec<AtomicU64>,
    /// Requests so far by first recipient; only counted when a rule asks.
    attempts: Option<Mutex<HashMap<u64, u64>>>,
}

impl ScriptRun {
    /// Starts a script; `seed` counts where it names none itself.
    pub(in crate::sandbox) fn new(script: Script, seed: u64) -> Self {
        let dice = Dice::new(script.seed.unwrap_or(seed));
        let applied = script.rules.iter().map(|_| AtomicU64::new(0)).collect();
        let counts_attempts = script.rules.iter().any(|rule| rule.when.attempt.is_some());
        let attempts = counts_attempts.then(Mutex::default);
        Self { script, dice, applied, attempts }
    }

    /// Whether idle connections may be closed at all.
    pub(in crate::sandbox) fn closes_idle(&self) -> bool {
        self.script.close_idle_after.is_some()
            || self.script.rules.iter().any(|rule| rule.then.close_idle_after.is_some())
    }

    /// The rule that cuts a request off inside its body, judged when its head is there:
    /// after how many bytes, and whether with RST.
    pub(in crate::sandbox) fn in_body(
        &self,
        request: u64,
        elapsed: Duration,
    ) -> Option<(u64, bool)> {
        self.find(|index, rule| {
            let facts = Facts { request, elapsed, recipients: &[], attempt: 0 };
            matches!(rule.then.act, Act::DropInBody { .. }) && self.holds(index, &rule.when, facts)
        })
        .and_then(|behaviour| match behaviour.act {
            Act::DropInBody { after } => Some((after, behaviour.reset)),
            _ => None,
        })
    }

    /// The rule for a request whose form is good, if any.
    pub(in crate::sandbox) fn choose(
        &self,
        request: u64,
        elapsed: Duration,
        recipients: &[u64],
    ) -> Option<&Behaviour> {
        let attempt = self.count_attempt(recipients);
        let facts = Facts { request, elapsed, recipients, attempt };
        self.find(|index, rule| {
            !matches!(rule.then.act, Act::DropInBody { .. }) && self.holds(index, &rule.when, facts)
        })
    }

    /// How long the reply is held back.
    pub(in crate::sandbox) fn latency(&self, rule: Option<&Behaviour>, request: u64) -> Duration {
        let millis = rule.and_then(|rule| rule.latency).or(self.script.latency);
        millis.map_or(Duration::ZERO, |millis| self.draw(millis, LATENCY, request))
    }

    /// How long the connection may idle after the reply.
    pub(in crate::sandbox) fn close_idle_after(
        &self,
        rule: Option<&Behaviour>,
        request: u64,
    ) -> Option<Duration> {
        let millis = rule.and_then(|rule| rule.close_idle_after).or(self.script.close_idle_after);
        millis.map(|millis| self.draw(millis, IDLE, request))
    }

    fn draw(&self, millis: Millis, purpose: u64, request: u64) -> Duration {
        Duration::from_millis(self.dice.between(millis.low, millis.high, purpose, request))
    }

    fn find(&self, matches: impl Fn(u64, &Rule) -> bool) -> Option<&Behaviour> {
        (0_u64..).zip(self.script.rules.iter()).zip(&self.applied).find_map(
            |((index, rule), applied)| {
                let applies = matches(index, rule) && spend(applied, rule.times);
                applies.then_some(&rule.then)
            },
        )
    }

    fn holds(&self, index: u64, when: &Condition, facts: Facts<'_>) -> bool {
        let Condition { every, first, after, attempt, probability, recipient, between } = when;
        let request = facts.request;
        let elapsed = u64::try_from(facts.elapsed.as_millis()).unwrap_or(u64::MAX);
        every.is_none_or(|every| request.is_multiple_of(every))
            && first.is_none_or(|first| request <= first)
            && after.is_none_or(|after| request > after)
            && attempt.is_none_or(|attempt| facts.attempt == attempt)
            && between.is_none_or(|(from, to)| (from..to).contains(&elapsed))
            && recipient
                .is_none_or(|wanted| facts.recipients.iter().any(|number| wanted.matches(*number)))
            && probability.is_none_or(|chance| self.dice.unit(index, request) < chance)
    }

    fn count_attempt(&self, recipients: &[u64]) -> u64 {
        let (Some(attempts), Some(first)) = (&self.attempts, recipients.first()) else { return 0 };
        let mut attempts = attempts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = attempts.entry(*first).or_default();
        *count += 1;
        *count
    }
}

/// What conditions are held against.
#[derive(Clone, Copy)]
struct Facts<'a> {
    request: u64,
    elapsed: Duration,
    recipients: &'a [u64],
    attempt: u64,
}

/// Takes one of a rule's applications, if one is left.
fn spend(applied: &AtomicU64, times: Option<u64>) -> bool {
    let Some(times) = times else { return true };
    let take = |count| (count < times).then_some(count + 1);
    applied.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANY: [u64; 2] = [12_025_550_123, 4_915_112_345_678];

    fn run(json: &str) -> ScriptRun {
        ScriptRun::new(Script::from_json(json).expect("a script"), 9)
    }

    /// The requests out of the first `count` that a rule applies to.
    fn hit(json: &str, count: u64) -> Vec<u64> {
        let run = run(json);
        (1..=count)
            .filter(|request| run.choose(*request, Duration::ZERO, &MANY).is_some())
            .collect()
    }

    #[test]
    fn conditions_choose_requests_by_number() {
        for (json, requests) in [
            (r#"{"rules": [{"every": 3, "status": 500}]}"#, vec![3, 6, 9]),
            (r#"{"rules": [{"first": 2, "status": 500}]}"#, vec![1, 2]),
            (r#"{"rules": [{"after": 8, "status": 500}]}"#, vec![9, 10]),
            (r#"{"rules": [{"after": 2, "first": 4, "status": 500}]}"#, vec![3, 4]),
            (r#"{"rules": [{"every": 2, "times": 2, "status": 500}]}"#, vec![2, 4]),
            (r#"{"rules": [{"attempt": 2, "status": 500}]}"#, vec![2]),
            (r#"{"rules": [{"recipient": "+12025550123", "times": 1, "status": 500}]}"#, vec![1]),
            (r#"{"rules": [{"recipient": "345678", "times": 1, "status": 500}]}"#, vec![1]),
            (r#"{"rules": [{"recipient": "+1202555012", "status": 500}]}"#, vec![]),
            (r#"{"rules": [{"probability": 0, "status": 500}]}"#, vec![]),
            (r#"{"rules": [{"between_ms": [5, 10], "status": 500}]}"#, vec![]),
            (r#"{"rules": []}"#, vec![]),
        ] {
            assert_eq!(hit(json, 10), requests, "{json}");
        }
    }

    #[test]
    fn chance_is_a_matter_of_seed_and_request() {
        let rule = |seed| {
            format!("{{\"seed\": {seed}, \"rules\": [{{\"probability\": 0.1, \"status\": 500}}]}}")
        };
        let hits = hit(&rule(1), 10_000);
        assert!((850..1150).contains(&hits.len()), "{}", hits.len());
        assert_eq!(hits, hit(&rule(1), 10_000));
        assert_ne!(hits, hit(&rule(2), 10_000));
    }

    #[test]
    fn the_first_rule_that_matches_decides() {
        let run = run(r#"{"rules": [
            {"every": 2, "drop": "before_accept"},
            {"hang": "after_accept"}
        ]}"#);
        let act = |request| &run.choose(request, Duration::ZERO, &MANY).expect("a rule fits").act;
        assert_eq!(act(1), &Act::Hang { accept: true });
        assert_eq!(act(2), &Act::Drop { accept: false });
    }

    #[test]
    fn a_rule_can_last_for_a_time() {
        let run = run(r#"{"rules": [{"between_ms": [1000, 2000], "status": 504}]}"#);
        let hit = |millis| run.choose(1, Duration::from_millis(millis), &MANY).is_some();
        assert_eq!([999, 1000, 1999, 2000].map(hit), [false, true, true, false]);
    }

    #[test]
    fn latency_is_drawn_between_its_ends() {
        let run = run(r#"{"latency_ms": [5, 9], "rules": [{"every": 2, "latency_ms": 50}]}"#);
        for request in 1..100 {
            let rule = run.choose(request, Duration::ZERO, &MANY);
            let millis = run.latency(rule, request).as_millis();
            let expected = if request % 2 == 0 { 50..=50 } else { 5..=9 };
            assert!(expected.contains(&millis), "{request}: {millis}");
        }
    }
}
