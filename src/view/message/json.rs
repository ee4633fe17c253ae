//! A preview as data, format version 1.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::preview::{FieldView, Preview};
use crate::view::text::json_line;

#[derive(Serialize)]
struct Document<'a> {
    format_version: &'static str,
    tool_version: &'static str,
    campaign: &'a str,
    recipient: &'a str,
    place: &'a str,
    masked: bool,
    message: Value,
    request: Value,
}

/// Writes one object on one line.
pub fn write_json(out: &mut dyn Write, preview: &Preview) -> io::Result<()> {
    let message = &preview.message;
    let header = message.header.as_ref().map(|header| {
        let name = if header.is_link { "url" } else { "file" };
        let mut object = Map::new();
        object.insert("kind".to_owned(), header.kind.as_str().into());
        object.insert(name.to_owned(), header.name.as_str().into());
        object
    });
    let fields: Vec<_> = preview
        .fields
        .iter()
        .map(|(name, value)| match value {
            FieldView::Text(text) => json!({ "name": name, "value": text }),
            FieldView::File { name: file, content_type, bytes } => {
                json!({ "name": name, "file": file, "content_type": content_type, "bytes": bytes })
            }
        })
        .collect();
    let document = Document {
        format_version: "1.0",
        tool_version: env!("CARGO_PKG_VERSION"),
        campaign: &preview.campaign,
        recipient: &preview.recipient,
        place: &preview.place,
        masked: preview.masked,
        message: json!({
            "header": header,
            "heading": message.heading,
            "offer_ends_at": preview.offer_ends_at,
            "countdown": message.countdown,
            "body": message.body,
            "params": message.params,
            "code": message.code,
            "button": message.button,
            "url_suffix": message.url_suffix,
        }),
        request: json!({
            "method": "POST",
            "url": preview.url,
            "headers": { preview.key_header: "$KALEYRA_API_KEY" },
            "fields": fields,
        }),
    };
    let line = json_line(&document).map_err(io::Error::other)?;
    writeln!(out, "{line}")
}
