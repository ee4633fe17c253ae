use std::sync::LazyLock;
use std::time::Duration;

use bytes::Bytes;

use super::*;
use crate::model::{Anchor, ContentHash, CouponCode, Language, TemplateName, UtcOffset};

pub(in crate::kaleyra) const HEADER_URL: &str =
    "https://d38vr2u95vsr9f.cloudfront.net/docs/1684759885mp4_file.mp4";

pub(in crate::kaleyra) fn number(digits: u64) -> PhoneNumber {
    PhoneNumber::from_digits(digits).expect("a number of 7 to 15 digits")
}

/// What is shared in the page's own request, without its header.
pub(in crate::kaleyra) fn page_content() -> SharedContent {
    SharedContent {
        from: number(12_025_550_100),
        template: TemplateName::new("lto_true_vid_dyan_test").expect("a template name"),
        language: None,
        media: None,
        callback: Callback::Profile("IN_00000000-046b-4565-892c-000000000000".to_owned()),
        expiration: Some(ExpirationForm::DurationMs),
        number_format: NumberFormat::Digits,
    }
}

/// What varies in the page's own request, without its header.
pub(in crate::kaleyra) fn page_message() -> Message {
    Message {
        coupon_code: CouponCode::new("happy76").expect("a code"),
        params: Vec::new(),
        url_suffix: Some("login".to_owned()),
        header_url: None,
        content: ContentHash::from_bytes([0; 16]),
    }
}

pub(in crate::kaleyra) fn picture() -> MediaFile {
    MediaFile {
        base_name: "offer.png".to_owned(),
        content_type: "image/png",
        bytes: Bytes::from_static(b"fake-image-bytes\n"),
        sha256: [7; 32],
    }
}

/// The page's request with its link as the header.
pub(in crate::kaleyra) fn page_form() -> Form<'static> {
    static PAGE: LazyLock<(SharedContent, Message)> = LazyLock::new(|| {
        let header_url = Some(HEADER_URL.to_owned());
        (page_content(), Message { header_url, ..page_message() })
    });
    let form = Form::new(&PAGE.0, &PAGE.1, &[number(12_025_550_123)], Some(1_209_600_000));
    form.expect("a form")
}

fn names<'f>(form: &'f Form<'_>) -> Vec<&'f str> {
    form.fields().iter().map(|field| field.name).collect()
}

#[test]
fn fields_stand_in_the_order_of_the_page() {
    let shared = SharedContent {
        language: Language::new("en_US"),
        media: Some(picture()),
        callback: Callback::Url("https://example.com/hook".to_owned()),
        ..page_content()
    };
    let message = Message {
        params: vec!["Asha".to_owned(), "25%, today".to_owned()],
        header_url: Some(HEADER_URL.to_owned()),
        ..page_message()
    };
    let form = Form::new(&shared, &message, &[number(12_025_550_123)], Some(60_000)).expect("ok");
    assert_eq!(
        names(&form),
        [
            "to",
            "type",
            "template_name",
            "channel",
            "from",
            "coupon_code",
            "limited_time_offer",
            "media",
            "callback_url",
            "param_url",
            "media_url",
            "params",
            "lang_code"
        ]
    );
    assert_eq!(form.text(field::PARAMS), Some(r#""Asha","25%, today""#));
    assert_eq!(form.text(field::LANG_CODE), Some("en_US"));
}

#[test]
fn the_code_travels_with_its_quotes() {
    assert_eq!(page_form().text(field::COUPON_CODE), Some("\"happy76\""));
}

#[test]
fn several_recipients_are_separated_by_commas_in_the_format_asked_for() {
    let people = [number(919_876_543_210), number(12_025_550_123)];
    for (number_format, to, from) in [
        (NumberFormat::Digits, "919876543210,12025550123", "12025550100"),
        (NumberFormat::E164, "+919876543210,+12025550123", "+12025550100"),
    ] {
        let (shared, message) = (SharedContent { number_format, ..page_content() }, page_message());
        let form = Form::new(&shared, &message, &people, Some(60_000)).expect("a form");
        assert_eq!((form.text(field::TO), form.text(field::FROM)), (Some(to), Some(from)));
    }
}

#[test]
fn an_instant_is_never_a_duration_nor_in_seconds() {
    let shared = SharedContent { expiration: Some(ExpirationForm::UnixMs), ..page_content() };
    let message = page_message();
    let form = |ms| Form::new(&shared, &message, &[number(12_025_550_123)], ms);
    for small in [1_209_600_000, 1_796_095_800, 999_999_999_999, 0, -1, i64::MIN] {
        assert_eq!(form(Some(small)), Err(FormError::NotAnInstant(small)));
    }
    assert_eq!(form(None), Err(FormError::NoExpiration));
    assert_eq!(
        form(Some(1_796_095_800_000)).expect("a form").text(field::LIMITED_TIME_OFFER),
        Some(
            r#"[{"type":"limited_time_offer","limited_time_offer":{"expiration_time_ms":1796095800000}}]"#
        )
    );
}

#[test]
fn a_duration_is_above_zero() {
    let (shared, message) = (page_content(), page_message());
    let form = |ms| Form::new(&shared, &message, &[number(12_025_550_123)], ms);
    assert_eq!(form(Some(0)), Err(FormError::NotADuration(0)));
    assert!(form(Some(1_209_600_000)).is_ok());
}

#[test]
fn a_template_without_expiration_leaves_the_offer_out() {
    let (shared, message) = (SharedContent { expiration: None, ..page_content() }, page_message());
    let form = Form::new(&shared, &message, &[number(12_025_550_123)], Some(5));
    assert_eq!(form.expect("a form").text(field::LIMITED_TIME_OFFER), None);
}

#[test]
fn nobody_and_unsafe_file_names_are_refused() {
    let (shared, message) = (page_content(), page_message());
    let nobody = Form::new(&shared, &message, &[], Some(60_000));
    assert_eq!(nobody, Err(FormError::NoRecipients));
    for base_name in ["a\r\nX: y.png", "a\0.png", "a\\", ""] {
        let media = Some(MediaFile { base_name: base_name.to_owned(), ..picture() });
        let shared = SharedContent { media, ..page_content() };
        let form = Form::new(&shared, &message, &[number(12_025_550_123)], Some(60_000));
        assert_eq!(form, Err(FormError::FileName), "{base_name:?}");
    }
}

#[test]
fn debug_output_shows_no_number_and_no_code() {
    let shown = format!("{:?}", page_form());
    assert!(!shown.contains("2025550") && !shown.contains("happy76"), "{shown}");
}

#[test]
fn the_expiration_is_an_end_or_the_length_of_the_window() {
    let window = Duration::from_hours(14 * 24);
    let offer = |expiration, window| Offer {
        coupon_code: String::new(),
        unique: None,
        code_key: None,
        window,
        expiration,
        offset: UtcOffset::UTC,
    };
    let lasting = OfferWindow::For { window, anchor: Anchor::FirstApply };
    let until =
        OfferWindow::Until { ends_at: Timestamp::from_millis(1_796_095_800_000), starts_at: None };
    let send = Timestamp::from_millis(1_796_095_000_000);
    let end = OfferEnd::At(Timestamp::from_millis(1_796_095_800_000));
    let ms = |offer: &Offer, end| expiration_time_ms(offer, end, send);
    assert_eq!(ms(&offer(ExpirationForm::UnixMs, lasting), end), 1_796_095_800_000);
    assert_eq!(
        ms(&offer(ExpirationForm::UnixMs, lasting), OfferEnd::AfterSend(window)),
        1_797_304_600_000
    );
    assert_eq!(ms(&offer(ExpirationForm::DurationMs, lasting), end), 1_209_600_000);
    assert_eq!(ms(&offer(ExpirationForm::DurationMs, until), end), 800_000);
}
