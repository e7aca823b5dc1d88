//! The `bartune` command: reads arguments, calls the `bartune` crate, prints.

mod allocator;
mod args;
mod command;
mod exit;
mod output;
mod panic;
mod server;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    allocator::keep_freed_memory();
    let args = args::Args::parse();
    match panic::caught(|| command::dispatch(args)) {
        Ok(Ok(exit)) => exit.into(),
        Ok(Err(error)) => exit::report(&error).into(),
        Err(message) => panic::report(&message),
    }
}
