//! The door; the rooms are in the library.

fn main() {}
