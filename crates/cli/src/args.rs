//! The command line, by what a command is for.

mod data;
mod judge;
mod run;
mod store;
mod tool;

use std::path::PathBuf;

use clap::{Args as Group, Parser, Subcommand};

pub(crate) use data::{ConvertArgs, DataCommand, InfoArgs, InstrumentsArgs, LoadArgs, SynthArgs};
pub(crate) use judge::{
    CompareArgs, EngineArg, EvaluatorArg, ImportanceArgs, PromoteArgs, ReportArgs, ServeArgs, ValidateArgs, VerifyArgs,
};
pub(crate) use run::{BacktestArgs, CheckArgs, ChoiceArgs, FormatArg, RunArgs, SegmentArg, StreamArgs, TestArgs};
pub(crate) use store::{DeleteArgs, ExportArgs, ImportArgs, StoredStudyArgs, StudiesArgs, TrialsArgs};
pub(crate) use tool::{BenchArgs, CompletionsArgs, ManArgs};

/// Find trading-strategy parameters on years of bars, in seconds.
///
/// A study file (TOML) says which bars, which strategy, which parameters and costs, how the bars are
/// split, and what to optimise. `bartune run` searches on the train segment, shows the validate
/// segment beside it, and never reads the test segment: that is `bartune test`, and each opening is
/// recorded.
#[derive(Debug, Parser)]
#[command(
    name = "bartune",
    version,
    max_term_width = 100,
    after_help = "Start with: bartune run examples/sp500_trend.toml"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Search for the best parameters, or continue a search
    Run(RunArgs),
    /// Run the strategy once and show its metrics
    Backtest(BacktestArgs),
    /// Open the vault: run the winner on the test segment, and record that it was
    Test(TestArgs),
    /// Check a study file and its data, and say in words what would be run
    Check(CheckArgs),
    /// Make a trial into a study file of its own, with its metrics and where it came from
    Promote(PromoteArgs),
    /// Run two strategies on the same bars and say what differs, and whether it could be chance
    Compare(CompareArgs),
    /// Run the strategy live: bars from stdin, decisions, orders and fills to stdout
    Stream(StreamArgs),
    /// Say whether the winner is skill or luck: walk-forward, selection, costs, neighbours
    Validate(ValidateArgs),
    /// Write a study on one page that needs nothing else: the verdict, charts, and how to have it again
    Report(ReportArgs),
    /// Show studies in the browser while they run, read-only and on this machine only
    Serve(ServeArgs),
    /// Re-run stored trials through the reference engine and compare every number
    Verify(VerifyArgs),
    /// Measure how long backtests, proposals and storing take on this machine
    Bench(BenchArgs),
    /// List the trials of a study, best first, or say why two of them are or are not one
    Trials(TrialsArgs),
    /// List the studies of a store
    Studies(StudiesArgs),
    /// Write a study to a file, or copy it into another store
    Export(ExportArgs),
    /// Take trials that were made elsewhere into a study
    Import(ImportArgs),
    /// Delete a study with everything in it
    Delete(DeleteArgs),
    /// Say which parameters the results of a study depend on
    Importance(ImportanceArgs),
    /// Look at, make and convert bar files
    #[command(subcommand)]
    Data(DataCommand),
    /// Print the completions of a shell, to be put where it looks for them
    Completions(CompletionsArgs),
    /// Print the manual page of bartune, or of one of its commands
    Man(ManArgs),
    /// List the futures contracts that a study can name, with tick size, tick value and source
    Instruments(InstrumentsArgs),
}

/// The study file and what the command line changes in it.
#[derive(Debug, Group)]
pub(crate) struct StudyArgs {
    /// Study file
    #[arg(value_name = "STUDY.toml")]
    pub(crate) study: PathBuf,

    /// Replace a value of the study file, as in --set search.lag=4 or --set execution.fill=close
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) overrides: Vec<String>,

    /// Name of the study in the store, in place of the file's
    #[arg(long = "as", value_name = "NAME")]
    pub(crate) as_name: Option<String>,

    /// Read the bars from their file, and keep no decoded copy for the next time
    #[arg(long)]
    pub(crate) no_cache: bool,
}

#[derive(Debug, Group)]
pub(crate) struct StorageArgs {
    /// Database of the study: a file, sqlite:///FILE or postgresql://USER@HOST/DATABASE
    /// [default: $BARTUNE_STORAGE, else sqlite:///STUDY.db, beside the study file]
    #[arg(long, value_name = "URL")]
    pub(crate) storage: Option<String>,
}
