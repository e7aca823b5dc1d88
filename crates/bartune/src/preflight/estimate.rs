//! What a run will cost, measured: a pilot of the same search in memory, then the same trials stored in a
//! database that is thrown away.
//!
//! The first trials of a search pay for the series that later ones reuse, so that the remaining ones are
//! extrapolated from the second half of the pilot. Time is wall time with the run's workers on this machine
//! as busy as it is now.

use std::time::{Duration, Instant};

use bartune_search::storage::{Storage, TrialRecord};
use bartune_storage::SqliteStorage;

use super::Pilot;
use crate::config::Plan;
use crate::data::Dataset;
use crate::error::Error;
use crate::evaluator::Evaluator;
use crate::study::{self, Control, Progress, RunOptions, Session, full_records, headline};

/// The pilot runs so long, or until the budget is spent.
const PILOT: Duration = Duration::from_millis(900);
/// Trials stored to learn what one takes.
const STORED: usize = 256;
/// What the history, the answers and the identities hold of a trial, beside its parameters, in bytes.
const TRIAL_BYTES: u64 = 300;
/// What the history holds of a parameter value, and its copy on the way there, in bytes.
const VALUE_BYTES: u64 = 60;

/// What a run is expected to take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Distinct trials of the budget.
    pub trials: u64,
    /// Trials that the pilot evaluated.
    pub pilot_trials: u64,
    /// Wall time of one trial with all workers, once the pilot had warmed up.
    pub trial: Duration,
    /// Wall time of the search.
    pub time: Duration,
    /// Peak memory of the process, where the system tells it.
    pub memory_bytes: Option<u64>,
    /// Size of the SQLite database.
    pub database_bytes: u64,
}

/// How far the pilot was at one moment.
#[derive(Debug, Clone, Copy)]
struct Mark {
    elapsed: Duration,
    evaluated: u64,
    cached: usize,
}

pub(super) fn measure(plan: &Plan, dataset: &Dataset, options: Pilot) -> Result<Estimate, Error> {
    let before = resident_bytes();
    let evaluator = Evaluator::new(plan, dataset).with_cache(options.cache);
    let mut session = Session::in_memory(plan, dataset)?;
    let trials = plan.search.trials;
    let run = RunOptions { trials, workers: options.workers, timeout: Some(PILOT) };
    let mut marks = vec![Mark { elapsed: Duration::ZERO, evaluated: 0, cached: 0 }];
    let began = Instant::now();
    study::run(&mut session, &evaluator, &run, &Control::default(), |progress| marks.push(Mark::of(progress)))?;
    marks.push(Mark { elapsed: began.elapsed(), ..marks[marks.len() - 1] });
    let (last, middle) = (marks[marks.len() - 1], middle(&marks));
    let done = (last.evaluated - middle.evaluated).max(1);
    let trial = (last.elapsed - middle.elapsed) / u32::try_from(done).unwrap_or(u32::MAX);
    let left = trials.saturating_sub(last.evaluated);
    let records = session.trials(0..STORED as u64)?;
    let (stored, database_bytes) = store(plan, &records, trials)?;
    let growth = (last.cached - middle.cached.min(last.cached)) as u64 / done;
    let cached = (last.cached as u64 + growth * left).min(options.cache.bytes() as u64);
    let history = trials * (TRIAL_BYTES + VALUE_BYTES * plan.parameters.space.len() as u64);
    Ok(Estimate {
        trials,
        pilot_trials: last.evaluated,
        trial,
        time: last.elapsed + scaled(trial, left) + scaled(stored, trials),
        memory_bytes: before.map(|before| before + cached + history),
        database_bytes,
    })
}

impl Mark {
    fn of(progress: &Progress) -> Self {
        Self { elapsed: progress.elapsed, evaluated: progress.evaluated, cached: progress.cache.bytes }
    }
}

/// The mark nearest to half the pilot's time.
fn middle(marks: &[Mark]) -> Mark {
    let half = marks[marks.len() - 1].elapsed / 2;
    marks.iter().copied().min_by_key(|mark| mark.elapsed.abs_diff(half)).unwrap_or(marks[0])
}

fn scaled(each: Duration, count: u64) -> Duration {
    Duration::try_from_secs_f64(each.as_secs_f64() * count as f64).unwrap_or(Duration::MAX)
}

/// Time of storing a trial, and the size of a database with `trials` of them: full records of as many as the
/// plan keeps, headlines of the others.
fn store(plan: &Plan, records: &[TrialRecord], trials: u64) -> Result<(Duration, u64), Error> {
    let mut abridged = records.to_vec();
    let headline = headline(plan);
    abridged.iter_mut().for_each(|record| record.abridge(&headline));
    let (full, rest) = (written(plan, records)?, written(plan, &abridged)?);
    let kept = full_records(plan, trials);
    let bytes = full.empty_bytes + full.trial_bytes * kept + rest.trial_bytes * (trials - kept);
    Ok((if kept == trials { full.each } else { rest.each }, bytes))
}

/// What some records cost in a new database, each.
struct Written {
    each: Duration,
    empty_bytes: u64,
    trial_bytes: u64,
}

fn written(plan: &Plan, records: &[TrialRecord]) -> Result<Written, Error> {
    let failed = |source: std::io::Error| Error::Write { path: std::env::temp_dir(), source };
    let folder = tempfile::tempdir().map_err(failed)?;
    let path = folder.path().join("estimate.db");
    let url = format!("sqlite:///{}", path.display());
    let size = || std::fs::metadata(&path).map(|file| file.len()).map_err(failed);
    // Closing a database folds its log into the one file that is measured.
    let empty = {
        let mut storage = SqliteStorage::open(&url)?;
        storage.create_study(&plan.name, &plan.objective.directions())?.id
    };
    let empty_bytes = size()?;
    let began = Instant::now();
    {
        let mut storage = SqliteStorage::open(&url)?;
        storage.append(empty, records)?;
    }
    let each = began.elapsed() / u32::try_from(records.len().max(1)).unwrap_or(u32::MAX);
    let trial_bytes = (size()?.saturating_sub(empty_bytes)) / records.len().max(1) as u64;
    Ok(Written { each, empty_bytes, trial_bytes })
}

/// Memory that the process holds now; `None` where the system does not tell.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").trim().parse().ok()?;
    Some(kilobytes * 1024)
}
