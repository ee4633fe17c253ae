//! The names and fixed values of the form's fields, as Kaleyra's LTO page spells them.

/// Recipients: digits, comma-separated.
pub const TO: &str = "to";
/// Always [`TYPE_MEDIA_TEMPLATE`].
pub const TYPE: &str = "type";
/// The approved template.
pub const TEMPLATE_NAME: &str = "template_name";
/// Always [`CHANNEL_WHATSAPP`].
pub const CHANNEL: &str = "channel";
/// The sender's number.
pub const FROM: &str = "from";
/// The code as a JSON string, quotes included.
pub const COUPON_CODE: &str = "coupon_code";
/// A JSON array of one object that holds `expiration_time_ms`.
pub const LIMITED_TIME_OFFER: &str = "limited_time_offer";
/// The header as an uploaded file.
pub const MEDIA: &str = "media";
/// Where delivery is reported to: a profile of the account.
pub const CALLBACK_PROFILE_ID: &str = "callback_profile_id";
/// Where delivery is reported to: an address.
pub const CALLBACK_URL: &str = "callback_url";
/// The variable end of the button's link.
pub const PARAM_URL: &str = "param_url";
/// The header as a public link; wins over [`MEDIA`] where both are sent.
pub const MEDIA_URL: &str = "media_url";
/// Body variables: quoted strings, comma-separated.
pub const PARAMS: &str = "params";
/// The template's language.
pub const LANG_CODE: &str = "lang_code";

/// The value of [`TYPE`].
pub const TYPE_MEDIA_TEMPLATE: &str = "mediatemplate";
/// The value of [`CHANNEL`]: lower case, as in the page's requests.
pub const CHANNEL_WHATSAPP: &str = "whatsapp";

/// The request header that carries the API key.
pub const API_KEY_HEADER: &str = "api-key";
