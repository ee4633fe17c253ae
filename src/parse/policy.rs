//! The policy file: as strict as a campaign, and short enough to be judged by hand.

use std::path::Path;

use serde_json::{Map, Value};

use super::document::{Document, token};
use super::schema::nearest;
use super::{agreement, reader, text};
use crate::diagnostic::{Diagnostic, Sources};
use crate::model::{GuardRule, Money, Policy};

/// The JSON schema of policy files, for editors (draft 2020-12).
pub const POLICY_SCHEMA: &str = include_str!("../../schemas/policy.v1.schema.json");

/// Reads a policy file's bytes. `path` is the file as the person named it; the text is kept in
/// `sources`.
///
/// # Errors
/// All faults, with their places. A policy with a fault is no policy: what it meant to forbid
/// must not be let through.
pub fn policy(bytes: &[u8], path: &Path, sources: &mut Sources) -> Result<Policy, Vec<Diagnostic>> {
    let source = text::read(bytes, path, sources)?;
    let text = sources.text(source).clone();
    let reading = reader::read(&text, source);
    let mut faults = reading.faults;
    let Some(root) = reading.root else { return Err(faults) };
    if faults.is_empty() {
        faults.extend(agreement::read(&text, &root, source).err().into_iter().flatten());
    }
    let document = Document::new(source, text, root);
    let mut judge = Judge { document: &document, faults };
    let policy = judge.policy(&document.root().to_json());
    if judge.faults.is_empty() { Ok(policy) } else { Err(judge.faults) }
}

struct Judge<'d> {
    document: &'d Document,
    faults: Vec<Diagnostic>,
}

impl Judge<'_> {
    fn policy(&mut self, value: &Value) -> Policy {
        let mut policy = Policy::default();
        let Some(keys) = self.keys(value, "", &["version", "limits", "allow"]) else {
            return policy;
        };
        if keys.get("version").and_then(Value::as_u64) != Some(1) {
            self.refuse("policy/version", "/version", "a policy says `version: 1`", "add it");
        }
        if let Some(limits) = keys.get("limits")
            && let Some(limits) = self.keys(limits, "/limits", &["recipients", "cost"])
        {
            if let Some(most) = limits.get("recipients") {
                policy.recipients = most.as_u64();
                if policy.recipients.is_none() {
                    let words = "the most people of a plan are a whole number";
                    self.refuse("policy/limit", "/limits/recipients", words, "such as `50000`");
                }
            }
            if let Some(most) = limits.get("cost") {
                policy.cost = most.as_str().and_then(Money::parse);
                if policy.cost.is_none() {
                    let words = "the most that a plan may cost is an amount and a currency";
                    self.refuse("policy/limit", "/limits/cost", words, "such as `600 USD`");
                }
            }
        }
        policy.allow = keys.get("allow").map(|rules| self.rules(rules));
        policy
    }

    fn rules(&mut self, value: &Value) -> Vec<GuardRule> {
        let known = || GuardRule::ALL.map(|rule| format!("`{rule}`")).join(", ");
        let Some(items) = value.as_array() else {
            let words = "`allow` is a list of the guards that campaigns may override";
            self.refuse("policy/allow", "/allow", words, &format!("such as [{}]", known()));
            return Vec::new();
        };
        let mut rules = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            if let Some(rule) = item.as_str().and_then(GuardRule::parse) {
                rules.push(rule);
            } else {
                let pointer = format!("/allow/{index}");
                let hint = format!("there are {}", known());
                self.refuse("policy/allow", &pointer, "there is no such guard", &hint);
            }
        }
        rules
    }

    /// The keys of a section; those that nobody knows are refused.
    fn keys<'v>(
        &mut self,
        value: &'v Value,
        pointer: &str,
        known: &[&str],
    ) -> Option<&'v Map<String, Value>> {
        let Some(keys) = value.as_object() else {
            self.refuse("policy/form", pointer, "here stand keys and values", "see docs/ci.md");
            return None;
        };
        for key in keys.keys().filter(|key| !known.contains(&key.as_str())) {
            let place = self.document.key_place(&format!("{pointer}/{}", token(key)));
            let fault = Diagnostic::error("policy/unknown-key", place, "a policy has no such key");
            self.faults.push(match nearest(key, known) {
                Some(meant) => fault.hint(format!("did you mean `{meant}`?")),
                None => fault.hint(format!("there are `{}`", known.join("`, `"))),
            });
        }
        Some(keys)
    }

    fn refuse(&mut self, rule: &'static str, pointer: &str, message: &str, hint: &str) {
        let place = self.document.place(pointer, None);
        self.faults.push(Diagnostic::error(rule, place, message).hint(hint));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Policy, Vec<&'static str>> {
        let read = policy(text.as_bytes(), Path::new("policy.yaml"), &mut Sources::default());
        read.map_err(|faults| faults.into_iter().map(|fault| fault.rule.0).collect())
    }

    fn schema_takes(text: &str) -> bool {
        let schema: Value = serde_json::from_str(POLICY_SCHEMA).expect("the schema is JSON");
        let value: Value = serde_yaml::from_str(text).expect("YAML");
        jsonschema::validator_for(&schema).expect("a schema").is_valid(&value)
    }

    #[test]
    fn a_policy_caps_and_says_what_may_be_overridden() {
        let text = "version: 1\nlimits: { recipients: 50000, cost: 600 USD }\nallow: [growth]\n";
        let policy = read(text).expect("a policy");
        assert_eq!(policy.recipients, Some(50_000));
        assert_eq!(policy.cost, Money::parse("600 USD"));
        assert!(policy.leaves(GuardRule::Growth));
        assert!(!policy.leaves(GuardRule::MixedContent));
        let empty = read("version: 1\nallow: []\n").expect("a policy");
        assert!(GuardRule::ALL.iter().all(|rule| !empty.leaves(*rule)));
        let silent = read("version: 1\n").expect("a policy");
        assert!(GuardRule::ALL.iter().all(|rule| silent.leaves(*rule)));
        for text in [text, "version: 1\nallow: []\n", "version: 1\n"] {
            assert!(schema_takes(text), "{text}");
        }
        for rule in GuardRule::ALL {
            assert!(schema_takes(&format!("version: 1\nallow: [{rule}]\n")), "{rule}");
        }
    }

    #[test]
    fn what_it_does_not_know_is_refused() {
        for (text, rule) in [
            ("limits: { recipients: 5 }\n", "policy/version"),
            ("version: 2\n", "policy/version"),
            ("version: 1\nlimit: { recipients: 5 }\n", "policy/unknown-key"),
            ("version: 1\nlimits: { recipient: 5 }\n", "policy/unknown-key"),
            ("version: 1\nlimits: { recipients: many }\n", "policy/limit"),
            ("version: 1\nlimits: { recipients: -5 }\n", "policy/limit"),
            ("version: 1\nlimits: { recipients: \"5\" }\n", "policy/limit"),
            ("version: 1\nlimits: { cost: 600 }\n", "policy/limit"),
            ("version: 1\nlimits:\n", "policy/form"),
            ("version: 1\nlimits: 5\n", "policy/form"),
            ("version: 1\nallow: growth\n", "policy/allow"),
            ("version: 1\nallow:\n", "policy/allow"),
            ("version: 1\nallow: [force]\n", "policy/allow"),
            ("- version: 1\n", "policy/form"),
        ] {
            assert_eq!(read(text), Err(vec![rule]), "{text}");
            assert!(!schema_takes(text), "{text}");
        }
        assert!(read("version: 1\nversion: 1\n").is_err(), "a key twice");
        assert!(read("").is_err(), "nothing");
    }
}
