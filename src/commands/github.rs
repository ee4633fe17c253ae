//! The files through which a GitHub step says something to its workflow.

use std::fs::OpenOptions;
use std::io::{self, Write as _};

use data_encoding::HEXLOWER;

use crate::cli::{Environment, variables};
use crate::clock::random_bytes;

/// GitHub drops a step's whole summary above this size.
const LARGEST_SUMMARY: u64 = 1024 * 1024;

/// Sets outputs of the step, where there is one. The error is a sentence for people.
pub(super) fn set_outputs(
    environment: &Environment,
    outputs: &[(&str, String)],
) -> Result<(), String> {
    let Some(file) = environment.get(variables::GITHUB_OUTPUT) else { return Ok(()) };
    let write = || -> io::Result<()> {
        let random: [u8; 16] = random_bytes().map_err(io::Error::other)?;
        let text = outputs_text(outputs, &format!("offercast_{}", HEXLOWER.encode(&random)));
        OpenOptions::new().append(true).create(true).open(file)?.write_all(text.as_bytes())
    };
    write().map_err(|error| format!("`{}` cannot be written: {error}", variables::GITHUB_OUTPUT))
}

/// Adds to the step's summary, where there is one, what fits into the budget that is left of
/// it. The error is a sentence for people.
pub(super) fn add_summary(
    environment: &Environment,
    summary: impl FnOnce(usize) -> String,
) -> Result<(), String> {
    let Some(file) = environment.get(variables::GITHUB_STEP_SUMMARY) else { return Ok(()) };
    let write = || -> io::Result<bool> {
        let mut file = OpenOptions::new().append(true).create(true).open(file)?;
        let budget = LARGEST_SUMMARY.saturating_sub(file.metadata()?.len());
        let text = summary(usize::try_from(budget).unwrap_or(0));
        file.write_all(text.as_bytes())?;
        Ok(!text.is_empty())
    };
    let variable = variables::GITHUB_STEP_SUMMARY;
    match write() {
        Ok(true) => Ok(()),
        Ok(false) => Err(format!("the file of `{variable}` is full: the summary is left out")),
        Err(error) => Err(format!("`{variable}` cannot be written: {error}")),
    }
}

/// Values between delimiters that nobody can foresee: no value ends its own entry or begins
/// another.
fn outputs_text(outputs: &[(&str, String)], delimiter: &str) -> String {
    let entry = |(name, value): &(&str, String)| {
        let value = value.replace(delimiter, "");
        format!("{name}<<{delimiter}\n{value}\n{delimiter}\n")
    };
    outputs.iter().map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_begin_another_output() {
        let value = "x\nEND\nplan_id=0\nplan_id<<END\n0\nEND".to_owned();
        let text = outputs_text(&[("report", value), ("requests", "3".to_owned())], "d_7f3a");
        assert_eq!(
            text,
            "report<<d_7f3a\nx\nEND\nplan_id=0\nplan_id<<END\n0\nEND\nd_7f3a\n\
             requests<<d_7f3a\n3\nd_7f3a\n"
        );
    }
}
