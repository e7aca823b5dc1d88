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
use super::pace::{Cores, Mark, Pace};
use crate::config::Plan;
use crate::data::Dataset;
use crate::error::Error;
use crate::evaluator::{Evaluator, SegmentName};
use crate::parallel;
use crate::study::{self, Control, RunOptions, Session, evaluate_guarded, full_records, headline};
use crate::validation::{Subject, ValidationOptions, Work, ranked};

/// The pilot runs so long, or until the budget is spent.
const PILOT: Duration = Duration::from_millis(900);
/// Trials stored to learn what one takes.
const STORED: usize = 256;
/// Trials that are run once more to learn what one takes whose series are all there.
const AGAIN: usize = 24;
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
    /// Wall time of one trial with all workers, on average.
    pub trial: Duration,
    /// Wall time of the search.
    pub time: Duration,
    /// Wall time of the verdict after it.
    pub verdict: Duration,
    /// Peak memory of the process, verdict and all, where the system tells it.
    pub memory_bytes: Option<u64>,
    /// Size of the SQLite database.
    pub database_bytes: u64,
}

/// `probed` is what the probe trials ran on: its series are in memory here, and would not be beside the run's.
pub(super) fn measure(
    plan: &Plan,
    dataset: &Dataset,
    probed: &Evaluator<'_>,
    options: Pilot,
) -> Result<Estimate, Error> {
    let evaluator = Evaluator::new(plan, dataset).with_cache(options.cache);
    let mut session = Session::in_memory(plan, dataset)?;
    let run = RunOptions { trials: plan.search.trials, workers: options.workers, timeout: Some(PILOT) };
    let mut marks = vec![Mark::default()];
    let began = Instant::now();
    study::run(&mut session, &evaluator, &run, &Control::default(), |progress| marks.push(Mark::of(progress)))?;
    let mut last = marks[marks.len() - 1];
    last.elapsed = began.elapsed();
    marks.push(last);
    // With the pilot's trials in it: what one holds while it runs is a part of the run's memory too.
    let held = (probed.cache_stats().bytes + evaluator.cache_stats().bytes) as u64;
    let rest = resident_bytes().map(|resident| resident.saturating_sub(held));
    let records = session.trials(0..u64::MAX)?;
    let again = once_more(&evaluator, plan, options.workers, &records);
    let cores = Cores::of(options.workers);
    let pace = Pace::of(&marks, again, cores);
    let trials = paid_for(plan, &pace, dataset.segments.train.len());
    let (stored, database_bytes) = store(plan, &records[..records.len().min(STORED)], trials)?;
    let judging = ValidationOptions::at_the_end(trials, options.workers, options.cache);
    let work = work(plan, dataset, &evaluator, (&judging, &records), trials)?;
    let fold_trials = judging.fold_trials as f64;
    let fold = pace.seconds(fold_trials) / fold_trials * work.cold;
    let kept = pace.cached(trials as f64) + pace.cached(fold_trials);
    let cached = kept.min(options.cache.bytes() as u64);
    let in_flight = options.trial_bytes.saturating_mul(options.workers.get() as u64);
    let time = seconds(pace.storing(stored).seconds(trials as f64));
    Ok(Estimate {
        trials,
        pilot_trials: last.evaluated,
        trial: seconds(time.as_secs_f64() / trials.max(1) as f64),
        time,
        verdict: seconds(fold + pace.warm() * work.warm) + work.alone,
        memory_bytes: rest.map(|rest| rest + cached + in_flight + history_bytes(plan, trials)),
        database_bytes,
    })
}

/// What the verdict takes besides the searches of its folds; nothing where the pilot has found no winner.
fn work(
    plan: &Plan,
    dataset: &Dataset,
    evaluator: &Evaluator<'_>,
    (options, records): (&ValidationOptions, &[TrialRecord]),
    trials: u64,
) -> Result<Work, Error> {
    let Some(&winner) = ranked(plan, records).first() else { return Ok(Work::default()) };
    let (_, days_per_year) = evaluator.calendar(evaluator.range(SegmentName::All)?);
    let control = &Control::default();
    Work::of(&Subject { plan, dataset, evaluator, options, winner, days_per_year, control }, records, trials)
}

/// Wall time of each of the last trials when they are run again, with all workers; as long as can be, where the pilot had
/// too few.
fn once_more(evaluator: &Evaluator<'_>, plan: &Plan, workers: NonZeroUsize, records: &[TrialRecord]) -> Duration {
    let distinct: Vec<&TrialRecord> =
        records.iter().rev().filter(|record| record.trial.duplicate_of.is_none()).collect();
    // A fourth of them, twice, takes half as long as the pilot at most.
    let last = &distinct[..(distinct.len() / 4).min(AGAIN)];
    let Some(count) = u32::try_from(last.len()).ok().filter(|&count| count > 0) else { return Duration::MAX };
    let run = || {
        drop(parallel::map_on(workers, last, |record| {
            evaluate_guarded(evaluator, &plan.parameters.to_params(&record.trial.params))
        }))
    };
    // Series are kept when they are asked for the second time.
    run();
    let began = Instant::now();
    run();
    began.elapsed() / count
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
