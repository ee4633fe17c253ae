//! Reads a pattern's syntax tree: what it uses, and what is not allowed in it.
//!
//! minijinja finds unknown filters, tests and functions only when they are reached; this
//! finds them in every branch. A pattern goes to the compiler only when nothing is wrong.
//! Every construct of the template language is judged, statements here, expressions apart.

use std::ops::Range;

use minijinja::machinery::ast::{BinOpKind, Call, CallArg, CallType, Expr, Stmt};
use minijinja::machinery::{Span, parse, tokenize};
use minijinja::syntax::SyntaxConfig;

use super::bounds::{self, Bounds};
use super::fault::TemplateFault;
use super::language::{MAX_TEXT, MAX_TOKENS};
use super::pattern::Slot;
use super::simple::{self, Piece};
use super::words::closest;

mod expressions;

/// What a pattern uses.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    /// The variables, each once, in the order of their first use.
    pub(super) variables: Vec<Variable>,
    /// Where `code()` is called.
    pub(super) draws: Vec<Range<usize>>,
    /// The literal texts.
    pub(super) literals: Vec<(Range<usize>, String)>,
    /// The text after the last `{{ … }}` or `{% … %}`.
    pub(super) literal_end: Option<String>,
    /// How long the text can be.
    pub(super) bounds: Bounds,
    /// The parts, when there is nothing else in it.
    pub(super) pieces: Option<Vec<Piece>>,
}

/// A variable of a pattern.
#[derive(Clone, Debug)]
pub(super) struct Variable {
    pub(super) name: String,
    /// Where it is first used.
    pub(super) range: Range<usize>,
    /// Whether every use allows for its absence (`default`, `is defined`).
    pub(super) optional: bool,
}

impl Facts {
    /// Whether the pattern uses a variable.
    pub(super) fn uses(&self, name: &str) -> bool {
        self.variables.iter().any(|variable| variable.name == name)
    }
}

/// Reads one pattern. The facts are whole only when no fault is an error.
pub(super) fn scan(slot: Slot, text: &str) -> (Facts, Vec<TemplateFault>) {
    let mut scan = Scan {
        pointer: slot.pointer(),
        is_code: slot == Slot::CouponCode,
        facts: Facts::default(),
        faults: Vec::new(),
        locals: Vec::new(),
        conditions: Vec::new(),
        concatenations: 0,
    };
    if let Some(fault) = scan.too_complex(text) {
        return (scan.facts, vec![fault]);
    }
    match parse(text, "pattern", SyntaxConfig::default()) {
        Ok(tree) => {
            if let Stmt::Template(template) = &tree {
                scan.facts.pieces = simple::pieces(&template.children);
                scan.facts.bounds = bounds::of_body(&template.children);
                if let Some(Stmt::EmitRaw(raw)) = template.children.last() {
                    scan.facts.literal_end = Some(raw.raw.to_owned());
                }
                scan.body(&template.children);
            }
        }
        Err(error) => {
            let fault = scan.syntax_fault(text, &error);
            scan.faults.push(fault);
        }
    }
    (scan.facts, scan.faults)
}

struct Scan {
    pointer: String,
    is_code: bool,
    facts: Facts,
    faults: Vec<TemplateFault>,
    /// Loop variables in scope.
    locals: Vec<String>,
    /// Variables that an enclosing `if … is defined` has made sure of.
    conditions: Vec<String>,
    concatenations: usize,
}

impl Scan {
    fn too_complex(&self, text: &str) -> Option<TemplateFault> {
        let rule = "template/too-complex";
        if text.len() > MAX_TEXT {
            let message = format!("the pattern has {} bytes, at most 4096 are allowed", text.len());
            return Some(TemplateFault::error(&self.pointer, rule, message));
        }
        let tokens = tokenize(text, false, SyntaxConfig::default());
        let count = tokens.take_while(Result::is_ok).take(MAX_TOKENS + 1).count();
        (count > MAX_TOKENS).then(|| {
            let message = format!("the pattern has more than {MAX_TOKENS} parts");
            TemplateFault::error(&self.pointer, rule, message)
        })
    }

    fn syntax_fault(&self, text: &str, error: &minijinja::Error) -> TemplateFault {
        let detail = error.detail().unwrap_or("the pattern cannot be read");
        let fault = match detail.strip_prefix("unknown statement ") {
            Some(name) => self.unavailable_statement(name),
            None => TemplateFault::error(&self.pointer, "template/syntax", detail),
        };
        match error.range() {
            Some(range) => fault.at(whole_characters(text, range)),
            None => fault,
        }
    }

    fn unavailable_statement(&self, name: &str) -> TemplateFault {
        let message = format!("`{{% {name} %}}` is not available in patterns");
        let known = ["if", "elif", "else", "endif", "for", "endfor", "raw"];
        let fault = TemplateFault::error(&self.pointer, "template/unavailable", message);
        match closest(name, known) {
            Some(known) if known != name => fault.hint(format!("did you mean `{{% {known} %}}`?")),
            _ => fault.hint("patterns have `{{ … }}`, `{% if %}` and `{% for %}` only"),
        }
    }

    fn fault(&mut self, span: Span, rule: &'static str, message: impl Into<String>) {
        self.push(span, rule, message, None);
    }

    fn push(
        &mut self,
        span: Span,
        rule: &'static str,
        message: impl Into<String>,
        hint: Option<String>,
    ) {
        let mut fault = TemplateFault::error(&self.pointer, rule, message).at(range_of(span));
        fault.hint = hint;
        self.faults.push(fault);
    }

    fn body(&mut self, body: &[Stmt<'_>]) {
        for statement in body {
            self.statement(statement);
        }
    }

    fn statement(&mut self, statement: &Stmt<'_>) {
        match statement {
            Stmt::Template(template) => self.body(&template.children),
            Stmt::EmitRaw(raw) => {
                self.facts.literals.push((range_of(raw.span()), raw.raw.to_owned()));
            }
            Stmt::EmitExpr(emit) => self.emitted(&emit.expr),
            Stmt::IfCond(condition) => {
                self.expression(&condition.expr);
                let before = self.conditions.len();
                made_sure_of(&condition.expr, &mut self.conditions);
                self.body(&condition.true_body);
                self.conditions.truncate(before);
                self.body(&condition.false_body);
            }
            Stmt::ForLoop(each) => {
                if each.recursive {
                    self.fault(each.span(), "template/unavailable", "loops cannot be recursive");
                }
                self.expression(&each.iter);
                let before = self.locals.len();
                match &each.target {
                    Expr::Var(name) => self.locals.push(name.id.to_owned()),
                    other => self.unavailable(other, "unpacking"),
                }
                self.locals.push("loop".to_owned());
                if let Some(filter) = &each.filter_expr {
                    self.expression(filter);
                }
                let draws = self.facts.draws.len();
                self.body(&each.body);
                if self.facts.draws.len() > draws {
                    self.fault(
                        each.span(),
                        "template/code-position",
                        "`code()` cannot be drawn inside a loop",
                    );
                }
                self.locals.truncate(before);
                self.body(&each.else_body);
            }
            Stmt::WithBlock(other) => self.unavailable_block(other.span(), "with"),
            Stmt::Set(other) => self.unavailable_block(other.span(), "set"),
            Stmt::SetBlock(other) => self.unavailable_block(other.span(), "set"),
            Stmt::AutoEscape(other) => self.unavailable_block(other.span(), "autoescape"),
            Stmt::FilterBlock(other) => self.unavailable_block(other.span(), "filter"),
            Stmt::Do(other) => self.unavailable_block(other.span(), "do"),
        }
    }

    fn unavailable_block(&mut self, span: Span, name: &str) {
        let fault = self.unavailable_statement(name).at(range_of(span));
        self.faults.push(fault);
    }

    fn unavailable(&mut self, expression: &Expr<'_>, what: &str) {
        let message = format!("{what} is not available in patterns");
        self.fault(expression.span(), "template/unavailable", message);
    }

    /// An expression whose value is written as it is: the only place for `code()`, alone or
    /// with its letters' case changed, since anything else could make its codes guessable.
    fn emitted(&mut self, expression: &Expr<'_>) {
        match expression {
            Expr::Call(call) if is_code(call) => self.draw(call, expression.span()),
            Expr::Filter(filter) if matches!(filter.name, "upper" | "lower") => {
                match &filter.expr {
                    Some(Expr::Call(call)) if is_code(call) && filter.args.is_empty() => {
                        self.draw(call, expression.span());
                    }
                    _ => self.expression(expression),
                }
            }
            _ => self.expression(expression),
        }
    }

    fn draw(&mut self, call: &Call<'_>, span: Span) {
        self.facts.draws.push(range_of(span));
        if !self.is_code {
            self.push(
                span,
                "template/code-misplaced",
                "`code()` is available in `offer.coupon_code` only",
                Some("write `{{ coupon_code }}` for the recipient's code".to_owned()),
            );
            return;
        }
        let characters = match call.args.as_slice() {
            [CallArg::Pos(count)] => bounds::natural(count),
            _ => None,
        };
        if !characters.is_some_and(|count| (4..=15).contains(&count)) {
            self.fault(
                span,
                "template/code-argument",
                "`code(n)` takes the number of characters, a whole number from 4 to 15",
            );
        }
    }
}

/// The variables that are there when a condition holds: `x is defined`, joined with `and`.
fn made_sure_of(condition: &Expr<'_>, names: &mut Vec<String>) {
    match condition {
        Expr::Test(test) if test.name == "defined" => {
            if let Expr::Var(name) = &test.expr {
                names.push(name.id.to_owned());
            }
        }
        Expr::BinOp(both) if matches!(both.op, BinOpKind::ScAnd) => {
            made_sure_of(&both.left, names);
            made_sure_of(&both.right, names);
        }
        _ => {}
    }
}

fn is_code(call: &Call<'_>) -> bool {
    matches!(call.identify_call(), CallType::Function("code"))
}

fn range_of(span: Span) -> Range<usize> {
    let start = span.start_offset as usize;
    start..(span.end_offset as usize).max(start)
}

/// A range inside the text that cuts no character in two.
fn whole_characters(text: &str, range: Range<usize>) -> Range<usize> {
    let mut start = range.start.min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let mut end = range.end.clamp(start, text.len());
    while !text.is_char_boundary(end) {
        end += 1;
    }
    start..end
}
