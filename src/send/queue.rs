//! Who is still to be sent to, loaded in pages so that memory does not grow with the
//! audience.

use std::collections::VecDeque;

use crate::ledger::{PendingRow, RowId};

use super::ports::Page;

/// Rows read from the ledger at a time, where few are on the wire at once.
pub(super) const PAGE: usize = 1_000;
/// The most rows read at a time, however many may be on the wire at once: a page is in memory.
const LARGEST_PAGE: usize = 10_000;

/// One recipient waiting for a slot.
#[derive(Clone, Debug)]
pub(super) struct Recipient {
    pub(super) row: PendingRow,
    /// A group with this recipient in it was refused: never grouped again.
    pub(super) alone: bool,
    /// Requests of this run to this recipient alone that were refused without being about
    /// the whole sender.
    pub(super) tries: u8,
}

/// Recipients in sending order.
#[derive(Clone, Debug)]
pub(super) struct Queue {
    rows: VecDeque<Recipient>,
    alone: VecDeque<Recipient>,
    /// Rows asked for at a time.
    page: usize,
    last: Option<RowId>,
    loaded: u64,
    last_page: usize,
    loading: bool,
    exhausted: bool,
}

/// A page that does not go on where the last one ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct OutOfOrder;

impl Queue {
    /// Nobody yet. A page is to fill all requests under way twice, of `at_once` recipients
    /// together: while one filling is being written there is another one to be read.
    pub(super) fn new(at_once: usize) -> Self {
        Self {
            rows: VecDeque::new(),
            alone: VecDeque::new(),
            page: at_once.saturating_mul(2).clamp(PAGE, LARGEST_PAGE),
            last: None,
            loaded: 0,
            last_page: 0,
            loading: false,
            exhausted: false,
        }
    }

    /// How many rows to read at a time.
    pub(super) fn page_size(&self) -> usize {
        self.page
    }

    /// Whether more rows are wanted and none are on their way; if so they are from now on.
    /// `most` may share a request, and are to be seen together. Where machines claim what they
    /// read, pages get smaller towards the end, and none is read long before it is needed.
    pub(super) fn asks_for_page(&mut self, most: usize) -> bool {
        let enough = (self.last_page / 2).max(most).min(self.page / 2);
        let asks = !(self.loading || self.exhausted || self.rows.len() > enough);
        self.loading |= asks;
        asks
    }

    /// The last row read: the next page begins after it.
    pub(super) fn last_read(&self) -> Option<RowId> {
        self.last
    }

    /// Takes in a page. Rows must ascend, or one could be sent to twice.
    pub(super) fn page(&mut self, page: Page) -> Result<(), OutOfOrder> {
        self.loading = false;
        self.exhausted = page.is_last;
        self.last_page = page.rows.len();
        for row in page.rows {
            if self.last.is_some_and(|last| row.row <= last) {
                return Err(OutOfOrder);
            }
            self.last = Some(row.row);
            self.loaded += 1;
            self.rows.push_back(Recipient { row, alone: false, tries: 0 });
        }
        Ok(())
    }

    /// Rows read so far.
    pub(super) fn loaded(&self) -> u64 {
        self.loaded
    }

    /// How many of the first recipients may share one request of at most `most`: those
    /// with the very same message. `None` when nobody is there, or when the next page may
    /// hold more of them.
    pub(super) fn ready(&self, most: usize) -> Option<usize> {
        if !self.alone.is_empty() {
            return Some(1);
        }
        let first = &self.rows.front()?.row.message;
        let alike =
            self.rows.iter().take(most).take_while(|next| next.row.message == *first).count();
        let more_may_come = !self.exhausted && alike < most && alike == self.rows.len();
        (!more_may_come).then_some(alike)
    }

    /// Takes the first recipients, as counted by [`Queue::ready`].
    pub(super) fn take(&mut self, count: usize) -> Vec<Recipient> {
        match self.alone.pop_front() {
            Some(recipient) => vec![recipient],
            None => self.rows.drain(..count.min(self.rows.len())).collect(),
        }
    }

    /// Takes anybody, for skipping.
    pub(super) fn take_any(&mut self) -> Vec<Recipient> {
        self.alone.drain(..).chain(self.rows.drain(..)).collect()
    }

    /// Puts recipients back to where they were: first in line.
    pub(super) fn put_back(&mut self, recipients: Vec<Recipient>) {
        for recipient in recipients.into_iter().rev() {
            if recipient.alone {
                self.alone.push_front(recipient);
            } else {
                self.rows.push_front(recipient);
            }
        }
    }

    /// Whether somebody is loaded and waiting.
    pub(super) fn has_waiting(&self) -> bool {
        !(self.alone.is_empty() && self.rows.is_empty())
    }

    /// Whether nobody is left, here or in the ledger.
    pub(super) fn is_drained(&self) -> bool {
        self.exhausted && !self.has_waiting()
    }
}

#[cfg(test)]
mod tests {
    use super::super::simulation::pending_row as row;
    use super::*;

    fn queue(rows: Vec<PendingRow>) -> Queue {
        let mut queue = Queue::new(0);
        assert!(queue.asks_for_page(100));
        queue.page(Page::of(rows, PAGE)).expect("rows in order");
        queue
    }

    fn rows_of(recipients: &[Recipient]) -> Vec<i64> {
        recipients.iter().map(|recipient| recipient.row.row.0).collect()
    }

    #[test]
    fn groups_only_neighbours_with_the_very_same_message() {
        let mut queue = queue(vec![row(1, "A"), row(2, "A"), row(3, "B"), row(4, "A")]);
        for expected in [vec![1, 2], vec![3], vec![4]] {
            let count = queue.ready(100).expect("somebody waits");
            assert_eq!(rows_of(&queue.take(count)), expected);
        }
        assert!(queue.is_drained());
    }

    #[test]
    fn a_group_waits_for_the_page_that_may_complete_it() {
        let mut queue = queue((1..=1_000).map(|i| row(i, "A")).collect());
        queue.take(950);
        assert_eq!(queue.ready(50), Some(50));
        assert_eq!(queue.ready(100), None);
        assert!(queue.asks_for_page(100));
        assert_eq!(queue.last_read(), Some(RowId(1_000)));
        assert!(!queue.asks_for_page(100), "one page at a time");
        queue.page(Page::of(vec![row(1_001, "A")], PAGE)).expect("rows in order");
        assert_eq!(queue.ready(100), Some(51));
    }

    #[test]
    fn members_of_a_refused_group_go_first_and_alone() {
        let mut queue = queue(vec![row(1, "A"), row(2, "A"), row(3, "A")]);
        let mut refused = queue.take(2);
        for recipient in &mut refused {
            recipient.alone = true;
        }
        queue.put_back(refused);
        for expected in [1, 2, 3] {
            let count = queue.ready(100).expect("somebody waits");
            assert_eq!(rows_of(&queue.take(count)), [expected]);
        }
    }

    #[test]
    fn a_page_fills_all_requests_under_way_twice_and_stays_within_bounds() {
        assert_eq!(Queue::new(64).page_size(), 1_000);
        assert_eq!(Queue::new(16 * 100).page_size(), 3_200);
        assert_eq!(Queue::new(1_024 * 100).page_size(), 10_000);
    }

    #[test]
    fn the_next_page_is_asked_for_while_half_of_the_last_one_waits() {
        let mut queue = Queue::new(1_600);
        assert!(queue.asks_for_page(100));
        queue.page(Page::of((1..=3_200).map(|i| row(i, "A")).collect(), 3_200)).expect("in order");
        queue.take(1_599);
        assert!(!queue.asks_for_page(100));
        queue.take(1);
        assert!(queue.asks_for_page(100));
    }

    #[test]
    fn a_page_that_goes_back_is_refused() {
        let mut queue = queue((1..=1_000).map(|i| row(i, "A")).collect());
        assert_eq!(queue.page(Page::of(vec![row(1_000, "A")], PAGE)), Err(OutOfOrder));
    }
}
