//! The `bartune` command: reads arguments, calls the `bartune` crate, prints.

mod args;
mod command;
mod exit;
mod output;
mod panic;

use std::process::ExitCode;

use clap::Parser;
use mimalloc::MiMalloc;

/// A trial's columns are megabytes each. The system's allocator gives such memory back to the kernel when it is freed
/// and gets it page by page when the next trial asks; this one keeps it for a while.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let args = args::Args::parse();
    match panic::caught(|| command::dispatch(args)) {
        Ok(Ok(exit)) => exit.into(),
        Ok(Err(error)) => exit::report(&error).into(),
        Err(message) => panic::report(&message),
    }
}
