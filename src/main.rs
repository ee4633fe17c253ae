//! The door; the rooms are in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    offercast::run(std::env::args_os())
}
