//! Which trial comes next, and in which order results count.
//!
//! Proposal `n` is a function of the seed, `n` and the results of trials `0..=n - lag`; parameters of
//! the trials in between are known to the sampler as pending. So the sequence of trials does not
//! depend on the number of workers, on which of them is faster, or on where a run was interrupted.
//!
//! A proposal equal to an earlier one is drawn again a few times, by the sampler and then uniformly.
//! If it is still known it becomes a *duplicate*: it is answered from the earlier result and costs
//! no budget.

use std::collections::{BTreeMap, VecDeque};

use bartune_search::history::History;
use bartune_search::pruner::{PruneRequest, Pruner};
use bartune_search::sampler::random::Random;
use bartune_search::sampler::{Request, Sampler, SamplerError};
use bartune_search::space::{Assignment, SpaceSize};
use bartune_search::storage::TrialRecord;
use bartune_search::trial::{StudyDirection, Trial, TrialState};
use indexmap::IndexMap;

use super::spending::Spending;
use crate::config::{Plan, SamplerPlan};
use crate::error::Error;
use crate::identity::{Identity, Sha256Digest, hex, unhex};
use crate::import::is_imported;
use crate::outcome::{Outcome, SegmentMetrics};

/// How often the sampler is asked again when it proposes a known trial.
const SAMPLER_ATTEMPTS: u64 = 8;
/// How often a uniform draw is tried after that.
const UNIFORM_ATTEMPTS: u64 = 8;
/// This many duplicates in a row end a study whose space cannot be counted.
const DUPLICATES_IN_A_ROW: u64 = 500;

/// A trial that has been proposed and not yet committed.
#[derive(Debug)]
struct Pending {
    assignment: Assignment,
    identity: Sha256Digest,
    duplicate_of: Option<u64>,
    /// Results that its proposal saw, and that a pruner may see.
    seen: u64,
    started_ms: Option<i64>,
    reports: BTreeMap<i64, f64>,
    finished: Option<Finished>,
}

/// A trial to evaluate: on a rung, or on all bars.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) number: u64,
    pub(super) assignment: Assignment,
    /// The rung to report from; `None` for the trial itself.
    pub(super) rung: Option<usize>,
}

/// What became of a job.
#[derive(Debug)]
pub(super) enum Evaluated {
    /// The objective on a rung.
    Report(f64),
    /// All there is to know.
    Outcome(Outcome),
}

/// An outcome and when it was computed.
#[derive(Debug)]
pub(super) struct Finished {
    pub(super) outcome: Outcome,
    pub(super) started_ms: i64,
    pub(super) finished_ms: i64,
}

/// What to do next.
#[derive(Debug)]
pub(super) enum Next {
    /// Evaluate this.
    Evaluate(Job),
    /// Nothing to evaluate: the trial is a duplicate.
    Answered,
    /// Results must come in first.
    Wait,
    /// The budget is spent.
    Done,
    /// Every point of the space has been tried, or no new one is found any more.
    Exhausted,
}

/// What a duplicate of a committed trial is answered with; all that is kept of one beside the
/// columnar history, so that memory does not grow with what a trial measured.
#[derive(Debug)]
struct Answer {
    state: TrialState,
    values: Box<[f64]>,
    violations: Box<[f64]>,
    reason: Option<Box<str>>,
}

/// Parameters of proposed trials whose results the next proposal must not see, committed or not;
/// duplicates are left out.
#[derive(Debug, Default)]
struct Window {
    numbers: VecDeque<usize>,
    assignments: VecDeque<Assignment>,
}

impl Window {
    fn push(&mut self, number: usize, assignment: &Assignment) {
        self.numbers.push_back(number);
        self.assignments.push_back(assignment.clone());
    }

    /// The parameters of trials from number `first` on; earlier ones are forgotten.
    fn from(&mut self, first: usize) -> &[Assignment] {
        while self.numbers.pop_front_if(|number| *number < first).is_some() {
            self.assignments.pop_front();
        }
        self.assignments.make_contiguous()
    }
}

/// The state of a study in progress.
pub(super) struct Conductor<'a> {
    plan: &'a Plan,
    identity: Identity,
    sampler: Box<dyn Sampler>,
    pruner: Box<dyn Pruner>,
    uniform: Random,
    directions: Vec<StudyDirection>,
    history: History,
    /// By trial number.
    answers: Vec<Answer>,
    window: Window,
    pending: VecDeque<Pending>,
    known: BTreeMap<Sha256Digest, u64>,
    /// How many of the known trials were imported: they cost no budget.
    imported: u64,
    /// Trials that another program made: learned from, counted, and no answer to anything.
    foreign: u64,
    budget: u64,
    /// What trials have cost, where the budget is in bars.
    spending: Spending,
    duplicates_in_a_row: u64,
    space_size: Option<u64>,
}

impl<'a> Conductor<'a> {
    /// A study that already has these trials, in number order.
    ///
    /// # Errors
    ///
    /// [`HistoryError`] when their numbers have gaps, [`SamplerError`] when the sampler refuses its options.
    pub(super) fn try_new(
        (plan, sampler): (&'a Plan, &SamplerPlan),
        identity: Identity,
        (budget, train_bars): (u64, usize),
        stored: &[TrialRecord],
    ) -> Result<Self, Error> {
        let space = &plan.parameters.space;
        let mut conductor = Self {
            plan,
            identity,
            sampler: sampler.build()?,
            pruner: plan.search.pruning.pruner.build()?,
            uniform: Random,
            directions: plan.objective.directions(),
            history: History::new(space, plan.objective.targets.len()),
            answers: Vec::with_capacity(stored.len()),
            window: Window::default(),
            pending: VecDeque::new(),
            known: BTreeMap::new(),
            imported: 0,
            foreign: 0,
            budget,
            spending: Spending::new(plan, train_bars),
            duplicates_in_a_row: 0,
            space_size: match space.size() {
                SpaceSize::Exact(points) => u64::try_from(points).ok(),
                _ => None,
            },
        };
        let unseen = (stored.len() + 1).saturating_sub(conductor.lag());
        for record in stored {
            let (number, trial) = (conductor.number(), &record.trial);
            if record.identity.is_empty() && !is_imported(record) {
                conductor.foreign += 1;
            } else {
                // What a study wrote is what it would compute: its fingerprint covers all that identities depend on.
                let identity = unhex(&record.identity).unwrap_or_else(|| conductor.identity.of(plan, &trial.params));
                conductor.note(identity, trial.duplicate_of);
                conductor.imported += u64::from(is_imported(record));
            }
            if number >= unseen && trial.duplicate_of.is_none() {
                conductor.window.push(number, &trial.params);
            }
            conductor.remember(record)?;
        }
        Ok(conductor)
    }

    /// Distinct trials proposed so far; imported ones were not.
    pub(super) fn distinct(&self) -> u64 {
        self.known.len() as u64 - self.imported + self.foreign
    }

    /// Train bars that trials were run on.
    pub(super) fn bars_spent(&self) -> u64 {
        self.spending.total()
    }

    /// Propose the next trial if it is due.
    pub(super) fn next(&mut self) -> Result<Next, SamplerError> {
        if self.distinct() >= self.budget {
            return Ok(Next::Done);
        }
        if self.space_size == Some(self.known.len() as u64) || self.duplicates_in_a_row >= DUPLICATES_IN_A_ROW {
            return Ok(Next::Exhausted);
        }
        if self.number() >= self.answers.len() + self.lag() {
            return Ok(Next::Wait);
        }
        if self.spending.is_spent(self.seen()) {
            return Ok(Next::Done);
        }
        let number = self.number() as u64;
        let seen = self.seen() as u64;
        let (assignment, identity) = match self.propose(number) {
            Err(SamplerError::Exhausted { .. }) => return Ok(Next::Exhausted),
            proposed => proposed?,
        };
        let duplicate_of = self.known.get(&identity).copied();
        self.note(identity, duplicate_of);
        if duplicate_of.is_none() {
            self.window.push(self.number(), &assignment);
        }
        self.pending.push_back(Pending {
            assignment: assignment.clone(),
            identity,
            duplicate_of,
            seen,
            started_ms: None,
            reports: BTreeMap::new(),
            finished: None,
        });
        if duplicate_of.is_some() {
            return Ok(Next::Answered);
        }
        let rung = (!self.plan.search.pruning.rungs.is_empty()).then_some(0);
        Ok(Next::Evaluate(Job { number, assignment, rung }))
    }

    /// Take in a result; results may come in any order. What is to be evaluated next of the same trial, if
    /// it goes on.
    pub(super) fn tell(
        &mut self,
        number: u64,
        evaluated: Evaluated,
        (started_ms, finished_ms): (i64, i64),
    ) -> Option<Job> {
        let index = usize::try_from(number).ok().and_then(|number| number.checked_sub(self.answers.len()))?;
        let pending = self.pending.get_mut(index)?;
        let started_ms = *pending.started_ms.get_or_insert(started_ms);
        let value = match evaluated {
            Evaluated::Report(value) => value,
            Evaluated::Outcome(outcome) => {
                let outcome = Outcome { reports: std::mem::take(&mut pending.reports), ..outcome };
                pending.finished = Some(Finished { outcome, started_ms, finished_ms });
                return None;
            }
        };
        let rungs = &self.plan.search.pruning.rungs;
        let rung = pending.reports.len();
        pending.reports.insert(step(rungs[rung]), value);
        let request = PruneRequest {
            direction: self.directions[0],
            view: self.history.view(pending.seen),
            seed: self.plan.search.seed,
            number,
            reports: &pending.reports,
        };
        if self.pruner.should_prune(&request) {
            let outcome = Outcome::pruned(std::mem::take(&mut pending.reports));
            pending.finished = Some(Finished { outcome, started_ms, finished_ms });
            return None;
        }
        let next = (rung + 1 < rungs.len()).then_some(rung + 1);
        Some(Job { number, assignment: pending.assignment.clone(), rung: next })
    }

    /// Commit the next trial in number order, if its result is known.
    pub(super) fn commit(&mut self) -> Result<Option<TrialRecord>, Error> {
        let ready = |next: &mut Pending| next.finished.is_some() || next.duplicate_of.is_some();
        let Some(next) = self.pending.pop_front_if(ready) else { return Ok(None) };
        let record = self.record(next);
        self.remember(&record)?;
        Ok(Some(record))
    }

    /// How many results the next proposal sees.
    fn seen(&self) -> usize {
        (self.number() + 1).saturating_sub(self.lag()).min(self.answers.len())
    }

    fn lag(&self) -> usize {
        self.plan.search.lag.get()
    }

    /// The number of the next proposal.
    fn number(&self) -> usize {
        self.answers.len() + self.pending.len()
    }

    /// Take note of the proposal that is about to become the next trial.
    fn note(&mut self, identity: Sha256Digest, duplicate_of: Option<u64>) {
        if duplicate_of.is_some() {
            self.duplicates_in_a_row += 1;
            return;
        }
        self.duplicates_in_a_row = 0;
        self.known.insert(identity, self.number() as u64);
    }

    fn remember(&mut self, record: &TrialRecord) -> Result<(), Error> {
        let trial = &record.trial;
        self.history.append(trial)?;
        self.spending.note(record);
        self.answers.push(Answer {
            state: trial.state,
            values: trial.values.as_slice().into(),
            violations: trial.constraints.values().copied().collect(),
            reason: record.reason.as_deref().map(Box::from),
        });
        Ok(())
    }

    /// Draw until the trial is new, a bounded number of times.
    fn propose(&mut self, number: u64) -> Result<(Assignment, Sha256Digest), SamplerError> {
        let mut attempt = 0;
        loop {
            let assignment = self.draw(number, attempt)?;
            let identity = self.identity.of(self.plan, &assignment);
            attempt += 1;
            if !self.known.contains_key(&identity) || attempt >= SAMPLER_ATTEMPTS + UNIFORM_ATTEMPTS {
                return Ok((assignment, identity));
            }
        }
    }

    fn draw(&mut self, number: u64, attempt: u64) -> Result<Assignment, SamplerError> {
        let seen = self.seen();
        let request = Request {
            space: &self.plan.parameters.space,
            directions: &self.directions,
            view: self.history.view(seen as u64),
            pending: self.window.from(seen),
            number,
            seed: self.plan.search.seed,
            attempt,
        };
        if attempt < SAMPLER_ATTEMPTS { self.sampler.propose(&request) } else { self.uniform.propose(&request) }
    }

    fn record(&self, pending: Pending) -> TrialRecord {
        let number = self.answers.len() as u64;
        let original = pending.duplicate_of.and_then(|original| self.answers.get(usize::try_from(original).ok()?));
        match (original, pending.finished) {
            (Some(original), _) => {
                self.duplicate_record(number, pending.assignment, pending.identity, (pending.duplicate_of, original))
            }
            (None, finished) => {
                let lost =
                    || Finished { outcome: Outcome::failed("its result was lost"), started_ms: 0, finished_ms: 0 };
                self.fresh_record(number, pending.assignment, pending.identity, finished.unwrap_or_else(lost))
            }
        }
    }

    /// A duplicate has its original's state, value and constraints; its metrics are the original's and
    /// are not stored twice.
    fn duplicate_record(
        &self,
        number: u64,
        assignment: Assignment,
        identity: Sha256Digest,
        (duplicate_of, original): (Option<u64>, &Answer),
    ) -> TrialRecord {
        let names = self.plan.objective.constraints.iter().map(|constraint| constraint.text().to_owned());
        TrialRecord {
            identity: hex(&identity),
            reason: original.reason.as_deref().map(str::to_owned),
            metrics: SegmentMetrics::new(),
            daily_returns: BTreeMap::new(),
            is_abridged: false,
            trial: Trial {
                state: original.state,
                values: original.values.to_vec(),
                constraints: names.zip(original.violations.iter().copied()).collect(),
                duplicate_of,
                ..self.trial(number, assignment)
            },
        }
    }

    fn fresh_record(
        &self,
        number: u64,
        assignment: Assignment,
        identity: Sha256Digest,
        finished: Finished,
    ) -> TrialRecord {
        let outcome = finished.outcome;
        TrialRecord {
            identity: hex(&identity),
            reason: outcome.reason(),
            trial: Trial {
                state: outcome.state(),
                values: outcome.values().to_vec(),
                constraints: outcome.constraints,
                intermediate_values: outcome.reports,
                started_ms: Some(finished.started_ms),
                finished_ms: Some(finished.finished_ms),
                ..self.trial(number, assignment)
            },
            metrics: outcome.metrics,
            daily_returns: outcome.daily_returns,
            is_abridged: false,
        }
    }

    /// A trial with its parameters and nothing else.
    fn trial(&self, number: u64, assignment: Assignment) -> Trial {
        let params = self.plan.parameters.space.params();
        let distributions =
            assignment.keys().filter_map(|name| Some((name.clone(), params.get(name)?.distribution.clone()))).collect();
        Trial {
            number,
            state: TrialState::Running,
            params: assignment,
            distributions,
            values: Vec::new(),
            constraints: IndexMap::new(),
            intermediate_values: BTreeMap::new(),
            user_attrs: IndexMap::new(),
            system_attrs: IndexMap::new(),
            started_ms: None,
            finished_ms: None,
            duplicate_of: None,
        }
    }
}

/// A rung as a step of Optuna's: the share of the bars, in percent.
#[expect(clippy::cast_possible_truncation, reason = "a share in percent is at most 100")]
pub(crate) fn step(share: f64) -> i64 {
    ((share * 100.0).round() as i64).max(1)
}
