//! A preview: the message and the request that sends it, for people.

use std::fmt;
use std::io::{self, Write};

use super::html::phone;
use super::{MessageView, bubble};
use crate::view::html::{Page, definition, heading};
use crate::view::text::{self, Align, Table, number, safe};
use crate::view::{Look, Role};

/// One person's message and the request that sends it.
#[derive(Clone, PartialEq, Eq)]
pub struct Preview {
    /// The campaign's name.
    pub campaign: String,
    /// Who, as may be shown.
    pub recipient: String,
    /// `file:line` of the row.
    pub place: String,
    /// Whether number, code and values are masked.
    pub masked: bool,
    /// The template's name and, if stated, language.
    pub template: String,
    /// The message.
    pub message: MessageView,
    /// When the offer ends, for people; `None` where the request does not say.
    pub offer_ends: Option<String>,
    /// The same, RFC 3339.
    pub offer_ends_at: Option<String>,
    /// The request's address, without a SID.
    pub url: String,
    /// The name of the header that carries the API key.
    pub key_header: &'static str,
    /// The request's fields in the order they are sent.
    pub fields: Vec<(&'static str, FieldView)>,
}

/// A field of the request as may be shown.
#[derive(Clone, PartialEq, Eq)]
pub enum FieldView {
    /// Text.
    Text(String),
    /// A file part.
    File {
        /// Its base name.
        name: String,
        /// Its content type.
        content_type: &'static str,
        /// Its length.
        bytes: u64,
    },
}

impl fmt::Debug for Preview {
    /// Where, not what: it may hold a person's values in full.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Preview({}, {})", self.campaign, self.place)
    }
}

impl FieldView {
    fn words(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::File { name, content_type, bytes } => {
                format!("{name} ({content_type}, {} bytes)", number(*bytes))
            }
        }
    }
}

/// What stands in for the request's fields where the template's text is not stated.
const NO_TEXT: &str = "`template.text` is not stated, so the message cannot be drawn.";

/// Writes the bubble and the request's fields.
pub fn write_human(out: &mut dyn Write, look: Look, preview: &Preview) -> io::Result<()> {
    let palette = look.palette;
    writeln!(
        out,
        "{}  {}  {}",
        palette.paint(Role::Strong, &safe(&preview.campaign)),
        safe(&preview.recipient),
        palette.paint(Role::Faint, &safe(&preview.place))
    )?;
    writeln!(out)?;
    let message = &preview.message;
    if message.can_be_drawn() {
        for line in bubble(message, look) {
            writeln!(out, "  {line}")?;
        }
    } else {
        writeln!(out, "  {NO_TEXT}")?;
    }
    writeln!(out)?;
    let mut table = Table::new(&[Align::Left, Align::Left]);
    for (name, words) in facts(preview) {
        table.row([name.as_str(), &words]);
    }
    for line in table.lines(2) {
        writeln!(out, "{line}")?;
    }
    writeln!(out)?;
    writeln!(out, "POST {}", safe(&preview.url))?;
    let mut table = Table::new(&[Align::Left, Align::Left]);
    table.row([preview.key_header, "$KALEYRA_API_KEY"]);
    for (name, value) in &preview.fields {
        table.row([*name, &value.words()]);
    }
    for line in table.lines(2) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

/// What the bubble does not tell, or could not be drawn.
fn facts(preview: &Preview) -> Vec<(String, String)> {
    let message = &preview.message;
    let mut facts = vec![("template".to_owned(), preview.template.clone())];
    let mut fact = |name: &str, value: Option<String>| {
        facts.extend(value.map(|value| (name.to_owned(), value)));
    };
    fact("header", message.header.as_ref().map(|h| format!("{} {}", h.kind.as_str(), h.name)));
    if !message.can_be_drawn() {
        fact("offer", message.heading.clone());
        fact("code", Some(message.code.clone()));
        for (index, param) in message.params.iter().enumerate() {
            fact(&format!("param {}", index + 1), Some(param.clone()));
        }
        fact("button", message.button.clone());
    }
    fact("link", message.url_suffix.as_ref().map(|end| format!("…{end}")));
    fact("offer ends", preview.offer_ends.clone());
    facts
}

/// Writes one self-contained page.
pub fn write_html(out: &mut dyn Write, preview: &Preview) -> io::Result<()> {
    let mut body = format!(
        "<header><p class=\"kind\">Preview</p><h1>{}</h1><p><bdi>{}</bdi> <span class=\"faint\">\
         {}</span></p></header>\n",
        text::html(&preview.campaign),
        text::html(&preview.recipient),
        text::html(&preview.place)
    );
    body.push_str("<main class=\"beside\">\n");
    body.push_str(&phone(&preview.message));
    body.push_str("<div>\n");
    body.push_str(&heading("Message"));
    body.push_str(&definition(&facts(preview)));
    body.push_str(&heading("Request"));
    body.extend(["<p class=\"mono\">POST ", &text::html(&preview.url), "</p>\n"]);
    let mut fields = vec![(preview.key_header.to_owned(), "$KALEYRA_API_KEY".to_owned())];
    fields.extend(preview.fields.iter().map(|(name, value)| ((*name).to_owned(), value.words())));
    body.push_str(&definition(&fields));
    body.push_str("</div>\n</main>\n");
    let title = format!("{} · preview", preview.campaign);
    Page { title: &title, body: &body }.write(out)
}
