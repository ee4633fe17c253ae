//! From what stands in the file to what it means: a campaign that is valid by construction.
//!
//! All faults are collected. A section with a fault of form is left out, so that one slip is
//! told once; the other sections are still judged.

mod campaign;
mod context;
mod delivery;
mod offer;
mod recipients;
mod sender;
mod template;

pub(super) use campaign::lower;
