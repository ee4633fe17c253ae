//! How long a pattern's text can be, and how much chance it holds, told from its syntax.

use minijinja::Value;
use minijinja::machinery::ast::{CallArg, Expr, Stmt};

/// What is known of a stretch of a pattern without rendering it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Bounds {
    /// The fewest characters it can have.
    pub(super) least: usize,
    /// The most, where the syntax tells.
    pub(super) most: Option<usize>,
    /// The fewest characters drawn by `code(n)`, over all branches.
    pub(super) drawn: usize,
}

impl Bounds {
    const EMPTY: Self = Self { least: 0, most: Some(0), drawn: 0 };
    const ANY: Self = Self { least: 0, most: None, drawn: 0 };

    fn exactly(count: usize) -> Self {
        Self { least: count, most: Some(count), drawn: 0 }
    }

    fn then(self, next: Self) -> Self {
        Self {
            least: self.least.saturating_add(next.least),
            most: self.most.zip(next.most).map(|(one, other)| one.saturating_add(other)),
            drawn: self.drawn.saturating_add(next.drawn),
        }
    }

    fn or(self, other: Self) -> Self {
        Self {
            least: self.least.min(other.least),
            most: self.most.zip(other.most).map(|(one, other)| one.max(other)),
            drawn: self.drawn.min(other.drawn),
        }
    }
}

/// The bounds of a sequence of statements.
pub(super) fn of_body(body: &[Stmt<'_>]) -> Bounds {
    body.iter().map(of_statement).fold(Bounds::EMPTY, Bounds::then)
}

fn of_statement(statement: &Stmt<'_>) -> Bounds {
    match statement {
        Stmt::Template(template) => of_body(&template.children),
        Stmt::EmitRaw(raw) => Bounds::exactly(raw.raw.chars().count()),
        Stmt::EmitExpr(emit) => of_expression(&emit.expr),
        Stmt::IfCond(condition) => of_body(&condition.true_body).or(of_body(&condition.false_body)),
        _ => Bounds::ANY,
    }
}

fn of_expression(expression: &Expr<'_>) -> Bounds {
    match expression {
        Expr::Const(constant) => constant
            .value
            .as_str()
            .map_or(Bounds::ANY, |text| Bounds::exactly(text.chars().count())),
        Expr::Call(_) => drawn_characters(expression)
            .map_or(Bounds::ANY, |count| Bounds { drawn: count, ..Bounds::exactly(count) }),
        Expr::Filter(filter) => {
            let inner = filter.expr.as_ref().map_or(Bounds::ANY, of_expression);
            match (filter.name, filter.args.first()) {
                ("upper" | "lower", _) => inner,
                ("first" | "last", _) => Bounds { most: Some(1), ..Bounds::ANY },
                ("truncate", Some(CallArg::Pos(count))) => {
                    Bounds { most: smaller(inner.most, natural(count)), ..Bounds::ANY }
                }
                _ => Bounds::ANY,
            }
        }
        Expr::Slice(slice) => {
            let inner = of_expression(&slice.expr);
            let stop = slice.stop.as_ref().and_then(natural);
            Bounds { most: smaller(inner.most, stop), ..Bounds::ANY }
        }
        Expr::IfExpr(choice) => {
            let otherwise = choice.false_expr.as_ref().map_or(Bounds::EMPTY, of_expression);
            of_expression(&choice.true_expr).or(otherwise)
        }
        _ => Bounds::ANY,
    }
}

/// The `n` of `code(n)`; `None` for any other expression.
pub(super) fn drawn_characters(expression: &Expr<'_>) -> Option<usize> {
    let Expr::Call(call) = expression else { return None };
    match (&call.expr, call.args.as_slice()) {
        (Expr::Var(name), [CallArg::Pos(count)]) if name.id == "code" => natural(count),
        _ => None,
    }
}

/// The value of a literal whole number that is not negative.
pub(super) fn natural(expression: &Expr<'_>) -> Option<usize> {
    let Expr::Const(constant) = expression else { return None };
    let value: &Value = &constant.value;
    if !value.is_integer() {
        return None;
    }
    usize::try_from(value.clone()).ok()
}

fn smaller(one: Option<usize>, other: Option<usize>) -> Option<usize> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
