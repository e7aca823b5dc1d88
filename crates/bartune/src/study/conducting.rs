//! What whoever conducts a run does: proposals go out as jobs, results come in, and are stored in batches.

use std::convert::Infallible;
use std::thread;
use std::time::{Duration, Instant};

use bartune_search::storage::{Abridgement, TrialRecord};
use crossbeam_channel::{Receiver, Sender, bounded};

use super::conductor::{Conductor, Job, Next};
use super::keep::Keeper;
use super::run::{Control, Done, Ending, PAUSE, Progress, RunOptions, outage};
use super::session::Session;
use super::summary::Tally;
use crate::error::Error;
use crate::evaluator::Evaluator;

/// A batch is written when it is this old, or when the run ends.
const BATCH_AGE: Duration = Duration::from_millis(200);
/// A batch is written when it has this many trials.
const BATCH_TRIALS: usize = 512;

/// The conductor with the store behind it and the workers before it.
pub(super) struct Conducting<'a, 's> {
    session: &'a mut Session<'s>,
    evaluator: &'a Evaluator<'a>,
    conductor: Conductor<'s>,
    options: &'a RunOptions,
    control: &'a Control,
    began: Instant,
    last_write: Instant,
    /// Committed and not yet stored.
    batch: Vec<TrialRecord>,
    /// Stored, and to be abridged with the batch.
    abridgement: Abridgement,
    keeper: Keeper,
    tally: Tally,
    distinct_at_start: u64,
    in_flight: usize,
    /// Time spent on proposals.
    proposing: Duration,
    /// Why nothing more is proposed.
    ending: Option<Ending>,
    /// Why the run cannot go on.
    error: Option<Error>,
    outage: Option<Outage>,
    /// None once the run is over.
    outlets: Option<Outlets>,
}

/// A store that does not answer.
struct Outage {
    began: Instant,
    tried: Instant,
    reason: String,
}

/// What the other threads of a run wait for.
pub(super) struct Outlets {
    jobs: Sender<Job>,
    /// Nothing is ever sent: it tells the end by being gone.
    _over: Sender<Infallible>,
}

impl Outlets {
    /// With the other ends: of jobs, no more than trials may be in flight, and of the run's end.
    pub(super) fn new(lag: usize) -> (Self, Receiver<Job>, Receiver<Infallible>) {
        let (jobs, queue) = bounded(lag);
        let (over, end) = bounded(0);
        (Self { jobs, _over: over }, queue, end)
    }
}

impl<'a, 's> Conducting<'a, 's> {
    pub(super) fn new(
        (session, evaluator): (&'a mut Session<'s>, &'a Evaluator<'a>),
        (conductor, keeper): (Conductor<'s>, Keeper),
        tally: Tally,
        (options, control): (&'a RunOptions, &'a Control),
        outlets: Outlets,
    ) -> Self {
        let now = Instant::now();
        let distinct_at_start = conductor.distinct();
        Self {
            session,
            evaluator,
            conductor,
            options,
            control,
            began: now,
            last_write: now,
            batch: Vec::new(),
            abridgement: Abridgement { numbers: Vec::new(), kept: keeper.headline().clone() },
            keeper,
            tally,
            distinct_at_start,
            in_flight: 0,
            proposing: Duration::ZERO,
            ending: None,
            error: None,
            outage: None,
            outlets: Some(outlets),
        }
    }

    /// Take in what has come, propose what is due and store what is due. The run is over once it has ended and nothing is
    /// in flight; what comes then is of no use.
    pub(super) fn turn(&mut self, results: &Receiver<Done>) {
        if self.outlets.is_none() {
            results.try_iter().for_each(drop);
            return;
        }
        match self.try_turn(results) {
            Ok(()) if self.ending.is_none() || self.in_flight > 0 => {}
            Ok(()) => self.close(),
            Err(error) => {
                self.error = Some(error);
                self.close();
            }
        }
    }

    fn try_turn(&mut self, results: &Receiver<Done>) -> Result<(), Error> {
        results.try_iter().try_for_each(|result| self.take(result))?;
        // What cannot be stored for now must not become more.
        if self.ending.is_none() && self.outage.is_none() {
            self.ending = self.propose()?;
        }
        if self.is_due() {
            self.write()?;
        }
        self.session.keep_lease()
    }

    /// No more jobs: workers end when they have done those that are left.
    pub(super) fn close(&mut self) {
        self.outlets = None;
    }

    /// Store what is left; why the run ended.
    pub(super) fn finish(mut self, observe: &mut impl FnMut(&Progress)) -> Result<Ending, Error> {
        while !self.batch.is_empty() {
            if let Err(error) = self.write() {
                return Err(self.error.unwrap_or(error));
            }
            if self.outage.is_some() {
                observe(&self.progress());
                thread::sleep(PAUSE);
            }
        }
        observe(&self.progress());
        self.error.map_or(Ok(self.ending.unwrap_or(Ending::Interrupted)), Err)
    }

    /// Propose all that is due; says why no more will be, if so.
    fn propose(&mut self) -> Result<Option<Ending>, Error> {
        loop {
            if self.control.is_stopped() {
                return Ok(Some(Ending::Interrupted));
            }
            if self.options.timeout.is_some_and(|timeout| self.began.elapsed() >= timeout) {
                return Ok(Some(Ending::TimedOut));
            }
            let began = Instant::now();
            let next = self.conductor.next()?;
            self.proposing += began.elapsed();
            match next {
                Next::Evaluate(job) => {
                    self.in_flight += 1;
                    self.send(job);
                }
                Next::Answered => self.commit()?,
                Next::Wait => return Ok(None),
                Next::Done => return Ok(Some(Ending::Budget)),
                Next::Exhausted => return Ok(Some(Ending::Exhausted)),
            }
        }
    }

    /// No more jobs wait than trials are in flight, so that sending never blocks.
    fn send(&self, job: Job) {
        if let Some(outlets) = &self.outlets {
            let _ = outlets.jobs.send(job);
        }
    }

    fn take(&mut self, (number, evaluated, times): Done) -> Result<(), Error> {
        match self.conductor.tell(number, evaluated, times) {
            Some(job) => self.send(job),
            None => self.in_flight -= 1,
        }
        self.commit()
    }

    fn commit(&mut self) -> Result<(), Error> {
        while let Some(mut record) = self.conductor.commit()? {
            for number in self.keeper.decide(&mut record) {
                match self.batch.iter_mut().find(|waiting| waiting.trial.number == number) {
                    Some(waiting) => waiting.abridge(self.keeper.headline()),
                    None => self.abridgement.numbers.push(number),
                }
            }
            self.tally.add(&record);
            self.batch.push(record);
        }
        Ok(())
    }

    /// Whether a batch is to be stored, or to be offered again.
    fn is_due(&self) -> bool {
        match &self.outage {
            Some(outage) => outage.tried.elapsed() >= PAUSE,
            None => {
                self.batch.len() >= BATCH_TRIALS || (!self.batch.is_empty() && self.last_write.elapsed() >= BATCH_AGE)
            }
        }
    }

    /// Store the batch. A store that does not answer is waited for: what was evaluated is worth it.
    fn write(&mut self) -> Result<(), Error> {
        let began = self.outage.as_ref().map_or_else(Instant::now, |outage| outage.began);
        let reason = outage(self.session.append(&self.batch, &self.abridgement), (began, self.control))?;
        self.outage = reason.map(|reason| Outage { began, tried: Instant::now(), reason });
        if self.outage.is_none() {
            self.batch.clear();
            self.abridgement.numbers.clear();
            self.last_write = Instant::now();
        }
        Ok(())
    }

    pub(super) fn progress(&self) -> Progress {
        let metric = self.session.plan().objective.targets[0].text();
        let best = self.tally.best.as_ref();
        Progress {
            counts: self.tally.counts,
            budget: self.options.trials,
            evaluated: self.tally.counts.distinct() - self.distinct_at_start,
            bars_spent: self.conductor.bars_spent(),
            elapsed: self.began.elapsed(),
            proposing: self.proposing,
            best_value: best.map(|best| best.value),
            best_validate: best.and_then(|best| best.metrics.get("validate")?.get(metric).copied()),
            reasons: self.tally.top_reasons(3),
            front: self.tally.front.len(),
            cache: self.evaluator.cache_stats(),
            waiting_for: self.outage.as_ref().map(|outage| outage.reason.clone()),
        }
    }
}
