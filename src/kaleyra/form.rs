//! One request as plain data: the fields, in the order of Kaleyra's page.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use super::field;
use crate::model::{
    Callback, ExpirationForm, MediaFile, Message, NumberFormat, Offer, OfferEnd, OfferWindow,
    PhoneNumber, SharedContent, Timestamp,
};

/// The fields of one request, checked: whoever holds a form can send it. Texts that are sent as
/// they stand are borrowed from the message and from what all messages share.
///
/// It holds full numbers and a live code, so `Debug` shows the fields' names only.
#[derive(Clone, PartialEq, Eq)]
pub struct Form<'m> {
    fields: Vec<Field<'m>>,
}

/// One field.
#[derive(Clone, PartialEq, Eq)]
pub struct Field<'m> {
    /// One of the names in [`field`].
    pub name: &'static str,
    /// What is sent under it.
    pub value: FieldValue<'m>,
}

/// What a field holds.
#[derive(Clone, PartialEq, Eq)]
pub enum FieldValue<'m> {
    /// Text, sent as it stands.
    Text(Cow<'m, str>),
    /// A file part.
    File(&'m MediaFile),
}

/// Why no form can be made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum FormError {
    /// Nobody to send to.
    #[error("a request needs at least one recipient")]
    NoRecipients,
    /// The template shows when the offer ends, but no end was given.
    #[error("the template shows when the offer ends, but no end was given")]
    NoExpiration,
    /// Too small for an instant in milliseconds: a duration, or seconds.
    #[error(
        "`expiration_time_ms` must be an instant in milliseconds, at least {MIN_UNIX_MS}: \
         `{0}` reads as a duration or as seconds"
    )]
    NotAnInstant(i64),
    /// An offer that is over before it starts.
    #[error("`expiration_time_ms` as a duration must be above 0, not `{0}`")]
    NotADuration(i64),
    /// A name that cannot stand in a part's header on every server.
    #[error("a header file's name must have no control character and no backslash")]
    FileName,
}

/// As many fields as a request can have.
const MOST_FIELDS: usize = 12;

/// The longest number with what stands before it.
const NUMBER_ROOM: usize = ",".len() + "+".len() + 15;

/// The smallest `expiration_time_ms` taken for an instant: 2001-09-09. What is below is a
/// duration (the page's sample, 1209600000, is 14 days) or an instant in seconds.
const MIN_UNIX_MS: i64 = 1_000_000_000_000;

impl<'m> Form<'m> {
    /// The request that sends `message` to `recipients`.
    ///
    /// `expiration` is the value of `expiration_time_ms` (see [`expiration_time_ms`]); it
    /// is left out where the template has no expiration.
    pub fn new(
        shared: &'m SharedContent,
        message: &'m Message,
        recipients: &[PhoneNumber],
        expiration: Option<i64>,
    ) -> Result<Self, FormError> {
        if recipients.is_empty() {
            return Err(FormError::NoRecipients);
        }
        let format = shared.number_format;
        let mut fields = Vec::with_capacity(MOST_FIELDS);
        fields.push(text(field::TO, numbers(recipients, format)));
        fields.push(text(field::TYPE, field::TYPE_MEDIA_TEMPLATE));
        fields.push(text(field::TEMPLATE_NAME, shared.template.as_str()));
        fields.push(text(field::CHANNEL, field::CHANNEL_WHATSAPP));
        fields.push(text(field::FROM, numbers(&[shared.from], format)));
        fields.push(text(field::COUPON_CODE, json_string(message.coupon_code.as_str())));
        if let Some(form) = shared.expiration {
            fields.push(text(field::LIMITED_TIME_OFFER, limited_time_offer(form, expiration)?));
        }
        if let Some(media) = &shared.media {
            check_file_name(&media.base_name)?;
            fields.push(Field { name: field::MEDIA, value: FieldValue::File(media) });
        }
        match &shared.callback {
            Callback::AccountDefault => {}
            Callback::Profile(profile) => {
                fields.push(text(field::CALLBACK_PROFILE_ID, profile));
            }
            Callback::Url(url) => fields.push(text(field::CALLBACK_URL, url)),
        }
        if let Some(suffix) = &message.url_suffix {
            fields.push(text(field::PARAM_URL, suffix));
        }
        if let Some(url) = &message.header_url {
            fields.push(text(field::MEDIA_URL, url));
        }
        if !message.params.is_empty() {
            let quoted: Vec<_> = message.params.iter().map(|param| json_string(param)).collect();
            fields.push(text(field::PARAMS, quoted.join(",")));
        }
        if let Some(language) = &shared.language {
            fields.push(text(field::LANG_CODE, language.as_str()));
        }
        Ok(Self { fields })
    }

    /// The fields in the order they are sent.
    pub fn fields(&self) -> &[Field<'m>] {
        &self.fields
    }

    /// The text of the field of this name, if the form has one.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|field| field.name == name).and_then(|field| match &field.value {
            FieldValue::Text(text) => Some(text.as_ref()),
            FieldValue::File(_) => None,
        })
    }
}

/// The value of `expiration_time_ms` for a message sent at `send`, where `end` is the
/// offer's end as it was fixed when the plan was consumed.
pub fn expiration_time_ms(offer: &Offer, end: OfferEnd, send: Timestamp) -> i64 {
    let ends_at = end.instant(send);
    match (offer.expiration, offer.window) {
        (ExpirationForm::UnixMs, _) => ends_at.as_millis(),
        (ExpirationForm::DurationMs, OfferWindow::For { window, .. }) => {
            i64::try_from(window.as_millis()).unwrap_or(i64::MAX)
        }
        (ExpirationForm::DurationMs, OfferWindow::Until { .. }) => {
            i64::try_from(ends_at.since(send).as_millis()).unwrap_or(i64::MAX)
        }
    }
}

fn text<'m>(name: &'static str, value: impl Into<Cow<'m, str>>) -> Field<'m> {
    Field { name, value: FieldValue::Text(value.into()) }
}

/// Numbers as they are sent, one after the other.
fn numbers(all: &[PhoneNumber], format: NumberFormat) -> String {
    let plus = match format {
        NumberFormat::Digits => "",
        NumberFormat::E164 => "+",
    };
    let mut text = String::with_capacity(all.len() * NUMBER_ROOM);
    for number in all {
        let comma = if text.is_empty() { "" } else { "," };
        // Nothing is lost: a text takes whatever is written.
        let _ = write!(text, "{comma}{plus}{}", number.as_u64());
    }
    text
}

fn limited_time_offer(form: ExpirationForm, expiration: Option<i64>) -> Result<String, FormError> {
    let ms = expiration.ok_or(FormError::NoExpiration)?;
    match form {
        ExpirationForm::UnixMs if ms < MIN_UNIX_MS => Err(FormError::NotAnInstant(ms)),
        ExpirationForm::DurationMs if ms <= 0 => Err(FormError::NotADuration(ms)),
        ExpirationForm::UnixMs | ExpirationForm::DurationMs => Ok(format!(
            r#"[{{"type":"limited_time_offer","limited_time_offer":{{"expiration_time_ms":{ms}}}}}]"#
        )),
    }
}

/// Backslashes are refused with the control characters: some servers read one before the
/// closing quote as an escape.
fn check_file_name(name: &str) -> Result<(), FormError> {
    let unsafe_char = |c: char| c.is_control() || c == '\\';
    if name.is_empty() || name.chars().any(unsafe_char) { Err(FormError::FileName) } else { Ok(()) }
}

fn json_string(text: &str) -> String {
    serde_json::to_string(text).expect("every text is JSON")
}

impl fmt::Debug for Form<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Form").field(&self.fields).finish()
    }
}

impl fmt::Debug for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

#[cfg(test)]
pub(super) mod tests;
