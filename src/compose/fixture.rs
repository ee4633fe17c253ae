//! A campaign and people for the tests of this module.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::model::{
    Anchor, Callback, Campaign, CampaignName, CampaignStatus, CodeKey, Delivery, ExpirationForm,
    Fields, Limits, NumberFormat, Offer, OfferWindow, OnDuplicate, Origin, PhoneNumber, Rate,
    Recipient, RecipientSource, Region, Sender, Template, TemplateName, UtcOffset,
};

/// A campaign with one shared code and no variables.
pub(super) fn campaign() -> Campaign {
    Campaign {
        name: CampaignName::new("diwali-2026").expect("a name"),
        description: None,
        status: CampaignStatus::Active,
        sender: Sender {
            from: PhoneNumber::from_digits(919_876_543_210).expect("a number"),
            api_domain: Region::In.api_domain(),
        },
        template: Template {
            name: TemplateName::new("lto_diwali").expect("a name"),
            language: None,
            header: None,
            params: Vec::new(),
            url_suffix: None,
            has_expiration: true,
            text: None,
        },
        offer: Offer {
            coupon_code: "happy76".to_owned(),
            unique: None,
            code_key: None,
            window: OfferWindow::For {
                window: Duration::from_hours(14 * 24),
                anchor: Anchor::FirstApply,
            },
            expiration: ExpirationForm::UnixMs,
            offset: UtcOffset::UTC,
        },
        recipients: vec![RecipientSource::List(Vec::new())],
        on_duplicate: OnDuplicate::First,
        exclude: Vec::new(),
        callback: Callback::AccountDefault,
        delivery: Delivery {
            rate: Rate::parse("20/s").expect("a rate"),
            max_in_flight: 32,
            daily: None,
            recipients_per_request: 1,
            max_attempts: 3,
            min_remaining: Duration::from_mins(15),
            number_format: NumberFormat::Digits,
        },
        limits: Limits::default(),
        allow: Vec::new(),
        path: PathBuf::from("campaigns/diwali.yaml"),
    }
}

/// A campaign with one parameter and a code pattern.
pub(super) fn campaign_with(param: &str, code: &str) -> Campaign {
    let mut campaign = campaign();
    campaign.template.params = vec![param.to_owned()];
    code.clone_into(&mut campaign.offer.coupon_code);
    campaign
}

/// A person with these cells.
pub(super) fn person(digits: u64, cells: &[(&str, &str)]) -> Recipient {
    let names: Arc<[String]> = cells.iter().map(|(name, _)| (*name).to_owned()).collect();
    let values: Vec<_> = cells.iter().map(|(_, value)| (*value).to_owned()).collect();
    Recipient {
        number: PhoneNumber::from_digits(digits).expect("a number"),
        id: None,
        fields: Fields::new(names, &values),
        origin: Origin { source: 0, line: 2 },
    }
}

/// Asha of Pune.
pub(super) fn asha() -> Recipient {
    person(919_812_345_678, &[("first_name", "Asha"), ("city", "Pune"), ("vip", "yes")])
}

/// A code key.
pub(super) fn key() -> CodeKey {
    CodeKey::new(vec![7; 32]).expect("32 bytes")
}
