//! "Did you mean": the known word that a person most likely wanted.

/// The candidate nearest to `word`, when it is near enough to be meant.
pub(super) fn closest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let allowed = (word.chars().count() / 3).max(1);
    let folded = word.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (distance(&folded, &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Edits between two words; those that run over 64 bytes are never near.
fn distance(one: &str, other: &str) -> usize {
    if one.len() > 64 || other.len() > 64 {
        return usize::MAX;
    }
    strsim::damerau_levenshtein(one, other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_recognised_and_another_word_is_not() {
        let names = ["first_name", "city", "customer_id"];
        assert_eq!(closest("frist_name", names), Some("first_name"));
        assert_eq!(closest("First_Name", names), Some("first_name"));
        assert_eq!(closest("citty", names), Some("city"));
        assert_eq!(closest("voucher", names), None);
    }
}
