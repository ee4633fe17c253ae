//! The content hash: what one recipient gets, on which terms.
//!
//! 128 bits of a SHA-256 over fields that are each written as label and value, both after
//! their length as 4 bytes (big-endian), so that no two contents run together. In place of
//! the instant the offer ends stand its terms, and in place of a drawn code stand its
//! pattern, the key's fingerprint and the values that the pattern uses: the hash is the
//! same without the key, and tomorrow.

use sha2::{Digest, Sha256};

use crate::model::{
    Anchor, Campaign, ContentHash, ExpirationForm, Header, OfferWindow, SharedContent,
};

/// A content hash in the making.
#[derive(Clone)]
pub(super) struct ContentHasher(Sha256);

/// Fields that are the same for many people, as they are hashed.
#[derive(Clone, Default)]
pub(super) struct FixedFields(Vec<u8>);

impl FixedFields {
    /// A drawn code: how it is drawn, `key` being the key's fingerprint.
    pub(super) fn code_pattern(&mut self, pattern: &str, key: &str) {
        for (label, value) in [("code_pattern", pattern), ("code_key", key)] {
            lay_out(label, value.as_bytes(), |bytes| self.0.extend_from_slice(bytes));
        }
    }
}

/// Gives a field's bytes, piece by piece.
fn lay_out(label: &str, value: &[u8], mut take: impl FnMut(&[u8])) {
    for part in [label.as_bytes(), value] {
        let length = u32::try_from(part.len()).expect("no field reaches 4 GiB");
        take(&length.to_be_bytes());
        take(part);
    }
}

impl ContentHasher {
    /// Takes in what everybody in a campaign shares.
    pub(super) fn of_shared(campaign: &Campaign) -> Self {
        let SharedContent { from, template, language, media, .. } = SharedContent::of(campaign);
        let mut hasher = Self(Sha256::new());
        hasher.field("format", b"offercast content v1");
        hasher.field("from", &from.as_u64().to_be_bytes());
        hasher.field("template", template.as_str().as_bytes());
        if let Some(language) = language {
            hasher.field("language", language.as_str().as_bytes());
        }
        if let Some(media) = media {
            hasher.field("media_name", media.base_name.as_bytes());
            hasher.field("media_sha256", &media.sha256);
        }
        hasher.terms(campaign);
        hasher
    }

    fn terms(&mut self, campaign: &Campaign) {
        self.field("has_expiration", &[u8::from(campaign.template.has_expiration)]);
        let form = match campaign.offer.expiration {
            ExpirationForm::UnixMs => "unix_ms",
            ExpirationForm::DurationMs => "duration_ms",
        };
        self.field("expiration", form.as_bytes());
        match campaign.offer.window {
            OfferWindow::For { window, anchor } => {
                self.field("window_ms", &window.as_millis().to_be_bytes());
                match anchor {
                    Anchor::FirstApply => self.field("anchor", b"first_apply"),
                    Anchor::EachSend => self.field("anchor", b"each_send"),
                    Anchor::StartsAt(start) => {
                        self.field("starts_at_ms", &start.as_millis().to_be_bytes());
                    }
                }
            }
            OfferWindow::Until { ends_at, starts_at } => {
                self.field("ends_at_ms", &ends_at.as_millis().to_be_bytes());
                if let Some(start) = starts_at {
                    self.field("starts_at_ms", &start.as_millis().to_be_bytes());
                }
            }
        }
        let header = match campaign.template.header {
            None => "none",
            Some(Header::Link(_)) => "link",
            Some(Header::File(_)) => "file",
        };
        self.field("header", header.as_bytes());
    }

    /// A body parameter; one that holds a drawn code comes with the code masked out.
    pub(super) fn param(&mut self, text: &str, code_masked: bool) {
        self.rendered("param", "param_with_code", text, code_masked);
    }

    /// The button's link end.
    pub(super) fn url_suffix(&mut self, text: &str, code_masked: bool) {
        self.rendered("url_suffix", "url_suffix_with_code", text, code_masked);
    }

    /// The header's link.
    pub(super) fn header_url(&mut self, text: &str, code_masked: bool) {
        self.rendered("header_url", "header_url_with_code", text, code_masked);
    }

    fn rendered(&mut self, plain: &str, with_code: &str, text: &str, code_masked: bool) {
        self.field(if code_masked { with_code } else { plain }, text.as_bytes());
    }

    /// A code that is not drawn.
    pub(super) fn code(&mut self, code: &str) {
        self.field("code", code.as_bytes());
    }

    /// Fields that were laid out before.
    pub(super) fn fixed(&mut self, fields: &FixedFields) {
        self.0.update(&fields.0);
    }

    /// A variable that the pattern of a drawn code uses; `None` when the row lacks it.
    pub(super) fn code_variable(&mut self, name: &str, value: Option<&str>) {
        self.field("code_variable", name.as_bytes());
        match value {
            Some(value) => self.field("is", value.as_bytes()),
            None => self.field("is_missing", b""),
        }
    }

    /// The hash of all that was taken in.
    pub(super) fn finish(self) -> ContentHash {
        let digest = self.0.finalize();
        let mut start = [0; 16];
        start.copy_from_slice(&digest[..16]);
        ContentHash::from_bytes(start)
    }

    fn field(&mut self, label: &str, value: &[u8]) {
        lay_out(label, value, |bytes| self.0.update(bytes));
    }
}
