//! What of a campaign's messages is the same for everybody, found out once.

use crate::model::{CouponCode, PhoneNumber};

use super::{CODE_PLACEHOLDER, Composer, Inputs};
use crate::compose::code::Drawer;
use crate::compose::compiled::{Varies, check_text};
use crate::compose::fault::RowFault;

impl Composer {
    pub(super) fn render_what_is_fixed(&mut self) -> Result<(), RowFault> {
        let nobody = Inputs { recipient: None, code: None };
        if self.code.names.iter().all(|name| &**name == "campaign") && !self.code.draws {
            let text = self.render_plain(&self.code, nobody)?;
            self.check_code(text.clone(), None)?;
            self.code.varies = Varies::Not(text);
        }
        let shared_code = match &self.code.varies {
            Varies::Not(code) => Some(code.clone()),
            _ => None,
        };
        let draws = self.needs_key();
        for at in 0..self.parts.len() {
            let pattern = &self.parts[at];
            let fixed = |name: &str| match name {
                "campaign" => true,
                "coupon_code" => shared_code.is_some() || draws,
                _ => false,
            };
            if !pattern.names.iter().all(|name| fixed(name)) {
                continue;
            }
            let varies = if pattern.uses_code && shared_code.is_none() {
                let inputs = Inputs { recipient: None, code: Some(CODE_PLACEHOLDER) };
                Varies::WithTheCode(self.render_plain(pattern, inputs)?)
            } else {
                let inputs = Inputs { recipient: None, code: shared_code.as_deref() };
                let text = self.render_plain(pattern, inputs)?;
                check_text(pattern, inputs.recipient, &text)?;
                Varies::Not(text)
            };
            self.parts[at].varies = varies;
        }
        Ok(())
    }

    /// Takes the leading parts that are the same for everybody into the shared hash state.
    pub(super) fn hash_what_is_fixed(&mut self) {
        for pattern in &self.parts {
            match &pattern.varies {
                Varies::Not(text) => pattern.hash(&mut self.content, text, false),
                Varies::WithTheCode(masked) => pattern.hash(&mut self.content, masked, true),
                Varies::WithTheRow => break,
            }
            self.hashed += 1;
        }
    }

    /// See [`Composer::stand_in`]. Campaigns whose texts have faults, even if only with this
    /// code, are told of them row by row.
    pub(super) fn fixed_stand_in(&self) -> Option<CouponCode> {
        if !self.needs_key() || self.code.names.iter().any(|name| &**name != "campaign") {
            return None;
        }
        let nobody = Inputs { recipient: None, code: None };
        // No telephone number has as few digits; none is looked at.
        let number = PhoneNumber::from_digits(1_000_000)?;
        let draw = Some((&Drawer::StandIn, number, 0));
        let text = self.render_drawing(&self.code, nobody, draw).ok()?;
        let code = self.check_code(text, None).ok()?;
        let inputs = Inputs { recipient: None, code: Some(code.as_str()) };
        let with_the_code =
            self.parts.iter().filter(|pattern| matches!(pattern.varies, Varies::WithTheCode(_)));
        for pattern in with_the_code {
            let text = self.render_plain(pattern, inputs).ok()?;
            check_text(pattern, None, &text).ok()?;
        }
        Some(code)
    }
}
