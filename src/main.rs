//! The `sipdiag` program.

mod cli;

use std::process::ExitCode;

/// Messages are made in one thread and dropped in another: the allocators of C libraries let that grow, and that of musl, which the
/// static program has, takes turns.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::run()
}
