//! A campaign file's text with the place of everything in it.

use std::ops::Range;
use std::sync::Arc;

use super::position;
use super::tree::{Kind, Node};
use crate::diagnostic::{Place, SourceId, Span};

/// A readable campaign file: turns JSON pointers into places, so that later steps can point
/// at what they find fault with.
#[derive(Clone, Debug)]
pub struct Document {
    source: SourceId,
    text: Arc<str>,
    root: Node,
    /// First byte of every line but the first.
    line_starts: Vec<usize>,
}

impl Document {
    pub(super) fn new(source: SourceId, text: Arc<str>, root: Node) -> Self {
        let line_starts = text.match_indices('\n').map(|(newline, _)| newline + 1).collect();
        Self { source, text, root, line_starts }
    }

    /// The text in [`crate::diagnostic::Sources`].
    pub fn source(&self) -> SourceId {
        self.source
    }

    /// The place of the value at a JSON pointer (RFC 6901), or of a byte range inside it when
    /// it is a text. The range is exact for texts on one line and for `|` blocks, and falls
    /// back to the whole value elsewhere. A pointer to nothing gives the place of the nearest
    /// value above it.
    pub fn place(&self, pointer: &str, range: Option<Range<usize>>) -> Place {
        match self.find(pointer) {
            Found::Here(step) => {
                let part = range.and_then(|range| position::inside(step.node, &self.text, &range));
                self.at(part.unwrap_or_else(|| step.node.head()))
            }
            Found::Above(step) => self.at(step.key_span()),
        }
    }

    /// The place of the key at a JSON pointer; of the first line of the value for a list item.
    pub fn key_place(&self, pointer: &str) -> Place {
        match self.find(pointer) {
            Found::Here(step) | Found::Above(step) => self.at(step.key_span()),
        }
    }

    pub(super) fn root(&self) -> &Node {
        &self.root
    }

    pub(super) fn node(&self, pointer: &str) -> Option<&Node> {
        match self.find(pointer) {
            Found::Here(step) => Some(step.node),
            Found::Above(_) => None,
        }
    }

    /// The 1-based line of a byte.
    pub(super) fn line(&self, byte: usize) -> u64 {
        self.line_starts.partition_point(|&start| start <= byte) as u64 + 1
    }

    fn at(&self, span: Span) -> Place {
        Place::Text { source: self.source, span }
    }

    fn find(&self, pointer: &str) -> Found<'_> {
        let mut step = Step { node: &self.root, key: None };
        for token in pointer.split('/').skip(1) {
            let token = token.replace("~1", "/").replace("~0", "~");
            let next = match &step.node.kind {
                Kind::Mapping(_) => step
                    .node
                    .entry(&token)
                    .map(|entry| Step { node: &entry.value, key: Some(entry.key_span) }),
                Kind::Sequence(_) => token
                    .parse()
                    .ok()
                    .and_then(|index| step.node.item(index))
                    .map(|node| Step { node, key: None }),
                Kind::Scalar(_) => None,
            };
            match next {
                Some(next) => step = next,
                None => return Found::Above(step),
            }
        }
        Found::Here(step)
    }
}

enum Found<'a> {
    Here(Step<'a>),
    Above(Step<'a>),
}

struct Step<'a> {
    node: &'a Node,
    key: Option<Span>,
}

impl Step<'_> {
    fn key_span(&self) -> Span {
        self.key.unwrap_or_else(|| self.node.head())
    }
}

/// Escapes a key for a JSON pointer.
pub(super) fn token(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
