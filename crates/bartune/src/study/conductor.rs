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
use bartune_search::sampler::{RandomSampler, Request, Sampler, SamplerError, TpeSampler};
use bartune_search::space::Assignment;
use bartune_search::storage::TrialRecord;
use bartune_search::trial::{Trial, TrialState};
use indexmap::IndexMap;

use crate::config::{Plan, SamplerPlan};
use crate::identity::{Identity, Sha256Digest, hex};
use crate::outcome::{Outcome, SegmentMetrics, Verdict};

/// How often the sampler is asked again when it proposes a known trial.
const SAMPLER_ATTEMPTS: u32 = 8;
/// How often a uniform draw is tried after that.
const UNIFORM_ATTEMPTS: u32 = 8;
/// This many duplicates in a row end a study whose space cannot be counted.
const DUPLICATES_IN_A_ROW: u64 = 500;

/// A trial that has been proposed and not yet committed.
#[derive(Debug)]
struct Pending {
    assignment: Assignment,
    identity: Sha256Digest,
    duplicate_of: Option<u64>,
    finished: Option<Finished>,
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
    /// Evaluate this trial.
    Evaluate(u64, Assignment),
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
    value: Option<f64>,
    violations: Box<[f64]>,
    reason: Option<Box<str>>,
}

/// The state of a study in progress.
pub(super) struct Conductor<'a> {
    plan: &'a Plan,
    identity: Identity,
    sampler: Box<dyn Sampler>,
    uniform: RandomSampler,
    history: History,
    /// By trial number.
    answers: Vec<Answer>,
    /// Parameters of the last `lag` committed trials, whose results the next proposals must not see;
    /// `None` for duplicates.
    recent: VecDeque<Option<Assignment>>,
    pending: VecDeque<Pending>,
    known: BTreeMap<Sha256Digest, u64>,
    budget: u64,
    duplicates_in_a_row: u64,
    space_size: Option<u64>,
}

impl<'a> Conductor<'a> {
    /// A study that already has these trials, in number order.
    pub(super) fn new(plan: &'a Plan, identity: Identity, budget: u64, stored: &[TrialRecord]) -> Self {
        let space = &plan.parameters.space;
        let mut conductor = Self {
            plan,
            identity,
            sampler: sampler(&plan.search.sampler),
            uniform: RandomSampler::default(),
            history: History::new(space, &[plan.objective.direction]),
            answers: Vec::with_capacity(stored.len()),
            recent: VecDeque::new(),
            pending: VecDeque::new(),
            known: BTreeMap::new(),
            budget,
            duplicates_in_a_row: 0,
            space_size: space.size().exact(),
        };
        for record in stored {
            let identity = conductor.identity.of(plan, &record.trial.params);
            conductor.note(identity, record.trial.number, record.trial.duplicate_of);
            conductor.remember(record);
        }
        conductor
    }

    /// Distinct trials proposed so far.
    pub(super) fn distinct(&self) -> u64 {
        self.known.len() as u64
    }

    /// Propose the next trial if it is due.
    pub(super) fn next(&mut self) -> Result<Next, SamplerError> {
        if self.distinct() >= self.budget {
            return Ok(Next::Done);
        }
        if self.space_size == Some(self.distinct()) || self.duplicates_in_a_row >= DUPLICATES_IN_A_ROW {
            return Ok(Next::Exhausted);
        }
        if self.number() >= self.answers.len() + self.lag() {
            return Ok(Next::Wait);
        }
        let number = self.number() as u64;
        let (assignment, identity) = self.propose(number)?;
        let duplicate_of = self.known.get(&identity).copied();
        self.note(identity, number, duplicate_of);
        self.pending.push_back(Pending { assignment: assignment.clone(), identity, duplicate_of, finished: None });
        Ok(if duplicate_of.is_some() { Next::Answered } else { Next::Evaluate(number, assignment) })
    }

    /// Take in a result; results may come in any order.
    pub(super) fn tell(&mut self, number: u64, finished: Finished) {
        let index = usize::try_from(number).ok().and_then(|number| number.checked_sub(self.answers.len()));
        if let Some(pending) = index.and_then(|index| self.pending.get_mut(index)) {
            pending.finished = Some(finished);
        }
    }

    /// Commit the next trial in number order, if its result is known.
    pub(super) fn commit(&mut self) -> Option<TrialRecord> {
        let ready = |next: &Pending| next.finished.is_some() || next.duplicate_of.is_some();
        let next = self.pending.pop_front_if(|next| ready(next))?;
        let record = self.record(next);
        self.remember(&record);
        Some(record)
    }

    fn lag(&self) -> usize {
        self.plan.search.lag.get()
    }

    /// The number of the next proposal.
    fn number(&self) -> usize {
        self.answers.len() + self.pending.len()
    }

    fn note(&mut self, identity: Sha256Digest, number: u64, duplicate_of: Option<u64>) {
        if duplicate_of.is_some() {
            self.duplicates_in_a_row += 1;
        } else {
            self.duplicates_in_a_row = 0;
            self.known.insert(identity, number);
        }
    }

    fn remember(&mut self, record: &TrialRecord) {
        let trial = &record.trial;
        self.history.push(trial);
        self.answers.push(Answer {
            state: trial.state,
            value: trial.values.first().copied(),
            violations: trial.constraints.values().copied().collect(),
            reason: record.reason.as_deref().map(Box::from),
        });
        self.recent.push_back(trial.duplicate_of.is_none().then(|| trial.params.clone()));
        if self.recent.len() > self.lag() {
            self.recent.pop_front();
        }
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

    fn draw(&mut self, number: u64, attempt: u32) -> Result<Assignment, SamplerError> {
        let seen = (self.number() + 1).saturating_sub(self.lag()).min(self.answers.len());
        let hidden = self.answers.len() - seen;
        let hidden = self.recent.iter().skip(self.recent.len() - hidden).flatten();
        let waiting = self.pending.iter().filter(|pending| pending.duplicate_of.is_none()).map(|pending| &pending.assignment);
        let pending: Vec<&Assignment> = hidden.chain(waiting).collect();
        let request = Request {
            space: &self.plan.parameters.space,
            history: self.history.first(seen),
            pending: &pending,
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
            (Some(original), _) => self.duplicate_record(number, pending.assignment, pending.identity, (pending.duplicate_of, original)),
            (None, finished) => {
                let lost = || Finished { outcome: Outcome::failed("its result was lost"), started_ms: 0, finished_ms: 0 };
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
            trial: Trial {
                state: original.state,
                values: original.value.into_iter().collect(),
                constraints: names.zip(original.violations.iter().copied()).collect(),
                duplicate_of,
                ..self.trial(number, assignment)
            },
        }
    }

    fn fresh_record(&self, number: u64, assignment: Assignment, identity: Sha256Digest, finished: Finished) -> TrialRecord {
        let outcome = finished.outcome;
        TrialRecord {
            identity: hex(&identity),
            reason: outcome.reason(),
            trial: Trial {
                state: outcome.state(),
                values: match outcome.verdict {
                    Verdict::Valued(value) => vec![value],
                    Verdict::Undefined(_) | Verdict::Failed(_) => Vec::new(),
                },
                constraints: outcome.constraints,
                started_ms: Some(finished.started_ms),
                finished_ms: Some(finished.finished_ms),
                ..self.trial(number, assignment)
            },
            metrics: outcome.metrics,
        }
    }

    /// A trial with its parameters and nothing else.
    fn trial(&self, number: u64, assignment: Assignment) -> Trial {
        let params = self.plan.parameters.space.params();
        let distributions = assignment.keys().filter_map(|name| Some((name.clone(), params.get(name)?.distribution.clone()))).collect();
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

fn sampler(plan: &SamplerPlan) -> Box<dyn Sampler> {
    match plan {
        SamplerPlan::Random => Box::new(RandomSampler::default()),
        SamplerPlan::Tpe(options) => Box::new(TpeSampler::new(options.clone())),
    }
}
