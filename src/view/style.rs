//! Colours by role, so that one meaning looks the same everywhere.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Effects, Style};

/// What a piece of text is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// Something that stops.
    Error,
    /// Something a reviewer should know.
    Warning,
    /// What to do next.
    Hint,
    /// A heading, or the figure that matters.
    Strong,
    /// What can be skipped.
    Faint,
    /// Will be or was sent.
    Send,
    /// Differs from what others got.
    Changed,
    /// Held: it cannot be known.
    Held,
}

/// Paints, or does not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Palette {
    coloured: bool,
}

impl Palette {
    /// No escape sequence at all.
    pub const PLAIN: Self = Self { coloured: false };
    /// ANSI colours.
    pub const COLOURED: Self = Self { coloured: true };

    /// Whether it paints.
    pub fn is_coloured(self) -> bool {
        self.coloured
    }

    /// The text in its role's colour. It is not made harmless here: pass somebody else's
    /// text through [`crate::view::text::safe`] first.
    pub fn paint(self, role: Role, text: &str) -> String {
        let mut painted = String::with_capacity(text.len() + 16);
        let style = if self.coloured { role.style() } else { Style::new() };
        write!(painted, "{}{text}{}", style.render(), style.render_reset())
            .expect("a String takes all text");
        painted
    }
}

impl Role {
    fn style(self) -> Style {
        match self {
            Self::Error => AnsiColor::Red.on_default() | Effects::BOLD,
            Self::Warning => AnsiColor::Yellow.on_default() | Effects::BOLD,
            Self::Hint => AnsiColor::Cyan.on_default(),
            Self::Strong => Style::new() | Effects::BOLD,
            Self::Faint => Style::new() | Effects::DIMMED,
            Self::Send => AnsiColor::Green.on_default(),
            Self::Changed => AnsiColor::Yellow.on_default(),
            Self::Held => AnsiColor::Magenta.on_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_carries_no_escape() {
        assert_eq!(Palette::PLAIN.paint(Role::Error, "error"), "error");
        assert_eq!(
            Palette::COLOURED.paint(Role::Error, "error"),
            "\u{1b}[1m\u{1b}[31merror\u{1b}[0m"
        );
    }
}
