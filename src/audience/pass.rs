//! One reading of an audience: each row judged by itself, on any thread, then in order
//! against those before it.

use std::ops::ControlFlow;
use std::slice;

use crate::model::{Fields, ListEntry, Origin, PhoneNumber, Recipient};

use super::block::{Block, Judgement, Layout, Slot};
use super::dropped::{DropReason, Dropped};
use super::exclude::Exclusions;
use super::faults::Faults;
use super::in_order::{in_order, workers};
use super::number::{NumberReader, Reading};
use super::report::{AudienceReport, Seen, Sighting};
use super::sanctions::is_restricted;
use super::source::{FileSource, read_finding};
use super::stream::{Audience, Item, PlacesOf};

/// One reading of all sources.
pub(super) struct Pass<'p, 'c, T> {
    pub(super) audience: &'p Audience<'c>,
    pub(super) judge: Judge<'p, T>,
    pub(super) visit: &'p mut dyn FnMut(Item<'_, T>) -> ControlFlow<()>,
    pub(super) seen: Seen,
    pub(super) report: AudienceReport,
    pub(super) faults: Faults,
}

/// What is decided about a row by itself, without those before it.
pub(super) struct Judge<'p, T> {
    pub(super) exclusions: &'p Exclusions,
    /// Which numbers were read before, where rows are read again.
    pub(super) exist: Option<&'p PlacesOf<'p>>,
    /// Where people stand in a list of the caller's.
    pub(super) place: &'p PlacesOf<'p>,
    pub(super) make: &'p (dyn Fn(&Recipient, Option<u32>) -> T + Sync),
}

impl<T: Send> Pass<'_, '_, T> {
    pub(super) fn file(&mut self, file: &FileSource<'_>, source: u16) {
        let mut rows = match file.rows(self.audience.roots(), self.audience.bytes_read()) {
            Ok(rows) => rows,
            Err(findings) => return self.faults.extend(findings),
        };
        let mut failure = None;
        let judge = Judge { ..self.judge };
        let flow = in_order(
            workers(file.bytes),
            Block::new,
            |block| {
                block.fill(&mut rows).unwrap_or_else(|error| {
                    failure = Some(error);
                    false
                })
            },
            |block| judge.block(block, file, source),
            |block| {
                self.sight(block, &file.declared.phone);
                block.slots().iter_mut().try_for_each(|slot| self.take(slot, file, source))
            },
        );
        if let Some(error) = failure.filter(|_| flow.is_continue()) {
            self.faults.extend(vec![read_finding(&error, &file.name, false)]);
        }
    }

    pub(super) fn list(&mut self, entries: &[ListEntry], numbers: NumberReader, source: u16) {
        for entry in entries {
            let origin = Origin { source, line: entry.line };
            let flow = match numbers.read(&entry.phone) {
                Err(fault) => {
                    let reason = DropReason::Number(fault);
                    self.drop(Dropped { origin, number: None, reason })
                }
                #[expect(clippy::single_match_else, reason = "both ways of a row side by side")]
                Ok(reading) => match self.judge.refusal(reading.number) {
                    Some(reason) => {
                        self.drop(Dropped { origin, number: Some(reading.number), reason })
                    }
                    None => {
                        let recipient = listed(entry, reading, origin);
                        let mut place = None;
                        (self.judge.place)(&[recipient.number], slice::from_mut(&mut place));
                        let made = (self.judge.make)(&recipient, place);
                        let sighting = self.seen.note(&recipient, place, "phone");
                        self.keep(&recipient, reading, sighting, made)
                    }
                },
            };
            if flow.is_break() {
                return;
            }
        }
    }

    /// Notes everybody in a block, before anything else is done with its rows: looking people
    /// up is mostly waiting for memory, and the looks of one short loop wait together.
    fn sight(&mut self, block: &mut Block<T>, phone: &str) {
        for slot in block.slots() {
            if let (Some(Judgement::Made { .. }), Some(recipient)) =
                (&slot.judgement, &slot.recipient)
            {
                slot.sighting = self.seen.note(recipient, slot.place, phone);
            }
        }
    }

    fn take(&mut self, slot: &mut Slot<T>, file: &FileSource<'_>, source: u16) -> ControlFlow<()> {
        let origin = Origin { source, line: slot.row.line };
        match slot.judgement.take() {
            Some(Judgement::Made { reading, made }) => {
                let recipient = slot.recipient.as_ref().expect("it was filled when judged");
                self.keep(recipient, reading, slot.sighting, made)
            }
            Some(Judgement::Drop { number, reason }) => {
                self.drop(Dropped { origin, number, reason })
            }
            Some(Judgement::Fault(fault)) => self.faults.filter(&file.name, slot.row.line, &fault),
            Some(Judgement::Keep { .. }) | None => ControlFlow::Continue(()),
        }
    }

    fn keep(
        &mut self,
        recipient: &Recipient,
        reading: Reading,
        sighting: Sighting,
        made: T,
    ) -> ControlFlow<()> {
        let origin = recipient.origin;
        if sighting != Sighting::New {
            if let Sighting::Differs(first) = sighting {
                let name = self.audience.source_name(origin.source);
                let earlier = self.audience.source_name(first.source);
                self.faults.duplicate(&name, origin.line, &earlier, first.line);
            }
            let (number, reason) = (Some(recipient.number), DropReason::Duplicate);
            return self.drop(Dropped { origin, number, reason });
        }
        self.report.rows += 1;
        self.report.kept += 1;
        self.report.in_us += u64::from(reading.in_us);
        if let Some(counts) = self.report.sources.get_mut(usize::from(origin.source)) {
            counts.rows += 1;
            counts.kept += 1;
        }
        self.hand_on(Item::Kept(recipient, made))
    }

    fn drop(&mut self, dropped: Dropped) -> ControlFlow<()> {
        self.report.rows += 1;
        if let Some(counts) = self.report.sources.get_mut(usize::from(dropped.origin.source)) {
            counts.rows += 1;
        }
        self.report.note_dropped(&dropped);
        self.hand_on(Item::Dropped(&dropped))
    }

    fn hand_on(&mut self, item: Item<'_, T>) -> ControlFlow<()> {
        let flow = (self.visit)(item);
        self.report.stopped = flow.is_break();
        flow
    }
}

impl<T> Judge<'_, T> {
    fn block(&self, block: &mut Block<T>, file: &FileSource<'_>, source: u16) {
        let mut layout = None;
        if let Some(exist) = self.exist {
            for slot in block.slots() {
                slot.known = slot.phone(Layout::for_row(&mut layout, &slot.row, file));
            }
            block.find_existing(exist);
        }
        for slot in block.slots() {
            let layout = Layout::for_row(&mut layout, &slot.row, file);
            slot.judgement = Some(self.row(slot, layout, file, source));
        }
        // All at once for the reason that `Pass::sight` has a loop of its own.
        block.find_places(self.place);
        for slot in block.slots() {
            if let (Some(Judgement::Keep { reading }), Some(recipient)) =
                (&slot.judgement, &slot.recipient)
            {
                let (reading, made) = (*reading, (self.make)(recipient, slot.place));
                slot.judgement = Some(Judgement::Made { reading, made });
            }
        }
    }

    /// Whether a row is somebody to send to, as far as others do not matter.
    fn row(
        &self,
        slot: &mut Slot<T>,
        layout: &Layout,
        file: &FileSource<'_>,
        source: u16,
    ) -> Judgement<T> {
        let row = &slot.row;
        if let Err(fault) = slot.read {
            return Judgement::Drop { number: None, reason: DropReason::Row(fault) };
        }
        let cell = layout.phone.and_then(|column| row.cell(column)).unwrap_or_default();
        let reading = match file.numbers.read_again(cell, slot.known) {
            Ok(reading) => reading,
            Err(fault) => {
                return Judgement::Drop { number: None, reason: DropReason::Number(fault) };
            }
        };
        let number = Some(reading.number);
        if let Some(filter) = &file.filter {
            match filter.passes(row, &layout.variables, reading) {
                Ok(true) => {}
                Ok(false) => return Judgement::Drop { number, reason: DropReason::Filtered },
                Err(fault) => return Judgement::Fault(fault),
            }
        }
        if let Some(reason) = self.refusal(reading.number) {
            return Judgement::Drop { number, reason };
        }
        let origin = Origin { source, line: row.line };
        slot.fill(layout.id, reading.number, origin);
        Judgement::Keep { reading }
    }

    /// Why nobody is sent to at a number, duplicates aside.
    fn refusal(&self, number: PhoneNumber) -> Option<DropReason> {
        if is_restricted(number) {
            return Some(DropReason::Sanctioned);
        }
        let entry = self.exclusions.entry_of(number.person())?;
        Some(DropReason::Excluded { entry })
    }
}

fn listed(entry: &ListEntry, reading: Reading, origin: Origin) -> Recipient {
    let phone = std::iter::once(("phone", entry.phone.as_str()));
    let others = entry.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let (names, values): (Vec<_>, Vec<_>) =
        phone.chain(others).map(|(name, value)| (name.to_owned(), value.to_owned())).unzip();
    let fields = Fields::new(names.into(), &values);
    Recipient { number: reading.number, id: None, fields, origin }
}
