//! Re-running stored trials through the reference engine: does the store say what the engine says?
//!
//! Each trial is evaluated anew from its stored parameters, and its identity, state, metrics, value,
//! constraints, reason and daily returns are compared with what is stored: of a trial whose record was abridged, the
//! metrics that are kept. Equal means equal in every bit, with one
//! exception: SQLite drops the sign of a zero in the columns that are Optuna's own (values,
//! constraints), so that 0 and −0 are equal there.
//!
//! It does not re-run the sampler: which trials were proposed is the sampler's business, what they
//! gave is this module's. Trials that never finished, that took too long or whose worker broke, or that another program made have nothing to
//! compare and are counted as skipped.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::thread;

use bartune_search::storage::TrialRecord;
use bartune_search::trial::TrialState;

use crate::config::Plan;
use crate::error::{BROKEN, Error, TIMED_OUT};
use crate::evaluator::Evaluator;
use crate::identity::{Identity, hex};
use crate::outcome::Outcome;
use crate::study::{Session, evaluate_guarded, headline, rung_step, summarize};

/// Trials read from the store at a time.
const CHUNK: usize = 256;

/// Which trials to re-run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VerifyScope {
    /// Every one.
    All,
    /// This many, spread evenly over the study; the winner is one of them.
    Spread(NonZeroUsize),
}

/// What re-running found.
#[derive(Debug, Clone, PartialEq)]
pub struct Verification {
    /// Trials in the study.
    pub trials: u64,
    /// Trials re-run and compared, the one that differs included.
    pub checked: u64,
    /// Trials with nothing to compare: unfinished, or made by another program.
    pub skipped: u64,
    /// Numbers compared bit for bit: metrics, values, constraints.
    pub compared: u64,
    /// The first difference in the order of the trials' numbers; nothing after its batch is re-run.
    pub difference: Option<Difference>,
}

/// Something stored that the engine does not give.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// The trial.
    pub trial: u64,
    /// The segment, where it is a metric.
    pub segment: Option<String>,
    /// The metric's name, or `identity`, `state`, `value`, `reason`, `constraint TEXT`.
    pub item: String,
    /// As stored; numbers with all their digits.
    pub stored: String,
    /// As recomputed.
    pub recomputed: String,
}

/// Re-run trials of a stored study with `evaluator` and compare all that they left behind.
///
/// # Errors
///
/// [`Error::Storage`] when the store cannot be read.
pub fn verify(session: &Session<'_>, evaluator: &Evaluator<'_>, scope: VerifyScope) -> Result<Verification, Error> {
    let mut found =
        Verification { trials: session.trial_count(), checked: 0, skipped: 0, compared: 0, difference: None };
    let headline = headline(session.plan());
    let checker = Checker { session, identity: session.identity(), evaluator, headline };
    let numbers = chosen(session, scope, found.trials)?;
    for chunk in numbers.chunks(CHUNK) {
        checker.check(&read(session, chunk)?, &mut found);
        if found.difference.is_some() {
            break;
        }
    }
    Ok(found)
}

/// The numbers of the trials to re-run, ascending.
fn chosen(session: &Session<'_>, scope: VerifyScope, trials: u64) -> Result<Vec<u64>, Error> {
    let wanted = match scope {
        VerifyScope::Spread(wanted) if (wanted.get() as u64) < trials => wanted.get() as u64,
        VerifyScope::All | VerifyScope::Spread(_) => return Ok((0..trials).collect()),
    };
    let winner = summarize(session, 1)?.best().map(|best| best.trial.number);
    let mut numbers: BTreeSet<u64> = winner.into_iter().collect();
    let spread = wanted - numbers.len() as u64;
    numbers.extend((0..spread).map(|index| index * (trials - 1) / (spread - 1).max(1)));
    Ok(numbers.into_iter().collect())
}

/// The records of ascending numbers: at once where they follow each other, else one by one.
fn read(session: &Session<'_>, numbers: &[u64]) -> Result<Vec<TrialRecord>, Error> {
    match (numbers.first(), numbers.last()) {
        (Some(&first), Some(&last)) if last - first + 1 == numbers.len() as u64 => session.trials(first..last + 1),
        _ => numbers.iter().map(|&number| session.trial(number)).collect(),
    }
}

/// What one trial's comparison came to.
#[derive(Debug, Default)]
struct Compared {
    numbers: u64,
    difference: Option<Difference>,
}

struct Checker<'a, 's> {
    session: &'a Session<'s>,
    identity: Identity,
    evaluator: &'a Evaluator<'a>,
    /// The metrics that are kept of every trial.
    headline: BTreeSet<String>,
}

impl Checker<'_, '_> {
    /// Compare records on all cores, and count up to the first difference.
    fn check(&self, records: &[TrialRecord], found: &mut Verification) {
        let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let plan = self.session.plan();
        let (evaluator, identity, headline) = (self.evaluator, &self.identity, &self.headline);
        let compare = |record: &TrialRecord| {
            can_be_compared(record).then(|| {
                let outcome = again(evaluator, plan, record);
                let identity = hex(&identity.of(plan, &record.trial.params));
                compare(record, (&identity, &outcome), headline)
            })
        };
        let compared: Vec<Option<Compared>> = thread::scope(|scope| {
            let parts = records.chunks(records.len().div_ceil(cores).max(1));
            let threads: Vec<_> =
                parts.map(|part| scope.spawn(move || part.iter().map(compare).collect::<Vec<_>>())).collect();
            threads.into_iter().flat_map(|thread| thread.join().expect("evaluation catches its panics")).collect()
        });
        for result in compared {
            let Some(result) = result else {
                found.skipped += 1;
                continue;
            };
            found.checked += 1;
            found.compared += result.numbers;
            if result.difference.is_some() {
                found.difference = result.difference;
                return;
            }
        }
    }
}

/// Run a trial as far as it went: on the rungs it reported from, and on all bars unless it was stopped there.
fn again(evaluator: &Evaluator<'_>, plan: &Plan, record: &TrialRecord) -> Outcome {
    let params = plan.parameters.to_params(&record.trial.params);
    let stored = &record.trial.intermediate_values;
    let rungs = plan.search.pruning.rungs.iter().enumerate().map(|(rung, &share)| (rung, rung_step(share)));
    let mut reports = BTreeMap::new();
    for (rung, step) in rungs {
        let has_reported = stored.contains_key(&step);
        // One that failed may have done so on the rung that it has no report from.
        if !has_reported && record.trial.state != TrialState::Fail {
            continue;
        }
        match evaluator.report(&params, rung) {
            Ok(value) if has_reported => drop(reports.insert(step, value)),
            Ok(_) => break,
            Err(error) => return Outcome { reports, ..Outcome::failed(error.to_string()) },
        }
    }
    let was_stopped = record.trial.state == TrialState::Pruned && record.reason.is_none();
    if was_stopped { Outcome::pruned(reports) } else { Outcome { reports, ..evaluate_guarded(evaluator, &params) } }
}

fn can_be_compared(record: &TrialRecord) -> bool {
    let is_finished = !matches!(record.trial.state, TrialState::Running | TrialState::Waiting);
    // What took too long or broke once need not do so again.
    let by_chance = |reason: &str| reason.starts_with(TIMED_OUT) || reason.starts_with(BROKEN);
    let is_chance = record.reason.as_deref().is_some_and(by_chance);
    !record.identity.is_empty() && is_finished && !is_chance
}

/// Compare a record with what its parameters give; what explains the most comes first.
fn compare(record: &TrialRecord, (identity, outcome): (&str, &Outcome), headline: &BTreeSet<String>) -> Compared {
    let mut comparison = Comparison { trial: record.trial.number, result: Compared::default() };
    comparison.texts("identity", &record.identity, identity);
    comparison.texts("state", &format!("{:?}", record.trial.state), &format!("{:?}", outcome.state()));
    let segments: BTreeSet<&String> = record.metrics.keys().chain(outcome.metrics.keys()).collect();
    for segment in segments {
        let (stored, recomputed) = (record.metrics.get(segment), outcome.metrics.get(segment));
        let names: BTreeSet<&String> =
            stored.into_iter().chain(recomputed).flat_map(|metrics| metrics.keys()).collect();
        // What was left out is not there to be compared; what is there always is.
        let is_kept = |name: &&String| {
            !record.is_abridged || headline.contains(*name) || stored.is_some_and(|stored| stored.contains_key(*name))
        };
        for name in names.into_iter().filter(is_kept) {
            let of = |metrics: Option<&std::collections::BTreeMap<String, f64>>| metrics?.get(name).copied();
            comparison.numbers((Some(segment), name), of(stored), of(recomputed));
        }
    }
    for (segment, stored) in &record.daily_returns {
        let recomputed = outcome.daily_returns.get(segment).map_or(&[][..], Vec::as_slice);
        comparison.returns(segment, stored, recomputed);
    }
    let steps: BTreeSet<&i64> = record.trial.intermediate_values.keys().chain(outcome.reports.keys()).collect();
    for step in steps {
        // The bits of a NaN do not survive every store, that it is one does.
        let bits =
            |value: Option<&f64>| unsigned_zero(value).map(|value| if value.is_nan() { f64::NAN } else { value });
        let (stored, recomputed) = (record.trial.intermediate_values.get(step), outcome.reports.get(step));
        comparison.numbers((None, &format!("report at {step} %")), bits(stored), bits(recomputed));
    }
    for index in 0..record.trial.values.len().max(outcome.values().len()) {
        let (stored, recomputed) = (record.trial.values.get(index), outcome.values().get(index));
        let item = if index == 0 { "value".to_owned() } else { format!("value {}", index + 1) };
        comparison.numbers((None, &item), unsigned_zero(stored), unsigned_zero(recomputed));
    }
    let constraints: BTreeSet<&String> = record.trial.constraints.keys().chain(outcome.constraints.keys()).collect();
    for text in constraints {
        let stored = unsigned_zero(record.trial.constraints.get(text));
        let item = format!("constraint {text}");
        comparison.numbers((None, &item), stored, unsigned_zero(outcome.constraints.get(text)));
    }
    let reason = |reason: Option<&str>| reason.unwrap_or("none").to_owned();
    comparison.texts("reason", &reason(record.reason.as_deref()), &reason(outcome.reason().as_deref()));
    comparison.result
}

/// The sign of a zero does not survive SQLite's columns of real numbers.
fn unsigned_zero(value: Option<&f64>) -> Option<f64> {
    value.map(|value| value + 0.0)
}

/// One trial's comparison; the first difference stays.
struct Comparison {
    trial: u64,
    result: Compared,
}

impl Comparison {
    fn texts(&mut self, item: &str, stored: &str, recomputed: &str) {
        if stored != recomputed {
            self.differ((None, item), stored.to_owned(), recomputed.to_owned());
        }
    }

    fn numbers(&mut self, place: (Option<&String>, &str), stored: Option<f64>, recomputed: Option<f64>) {
        self.result.numbers += 1;
        if stored.map(f64::to_bits) != recomputed.map(f64::to_bits) {
            let shown = |value: Option<f64>| value.map_or_else(|| "undefined".to_owned(), |value| format!("{value:?}"));
            self.differ(place, shown(stored), shown(recomputed));
        }
    }

    /// The first day that differs; a plan that keeps no returns any more gives none to compare with.
    fn returns(&mut self, segment: &String, stored: &[f32], recomputed: &[f32]) {
        if recomputed.is_empty() {
            return;
        }
        self.result.numbers += stored.len() as u64;
        let days = stored.len().max(recomputed.len());
        let of = |returns: &[f32], day: usize| returns.get(day).copied();
        let bits = |returns: &[f32], day: usize| of(returns, day).map(f32::to_bits);
        if let Some(day) = (0..days).find(|&day| bits(stored, day) != bits(recomputed, day)) {
            let shown = |value: Option<f32>| value.map_or_else(|| "none".to_owned(), |value| format!("{value:?}"));
            let item = format!("return of day {}", day + 1);
            self.differ((Some(segment), &item), shown(of(stored, day)), shown(of(recomputed, day)));
        }
    }

    fn differ(&mut self, (segment, item): (Option<&String>, &str), stored: String, recomputed: String) {
        self.result.difference.get_or_insert(Difference {
            trial: self.trial,
            segment: segment.cloned(),
            item: item.to_owned(),
            stored,
            recomputed,
        });
    }
}

#[cfg(test)]
mod tests;
