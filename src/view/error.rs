//! An error in words: what happened, because of what, and what to do.

use std::error::Error;
use std::io::{self, Write};

use super::output::Look;
use super::style::Role;
use super::text::safe;

/// Most causes that are shown.
const MOST_CAUSES: usize = 16;

/// Writes an error with its chain of causes and, if there is one, a hint.
///
/// Causes are numbered when there are several. A cause whose words already stand in the
/// message above it is not repeated.
pub fn write(
    out: &mut dyn Write,
    look: Look,
    error: &dyn Error,
    hint: Option<&str>,
) -> io::Result<()> {
    let message = error.to_string();
    writeln!(out, "{} {}", look.palette.paint(Role::Error, "error:"), lines(&message, "  "))?;
    let causes = causes(error, message);
    if !causes.is_empty() {
        writeln!(out, "Caused by:")?;
    }
    for (index, cause) in causes.iter().enumerate() {
        if causes.len() > 1 {
            writeln!(out, "  {}: {}", index + 1, lines(cause, "     "))?;
        } else {
            writeln!(out, "  {}", lines(cause, "  "))?;
        }
    }
    if let Some(hint) = hint {
        writeln!(out)?;
        writeln!(out, "{} {}", look.palette.paint(Role::Hint, "hint:"), lines(hint, "  "))?;
    }
    Ok(())
}

/// An error's words, kept for a text that is written later.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ErrorWords {
    /// What happened.
    pub message: String,
    /// Because of what.
    pub causes: Vec<String>,
    /// What to do.
    pub hint: Option<String>,
}

impl ErrorWords {
    /// The words of an error with its chain of causes.
    pub fn of(error: &dyn Error, hint: Option<String>) -> Self {
        let message = error.to_string();
        let causes = causes(error, message.clone());
        Self { message, causes, hint }
    }
}

fn causes(error: &dyn Error, message: String) -> Vec<String> {
    let mut said = message;
    let mut causes = Vec::new();
    let mut source = error.source();
    for _ in 0..MOST_CAUSES {
        let Some(cause) = source else { break };
        let words = cause.to_string();
        if !words.trim().is_empty() && !said.contains(words.trim()) {
            causes.push(words.clone());
            said = words;
        }
        source = cause.source();
    }
    causes
}

/// The text's own line breaks stay, all else that acts on a screen does not. The bar keeps
/// a foreign line from beginning with `::`, which CI runners obey also when indented.
fn lines(text: &str, indent: &str) -> String {
    let lines: Vec<_> = text.trim_end().lines().map(safe).collect();
    lines.join(&format!("\n{indent}| "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{words}")]
    struct Link {
        words: &'static str,
        source: Option<Box<Link>>,
    }

    fn chain(words: &[&'static str]) -> Link {
        let source = (words.len() > 1).then(|| Box::new(chain(&words[1..])));
        Link { words: words[0], source }
    }

    fn shown(words: &[&'static str], hint: Option<&str>) -> String {
        let mut out = Vec::new();
        write(&mut out, Look::PLAIN, &chain(words), hint).expect("memory takes all");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn a_single_cause_needs_no_number() {
        insta::assert_snapshot!(
            shown(&["cannot open the ledger `a.db`", "disk I/O error"], Some("run `offercast ledger check`")),
            @r"
            error: cannot open the ledger `a.db`
            Caused by:
              disk I/O error

            hint: run `offercast ledger check`
            "
        );
    }

    #[test]
    fn several_causes_are_numbered_and_none_is_said_twice() {
        insta::assert_snapshot!(
            shown(&["cannot send: no route", "no route", "network down\nsince 9:00", "cable"], None),
            @r"
            error: cannot send: no route
            Caused by:
              1: network down
                 | since 9:00
              2: cable
            "
        );
    }

    #[test]
    fn hostile_words_stay_words() {
        insta::assert_snapshot!(
            shown(&["bad file `\u{1b}]52;c;x\u{7}\r\u{202e}`"], Some("\u{1b}[2J")),
            @r"
            error: bad file `\u{1b}]52;c;x\u{7}\u{d}\u{202e}`

            hint: \u{1b}[2J
            "
        );
    }
}
