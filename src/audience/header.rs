//! The first line of a CSV or TSV file: what its columns are called.

use std::sync::Arc;

use super::finding::{Finding, nearest};
use super::row::{Row, RowFault};

/// Checks a header and gives its names, without the spaces around them.
pub(super) fn names_of(
    row: &Row,
    read: Result<(), RowFault>,
    delimiter: u8,
    file: &str,
    exclude: bool,
) -> Result<Arc<[String]>, Vec<Finding>> {
    let rule = |audience, other| if exclude { other } else { audience };
    if let Err(fault) = read {
        let rule = rule("audience/header", "exclude/header");
        let message = format!("the header cannot be read: {fault}");
        return Err(vec![Finding::in_line(rule, file, row.line, message)]);
    }
    let names: Arc<[String]> = row.cells().map(|name| name.trim().to_owned()).collect();
    let (is, name_of_is) = if delimiter == b'\t' { ('\t', "a tab") } else { (',', "`,`") };
    let others = [(';', "`;`"), ('\t', "a tab"), (',', "`,`"), ('|', "`|`")];
    if let [only] = &names[..]
        && let Some((_, other)) =
            others.iter().find(|(sign, _)| *sign != is && only.contains(*sign))
    {
        let rule = rule("audience/delimiter", "exclude/delimiter");
        let message = format!("the columns are separated by {other}, not by {name_of_is}");
        let hint = if is == '\t' {
            "export it with tabs, or name it `.csv`"
        } else {
            "export it again with commas (a file with tabs is named `.tsv`)"
        };
        return Err(vec![Finding::in_line(rule, file, row.line, message).hint(hint)]);
    }
    let mut findings = Vec::new();
    for (index, name) in names.iter().enumerate() {
        if name.is_empty() {
            let rule = rule("audience/empty-column", "exclude/empty-column");
            let message = format!("column {} has no name", index + 1);
            findings.push(Finding::in_line(rule, file, row.line, message));
        } else if let Some(first) = names[..index].iter().position(|earlier| earlier == name) {
            let rule = rule("audience/duplicate-column", "exclude/duplicate-column");
            let message =
                format!("columns {} and {} are both called `{name}`", first + 1, index + 1);
            findings.push(Finding::in_line(rule, file, row.line, message));
        }
    }
    if findings.is_empty() { Ok(names) } else { Err(findings) }
}

/// The fault of a column that the campaign names and the file does not have.
pub(super) fn missing_column(
    rule: &'static str,
    pointer: String,
    file: &str,
    column: &str,
    names: &[String],
) -> Finding {
    let message = format!("`{file}` has no column `{column}`");
    let hint = if let Some(near) = nearest(column, names.iter().map(String::as_str)) {
        format!("did you mean `{near}`?")
    } else {
        let all: Vec<_> = names.iter().take(30).map(|name| format!("`{name}`")).collect();
        format!("its columns are {}", all.join(", "))
    };
    Finding::in_campaign(rule, pointer, None, message).hint(hint)
}
