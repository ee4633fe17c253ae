//! The messages of one campaign. Composing, hashing and masking must treat each part alike,
//! so they stand side by side.

use std::fmt;

use minijinja::Environment;

use crate::diagnostic::RuleId;
use crate::model::{
    Campaign, CodeKey, ContentHash, CouponCode, KeyFingerprint, Message, Recipient,
};

use super::code::{CODE_ALPHABET, Draw, Drawer};
use super::compiled::{Pattern, Varies, check_text, text_fault};
use super::content::{ContentHasher, FixedFields};
use super::fault::{ComposeError, RowFault, TemplateFault};
use super::language::{environment, write_plain};
use super::masked::{MaskedMessage, Reveal, mask_code, write_masked};
use super::pattern::{Slot, patterns};
use super::scan::scan;
use super::text_rules::TextFault;

use render::digits;

/// Stands for a drawn code where the content is hashed. No text that may be sent holds a
/// control character.
const CODE_PLACEHOLDER: &str = "\u{1}coupon_code\u{1}";

/// A campaign's patterns, compiled once; renders one message after another, from any
/// thread.
pub struct Composer {
    env: Environment<'static>,
    masking: Environment<'static>,
    campaign: String,
    code: Pattern,
    /// Parameters, URL suffix and header link, in this order, which is that of the hash.
    parts: Vec<Pattern>,
    /// The shared fields and the leading parts that are the same for everybody.
    content: ContentHasher,
    /// How many of `parts` are in `content`.
    hashed: usize,
    /// The code without a key, where it is the same for everybody and gives texts that may
    /// be sent: the content of a message is then known without them.
    stand_in: Option<CouponCode>,
    /// `None`: the key is not at hand, only its fingerprint.
    key: Option<Drawer>,
    fingerprint: Option<KeyFingerprint>,
    /// The pattern and the key's fingerprint as they are hashed, where codes are drawn.
    drawn_with: Option<FixedFields>,
    drawn: usize,
    unique: bool,
}

/// What one rendering may use.
#[derive(Clone, Copy)]
struct Inputs<'a> {
    recipient: Option<&'a Recipient>,
    code: Option<&'a str>,
}

impl Composer {
    /// Compiles a campaign's patterns. `key` is needed only where codes are drawn; without
    /// it, [`Composer::content`] and [`Composer::masked`] work if the campaign states the
    /// key's fingerprint.
    pub fn new(campaign: &Campaign, key: Option<&CodeKey>) -> Result<Self, ComposeError> {
        let stated = campaign.offer.code_key;
        let given = key.map(CodeKey::fingerprint);
        let drawer = key.map(|key| Drawer::keyed(key, &campaign.name));
        let composer = Self::compile(campaign, drawer, given.or(stated))?;
        if composer.needs_key() {
            match (stated, given) {
                (None, None) => return Err(ComposeError::KeyMissing),
                (Some(stated), Some(given)) if stated != given => {
                    return Err(ComposeError::OtherKey { stated, given });
                }
                _ => {}
            }
        }
        Ok(composer)
    }

    /// Compiles a campaign's patterns for [`Composer::masked`] alone, which no key is needed
    /// for: other people may look at a campaign without it.
    pub fn for_show(campaign: &Campaign) -> Result<Self, ComposeError> {
        Self::compile(campaign, None, campaign.offer.code_key)
    }

    /// Compiles without a word about keys.
    pub(super) fn compile(
        campaign: &Campaign,
        key: Option<Drawer>,
        fingerprint: Option<KeyFingerprint>,
    ) -> Result<Self, ComposeError> {
        let mut env = environment(write_plain);
        let mut masking = environment(write_masked);
        let mut parts = Vec::new();
        for (slot, text) in patterns(campaign) {
            let (facts, faults) = scan(slot, text);
            if let Some(fault) = faults.into_iter().find(TemplateFault::is_error) {
                return Err(ComposeError::Pattern(Box::new(fault)));
            }
            let pattern = Pattern::new(slot, text, &facts);
            for env in [&mut env, &mut masking] {
                env.add_template_owned(pattern.name.clone(), text.to_owned()).map_err(|error| {
                    let detail = error.detail().unwrap_or("the pattern cannot be compiled");
                    let fault = TemplateFault::error(&slot.pointer(), "template/syntax", detail);
                    ComposeError::Pattern(Box::new(fault))
                })?;
            }
            parts.push((pattern, facts));
        }
        let (code, code_facts) = parts.pop().expect("every campaign has a code pattern");
        let parts = parts.into_iter().map(|(pattern, _)| pattern).collect();
        let mut composer = Self {
            env,
            masking,
            campaign: campaign.name.as_str().to_owned(),
            code,
            parts,
            content: ContentHasher::of_shared(campaign),
            hashed: 0,
            stand_in: None,
            key,
            fingerprint,
            drawn_with: None,
            drawn: code_facts.bounds.drawn,
            unique: false,
        };
        composer.render_what_is_fixed().map_err(|fault| ComposeError::Fixed(Box::new(fault)))?;
        composer.hash_what_is_fixed();
        composer.drawn_with = composer.key_fingerprint().map(|key| {
            let mut fields = FixedFields::default();
            fields.code_pattern(&composer.code.text, &key.to_string());
            fields
        });
        composer.stand_in = composer.fixed_stand_in();
        composer.unique = campaign.offer.unique.unwrap_or(composer.code_varies());
        Ok(composer)
    }

    /// One recipient's message. `counter` is what [`CodeBook::counter_for`] says, 0 for
    /// nearly all.
    ///
    /// [`CodeBook::counter_for`]: super::CodeBook::counter_for
    pub fn message(&self, recipient: &Recipient, counter: u32) -> Result<Message, RowFault> {
        let code = self.code(recipient, counter)?;
        self.compose(recipient, code)
    }

    /// One recipient's code at a counter.
    pub fn code(&self, recipient: &Recipient, counter: u32) -> Result<CouponCode, RowFault> {
        let drawer = match &self.key {
            Some(drawer) => drawer,
            None if self.needs_key() => return Err(no_key()),
            None => &Drawer::StandIn,
        };
        self.code_by(drawer, recipient, counter)
    }

    /// One recipient's content hash, with or without the key. Rows that give no message
    /// give no hash, and the same ones in both cases.
    pub fn content(&self, recipient: &Recipient) -> Result<ContentHash, RowFault> {
        let Some(code) = &self.stand_in else {
            let code = self.code_by(&Drawer::StandIn, recipient, 0)?;
            return Ok(self.compose(recipient, code)?.content);
        };
        let inputs = Inputs { recipient: Some(recipient), code: Some(code.as_str()) };
        let mut hasher = self.content.clone();
        for pattern in &self.parts[self.hashed..] {
            match &pattern.varies {
                Varies::Not(text) => pattern.hash(&mut hasher, text, false),
                Varies::WithTheCode(masked) => pattern.hash(&mut hasher, masked, true),
                Varies::WithTheRow => {
                    let text = self.render_plain(pattern, inputs)?;
                    check_text(pattern, inputs.recipient, &text)?;
                    self.hash_part(&mut hasher, pattern, inputs, &text)?;
                }
            }
        }
        self.hash_code(&mut hasher, recipient, code);
        Ok(hasher.finish())
    }

    /// One recipient's message as others may see it.
    pub fn masked(&self, recipient: &Recipient) -> Result<MaskedMessage, RowFault> {
        let code = self.code_by(&Drawer::StandIn, recipient, 0)?;
        let mut reveal = vec![
            (self.campaign.clone(), self.campaign.clone()),
            (digits(recipient.number), recipient.number.to_string().replace('+', "")),
        ];
        let masked_code = if self.needs_key() {
            let inputs = Inputs { recipient: Some(recipient), code: None };
            let draw = Draw::value(Drawer::Masked, recipient.number, 0);
            let row = self.row(&self.code, inputs)?.drawing(Some(draw));
            let row = row.revealing(Reveal::value(reveal.clone()));
            self.render_row(&self.masking, &self.code, inputs, row)?
        } else {
            mask_code(code.as_str())
        };
        reveal.insert(0, (code.as_str().to_owned(), masked_code.clone()));
        let reveal = Reveal::value(reveal);
        let inputs = Inputs { recipient: Some(recipient), code: Some(code.as_str()) };
        let mut message = MaskedMessage {
            params: Vec::new(),
            url_suffix: None,
            header_url: None,
            code: masked_code,
        };
        for pattern in &self.parts {
            let row = self.row(pattern, inputs)?.revealing(reveal.clone());
            let text = self.render_row(&self.masking, pattern, inputs, row)?;
            match pattern.slot {
                Slot::UrlSuffix => message.url_suffix = Some(text),
                Slot::HeaderUrl => message.header_url = Some(text),
                Slot::Param(_) | Slot::CouponCode => message.params.push(text),
            }
        }
        Ok(message)
    }

    /// The columns of the audience that messages use, sorted, each once.
    pub fn columns(&self) -> Vec<String> {
        let patterns = self.parts.iter().chain([&self.code]);
        let names = patterns.flat_map(|pattern| pattern.names.iter());
        let mut columns: Vec<_> = names
            .map(ToString::to_string)
            .filter(|name| !matches!(name.as_str(), "campaign" | "phone" | "coupon_code"))
            .collect();
        columns.sort_unstable();
        columns.dedup();
        columns
    }

    /// Whether two recipients can get different messages (the code included).
    pub fn depends_on_recipient(&self) -> bool {
        self.code_varies() || self.parts.iter().any(|part| !part.is_fixed())
    }

    /// Whether two recipients can get different codes.
    pub fn code_depends_on_recipient(&self) -> bool {
        self.code_varies()
    }

    /// Whether no two recipients may get the same code: as stated, else when the code
    /// depends on the recipient.
    pub fn unique(&self) -> bool {
        self.unique
    }

    /// Whether codes are drawn, which takes the key.
    pub fn needs_key(&self) -> bool {
        self.code.draws
    }

    /// Whether the codes can be rendered: nothing is drawn, or the key is at hand.
    pub fn can_draw(&self) -> bool {
        !self.needs_key() || self.key.is_some()
    }

    /// The fingerprint of the key that codes are drawn with, where they are.
    pub fn key_fingerprint(&self) -> Option<KeyFingerprint> {
        self.fingerprint.filter(|_| self.needs_key())
    }

    /// How many equally likely codes one recipient's code is drawn from: 32 to the power of
    /// the drawn characters (of the branch with the fewest). `None` when nothing is drawn.
    pub fn code_space(&self) -> Option<u128> {
        let drawn = u32::try_from(self.drawn).unwrap_or(u32::MAX);
        self.needs_key().then(|| (CODE_ALPHABET.len() as u128).saturating_pow(drawn))
    }

    fn code_varies(&self) -> bool {
        !self.code.is_fixed()
    }

    fn code_by(
        &self,
        drawer: &Drawer,
        recipient: &Recipient,
        counter: u32,
    ) -> Result<CouponCode, RowFault> {
        let text = if let Varies::Not(text) = &self.code.varies {
            text.clone()
        } else {
            let inputs = Inputs { recipient: Some(recipient), code: None };
            let draw = self.code.draws.then_some((drawer, recipient.number, counter));
            self.render_drawing(&self.code, inputs, draw)?
        };
        self.check_code(text, Some(recipient))
    }

    fn check_code(
        &self,
        text: String,
        recipient: Option<&Recipient>,
    ) -> Result<CouponCode, RowFault> {
        if text.is_empty() {
            let fault = TextFault { rule: "template/empty", what: "is empty", hint: None };
            return Err(text_fault(&self.code, recipient, fault));
        }
        CouponCode::new(text).map_err(|error| RowFault {
            pointer: Slot::CouponCode.pointer(),
            rule: RuleId("template/code"),
            message: error.to_string(),
            hint: None,
        })
    }

    /// The message around a code.
    fn compose(&self, recipient: &Recipient, code: CouponCode) -> Result<Message, RowFault> {
        let inputs = Inputs { recipient: Some(recipient), code: Some(code.as_str()) };
        let mut hasher = self.content.clone();
        let mut params = Vec::with_capacity(self.parts.len());
        let (mut url_suffix, mut header_url) = (None, None);
        for (at, pattern) in self.parts.iter().enumerate() {
            let text = match &pattern.varies {
                Varies::Not(text) => text.clone(),
                Varies::WithTheCode(_) | Varies::WithTheRow => {
                    let text = self.render_plain(pattern, inputs)?;
                    check_text(pattern, inputs.recipient, &text)?;
                    text
                }
            };
            if at >= self.hashed {
                self.hash_part(&mut hasher, pattern, inputs, &text)?;
            }
            match pattern.slot {
                Slot::UrlSuffix => url_suffix = Some(text),
                Slot::HeaderUrl => header_url = Some(text),
                Slot::Param(_) | Slot::CouponCode => params.push(text),
            }
        }
        self.hash_code(&mut hasher, recipient, &code);
        let content = hasher.finish();
        Ok(Message { coupon_code: code, params, url_suffix, header_url, content })
    }

    fn hash_part(
        &self,
        hasher: &mut ContentHasher,
        pattern: &Pattern,
        inputs: Inputs<'_>,
        text: &str,
    ) -> Result<(), RowFault> {
        let with_code = pattern.uses_code && self.needs_key();
        let rendered;
        let text = match &pattern.varies {
            Varies::WithTheCode(masked) => masked,
            Varies::WithTheRow if with_code => {
                let inputs = Inputs { code: Some(CODE_PLACEHOLDER), ..inputs };
                rendered = self.render_plain(pattern, inputs)?;
                &rendered
            }
            Varies::Not(_) | Varies::WithTheRow => text,
        };
        pattern.hash(hasher, text, with_code);
        Ok(())
    }

    fn hash_code(&self, hasher: &mut ContentHasher, recipient: &Recipient, code: &CouponCode) {
        match &self.drawn_with {
            Some(fields) => {
                hasher.fixed(fields);
                for name in &*self.code.names {
                    match name.as_ref() {
                        "phone" => hasher.code_variable(name, Some(&digits(recipient.number))),
                        "campaign" => hasher.code_variable(name, Some(&self.campaign)),
                        column => hasher.code_variable(name, recipient.fields.get(column)),
                    }
                }
            }
            None => hasher.code(code.as_str()),
        }
    }
}

impl fmt::Debug for Composer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Composer({})", self.campaign)
    }
}

fn no_key() -> RowFault {
    RowFault {
        pointer: Slot::CouponCode.pointer(),
        rule: RuleId("template/no-key"),
        message: "the coupon code cannot be drawn without the code key".to_owned(),
        hint: Some("set `OFFERCAST_CODE_KEY`".to_owned()),
    }
}

mod fixed;
mod render;
#[cfg(test)]
mod tests;
