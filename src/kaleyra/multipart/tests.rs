use http_body_util::{BodyDataStream, BodyExt, Full};
use proptest::prelude::*;

use super::super::field;
use super::super::form::tests::{
    HEADER_URL, number, page_content, page_form, page_message, picture,
};
use super::*;
use crate::model::{Callback, MediaFile, Message, SharedContent};

/// What curl 7.88.1 sends for the page's own command, measured.
const PAGE_REQUEST: &[u8] = include_bytes!("../../../tests/fixtures/kaleyra/page-request.bin");
const PAGE_BOUNDARY: &str = "------------------------906c3988fc82c37c";

/// One part, as a parser that is not ours reads it.
#[derive(Clone, PartialEq, Debug)]
struct Part {
    name: String,
    file_name: Option<String>,
    headers: Vec<(String, String)>,
    value: Vec<u8>,
}

fn parts<B>(body: B, boundary: &str) -> Vec<Part>
where
    B: Body<Data = Bytes, Error = Infallible> + Send + 'static,
{
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let mut multipart = multer::Multipart::new(BodyDataStream::new(body), boundary);
    runtime.block_on(async {
        let mut parts = Vec::new();
        while let Some(part) = multipart.next_field().await.expect("a well-formed body") {
            let header = |(name, value): (&http_name::Name, &http_name::Value)| {
                (name.to_string(), value.to_str().unwrap_or_default().to_owned())
            };
            parts.push(Part {
                name: part.name().unwrap_or_default().to_owned(),
                file_name: part.file_name().map(str::to_owned),
                headers: part.headers().iter().map(header).collect(),
                value: part.bytes().await.expect("a whole part").to_vec(),
            });
        }
        parts
    })
}

/// The header types multer hands out, under the name reqwest gives them.
mod http_name {
    pub(super) use reqwest::header::{HeaderName as Name, HeaderValue as Value};
}

fn page_parts() -> Vec<Part> {
    parts(Full::new(Bytes::from_static(PAGE_REQUEST)), PAGE_BOUNDARY)
}

fn parts_of(form: &Form<'_>) -> Vec<Part> {
    let encoded = Multipart::encode(form);
    let boundary = encoded.boundary().to_owned();
    parts(encoded.into_parts().1, &boundary)
}

/// JSON without its white space, so that only its meaning is compared.
fn minified(mut part: Part) -> Part {
    if part.name == field::LIMITED_TIME_OFFER {
        let json: serde_json::Value = serde_json::from_slice(&part.value).expect("JSON");
        part.value = json.to_string().into_bytes();
    }
    part
}

fn without(parts: Vec<Part>, name: &str) -> Vec<Part> {
    parts.into_iter().filter(|part| part.name != name).map(minified).collect()
}

fn bytes_of(form: &Form<'_>) -> Bytes {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let collected = runtime.block_on(Multipart::encode(form).into_parts().1.collect());
    collected.expect("infallible").to_bytes()
}

#[test]
fn the_page_s_request_with_a_link_is_what_curl_sends() {
    let ours = without(parts_of(&page_form()), "");
    assert_eq!(ours.len(), 10);
    assert_eq!(ours, without(page_parts(), field::MEDIA));
}

#[test]
fn the_page_s_request_with_a_file_is_what_curl_sends() {
    let theirs = page_parts();
    let file = theirs.iter().find(|part| part.name == field::MEDIA).expect("a file part");
    let media = MediaFile { bytes: Bytes::from(file.value.clone()), ..picture() };
    let (shared, message) =
        (SharedContent { media: Some(media), ..page_content() }, page_message());
    let to = [number(12_025_550_123)];
    let form = Form::new(&shared, &message, &to, Some(1_209_600_000)).expect("a form");
    assert_eq!(without(parts_of(&form), ""), without(theirs, field::MEDIA_URL));
}

#[test]
fn the_bytes_are_framed_as_the_standard_says() {
    let shared = SharedContent {
        expiration: None,
        callback: Callback::AccountDefault,
        media: Some(picture()),
        ..page_content()
    };
    let message = Message { url_suffix: None, ..page_message() };
    let form = Form::new(&shared, &message, &[number(12_025_550_123)], None).expect("a form");
    let boundary = Multipart::encode(&form).boundary().to_owned();
    let bytes = bytes_of(&form);
    let text = std::str::from_utf8(&bytes).expect("text").replace(&boundary, "B");
    assert_eq!(
        text,
        "--B\r\nContent-Disposition: form-data; name=\"to\"\r\n\r\n12025550123\r\n\
         --B\r\nContent-Disposition: form-data; name=\"type\"\r\n\r\nmediatemplate\r\n\
         --B\r\nContent-Disposition: form-data; name=\"template_name\"\r\n\r\n\
         lto_true_vid_dyan_test\r\n\
         --B\r\nContent-Disposition: form-data; name=\"channel\"\r\n\r\nwhatsapp\r\n\
         --B\r\nContent-Disposition: form-data; name=\"from\"\r\n\r\n12025550100\r\n\
         --B\r\nContent-Disposition: form-data; name=\"coupon_code\"\r\n\r\n\"happy76\"\r\n\
         --B\r\nContent-Disposition: form-data; name=\"media\"; filename=\"offer.png\"\r\n\
         Content-Type: image/png\r\n\r\nfake-image-bytes\n\r\n\
         --B--\r\n"
    );
}

#[test]
fn a_quote_in_a_file_name_cannot_end_it() {
    let media = MediaFile { base_name: "50% \"off\" ü.png".to_owned(), ..picture() };
    let (shared, message) =
        (SharedContent { media: Some(media), ..page_content() }, page_message());
    let form = Form::new(&shared, &message, &[number(12_025_550_123)], Some(60_000));
    let parts = parts_of(&form.expect("a form"));
    let file = parts.iter().find(|part| part.name == field::MEDIA).expect("a file part");
    assert_eq!(file.file_name.as_deref(), Some("50% %22off%22 ü.png"));
}

#[test]
fn the_file_is_shared_and_not_copied() {
    let media = picture();
    let shared = SharedContent { media: Some(media.clone()), ..page_content() };
    let message = page_message();
    let form = Form::new(&shared, &message, &[number(12_025_550_123)], Some(60_000));
    let encoded = Multipart::encode(&form.expect("a form"));
    assert!(encoded.chunks.iter().any(|chunk| chunk.as_ptr() == media.bytes.as_ptr()));
}

#[test]
fn the_boundary_follows_from_the_content_and_fits_its_header() {
    let one = Multipart::encode(&page_form());
    assert_eq!(one.boundary(), Multipart::encode(&page_form()).boundary());
    assert!(one.boundary().len() <= 70, "RFC 2046 allows 70 characters");
    let message = Message { header_url: Some(format!("{HEADER_URL}2")), ..page_message() };
    let shared = page_content();
    let other = Form::new(&shared, &message, &[number(12_025_550_123)], Some(60_000));
    assert_ne!(one.boundary(), Multipart::encode(&other.expect("a form")).boundary());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_arrives_as_it_was(suffix in "(?s).{0,80}", url in "[\r\n\"; -]{0,40}") {
        let message = Message {
            url_suffix: Some(format!("{suffix}\r\n--offercast-{suffix}--\r\n")),
            header_url: Some(url.clone()),
            ..page_message()
        };
        let (shared, to) = (page_content(), [number(12_025_550_123)]);
        let form = Form::new(&shared, &message, &to, Some(60_000)).expect("a form");
        let parts = parts_of(&form);
        let value = |name| parts.iter().find(|part| part.name == name).map(|p| &*p.value);
        prop_assert_eq!(value(field::PARAM_URL), message.url_suffix.as_deref().map(str::as_bytes));
        prop_assert_eq!(value(field::MEDIA_URL), Some(url.as_bytes()));
        prop_assert_eq!(Multipart::encode(&form).size(), bytes_of(&form).len() as u64);
    }
}
