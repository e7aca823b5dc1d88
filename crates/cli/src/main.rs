//! The `bartune` command: reads arguments, calls the `bartune` crate, prints.

mod args;
mod command;
mod exit;
mod output;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let args = args::Args::parse();
    match command::dispatch(args) {
        Ok(exit) => exit.into(),
        Err(error) => exit::report(&error).into(),
    }
}
