//! Text for people: made harmless, cut and padded to a width, counted, lined up.

mod harmless;
mod json;
mod markup;
mod mask;
mod number;
mod table;
mod width;
mod wrap;

pub(crate) use harmless::acts;
pub use harmless::{code_span, inline_code, is_hidden, safe};
pub use json::{json_line, json_pretty};
pub use markup::html;
pub use mask::mask_private;
pub use number::{figure, money, number, people, per_second, percent, plural, roughly};
pub use table::{Align, Table};
pub use width::{one_line, pad_left, pad_right, truncate, width};
pub use wrap::wrap;
