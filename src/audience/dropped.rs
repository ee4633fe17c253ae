//! Rows that are not sent to, and why.

use crate::model::{Origin, PhoneNumber};

use super::number::NumberFault;
use super::row::RowFault;

/// A row that is not sent to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Dropped {
    /// Where it stands.
    pub origin: Origin,
    /// Whom it means, when that could be read.
    pub number: Option<PhoneNumber>,
    /// Why.
    pub reason: DropReason,
}

/// Why a row is not sent to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
pub enum DropReason {
    /// The row cannot be taken apart.
    #[error(transparent)]
    Row(RowFault),
    /// There is no usable number in it.
    #[error(transparent)]
    Number(NumberFault),
    /// `where` is false for it.
    #[error("`where` leaves it out")]
    Filtered,
    /// Meta delivers nothing to the number's country.
    #[error("WhatsApp delivers nothing to this country")]
    Sanctioned,
    /// An exclude list names the person.
    #[error("the person is excluded")]
    Excluded {
        /// Index into the campaign's `exclude`.
        entry: u16,
    },
    /// An earlier row means the same person.
    #[error("an earlier row means the same person")]
    Duplicate,
}

/// What rows are counted under.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum DropKind {
    /// See [`NumberFault::Empty`].
    EmptyNumber,
    /// See [`NumberFault::NoCountryCode`].
    NoCountryCode,
    /// See [`NumberFault::NotANumber`].
    NotANumber,
    /// See [`NumberFault::NotValid`].
    NotValid,
    /// See [`NumberFault::Scientific`] and [`NumberFault::Decimal`].
    Spreadsheet,
    /// See [`NumberFault::Extension`].
    Extension,
    /// See [`RowFault::Ragged`].
    Ragged,
    /// Any other [`RowFault`].
    Unreadable,
    /// See [`DropReason::Filtered`].
    Filtered,
    /// See [`DropReason::Sanctioned`].
    Sanctioned,
    /// See [`DropReason::Excluded`].
    Excluded,
    /// See [`DropReason::Duplicate`].
    Duplicate,
}

impl DropKind {
    /// All kinds, in the order of reports.
    pub const ALL: [Self; 12] = [
        Self::EmptyNumber,
        Self::NoCountryCode,
        Self::NotANumber,
        Self::NotValid,
        Self::Spreadsheet,
        Self::Extension,
        Self::Ragged,
        Self::Unreadable,
        Self::Filtered,
        Self::Sanctioned,
        Self::Excluded,
        Self::Duplicate,
    ];

    /// The word in machine-readable output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EmptyNumber => "empty_number",
            Self::NoCountryCode => "no_country_code",
            Self::NotANumber => "not_a_number",
            Self::NotValid => "not_valid",
            Self::Spreadsheet => "spreadsheet",
            Self::Extension => "extension",
            Self::Ragged => "ragged",
            Self::Unreadable => "unreadable",
            Self::Filtered => "filtered",
            Self::Sanctioned => "sanctioned",
            Self::Excluded => "excluded",
            Self::Duplicate => "duplicate",
        }
    }

    /// Whether the row is unusable as such: what `limits.invalid` counts.
    pub fn is_invalid(self) -> bool {
        self <= Self::Unreadable
    }
}

impl DropReason {
    /// What the row is counted under.
    pub fn kind(self) -> DropKind {
        match self {
            Self::Row(RowFault::Ragged { .. }) => DropKind::Ragged,
            Self::Row(_) => DropKind::Unreadable,
            Self::Number(NumberFault::Empty) => DropKind::EmptyNumber,
            Self::Number(NumberFault::NoCountryCode { .. }) => DropKind::NoCountryCode,
            Self::Number(NumberFault::NotANumber) => DropKind::NotANumber,
            Self::Number(NumberFault::NotValid { .. }) => DropKind::NotValid,
            Self::Number(NumberFault::Scientific | NumberFault::Decimal) => DropKind::Spreadsheet,
            Self::Number(NumberFault::Extension) => DropKind::Extension,
            Self::Filtered => DropKind::Filtered,
            Self::Sanctioned => DropKind::Sanctioned,
            Self::Excluded { .. } => DropKind::Excluded,
            Self::Duplicate => DropKind::Duplicate,
        }
    }

    /// What to do about it.
    pub fn hint(self) -> Option<&'static str> {
        match self {
            Self::Number(fault) => fault.hint(),
            _ => None,
        }
    }
}

/// How many rows were dropped, by kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct DropCounts([u64; DropKind::ALL.len()]);

impl DropCounts {
    /// The count of one kind.
    pub fn get(&self, kind: DropKind) -> u64 {
        self.0[kind as usize]
    }

    /// The kinds that occurred, in the order of reports.
    pub fn iter(&self) -> impl Iterator<Item = (DropKind, u64)> {
        DropKind::ALL.into_iter().map(|kind| (kind, self.get(kind))).filter(|(_, n)| *n > 0)
    }

    /// Rows unusable as such.
    pub fn invalid(&self) -> u64 {
        self.iter().filter(|(kind, _)| kind.is_invalid()).map(|(_, count)| count).sum()
    }

    /// All dropped rows.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    pub(super) fn add(&mut self, kind: DropKind) {
        self.0[kind as usize] += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kinds_are_counted_apart_and_listed_in_order() {
        let mut counts = DropCounts::default();
        for kind in DropKind::ALL {
            assert_eq!(DropKind::ALL[kind as usize], kind);
            counts.add(kind);
        }
        counts.add(DropKind::Duplicate);
        assert_eq!((counts.total(), counts.invalid()), (13, 8));
        assert_eq!(counts.iter().last(), Some((DropKind::Duplicate, 2)));
    }
}
