//! What a plan is told of a person: the deciding part of their row, and what became of it.

use crate::ledger::error::Damage;
use crate::ledger::forgotten::{ForgottenRow, Whose};
use crate::ledger::settlement::UNSENT;
use crate::ledger::types::Known;
use crate::model::{Receipt, State};

use super::recipient::Verified;

/// A row as a campaign's memory has it.
pub(in crate::ledger) enum Remembered {
    /// Somebody.
    Known(Known),
    /// Nobody any more; and the digest of the code, which stays taken.
    Forgotten(ForgottenRow, u64),
}

impl Remembered {
    /// Of a row in a campaign whose last plan is in the row `last_plan`, with the cause of its
    /// state and what was told of its message later.
    pub(in crate::ledger) fn of(
        row: &Verified<'_>,
        last_plan: Option<i64>,
        cause: Option<&str>,
        receipt: Option<&str>,
    ) -> Result<Self, Damage> {
        let Verified { id, state, content, deciding, .. } = row;
        let in_last_plan = Some(deciding.plan) == last_plan;
        let code = deciding.code_digest.cast_unsigned();
        let number = match row.whose {
            Whose::Number(number) => number,
            Whose::Forgotten(prefix) => {
                let forgotten = ForgottenRow { prefix, state: *state, in_last_plan };
                return Ok(Self::Forgotten(forgotten, code));
            }
        };
        let damaged = |_| Damage::Row { table: "recipients", row: *id };
        Ok(Self::Known(Known {
            number,
            state: *state,
            content: *content,
            in_last_plan,
            code,
            round: u32::try_from(deciding.round).map_err(damaged)?,
            settled_unsent: *state == State::Skipped && cause == Some(UNSENT),
            failed: *state == State::Accepted && receipt == Some(Receipt::Failed.as_str()),
        }))
    }
}
