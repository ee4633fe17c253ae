//! What may stand in an expression.

use minijinja::machinery::Span;
use minijinja::machinery::ast::{BinOpKind, Call, CallArg, CallType, Expr};

use super::{Scan, Variable, made_sure_of, range_of};
use crate::compose::language::{FILTERS, FUNCTIONS, MAX_CONCATENATIONS, TESTS};
use crate::compose::words::closest;

impl Scan {
    pub(super) fn expression(&mut self, expression: &Expr<'_>) {
        match expression {
            Expr::Var(name) => self.variable(name.id, name.span(), false),
            // `true` and `none` are fine as arguments and in conditions; the renderer refuses
            // to write them.
            Expr::Const(_) => {}
            Expr::Slice(slice) => {
                self.expression(&slice.expr);
                for part in [&slice.start, &slice.stop, &slice.step].into_iter().flatten() {
                    self.expression(part);
                }
            }
            Expr::UnaryOp(operation) => self.expression(&operation.expr),
            Expr::BinOp(operation) => {
                self.operator(operation.op, operation.span());
                self.expression(&operation.left);
                self.expression(&operation.right);
            }
            Expr::Compare(compare) => {
                self.expression(&compare.expr);
                for operand in &compare.ops {
                    self.expression(&operand.expr);
                }
            }
            Expr::IfExpr(choice) => {
                self.expression(&choice.test_expr);
                let before = self.conditions.len();
                made_sure_of(&choice.test_expr, &mut self.conditions);
                self.expression(&choice.true_expr);
                self.conditions.truncate(before);
                if let Some(otherwise) = &choice.false_expr {
                    self.expression(otherwise);
                }
            }
            Expr::Filter(filter) => {
                self.filter(filter.name, filter.args.len(), filter.span());
                let allows_absence = matches!(filter.name, "default" | "d");
                match &filter.expr {
                    Some(Expr::Var(name)) if allows_absence => {
                        self.variable(name.id, name.span(), true);
                    }
                    Some(inner) => self.expression(inner),
                    None => {}
                }
                self.arguments(&filter.args);
            }
            Expr::Test(test) => {
                if !TESTS.contains(&test.name) {
                    let message = format!("there is no test `{}`", test.name);
                    let hint = did_you_mean(test.name, &TESTS);
                    self.push(test.span(), "template/unknown-test", message, hint);
                }
                match &test.expr {
                    Expr::Var(name) => self.variable(name.id, name.span(), true),
                    inner => self.expression(inner),
                }
                self.arguments(&test.args);
            }
            Expr::GetAttr(attribute) => match &attribute.expr {
                Expr::Var(name) if name.id == "loop" && self.is_local("loop") => {}
                inner => {
                    self.expression(inner);
                    let message = format!(
                        "`.{}` is not available: values are texts without attributes",
                        attribute.name
                    );
                    self.fault(attribute.span(), "template/unavailable", message);
                }
            },
            Expr::GetItem(item) => {
                self.expression(&item.expr);
                self.expression(&item.subscript_expr);
            }
            Expr::Call(call) => self.call(call, expression.span()),
            Expr::List(list) => self.constants(&list.items, expression),
            Expr::Tuple(tuple) => self.constants(&tuple.items, expression),
            Expr::Map(_) => self.unavailable(expression, "a map"),
        }
    }

    fn constants(&mut self, items: &[Expr<'_>], list: &Expr<'_>) {
        if !items.iter().all(|item| matches!(item, Expr::Const(_))) {
            self.unavailable(list, "a list of anything but literals");
        }
    }

    fn operator(&mut self, operator: BinOpKind, span: Span) {
        match operator {
            BinOpKind::Concat => {
                self.concatenations += 1;
                if self.concatenations == MAX_CONCATENATIONS + 1 {
                    self.fault(
                        span,
                        "template/too-complex",
                        format!("`~` stands more than {MAX_CONCATENATIONS} times in the pattern"),
                    );
                }
            }
            BinOpKind::Add
            | BinOpKind::Sub
            | BinOpKind::Mul
            | BinOpKind::Div
            | BinOpKind::FloorDiv
            | BinOpKind::Rem
            | BinOpKind::Pow => {
                self.push(
                    span,
                    "template/unavailable",
                    "arithmetic is not available in patterns: values are texts",
                    Some("texts are joined with `~`".to_owned()),
                );
            }
            BinOpKind::Eq
            | BinOpKind::Ne
            | BinOpKind::Lt
            | BinOpKind::Lte
            | BinOpKind::Gt
            | BinOpKind::Gte
            | BinOpKind::ScAnd
            | BinOpKind::ScOr
            | BinOpKind::In => {}
        }
    }

    fn filter(&mut self, name: &str, arguments: usize, span: Span) {
        let Some(filter) = FILTERS.iter().find(|filter| filter.name == name) else {
            let message = format!("there is no filter `{name}`");
            let names = FILTERS.map(|filter| filter.name);
            let hint = did_you_mean(name, &names)
                .unwrap_or_else(|| format!("the filters are {}", names.join(", ")));
            self.push(span, "template/unknown-filter", message, Some(hint));
            return;
        };
        if !(filter.least..=filter.most).contains(&arguments) {
            let count = match (filter.least, filter.most) {
                (least, most) if least == most => least.to_string(),
                (least, most) => format!("{least} to {most}"),
            };
            let message = format!("the filter `{name}` takes {count} arguments, not {arguments}");
            self.fault(span, "template/filter-arguments", message);
        }
    }

    fn call(&mut self, call: &Call<'_>, span: Span) {
        match call.identify_call() {
            CallType::Function("code") => {
                self.draw(call, span);
                if self.is_code {
                    self.push(
                        span,
                        "template/code-position",
                        "`code(n)` must stand alone",
                        Some("write `{{ code(9) }}`, with `|lower` if need be".to_owned()),
                    );
                }
            }
            CallType::Function("range") => self.arguments(&call.args),
            CallType::Function(name) => {
                let message = format!("there is no function `{name}`");
                let hint = did_you_mean(name, &FUNCTIONS).or_else(|| {
                    let known = FILTERS.iter().any(|filter| filter.name == name);
                    known.then(|| format!("`{name}` is a filter: write `{{{{ value|{name} }}}}`"))
                });
                self.push(span, "template/unknown-function", message, hint);
            }
            CallType::Method(_, name) => {
                let known = FILTERS.iter().any(|filter| filter.name == name);
                let hint =
                    known.then(|| format!("`{name}` is a filter: write `{{{{ value|{name} }}}}`"));
                let message = format!("values have no methods such as `{name}`");
                self.push(span, "template/unavailable", message, hint);
            }
            CallType::Object(_) => {
                self.fault(span, "template/unavailable", "only functions can be called");
            }
        }
    }

    fn arguments(&mut self, arguments: &[CallArg<'_>]) {
        for argument in arguments {
            match argument {
                CallArg::Pos(expression) => self.expression(expression),
                CallArg::Kwarg(name, expression) => {
                    let message = format!("`{name}=` cannot be named: give arguments in order");
                    self.fault(expression.span(), "template/unavailable", message);
                }
                CallArg::PosSplat(expression) | CallArg::KwargSplat(expression) => {
                    self.unavailable(expression, "`*`");
                }
            }
        }
    }

    pub(super) fn variable(&mut self, name: &str, span: Span, optional: bool) {
        if self.is_local(name) {
            return;
        }
        let optional = optional || self.conditions.iter().any(|sure| sure == name);
        let mut known = self.facts.variables.iter_mut();
        if let Some(known) = known.find(|known| known.name == name) {
            if known.optional && !optional {
                known.range = range_of(span);
            }
            known.optional &= optional;
        } else {
            let (name, range) = (name.to_owned(), range_of(span));
            self.facts.variables.push(Variable { name, range, optional });
        }
    }

    pub(super) fn is_local(&self, name: &str) -> bool {
        self.locals.iter().any(|local| local == name)
    }
}

fn did_you_mean(name: &str, known: &[&str]) -> Option<String> {
    closest(name, known.iter().copied()).map(|known| format!("did you mean `{known}`?"))
}
