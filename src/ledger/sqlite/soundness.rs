//! SQLite's check of a file's structure, on a thread of its own while the first questions are
//! asked: for a million people it takes as long as reading them.
//!
//! Nothing waits for it but answers: none leaves the ledger, and nothing is written, before
//! the check has passed.

use std::cell::RefCell;
use std::thread::{Builder, JoinHandle};

use rusqlite::Connection;

use crate::ledger::error::Damage;

use super::fault::Fault;
use super::pragmas;

/// What is known of a file's structure.
#[derive(Debug)]
pub(super) struct Soundness(RefCell<Check>);

#[derive(Debug)]
enum Check {
    /// Passed, or not asked for.
    Passed,
    /// Still going on.
    Running(JoinHandle<Result<(), Fault>>),
    /// What it found.
    Failed(String),
}

impl Soundness {
    /// The file is not checked.
    pub(super) fn unasked() -> Self {
        Self(RefCell::new(Check::Passed))
    }

    /// Begins the check on a connection of its own.
    pub(super) fn begin(connection: Connection) -> Result<Self, Fault> {
        pragmas::defend(&connection)?;
        let check = Builder::new().name("ledger-check".to_owned());
        let check = match check.spawn(move || quick_check(&connection)) {
            Ok(running) => Check::Running(running),
            Err(error) => Check::Failed(format!("it could not be checked: {error}")),
        };
        Ok(Self(RefCell::new(check)))
    }

    /// Waits for the check to end; an error when it found anything, now and ever after.
    pub(super) fn expect(&self) -> Result<(), Fault> {
        let mut check = self.0.borrow_mut();
        match std::mem::replace(&mut *check, Check::Passed) {
            Check::Passed => Ok(()),
            Check::Running(running) => {
                let ended = running.join().unwrap_or_else(|_| Err(structure("the check died")));
                if let Err(fault) = &ended {
                    *check = Check::Failed(match fault {
                        Fault::Damaged(Damage::Structure(found)) => found.clone(),
                        _ => "the check could not read it".to_owned(),
                    });
                }
                ended
            }
            Check::Failed(found) => {
                let fault = structure(&found);
                *check = Check::Failed(found);
                Err(fault)
            }
        }
    }
}

impl Drop for Soundness {
    /// The file is at rest when the ledger is closed.
    fn drop(&mut self) {
        if let Check::Running(running) = std::mem::replace(self.0.get_mut(), Check::Passed) {
            // Nobody asked for an answer, so nobody asks for this one.
            let _ = running.join();
        }
    }
}

fn quick_check(connection: &Connection) -> Result<(), Fault> {
    let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if verdict == "ok" { Ok(()) } else { Err(structure(&verdict)) }
}

fn structure(found: &str) -> Fault {
    Fault::Damaged(Damage::Structure(found.to_owned()))
}
