//! The language of patterns: minijinja, cut down to what a message needs.
//!
//! Available are `{{ … }}`, `{% if %}`, `{% for %}`, `{% raw %}`, comparisons, `and`, `or`,
//! `not`, `in`, `~`, slices and the filters, tests and functions below; `scan` refuses all
//! else before it is compiled. Without assignments, arithmetic and lists of computed
//! values no value can grow step by step, and so the bounds here bound time and memory.

use std::borrow::Cow;
use std::io;

use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value,
};

use super::filters;

/// The most bytes of a pattern, of a cell that a pattern uses, of any value on the way and
/// of the rendered text.
pub(super) const MAX_TEXT: usize = 4_096;
/// The most tokens of a pattern: bounds how deep it can nest.
pub(super) const MAX_TOKENS: usize = 400;
/// The most `~` in a pattern.
pub(super) const MAX_CONCATENATIONS: usize = 8;
/// The most steps of one rendering.
const FUEL: u64 = 10_000;
/// The most numbers of a `range`.
const MAX_RANGE: i64 = 1_000;

/// A filter, and how many arguments it takes.
pub(super) struct FilterInfo {
    pub(super) name: &'static str,
    pub(super) least: usize,
    pub(super) most: usize,
}

const fn filter(name: &'static str, least: usize, most: usize) -> FilterInfo {
    FilterInfo { name, least, most }
}

/// All filters of the language.
pub(super) const FILTERS: [FilterInfo; 13] = [
    filter("capitalize", 0, 0),
    filter("d", 0, 2),
    filter("default", 0, 2),
    filter("first", 0, 0),
    filter("last", 0, 0),
    filter("length", 0, 0),
    filter("lower", 0, 0),
    filter("replace", 2, 2),
    filter("title", 0, 0),
    filter("trim", 0, 0),
    filter("truncate", 1, 2),
    filter("upper", 0, 0),
    filter("urlencode", 0, 0),
];

/// All tests of the language.
pub(super) const TESTS: [&str; 2] = ["defined", "undefined"];

/// All functions of the language.
pub(super) const FUNCTIONS: [&str; 2] = ["code", "range"];

/// How a rendering writes each `{{ … }}`.
pub(super) type Formatter = fn(&mut Output<'_>, &mut State<'_, '_>, &Value) -> Result<(), Error>;

/// An environment with the language and nothing else. There is no loader.
pub(super) fn environment(formatter: Formatter) -> Environment<'static> {
    let mut env = Environment::empty();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_auto_escape_callback(|_| AutoEscape::None);
    env.set_formatter(formatter);
    env.set_fuel(Some(FUEL));
    env.set_recursion_limit(32);
    env.add_filter("capitalize", filters::capitalize);
    env.add_filter("d", filters::default);
    env.add_filter("default", filters::default);
    env.add_filter("first", filters::first);
    env.add_filter("last", filters::last);
    env.add_filter("length", filters::length);
    env.add_filter("lower", filters::lower);
    env.add_filter("replace", filters::replace);
    env.add_filter("title", filters::title);
    env.add_filter("trim", filters::trim);
    env.add_filter("truncate", filters::truncate);
    env.add_filter("upper", filters::upper);
    env.add_filter("urlencode", filters::urlencode);
    env.add_test("defined", |value: &Value| !value.is_undefined());
    env.add_test("undefined", |value: &Value| value.is_undefined());
    env.add_function("range", range);
    env
}

/// Writes values as they are; `none`, `true` and lists have no place in a message.
pub(super) fn write_plain(
    out: &mut Output<'_>,
    _state: &mut State<'_, '_>,
    value: &Value,
) -> Result<(), Error> {
    out.write_str(&text_of(value)?).map_err(|_| Error::from(ErrorKind::WriteFailure))
}

/// The text of a value that a message may hold: a text or a number.
pub(super) fn text_of(value: &Value) -> Result<Cow<'_, str>, Error> {
    if value.is_undefined() {
        return Err(Error::from(ErrorKind::UndefinedError));
    }
    match value.as_str() {
        Some(text) => Ok(Cow::Borrowed(text)),
        None if value.is_number() => Ok(Cow::Owned(value.to_string())),
        None => Err(Error::from(ErrorKind::NonPrimitive)),
    }
}

/// Renders a compiled pattern; more than [`MAX_TEXT`] bytes are an error.
pub(super) fn render(env: &Environment<'static>, name: &str, row: Value) -> Result<String, Error> {
    let mut text = Bounded(Vec::new());
    env.get_template(name)?.render_captured_to(row, &mut text)?;
    String::from_utf8(text.0).map_err(|_| Error::from(ErrorKind::WriteFailure))
}

/// A buffer that refuses to hold more than [`MAX_TEXT`] bytes.
struct Bounded(Vec<u8>);

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_TEXT {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn range(first: i64, second: Option<i64>) -> Result<Value, Error> {
    let (start, end) = second.map_or((0, first), |end| (first, end));
    if end.saturating_sub(start) > MAX_RANGE {
        return Err(Error::from(ErrorKind::OutOfFuel));
    }
    Ok((start..end).collect())
}
