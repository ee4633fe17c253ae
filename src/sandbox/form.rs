//! Takes a multipart body apart and lets the `checks` judge its fields.

use std::fmt;

use bytes::Bytes;
use http_body_util::{BodyDataStream, Full};
use multer::{Field, Multipart};

use super::answer::Refusal;
use super::checks::{self, Judge};

/// A request that follows the page.
pub(super) struct PageRequest {
    /// `to`: each number's digits, in the order given.
    pub(super) recipients: Vec<u64>,
    /// All the other text fields.
    pub(super) content: Content,
    /// The bytes of `media`.
    pub(super) media: Option<Bytes>,
}

/// What one request says to all its recipients.
#[derive(Clone, PartialEq, Eq)]
pub struct Content {
    /// `template_name`
    pub template_name: String,
    /// `from`, its digits.
    pub from: u64,
    /// `coupon_code` without its quotes.
    pub coupon_code: String,
    /// `expiration_time_ms` of `limited_time_offer`.
    pub expiration_time_ms: Option<i64>,
    /// `params` without their quotes.
    pub params: Option<Vec<String>>,
    /// `param_url`
    pub param_url: Option<String>,
    /// `media_url`
    pub media_url: Option<String>,
    /// SHA-256 of the bytes of `media`, in hex; `None` also where the sandbox keeps only
    /// counters.
    pub media_sha256: Option<String>,
    /// `lang_code`
    pub lang_code: Option<String>,
    /// `callback_profile_id`
    pub callback_profile_id: Option<String>,
    /// `callback_url`
    pub callback_url: Option<String>,
}

impl fmt::Debug for Content {
    /// Without the code and what was made from the recipient.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Content")
            .field("template_name", &self.template_name)
            .field("expiration_time_ms", &self.expiration_time_ms)
            .finish_non_exhaustive()
    }
}

/// Reads a body under the `Content-Type` it came with.
pub(super) async fn read(
    content_type: Option<&str>,
    body: Bytes,
    judge: &Judge,
) -> Result<PageRequest, Refusal> {
    let boundary = content_type
        .and_then(|text| multer::parse_boundary(text).ok())
        .ok_or_else(Refusal::not_multipart)?;
    let mut multipart = Multipart::new(BodyDataStream::new(Full::new(body)), boundary);
    let mut parts = Parts::default();
    loop {
        match multipart.next_field().await {
            Ok(Some(field)) => parts.take(field).await?,
            Ok(None) => return parts.into_request(judge),
            Err(_) => return Err(Refusal::invalid("the multipart body cannot be read to its end")),
        }
    }
}

/// The text fields the page and its sister pages name for `type=mediatemplate`.
const TEXT_FIELDS: [&str; 13] = [
    "to",
    "type",
    "template_name",
    "channel",
    "from",
    "coupon_code",
    "limited_time_offer",
    "params",
    "param_url",
    "media_url",
    "lang_code",
    "callback_profile_id",
    "callback_url",
];

/// The only field that carries a file.
const FILE_FIELD: &str = "media";

/// The most of an unknown field's name that an answer repeats.
const SHOWN_NAME_CHARS: usize = 40;

/// The fields as they came.
#[derive(Default)]
struct Parts {
    /// In the order of [`TEXT_FIELDS`].
    texts: [Option<String>; TEXT_FIELDS.len()],
    media: Option<Bytes>,
}

impl Parts {
    async fn take(&mut self, field: Field<'_>) -> Result<(), Refusal> {
        let Some(name) = field.name().map(str::to_owned) else {
            return Err(Refusal::invalid("a part has no name"));
        };
        let is_file = field.file_name().is_some();
        let media_type = field.content_type().map(|mime| mime.essence_str().to_owned());
        let value = field.bytes().await.map_err(|_| cut_short(&name))?;
        if name == FILE_FIELD {
            if self.media.is_some() {
                return Err(twice(&name));
            }
            checks::media(is_file, media_type.as_deref(), &value)?;
            self.media = Some(value);
            return Ok(());
        }
        let Some(index) = TEXT_FIELDS.iter().position(|known| *known == name) else {
            let shown: String = name.chars().take(SHOWN_NAME_CHARS).collect();
            return Err(Refusal::invalid(format!("`{}` is not a field", shown.escape_debug())));
        };
        if is_file {
            return Err(Refusal::invalid(format!("`{name}` is not a file field")));
        }
        let text = String::from_utf8(value.into())
            .map_err(|_| Refusal::invalid(format!("`{name}` is not UTF-8")))?;
        if text.is_empty() {
            return Err(Refusal::invalid(format!("`{name}` is empty")));
        }
        if self.texts[index].replace(text).is_some() {
            return Err(twice(&name));
        }
        Ok(())
    }

    fn into_request(self, judge: &Judge) -> Result<PageRequest, Refusal> {
        let [
            to,
            kind,
            template_name,
            channel,
            from,
            coupon_code,
            limited_time_offer,
            params,
            param_url,
            media_url,
            lang_code,
            callback_profile_id,
            callback_url,
        ] = self.texts;
        let (to, kind) = (given("to", to)?, given("type", kind)?);
        let template_name = given("template_name", template_name)?;
        let (channel, from) = (given("channel", channel)?, given("from", from)?);
        let coupon_code = given("coupon_code", coupon_code)?;
        checks::kind(&kind)?;
        checks::channel(&channel)?;
        checks::template_name(&template_name)?;
        if let Some(url) = &media_url {
            checks::media_url(url)?;
        }
        if let Some(url) = &callback_url {
            checks::callback_url(url)?;
        }
        let content = Content {
            template_name,
            from: checks::from(&from)?,
            coupon_code: checks::coupon_code(&coupon_code)?,
            expiration_time_ms: limited_time_offer
                .map(|text| judge.expiration(&text))
                .transpose()?,
            params: params.map(|text| checks::params(&text)).transpose()?,
            param_url,
            media_url,
            media_sha256: None,
            lang_code,
            callback_profile_id,
            callback_url,
        };
        Ok(PageRequest { recipients: checks::recipients(&to)?, content, media: self.media })
    }
}

fn given(name: &str, value: Option<String>) -> Result<String, Refusal> {
    value.ok_or_else(|| Refusal::invalid(format!("`{name}` is missing")))
}

fn twice(name: &str) -> Refusal {
    Refusal::invalid(format!("`{name}` is given twice"))
}

fn cut_short(name: &str) -> Refusal {
    let shown: String = name.chars().take(SHOWN_NAME_CHARS).collect();
    Refusal::invalid(format!("the multipart body ends inside `{}`", shown.escape_debug()))
}
