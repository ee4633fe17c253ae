//! The engine that carries out an approved plan.
//!
//! [`run`] is a thin shell around a state machine without I/O, clock or chance: the shell
//! owns the timer, the workers and the one writer thread, the machine decides. For
//! each slot the order is always the same: a reserved instant (the token), the intent on
//! stable storage, the request, its classification, the outcome on stable storage, and
//! only then a word to anyone (DESIGN section 5).
//!
//! What it speaks to stands behind two small traits: [`Wire`] makes a request and says what
//! became of it, [`Store`] is the ledger. Neither retries anything.

mod backoff;
mod breaker;
mod commit;
mod company;
mod core;
mod gate;
mod job;
mod listener;
mod meter;
mod pacer;
mod places;
mod ports;
mod protocol;
mod queue;
mod run;
mod slots;
mod tally;
mod watch;
mod workers;
mod writer;

#[cfg(test)]
mod simulation;

pub use company::{FromOthers, Said, Saying, Tidings};
pub use job::{Job, RunOutcome, StopSignal};
pub use pacer::{Pace, messages_in_a_window};
pub use ports::{Page, Request, Store, StoreError, Wire, Writing};
pub use run::{run, run_with_others};
