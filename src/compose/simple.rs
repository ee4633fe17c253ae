//! The short way for patterns that are literal text, plain variables and plain `code(n)`.
//!
//! Most patterns are, and a campaign renders some of them a million times. The text is the
//! engine's, by a property test; anything else goes to the engine.

use minijinja::machinery::ast::{Expr, Stmt};

use super::bounds::drawn_characters;

/// A part of a simple pattern.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Piece {
    /// Literal text.
    Text(String),
    /// The value of a variable.
    Variable(String),
    /// That many drawn characters.
    Draw(usize),
}

/// The parts of a pattern, if it is simple.
pub(super) fn pieces(body: &[Stmt<'_>]) -> Option<Vec<Piece>> {
    body.iter().map(piece).collect()
}

fn piece(statement: &Stmt<'_>) -> Option<Piece> {
    match statement {
        Stmt::EmitRaw(raw) => Some(Piece::Text(raw.raw.to_owned())),
        Stmt::EmitExpr(emit) => match &emit.expr {
            Expr::Var(name) => Some(Piece::Variable(name.id.to_owned())),
            call @ Expr::Call(_) => drawn_characters(call).map(Piece::Draw),
            _ => None,
        },
        _ => None,
    }
}
