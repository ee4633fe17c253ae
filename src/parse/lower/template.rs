//! The template: its header, and its variables against the approved text.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;

use super::context::Context;
use crate::diagnostic::Diagnostic;
use crate::model::{Header, Language, Template, TemplateName, TemplateText};
use crate::parse::file::{HeaderSection, TemplateSection, TextSection};
use crate::parse::media;

pub(super) fn lower(
    context: &mut Context<'_>,
    section: TemplateSection,
    folder: &Path,
) -> Option<Template> {
    let name = TemplateName::new(&section.name)?;
    let language = match section.language {
        Some(code) => Some(Language::new(&code)?),
        None => None,
    };
    let header = section.header.map(|section| header(context, section, folder));
    let params = section.params.unwrap_or_default();
    if let Some(body) = section.text.as_ref().and_then(|text| text.body.as_deref()) {
        judge_variables(context, body, params.len());
    }
    let text = section.text.map(|TextSection { offer, body, button }| {
        // A `|` block ends in a newline that nobody means.
        let trimmed = |text: Option<String>| text.map(|text| text.trim_end().to_owned());
        TemplateText { offer: trimmed(offer), body: trimmed(body), button: trimmed(button) }
    });
    Some(Template {
        name,
        language,
        header: match header {
            Some(header) => Some(header?),
            None => None,
        },
        params,
        url_suffix: section.url_suffix,
        has_expiration: section.has_expiration.unwrap_or(true),
        text,
    })
}

fn header(context: &mut Context<'_>, section: HeaderSection, folder: &Path) -> Option<Header> {
    if let Some(url) = section.url {
        // What a pattern makes of the address is known only for each recipient.
        if !url.contains("{{") && !has_extension(&url) {
            context.refuse(
                "campaign/header-url",
                "/template/header/url",
                "the header's address has no file extension",
                "Kaleyra needs one, such as `.png` or `.mp4`, at the end of the path",
            );
            return None;
        }
        return Some(Header::Link(url));
    }
    match media::read_header_file(folder, &section.file?) {
        Ok(media) => Some(Header::File(media)),
        Err(fault) => {
            context.refuse(fault.rule(), "/template/header/file", fault.to_string(), fault.hint());
            None
        }
    }
}

fn has_extension(url: &str) -> bool {
    let rest = url.strip_prefix("https://").unwrap_or(url);
    let Some((_, path)) = rest.split_once('/') else { return false };
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let file = path.rsplit('/').next().unwrap_or_default();
    !url.contains(char::is_whitespace)
        && file.rsplit_once('.').is_some_and(|(stem, extension)| {
            !stem.is_empty()
                && (2..=5).contains(&extension.len())
                && extension.bytes().all(|b| b.is_ascii_alphanumeric())
        })
}

/// The approved body's variables are `{{1}}` to `{{n}}`, and there are `n` params.
fn judge_variables(context: &mut Context<'_>, body: &str, params: usize) {
    let mut numbers = BTreeSet::new();
    for (range, name) in variables(body) {
        if let Ok(number @ 1..=100) = name.parse::<usize>() {
            numbers.insert(number);
        } else {
            let place = context.document.place("/template/text/body", Some(range));
            let message = "the approved body's variables are `{{1}}`, `{{2}}` and so on";
            context.diagnostics.push(
                Diagnostic::error("campaign/text-variable", place, message)
                    .hint("write the text as it was approved; what fills it stands in `params`"),
            );
            return;
        }
    }
    let highest = numbers.last().copied().unwrap_or(0);
    if let Some(gap) = (1..=highest).find(|number| !numbers.contains(number)) {
        context.refuse(
            "campaign/text-variable",
            "/template/text/body",
            format!("the body has `{{{{{highest}}}}}` but no `{{{{{gap}}}}}`"),
            "write the text as it was approved: its variables are numbered without gaps",
        );
    } else if highest != params {
        let pointer = match context.document.node("/template/params") {
            Some(_) => "/template/params",
            None => "/template/text/body",
        };
        context.refuse_key(
            "campaign/params-count",
            pointer,
            format!("the body has {highest} variables and `params` fills {params}"),
            "one param for each variable, in order",
        );
    }
}

fn variables(body: &str) -> Vec<(Range<usize>, &str)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(open) = body[from..].find("{{").map(|at| from + at) {
        let Some(close) = body[open..].find("}}").map(|at| open + at) else { break };
        found.push((open..close + 2, body[open + 2..close].trim()));
        from = close + 2;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_end_in_a_file() {
        for (url, expected) in [
            ("https://cdn.example.com/diwali.mp4", true),
            ("https://cdn.example.com/a/b.jpeg?x=1", true),
            ("https://cdn.example.com", false),
            ("https://cdn.example.com/", false),
            ("https://cdn.example.com/diwali", false),
            ("https://cdn.example.com/a.b/c", false),
            ("https://cdn.example.com/.png", false),
        ] {
            assert_eq!(has_extension(url), expected, "{url}");
        }
    }

    #[test]
    fn variables_are_found_with_their_places() {
        assert_eq!(variables("Hi {{1}}, {{ 2 }}!"), [(3..8, "1"), (10..17, "2")]);
        assert_eq!(variables("Hi {{1"), []);
        assert_eq!(variables("{{}}"), [(0..4, "")]);
    }
}
