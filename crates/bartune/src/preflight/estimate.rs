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
    /// Train bars that trials were run on.
    bars: u64,
    cached: usize,
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
    let mut marks = vec![Mark { elapsed: Duration::ZERO, evaluated: 0, bars: 0, cached: 0 }];
    let began = Instant::now();
    study::run(&mut session, &evaluator, &run, &Control::default(), |progress| marks.push(Mark::of(progress)))?;
    marks.push(Mark { elapsed: began.elapsed(), ..marks[marks.len() - 1] });
    // With the pilot's trials in it: what one holds while it runs is a part of the run's memory too.
    let held = (probed.cache_stats().bytes + evaluator.cache_stats().bytes) as u64;
    let rest = resident_bytes().map(|resident| resident.saturating_sub(held));
    let (last, middle) = (marks[marks.len() - 1], middle(&marks));
    let done = (last.evaluated - middle.evaluated).max(1);
    let trial = (last.elapsed - middle.elapsed) / u32::try_from(done).unwrap_or(u32::MAX);
    let trials = paid_for(plan, (middle, last), (trial, dataset.segments.train.len()));
    let left = trials.saturating_sub(last.evaluated);
    let records = session.trials(0..STORED as u64)?;
    let (stored, database_bytes) = store(plan, &records, trials)?;
    let cached = kept_in_the_end(middle, last, trials).min(options.cache.bytes() as u64);
    let history = history_bytes(plan, trials);
    Ok(Estimate {
        trials,
        pilot_trials: last.evaluated,
        trial,
        time: last.elapsed + scaled(trial, left) + scaled(stored, trials),
        memory_bytes: rest.map(|rest| rest + cached + history),
        database_bytes,
    })
}

/// Trials that a budget of any kind pays for, where one costs what it cost in the pilot's second half.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded by the budget of trials")]
fn paid_for(plan: &Plan, (middle, last): (Mark, Mark), (trial, train): (Duration, usize)) -> u64 {
    let most = plan.search.trials as f64;
    let done = (last.evaluated - middle.evaluated).max(1) as f64;
    let by_bars = plan.search.budget.map_or(f64::INFINITY, |budget| {
        let left = (budget.bars(train) - last.bars as f64).max(0.0);
        last.evaluated as f64 + left / ((last.bars - middle.bars) as f64 / done).max(1.0)
    });
    let by_time = plan.search.timeout.map_or(f64::INFINITY, |timeout| {
        let left = timeout.saturating_sub(last.elapsed).as_secs_f64();
        last.evaluated as f64 + left / trial.as_secs_f64().max(1e-9)
    });
    most.min(by_bars).min(by_time).ceil() as u64
}

/// What the history of so many trials holds, in bytes.
pub(super) fn history_bytes(plan: &Plan, trials: u64) -> u64 {
    trials.saturating_mul(TRIAL_BYTES + VALUE_BYTES * plan.parameters.space.len() as u64)
}

impl Mark {
    fn of(progress: &Progress) -> Self {
        Self {
            elapsed: progress.elapsed,
            evaluated: progress.evaluated,
            bars: progress.bars_spent,
            cached: progress.cache.bytes,
        }
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

/// Bytes of computed series that so many trials leave. New series become rarer: what comes per trial in the pilot's second
/// half, as a part of what came in its first, goes on shrinking by that factor.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bytes, far below 2^53 and never negative")]
fn kept_in_the_end(middle: Mark, last: Mark, trials: u64) -> u64 {
    let (first, all) = (middle.evaluated.max(1) as f64, last.evaluated.max(1) as f64);
    let (before, after) = (middle.cached as f64, last.cached.max(middle.cached) as f64);
    let halves = (trials as f64 - all).max(0.0) / first;
    let second = (after - before) * first / (all - first).max(1.0);
    let shrinks = if before > 0.0 { second / before } else { 1.0 };
    let more = match shrinks < 0.99 {
        // A geometric series from the second half on.
        true => second * shrinks * (1.0 - shrinks.powf(halves)) / (1.0 - shrinks),
        false => second * halves,
    };
    (after + more) as u64
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

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(evaluated: u64, cached: usize) -> Mark {
        Mark { elapsed: Duration::ZERO, evaluated, bars: 0, cached }
    }

    #[test]
    fn series_that_become_rarer_are_not_extrapolated_in_a_line() {
        // 800 bytes in the first hundred trials, 200 in the second: a quarter each time, 1,066 in the end.
        let kept = kept_in_the_end(mark(100, 800), mark(200, 1_000), 1_000_000);
        assert_eq!(kept, 1_066);
        assert_eq!(kept_in_the_end(mark(100, 800), mark(200, 1_000), 300), 1_050);
        // As many again in each half: a line.
        assert_eq!(kept_in_the_end(mark(100, 800), mark(200, 1_600), 400), 3_200);
        assert_eq!(kept_in_the_end(mark(100, 800), mark(200, 800), 400), 800);
        assert_eq!(kept_in_the_end(mark(0, 0), mark(0, 0), 400), 0);
    }
}
