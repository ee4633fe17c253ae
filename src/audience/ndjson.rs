//! One JSON object per line.

use std::borrow::Cow;
use std::fmt;
use std::io::Read;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::lines::{Lines, ReadError};
use super::row::{Row, RowFault, RowRead};

/// Reads rows of one file.
pub(super) struct JsonRows<'p, R> {
    lines: Lines<'p, R>,
    line: Vec<u8>,
}

impl<'p, R: Read> JsonRows<'p, R> {
    pub(super) fn new(lines: Lines<'p, R>) -> Self {
        Self { lines, line: Vec::new() }
    }

    /// Reads the next row into `row`, blank lines skipped; `None` at the end. A key whose
    /// value is null is as if it were absent; a number keeps its text.
    pub(super) fn next(&mut self, row: &mut Row) -> Result<Option<RowRead>, ReadError> {
        loop {
            self.line.clear();
            if !self.lines.append(&mut self.line, None)? {
                return Ok(None);
            }
            if self.line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            row.clear();
            row.line = self.lines.line();
            return Ok(Some(take_apart(&self.line, row)));
        }
    }
}

fn take_apart(line: &[u8], row: &mut Row) -> Result<(), RowFault> {
    let object: FlatObject<'_> = serde_json::from_slice(line).map_err(|_| RowFault::NotAnObject)?;
    let present = || object.0.iter().filter(|(_, value)| value.get() != "null");
    for (index, (name, _)) in object.0.iter().enumerate() {
        if object.0[..index].iter().any(|(earlier, _)| earlier == name) {
            return Err(RowFault::DuplicateKey);
        }
    }
    for (_, value) in present() {
        let start = row.text.len();
        match value.get().as_bytes() {
            [b'"', ..] => {
                let text: Text<'_> =
                    serde_json::from_str(value.get()).map_err(|_| RowFault::NotAnObject)?;
                row.text.push_str(&text.0);
            }
            [b'{' | b'[', ..] => return Err(RowFault::Nested),
            _ => row.text.push_str(value.get()),
        }
        row.spans.push((start, row.text.len()));
    }
    let same = row.names.len() == row.spans.len()
        && present().zip(row.names.iter()).all(|((name, _), known)| **name == **known);
    if !same {
        row.names = present().map(|(name, _)| name.to_string()).collect::<Vec<_>>().into();
    }
    Ok(())
}

/// Most keys of one row: each is compared with those before it.
const MAX_KEYS: usize = 256;

struct FlatObject<'l>(Vec<(Cow<'l, str>, &'l RawValue)>);

#[derive(Deserialize)]
struct Text<'l>(#[serde(borrow)] Cow<'l, str>);

impl<'de> Deserialize<'de> for FlatObject<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FlatVisitor)
    }
}

struct FlatVisitor;

impl<'de> Visitor<'de> for FlatVisitor {
    type Value = FlatObject<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some(Text(name)) = map.next_key()? {
            if pairs.len() == MAX_KEYS {
                return Err(serde::de::Error::custom("too many keys"));
            }
            pairs.push((name, map.next_value()?));
        }
        Ok(FlatObject(pairs))
    }
}

/// An empty list of names, for a row that is yet to be read.
pub(super) fn no_names() -> Arc<[String]> {
    Arc::default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Pairs = Vec<(String, String)>;
    type Rows = Vec<(u64, Result<Pairs, RowFault>)>;

    fn rows(text: &[u8]) -> Result<Rows, ReadError> {
        let mut rows = JsonRows::new(Lines::new(text, None)?);
        let mut row = Row::new(no_names());
        let mut found = Vec::new();
        while let Some(read) = rows.next(&mut row)? {
            let pairs = row.names.iter().cloned().zip(row.cells().map(str::to_owned)).collect();
            found.push((row.line, read.map(|()| pairs)));
        }
        Ok(found)
    }

    #[test]
    fn values_keep_their_text_and_null_is_absence() {
        let text = "{\"phone\": 919876543210, \"n\\u00e4me\": \"\u{fc}\\n\\\"\", \"vip\": true, \
                    \"price\": 1.10, \"gone\": null}\n\n  \r\n{\"phone\":\"+1\"}\r\n";
        let pair = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        assert_eq!(
            rows(text.as_bytes()).expect("readable"),
            [
                (
                    1,
                    Ok(vec![
                        pair("phone", "919876543210"),
                        pair("näme", "ü\n\""),
                        pair("vip", "true"),
                        pair("price", "1.10"),
                    ])
                ),
                (4, Ok(vec![pair("phone", "+1")])),
            ]
        );
    }

    #[test]
    fn lines_that_are_no_flat_object_say_why() {
        let text =
            b"[1]\n{\"a\":[1]}\n{\"a\":{}}\n{\"a\":1,\"a\":2}\n{\"a\":\n{}\n\"x\"\n{\"a\":1} x\n";
        let faults: Vec<_> =
            rows(text).expect("readable").into_iter().map(|(_, row)| row.err()).collect();
        assert_eq!(
            faults,
            [
                Some(RowFault::NotAnObject),
                Some(RowFault::Nested),
                Some(RowFault::Nested),
                Some(RowFault::DuplicateKey),
                Some(RowFault::NotAnObject),
                None,
                Some(RowFault::NotAnObject),
                Some(RowFault::NotAnObject),
            ]
        );
    }

    #[test]
    fn deep_nesting_is_refused_and_not_followed() {
        let mut deep = b"{\"a\":".to_vec();
        deep.extend(b"[".repeat(500_000));
        deep.push(b'\n');
        assert_eq!(rows(&deep).expect("readable"), [(1, Err(RowFault::NotAnObject))]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]

        #[test]
        fn any_bytes_are_read_or_refused(text in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = rows(&text);
        }

        #[test]
        fn any_json_like_line_is_read_or_refused(text in "[{}\\[\\]:,\"a1.e\\\\u\n-]{0,60}") {
            let _ = rows(text.as_bytes());
        }
    }
}
