//! What a crash leaves behind: no memory on disk, no data in words.
//!
//! Keys, telephone numbers and codes are in memory. A core dump would write them to a disk
//! or hand them to a collector, and the words of a panic may hold the value it was about.

use std::io::Write;
use std::panic::{self, Location};

/// Sees to it, as the first thing in the process. What the system does not grant is left.
pub(super) fn keep_private() {
    forbid_dumps();
    panic::set_hook(Box::new(|info| {
        // The payload is not shown: it may be about somebody.
        let _ = std::io::stderr().write_all(words(info.location()).as_bytes());
    }));
}

/// No core file (`RLIMIT_CORE`), and on Linux none through a pipe either, and nobody of the
/// same user may read the memory (`PR_SET_DUMPABLE`).
fn forbid_dumps() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    let _ = setrlimit(Resource::Core, none);
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}

fn words(place: Option<&Location<'_>>) -> String {
    let place = place.map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    format!(
        "error: a bug in offercast {}, at {place}\n  hint: what was sent is in the ledger: \
         `offercast status`; please report the line above, it holds no data\n",
        env!("CARGO_PKG_VERSION")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_told_by_its_place_alone() {
        let words = words(Some(Location::caller()));
        let place = concat!("at ", file!());
        assert!(words.contains(place) && words.contains("offercast status"), "{words}");
        assert_eq!(words.lines().count(), 2);
    }
}
