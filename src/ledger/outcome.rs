//! An outcome in the words that the ledger keeps.

use crate::model::{HaltReason, NotSent, Outcome, RequestId, State};

/// An outcome in the ledger's words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct OutcomeWords<'o> {
    pub(super) state: State,
    pub(super) cause: Option<&'o str>,
    pub(super) detail: Option<&'o str>,
    pub(super) message_id: Option<&'o str>,
    pub(super) request_id: Option<&'o str>,
}

/// The cause of those whose group was refused as a whole.
pub(super) const GROUP_REFUSED: &str = "group_refused";

impl<'o> OutcomeWords<'o> {
    /// The words for an outcome.
    pub(super) fn of(outcome: &'o Outcome) -> Self {
        let of_state =
            |state| Self { state, cause: None, detail: None, message_id: None, request_id: None };
        match outcome {
            Outcome::Accepted { message_id, request_id } => Self {
                message_id: Some(message_id.as_str()),
                request_id: request_id.as_ref().map(RequestId::as_str),
                ..of_state(State::Accepted)
            },
            Outcome::Rejected(rejection) => Self {
                cause: Some(&rejection.code),
                detail: Some(&rejection.text),
                ..of_state(State::Rejected)
            },
            Outcome::NotSent(why) => {
                Self { cause: Some(not_sent_word(*why)), ..of_state(State::Pending) }
            }
            Outcome::Unknown(cause) => {
                Self { cause: Some(cause.as_str()), ..of_state(State::Unknown) }
            }
        }
    }
}

fn not_sent_word(why: NotSent) -> &'static str {
    match why {
        NotSent::NoConnection => HaltReason::NoConnection.as_str(),
        NotSent::Throttled => "throttled",
        NotSent::Refused(reason) => reason.as_str(),
        NotSent::GroupRefused => GROUP_REFUSED,
    }
}
