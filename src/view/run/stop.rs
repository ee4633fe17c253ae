//! Why a run ended, as a word for machines and a sentence for people.

use crate::event::{PauseCause, StopReason};
use crate::model::{HaltReason, Rejection};
use crate::view::text::safe;

/// Every reason there is, to find one by its word.
const ALL: [StopReason; 19] = [
    StopReason::Finished,
    StopReason::Limit,
    StopReason::Deadline,
    StopReason::Daily,
    StopReason::Interrupted,
    StopReason::Terminated,
    StopReason::OfferOver,
    StopReason::AttemptsUsedUp,
    StopReason::Halted(HaltReason::Credentials),
    StopReason::Halted(HaltReason::Balance),
    StopReason::Halted(HaltReason::DailyLimit),
    StopReason::Halted(HaltReason::Template),
    StopReason::Halted(HaltReason::Sender),
    StopReason::Halted(HaltReason::Payload),
    StopReason::Halted(HaltReason::Breaker),
    StopReason::Halted(HaltReason::FailureShare),
    StopReason::Halted(HaltReason::NoConnection),
    StopReason::Halted(HaltReason::Throttled),
    StopReason::Halted(HaltReason::Ledger),
];

/// The word in the ledger and in machine-readable output.
pub fn stop_word(stop: StopReason) -> &'static str {
    match stop {
        StopReason::Finished => "finished",
        StopReason::Limit => "limit",
        StopReason::Deadline => "deadline",
        StopReason::Daily => "daily",
        StopReason::Interrupted => "interrupted",
        StopReason::Terminated => "terminated",
        StopReason::OfferOver => "offer_over",
        StopReason::AttemptsUsedUp => "attempts_used_up",
        StopReason::Halted(reason) => reason.as_str(),
    }
}

/// What to tell a person, lower case and without a full stop.
pub fn stop_sentence(stop: StopReason) -> String {
    match stop {
        StopReason::Finished => "finished: nobody is left to send to".to_owned(),
        StopReason::Limit => "stopped: `--limit` is reached".to_owned(),
        StopReason::Deadline => "stopped: `--deadline` is reached".to_owned(),
        StopReason::Daily => {
            "stopped: `delivery.daily` is reached for this sender number".to_owned()
        }
        StopReason::Interrupted => "stopped by Ctrl-C (SIGINT)".to_owned(),
        StopReason::Terminated => "stopped by SIGTERM".to_owned(),
        StopReason::OfferOver => {
            "stopped: the offer is over or nearly so, everybody left is skipped".to_owned()
        }
        StopReason::AttemptsUsedUp => {
            "stopped: all attempts of this run are used up; none of them sent anything".to_owned()
        }
        StopReason::Halted(reason) => format!("halted: {reason}"),
    }
}

/// The sentence for a word of the ledger; a word of a newer version stands for itself.
pub fn stop_word_sentence(word: &str) -> String {
    match ALL.into_iter().find(|stop| stop_word(*stop) == word) {
        Some(stop) => stop_sentence(stop),
        None => safe(word).into_owned(),
    }
}

/// Why a run ended as it did: who says so, and the words, not yet made safe to show.
pub(super) fn why_it_ended(detail: &Rejection) -> (&'static str, String) {
    if detail.is_kaleyras() {
        ("Kaleyra says ", format!("{}: {}", detail.code, detail.text))
    } else {
        ("", detail.text.clone())
    }
}

/// What a pause is for. Why there is no connection is said, since that may be for the reader
/// to mend; Kaleyra's words on a 429 or 503 say no more than the number.
pub(super) fn pause_sentence(cause: PauseCause, detail: Option<&Rejection>) -> String {
    let sentence = match cause {
        PauseCause::Throttled => "Kaleyra asks to slow down (429)",
        PauseCause::Overloaded => "Kaleyra is overloaded (503)",
        PauseCause::NoConnection => "no connection to Kaleyra",
        PauseCause::Daily => "`delivery.daily` is reached, the next place is free then",
        PauseCause::Ledger => {
            "the ledger's server is away; what is in hand is written when it is back"
        }
        PauseCause::Breaker => "too many outcomes could not be known; one request will probe",
    };
    match detail.filter(|_| cause == PauseCause::NoConnection) {
        Some(why) => format!("{sentence}: {}", safe(&why.text)),
        None => sentence.to_owned(),
    }
}

/// The word for a pause in machine-readable output.
pub(super) fn pause_word(cause: PauseCause) -> &'static str {
    match cause {
        PauseCause::Throttled => "throttled",
        PauseCause::Overloaded => "overloaded",
        PauseCause::NoConnection => "no_connection",
        PauseCause::Daily => "daily",
        PauseCause::Ledger => "ledger",
        PauseCause::Breaker => "breaker",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_kaleyras_words_are_said_to_be_kaleyras() {
        let sentence = |code: &str, text: &str| {
            let (who, words) =
                why_it_ended(&Rejection { code: code.to_owned(), text: text.to_owned() });
            who.to_owned() + &words
        };
        assert_eq!(sentence("RBC201", "Unauthorized"), "Kaleyra says RBC201: Unauthorized");
        for code in [Rejection::MACHINES, Rejection::NOT_CONNECTED, Rejection::REQUEST] {
            assert_eq!(sentence(code, "the network is down"), "the network is down");
        }
    }

    #[test]
    fn every_word_finds_its_sentence_back() {
        for stop in ALL {
            assert_eq!(stop_word_sentence(stop_word(stop)), stop_sentence(stop));
        }
        assert_eq!(stop_word_sentence("from\u{1b}the future"), "from\\u{1b}the future");
    }
}
