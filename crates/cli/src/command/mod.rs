//! One file a command. Each opens what it needs, calls the `bartune` crate and prints.

mod backtest;
mod bench;
mod check;
mod compare;
mod data;
mod delete;
mod export;
mod import;
mod importance;
mod instruments;
mod manual;
mod promote;
mod report;
mod run;
mod serve;
mod stream;
mod studies;
mod study;
mod test;
mod trials;
mod validate;
mod verify;
mod why;

use anyhow::Result;

use crate::args::{Args, Command};
use crate::exit::Exit;

pub(crate) fn dispatch(args: Args) -> Result<Exit> {
    match args.command {
        Command::Run(args) => run::run(&args),
        Command::Backtest(args) => backtest::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Promote(args) => promote::run(&args),
        Command::Compare(args) => compare::run(&args),
        Command::Stream(args) => stream::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Validate(args) => validate::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Serve(args) => serve::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Trials(args) => trials::run(&args),
        Command::Studies(args) => studies::run(&args),
        Command::Export(args) => export::run(&args),
        Command::Import(args) => import::run(&args),
        Command::Delete(args) => delete::run(&args),
        Command::Data(command) => data::run(&command),
        Command::Completions(args) => manual::completions(&args),
        Command::Man(args) => manual::man(&args),
        Command::Importance(args) => importance::run(&args),
        Command::Instruments(args) => instruments::run(&args),
    }
}
