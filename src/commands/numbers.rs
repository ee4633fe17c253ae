//! Numbers from standard input.

use std::io::BufRead;

use super::error::CommandError;
use crate::audience::parse_cli_number;
use crate::model::PhoneNumber;

/// The most numbers read.
const MOST_NUMBERS: usize = 1_000_000;

/// The people whose numbers stand on standard input, one a line, each person once. Arguments
/// are visible to everybody on the machine, so `-` is all that may be typed.
pub(super) fn numbers(argument: &str) -> Result<Vec<PhoneNumber>, CommandError> {
    if argument == "-" {
        return from_standard_input();
    }
    Err(usage(
        "`--recipient` reads numbers from standard input".to_owned(),
        Some("type `--recipient -` and give one number per line"),
    ))
}

/// The same, and one number may be typed where whoever types it takes it on themselves.
pub(super) fn numbers_or_number(argument: &str) -> Result<Vec<PhoneNumber>, CommandError> {
    if argument == "-" {
        return from_standard_input();
    }
    let number = parse_cli_number(argument.trim())
        .map_err(|fault| usage(format!("`--recipient` is no number: {fault}"), fault.hint()))?;
    Ok(vec![number])
}

fn from_standard_input() -> Result<Vec<PhoneNumber>, CommandError> {
    let mut numbers: Vec<PhoneNumber> = Vec::new();
    for (index, line) in std::io::stdin().lock().lines().enumerate() {
        let line = line.map_err(CommandError::Output)?;
        if line.trim().is_empty() {
            continue;
        }
        let number = parse_cli_number(line.trim()).map_err(|fault| {
            usage(format!("line {} of standard input: {fault}", index + 1), fault.hint())
        })?;
        numbers.push(number);
        if numbers.len() > MOST_NUMBERS {
            return Err(usage(
                format!("more than {MOST_NUMBERS} numbers"),
                Some("give them in parts"),
            ));
        }
    }
    numbers.sort_unstable_by_key(|number| number.person());
    numbers.dedup_by_key(|number| number.person());
    if numbers.is_empty() {
        return Err(usage("standard input has no number".to_owned(), None));
    }
    Ok(numbers)
}

fn usage(message: String, hint: Option<&str>) -> CommandError {
    CommandError::Usage { message, hint: hint.map(str::to_owned) }
}
