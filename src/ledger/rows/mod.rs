//! Between stored rows and the words of the model, for every store alike: a store takes the
//! columns out of its rows, here they are checked and understood. What does not fit is
//! damage, never a guess.

mod checksum;
mod columns;
mod meta;
mod plan;
mod recipient;
mod remembered;
mod values;

pub(super) use checksum::Checksum;
pub(super) use columns::{ALL_COLUMNS, DECIDING_COLUMNS};
pub(super) use columns::{deciding_columns, plan_columns, text_columns};
pub(super) use meta::meta_checksum;
pub(super) use plan::StoredPlan;
pub(super) use recipient::{Deciding, Messages, NO_CONTENT, NO_TEXTS, Texts, Verified};
pub(super) use remembered::Remembered;
pub(super) use values::{phone, stored};
