//! A message on a drawn phone.

use std::fmt::Write as _;

use super::{HeaderKind, MessageView};
use crate::view::text::html;

/// The phone's part of the page's style.
pub(in crate::view) const STYLE: &str = "
.phone { width: 20rem; max-width: 100%; box-sizing: border-box; padding: .9rem .8rem 1.1rem;
  border-radius: 1.4rem; background: var(--wall); border: 1px solid var(--line);
  margin: 0; break-inside: avoid; }
.bubble { background: var(--bubble); color: var(--bubble-ink); border-radius: .2rem .8rem .8rem .8rem;
  overflow: hidden; box-shadow: 0 1px 1px rgb(0 0 0 / .18); overflow-wrap: anywhere; }
.bubble > * { margin: 0; padding: .55rem .8rem; }
.media { display: grid; place-items: center; aspect-ratio: 1.91; background: var(--media);
  color: var(--media-ink); text-align: center; font-size: .78rem; align-content: center; gap: .4rem; }
.media svg { width: 2.6rem; height: 2.6rem; }
.offer { display: grid; grid-template-columns: auto 1fr; gap: 0 .7rem; align-items: center;
  background: var(--offer); }
.offer svg { width: 2.1rem; height: 2.1rem; grid-row: span 3; }
.offer b { font-size: 1rem; }
.offer .ends { font-size: .85rem; }
.offer .code { font-size: .85rem; color: var(--faint); }
.said { white-space: pre-wrap; }
.bubble .unknown { color: var(--faint); font-style: italic; }
.button { text-align: center; color: var(--accent); border-top: 1px solid var(--line);
  font-weight: 600; }
";

const PLAY: &str = "<svg viewBox=\"0 0 24 24\" aria-hidden=\"true\"><circle cx=\"12\" cy=\"12\" \
    r=\"11\" fill=\"currentColor\" opacity=\".22\"/><path d=\"M9.5 7v10l8-5z\" \
    fill=\"currentColor\"/></svg>";
const PICTURE: &str = "<svg viewBox=\"0 0 24 24\" aria-hidden=\"true\"><rect x=\"3\" y=\"4.5\" \
    width=\"18\" height=\"15\" rx=\"2\" fill=\"currentColor\" opacity=\".22\"/><circle cx=\"8.5\" \
    cy=\"9.5\" r=\"1.7\" fill=\"currentColor\"/><path d=\"M4.5 17.5l5-5 3.5 3.5 3-3 3.5 3.5v1h-15z\" \
    fill=\"currentColor\"/></svg>";
const GIFT: &str = "<svg viewBox=\"0 0 24 24\" aria-hidden=\"true\"><rect x=\"1\" y=\"1\" \
    width=\"22\" height=\"22\" rx=\"6\" fill=\"var(--accent)\"/><path d=\"M6 11h12v7H6zM5 8h14v3H5z\
    M11 8h2v10h-2z\" fill=\"#fff\"/><path d=\"M12 8C9.5 8 8 7.2 8 6s2.8-1.6 4 2c1.2-3.6 4-3.2 4-2\
    s-1.5 2-4 2z\" fill=\"none\" stroke=\"#fff\" stroke-width=\"1.3\"/></svg>";

/// The message in a bubble: header, offer, body, buttons, in the phone's order.
pub(in crate::view) fn phone(message: &MessageView) -> String {
    let mut text = String::from(
        "<figure class=\"phone\" aria-label=\"The message on a phone\"><div class=\"bubble\">\n",
    );
    if let Some(header) = &message.header {
        let icon = match header.kind {
            HeaderKind::Video => PLAY,
            HeaderKind::Picture => PICTURE,
        };
        let name = header.name.rsplit('/').next().unwrap_or(&header.name);
        add(
            &mut text,
            format_args!(
                "<div class=\"media\">{icon}<span>{}: <bdi>{}</bdi></span></div>\n",
                header.kind.as_str(),
                html(name)
            ),
        );
    }
    add(&mut text, format_args!("<div class=\"offer\">{GIFT}"));
    if let Some(heading) = &message.heading {
        add(&mut text, format_args!("<b><bdi>{}</bdi></b>", html(heading)));
    }
    if let Some(countdown) = &message.countdown {
        add(&mut text, format_args!("<span class=\"ends\">{}</span>", html(countdown)));
    }
    add(
        &mut text,
        format_args!("<span class=\"code\">Code <bdi>{}</bdi></span></div>\n", html(&message.code)),
    );
    match &message.body {
        Some(body) => {
            add(&mut text, format_args!("<p class=\"said\" dir=\"auto\">{}</p>\n", lines(body)));
        }
        None => text.push_str(
            "<p class=\"unknown\">The template’s text is not stated in the campaign.</p>\n",
        ),
    }
    text.push_str("<p class=\"button\">Copy code</p>\n");
    if let Some(button) = &message.button {
        add(&mut text, format_args!("<p class=\"button\"><bdi>{}</bdi></p>\n", html(button)));
    }
    text.push_str("</div></figure>\n");
    text
}

/// The text's own line breaks stay; everything else that acts is spelled out.
fn lines(body: &str) -> String {
    body.lines().map(html).collect::<Vec<_>>().join("\n")
}

fn add(text: &mut String, words: std::fmt::Arguments<'_>) {
    text.write_fmt(words).expect("a String takes all text");
}
