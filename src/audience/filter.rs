//! `where`: which rows of a source are meant.
//!
//! A minijinja expression without functions, loaders or methods, over the row's cells. All
//! that can be known from the text is checked before a row is read.

use std::fmt;
use std::sync::{Arc, LazyLock};

use minijinja::value::{Object, Value};
use minijinja::{Environment, ErrorKind, Expression, UndefinedBehavior, filters, tests as jinja};

use super::number::Reading;
use super::row::Row;

mod check;
#[cfg(test)]
mod tests;

pub(super) use check::check;

/// The longest expression, in bytes.
const MAX_EXPRESSION_BYTES: usize = 4096;

/// The longest cell an expression may look at, in bytes: what it computes stays small.
const MAX_CELL_BYTES: usize = 4096;

/// Steps one row may take.
const FUEL: u64 = 20_000;

/// The variable that holds the number in international form, whatever its column is called.
pub(super) const PHONE_VARIABLE: &str = "phone";

/// A checked expression.
pub(super) struct RowFilter {
    expression: Expression<'static, 'static>,
    variables: Arc<[String]>,
    /// Variables that are multiplied, or put in order with a number and looked at in no other
    /// way: text in them would be repeated, or sorted behind all numbers, without a word.
    numeric: Vec<usize>,
}

/// Why an expression has no answer for a row. Cells are never repeated.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum RowFilterFault {
    #[error("`where` uses a column that this row does not have")]
    Undefined,
    #[error("`where` gives {0} for this row, not true or false")]
    NotBoolean(String),
    #[error("column `{0}` is used as a number but holds none in this row")]
    NotANumber(String),
    #[error("column `{0}` has more than {MAX_CELL_BYTES} bytes, too many for `where`")]
    CellTooLong(String),
    #[error("`where` takes too many steps for this row")]
    TooManySteps,
    #[error("`where` fails for this row: {0}")]
    Failed(&'static str),
}

impl RowFilterFault {
    pub(super) fn hint(&self) -> Option<String> {
        match self {
            Self::Undefined => Some("test for it with `is defined` first".to_owned()),
            Self::NotBoolean(_) => Some("compare it, as in `vip == \"yes\"`".to_owned()),
            Self::NotANumber(name) => Some(format!(
                "say what an empty cell means, as in `{name} | int(default=0)`, or exclude it \
                 with `{name} is number and …`"
            )),
            Self::CellTooLong(_) | Self::TooManySteps | Self::Failed(_) => None,
        }
    }
}

impl RowFilter {
    /// Variables of the expression that must be columns, in the order of [`RowFilter::passes`].
    pub(super) fn variables(&self) -> &[String] {
        &self.variables
    }

    /// Whether a row is meant. `columns` has the position of each variable's cell.
    pub(super) fn passes(
        &self,
        row: &Row,
        columns: &[Option<usize>],
        reading: Reading,
    ) -> Result<bool, RowFilterFault> {
        let mut values = Vec::with_capacity(self.variables.len());
        for (name, column) in self.variables.iter().zip(columns) {
            values.push(if name == PHONE_VARIABLE {
                Some(Value::from(reading.number.e164()))
            } else {
                match column.and_then(|column| row.cell(column)) {
                    Some(cell) if cell.len() > MAX_CELL_BYTES => {
                        return Err(RowFilterFault::CellTooLong(name.clone()));
                    }
                    cell => cell.map(value_of),
                }
            });
        }
        for &index in &self.numeric {
            if values[index].as_ref().is_some_and(|value| !value.is_number()) {
                return Err(RowFilterFault::NotANumber(self.variables[index].clone()));
            }
        }
        let context = RowContext { names: Arc::clone(&self.variables), values };
        let answer = self.expression.eval(Value::from_object(context));
        let answer = answer.map_err(|error| fault_of(error.kind()))?;
        bool::try_from(answer.clone())
            .ok()
            .filter(|_| answer.kind() == minijinja::value::ValueKind::Bool)
            .ok_or_else(|| RowFilterFault::NotBoolean(answer.kind().to_string()))
    }
}

fn fault_of(kind: ErrorKind) -> RowFilterFault {
    match kind {
        ErrorKind::UndefinedError => RowFilterFault::Undefined,
        ErrorKind::OutOfFuel => RowFilterFault::TooManySteps,
        ErrorKind::InvalidOperation => {
            RowFilterFault::Failed("an operation does not fit the kind of a cell")
        }
        _ => RowFilterFault::Failed("it cannot be computed"),
    }
}

/// A cell as `where` sees it: a number as JSON writes it (no leading zeros, no exponent) is
/// a number, `true` and `false` in any case are such, all else is text.
fn value_of(cell: &str) -> Value {
    if cell.eq_ignore_ascii_case("true") {
        return Value::from(true);
    }
    if cell.eq_ignore_ascii_case("false") {
        return Value::from(false);
    }
    let digits = cell.strip_prefix('-').unwrap_or(cell);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let plain = |s: &str| !s.is_empty() && s.len() <= 15 && s.bytes().all(|b| b.is_ascii_digit());
    if plain(whole) && plain(fraction) && (whole == "0" || !whole.starts_with('0')) {
        if let Ok(integer) = cell.parse::<i64>() {
            return Value::from(integer);
        }
        if let Ok(decimal) = cell.parse::<f64>() {
            return Value::from(decimal);
        }
    }
    Value::from(cell)
}

/// The variables of one row.
struct RowContext {
    names: Arc<[String]>,
    values: Vec<Option<Value>>,
}

impl fmt::Debug for RowContext {
    /// Names only: cells are personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names.iter()).finish()
    }
}

impl Object for RowContext {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        let index = self.names.iter().position(|name| name == key)?;
        self.values.get(index)?.clone()
    }
}

/// The filters an expression may use; none can make much out of little.
const FILTERS: [&str; 14] = [
    "abs",
    "bool",
    "capitalize",
    "default",
    "first",
    "float",
    "int",
    "last",
    "length",
    "lower",
    "round",
    "string",
    "trim",
    "upper",
];

/// The tests an expression may use.
const TESTS: [&str; 17] = [
    "boolean",
    "defined",
    "divisibleby",
    "endingwith",
    "even",
    "false",
    "float",
    "in",
    "integer",
    "lower",
    "none",
    "number",
    "odd",
    "startingwith",
    "string",
    "true",
    "undefined",
];

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.set_debug(true);
    environment.add_filter("abs", filters::abs);
    environment.add_filter("bool", filters::bool);
    environment.add_filter("capitalize", filters::capitalize);
    environment.add_filter("default", filters::default);
    environment.add_filter("first", filters::first);
    environment.add_filter("float", filters::float);
    environment.add_filter("int", filters::int);
    environment.add_filter("last", filters::last);
    environment.add_filter("length", filters::length);
    environment.add_filter("lower", filters::lower);
    environment.add_filter("round", filters::round);
    environment.add_filter("string", filters::string);
    environment.add_filter("trim", filters::trim);
    environment.add_filter("upper", filters::upper);
    environment.add_test("boolean", jinja::is_boolean);
    environment.add_test("defined", jinja::is_defined);
    environment.add_test("divisibleby", jinja::is_divisibleby);
    environment.add_test("endingwith", jinja::is_endingwith);
    environment.add_test("even", jinja::is_even);
    environment.add_test("false", jinja::is_false);
    environment.add_test("float", jinja::is_float);
    environment.add_test("in", jinja::is_in);
    environment.add_test("integer", jinja::is_integer);
    environment.add_test("lower", jinja::is_lower);
    environment.add_test("none", jinja::is_none);
    environment.add_test("number", jinja::is_number);
    environment.add_test("odd", jinja::is_odd);
    environment.add_test("startingwith", jinja::is_startingwith);
    environment.add_test("string", jinja::is_string);
    environment.add_test("true", jinja::is_true);
    environment.add_test("undefined", jinja::is_undefined);
    environment
});
