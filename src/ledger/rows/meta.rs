//! The row a ledger says of itself.

use super::checksum::Checksum;

/// Over what `init` writes and nobody changes.
pub(in crate::ledger) fn meta_checksum(lineage: &str, secret: &[u8], created_at: i64) -> i64 {
    Checksum::new().text(Some(lineage)).value(Some(secret)).integer(created_at).finish()
}
