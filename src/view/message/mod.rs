//! One message as the person who gets it sees it: in a terminal, as a phone's bubble, as data.

mod bubble;
mod html;
mod json;
mod preview;

pub(in crate::view) use bubble::bubble;
pub(in crate::view) use html::{STYLE, phone};
pub use json::write_json;
pub use preview::{FieldView, Preview, write_html, write_human};

use std::time::Duration;

use crate::model::{Campaign, Header, MediaFile, OfferEnd, Timestamp, UtcOffset, format_duration};
use crate::plan::document::TemplateObject;

/// What a person sees of a message. The texts are whatever may be shown of them.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct MessageView {
    /// The picture or video above the text.
    pub header: Option<HeaderView>,
    /// The offer's heading, where the campaign states the template's text.
    pub heading: Option<String>,
    /// When the offer ends, in WhatsApp's manner; `None` where the template does not show it.
    pub countdown: Option<String>,
    /// The body with its variables filled; `None` where the campaign does not state it.
    pub body: Option<String>,
    /// What fills the body's variables.
    pub params: Vec<String>,
    /// The coupon code.
    pub code: String,
    /// The label of the button that opens a link.
    pub button: Option<String>,
    /// The end of that link.
    pub url_suffix: Option<String>,
}

/// A header as it can be told of without being opened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeaderView {
    /// What it is.
    pub kind: HeaderKind,
    /// The link, or the file's name.
    pub name: String,
    /// Whether `name` is a link.
    pub is_link: bool,
}

/// What stands above the text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HeaderKind {
    /// A still picture.
    Picture,
    /// A video.
    Video,
}

impl MessageView {
    /// Whether enough of the approved template is known to draw the message.
    pub fn can_be_drawn(&self) -> bool {
        self.body.is_some()
    }
}

impl HeaderView {
    /// The header of a campaign, with its link filled for one person.
    pub fn of(campaign: &Campaign, url: Option<&str>) -> Option<Self> {
        match campaign.template.header.as_ref()? {
            Header::File(file) => Some(Self::file(file)),
            Header::Link(_) => url.map(Self::link),
        }
    }

    /// The header as a plan tells of it: of an uploaded file, it knows the kind alone.
    pub(in crate::view) fn of_plan(template: &TemplateObject, url: Option<&str>) -> Option<Self> {
        if let Some(url) = url {
            return Some(Self::link(url));
        }
        let is_video = template.header.as_deref()? == "video";
        let kind = if is_video { HeaderKind::Video } else { HeaderKind::Picture };
        Some(Self { kind, name: "uploaded file".to_owned(), is_link: false })
    }

    fn file(file: &MediaFile) -> Self {
        let is_video = file.content_type.starts_with("video/");
        let kind = if is_video { HeaderKind::Video } else { HeaderKind::Picture };
        Self { kind, name: file.base_name.clone(), is_link: false }
    }

    /// WhatsApp tells a link's kind from its extension, and so does this.
    fn link(url: &str) -> Self {
        let path = url.split(['?', '#']).next().unwrap_or(url);
        let extension = path.rsplit_once('.').map(|(_, end)| end.to_ascii_lowercase());
        let is_video = matches!(extension.as_deref(), Some("mp4" | "3gp"));
        let kind = if is_video { HeaderKind::Video } else { HeaderKind::Picture };
        Self { kind, name: url.to_owned(), is_link: true }
    }
}

impl HeaderKind {
    /// In one word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Picture => "picture",
            Self::Video => "video",
        }
    }
}

/// `Ends in 13 days`, as the phone says under the heading. The real line turns red in the
/// offer's last hour and cannot be worded otherwise (Meta's LTO page).
pub fn countdown(end: OfferEnd, sent: Timestamp, offset: UtcOffset) -> String {
    let instant = end.instant(sent);
    let left = instant.since(sent);
    if left.is_zero() {
        return format!("Ended {}", instant.human(offset));
    }
    format!("Ends in {}", largest_unit(left))
}

/// What a phone shows: whole days, else whole hours, else minutes.
fn largest_unit(left: Duration) -> String {
    const DAY: u64 = 86_400;
    const HOUR: u64 = 3_600;
    let seconds = left.as_secs();
    let whole = match seconds {
        DAY.. => seconds / DAY * DAY,
        HOUR.. => seconds / HOUR * HOUR,
        60.. => seconds / 60 * 60,
        _ => seconds,
    };
    format_duration(Duration::from_secs(whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_countdown_counts_in_its_largest_unit() {
        let sent = Timestamp::from_millis(1_796_095_800_000);
        for (seconds, words) in [
            (14 * 86_400, "Ends in 14 days"),
            (86_400 + 7_200, "Ends in 1 day"),
            (7_260, "Ends in 2 h"),
            (300, "Ends in 5 min"),
            (0, "Ended 2026-12-01 03:30 UTC"),
        ] {
            let end = OfferEnd::At(sent.plus(Duration::from_secs(seconds)));
            assert_eq!(countdown(end, sent, UtcOffset::UTC), words);
        }
    }

    #[test]
    fn a_link_is_a_video_by_its_extension() {
        for (url, kind) in [
            ("https://cdn.example.com/diwali.mp4?v=2#t", HeaderKind::Video),
            ("https://cdn.example.com/DIWALI.3GP", HeaderKind::Video),
            ("https://cdn.example.com/diwali.jpg?x=.mp4", HeaderKind::Picture),
        ] {
            assert_eq!(HeaderView::link(url).kind, kind, "{url}");
        }
    }
}
