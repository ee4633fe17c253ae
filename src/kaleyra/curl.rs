//! A form to be looked at, and as the curl command that would send it.

use std::fmt::{self, Write as _};

use super::endpoint::Endpoint;
use super::field;
use super::form::{FieldValue, Form};

/// The fields of a form for people to read, some of them perhaps masked: it cannot be sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ShownForm {
    fields: Vec<ShownField>,
}

/// One field as it is shown.
#[derive(Clone, PartialEq, Eq)]
pub struct ShownField {
    /// One of the names in [`field`].
    pub name: &'static str,
    /// What is shown of it.
    pub value: ShownValue,
}

/// What is shown of a field.
#[derive(Clone, PartialEq, Eq)]
pub enum ShownValue {
    /// Text, as it is sent or masked.
    Text(String),
    /// A file part.
    File {
        /// Its base name.
        base_name: String,
        /// Its content type.
        content_type: &'static str,
        /// Its length in bytes.
        bytes: u64,
    },
}

impl Form<'_> {
    /// The form's fields for people to read; `mask` gives another text for a field's, where
    /// the real one is not to be seen.
    pub fn shown(&self, mask: impl Fn(&'static str) -> Option<String>) -> ShownForm {
        let fields = self.fields().iter().map(|field| {
            let value = match &field.value {
                FieldValue::Text(text) => {
                    ShownValue::Text(mask(field.name).unwrap_or_else(|| text.to_string()))
                }
                FieldValue::File(media) => ShownValue::File {
                    base_name: media.base_name.clone(),
                    content_type: media.content_type,
                    bytes: media.bytes.len() as u64,
                },
            };
            ShownField { name: field.name, value }
        });
        ShownForm { fields: fields.collect() }
    }
}

impl ShownForm {
    /// The fields in the order they are sent.
    pub fn fields(&self) -> &[ShownField] {
        &self.fields
    }

    /// The equivalent curl command for a POSIX shell. The API key and the SID stand in it
    /// as `$KALEYRA_API_KEY` and `$KALEYRA_SID`.
    ///
    /// Text goes through `--form-string`, which sends it as it is: in a plain `--form`
    /// value, curl would give `@`, `<`, `;` and quotes a meaning. A file is named by its
    /// base name, as if the command ran in its folder.
    pub fn to_curl(&self, endpoint: &Endpoint) -> String {
        let mut command = format!(
            "curl --request POST \"{endpoint}/v1/$KALEYRA_SID/messages\" \\\n  \
             --header \"{}: $KALEYRA_API_KEY\"",
            field::API_KEY_HEADER
        );
        for field in &self.fields {
            let _ = write!(command, " \\\n  {}", option(field));
        }
        command
    }
}

impl fmt::Debug for ShownField {
    /// The name only: what is not masked may be a person's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

fn option(ShownField { name, value }: &ShownField) -> String {
    match value {
        ShownValue::Text(text) => {
            format!("--form-string {}", shell_quoted(&format!("{name}={text}")))
        }
        ShownValue::File { base_name, content_type, .. } => {
            let file = base_name.replace('"', "\\\"");
            format!("--form {}", shell_quoted(&format!("{name}=@\"{file}\";type={content_type}")))
        }
    }
}

/// In single quotes nothing but the single quote itself has a meaning to the shell.
fn shell_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::super::form::tests::{number, page_content, page_form, page_message, picture};
    use super::*;
    use crate::model::{MediaFile, Message, Region, SharedContent};

    #[test]
    fn the_page_s_request_as_a_command() {
        let endpoint = Endpoint::of(&Region::In.api_domain());
        insta::assert_snapshot!(page_form().shown(|_| None).to_curl(&endpoint), @r#"
        curl --request POST "https://api.in.kaleyra.io/v1/$KALEYRA_SID/messages" \
          --header "api-key: $KALEYRA_API_KEY" \
          --form-string 'to=12025550123' \
          --form-string 'type=mediatemplate' \
          --form-string 'template_name=lto_true_vid_dyan_test' \
          --form-string 'channel=whatsapp' \
          --form-string 'from=12025550100' \
          --form-string 'coupon_code="happy76"' \
          --form-string 'limited_time_offer=[{"type":"limited_time_offer","limited_time_offer":{"expiration_time_ms":1209600000}}]' \
          --form-string 'callback_profile_id=IN_00000000-046b-4565-892c-000000000000' \
          --form-string 'param_url=login' \
          --form-string 'media_url=https://d38vr2u95vsr9f.cloudfront.net/docs/1684759885mp4_file.mp4'
        "#);
    }

    #[test]
    fn quotes_and_dollars_reach_curl_and_not_the_shell() {
        let media = MediaFile { base_name: "it's \"50%\".png".to_owned(), ..picture() };
        let shared = SharedContent { media: Some(media), ..page_content() };
        let params = vec!["D'Arcy $(reboot) `id`; @x".to_owned()];
        let message = Message { params, ..page_message() };
        let form = Form::new(&shared, &message, &[number(12_025_550_123)], Some(60_000));
        let command = form.expect("a form").shown(|_| None);
        let command = command.to_curl(&Endpoint::of(&Region::In.api_domain()));
        let expected = r#"--form-string 'params="D'\''Arcy $(reboot) `id`; @x"'"#;
        assert!(command.contains(expected), "{command}");
        let expected = r#"--form 'media=@"it'\''s \"50%\".png";type=image/png'"#;
        assert!(command.contains(expected), "{command}");
    }
}
