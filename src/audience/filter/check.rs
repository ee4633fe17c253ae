//! What can be known of a `where` from its text: syntax, names, and what it compares.

use std::ops::Range;

use minijinja::machinery::{Span, ast, parse_expr};

use super::{ENVIRONMENT, FILTERS, MAX_EXPRESSION_BYTES, PHONE_VARIABLE, RowFilter, TESTS};
use crate::audience::finding::{Finding, nearest};
use crate::audience::source::Columns;

/// One fault of an expression's text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::audience) struct FilterFault {
    pub(in crate::audience) rule: &'static str,
    pub(in crate::audience) range: Option<Range<usize>>,
    pub(in crate::audience) message: String,
    pub(in crate::audience) hint: Option<String>,
}

impl FilterFault {
    /// The fault as a finding at the expression's place in the campaign file.
    pub(in crate::audience) fn at(self, pointer: String) -> Finding {
        let finding = Finding::in_campaign(self.rule, pointer, self.range, self.message);
        match self.hint {
            Some(hint) => finding.hint(hint),
            None => finding,
        }
    }
}

/// A sound expression.
pub(in crate::audience) struct Checked {
    pub(in crate::audience) filter: RowFilter,
    /// Names that are no known columns, where not all columns are known.
    pub(in crate::audience) doubts: Vec<FilterFault>,
}

/// Checks an expression against the columns there are and makes it ready.
pub(in crate::audience) fn check(
    text: &str,
    columns: &Columns,
) -> Result<Checked, Vec<FilterFault>> {
    let fault = |rule, range, message: String, hint| FilterFault { rule, range, message, hint };
    if text.len() > MAX_EXPRESSION_BYTES {
        let message = format!("the expression is longer than {MAX_EXPRESSION_BYTES} bytes");
        return Err(vec![fault("where/too-long", None, message, None)]);
    }
    let syntax = |error: &minijinja::Error| {
        let detail = error.detail().unwrap_or("it cannot be read").trim_end_matches('.');
        let range = error.range().and_then(|range| within(range, text));
        let hint = single_equals(text).map(|_| "write `==` to compare".to_owned());
        vec![fault("where/syntax", range, format!("this is no expression: {detail}"), hint)]
    };
    let expression = ENVIRONMENT.compile_expression_owned(text.to_owned());
    let expression = expression.map_err(|error| syntax(&error))?;
    let parsed = parse_expr(text).map_err(|error| syntax(&error))?;
    let (faults, doubts, mentions) = (Vec::new(), Vec::new(), Vec::new());
    let mut walk = Walk { text, columns, faults, doubts, mentions };
    walk.expr(&parsed, Use::Other);
    if !walk.faults.is_empty() {
        return Err(walk.faults);
    }
    let mut variables: Vec<String> = Vec::new();
    for (name, _) in &walk.mentions {
        if !variables.iter().any(|known| known == name) {
            variables.push((*name).to_owned());
        }
    }
    let only_ordered = |name: &str| {
        let mut uses = walk.mentions.iter().filter(|(known, _)| *known == name);
        uses.all(|(_, how)| *how == Use::OrderedWithNumber)
    };
    let multiplied = |name: &str| walk.mentions.contains(&(name, Use::Multiplied));
    let numeric = |name: &str| only_ordered(name) || multiplied(name);
    let numeric = (0..variables.len()).filter(|&i| numeric(&variables[i])).collect();
    let filter = RowFilter { expression, variables: variables.into(), numeric };
    Ok(Checked { filter, doubts: walk.doubts })
}

/// How a variable is looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    /// `<`, `<=`, `>` or `>=` with a number on one side.
    OrderedWithNumber,
    /// On one side of `*`, which would repeat a text a million times.
    Multiplied,
    Other,
}

struct Walk<'a> {
    text: &'a str,
    columns: &'a Columns,
    faults: Vec<FilterFault>,
    doubts: Vec<FilterFault>,
    mentions: Vec<(&'a str, Use)>,
}

impl<'a> Walk<'a> {
    fn expr(&mut self, expr: &ast::Expr<'a>, how: Use) {
        use ast::Expr;
        match expr {
            Expr::Const(_) => {}
            Expr::Var(variable) => self.variable(variable.id, expr.span(), how),
            Expr::UnaryOp(op) => self.expr(&op.expr, how),
            Expr::BinOp(op) if matches!(op.op, ast::BinOpKind::Mul) => {
                for side in [&op.left, &op.right] {
                    if !matches!(side, Expr::Var(_)) && !gives_number(side) {
                        let message = "`*` multiplies numbers only".to_owned();
                        let hint = "make it a number with `| int` or `| float`".to_owned();
                        self.fault("where/not-a-number", side.span(), message, hint);
                    }
                    self.expr(side, Use::Multiplied);
                }
            }
            Expr::BinOp(op) => {
                let how = ordering(ordered_binary(op.op), [&op.left, &op.right]);
                self.expr(&op.left, how);
                self.expr(&op.right, how);
            }
            Expr::Compare(chain) => self.compare(chain),
            Expr::IfExpr(choice) => {
                self.expr(&choice.test_expr, Use::Other);
                self.expr(&choice.true_expr, Use::Other);
                self.optional(choice.false_expr.as_ref());
            }
            Expr::Filter(filter) => {
                self.name(filter.name, expr.span(), &FILTERS, "filter");
                self.optional(filter.expr.as_ref());
                self.arguments(&filter.args);
            }
            Expr::Test(test) => {
                self.name(test.name, expr.span(), &TESTS, "test");
                self.expr(&test.expr, Use::Other);
                self.arguments(&test.args);
            }
            Expr::GetAttr(attribute) => self.expr(&attribute.expr, Use::Other),
            Expr::GetItem(item) => {
                self.expr(&item.expr, Use::Other);
                self.expr(&item.subscript_expr, Use::Other);
            }
            Expr::Slice(slice) => {
                self.expr(&slice.expr, Use::Other);
                for part in [&slice.start, &slice.stop, &slice.step] {
                    self.optional(part.as_ref());
                }
            }
            Expr::Call(call) => self.call(call, expr.span()),
            Expr::List(list) => list.items.iter().for_each(|item| self.expr(item, Use::Other)),
            Expr::Tuple(tuple) => tuple.items.iter().for_each(|item| self.expr(item, Use::Other)),
            Expr::Map(map) => {
                map.keys.iter().chain(&map.values).for_each(|item| self.expr(item, Use::Other));
            }
        }
    }

    fn compare(&mut self, chain: &ast::Compare<'a>) {
        let operands: Vec<_> =
            std::iter::once(&chain.expr).chain(chain.ops.iter().map(|op| &op.expr)).collect();
        let links: Vec<_> = chain
            .ops
            .iter()
            .zip(operands.windows(2))
            .map(|(op, pair)| ordering(ordered_compare(op.op), [pair[0], pair[1]]))
            .collect();
        for (index, operand) in operands.iter().enumerate() {
            let before = index.checked_sub(1).and_then(|link| links.get(link));
            let beside = before.into_iter().chain(links.get(index));
            let all = beside.copied().all(|how| how == Use::OrderedWithNumber);
            self.expr(operand, if all { Use::OrderedWithNumber } else { Use::Other });
        }
    }

    fn variable(&mut self, name: &'a str, span: Span, how: Use) {
        let known = self.columns.names.iter().map(String::as_str);
        let guessed = self.columns.guessed;
        if guessed || name == PHONE_VARIABLE || known.clone().any(|column| column == name) {
            self.mentions.push((name, how));
        }
        if name == PHONE_VARIABLE || known.clone().any(|column| column == name) {
            return;
        }
        if guessed && self.columns.names.is_empty() {
            return;
        }
        let hint = match nearest(name, known.clone()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the columns are {}", list(known)),
        };
        if guessed {
            let message = format!("no row at the start of the file has a key `{name}`");
            let range = self.range_of(span);
            let rule = "where/unknown-column";
            self.doubts.push(FilterFault { rule, range, message, hint: Some(hint) });
        } else {
            self.fault("where/unknown-column", span, format!("there is no column `{name}`"), hint);
        }
    }

    fn name(&mut self, name: &str, span: Span, known: &[&str], kind: &str) {
        if known.contains(&name) || matches!(name, "==" | "!=" | "<" | "<=" | ">" | ">=") {
            return;
        }
        let hint = match nearest(name, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the {kind}s are {}", list(known.iter().copied())),
        };
        let rule = if kind == "filter" { "where/unknown-filter" } else { "where/unknown-test" };
        self.fault(rule, span, format!("there is no {kind} `{name}` in `where`"), hint);
    }

    fn call(&mut self, call: &ast::Call<'a>, span: Span) {
        let hint = match &call.expr {
            ast::Expr::GetAttr(attribute) if attribute.name.starts_with("start") => {
                "write `… is startingwith(\"…\")`"
            }
            ast::Expr::GetAttr(attribute) if attribute.name.starts_with("end") => {
                "write `… is endingwith(\"…\")`"
            }
            _ => "use a filter or a test, as in `name | lower == \"asha\"`",
        };
        let message = "functions and methods cannot be called in `where`".to_owned();
        self.fault("where/call", span, message, hint.to_owned());
        self.arguments(&call.args);
    }

    fn arguments(&mut self, arguments: &[ast::CallArg<'a>]) {
        for argument in arguments {
            match argument {
                ast::CallArg::Pos(expr)
                | ast::CallArg::Kwarg(_, expr)
                | ast::CallArg::PosSplat(expr)
                | ast::CallArg::KwargSplat(expr) => self.expr(expr, Use::Other),
            }
        }
    }

    fn optional(&mut self, expr: Option<&ast::Expr<'a>>) {
        if let Some(expr) = expr {
            self.expr(expr, Use::Other);
        }
    }

    fn fault(&mut self, rule: &'static str, span: Span, message: String, hint: String) {
        let range = self.range_of(span);
        self.faults.push(FilterFault { rule, range, message, hint: Some(hint) });
    }

    fn range_of(&self, span: Span) -> Option<Range<usize>> {
        within(span.start_offset as usize..span.end_offset as usize, self.text)
    }
}

fn ordering(ordered: bool, sides: [&ast::Expr<'_>; 2]) -> Use {
    let number = |expr: &ast::Expr<'_>| expr.as_const().is_some_and(|value| value.is_number());
    if ordered && sides.into_iter().any(number) { Use::OrderedWithNumber } else { Use::Other }
}

fn ordered_binary(op: ast::BinOpKind) -> bool {
    use ast::BinOpKind::{Gt, Gte, Lt, Lte};
    matches!(op, Lt | Lte | Gt | Gte)
}

fn ordered_compare(op: ast::CompareOpKind) -> bool {
    use ast::CompareOpKind::{Gt, Gte, Lt, Lte};
    matches!(op, Lt | Lte | Gt | Gte)
}

/// Whether an expression can give nothing but a number, or fail.
fn gives_number(expr: &ast::Expr<'_>) -> bool {
    use ast::BinOpKind::{Div, FloorDiv, Mul, Pow, Rem, Sub};
    match expr {
        ast::Expr::Const(constant) => constant.value.is_number(),
        ast::Expr::UnaryOp(op) => gives_number(&op.expr),
        ast::Expr::BinOp(op) => matches!(op.op, Div | FloorDiv | Mul | Pow | Rem | Sub),
        ast::Expr::Filter(filter) => matches!(filter.name, "int" | "float" | "length" | "abs"),
        _ => false,
    }
}

/// A range that can be shown: inside the text and between characters.
fn within(range: Range<usize>, text: &str) -> Option<Range<usize>> {
    let end = range.end.min(text.len());
    let start = range.start.min(end);
    text.get(start..end).map(|_| start..end)
}

/// The place of a `=` that stands alone.
fn single_equals(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    (0..bytes.len()).find(|&at| {
        let beside = [at.checked_sub(1).and_then(|before| bytes.get(before)), bytes.get(at + 1)];
        bytes[at] == b'='
            && !beside.into_iter().flatten().any(|b| matches!(b, b'=' | b'!' | b'<' | b'>'))
    })
}

fn list<'n>(names: impl Iterator<Item = &'n str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
