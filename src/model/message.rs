//! What one recipient gets.

use std::fmt;

use bytes::Bytes;

use super::campaign::{Callback, Campaign};
use super::coupon::CouponCode;
use super::delivery::NumberFormat;
use super::ids::ContentHash;
use super::offer::ExpirationForm;
use super::phone::PhoneNumber;
use super::template::{Header, Language, TemplateName};

/// The parts of a message that may differ from recipient to recipient, rendered.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// The recipient's code.
    pub coupon_code: CouponCode,
    /// Body variables in order; without quotes, backslash, control characters or five
    /// spaces in a row.
    pub params: Vec<String>,
    /// The URL button's variable end.
    pub url_suffix: Option<String>,
    /// The header's link.
    pub header_url: Option<String>,
    /// Fingerprint of all of this and of everything shared, on the offer's terms.
    pub content: ContentHash,
}

impl fmt::Debug for Message {
    /// Neither code nor values: they are the recipient's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Message({})", self.content)
    }
}

/// The parts of a request that are the same for everybody in a campaign.
#[derive(Clone, Debug)]
pub struct SharedContent {
    /// The sender's number.
    pub from: PhoneNumber,
    /// The approved template.
    pub template: TemplateName,
    /// `lang_code`, when stated.
    pub language: Option<Language>,
    /// The uploaded header file, when there is one.
    pub media: Option<MediaFile>,
    /// Where delivery is reported to.
    pub callback: Callback,
    /// `None` leaves `limited_time_offer` out.
    pub expiration: Option<ExpirationForm>,
    /// How numbers are written.
    pub number_format: NumberFormat,
}

impl SharedContent {
    /// The shared parts of a campaign's requests.
    pub fn of(campaign: &Campaign) -> Self {
        let media = match &campaign.template.header {
            Some(Header::File(media)) => Some(media.clone()),
            Some(Header::Link(_)) | None => None,
        };
        Self {
            from: campaign.sender.from,
            template: campaign.template.name.clone(),
            language: campaign.template.language.clone(),
            media,
            callback: campaign.callback.clone(),
            expiration: campaign.template.has_expiration.then_some(campaign.offer.expiration),
            number_format: campaign.delivery.number_format,
        }
    }
}

/// A header file, read once: these bytes are hashed, shown and sent.
#[derive(Clone, PartialEq, Eq)]
pub struct MediaFile {
    /// The file's base name, as sent.
    pub base_name: String,
    /// `image/jpeg`, `image/png`, `video/mp4` or `video/3gpp`, from the magic bytes.
    pub content_type: &'static str,
    /// The whole file, at most 5 MB (image) or 16 MB (video).
    pub bytes: Bytes,
    /// SHA-256 of `bytes`.
    pub sha256: [u8; 32],
}

impl fmt::Debug for MediaFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MediaFile({:?}, {} bytes)", self.base_name, self.bytes.len())
    }
}
