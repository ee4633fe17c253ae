//! The variables of one rendering.

use std::fmt;
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{Enumerator, Object};

/// The values of the variables that one pattern names, and nothing else of the row.
pub(super) struct Row {
    names: Arc<[Box<str>]>,
    /// One for each name; `None` for a cell the row does not have.
    values: Vec<Option<Value>>,
    /// What `code` stands for, in a pattern that draws.
    draw: Option<Value>,
    /// What a masked rendering may show, found under [`Row::REVEAL`].
    reveal: Option<Value>,
}

impl Row {
    /// No column can have this name, since it is no identifier.
    pub(super) const REVEAL: &'static str = "\0reveal";

    pub(super) fn new(names: Arc<[Box<str>]>, values: Vec<Option<Value>>) -> Self {
        Self { names, values, draw: None, reveal: None }
    }

    pub(super) fn drawing(mut self, draw: Option<Value>) -> Self {
        self.draw = draw;
        self
    }

    pub(super) fn revealing(mut self, reveal: Value) -> Self {
        self.reveal = Some(reveal);
        self
    }
}

impl fmt::Debug for Row {
    /// By name only: rows are personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names.iter()).finish()
    }
}

impl Object for Row {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        if let Some(at) = self.names.iter().position(|name| &**name == key) {
            return self.values[at].clone();
        }
        match key {
            "code" => self.draw.clone(),
            Self::REVEAL => self.reveal.clone(),
            _ => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }
}
