//! What readers are shown holds on every machine.

use std::fs;

use super::{files_below, none, root};

/// Folders that exist on one machine only.
const PRIVATE: [&str; 4] = ["/work/", "/root/", "/home/", "/Users/"];

#[test]
fn no_text_names_a_folder_of_one_machine() {
    let folders = ["docs", "campaigns", "schemas", ".ci", "src", "examples", "benches"];
    let files = folders.iter().flat_map(|folder| files_below(folder));
    let files =
        files.chain(["README.md", "CHANGELOG.md", "Cargo.toml", "deny.toml"].map(Into::into));
    let mut offenders = Vec::new();
    for path in files {
        // Pictures and other bytes are nobody's reading.
        let Ok(text) = fs::read_to_string(root().join(&path)) else { continue };
        for (number, line) in (1..).zip(text.lines()) {
            if PRIVATE.iter().any(|folder| line.contains(folder)) {
                offenders.push(format!("{}:{number}: {}", path.display(), line.trim()));
            }
        }
    }
    none("folders of one machine", offenders);
}
