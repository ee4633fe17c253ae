//! One recipient about to be written as pending: all of a row that does not hang on where it
//! is written, made by whoever composes the message. Composing runs on all processors, writing
//! on one.

use std::fmt;
use std::io::Write;
use std::ops::Range;

use crate::model::{ContentHash, Message, PersonKey, PhoneNumber};

use super::rows::Texts;

/// One recipient about to be written as pending.
#[derive(Clone)]
pub struct NewRecipient {
    number: PhoneNumber,
    code_digest: u64,
    content: ContentHash,
    /// All texts in one piece: a million people have one allocation each, not six.
    texts: String,
    id: Option<Span>,
    coupon_code: Span,
    params: Option<Span>,
    url_suffix: Option<Span>,
    header_url: Option<Span>,
}

/// A stretch of a recipient's texts, in bytes.
type Span = Range<u32>;

impl NewRecipient {
    /// Whoever has this number and, in the audience, this id of their own; and what they get.
    ///
    /// # Panics
    /// With texts of 4 GiB: no message may have so much.
    pub fn new(number: PhoneNumber, id: Option<&str>, message: &Message) -> Self {
        let mut texts = Vec::with_capacity(room(id, message));
        let id = id.map(|id| add(&mut texts, |texts| texts.extend_from_slice(id.as_bytes())));
        let mut text = |text: &str| add(&mut texts, |all| all.extend_from_slice(text.as_bytes()));
        let coupon_code = text(message.coupon_code.as_str());
        let url_suffix = message.url_suffix.as_deref().map(&mut text);
        let header_url = message.header_url.as_deref().map(&mut text);
        let params = (!message.params.is_empty()).then(|| {
            add(&mut texts, |texts| {
                let writer = texts as &mut dyn Write;
                serde_json::to_writer(writer, &message.params).expect("texts are always JSON");
            })
        });
        Self {
            number,
            code_digest: message.coupon_code.digest(),
            content: message.content,
            texts: String::from_utf8(texts).expect("JSON and texts are UTF-8"),
            id,
            coupon_code,
            params,
            url_suffix,
            header_url,
        }
    }

    /// Who.
    pub fn number(&self) -> PhoneNumber {
        self.number
    }

    /// The person who has the number.
    pub(super) fn person(&self) -> PersonKey {
        self.number.person()
    }

    /// The code's digest.
    pub(super) fn code_digest(&self) -> u64 {
        self.code_digest
    }

    /// The fingerprint of what they get.
    pub(super) fn content(&self) -> &[u8] {
        self.content.as_bytes()
    }

    /// The texts of the row.
    pub(super) fn texts(&self) -> Texts<'_> {
        let text = |span: &Span| &self.texts[span.start as usize..span.end as usize];
        Texts {
            ext_id: self.id.as_ref().map(text),
            coupon_code: text(&self.coupon_code),
            params: self.params.as_ref().map(text),
            url_suffix: self.url_suffix.as_ref().map(text),
            header_url: self.header_url.as_ref().map(text),
        }
    }
}

impl fmt::Debug for NewRecipient {
    /// Neither code nor values: they are the recipient's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NewRecipient({}, {})", self.number, self.content)
    }
}

/// How many bytes the texts take, unless some must be escaped.
fn room(id: Option<&str>, message: &Message) -> usize {
    let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let quoted: usize = message.params.iter().map(|param| param.len() + 3).sum();
    let code = message.coupon_code.as_str().len();
    let others = length(&message.url_suffix) + length(&message.header_url);
    id.map_or(0, str::len) + code + others + quoted + 2
}

fn add(texts: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) -> Span {
    let start = texts.len();
    write(texts);
    let end = |length| u32::try_from(length).expect("texts are shorter than 4 GiB");
    end(start)..end(texts.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CouponCode;

    fn message(params: &[&str], url_suffix: Option<&str>, header_url: Option<&str>) -> Message {
        Message {
            coupon_code: CouponCode::new("DIW7K2M9QXVB").expect("a code"),
            params: params.iter().map(ToString::to_string).collect(),
            url_suffix: url_suffix.map(str::to_owned),
            header_url: header_url.map(str::to_owned),
            content: ContentHash::from_bytes([7; 16]),
        }
    }

    #[test]
    fn a_row_has_each_text_in_its_own_place() {
        let number = PhoneNumber::from_digits(919_812_345_610).expect("a number");
        let full = message(&["Günther", "10 %"], Some("login?c=1"), Some("https://x.example/1"));
        let new = NewRecipient::new(number, Some("C-1"), &full);
        let texts = new.texts();
        assert_eq!(texts.ext_id, Some("C-1"));
        assert_eq!(texts.coupon_code, "DIW7K2M9QXVB");
        assert_eq!(texts.params, Some(r#"["Günther","10 %"]"#));
        assert_eq!(texts.url_suffix, Some("login?c=1"));
        assert_eq!(texts.header_url, Some("https://x.example/1"));

        let bare = NewRecipient::new(number, None, &message(&[], None, None));
        let texts = bare.texts();
        assert_eq!((texts.ext_id, texts.params), (None, None));
        assert_eq!((texts.url_suffix, texts.header_url), (None, None));
        assert_eq!(texts.coupon_code, "DIW7K2M9QXVB");
        assert_eq!(bare.code_digest(), full.coupon_code.digest());
    }

    #[test]
    fn an_empty_text_is_not_an_absent_one() {
        let number = PhoneNumber::from_digits(919_812_345_610).expect("a number");
        let new = NewRecipient::new(number, Some(""), &message(&[""], Some(""), None));
        let texts = new.texts();
        assert_eq!((texts.ext_id, texts.params), (Some(""), Some(r#"[""]"#)));
        assert_eq!((texts.url_suffix, texts.header_url), (Some(""), None));
    }
}
