//! Lists in the documents that have to be complete: keys, rules, exit codes, variables.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{none, root, text};

#[test]
fn every_key_of_the_schema_is_explained_with_its_default() {
    let schema = serde_json::from_str(&text("schemas/campaign.schema.json")).expect("JSON");
    let mut keys = BTreeMap::new();
    collect_keys(&schema, "", &mut keys);
    let page = text("docs/campaign-file.md");
    let rows: BTreeMap<_, _> = rows(&page).collect();
    none("keys without a row", keys.keys().filter(|key| !rows.contains_key(key.as_str())));
    none("rows without a key", rows.keys().filter(|key| !keys.contains_key(**key)));
    let other_default = keys.iter().filter_map(|(key, default)| {
        let stated = default.as_ref()?;
        let row = rows[key.as_str()];
        (!row.contains(&format!("default `{stated}`"))).then(|| format!("{key}: {stated}"))
    });
    none("defaults that the row does not state", other_default);
}

#[test]
fn every_rule_is_listed() {
    let mut used = BTreeSet::new();
    for layer in ["parse", "audience", "compose", "rates", "commands"] {
        collect_rules(&root().join("src").join(layer), &mut used);
    }
    assert!(used.len() > 100, "the rules are found in the source");
    let page = text("docs/rules.md");
    let listed: BTreeSet<_> =
        rows(&page).map(|(rule, _)| rule.to_owned()).filter(|rule| rule.contains('/')).collect();
    none("rules without a row in docs/rules.md", used.difference(&listed));
    none("rows of docs/rules.md without a rule", listed.difference(&used));
}

#[test]
fn every_exit_code_is_listed() {
    let source = text("src/cli/exit.rs");
    let (_, function) = source.split_once("fn code(").expect("the numbers are there");
    let (function, _) = function.split_once("\n    }\n").expect("and end");
    let used: BTreeSet<_> = function
        .lines()
        .filter_map(|line| line.split_once("=> ")?.1.strip_suffix(','))
        .map(str::to_owned)
        .collect();
    assert!(used.contains("143"), "{used:?}");
    let page = text("docs/exit-codes.md");
    let listed: BTreeSet<_> = rows(&page).map(|(code, _)| code.to_owned()).collect();
    assert_eq!(listed, used);
}

#[test]
fn every_variable_is_listed() {
    let source = text("src/cli/environment.rs");
    let used: BTreeSet<_> = source
        .lines()
        .filter(|line| line.trim_start().starts_with("pub const "))
        .filter_map(|line| line.split('"').nth(1))
        .collect();
    let page = text("docs/environment.md");
    let listed: BTreeSet<_> = rows(&page).map(|(name, _)| name).collect();
    assert_eq!(listed, used);
}

/// The rows of all tables whose first cell is one piece of code: that code, and the row.
fn rows(page: &str) -> impl Iterator<Item = (&str, &str)> {
    page.lines().filter_map(|line| {
        let (code, _) = line.strip_prefix("| `")?.split_once("` |")?;
        (!code.contains('`')).then_some((code, line))
    })
}

/// Every property with its default, under its path: `sender.from`, `recipients[].file`.
fn collect_keys(schema: &Value, path: &str, keys: &mut BTreeMap<String, Option<String>>) {
    let Some(properties) = schema["properties"].as_object() else { return };
    for (key, property) in properties {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        let default = &property["default"];
        let default = match default {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        };
        keys.insert(path.clone(), default);
        collect_keys(property, &path, keys);
        collect_keys(&property["items"], &format!("{path}[]"), keys);
    }
}

/// Every text of the form `area/fault` in the product's code.
fn collect_rules(folder: &Path, rules: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a folder of the source") {
        let path = entry.expect("an entry of it").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if ["tests", "tests.rs", "testing.rs", "fixture.rs"].contains(&name) {
            continue;
        }
        if path.is_dir() {
            collect_rules(&path, rules);
            continue;
        }
        let source = fs::read_to_string(&path).expect("source is text");
        let product = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let quoted = product.split('"').skip(1);
        rules.extend(quoted.filter(|text| is_rule(text)).map(str::to_owned));
    }
}

fn is_rule(text: &str) -> bool {
    let Some((area, fault)) = text.split_once('/') else { return false };
    let is_word = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_lowercase())
            && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    let is_media_type = ["image", "video", "application", "text"].contains(&area);
    is_word(area) && is_word(fault) && !is_media_type
}
