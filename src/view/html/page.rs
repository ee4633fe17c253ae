//! The frame of every page.

use std::io::{self, Write};

use data_encoding::BASE64;
use sha2::{Digest, Sha256};

use crate::view::text::html;
use crate::view::{message, plan};

/// A page about to be written.
#[derive(Clone, Copy, Debug)]
pub(in crate::view) struct Page<'a> {
    /// For the window and for readers aloud.
    pub(in crate::view) title: &'a str,
    /// Markup in which all foreign text is escaped.
    pub(in crate::view) body: &'a str,
}

impl Page<'_> {
    /// Writes the page. Its policy lets nothing be loaded, run, embedded or sent, and only
    /// the style below apply, which it names by its hash.
    pub(in crate::view) fn write(self, out: &mut dyn Write) -> io::Result<()> {
        let style = format!("{BASE}{}{}", message::STYLE, plan::html::STYLE);
        let hash = BASE64.encode(Sha256::digest(style.as_bytes()).as_slice());
        write!(
            out,
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
             style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             <meta name=\"referrer\" content=\"no-referrer\">\n\
             <meta name=\"robots\" content=\"noindex\">\n\
             <title>{}</title>\n<style>{style}</style>\n</head>\n<body>\n{}\
             <footer>offercast {}</footer>\n</body>\n</html>\n",
            html(self.title),
            self.body,
            env!("CARGO_PKG_VERSION"),
        )
    }
}

/// A section's heading, in our own words.
pub(in crate::view) fn heading(words: &'static str) -> String {
    format!("<h2>{words}</h2>\n")
}

/// Names and what they stand for.
pub(in crate::view) fn definition(pairs: &[(String, String)]) -> String {
    let rows = pairs.iter().map(|(name, value)| {
        format!("<dt>{}</dt><dd dir=\"auto\">{}</dd>\n", html(name), html(value))
    });
    format!("<dl>\n{}</dl>\n", rows.collect::<String>())
}

const BASE: &str = "
:root { color-scheme: light dark; --paper: #fff; --ink: #1c2024; --faint: #5d6570; --line: #dfe3e8;
  --soft: #f5f6f8; --accent: #0a6cba; --good: #197a3e; --bad: #b42318; --warn: #8a5a00;
  --held: #7a3fb0; --good-soft: #e5f5ea; --bad-soft: #fdebe9; --warn-soft: #fdf3dc;
  --wall: #efe7dd; --bubble: #fff; --bubble-ink: #111b21; --offer: #f4f6f8; --media: #25343d;
  --media-ink: #e9eef1; }
@media (prefers-color-scheme: dark) { :root { --paper: #14171a; --ink: #e6e9ec; --faint: #9aa4af;
  --line: #31373e; --soft: #1c2126; --accent: #5fb0f2; --good: #58c27d; --bad: #f5857b;
  --warn: #e3b341; --held: #c297ef; --good-soft: #14301f; --bad-soft: #3a1d1a; --warn-soft: #332813;
  --wall: #0c1317; --bubble: #1f2c33; --bubble-ink: #e9edef; --offer: #27353d; --media: #2c3d47; } }
@media print { :root { --paper: #fff; --ink: #000; --faint: #444; --line: #bbb; --soft: #fff;
  --accent: #00457a; --good: #0d5a2a; --bad: #8f1a10; --warn: #6b4600; --held: #5b2a88;
  --good-soft: #fff; --bad-soft: #fff; --warn-soft: #fff; --wall: #fff; --bubble: #fff;
  --bubble-ink: #000; --offer: #fff; --media: #fff; --media-ink: #000; } details { display: block; } }
body { margin: 0 auto; padding: 2rem 1.5rem 3rem; max-width: 62rem; background: var(--paper);
  color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: .1rem 0 .4rem; }
h2 { font-size: 1.05rem; margin: 2rem 0 .6rem; }
h3 { font-size: 1rem; margin: 1.2rem 0 .4rem; }
p { margin: .4rem 0; }
.kind { color: var(--faint); font-size: .85rem; letter-spacing: .04em; text-transform: uppercase; }
.faint { color: var(--faint); }
.mono, code, pre { font-family: ui-monospace, 'Cascadia Mono', 'DejaVu Sans Mono', monospace;
  font-size: .88em; }
pre { background: var(--soft); border: 1px solid var(--line); border-radius: .5rem;
  padding: .7rem .9rem; white-space: pre-wrap; margin: .5rem 0; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1.2rem; margin: .5rem 0; }
dt { color: var(--faint); }
dd { margin: 0; }
.beside { display: flex; flex-wrap: wrap; gap: 2rem; align-items: flex-start; }
.beside > div { flex: 1 1 22rem; min-width: 0; }
.beside h2:first-child { margin-top: 0; }
footer { margin-top: 3rem; color: var(--faint); font-size: .8rem; }
";
