//! Which texts of a campaign are patterns, and their names for people.

use crate::model::{Campaign, Header};

/// The place of one pattern in a campaign.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Slot {
    /// `template.params[n]`, from 0.
    Param(usize),
    /// `template.url_suffix`.
    UrlSuffix,
    /// `template.header.url`.
    HeaderUrl,
    /// `offer.coupon_code`.
    CouponCode,
}

impl Slot {
    /// The pattern's JSON pointer in the campaign file.
    pub(super) fn pointer(self) -> String {
        match self {
            Self::Param(index) => format!("/template/params/{index}"),
            Self::UrlSuffix => "/template/url_suffix".to_owned(),
            Self::HeaderUrl => "/template/header/url".to_owned(),
            Self::CouponCode => "/offer/coupon_code".to_owned(),
        }
    }

    /// The pattern's name in a sentence; parameters are counted from 1, as in the template.
    pub(super) fn name(self) -> String {
        match self {
            Self::Param(index) => format!("parameter {}", index + 1),
            Self::UrlSuffix => "the URL suffix".to_owned(),
            Self::HeaderUrl => "the header link".to_owned(),
            Self::CouponCode => "the coupon code".to_owned(),
        }
    }
}

/// All patterns of a campaign, in the order in which their faults are reported.
pub(super) fn patterns(campaign: &Campaign) -> Vec<(Slot, &str)> {
    let template = &campaign.template;
    let params = template.params.iter().enumerate();
    let mut all: Vec<_> = params.map(|(at, text)| (Slot::Param(at), text.as_str())).collect();
    if let Some(suffix) = &template.url_suffix {
        all.push((Slot::UrlSuffix, suffix));
    }
    if let Some(Header::Link(link)) = &template.header {
        all.push((Slot::HeaderUrl, link));
    }
    all.push((Slot::CouponCode, &campaign.offer.coupon_code));
    all
}
