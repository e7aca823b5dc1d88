//! What a run will cost, measured: a pilot of the same search in memory, then the same trials stored in a
//! database that is thrown away.
//!
//! Time is wall time with the run's workers on this machine as busy as it is now. What a pilot's first second says of the
//! hours after it is in [`pace`](super::pace).

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use bartune_search::storage::{Storage, TrialRecord};
use bartune_storage::SqliteStorage;

use super::Pilot;
use super::growth;
use super::pace::{Mark, Pace};
use crate::config::Plan;
use crate::data::Dataset;
use crate::error::Error;
use crate::evaluator::{CacheBudget, Evaluator, SegmentName};
use crate::replay;
use crate::study::{self, Control, RunOptions, Session, full_records, headline};
use crate::validation::{Stages, Subject, ValidationOptions, ranked};

/// The pilot runs so long, or until the budget is spent.
const PILOT: Duration = Duration::from_millis(750);
/// Trials stored to learn what one takes.
const STORED: usize = 256;
/// What the history, the answers and the identities hold of a trial, beside its parameters, in bytes.
const TRIAL_BYTES: u64 = 300;
/// What the history holds of a parameter value, and its copy on the way there, in bytes.
const VALUE_BYTES: u64 = 60;

/// Bytes of series that were computed before the pilot, which no run has beside its own.
#[derive(Debug, Clone, Copy)]
pub(super) struct Probed {
    /// In memory still.
    pub(super) kept: usize,
    /// Left to the pilot.
    pub(super) freed: usize,
}

/// What a run is expected to take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Distinct trials of the budget.
    pub trials: u64,
    /// Trials that the pilot evaluated.
    pub pilot_trials: u64,
    /// Worker threads that it speaks for.
    pub workers: NonZeroUsize,
    /// Wall time of one trial with all workers, on average.
    pub trial: Duration,
    /// Wall time of the search.
    pub time: Duration,
    /// The part of it that goes into proposals, beside evaluations or not.
    pub proposing: Duration,
    /// Wall time of the verdict after it, stage by stage.
    pub verdict: Stages,
    /// Peak memory of the process, verdict and all, where the system tells it.
    pub memory_bytes: Option<u64>,
    /// Size of the SQLite database.
    pub database_bytes: u64,
}

pub(super) fn measure(plan: &Plan, dataset: &Dataset, probed: Probed, options: Pilot) -> Result<Estimate, Error> {
    let evaluator = Evaluator::new(plan, dataset).with_cache(options.cache);
    let Piloted { pace, records, whole, resident } = pilot(plan, dataset, &evaluator, options.workers)?;
    let held = probed.kept + probed.freed.max(evaluator.cache_stats().bytes);
    let trials = paid_for(plan, &pace, dataset.segments.train.len());
    let stored = store(plan, &records[..records.len().min(STORED)], trials)?;
    let searched = usize::try_from(pace.cached(trials as f64)).unwrap_or(usize::MAX);
    let kept = searched.min(ValidationOptions::kept_of_search(options.cache).bytes());
    let left = CacheBudget::of_bytes(options.cache.bytes() - kept);
    // As in the run: folds' searches find memory that this process had already.
    evaluator.shrink_cache(ValidationOptions::kept_of_search(CacheBudget::of_bytes(evaluator.cache_stats().bytes)));
    let judging = ValidationOptions::at_the_end(trials, options.workers, left);
    let verdict = verdict((plan, dataset, &evaluator, &judging), &records, trials, whole)?;
    let judged = kept as u64 + pace.cached(judging.fold_trials as f64);
    let cached = judged.max(searched as u64).min(options.cache.bytes() as u64);
    // The pilot's records are in memory, and not in a database.
    let held = held as u64 + stored.record_bytes * records.len() as u64;
    // A trial more than the pilot had in flight: the verdict's run over bars of its own.
    let rest = resident.map(|resident| resident.saturating_sub(held) + options.trial_bytes);
    let time = seconds(pace.seconds(trials as f64) + stored.seconds);
    Ok(Estimate {
        trials,
        pilot_trials: pace.last.evaluated,
        workers: options.workers,
        trial: seconds(time.as_secs_f64() / trials.max(1) as f64),
        time,
        proposing: seconds(pace.proposing(trials as f64)),
        verdict,
        memory_bytes: rest.map(|rest| rest + cached + history_bytes(plan, trials)),
        database_bytes: stored.bytes,
    })
}

/// What the first moments of the search tell.
struct Piloted {
    pace: Pace,
    records: Vec<TrialRecord>,
    /// Wall time of one of the last trials on all bars.
    whole: Duration,
    /// Memory of the process after them.
    resident: Option<u64>,
}

fn pilot(plan: &Plan, dataset: &Dataset, evaluator: &Evaluator<'_>, workers: NonZeroUsize) -> Result<Piloted, Error> {
    let mut session = Session::in_memory(plan, dataset)?;
    let run = RunOptions { trials: plan.search.trials, workers, timeout: Some(PILOT) };
    let mut marks = vec![Mark::start()];
    let began = Instant::now();
    study::run(&mut session, evaluator, &run, &Control::default(), |progress| marks.push(Mark::of(progress)))?;
    let mut last = marks[marks.len() - 1];
    last.elapsed = began.elapsed();
    marks.push(last);
    let resident = resident_bytes();
    let records = session.trials(0..u64::MAX)?;
    let again = |run| replay::time((evaluator, plan), workers, &records, run);
    let whole = again(replay::in_full);
    let as_it_ran = if plan.search.pruning.rungs.is_empty() { whole } else { again(replay::as_it_ran) };
    let growth = growth::of(plan, &session.sampler(), &records);
    Ok(Piloted {
        pace: Pace::of(&marks, as_it_ran, growth, (workers, evaluator.cache_stats().max_bytes)),
        records,
        whole,
        resident,
    })
}

/// What the verdict takes; nothing where the pilot has found no winner.
fn verdict(
    (plan, dataset, evaluator, options): (&Plan, &Dataset, &Evaluator<'_>, &ValidationOptions),
    records: &[TrialRecord],
    trials: u64,
    warm: Duration,
) -> Result<Stages, Error> {
    let Some(&winner) = ranked(plan, records).first() else { return Ok(Stages::default()) };
    let (_, days_per_year) = evaluator.calendar(evaluator.range(SegmentName::All)?);
    let control = &Control::default();
    Stages::of(&Subject { plan, dataset, evaluator, options, winner, days_per_year, control }, records, trials, warm)
}

/// Trials that a budget of any kind pays for.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded by the budget of trials")]
fn paid_for(plan: &Plan, pace: &Pace, train: usize) -> u64 {
    let most = plan.search.trials as f64;
    let evaluated = pace.last.evaluated as f64;
    let by_bars = plan.search.budget.map_or(f64::INFINITY, |budget| {
        let left = (budget.bars(train) - pace.last.bars as f64).max(0.0);
        evaluated + left / pace.bars().max(1.0)
    });
    let by_time = plan.search.timeout.map_or(f64::INFINITY, |timeout| {
        // Later trials take less than earlier ones, or as long.
        let (mut trials, limit) = (evaluated.max(1.0), timeout.as_secs_f64());
        while trials < most && pace.seconds(trials * 1.02) < limit {
            trials *= 1.02;
        }
        trials
    });
    most.min(by_bars).min(by_time).ceil() as u64
}

/// What the history of so many trials holds, in bytes.
pub(super) fn history_bytes(plan: &Plan, trials: u64) -> u64 {
    trials.saturating_mul(TRIAL_BYTES + VALUE_BYTES * plan.parameters.space.len() as u64)
}

fn seconds(seconds: f64) -> Duration {
    // A century, beyond which nobody asks, leaves room for sums.
    const MOST: f64 = 100.0 * 365.0 * 86_400.0;
    Duration::from_secs_f64(seconds.clamp(0.0, MOST))
}

/// What storing a study takes.
struct Stored {
    seconds: f64,
    bytes: u64,
    /// A full record's.
    record_bytes: u64,
}

/// Of `trials` of them: full records of as many as the plan keeps, headlines of the others.
fn store(plan: &Plan, records: &[TrialRecord], trials: u64) -> Result<Stored, Error> {
    let mut abridged = records.to_vec();
    let headline = headline(plan);
    abridged.iter_mut().for_each(|record| record.abridge(&headline));
    let (full, rest) = (written(plan, records)?, written(plan, &abridged)?);
    let kept = full_records(plan, trials);
    let sum = |of: fn(&Written) -> f64| of(&full) * kept as f64 + of(&rest) * (trials - kept) as f64;
    Ok(Stored {
        seconds: sum(|written| written.each.as_secs_f64()),
        record_bytes: full.trial_bytes,
        bytes: full.empty_bytes + full.trial_bytes * kept + rest.trial_bytes * (trials - kept),
    })
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
    let took = {
        let mut storage = SqliteStorage::open(&url)?;
        let began = Instant::now();
        storage.append(empty, records)?;
        began.elapsed()
    };
    let each = took / u32::try_from(records.len().max(1)).unwrap_or(u32::MAX);
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
