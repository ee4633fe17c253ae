//! Words that must not be left behind.

use super::source::library;
use super::{none, paths};

#[test]
fn nothing_is_left_undone() {
    let mut offenders = Vec::new();
    for file in library() {
        for (line, text) in (1..).zip(file.text.lines()) {
            let mut words = paths::words(text).map(|(_, word)| word);
            if words.any(|word| matches!(word, "FIXME" | "XXX" | "TODO")) {
                offenders.push(format!("{}:{line}: {}", file.path, text.trim()));
            }
        }
        for word in ["todo!", "unimplemented!", "dbg!"] {
            offenders
                .extend(lines_with(&file.product, word).map(|at| format!("{}:{at}", file.path)));
        }
    }
    none("left undone", offenders);
}

#[test]
fn nothing_is_unwrapped_in_the_product() {
    let mut offenders = Vec::new();
    for file in library() {
        let lines = lines_with(&file.product, ".unwrap()");
        offenders.extend(lines.map(|line| format!("{}:{line}", file.path)));
    }
    none("`unwrap` in the product: `expect` says why it can't fail", offenders);
}

#[test]
fn nobody_prints_past_the_view() {
    let mut offenders = Vec::new();
    for file in library() {
        for word in ["println!", "print!", "eprintln!", "eprint!"] {
            let lines = lines_with(&file.product, word);
            offenders.extend(lines.map(|line| format!("{}:{line}: {word}", file.path)));
        }
    }
    none("printed without `view::Output`, which knows colours, widths and closed pipes", offenders);
}

#[test]
fn lints_are_expected_with_a_reason_not_allowed() {
    let mut offenders = Vec::new();
    for file in library() {
        for allow in ["#[allow(", "#![allow("] {
            let lines = lines_with(&file.product, allow);
            offenders.extend(lines.map(|line| format!("{}:{line}", file.path)));
        }
    }
    none("use `#[expect(…, reason = \"…\")]`", offenders);
}

/// Lines on which a word stands that is not the end of a longer one.
fn lines_with<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let stands = move |line: &str| {
        line.match_indices(word).any(|(at, _)| {
            let before = line[..at].chars().next_back();
            !word.starts_with(char::is_alphabetic)
                || before.is_none_or(|c| !c.is_alphanumeric() && c != '_')
        })
    };
    (1..).zip(code.lines()).filter(move |(_, line)| stands(line)).map(|(number, _)| number)
}
