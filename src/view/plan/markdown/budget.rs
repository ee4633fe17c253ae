//! A text cut to a budget where readers lose least: rows first, then whole campaigns, never
//! inside a row or a fence.

use crate::view::text::plural;

/// One campaign's part.
#[derive(Debug)]
pub(super) struct Section {
    /// Always there; bounded by construction.
    pub(super) head: String,
    /// What may be cut, dearest first.
    pub(super) optional: Vec<Optional>,
    /// Always there.
    pub(super) foot: String,
}

/// Rows between an opening and a closing that belong together.
#[derive(Debug)]
pub(super) struct Optional {
    pub(super) open: String,
    pub(super) rows: Vec<String>,
    /// The row that stands for so many left out.
    pub(super) more: fn(u64) -> String,
    pub(super) close: String,
}

/// Room for a line that says how much is left out.
const LEFT_OUT: usize = 64;

/// The whole text in at most `budget` bytes.
pub(super) fn fit(head: &str, sections: &[Section], budget: usize) -> String {
    let mut text = head.to_owned();
    if text.len() > budget {
        return String::new();
    }
    let fixed = |section: &Section| section.head.len() + section.foot.len();
    let mut kept = sections.len();
    let mut needed: usize = sections.iter().map(fixed).sum();
    while kept > 0 && text.len() + needed + LEFT_OUT > budget {
        kept -= 1;
        needed -= fixed(&sections[kept]);
    }
    let mut spare = budget.saturating_sub(text.len() + needed + LEFT_OUT);
    for section in &sections[..kept] {
        text.push_str(&section.head);
        for optional in &section.optional {
            let written = optional.fit(spare);
            spare -= written.len();
            text.push_str(&written);
        }
        text.push_str(&section.foot);
    }
    let left_out = (sections.len() - kept) as u64;
    if left_out > 0 && text.len() + LEFT_OUT <= budget {
        text.extend(["\n", &plural(left_out, "more campaign", "more campaigns"), ".\n"]);
    }
    text
}

impl Optional {
    fn fit(&self, room: usize) -> String {
        let around = self.open.len() + self.close.len();
        if self.rows.is_empty() || around + LEFT_OUT > room {
            return String::new();
        }
        let mut text = self.open.clone();
        let all: usize = self.rows.iter().map(String::len).sum();
        let room = room - self.close.len();
        // When everything fits, no room is kept for the line that would say otherwise.
        let reserved = if text.len() + all <= room { 0 } else { LEFT_OUT };
        let fits = |text: &str, row: &String| text.len() + row.len() + reserved <= room;
        let mut written = 0;
        for row in &self.rows {
            if !fits(&text, row) {
                break;
            }
            text.push_str(row);
            written += 1;
        }
        if written < self.rows.len() {
            text.push_str(&(self.more)((self.rows.len() - written) as u64));
        }
        text.push_str(&self.close);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section() -> Section {
        let rows = (0..40).map(|row| format!("| row {row} |\n")).collect();
        let more = |left| format!("| {left} more |\n");
        let optional = Optional { open: "```\n".to_owned(), rows, more, close: "```\n".to_owned() };
        Section { head: "head\n".to_owned(), optional: vec![optional], foot: "foot\n".to_owned() }
    }

    #[test]
    fn a_text_is_cut_between_rows_and_never_beyond_its_budget() {
        let sections = [section(), section(), section()];
        let whole = fit("first\n", &sections, 10_000);
        assert!(!whole.contains("more"), "{whole}");
        for budget in 0..whole.len() + 100 {
            let text = fit("first\n", &sections, budget);
            assert!(text.len() <= budget, "{} of {budget}", text.len());
            assert_eq!(text.matches("```").count() % 2, 0, "{text}");
            assert_eq!(text.matches("head").count(), text.matches("foot").count(), "{text}");
            let row = |line: &str| line.starts_with('|') && !line.ends_with('|');
            assert!(!text.lines().any(row), "{text}");
        }
    }

    #[test]
    fn what_is_left_out_is_counted() {
        let text = fit("first\n", &[section(), section()], 300);
        assert!(text.contains("more |\n```\nfoot"), "{text}");
        let text = fit("first\n", &[section(), section(), section()], 85);
        assert!(text.ends_with("2 more campaigns.\n"), "{text}");
    }
}
