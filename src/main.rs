//! The `sipdiag` program.

fn main() {}
