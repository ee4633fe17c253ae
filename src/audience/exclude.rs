//! People who must not get a message. Strict: a lost opt-out is a wrong send, so whatever
//! cannot be read stops the campaign.

use std::sync::Arc;

use crate::model::{Campaign, CampaignName, Exclude, FileFormat, PersonKey, PhoneNumber};

use super::delimited::DelimitedRows;
use super::files::Roots;
use super::finding::Finding;
use super::header::{missing_column, names_of};
use super::lines::{Lines, ReadError};
use super::ndjson::{JsonRows, no_names};
use super::number::{NumberReader, looks_like_number};
use super::people::{PersonMap, PersonSet};
use super::row::{Row, RowFault};
use super::source::{delimiter_of, read_finding};

#[cfg(test)]
mod tests;

/// Unreadable rows listed per file; further ones are counted.
const LISTED_ROWS: u64 = 20;

/// Everybody who is excluded, and by which entry of the campaign's `exclude`.
#[derive(Clone, Debug, Default)]
pub struct Exclusions {
    people: PersonMap<u16>,
    late: Late,
    rows: Vec<u64>,
}

/// The people whom late lists name.
#[derive(Clone, Debug, Default)]
pub struct Late(Arc<PersonSet>);

impl Late {
    /// Whether a late list names a person.
    pub fn contains(&self, person: PersonKey) -> bool {
        self.0.contains(&person.as_u64())
    }
}

impl Exclusions {
    /// Reads all exclude lists of a campaign. `of_campaign` gives everybody accepted or
    /// unknown in another campaign; `visit` is shown every number with the index of its
    /// entry.
    pub fn load(
        campaign: &Campaign,
        roots: &Roots,
        of_campaign: &dyn Fn(&CampaignName) -> Vec<PhoneNumber>,
        visit: &mut dyn FnMut(usize, PhoneNumber),
    ) -> Result<Self, Vec<Finding>> {
        let mut exclusions = Self::default();
        let mut findings = Vec::new();
        for (index, entry) in campaign.exclude.iter().enumerate() {
            let mut rows = 0;
            let mut add = |number: PhoneNumber| {
                rows += 1;
                visit(index, number);
                let person = number.person().as_u64();
                if matches!(entry, Exclude::File { late: true, .. }) {
                    Arc::make_mut(&mut exclusions.late.0).insert(person);
                } else {
                    let entry = u16::try_from(index).unwrap_or(u16::MAX);
                    exclusions.people.entry(person).or_insert(entry);
                }
            };
            match entry {
                Exclude::Campaign(name) => of_campaign(name).into_iter().for_each(add),
                Exclude::File { path, format, phone, country, min_rows, late: _ } => {
                    let list = List { index, path, format: *format, phone };
                    match list.read(country.as_deref(), roots, &mut add) {
                        Err(faults) => findings.extend(faults),
                        Ok(name) if rows < *min_rows => {
                            findings.push(too_short(index, &name, rows, *min_rows));
                        }
                        Ok(_) => {}
                    }
                }
            }
            exclusions.rows.push(rows);
        }
        if findings.is_empty() { Ok(exclusions) } else { Err(findings) }
    }

    /// The entry of `exclude` that names a person, if one does: the first of them.
    pub fn entry_of(&self, person: PersonKey) -> Option<u16> {
        self.people.get(&person.as_u64()).copied()
    }

    /// Whether a late list names a person: they are part of the plan, and left out when it
    /// is applied.
    pub fn is_late(&self, person: PersonKey) -> bool {
        self.late.contains(person)
    }

    /// All people whom late lists name.
    pub fn late(&self) -> Late {
        self.late.clone()
    }

    /// Numbers read per entry of `exclude`.
    pub fn rows(&self) -> &[u64] {
        &self.rows
    }

    /// People excluded by other lists than late ones, each counted once.
    pub fn people(&self) -> usize {
        self.people.len()
    }
}

fn too_short(index: usize, file: &str, rows: u64, min_rows: u64) -> Finding {
    let message = format!("`{file}` has {rows} rows, at least {min_rows} are required");
    Finding::in_campaign(
        "exclude/too-few-rows",
        format!("/exclude/{index}/min_rows"),
        None,
        message,
    )
    .hint("check that the list was exported whole")
}

/// One exclude file.
struct List<'c> {
    index: usize,
    path: &'c str,
    format: FileFormat,
    phone: &'c str,
}

impl List<'_> {
    /// Gives every number to `add`, and the file's name back.
    fn read(
        &self,
        country: Option<&str>,
        roots: &Roots,
        add: &mut dyn FnMut(PhoneNumber),
    ) -> Result<String, Vec<Finding>> {
        let pointer = |key: &str| format!("/exclude/{}/{key}", self.index);
        let numbers = NumberReader::new(country).map_err(|unknown| {
            let rule = "exclude/unknown-country";
            vec![Finding::in_campaign(rule, pointer("country"), None, unknown.to_string())]
        })?;
        let found = roots.open(self.path).map_err(|error| {
            let (rule, hint) = (error.rule(true), error.hint());
            vec![Finding::in_campaign(rule, pointer("file"), None, error.to_string()).hint(hint)]
        })?;
        let name = found.path.display().to_string();
        let failed = |error: ReadError| vec![read_finding(&error, &name, true)];
        let lines = Lines::new(found.file, None).map_err(failed)?;
        let mut rows = Strict { file: &name, numbers, faults: Vec::new(), faulty: 0, add };
        match delimiter_of(self.format) {
            None => {
                let mut reader = JsonRows::new(lines);
                let mut row = Row::new(no_names());
                while let Some(read) = reader.next(&mut row).map_err(failed)? {
                    let column = row.names.iter().position(|name| name == self.phone);
                    rows.take(&row, read, column);
                }
            }
            Some(delimiter) => {
                let mut reader = DelimitedRows::new(lines, delimiter);
                let Some((first, read)) = reader.header().map_err(failed)? else {
                    let message = format!("`{name}` is empty");
                    let hint = "a list of nobody has at least its header";
                    let finding = Finding::in_file("exclude/empty-file", &name, message);
                    return Err(vec![finding.hint(hint)]);
                };
                let headerless =
                    first.spans.len() == 1 && first.cell(0).is_some_and(looks_like_number);
                let column = if headerless {
                    rows.take(&first, read, Some(0));
                    0
                } else {
                    let names = names_of(&first, read, delimiter, &name, true)?;
                    names.iter().position(|column| column == self.phone).ok_or_else(|| {
                        let rule = "exclude/missing-column";
                        let at = pointer("phone");
                        vec![missing_column(rule, at, &name, self.phone, &names)]
                    })?
                };
                let mut row = Row::new(no_names());
                while let Some(read) = reader.next(&mut row).map_err(failed)? {
                    rows.take(&row, read, Some(column));
                }
            }
        }
        rows.finish()?;
        Ok(name)
    }
}

/// Takes rows of which each must be usable.
struct Strict<'r> {
    file: &'r str,
    numbers: NumberReader,
    faults: Vec<Finding>,
    faulty: u64,
    add: &'r mut dyn FnMut(PhoneNumber),
}

impl Strict<'_> {
    fn take(&mut self, row: &Row, read: Result<(), RowFault>, column: Option<usize>) {
        if let Err(fault) = read {
            return self.fault("exclude/unreadable-row", row.line, fault.to_string(), None);
        }
        let cell = column.and_then(|column| row.cell(column)).unwrap_or_default();
        match self.numbers.read(cell) {
            Ok(reading) => (self.add)(reading.number),
            Err(fault) => {
                self.fault("exclude/bad-number", row.line, fault.to_string(), fault.hint());
            }
        }
    }

    fn fault(&mut self, rule: &'static str, line: u64, message: String, hint: Option<&str>) {
        self.faulty += 1;
        if self.faulty <= LISTED_ROWS {
            let finding = Finding::in_line(rule, self.file, line, message);
            self.faults.push(match hint {
                Some(hint) => finding.hint(hint),
                None => finding,
            });
        }
    }

    fn finish(mut self) -> Result<(), Vec<Finding>> {
        if self.faulty > LISTED_ROWS {
            let message = format!("{} more rows cannot be read", self.faulty - LISTED_ROWS);
            self.faults.push(Finding::in_file("exclude/unreadable-row", self.file, message));
        }
        if self.faults.is_empty() { Ok(()) } else { Err(self.faults) }
    }
}
