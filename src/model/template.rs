//! The approved WhatsApp template and what fills it.

use super::message::MediaFile;

/// A template and the patterns that fill its variables.
#[derive(Clone, Debug)]
pub struct Template {
    /// The approved template.
    pub name: TemplateName,
    /// Sent as `lang_code` when stated.
    pub language: Option<Language>,
    /// The picture or video above the text.
    pub header: Option<Header>,
    /// Patterns of the body variables, in order.
    pub params: Vec<String>,
    /// Pattern of the URL button's variable end (`param_url`).
    pub url_suffix: Option<String>,
    /// Whether the template shows when the offer ends; `false` leaves
    /// `limited_time_offer` out of the request.
    pub has_expiration: bool,
    /// What the approved template says, for reviewers. Never sent.
    pub text: Option<TemplateText>,
}

/// A header: either a link or a file, never both (of two, Kaleyra takes the link silently).
#[derive(Clone, Debug)]
pub enum Header {
    /// Pattern of a public https address with a file extension (`media_url`).
    Link(String),
    /// A file, read once when the campaign was loaded; those bytes are sent (`media`).
    File(MediaFile),
}

/// What the approved template says.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TemplateText {
    /// The offer heading, at most 16 characters.
    pub offer: Option<String>,
    /// The body with `{{1}}`, `{{2}}`, … where parameters go, at most 600 characters.
    pub body: Option<String>,
    /// The URL button's label, at most 25 characters.
    pub button: Option<String>,
}

/// The message as the person will read it: `{{1}}`, `{{2}}`, … in the approved body
/// replaced by the parameters. A number without a parameter stays as it is.
pub fn fill_body(body: &str, params: &[String]) -> String {
    let mut text = String::with_capacity(body.len());
    let mut rest = body;
    while let Some(start) = rest.find("{{") {
        text.push_str(&rest[..start]);
        let after = &rest[start + 2..];
        let param = after.find("}}").and_then(|end| {
            let index: usize = after[..end].trim().parse().ok()?;
            Some((params.get(index.checked_sub(1)?)?, end + 2))
        });
        if let Some((param, next)) = param {
            text.push_str(param);
            rest = &after[next..];
        } else {
            text.push_str("{{");
            rest = after;
        }
    }
    text.push_str(rest);
    text
}

/// A template's name: `[a-z0-9_]{1,512}`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct TemplateName(String);

impl TemplateName {
    /// Checks a name. `None` for anything but 1 to 512 lower-case letters, digits and `_`.
    pub fn new(text: &str) -> Option<Self> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        ((1..=512).contains(&text.len()) && text.bytes().all(plain)).then(|| Self(text.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A template language: `xx` or `xx_YY`, exactly as the translation was approved.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Language(String);

impl Language {
    /// Checks a language code. `None` unless it is two or three lower-case letters, with an
    /// optional `_` and two upper-case letters.
    pub fn new(text: &str) -> Option<Self> {
        let (language, country) = match text.split_once('_') {
            Some((language, country)) => (language, Some(country)),
            None => (text, None),
        };
        let usable = (2..=3).contains(&language.len())
            && language.bytes().all(|b| b.is_ascii_lowercase())
            && country.is_none_or(|c| c.len() == 2 && c.bytes().all(|b| b.is_ascii_uppercase()));
        usable.then(|| Self(text.to_owned()))
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preview_puts_each_parameter_in_its_place_once() {
        let params = ["Asha {{2}}".to_owned(), "25%".to_owned()];
        for (body, text) in [
            ("Hi {{1}}, {{2}} off", "Hi Asha {{2}}, 25% off"),
            ("{{ 2 }}{{2}}", "25%25%"),
            ("{{3}} {{0}} {{x}} {{", "{{3}} {{0}} {{x}} {{"),
            ("{{{{1}}", "{{Asha {{2}}"),
            ("no variable", "no variable"),
        ] {
            assert_eq!(fill_body(body, &params), text);
        }
    }
}
