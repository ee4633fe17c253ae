//! What Kaleyra's error codes say about the run.
//!
//! Kaleyra's list is not complete (its V1 codes beyond `E13001` are unpublished), so a code
//! that is not here is judged by its status and otherwise concerns the recipient.

use crate::model::HaltReason;

/// Whom an error concerns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Meaning {
    /// The account, the sender, the template or the form: every request would fail alike.
    Halt(HaltReason),
    /// Too fast.
    Throttled,
    /// Trouble at the far side: the message may have been sent.
    ServerTrouble,
    /// This recipient.
    Recipient,
}

/// The meaning of Kaleyra's own error body under a 4xx.
pub(super) fn meaning(code: &str, text: &str, status: u16) -> Meaning {
    of_code(code, text).or_else(|| of_status(status)).unwrap_or(Meaning::Recipient)
}

/// The meaning of a code where the code is known.
pub(super) fn of_code(code: &str, text: &str) -> Option<Meaning> {
    let code = code.to_ascii_uppercase();
    if code == "E13001" {
        return of_validation_text(text);
    }
    of_kaleyra_code(&code, text).or_else(|| of_meta_code(&code))
}

/// Kaleyra's own codes: LTO page (RBC201) and "WhatsApp API V2 error codes for send
/// message".
fn of_kaleyra_code(code: &str, text: &str) -> Option<Meaning> {
    let reason = match code {
        "RBC201" | "RBC001" => HaltReason::Credentials,
        "E110" => HaltReason::Balance,
        "WAV2101" => HaltReason::DailyLimit,
        "WA400" => HaltReason::Payload,
        // Unauthorised: "check number or template approval".
        "WA401" if concerns(text, SENDER_WORDS) && !concerns(text, TEMPLATE_WORDS) => {
            HaltReason::Sender
        }
        "WA401" => HaltReason::Template,
        "WA429" => return Some(Meaning::Throttled),
        "WA500" => return Some(Meaning::ServerTrouble),
        _ => return None,
    };
    Some(Meaning::Halt(reason))
}

/// Meta's numbers ("Cloud API error codes"), for where Kaleyra hands them through. Only
/// those that concern more than one recipient are here.
fn of_meta_code(code: &str) -> Option<Meaning> {
    let reason = match code {
        // Token and permission.
        "0" | "3" | "10" | "190" | "131005" => HaltReason::Credentials,
        code if is_permission_code(code) => HaltReason::Credentials,
        // Payment.
        "131042" => HaltReason::Balance,
        // Number unregistered or without approved name; account restricted or locked;
        // spam signals; marketing messages switched off or not set up.
        "33" | "368" | "131031" | "131037" | "131045" | "131048" | "131055" | "131063"
        | "133010" | "134100" | "134101" | "134102" => HaltReason::Sender,
        // No such template or language, policy, paused, disabled, misclassified.
        "131064" | "132001" | "132007" | "132015" | "132016" => HaltReason::Template,
        // Message type and header media are the same for everybody.
        "131051" | "131053" => HaltReason::Payload,
        "4" | "80007" | "130429" => return Some(Meaning::Throttled),
        "1" | "2" | "131000" | "131016" | "131057" | "133004" => {
            return Some(Meaning::ServerTrouble);
        }
        _ => return None,
    };
    Some(Meaning::Halt(reason))
}

/// Meta's 200 to 299: permissions.
fn is_permission_code(code: &str) -> bool {
    code.len() == 3 && code.starts_with('2') && code.bytes().all(|byte| byte.is_ascii_digit())
}

/// The meaning of a status under Kaleyra's own body, where the code says nothing.
fn of_status(status: u16) -> Option<Meaning> {
    match status {
        401 | 403 => Some(Meaning::Halt(HaltReason::Credentials)),
        402 => Some(Meaning::Halt(HaltReason::Balance)),
        429 => Some(Meaning::Throttled),
        405 => Some(Meaning::Halt(HaltReason::Payload)),
        _ if form_is_refused(status) => Some(Meaning::Halt(HaltReason::Payload)),
        _ => None,
    }
}

/// Whether a status refuses the form of a request, so that all others would fail alike:
/// too large, no such type or version, header fields too large.
pub(super) fn form_is_refused(status: u16) -> bool {
    matches!(status, 413 | 414 | 415 | 431 | 501 | 505)
}

/// `E13001` is one code for many validation errors ("WhatsApp error codes"), so its text
/// decides. The first line that fits counts; account words come first, because a halt can
/// be taken back and a rejection cannot.
///
/// | words | concerns |
/// | --- | --- |
/// | user id, company id, sid, api key | [`HaltReason::Credentials`] |
/// | balance, credits | [`HaltReason::Balance`] |
/// | sender, `from`, business number, waba | [`HaltReason::Sender`] |
/// | recipient, `to`, number, mobile, phone, country code | the recipient |
/// | template, language | [`HaltReason::Template`] |
/// | anything else | as the status says, else the recipient |
fn of_validation_text(text: &str) -> Option<Meaning> {
    [
        (ACCOUNT_WORDS, Meaning::Halt(HaltReason::Credentials)),
        (BALANCE_WORDS, Meaning::Halt(HaltReason::Balance)),
        (SENDER_WORDS, Meaning::Halt(HaltReason::Sender)),
        (RECIPIENT_WORDS, Meaning::Recipient),
        (TEMPLATE_WORDS, Meaning::Halt(HaltReason::Template)),
    ]
    .into_iter()
    .find(|(words, _)| concerns(text, words))
    .map(|(_, meaning)| meaning)
}

const ACCOUNT_WORDS: &[&str] =
    &["user id", "userid", "company id", "companyid", "sid", "api key", "apikey"];
const BALANCE_WORDS: &[&str] = &["balance", "credit", "credits"];
const SENDER_WORDS: &[&str] = &["from:", "sender", "from number", "business number", "waba"];
const RECIPIENT_WORDS: &[&str] =
    &["to:", "recipient", "recipients", "number", "numbers", "mobile", "phone", "country code"];
const TEMPLATE_WORDS: &[&str] = &["template", "templates", "language"];

/// Whether a text holds one of the phrases, word by word, whatever stands between them.
/// A phrase that ends in `:` is a field's name: it counts only where it is written as one,
/// in quotes or before a colon, since `from` and `to` are also plain English.
fn concerns(text: &str, phrases: &[&str]) -> bool {
    let lower = text.to_lowercase();
    let names_field = |field: &str| {
        let before_a_colon = lower.split(|c: char| !c.is_alphanumeric() && c != ':');
        before_a_colon.into_iter().any(|word| word.strip_suffix(':') == Some(field))
            || ['`', '\'', '"']
                .iter()
                .any(|quote| lower.contains(&format!("{quote}{field}{quote}")))
    };
    if phrases.iter().filter_map(|phrase| phrase.strip_suffix(':')).any(names_field) {
        return true;
    }
    let words: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let text = format!(" {} ", words.join(" "));
    phrases.iter().any(|phrase| text.contains(&format!(" {phrase} ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_codes_stop_the_run_and_others_do_not() {
        use HaltReason::{Balance, Credentials, DailyLimit, Payload, Sender, Template};
        for (codes, meaning) in [
            (&["RBC201", "rbc001", "190", "0", "200", "299"][..], Meaning::Halt(Credentials)),
            (&["E110", "131042"], Meaning::Halt(Balance)),
            (&["WAV2101"], Meaning::Halt(DailyLimit)),
            (&["WA400", "131053"], Meaning::Halt(Payload)),
            (&["WA401", "132001", "132007", "132015", "132016"], Meaning::Halt(Template)),
            (&["368", "131031", "131037", "131045", "133010"], Meaning::Halt(Sender)),
            (&["WA429", "130429", "80007", "4"], Meaning::Throttled),
            (&["WA500", "131000", "2"], Meaning::ServerTrouble),
            (&["131026", "131049", "131050", "E9", "2000", "WA4000"], Meaning::Recipient),
        ] {
            for code in codes {
                assert_eq!(super::meaning(code, "", 400), meaning, "{code}");
            }
        }
    }

    #[test]
    fn a_status_counts_where_the_code_is_unknown() {
        for (status, meaning) in [
            (400, Meaning::Recipient),
            (404, Meaning::Recipient),
            (401, Meaning::Halt(HaltReason::Credentials)),
            (403, Meaning::Halt(HaltReason::Credentials)),
            (402, Meaning::Halt(HaltReason::Balance)),
            (405, Meaning::Halt(HaltReason::Payload)),
            (413, Meaning::Halt(HaltReason::Payload)),
            (429, Meaning::Throttled),
        ] {
            assert_eq!(super::meaning("E9", "", status), meaning, "{status}");
        }
        let template = meaning("WA401", "", 401);
        assert_eq!(template, Meaning::Halt(HaltReason::Template), "a known code comes first");
    }

    #[test]
    fn an_unauthorised_sender_is_told_from_a_template() {
        for (text, reason) in [
            ("Unauthorised", HaltReason::Template),
            ("template not approved", HaltReason::Template),
            ("template not approved for this sender", HaltReason::Template),
            ("sender number not approved", HaltReason::Sender),
        ] {
            assert_eq!(of_code("WA401", text), Some(Meaning::Halt(reason)), "{text}");
        }
    }

    #[test]
    fn the_text_of_a_validation_error_decides() {
        for (text, meaning) in [
            ("Missing user id", Meaning::Halt(HaltReason::Credentials)),
            ("company_id is required", Meaning::Halt(HaltReason::Credentials)),
            ("invalid sender", Meaning::Halt(HaltReason::Sender)),
            ("`from` is no WhatsApp number", Meaning::Halt(HaltReason::Sender)),
            ("Insufficient balance", Meaning::Halt(HaltReason::Balance)),
            ("to: invalid number", Meaning::Recipient),
            ("Invalid recipient", Meaning::Recipient),
            ("WhatsApp number is missing", Meaning::Recipient),
            ("country code is wrong", Meaning::Recipient),
            ("recipient has not opted in to this template", Meaning::Recipient),
            ("template not found", Meaning::Halt(HaltReason::Template)),
            ("something else", Meaning::Recipient),
            ("opted out from messages", Meaning::Recipient),
            ("failed to find the template", Meaning::Halt(HaltReason::Template)),
        ] {
            assert_eq!(super::meaning("E13001", text, 400), meaning, "{text}");
        }
        let by_status = meaning("E13001", "something else", 401);
        assert_eq!(by_status, Meaning::Halt(HaltReason::Credentials));
    }
}
