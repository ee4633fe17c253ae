//! Which keys the schema knows, and which one was probably meant.

use serde_json::Value;

/// The keys the schema knows where `additionalProperties` at this path refused one.
pub(super) fn known_beside<'a>(schema: &'a Value, schema_path: &str) -> Vec<&'a str> {
    let object = schema_path.strip_suffix("/additionalProperties").unwrap_or(schema_path);
    schema
        .pointer(object)
        .and_then(|object| object.get("properties")?.as_object())
        .map(|properties| properties.keys().map(String::as_str).collect())
        .unwrap_or_default()
}

/// The alternatives of a `oneOf` whose branches each require one key.
pub(super) fn alternatives<'a>(schema: &'a Value, schema_path: &str) -> Vec<&'a str> {
    let branches = schema.pointer(schema_path).and_then(Value::as_array);
    branches
        .into_iter()
        .flatten()
        .filter_map(|branch| branch.pointer("/required/0")?.as_str())
        .collect()
}

/// The known key that a misspelt one is nearest to, if any is near.
pub(in crate::parse) fn nearest<'a>(key: &str, known: &[&'a str]) -> Option<&'a str> {
    if key.len() > 64 {
        return None;
    }
    let plain = key.to_lowercase().replace('-', "_");
    known
        .iter()
        .map(|&candidate| (strsim::damerau_levenshtein(&plain, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1.max(candidate.len() / 3))
        .min()
        .map(|(_, candidate)| candidate)
}

/// The section that has this key, when exactly one has.
pub(super) fn home_of<'a>(schema: &'a Value, key: &str) -> Option<&'a str> {
    let sections = schema.get("properties")?.as_object()?;
    let mut homes = sections.iter().filter(|(_, section)| {
        section.pointer("/properties").is_some_and(|properties| properties.get(key).is_some())
    });
    let (home, _) = homes.next()?;
    homes.next().is_none().then_some(home.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_its_key() {
        let known = ["window", "ends_at", "starts_at", "coupon_code"];
        for (key, meant) in [
            ("windw", Some("window")),
            ("Window", Some("window")),
            ("ends-at", Some("ends_at")),
            ("couponcode", Some("coupon_code")),
            ("budget", None),
            ("x", None),
        ] {
            assert_eq!(nearest(key, &known), meant, "{key}");
        }
    }
}
