//! Studies and their trials in a store.

use std::path::PathBuf;

use clap::Args as Group;

use super::{StorageArgs, StudyArgs};

#[derive(Debug, Group)]
pub(crate) struct TrialsArgs {
    #[command(flatten)]
    pub(crate) study: StudyArgs,

    #[command(flatten)]
    pub(crate) storage: StorageArgs,

    /// Show this many, best first
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) top: usize,

    /// Write all trials with parameters and metrics to a CSV file
    #[arg(long, value_name = "FILE")]
    pub(crate) csv: Option<PathBuf>,

    /// Write all trials with parameters and metrics to a Parquet file
    #[arg(long, value_name = "FILE")]
    pub(crate) parquet: Option<PathBuf>,

    /// Say what makes trials A and B one trial or two: parameters, strategy, data, segments, execution,
    /// account, version
    #[arg(long, num_args = 2, value_names = ["A", "B"], conflicts_with_all = ["csv", "parquet", "top"])]
    pub(crate) why: Option<Vec<u64>>,

    /// B is a trial of this study: a study file, or a name in the same store
    #[arg(long, value_name = "STUDY", requires = "why")]
    pub(crate) with: Option<String>,
}

#[derive(Debug, Group)]
pub(crate) struct StudiesArgs {
    /// Database [default: $BARTUNE_STORAGE]
    #[arg(value_name = "URL")]
    pub(crate) storage: Option<String>,

    /// Print one JSON object on stdout
    #[arg(long)]
    pub(crate) json: bool,
}

/// A study by its file, or by its name in a store.
#[derive(Debug, Group)]
pub(crate) struct StoredStudyArgs {
    /// Study file, or the name of a study in --storage
    #[arg(value_name = "STUDY")]
    pub(crate) study: String,

    /// Database of the study [default: sqlite:///STUDY.db, beside the study file, or $BARTUNE_STORAGE]
    #[arg(long, value_name = "URL")]
    pub(crate) storage: Option<String>,
}

#[derive(Debug, Group)]
#[group(required = true, multiple = true, id = "destination")]
pub(crate) struct DestinationArgs {
    /// File to write: .csv, .parquet or .json
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Database to copy the study into, with everything and the same numbers
    #[arg(long, value_name = "URL")]
    pub(crate) to: Option<String>,
}

#[derive(Debug, Group)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    pub(crate) study: StoredStudyArgs,

    #[command(flatten)]
    pub(crate) destination: DestinationArgs,

    /// Name of the copy [default: the study's]
    #[arg(long = "as", value_name = "NAME", requires = "to")]
    pub(crate) name: Option<String>,
}

#[derive(Debug, Group)]
pub(crate) struct ImportArgs {
    #[command(flatten)]
    pub(crate) study: StudyArgs,

    /// Folders of trial_*.json, and .json, .csv or .parquet files
    #[arg(value_name = "PATH", required = true)]
    pub(crate) sources: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) storage: StorageArgs,

    /// Leave away parameters that the study does not have, instead of refusing their trials
    #[arg(long)]
    pub(crate) ignore_unknown: bool,

    /// Scores that stand for no result, as in --penalties=-100,-1e6: such trials are infeasible
    #[arg(long, value_name = "SCORE,…", value_delimiter = ',', allow_negative_numbers = true)]
    pub(crate) penalties: Vec<f64>,

    /// Print one JSON object on stdout
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Group)]
pub(crate) struct DeleteArgs {
    #[command(flatten)]
    pub(crate) study: StoredStudyArgs,

    /// Yes, delete it
    #[arg(long)]
    pub(crate) yes: bool,
}
