//! One pattern and what a row gives it -> a text.

use std::borrow::Cow;
use std::sync::Arc;

use minijinja::{Environment, Error, ErrorKind, Value};

use super::{Composer, Inputs};
use crate::compose::code::{Draw, Drawer};
use crate::compose::compiled::Pattern;
use crate::compose::context::Row;
use crate::compose::fault::RowFault;
use crate::compose::language::{MAX_TEXT, render};
use crate::compose::pattern::Slot;
use crate::compose::simple::Piece;
use crate::diagnostic::RuleId;
use crate::model::PhoneNumber;

impl Composer {
    pub(super) fn render_plain(
        &self,
        pattern: &Pattern,
        inputs: Inputs<'_>,
    ) -> Result<String, RowFault> {
        self.render_drawing(pattern, inputs, None)
    }

    /// Renders a pattern, the short way where there is one.
    pub(super) fn render_drawing(
        &self,
        pattern: &Pattern,
        inputs: Inputs<'_>,
        draw: Option<(&Drawer, PhoneNumber, u32)>,
    ) -> Result<String, RowFault> {
        if let Some(pieces) = &pattern.pieces {
            return self.join(pattern, pieces, inputs, draw);
        }
        let draw =
            draw.map(|(drawer, number, counter)| Draw::value(drawer.clone(), number, counter));
        let row = self.row(pattern, inputs)?.drawing(draw);
        self.render_row(&self.env, pattern, inputs, row)
    }

    fn join(
        &self,
        pattern: &Pattern,
        pieces: &[Piece],
        inputs: Inputs<'_>,
        draw: Option<(&Drawer, PhoneNumber, u32)>,
    ) -> Result<String, RowFault> {
        let fault = |kind| Err(self.render_fault(pattern, inputs, &Error::from(kind)));
        let mut text = String::new();
        let mut calls = 0;
        for piece in pieces {
            match (piece, draw) {
                (Piece::Text(literal), _) => text.push_str(literal),
                (Piece::Variable(name), _) => match self.cell(pattern, name, inputs)? {
                    Some(value) => text.push_str(&value),
                    None => return fault(ErrorKind::UndefinedError),
                },
                (Piece::Draw(count), Some((drawer, number, counter))) => {
                    text.push_str(&drawer.draw(number, counter, calls, *count));
                    calls += 1;
                }
                (Piece::Draw(_), None) => return fault(ErrorKind::UnknownFunction),
            }
            if text.len() > MAX_TEXT {
                return fault(ErrorKind::WriteFailure);
            }
        }
        Ok(text)
    }

    pub(super) fn render_row(
        &self,
        env: &Environment<'static>,
        pattern: &Pattern,
        inputs: Inputs<'_>,
        row: Row,
    ) -> Result<String, RowFault> {
        render(env, &pattern.name, Value::from_object(row))
            .map_err(|error| self.render_fault(pattern, inputs, &error))
    }

    /// The variables that a pattern names, for one rendering.
    pub(super) fn row(&self, pattern: &Pattern, inputs: Inputs<'_>) -> Result<Row, RowFault> {
        let mut values = Vec::with_capacity(pattern.names.len());
        for name in &*pattern.names {
            values.push(self.variable(pattern, name, inputs)?);
        }
        Ok(Row::new(Arc::clone(&pattern.names), values))
    }

    fn variable(
        &self,
        pattern: &Pattern,
        name: &str,
        inputs: Inputs<'_>,
    ) -> Result<Option<Value>, RowFault> {
        Ok(self.cell(pattern, name, inputs)?.map(|text| Value::from(text.as_ref())))
    }

    fn cell<'a>(
        &'a self,
        pattern: &Pattern,
        name: &str,
        inputs: Inputs<'a>,
    ) -> Result<Option<Cow<'a, str>>, RowFault> {
        match name {
            "campaign" => return Ok(Some(Cow::Borrowed(&self.campaign))),
            "phone" => return Ok(inputs.recipient.map(|who| Cow::Owned(digits(who.number)))),
            "coupon_code" if pattern.slot != Slot::CouponCode => {
                return Ok(inputs.code.map(Cow::Borrowed));
            }
            _ => {}
        }
        let Some(cell) = inputs.recipient.and_then(|recipient| recipient.fields.get(name)) else {
            return Ok(None);
        };
        if cell.len() > MAX_TEXT {
            return Err(RowFault {
                pointer: pattern.slot.pointer(),
                rule: RuleId("template/too-long"),
                message: format!("`{name}` has more than {MAX_TEXT} bytes"),
                hint: None,
            });
        }
        Ok(Some(Cow::Borrowed(cell)))
    }

    /// Names the pattern and the variable; what the engine says may hold the row's values.
    fn render_fault(&self, pattern: &Pattern, inputs: Inputs<'_>, error: &Error) -> RowFault {
        let name = pattern.slot.name();
        let missing = pattern.names.iter().zip(&pattern.optional).find(|(name, optional)| {
            !**optional && matches!(self.variable(pattern, name, inputs), Ok(None))
        });
        let mut hint = None;
        let (rule, message) = match (error.kind(), missing) {
            (ErrorKind::UndefinedError, Some((column, _))) => {
                hint = Some(format!("`{{{{ {column}|default(\"…\") }}}}` stands in for it"));
                ("template/missing-value", format!("the row has no `{column}`"))
            }
            (ErrorKind::UndefinedError, None) => {
                ("template/missing-value", format!("{name} uses a value that is not there"))
            }
            (ErrorKind::OutOfFuel, _) => {
                ("template/too-complex", format!("{name} takes too many steps"))
            }
            (ErrorKind::WriteFailure, _) => {
                ("template/too-long", format!("{name} grows beyond {MAX_TEXT} bytes"))
            }
            (kind, _) => ("template/render", format!("{name} cannot be rendered: {kind}")),
        };
        RowFault { pointer: pattern.slot.pointer(), rule: RuleId(rule), message, hint }
    }
}

/// `phone` in patterns: the digits with country code and without `+`, since a `+` in a link
/// reads as a space.
pub(super) fn digits(number: PhoneNumber) -> String {
    number.digits()
}
