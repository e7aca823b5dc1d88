//! Running a study, or one trial of it.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use bartune::CacheBudget;
use clap::{Args as Group, ValueEnum};

use super::{StorageArgs, StudyArgs};

#[derive(Debug, Group)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) study: StudyArgs,

    #[command(flatten)]
    pub(crate) storage: StorageArgs,

    /// Distinct trials the study is to have in the end
    #[arg(long, value_name = "N")]
    pub(crate) trials: Option<u64>,

    /// Seed of all randomness
    #[arg(long, value_name = "S")]
    pub(crate) seed: Option<u64>,

    /// Worker threads [default: as many as are measured to pay, one a core at most]; any number gives the same study
    #[arg(long, value_name = "W")]
    pub(crate) workers: Option<NonZeroUsize>,

    /// Memory for trials in flight and, with what they leave, for computed series, as in 512MB or 2GB; 0 computes
    /// all series anew in each trial; any size gives the same study [default: for series a quarter of the free
    /// memory, at most 320MiB]
    #[arg(long, value_name = "SIZE")]
    pub(crate) memory: Option<CacheBudget>,

    /// Stop proposing trials after this long, as in 90s, 10m or 8h; the study can be continued
    #[arg(long, value_name = "T")]
    pub(crate) timeout: Option<String>,

    /// A champion file to beat: it must lie in the space, and is compared with the winner at the end
    #[arg(long, value_name = "CHAMPION.toml")]
    pub(crate) baseline: Option<PathBuf>,

    /// Run without looking first whether the study can work at all
    #[arg(long)]
    pub(crate) no_check: bool,

    /// Do not judge the winner at the end; `bartune validate` does it later, and tells more
    #[arg(long)]
    pub(crate) no_validate: bool,

    /// Delete the trials of this study and start over; NAME must be the study's name
    #[arg(long, value_name = "NAME")]
    pub(crate) fresh: Option<String>,

    /// Print one JSON object on stdout, everything else on stderr
    #[arg(long)]
    pub(crate) json: bool,

    /// Append progress to a file, one JSON object a line, about ten a second
    #[arg(long, value_name = "FILE")]
    pub(crate) log_json: Option<PathBuf>,

    /// Show no progress
    #[arg(long)]
    pub(crate) no_progress: bool,
}

#[derive(Debug, Group)]
pub(crate) struct ChoiceArgs {
    /// Parameter values, as in --params fast=10,slow=50; the rest take their defaults
    #[arg(long, value_name = "K=V,…", value_delimiter = ',', conflicts_with = "trial")]
    pub(crate) params: Vec<String>,

    /// The parameters of this trial of the stored study
    #[arg(long, value_name = "N")]
    pub(crate) trial: Option<u64>,
}

#[derive(Debug, Group)]
pub(crate) struct BacktestArgs {
    #[command(flatten)]
    pub(crate) study: StudyArgs,

    #[command(flatten)]
    pub(crate) choice: ChoiceArgs,

    #[command(flatten)]
    pub(crate) storage: StorageArgs,

    /// Part of the bars
    #[arg(long, value_enum, default_value = "train")]
    pub(crate) segment: SegmentArg,

    /// Write the trades to a CSV or Parquet file
    #[arg(long, value_name = "FILE")]
    pub(crate) trades: Option<PathBuf>,

    /// Write the equity at each bar to a CSV or Parquet file
    #[arg(long, value_name = "FILE")]
    pub(crate) equity: Option<PathBuf>,

    /// Print one JSON object on stdout
    #[arg(long)]
    pub(crate) json: bool,
}

/// The segments that need no opening.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum SegmentArg {
    /// In-sample
    Train,
    /// Out-of-sample
    Validate,
    /// Everything but the test segment
    All,
}

impl From<SegmentArg> for bartune::SegmentName {
    fn from(segment: SegmentArg) -> Self {
        match segment {
            SegmentArg::Train => Self::Train,
            SegmentArg::Validate => Self::Validate,
            SegmentArg::All => Self::All,
        }
    }
}

#[derive(Debug, Group)]
pub(crate) struct TestArgs {
    #[command(flatten)]
    pub(crate) study: StudyArgs,

    #[command(flatten)]
    pub(crate) storage: StorageArgs,

    /// Test this trial [default: the winner]
    #[arg(long, value_name = "N")]
    pub(crate) trial: Option<u64>,

    /// Print one JSON object on stdout
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Group)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) study: StudyArgs,

    /// Probe trials to look at [default: by the number of bars, 8 to 64]
    #[arg(long, value_name = "N")]
    pub(crate) probes: Option<usize>,

    /// A champion file that the space is to contain
    #[arg(long, value_name = "CHAMPION.toml")]
    pub(crate) baseline: Option<PathBuf>,

    /// Skip the pilot that measures what the run will take
    #[arg(long)]
    pub(crate) no_estimate: bool,

    /// Print one JSON object on stdout
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Group)]
pub(crate) struct StreamArgs {
    #[command(flatten)]
    pub(crate) study: StudyArgs,

    #[command(flatten)]
    pub(crate) choice: ChoiceArgs,

    #[command(flatten)]
    pub(crate) storage: StorageArgs,

    /// Warm the indicators on the bars of this file; no orders come of them
    #[arg(long, value_name = "FILE")]
    pub(crate) history: Option<PathBuf>,

    /// Keep the run in this file, and go on from it if it is there
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,

    /// How bars are written on stdin, one a line
    #[arg(long, value_enum, default_value = "csv")]
    pub(crate) format: FormatArg,
}

/// How bars are written, one a line.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum FormatArg {
    /// Delimited text with a heading
    Csv,
    /// JSON objects
    Json,
}
