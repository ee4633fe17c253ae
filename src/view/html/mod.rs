//! Pages that stand alone: one file, no script, nothing loaded, readable in light and dark,
//! on paper and without sight.

mod page;

pub(in crate::view) use page::{Page, definition, heading};
