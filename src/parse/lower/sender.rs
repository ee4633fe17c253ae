//! Who sends, and where delivery is reported to.

use serde_yaml::Value;

use super::context::{Context, Section};
use crate::model::{ApiDomain, Callback, PhoneNumber, Region, Sender};
use crate::parse::file::{CallbackSection, RegionWord, SenderSection};

pub(super) fn sender(context: &mut Context<'_>, section: SenderSection) -> Option<Sender> {
    let from = business_number(&section.from);
    if from.is_none() {
        context.refuse(
            "campaign/sender-number",
            "/sender/from",
            "`sender.from` is a telephone number in E.164 form",
            "a plus, the country code and the number, in quotes",
        );
    }
    let api_domain = match (section.region, section.api_domain) {
        (Some(region), _) => Some(
            match region {
                RegionWord::In => Region::In,
                RegionWord::Sg => Region::Sg,
                RegionWord::Eu => Region::Eu,
                RegionWord::Na => Region::Na,
            }
            .api_domain(),
        ),
        (None, Some(host)) => {
            let domain = ApiDomain::new(&host);
            if domain.is_none() {
                context.refuse(
                    "campaign/api-domain",
                    "/sender/api_domain",
                    "`sender.api_domain` is a host below kaleyra.io or kaleyra.ai: the API key is \
                     sent there",
                    "only the host name, such as `api.ap.kaleyra.io`; or use `region`",
                );
            }
            domain
        }
        (None, None) => None,
    };
    Some(Sender { from: from?, api_domain: api_domain? })
}

/// Takes 8 to 15 digits after a plus, or 11 to 15 without: fewer may lack the country code.
fn business_number(text: &str) -> Option<PhoneNumber> {
    let (signed, rest) = match text.strip_prefix('+') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let digits: String = rest.chars().filter(|c| !matches!(c, ' ' | '(' | ')' | '-')).collect();
    let fewest = if signed { 8 } else { 11 };
    let usable = (fewest..=15).contains(&digits.len()) && !digits.starts_with('0');
    usable.then(|| digits.parse().ok().and_then(PhoneNumber::from_digits)).flatten()
}

pub(super) fn callback(context: &mut Context<'_>, value: Option<Value>) -> Option<Callback> {
    match context.read("/callback", value) {
        Section::Absent => Some(Callback::AccountDefault),
        Section::Faulty | Section::Given(CallbackSection { profile_id: None, url: None }) => None,
        Section::Given(CallbackSection { profile_id: Some(profile), .. }) => {
            Some(Callback::Profile(profile))
        }
        Section::Given(CallbackSection { url: Some(url), .. }) => Some(Callback::Url(url)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_business_number_has_its_country_code() {
        let number = |text| business_number(text).map(PhoneNumber::digits);
        assert_eq!(number("+919876543210").as_deref(), Some("919876543210"));
        assert_eq!(number("+91 98765-43210").as_deref(), Some("919876543210"));
        assert_eq!(number("919876543210").as_deref(), Some("919876543210"));
        assert_eq!(number("+4512345678").as_deref(), Some("4512345678"));
        for bad in ["9876543210", "09876543210", "00919876543210", "+1234567", "+1234567890123456"]
        {
            assert_eq!(number(bad), None, "{bad}");
        }
    }
}
