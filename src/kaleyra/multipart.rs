//! A form as `multipart/form-data` bytes (RFC 7578).
//!
//! Our own encoder, because field order, part headers, file name and boundary are part of
//! the contract, and because the header file is shared between requests, never copied.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use data_encoding::HEXLOWER;
use http_body::{Body, Frame, SizeHint};
use sha2::{Digest, Sha256};

use super::form::{FieldValue, Form};

/// An encoded form.
#[derive(Clone)]
pub struct Multipart {
    content_type: String,
    /// Text between files; without a file there is one chunk.
    chunks: Vec<Bytes>,
}

/// What comes before the boundary in a `Content-Type`.
const CONTENT_TYPE: &str = "multipart/form-data; boundary=";

impl Multipart {
    /// Encodes a form. The same form always gives the same bytes.
    pub fn encode(form: &Form<'_>) -> Self {
        let content_type = content_type(form);
        let boundary = boundary_in(&content_type);
        let mut chunks = Vec::with_capacity(3);
        let mut text = Vec::with_capacity(1536);
        for field in form.fields() {
            open_part(&mut text, boundary, field.name);
            match &field.value {
                FieldValue::Text(value) => {
                    text.extend_from_slice(b"\"\r\n\r\n");
                    text.extend_from_slice(value.as_bytes());
                }
                FieldValue::File(media) => {
                    text.extend_from_slice(b"\"; filename=\"");
                    text.extend_from_slice(media.base_name.replace('"', "%22").as_bytes());
                    text.extend_from_slice(b"\"\r\nContent-Type: ");
                    text.extend_from_slice(media.content_type.as_bytes());
                    text.extend_from_slice(b"\r\n\r\n");
                    chunks.push(Bytes::from(std::mem::take(&mut text)));
                    chunks.push(media.bytes.clone());
                }
            }
            text.extend_from_slice(b"\r\n");
        }
        text.extend_from_slice(b"--");
        text.extend_from_slice(boundary.as_bytes());
        text.extend_from_slice(b"--\r\n");
        chunks.push(Bytes::from(text));
        Self { content_type, chunks }
    }

    /// The separator of the parts, without its leading dashes.
    pub fn boundary(&self) -> &str {
        boundary_in(&self.content_type)
    }

    /// The size of the whole body in bytes.
    pub fn size(&self) -> u64 {
        self.chunks.iter().map(|chunk| chunk.len() as u64).sum()
    }

    /// The value of the request's `Content-Type` header, and the body to be sent.
    pub fn into_parts(self) -> (String, MultipartBody) {
        let left = self.size();
        let body = MultipartBody { left, chunks: self.chunks.into_iter(), on_start: None };
        (self.content_type, body)
    }
}

fn boundary_in(content_type: &str) -> &str {
    &content_type[CONTENT_TYPE.len()..]
}

fn open_part(text: &mut Vec<u8>, boundary: &str, name: &str) {
    text.extend_from_slice(b"--");
    text.extend_from_slice(boundary.as_bytes());
    text.extend_from_slice(b"\r\nContent-Disposition: form-data; name=\"");
    text.extend_from_slice(name.as_bytes());
}

/// The boundary is 128 bits of a digest over everything in the form. A value that contained its
/// own form's boundary would be a fixed point of SHA-256, so the boundary occurs in no value, no
/// matter who wrote the audience file.
fn content_type(form: &Form<'_>) -> String {
    const SIGN: &str = "offercast-";
    const DIGEST_BYTES: usize = 16;
    const USUAL_TEXT: usize = 1_024;
    // Taken in at once: a digest of many short texts is mostly the calls.
    let mut told = Vec::with_capacity(USUAL_TEXT);
    told.extend_from_slice(b"offercast boundary v1");
    let mut add = |bytes: &[u8]| {
        told.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
        told.extend_from_slice(bytes);
    };
    for field in form.fields() {
        add(field.name.as_bytes());
        match &field.value {
            FieldValue::Text(text) => add(text.as_bytes()),
            FieldValue::File(media) => {
                add(media.base_name.as_bytes());
                add(&media.sha256);
            }
        }
    }
    let mut text = String::with_capacity(CONTENT_TYPE.len() + SIGN.len() + 2 * DIGEST_BYTES);
    text.push_str(CONTENT_TYPE);
    text.push_str(SIGN);
    HEXLOWER.encode_append(&Sha256::digest(&told)[..DIGEST_BYTES], &mut text);
    text
}

/// The bytes on their way: a few chunks of known total size.
pub struct MultipartBody {
    chunks: std::vec::IntoIter<Bytes>,
    left: u64,
    /// Called when the connection asks for the first chunk.
    on_start: Option<OnStart>,
}

/// Called once, when a request's first byte is about to be written.
pub type OnStart = Box<dyn FnOnce() + Send + Sync>;

impl MultipartBody {
    /// The same body, telling when its writing begins: the moment a rate is measured at. It
    /// is not told when no connection could be made.
    #[must_use]
    pub fn telling(mut self, on_start: OnStart) -> Self {
        self.on_start = Some(on_start);
        self
    }
}

impl Body for MultipartBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(on_start) = self.on_start.take() {
            on_start();
        }
        let next = self.chunks.next();
        if let Some(chunk) = &next {
            self.left -= chunk.len() as u64;
        }
        Poll::Ready(next.map(|chunk| Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.chunks.as_slice().is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

#[cfg(test)]
mod tests;
