//! Commands as a shell takes them.

use std::path::Path;

/// A command line to copy: words that a POSIX shell would take apart are quoted.
pub(super) fn command_line(words: &[String]) -> String {
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

/// An option with its path, where it was given.
pub(super) fn path_option(name: &str, path: Option<&Path>) -> impl Iterator<Item = String> {
    path.into_iter().flat_map(move |path| [name.to_owned(), path.display().to_string()])
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_a_shell() {
        let words = ["offercast", "apply", "my campaigns/it's.yaml", "a;b", ""];
        let line = command_line(&words.map(str::to_owned));
        assert_eq!(line, r"offercast apply 'my campaigns/it'\''s.yaml' 'a;b' ''");
    }
}
