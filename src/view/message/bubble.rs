//! A message in a terminal, in a frame like the phone's.

use super::{HeaderKind, MessageView};
use crate::view::text::{one_line, pad_left, pad_right, width, wrap};
use crate::view::{Look, Role};

/// Columns of text between the frame's sides.
const INNER: usize = 44;

/// The lines of the bubble, without an indent.
pub(in crate::view) fn bubble(message: &MessageView, look: Look) -> Vec<String> {
    let palette = look.palette;
    let frame = |text: &str| palette.paint(Role::Faint, text);
    let mut lines = vec![frame(&format!("╭{}╮", "─".repeat(INNER + 2)))];
    let mut row = |shown: &str, role: Option<Role>| {
        let padded = pad_right(shown, INNER);
        let painted = role.map_or_else(|| padded.clone(), |role| palette.paint(role, &padded));
        lines.push(format!("{} {painted} {}", frame("│"), frame("│")));
    };
    if let Some(header) = &message.header {
        let sign = match header.kind {
            HeaderKind::Video => "▶",
            HeaderKind::Picture => "▣",
        };
        let name = header.name.rsplit('/').next().unwrap_or(&header.name);
        let words = one_line(&format!("{sign} {}  {name}", header.kind.as_str()), INNER);
        row(&words, Some(Role::Faint));
        row("", None);
    }
    for line in message.heading.iter().flat_map(|text| wrap(text, INNER)) {
        row(&line, Some(Role::Strong));
    }
    for line in message.countdown.iter().flat_map(|text| wrap(text, INNER)) {
        row(&line, None);
    }
    for line in wrap(&format!("Code {}", message.code), INNER) {
        row(&line, None);
    }
    row("", None);
    for line in message.body.iter().flat_map(|text| wrap(text, INNER)) {
        row(&line, None);
    }
    let mut button = |label: &str| {
        lines.push(frame(&format!("├{}┤", "─".repeat(INNER + 2))));
        let label = one_line(label, INNER);
        let left = (INNER - width(&label)) / 2 + width(&label);
        let centred = palette.paint(Role::Hint, &pad_right(&pad_left(&label, left), INNER));
        lines.push(format!("{} {centred} {}", frame("│"), frame("│")));
    };
    button("Copy code");
    if let Some(label) = &message.button {
        button(label);
    }
    lines.push(frame(&format!("╰{}╯", "─".repeat(INNER + 2))));
    lines
}
