//! Judging what a study has found.

use std::net::IpAddr;
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;

use clap::{Args as Group, ValueEnum};

use super::{SegmentArg, StorageArgs, StudyArgs};

#[derive(Debug, Group)]
pub(crate) struct PromoteArgs {
    #[command(flatten)]
    pub(crate) study: StudyArgs,

    #[command(flatten)]
    pub(crate) storage: StorageArgs,

    /// The trial to promote [default: the winner]
    #[arg(long, value_name = "N")]
    pub(crate) trial: Option<u64>,

    /// The file to write
    #[arg(long, value_name = "CHAMPION.toml")]
    pub(crate) to: PathBuf,

    /// Replace the file if it is there
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Group)]
pub(crate) struct CompareArgs {
    /// A champion file, or a study file: its winner, or FILE@N for trial N
    #[arg(value_name = "A")]
    pub(crate) first: String,

    /// What to compare it with, in the same form; it runs on the bars of the first
    #[arg(value_name = "B")]
    pub(crate) second: String,

    #[command(flatten)]
    pub(crate) storage: StorageArgs,

    /// Part of the bars, as the first one's study file divides them
    #[arg(long, value_enum, default_value = "validate")]
    pub(crate) segment: SegmentArg,

    /// List the trades that only one of them makes
    #[arg(long)]
    pub(crate) trades: bool,

    /// Read the bars from their file, and keep no decoded copy for the next time
    #[arg(long)]
    pub(crate) no_cache: bool,

    /// Print one JSON object on stdout
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Group)]
pub(crate) struct ImportanceArgs {
    #[command(flatten)]
    pub(crate) study: StudyArgs,

    #[command(flatten)]
    pub(crate) storage: StorageArgs,

    /// How it is measured
    #[arg(long, value_enum, default_value = "ped-anova")]
    pub(crate) evaluator: EvaluatorArg,

    /// With several objectives: the one to explain, counted from 1 [default: the Pareto front]
    #[arg(long, value_name = "N")]
    pub(crate) objective: Option<usize>,

    /// Print one JSON object on stdout
    #[arg(long)]
    pub(crate) json: bool,
}

/// How importance is measured.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum EvaluatorArg {
    /// By what sets the best trials apart
    PedAnova,
    /// By the variance that each parameter causes over the whole space
    Fanova,
}

#[derive(Debug, Group)]
pub(crate) struct ValidateArgs {
    #[command(flatten)]
    pub(crate) study: StudyArgs,

    #[command(flatten)]
    pub(crate) storage: StorageArgs,

    /// Trial to judge [default: the winner]
    #[arg(long, value_name = "N")]
    pub(crate) trial: Option<u64>,

    /// Out-of-sample pieces of the walk-forward
    #[arg(long, value_name = "N", default_value = "6")]
    pub(crate) folds: NonZeroUsize,

    /// Search as many bars before each piece as before the first, not all of them
    #[arg(long)]
    pub(crate) rolling: bool,

    /// Share of the bars that is searched before the first piece
    #[arg(long, value_name = "SHARE", default_value = "0.25", value_parser = share)]
    pub(crate) searched: f64,

    /// What the best trial is tested against besides doing nothing: `hold`, `flat` or a champion file
    #[arg(long, value_name = "hold|flat|CHAMPION.toml", default_value = "hold")]
    pub(crate) benchmark: String,

    /// Most trials of each fold's search
    #[arg(long, value_name = "N", default_value = "300")]
    pub(crate) fold_trials: NonZeroU64,

    /// Worker threads [default: the study file's, or one a core]
    #[arg(long, value_name = "N")]
    pub(crate) workers: Option<NonZeroUsize>,

    /// Run the trial on the test segment as well, as `bartune test` does; the opening of the vault is recorded
    #[arg(long)]
    pub(crate) open_test: bool,

    /// Print one JSON object on stdout
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Group)]
pub(crate) struct ReportArgs {
    #[command(flatten)]
    pub(crate) study: StudyArgs,

    #[command(flatten)]
    pub(crate) storage: StorageArgs,

    /// The file to write [default: STUDY.html, beside the study file]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Write Markdown in place of HTML; to stdout unless --output names a file
    #[arg(long)]
    pub(crate) md: bool,

    /// Trial to show [default: the winner]
    #[arg(long, value_name = "N")]
    pub(crate) trial: Option<u64>,

    /// Leave the verdict out, which takes most of the time
    #[arg(long)]
    pub(crate) no_validate: bool,

    /// Out-of-sample pieces of the walk-forward
    #[arg(long, value_name = "N", default_value = "6")]
    pub(crate) folds: NonZeroUsize,

    /// Most trials of each fold's search
    #[arg(long, value_name = "N", default_value = "300")]
    pub(crate) fold_trials: NonZeroU64,

    /// Worker threads [default: the study file's, or one a core]
    #[arg(long, value_name = "N")]
    pub(crate) workers: Option<NonZeroUsize>,
}

#[derive(Debug, Group)]
pub(crate) struct ServeArgs {
    /// Study file, or the URL of a store
    #[arg(value_name = "STUDY.toml|URL")]
    pub(crate) source: String,

    #[command(flatten)]
    pub(crate) storage: StorageArgs,

    /// Replace a value of the study file, as for `run`
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) overrides: Vec<String>,

    /// Port to listen on; 0 for any that is free
    #[arg(long, value_name = "PORT", default_value_t = 8321)]
    pub(crate) port: u16,

    /// Address to listen on; every other machine that reaches it can read the studies
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub(crate) bind: IpAddr,

    /// A name that browsers may call this machine, beside its addresses and localhost
    #[arg(long = "host", value_name = "NAME")]
    pub(crate) hosts: Vec<String>,

    /// Do not work out the verdict once the study rests
    #[arg(long)]
    pub(crate) no_validate: bool,
}

#[derive(Debug, Group)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    pub(crate) study: StudyArgs,

    #[command(flatten)]
    pub(crate) storage: StorageArgs,

    /// Re-run this many, spread evenly over the study, the winner among them [default: all]
    #[arg(long, value_name = "N")]
    pub(crate) trials: Option<NonZeroUsize>,

    /// Engine to re-run them on
    #[arg(long, value_enum, default_value = "reference")]
    pub(crate) engine: EngineArg,

    /// Print one JSON object on stdout
    #[arg(long)]
    pub(crate) json: bool,
}

/// The engines there are.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum EngineArg {
    /// The plain bar-by-bar model
    Reference,
    /// The one that searches run on
    Fast,
}

/// A share that leaves something on both sides.
fn share(text: &str) -> Result<f64, String> {
    let share: f64 = text.parse().map_err(|_| format!("`{text}` is not a number"))?;
    if (0.05..=0.95).contains(&share) { Ok(share) } else { Err(format!("{share} is not between 0.05 and 0.95")) }
}
