//! What every section's lowering needs: places, the time, and where faults go.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_yaml::Value;

use crate::diagnostic::{Diagnostic, Place};
use crate::model::{Timestamp, UtcOffset};
use crate::parse::campaign::lies_in;
use crate::parse::document::Document;
use crate::parse::times::{self, TimeFault};

pub(super) struct Context<'a> {
    pub(super) document: &'a Document,
    pub(super) now: Timestamp,
    /// Pointers of what the schema found fault with.
    pub(super) faulty: &'a [String],
    pub(super) diagnostics: &'a mut Vec<Diagnostic>,
}

/// A fault that is among the diagnostics already.
pub(super) struct Told;

/// A section of the file.
pub(super) enum Section<T> {
    Absent,
    /// Told already.
    Faulty,
    Given(T),
}

impl<T> Section<T> {
    /// The section, where it must be there. Its absence is the schema's finding.
    pub(super) fn required(self) -> Option<T> {
        match self {
            Self::Given(section) => Some(section),
            Self::Absent | Self::Faulty => None,
        }
    }

    /// The section, or its default where it is absent.
    pub(super) fn or_default(self) -> Option<T>
    where
        T: Default,
    {
        match self {
            Self::Given(section) => Some(section),
            Self::Absent => Some(T::default()),
            Self::Faulty => None,
        }
    }
}

impl Context<'_> {
    /// Types a section, unless the schema found fault with anything in it.
    pub(super) fn read<T: DeserializeOwned>(
        &mut self,
        pointer: &str,
        value: Option<Value>,
    ) -> Section<T> {
        let Some(value) = value else { return Section::Absent };
        if self.is_faulty(pointer) {
            return Section::Faulty;
        }
        if let Ok(section) = serde_yaml::from_value(value) {
            return Section::Given(section);
        }
        // The schema took it, so only an unusual spelling is left, such as `32.0`.
        let place = self.document.key_place(pointer);
        let message = "a value in here is written in a way that cannot be read";
        self.diagnostics.push(
            Diagnostic::error("yaml/ambiguous", place, message)
                .hint("write whole numbers as plain digits"),
        );
        Section::Faulty
    }

    pub(super) fn is_faulty(&self, pointer: &str) -> bool {
        self.faulty.iter().any(|faulty| lies_in(faulty, pointer))
    }

    pub(super) fn place(&self, pointer: &str) -> Place {
        self.document.place(pointer, None)
    }

    pub(super) fn key_place(&self, pointer: &str) -> Place {
        self.document.key_place(pointer)
    }

    /// Records an error at a value.
    pub(super) fn refuse(
        &mut self,
        rule: &'static str,
        pointer: &str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        let place = self.place(pointer);
        self.diagnostics.push(Diagnostic::error(rule, place, message).hint(hint));
    }

    /// Records an error at a key.
    pub(super) fn refuse_key(
        &mut self,
        rule: &'static str,
        pointer: &str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        let place = self.key_place(pointer);
        self.diagnostics.push(Diagnostic::error(rule, place, message).hint(hint));
    }

    /// Records a warning at a value.
    pub(super) fn warn(
        &mut self,
        rule: &'static str,
        pointer: &str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        let place = self.place(pointer);
        self.diagnostics.push(Diagnostic::warning(rule, place, message).hint(hint));
    }

    /// Reads a duration, or records why it is none.
    pub(super) fn duration(&mut self, pointer: &str, text: &str) -> Result<Duration, Told> {
        times::duration(text).map_err(|fault| self.time_fault(pointer, fault))
    }

    /// Reads an instant, or records why it is none.
    pub(super) fn instant(
        &mut self,
        pointer: &str,
        text: &str,
    ) -> Result<(Timestamp, UtcOffset), Told> {
        times::instant(text).map_err(|fault| self.time_fault(pointer, fault))
    }

    fn time_fault(&mut self, pointer: &str, fault: TimeFault) -> Told {
        let place = self.place(pointer);
        self.diagnostics.push(fault.at(place));
        Told
    }
}
