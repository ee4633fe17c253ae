//! The command reference in Markdown, made from the commands' own help.

use std::fmt::Write as _;

use clap::Command;

/// One section per command, with its long help as a reader would see it.
pub(super) fn markdown(root: &mut Command) -> String {
    root.build();
    let mut text = String::from(
        "# Command reference\n\nMade by `offercast util reference`; a test keeps it current.\n",
    );
    section(root, &mut text);
    text
}

fn section(command: &Command, text: &mut String) {
    let name = command.get_bin_name().unwrap_or(command.get_name()).to_owned();
    let help = command.clone().term_width(100).render_long_help().to_string();
    let help: Vec<_> = help.lines().map(str::trim_end).collect();
    write!(text, "\n## `{name}`\n\n```text\n{}\n```\n", help.join("\n").trim())
        .expect("a String takes all text");
    for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
        section(sub, text);
    }
}
