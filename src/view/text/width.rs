//! Text measured in terminal columns.

use unicode_width::UnicodeWidthStr;

use super::safe;

/// Columns a text takes on a terminal.
pub fn width(text: &str) -> usize {
    text.width()
}

/// The text cut to at most `columns` columns, with `…` where something is missing.
pub fn truncate(text: &str, columns: usize) -> String {
    // Marks that take no column of their own are bounded too: eight characters a column.
    let most_chars = columns.saturating_mul(8);
    let fits = |text: &str| text.chars().nth(most_chars).is_none() && text.width() <= columns;
    if fits(text) {
        return text.to_owned();
    }
    if columns == 0 {
        return String::new();
    }
    let mut end = 0;
    for (start, c) in text.char_indices().take(most_chars) {
        let next = start + c.len_utf8();
        // The whole text is measured again, since characters change each other's width.
        if text[..next].width() > columns - 1 {
            break;
        }
        end = next;
    }
    format!("{}…", &text[..end])
}

/// Somebody else's text as one harmless line of at most `columns` columns.
pub fn one_line(text: &str, columns: usize) -> String {
    let most_chars = columns.saturating_mul(8).saturating_add(1);
    let start = text.char_indices().nth(most_chars).map_or(text, |(end, _)| &text[..end]);
    truncate(&safe(start), columns)
}

/// Spaces on the right up to `columns`.
pub fn pad_right(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(text.width())))
}

/// Spaces on the left up to `columns`.
pub fn pad_left(text: &str, columns: usize) -> String {
    format!("{}{text}", " ".repeat(columns.saturating_sub(text.width())))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cut_text_says_so_and_fits() {
        for (text, columns, cut) in [
            ("diwali", 6, "diwali"),
            ("diwali", 5, "diwa…"),
            ("日本語", 6, "日本語"),
            ("日本語", 5, "日本…"),
            ("日本語", 4, "日…"),
            ("x", 0, ""),
        ] {
            assert_eq!(truncate(text, columns), cut, "{text} in {columns}");
        }
    }

    #[test]
    fn padding_counts_columns_not_characters() {
        assert_eq!(pad_right("日本", 6), "日本  ");
        assert_eq!(pad_left("1,000", 7), "  1,000");
        assert_eq!(pad_left("1,000", 3), "1,000");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn a_line_is_never_wider_than_asked(text in any::<String>(), columns in 0_usize..40) {
            let line = one_line(&text, columns);
            prop_assert!(width(&line) <= columns);
            prop_assert!(line.chars().count() <= columns * 8 + 1);
        }
    }
}
