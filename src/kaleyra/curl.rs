//! A form as the curl command that would send it, for people.

use std::fmt::Write as _;

use super::endpoint::Endpoint;
use super::field;
use super::form::{Field, FieldValue, Form};

impl Form {
    /// The equivalent curl command for a POSIX shell. The API key and the SID stand in it
    /// as `$KALEYRA_API_KEY` and `$KALEYRA_SID`; numbers and the code stand in it in full.
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
        for field in self.fields() {
            let _ = write!(command, " \\\n  {}", option(field));
        }
        command
    }
}

fn option(Field { name, value }: &Field) -> String {
    match value {
        FieldValue::Text(text) => {
            format!("--form-string {}", shell_quoted(&format!("{name}={text}")))
        }
        FieldValue::File(media) => {
            let file = media.base_name.replace('"', "\\\"");
            let part = format!("{name}=@\"{file}\";type={}", media.content_type);
            format!("--form {}", shell_quoted(&part))
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
        insta::assert_snapshot!(page_form().to_curl(&endpoint), @r#"
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
        let command = form.expect("a form").to_curl(&Endpoint::of(&Region::In.api_domain()));
        let expected = r#"--form-string 'params="D'\''Arcy $(reboot) `id`; @x"'"#;
        assert!(command.contains(expected), "{command}");
        let expected = r#"--form 'media=@"it'\''s \"50%\".png";type=image/png'"#;
        assert!(command.contains(expected), "{command}");
    }
}
