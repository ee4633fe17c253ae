//! Which recipients a reply lists with a message id.

use std::borrow::Cow;

use super::json::Json;
use crate::model::{MessageId, PhoneNumber};

/// What `data` proves about the recipients that were asked for.
pub(super) struct Listing {
    /// For each recipient, in the order asked: its message id, where the reply leaves no
    /// doubt.
    pub(super) ids: Vec<Option<MessageId>>,
    /// Whether any item holds a message id, whoever it is for.
    pub(super) has_ids: bool,
}

impl Listing {
    /// Nobody is listed.
    pub(super) fn empty(recipients: &[PhoneNumber]) -> Self {
        Self { ids: vec![None; recipients.len()], has_ids: false }
    }

    /// Matches the items of `data` to the recipients.
    ///
    /// By digits, since no order is promised. By position only where the reply masks
    /// digits as the page's sample does (`xx9986xx70xx`), the visible ones agree and there
    /// are as many items as recipients. An id that stands twice, a recipient with two
    /// items and an item that fits two recipients prove nothing. The one item about the one
    /// recipient may spell a Brazilian, Mexican or Argentine number the other way.
    pub(super) fn read(data: &[Json<'_>], recipients: &[PhoneNumber]) -> Self {
        let items: Vec<Item<'_>> = data.iter().map(Item::read).collect();
        let mut ids: Vec<&str> =
            items.iter().filter_map(|item| item.id.as_ref().map(MessageId::as_str)).collect();
        ids.sort_unstable();
        let stands_once = |id: &MessageId| {
            let first = ids.partition_point(|&other| other < id.as_str());
            ids.get(first + 1).is_none_or(|&next| next != id.as_str())
        };

        let alone = items.len() == 1 && recipients.len() == 1;
        let by_number = ByNumber::of(if alone { &[] } else { recipients });
        let mut claims = vec![Claim::None; recipients.len()];
        for (position, item) in items.iter().enumerate() {
            let mut claim = |index: usize, doubtful: bool| {
                claims[index] = match claims[index] {
                    Claim::None if !doubtful => Claim::By(position),
                    _ => Claim::Doubtful,
                };
            };
            match &item.recipient {
                Written::Digits(digits) if alone => {
                    if is_same_person(digits, recipients[0]) {
                        claim(0, false);
                    }
                }
                Written::Digits(digits) => {
                    let fitting = by_number.find(digits);
                    for &(_, index) in fitting {
                        claim(index, fitting.len() > 1);
                    }
                }
                Written::Masked(pattern) => {
                    let fits = |number: &PhoneNumber| agrees(pattern, &number.digits());
                    if items.len() == recipients.len() && fits(&recipients[position]) {
                        claim(position, false);
                    }
                }
                Written::Unreadable => {}
            }
        }

        let id_of = |claim: &Claim| match claim {
            Claim::By(position) => items[*position].id.clone().filter(stands_once),
            Claim::None | Claim::Doubtful => None,
        };
        Self { ids: claims.iter().map(id_of).collect(), has_ids: !ids.is_empty() }
    }
}

/// Where each number stands among the recipients.
struct ByNumber(Vec<(u64, usize)>);

impl ByNumber {
    fn of(recipients: &[PhoneNumber]) -> Self {
        let numbers = recipients.iter().enumerate();
        let mut sorted: Vec<_> = numbers.map(|(at, number)| (number.as_u64(), at)).collect();
        sorted.sort_unstable();
        Self(sorted)
    }

    /// All places of the number that is written with exactly these digits.
    fn find(&self, digits: &str) -> &[(u64, usize)] {
        // A number has no leading zero.
        let wanted: u64 = match digits.parse() {
            Ok(wanted) if !digits.starts_with('0') => wanted,
            _ => return &[],
        };
        let first = self.0.partition_point(|&(number, _)| number < wanted);
        let end = self.0.partition_point(|&(number, _)| number <= wanted);
        &self.0[first..end]
    }
}

#[derive(Clone, Copy)]
enum Claim {
    None,
    By(usize),
    Doubtful,
}

/// One item of `data`.
struct Item<'b> {
    id: Option<MessageId>,
    recipient: Written<'b>,
}

/// How a reply writes a recipient.
enum Written<'b> {
    Digits(Cow<'b, str>),
    /// Digits with `x` (or `*`) for the hidden ones.
    Masked(Cow<'b, str>),
    Unreadable,
}

impl<'b> Item<'b> {
    fn read(value: &'b Json<'_>) -> Self {
        let text = |key| value.get(key).and_then(Json::scalar);
        Self {
            id: text("message_id").as_deref().and_then(MessageId::new),
            recipient: text("recipient").map_or(Written::Unreadable, Written::read),
        }
    }
}

impl<'b> Written<'b> {
    fn read(text: Cow<'b, str>) -> Self {
        let text = match text {
            Cow::Borrowed(text) => Cow::Borrowed(text.strip_prefix('+').unwrap_or(text)),
            // A number has no sign before it.
            number @ Cow::Owned(_) => number,
        };
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        let hidden = text.bytes().filter(|&byte| is_mask(byte)).count();
        if digits == 0 || digits + hidden != text.len() {
            Self::Unreadable
        } else if hidden == 0 {
            Self::Digits(text)
        } else {
            Self::Masked(text)
        }
    }
}

fn is_same_person(digits: &str, recipient: PhoneNumber) -> bool {
    let number = digits.parse().ok().and_then(PhoneNumber::from_digits);
    number.is_some_and(|number| number.person() == recipient.person())
}

fn is_mask(byte: u8) -> bool {
    matches!(byte, b'x' | b'X' | b'*')
}

fn agrees(pattern: &str, number: &str) -> bool {
    pattern.len() == number.len()
        && pattern
            .bytes()
            .zip(number.bytes())
            .all(|(shown, digit)| is_mask(shown) || shown == digit)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const ASHA: u64 = 919_986_127_034;
    const BEN: u64 = 12_025_550_123;

    fn ids(data: &Value, numbers: &[u64]) -> Vec<Option<String>> {
        let people: Vec<_> =
            numbers.iter().map(|&n| PhoneNumber::from_digits(n).expect("a number")).collect();
        let text = data.to_string();
        let items: Vec<Json<'_>> = serde_json::from_str(&text).expect("a list");
        let listing = Listing::read(&items, &people);
        listing.ids.iter().map(|id| id.as_ref().map(|id| id.as_str().to_owned())).collect()
    }

    fn some(ids: &[Option<&str>]) -> Vec<Option<String>> {
        ids.iter().map(|id| id.map(str::to_owned)).collect()
    }

    #[test]
    fn recipients_are_found_by_their_digits_in_any_order() {
        let data = json!([
            {"message_id": "a:1", "recipient": "+12025550123"},
            {"message_id": "a:0", "recipient": "919986127034"},
        ]);
        assert_eq!(ids(&data, &[ASHA, BEN]), some(&[Some("a:0"), Some("a:1")]));
        let data = json!([{"message_id": "a:1", "recipient": 12_025_550_123_u64}]);
        assert_eq!(ids(&data, &[ASHA, BEN]), some(&[None, Some("a:1")]));
    }

    #[test]
    fn masked_recipients_are_found_by_position_where_all_agrees() {
        let asha = json!({"message_id": "a:0", "recipient": "xx9986xx70xx"});
        let ben = json!({"message_id": "a:1", "recipient": "1202*****23"});
        assert_eq!(ids(&json!([asha]), &[ASHA]), some(&[Some("a:0")]));
        assert_eq!(ids(&json!([asha, ben]), &[ASHA, BEN]), some(&[Some("a:0"), Some("a:1")]));
        // Another order, another count, another digit, another length, nothing visible.
        assert_eq!(ids(&json!([ben, asha]), &[ASHA, BEN]), some(&[None, None]));
        assert_eq!(ids(&json!([asha]), &[ASHA, BEN]), some(&[None, None]));
        assert_eq!(ids(&json!([asha, ben]), &[ASHA]), some(&[None]));
        for other in ["xx9985xx70xx", "x9986xx70xx", "xxxxxxxxxxxx", "xx99-86xx70", ""] {
            let data = json!([{"message_id": "a:0", "recipient": other}]);
            assert_eq!(ids(&data, &[ASHA]), some(&[None]), "{other}");
        }
    }

    #[test]
    fn the_one_recipient_may_be_spelt_another_way_and_nobody_else() {
        let item = |to: u64| json!({"message_id": "a:0", "recipient": to.to_string()});
        for (asked, listed) in [
            (5_215_512_345_678, 525_512_345_678),
            (551_187_654_321, 5_511_987_654_321),
            (5_491_123_456_789, 541_123_456_789),
        ] {
            assert_eq!(ids(&json!([item(listed)]), &[asked]), some(&[Some("a:0")]), "{asked}");
            assert_eq!(ids(&json!([item(listed)]), &[asked, BEN]), some(&[None, None]));
            assert_eq!(ids(&json!([item(listed), item(BEN)]), &[asked]), some(&[None]));
        }
        assert_eq!(ids(&json!([item(BEN)]), &[ASHA]), some(&[None]));
        let huge = json!([{"message_id": "a:0", "recipient": "99999999999999999999999"}]);
        assert_eq!(ids(&huge, &[ASHA]), some(&[None]));
    }

    #[test]
    fn what_stands_twice_proves_nothing() {
        let twice = json!([
            {"message_id": "a:0", "recipient": "919986127034"},
            {"message_id": "a:0", "recipient": "12025550123"},
        ]);
        assert_eq!(ids(&twice, &[ASHA, BEN]), some(&[None, None]));
        let two_items = json!([
            {"message_id": "a:0", "recipient": "919986127034"},
            {"message_id": "a:1", "recipient": "919986127034"},
        ]);
        assert_eq!(ids(&two_items, &[ASHA, BEN]), some(&[None, None]));
        let one = json!([{"message_id": "a:0", "recipient": "919986127034"}]);
        assert_eq!(ids(&one, &[ASHA, ASHA]), some(&[None, None]));
        let masked_and_whole = json!([
            {"message_id": "a:0", "recipient": "xx9986xx70xx"},
            {"message_id": "a:1", "recipient": "919986127034"},
        ]);
        assert_eq!(ids(&masked_and_whole, &[ASHA, BEN]), some(&[None, None]));
    }

    #[test]
    fn an_item_without_an_id_accepts_nobody() {
        for item in [
            json!({"recipient": "919986127034"}),
            json!({"message_id": "", "recipient": "919986127034"}),
            json!({"message_id": null, "recipient": "919986127034"}),
            json!({"message_id": ["a"], "recipient": "919986127034"}),
            json!("919986127034"),
            json!(null),
        ] {
            assert_eq!(ids(&json!([item]), &[ASHA]), some(&[None]), "{item}");
        }
    }
}
