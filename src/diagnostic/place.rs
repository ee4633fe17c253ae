//! Where a problem stands: a stretch of a text that is in memory, or a line of a file that
//! is too long to keep.

use std::sync::Arc;

/// Where a problem stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A stretch of a text held in [`Sources`] (campaign files).
    Text {
        /// Which text.
        source: SourceId,
        /// Which bytes of it.
        span: Span,
    },
    /// A line of a file that is not kept in memory (audience files).
    Line {
        /// The file as the person named it.
        file: String,
        /// 1-based.
        line: u64,
        /// 1-based, in characters, where known.
        column: Option<u64>,
    },
    /// A file as a whole.
    File(String),
    /// Nothing a person wrote in a file: the command line or the environment.
    Nowhere,
}

/// Bytes `start..end` of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// Bytes `start..end`.
    pub fn new(start: usize, end: usize) -> Self {
        Self { start, end: end.max(start) }
    }
}

/// Names one text in [`Sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(usize);

/// The campaign files' texts, kept so that a problem can be shown in them.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    texts: Vec<(String, Arc<str>)>,
}

/// A position for people: both 1-based, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineColumn {
    /// 1-based line.
    pub line: usize,
    /// 1-based column, in characters.
    pub column: usize,
}

impl Sources {
    /// Keeps a text under the name the person gave the file.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<Arc<str>>) -> SourceId {
        self.texts.push((name.into(), text.into()));
        SourceId(self.texts.len() - 1)
    }

    /// The file's name as the person gave it.
    pub fn name(&self, source: SourceId) -> &str {
        &self.texts[source.0].0
    }

    /// The whole text.
    pub fn text(&self, source: SourceId) -> &Arc<str> {
        &self.texts[source.0].1
    }

    /// The position of a byte. A byte inside a character counts as that character's start;
    /// one past the end counts as the end.
    pub fn line_column(&self, source: SourceId, byte: usize) -> LineColumn {
        let text = self.text(source);
        let mut end = byte.min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let before = &text[..end];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        LineColumn {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }

    /// `file:line:column`, as far as each is known; empty for [`Place::Nowhere`].
    pub fn describe(&self, place: &Place) -> String {
        match place {
            Place::Text { source, span } => {
                let at = self.line_column(*source, span.start);
                format!("{}:{}:{}", self.name(*source), at.line, at.column)
            }
            Place::Line { file, line, column: Some(column) } => format!("{file}:{line}:{column}"),
            Place::Line { file, line, column: None } => format!("{file}:{line}"),
            Place::File(file) => file.clone(),
            Place::Nowhere => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_characters_also_after_umlauts() {
        let mut sources = Sources::default();
        let source = sources.add("a.yaml", "name: ü\nüx: 1\n");
        let byte = sources.text(source).find('x').expect("an x");
        assert_eq!(sources.line_column(source, byte), LineColumn { line: 2, column: 2 });
        let place = Place::Text { source, span: Span::new(byte, byte + 1) };
        assert_eq!(sources.describe(&place), "a.yaml:2:2");
    }
}
