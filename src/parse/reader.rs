//! YAML events to a tree with spans, under limits.
//!
//! The reader is stricter than YAML: no tags, merge keys, directives or second documents,
//! no duplicate keys, text keys only, bounded nesting, and a bound on what aliases expand to.

use std::collections::HashMap;

use granit_parser::{Event, Parser, ScalarStyle, StructureStyle};

use super::syntax;
use super::tree::{Entry, Kind, Node, Resolved, Scalar, Style, resolve_plain};
use crate::diagnostic::{Diagnostic, Place, SourceId, Span};

/// The deepest nesting of lists and mappings; a campaign needs five levels.
const MAX_DEPTH: usize = 64;

/// What all aliases together may expand to, in bytes of text and nodes. A size limit on the
/// file alone does not help: 160 kB of YAML can stand for gigabytes.
const MAX_ALIAS_BYTES: usize = 1024 * 1024;

/// What one node counts beside its text.
const NODE_BYTES: usize = 64;

/// What the reader made of a text.
pub(super) struct Reading {
    /// The tree; absent when the text is no YAML or has no content.
    pub(super) root: Option<Node>,
    /// Everything that was refused.
    pub(super) faults: Vec<Diagnostic>,
}

/// Reads one document.
pub(super) fn read(text: &str, source: SourceId) -> Reading {
    let options = granit_parser::options! {
        disallow_directives: true,
        emit_comments: false,
        flow_nesting_limit: MAX_DEPTH + 1,
        block_nesting_limit: MAX_DEPTH + 1,
    };
    let mut builder = Builder {
        text,
        source,
        frames: Vec::new(),
        root: None,
        anchors: HashMap::new(),
        open_anchors: Vec::new(),
        alias_budget: MAX_ALIAS_BYTES,
        faults: Vec::new(),
    };
    let mut documents = 0;
    for step in Parser::new_from_str_with_options(text, options) {
        let (event, span) = match step {
            Ok(step) => step,
            Err(error) => {
                builder.faults.push(syntax::explain(&error, text, source));
                return builder.without_tree();
            }
        };
        let span = bytes_of(span, text);
        if let Event::DocumentStart(..) = event {
            documents += 1;
            if documents > 1 {
                builder
                    .refuse("yaml/second-document", span, "a second document starts here")
                    .hint("one file holds one campaign: move it to a file of its own");
                break;
            }
        }
        if builder.take(event, span).is_none() {
            return builder.without_tree();
        }
    }
    if builder.root.is_none() {
        let place = Place::Text { source, span: Span::new(0, 0) };
        let fault = Diagnostic::error("yaml/empty", place, "the file holds no campaign")
            .hint("begin with `version: 1`; `offercast schema campaign` prints every key");
        builder.faults.push(fault);
    }
    Reading { root: builder.root, faults: builder.faults }
}

fn bytes_of(span: granit_parser::Span, text: &str) -> Span {
    let range = span.byte_range().unwrap_or(0..0);
    Span::new(range.start.min(text.len()), range.end.min(text.len()))
}

/// A collection that is being read.
struct Frame {
    start: usize,
    anchor: usize,
    weight: usize,
    height: usize,
    content: Content,
}

enum Content {
    Sequence(Vec<Node>),
    Mapping { entries: Vec<Entry>, places: HashMap<String, Span>, key: Key },
}

/// Where a mapping stands between two of its nodes.
enum Key {
    /// A key comes next.
    Expected,
    /// The value of this key comes next.
    Of(String, Span),
    /// The value of a refused key comes next, and is dropped.
    Refused,
}

struct Builder<'a> {
    text: &'a str,
    source: SourceId,
    frames: Vec<Frame>,
    root: Option<Node>,
    anchors: HashMap<usize, Node>,
    open_anchors: Vec<usize>,
    alias_budget: usize,
    faults: Vec<Diagnostic>,
}

/// A fault just recorded, to which a hint can be added.
struct Recorded<'a>(&'a mut Diagnostic);

impl Recorded<'_> {
    fn hint(self, hint: &str) -> Self {
        self.0.hint = Some(hint.to_owned());
        self
    }

    fn related(self, place: Place, note: &str) {
        self.0.related.push((place, note.to_owned()));
    }
}

impl Builder<'_> {
    fn place(&self, span: Span) -> Place {
        Place::Text { source: self.source, span }
    }

    fn refuse(
        &mut self,
        rule: &'static str,
        span: Span,
        message: impl Into<String>,
    ) -> Recorded<'_> {
        let fault = Diagnostic::error(rule, self.place(span), message);
        self.faults.push(fault);
        Recorded(self.faults.last_mut().expect("a fault was just added"))
    }

    fn without_tree(self) -> Reading {
        Reading { root: None, faults: self.faults }
    }

    /// Takes one event. `None` when there is no use in going on.
    fn take(&mut self, event: Event<'_>, span: Span) -> Option<()> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                if tag.is_some() {
                    self.refuse_tag(span);
                }
                let weight = text.len() + NODE_BYTES;
                let style = match style {
                    ScalarStyle::Plain => Style::Plain,
                    ScalarStyle::SingleQuoted => Style::SingleQuoted,
                    ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
                    ScalarStyle::Literal => Style::Literal,
                    ScalarStyle::Folded => Style::Folded,
                };
                let kind = Kind::Scalar(Scalar { text: text.into_owned(), style });
                let node = Node { span, kind, weight, height: 0 };
                self.keep_anchor(anchor, &node);
                self.add(node);
                Some(())
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.open(span, anchor, tag.is_some(), Content::Sequence(Vec::new()))
            }
            Event::MappingStart(style, anchor, tag) => {
                if style == StructureStyle::Flow && self.text[span.start..].starts_with("{{") {
                    let fault = syntax::unquoted_template(span.start, self.text, self.source);
                    self.faults.push(fault);
                    return None;
                }
                let (entries, places) = (Vec::new(), HashMap::new());
                let content = Content::Mapping { entries, places, key: Key::Expected };
                self.open(span, anchor, tag.is_some(), content)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            Event::Alias(id) => self.alias(id, span),
            _ => Some(()),
        }
    }

    fn refuse_tag(&mut self, span: Span) {
        self.refuse("yaml/tag", span, "a tag (`!…`) stands before this value")
            .hint("remove it: what a value is follows from its key");
    }

    fn open(&mut self, span: Span, anchor: usize, tagged: bool, content: Content) -> Option<()> {
        if tagged {
            self.refuse_tag(span);
        }
        if self.frames.len() >= MAX_DEPTH {
            self.too_deep(span);
            return None;
        }
        if anchor != 0 {
            self.open_anchors.push(anchor);
        }
        let start = span.start;
        self.frames.push(Frame { start, anchor, weight: NODE_BYTES, height: 0, content });
        Some(())
    }

    fn too_deep(&mut self, span: Span) {
        self.refuse("yaml/too-deep", span, format!("more than {MAX_DEPTH} levels of nesting"))
            .hint("a campaign needs five");
    }

    fn close(&mut self, span: Span) -> Option<()> {
        let frame = self.frames.pop()?;
        let kind = match frame.content {
            Content::Sequence(items) => Kind::Sequence(items),
            Content::Mapping { entries, .. } => Kind::Mapping(entries),
        };
        let last = match &kind {
            Kind::Sequence(items) => items.last().map(|item| item.span.end),
            Kind::Mapping(entries) => entries.last().map(|entry| entry.value.span.end),
            Kind::Scalar(_) => None,
        };
        // Block collections end where the next thing starts; what they hold ends earlier.
        let flow = self.text[frame.start..].starts_with(['[', '{']);
        let end = if flow { span.end } else { last.unwrap_or(frame.start) };
        let height = frame.height + 1;
        let node = Node { span: Span::new(frame.start, end), kind, weight: frame.weight, height };
        if frame.anchor != 0 {
            self.open_anchors.retain(|&open| open != frame.anchor);
            self.keep_anchor(frame.anchor, &node);
        }
        self.add(node);
        Some(())
    }

    fn keep_anchor(&mut self, anchor: usize, node: &Node) {
        // Every anchor keeps a copy, so copies come out of the same budget as aliases.
        if anchor != 0 && node.weight <= self.alias_budget {
            self.alias_budget -= node.weight;
            self.anchors.insert(anchor, node.clone());
        }
    }

    fn alias(&mut self, id: usize, span: Span) -> Option<()> {
        if self.open_anchors.contains(&id) {
            self.refuse("yaml/alias", span, "this alias stands inside what it repeats")
                .hint("write the value out");
            return None;
        }
        let Some(target) = self.anchors.get(&id).filter(|node| node.weight <= self.alias_budget)
        else {
            let message = format!("the aliases expand to more than {MAX_ALIAS_BYTES} bytes");
            self.refuse("yaml/alias", span, message)
                .hint("write values out, or move recipients to a file");
            return None;
        };
        let mut node = target.clone();
        self.alias_budget -= node.weight;
        if self.frames.len() + node.height > MAX_DEPTH {
            self.too_deep(span);
            return None;
        }
        node.span = span;
        self.add(node);
        Some(())
    }

    /// Puts a finished node where it belongs.
    fn add(&mut self, node: Node) {
        let Some(frame) = self.frames.last_mut() else {
            self.root.get_or_insert(node);
            return;
        };
        frame.weight += node.weight;
        frame.height = frame.height.max(node.height);
        match &mut frame.content {
            Content::Sequence(items) => items.push(node),
            Content::Mapping { entries, key, .. } => match std::mem::replace(key, Key::Expected) {
                Key::Of(key, key_span) => entries.push(Entry { key, key_span, value: node }),
                Key::Refused => {}
                Key::Expected => {
                    let next = self.judge_key(&node);
                    if let Some(Frame { content: Content::Mapping { key, .. }, .. }) =
                        self.frames.last_mut()
                    {
                        *key = next;
                    }
                }
            },
        }
    }

    fn judge_key(&mut self, node: &Node) -> Key {
        let span = node.head();
        let Some(scalar) = node.scalar() else {
            self.refuse("yaml/key-not-text", span, "a key must be text, not a list or a mapping")
                .hint("quote it");
            return Key::Refused;
        };
        let text = scalar.text.clone();
        if scalar.style == Style::Plain && text == "<<" {
            self.refuse("yaml/merge-key", span, "merge keys (`<<`) are not supported")
                .hint("write the keys out");
            return Key::Refused;
        }
        if scalar.style == Style::Plain && resolve_plain(&text) != Resolved::Text {
            self.refuse(
                "yaml/key-not-text",
                span,
                "a key must be text, and this is not read as text",
            )
            .hint("quote it");
            return Key::Refused;
        }
        let Some(Frame { content: Content::Mapping { places, .. }, .. }) = self.frames.last_mut()
        else {
            return Key::Refused;
        };
        if let Some(&first) = places.get(&text) {
            let first = self.place(first);
            self.refuse("yaml/duplicate-key", span, "this key stands twice in one mapping")
                .hint("remove one of the two")
                .related(first, "the first one");
            return Key::Refused;
        }
        places.insert(text.clone(), span);
        Key::Of(text, span)
    }
}
