//! A number as people write it -> a number that exists.

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumber as Parsed, Region};

use crate::model::PhoneNumber;

use plain::plain_international;

mod plain;
#[cfg(test)]
mod tests;

/// More digits than any number has: 15 (ITU-T E.164), a trunk zero, the prefix 00.
const MAX_DIGITS: usize = 20;

/// Reads the numbers of one source.
#[derive(Clone, Copy, Debug)]
pub struct NumberReader {
    country: Option<Region>,
}

/// A number that exists in its country's numbering plan.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reading {
    /// The number.
    pub number: PhoneNumber,
    /// Whether its area code belongs to the United States, where `WhatsApp` has delivered
    /// no marketing templates since 2025-04-01 (Meta, per-user marketing limits).
    pub in_us: bool,
}

/// Why a text is no usable number. The texts never repeat what was read.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
pub enum NumberFault {
    /// Nothing there.
    #[error("the number is empty")]
    Empty,
    /// Neither `+`, nor `00`, nor a declared country: it could be anybody's.
    #[error("the number has no country code")]
    NoCountryCode {
        /// Exactly ten digits, as many national numbers have.
        ten_digits: bool,
    },
    /// Something else than one telephone number.
    #[error("this is not a telephone number")]
    NotANumber,
    /// No numbering plan has it.
    #[error("the number does not exist in the numbering plan{}", of_region(*.region))]
    NotValid {
        /// Two-letter code of the country it would belong to, when that is known.
        region: Option<[u8; 2]>,
    },
    /// `9.19877E+11`: the last digits are lost.
    #[error("a spreadsheet wrote this number in scientific notation")]
    Scientific,
    /// `919876543210.0`: read as digits it would be somebody else's number.
    #[error("a spreadsheet wrote this number as a decimal")]
    Decimal,
    /// `WhatsApp` numbers have no extensions.
    #[error("the number has an extension")]
    Extension,
}

impl NumberFault {
    /// What to do about it.
    pub fn hint(self) -> Option<&'static str> {
        match self {
            Self::NoCountryCode { ten_digits: true } => Some(
                "ten digits alone are no complete number: write `+` and the country code \
                 before them, or state `country:` on this source",
            ),
            Self::NoCountryCode { ten_digits: false } => Some(
                "write `+` (or `00`) and the country code before it, or state `country:` on \
                 this source",
            ),
            Self::Scientific | Self::Decimal => {
                Some("format the column as text in the spreadsheet and export it again")
            }
            Self::Empty | Self::NotANumber | Self::NotValid { .. } | Self::Extension => None,
        }
    }
}

/// A text that is no ISO 3166 country code with a numbering plan.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("no country with a numbering plan has this two-letter code")]
pub struct UnknownCountry;

impl NumberReader {
    /// Reads numbers that say their country themselves.
    pub fn international() -> Self {
        Self { country: None }
    }

    /// Reads numbers without a country code as those of `country` (ISO 3166, two letters).
    pub fn new(country: Option<&str>) -> Result<Self, UnknownCountry> {
        let Some(code) = country else { return Ok(Self::international()) };
        let region = Region::from_code(&code.to_ascii_uppercase()).map_err(|_| UnknownCountry)?;
        let planned = PHONE_NUMBER_UTIL.get_country_code_for_region(region).is_some();
        if planned { Ok(Self { country: Some(region) }) } else { Err(UnknownCountry) }
    }

    /// Reads one number. Spaces, dashes, dots and parentheses are skipped; `00` at the start
    /// is `+`. A country is never guessed.
    pub fn read(&self, text: &str) -> Result<Reading, NumberFault> {
        self.understand(&Written::of(text)?)
    }

    /// The same of a text that may have been read before: `known` is what
    /// [`NumberReader::as_it_stands`] says, where this process knows that a plan has it. Such a
    /// number is not looked up in one again.
    pub(super) fn read_again(
        self,
        text: &str,
        known: Option<PhoneNumber>,
    ) -> Result<Reading, NumberFault> {
        known.map_or_else(|| self.read(text), |number| Ok(Reading { number, in_us: false }))
    }

    /// The number that a text is by its digits alone, whether it exists or not; `None` where
    /// that cannot be said without a look into a plan.
    pub(super) fn as_it_stands(text: &str) -> Option<PhoneNumber> {
        Written::of(text).ok()?.as_it_stands()
    }

    fn understand(self, written: &Written) -> Result<Reading, NumberFault> {
        let digits = written.digits();
        let parsed = match (written.plus, digits.strip_prefix("00"), self.country) {
            (true, _, _) => return read_international(digits),
            (false, Some(rest), _) => return read_international(rest),
            (false, None, Some(_)) => PHONE_NUMBER_UTIL.parse(digits, self.country).ok(),
            (false, None, None) => {
                return Err(NumberFault::NoCountryCode { ten_digits: digits.len() == 10 });
            }
        };
        let Some(parsed) = parsed else {
            return Err(NumberFault::NotValid { region: self.country.and_then(code_of) });
        };
        check(&parsed)
    }
}

/// Reads a number from the command line: it needs `+` or `00`.
pub fn parse_cli_number(text: &str) -> Result<PhoneNumber, NumberFault> {
    NumberReader::international().read(text).map(|reading| reading.number)
}

/// Whether a text could be meant as a number, usable or not: digits and what stands between
/// them. Tells a file without a header from one with.
pub(super) fn looks_like_number(text: &str) -> bool {
    match Written::of(text) {
        Ok(written) => written.length >= 5,
        Err(NumberFault::Scientific | NumberFault::Decimal | NumberFault::Extension) => true,
        Err(_) => false,
    }
}

/// What is left of a written number: its digits and whether `+` stood before them.
struct Written {
    plus: bool,
    digits: [u8; MAX_DIGITS],
    length: usize,
}

impl Written {
    fn of(text: &str) -> Result<Self, NumberFault> {
        let text = text.trim_matches(|c: char| c.is_whitespace() || is_invisible(c));
        if text.is_empty() {
            return Err(NumberFault::Empty);
        }
        let mut written = Self { plus: false, digits: [0; MAX_DIGITS], length: 0 };
        for (at, c) in text.char_indices() {
            if let Some(digit) = digit_value(c) {
                let slot = written.digits.get_mut(written.length);
                *slot.ok_or(NumberFault::NotANumber)? = b'0' + digit;
                written.length += 1;
            } else if matches!(c, '+' | '\u{ff0b}') && written.length == 0 && !written.plus {
                written.plus = true;
            } else if !is_separator(c) {
                return Err(written.reason(&text[at..], text));
            }
        }
        if is_decimal(text) {
            return Err(NumberFault::Decimal);
        }
        if written.length < 2 { Err(NumberFault::NotANumber) } else { Ok(written) }
    }

    /// Why a text is no number whose first character that no number has begins `rest`.
    fn reason(&self, rest: &str, text: &str) -> NumberFault {
        if is_scientific(text) {
            return NumberFault::Scientific;
        }
        let rest = rest.trim_start_matches([';', ',', ' ']);
        let extension = ["ext", "x", "#", "EXT", "Ext", "X"].iter().any(|sign| {
            rest.strip_prefix(sign).is_some_and(|tail| tail.contains(|c: char| c.is_ascii_digit()))
        });
        if extension && self.length >= 5 { NumberFault::Extension } else { NumberFault::NotANumber }
    }

    fn digits(&self) -> &str {
        std::str::from_utf8(&self.digits[..self.length]).unwrap_or_default()
    }

    /// The number these digits are, if they are one: with a country code, in a plan that never
    /// takes them for another. None under the country code 1, where it takes a look into the
    /// plan to tell the United States from others.
    fn as_it_stands(&self) -> Option<PhoneNumber> {
        let digits = self.digits();
        let digits = if self.plus { digits } else { digits.strip_prefix("00")? };
        let plain = plain_international(digits)?;
        if plain.country_code == 1 { None } else { e164(&plain) }
    }
}

fn read_international(digits: &str) -> Result<Reading, NumberFault> {
    let read = |digits: &str| {
        let parsed = international(digits).ok_or(NumberFault::NotValid { region: None })?;
        check(&parsed)
    };
    read(digits).or_else(|fault| {
        let today = plan_spelling(digits).ok_or(fault)?;
        let reading = read(&today).map_err(|_| fault)?;
        let number = digits.parse().ok().and_then(PhoneNumber::from_digits).ok_or(fault)?;
        Ok(Reading { number, ..reading })
    })
}

/// The numbering plan's spelling of a number as `WhatsApp` itself still writes it in its
/// callbacks, and so as opt-out lists have it: Mexican mobiles with a 1 after 52, Brazilian
/// ones without the ninth digit. Such a number is good when this spelling is, and stays as
/// it was written; `PhoneNumber::person` makes both one person.
fn plan_spelling(digits: &str) -> Option<String> {
    match (digits.len(), digits.get(..2)?) {
        (13, "52") => digits.strip_prefix("521").map(|rest| format!("52{rest}")),
        (12, "55") if digits.as_bytes()[4] >= b'6' => {
            Some(format!("{}9{}", &digits[..4], &digits[4..]))
        }
        _ => None,
    }
}

/// Reads digits that begin with a country code.
fn international(digits: &str) -> Option<Parsed> {
    plain_international(digits).or_else(|| library_international(digits))
}

fn library_international(digits: &str) -> Option<Parsed> {
    let mut text = String::with_capacity(digits.len() + 1);
    text.push('+');
    text.push_str(digits);
    PHONE_NUMBER_UTIL.parse(text, None).ok()
}

fn check(parsed: &Parsed) -> Result<Reading, NumberFault> {
    let code = parsed.country_code;
    let invalid = |region: Option<Region>| NumberFault::NotValid {
        region: region
            .or_else(|| PHONE_NUMBER_UTIL.get_region_for_country_code(code))
            .and_then(code_of),
    };
    let region = PHONE_NUMBER_UTIL.get_region_for_number(parsed).ok_or_else(|| invalid(None))?;
    if !PHONE_NUMBER_UTIL.is_valid_number_for_region(parsed, region) {
        return Err(invalid(Some(region)));
    }
    let number = e164(parsed).ok_or_else(|| invalid(Some(region)))?;
    Ok(Reading { number, in_us: region == Region::US })
}

fn e164(parsed: &Parsed) -> Option<PhoneNumber> {
    let zeros = if parsed.italian_leading_zero() {
        u32::try_from(parsed.number_of_leading_zeros().max(1)).ok()?
    } else {
        0
    };
    let length = parsed.national_number.checked_ilog10().unwrap_or(0) + 1 + zeros;
    let code = u64::try_from(parsed.country_code).ok()?;
    let shifted = code.checked_mul(10_u64.checked_pow(length)?)?;
    PhoneNumber::from_digits(shifted.checked_add(parsed.national_number)?)
}

fn code_of(region: Region) -> Option<[u8; 2]> {
    region.as_region_str().as_str().as_bytes().try_into().ok()
}

fn of_region(region: Option<[u8; 2]>) -> String {
    let code = region.and_then(|code| String::from_utf8(code.to_vec()).ok());
    code.map_or_else(String::new, |code| format!(" of {code}"))
}

/// Decimal digits of the scripts that spreadsheets of our markets produce.
fn digit_value(c: char) -> Option<u8> {
    const ZEROS: [u32; 5] = [0x30, 0xff10, 0x0660, 0x06f0, 0x0966];
    ZEROS.iter().find_map(|&zero| {
        let value = u32::from(c).checked_sub(zero)?;
        if value < 10 { u8::try_from(value).ok() } else { None }
    })
}

fn is_separator(c: char) -> bool {
    matches!(c, '-' | '.' | '(' | ')' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{30fc}')
        || matches!(c, '\u{ff0d}' | '\u{ff0e}' | '\u{ff08}' | '\u{ff09}')
        || c.is_whitespace()
        || is_invisible(c)
}

/// Direction marks and zero-width characters: contacts copied from a phone carry them.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{2066}'..='\u{2069}')
        || matches!(c, '\u{feff}' | '\u{ad}')
}

/// `9.19877E+11`, `9,19877e11`.
fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else { return false };
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, "0"));
    digits(whole.trim_start_matches(['+', '-']))
        && digits(fraction)
        && digits(exponent.strip_prefix('+').unwrap_or(exponent))
}

/// `919876543210.0`: one dot, only zeros behind it.
fn is_decimal(text: &str) -> bool {
    let Some((whole, fraction)) = text.split_once('.') else { return false };
    (1..=2).contains(&fraction.len())
        && fraction.bytes().all(|b| b == b'0')
        && whole.len() >= 7
        && whole.trim_start_matches('+').bytes().all(|b| b.is_ascii_digit())
}
