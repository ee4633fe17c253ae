//! Sending beside other machines: one rate, one pause, one halt for all of them.

use crate::event::RunEvent;
use crate::model::Rejection;

use super::super::company::{FROM_OTHERS, Tidings};
use super::super::gate::Swing;
use super::super::protocol::{Action, Now};
use super::{Core, Mode};

impl Core {
    /// Takes in how things stand among the machines.
    pub(super) fn hear(&mut self, now: Now, tidings: Tidings, out: &mut Vec<Action>) {
        let Tidings { part, counts, pause, halt } = tidings;
        if let Some(reason) = halt {
            return self.halt(now, reason, Some(from_others()), out);
        }
        self.pacer.set_part(part);
        self.held_part = self.held_part.max(part);
        self.campaign_counts = counts.or(self.campaign_counts);
        if let Some((cause, wait)) = pause
            && let Swing::Pauses(cause, wait) =
                self.gate.pause_with_others(now.elapsed, cause, wait)
            && self.mode == Mode::Running
        {
            let detail = Some(from_others());
            out.push(Action::Emit(RunEvent::Paused { cause, wait, detail }));
        }
    }

    /// A smaller part is held from when a whole window is within it: until then others must
    /// count with the larger one.
    pub(super) fn settle_part(&mut self, now: Now) {
        let part = self.pacer.most_per_request();
        if self.held_part > part
            && self.pacer.in_window(now.elapsed) <= part
            && self.slots.largest_to_come() <= part
        {
            self.held_part = part;
        }
    }

    /// The part of the rate's messages that this run may be using.
    pub(in super::super) fn held_part(&self) -> u64 {
        self.held_part
    }
}

/// Why it is, where another machine was told.
fn from_others() -> Rejection {
    Rejection { code: FROM_OTHERS.to_owned(), text: "another machine of this apply".to_owned() }
}
