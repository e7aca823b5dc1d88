//! What can go wrong in a run.

use std::path::PathBuf;

use bartune_engine::bars::DataError;
use bartune_storage::StorageError;

use crate::diagnostic::Diagnostics;

/// How the reason of a trial that took too long begins.
pub(crate) const TIMED_OUT: &str = "took longer than `search.trial_timeout`";

/// How the reason of a trial begins whose worker process broke.
pub(crate) const BROKEN: &str = "the worker of strategy";

/// An error of the facade; each says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The study file has problems.
    #[error(transparent)]
    Study(#[from] Diagnostics),
    /// The bars cannot be used.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The store refused.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A segment has too few bars.
    #[error(
        "the {name} segment has {bars} of the {total} bars: it needs at least 2; widen `split.{name}` or shorten `split.embargo`"
    )]
    EmptySegment {
        /// Its name.
        name: &'static str,
        /// Bars in it.
        bars: usize,
        /// Bars in the file.
        total: usize,
    },
    /// The study has no such segment.
    #[error("this study has no {name} segment; add `{name} = 0.2` to `[split]`")]
    NoSegment {
        /// Its name.
        name: &'static str,
    },
    /// Parameter values given by hand are wrong.
    #[error("{0}")]
    Params(String),
    /// A stored study was made from another study file.
    #[error("study `{name}` in {storage} was made with other settings, so continuing it would mix two studies\n{}\nundo the change, run under another name with `--as NAME`, or start over with `--fresh {name}`", differences.join("\n"))]
    Changed {
        /// The study.
        name: String,
        /// Where it is stored.
        storage: String,
        /// One line a differing key.
        differences: Vec<String>,
    },
    /// A stored study was made by another program, and does not fit.
    #[error(
        "study `{name}` in {storage} was made by another program and does not fit this study file\n{}\nchange the file, or run under another name with `--as NAME`",
        problems.join("\n")
    )]
    Incompatible {
        /// The study.
        name: String,
        /// Where it is stored.
        storage: String,
        /// One line a problem.
        problems: Vec<String>,
    },
    /// `--fresh` was given another name than the study's.
    #[error("`--fresh {given}` does not name this study; to delete its trials and start over, write `--fresh {name}`")]
    FreshName {
        /// What was given.
        given: String,
        /// The study's name.
        name: String,
    },
    /// The store has no such study.
    #[error("there is no study `{name}` in {storage}; start it with `bartune run`")]
    NoStudy {
        /// The study.
        name: String,
        /// Where it was looked for.
        storage: String,
    },
    /// The study has no such trial.
    #[error("study `{name}` has no trial {number}; it has {trials}")]
    NoTrial {
        /// The study.
        name: String,
        /// The number asked for.
        number: u64,
        /// Its trials.
        trials: u64,
    },
    /// Nothing can be imported from there.
    #[error("cannot import {}: {problem}", path.display())]
    Import {
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        problem: String,
    },
    /// A study cannot be copied over another one.
    #[error(
        "{storage} has another study `{name}` already; copy under another name with `--as NAME`, or delete it there"
    )]
    CopyExists {
        /// The name.
        name: String,
        /// The store.
        storage: String,
    },
    /// No trial of the study is feasible.
    #[error("study `{name}` has no feasible trial yet; look at the reasons with `bartune trials`")]
    NoWinner {
        /// The study.
        name: String,
    },
    /// Bars of another timeframe than the strategy runs on.
    #[error("these are bars of {found}, but the strategy runs on bars of {expected}")]
    Timeframe {
        /// Of these bars.
        found: String,
        /// Of the run.
        expected: String,
    },
    /// A file that is no saved state, or a damaged one.
    #[error("{} is not a saved state of `bartune stream`: {reason}; to start anew, remove it or name another", path.display())]
    State {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A state that was saved with other settings.
    #[error("{} was saved with other settings, so going on from it would mix two runs\n{}\nundo the change, or name another `--state`", path.display(), differences.join("\n"))]
    StateChanged {
        /// The file.
        path: PathBuf,
        /// One line a differing key.
        differences: Vec<String>,
    },
    /// A strategy in code refused its parameters, or failed.
    #[error("strategy `{name}`: {reason}")]
    Strategy {
        /// Its name.
        name: String,
        /// What it said.
        reason: String,
    },
    /// The process that ran a strategy broke.
    #[error("{BROKEN} `{name}` broke: {reason}")]
    Worker {
        /// The strategy's name.
        name: String,
        /// What happened to it.
        reason: String,
    },
    /// A trial took longer than it may.
    #[error("{TIMED_OUT}, {seconds} s")]
    TrialTimeout {
        /// The limit.
        seconds: f64,
    },
    /// Something that rules can do and code cannot.
    #[error("{what} needs the rules of a study file; this study's strategy is code, `{name}`")]
    NeedsRules {
        /// What was asked for.
        what: &'static str,
        /// The strategy's name.
        name: String,
    },
    /// The sampler could not propose.
    #[error(transparent)]
    Sampler(#[from] bartune_search::sampler::SamplerError),
    /// The pruner refuses its options.
    #[error(transparent)]
    Pruner(#[from] bartune_search::pruner::PrunerError),
    /// The stored trials cannot be continued.
    #[error("the stored trials cannot be continued: {0}")]
    History(#[from] bartune_search::history::HistoryError),
    /// The simulation was given something it cannot run.
    #[error(transparent)]
    Simulation(#[from] bartune_engine::simulator::InvalidSimulation),
    /// The strategy cannot run with these parameters.
    #[error(transparent)]
    Bind(#[from] bartune_engine::language::BindError),
}
