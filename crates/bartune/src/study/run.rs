//! Running a study: worker threads around one conductor.
//!
//! The calling thread proposes, commits and stores; workers only evaluate. Results are written in
//! batches, each one transaction.

use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use bartune_engine::Params;
use bartune_engine::language::CacheStats;
use bartune_search::storage::{Abridgement, TrialRecord};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded, unbounded};
use jiff::Timestamp;

use super::conductor::{Conductor, Evaluated, Job, Next};
use super::enqueued;
use super::keep::Keeper;
use super::session::Session;
use super::summary::{Counts, Tally};
use crate::config::Plan;
use crate::error::Error;
use crate::evaluator::Evaluator;
use crate::outcome::Outcome;

/// A batch is written when it is this old, or when the run ends.
const BATCH_AGE: Duration = Duration::from_millis(200);
/// A batch is written when it has this many trials.
const BATCH_TRIALS: usize = 512;
/// How long a store may not answer before the run gives up.
const OUTAGE: Duration = Duration::from_secs(30 * 60);
/// How long to wait before a batch is offered again to a store that did not answer.
pub(super) const PAUSE: Duration = Duration::from_millis(500);
/// Progress is told this often.
const TICK: Duration = Duration::from_millis(100);

/// What may differ between two runs of one study.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// Distinct trials the study is to have in the end.
    pub trials: u64,
    /// Worker threads.
    pub workers: NonZeroUsize,
    /// Stop proposing after this long.
    pub timeout: Option<Duration>,
}

/// Lets another thread end a run.
#[derive(Debug, Default)]
pub struct Control(AtomicBool);

/// Why a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The budget is spent.
    Budget,
    /// Every point of the space has been tried.
    Exhausted,
    /// [`Control::stop`] was called.
    Interrupted,
    /// The timeout ran out.
    TimedOut,
}

/// How a run is going.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    /// Counts over the whole study.
    pub counts: Counts,
    /// Distinct trials asked for.
    pub budget: u64,
    /// Distinct trials this run has evaluated.
    pub evaluated: u64,
    /// Train bars that the study's trials were run on.
    pub bars_spent: u64,
    /// Time since the run began.
    pub elapsed: Duration,
    /// Time that this run has spent on proposals.
    pub proposing: Duration,
    /// Best feasible objective value so far, where there is one objective.
    pub best_value: Option<f64>,
    /// The validate metric that goes with it, if the objective is a single metric.
    pub best_validate: Option<f64>,
    /// The most frequent reasons of infeasible and failed trials, and how many trials have each.
    pub reasons: Vec<(String, u64)>,
    /// Trials on the Pareto front, where there are several.
    pub front: usize,
    /// What the cache of computed series has done and holds.
    pub cache: CacheStats,
    /// Why nothing goes on for now, if the store does not answer.
    pub waiting_for: Option<String>,
}

impl Control {
    /// End the run after the trials in flight.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it was called.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl RunOptions {
    /// What the plan asks for; without a worker count, one a core.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        let cores = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Self { trials: plan.search.trials, workers: plan.search.workers.unwrap_or(cores), timeout: plan.search.timeout }
    }
}

/// Run a study to its budget. Everything that finished is stored when this returns, also on an error
/// of the sampler.
///
/// # Errors
///
/// [`Error::Storage`] when a batch cannot be written, [`Error::Sampler`] when nothing can be proposed.
pub fn run(
    session: &mut Session<'_>,
    evaluator: &Evaluator<'_>,
    options: &RunOptions,
    control: &Control,
    mut observe: impl FnMut(&Progress),
) -> Result<Ending, Error> {
    let plan = session.plan();
    let lag = plan.search.lag.get();
    let mut stored = session.history()?;
    let mut waits = |reason| {
        let (budget, waiting_for) = (options.trials, Some(reason));
        observe(&Progress { budget, waiting_for, ..Progress::default() });
    };
    if enqueued::finish(session, evaluator, (options, control), (&stored, &mut waits))? > 0 {
        stored = session.history()?;
    }
    let conductor = Conductor::try_new(
        (plan, &session.sampler()),
        session.identity(),
        (options.trials, evaluator.train_bars()),
        &stored,
    )?;
    let mut tally = Tally::of(plan.objective.directions(), &stored);
    let keeper = Keeper::new(plan, &stored);
    // Freeing the records of a long study takes a tenth of a second.
    thread::spawn(move || drop(stored));
    if let Some(best) = &mut tally.best {
        best.metrics = session.trial(best.number)?.metrics;
    }
    let (jobs, job_queue) = bounded::<Job>(lag);
    let (results, result_queue) = unbounded();
    thread::scope(|scope| {
        for _ in 0..options.workers.get().min(lag) {
            let (job_queue, results) = (job_queue.clone(), results.clone());
            scope.spawn(move || work(plan, evaluator, &job_queue, &results));
        }
        drop((job_queue, results));
        let mut loop_ = Loop::new((session, evaluator), (conductor, keeper), tally, (options, control));
        let ending = loop_.turn(&jobs, &result_queue, &mut observe);
        drop(jobs);
        let stored = loop_.finish(&mut observe);
        ending.and_then(|ending| stored.map(|()| ending))
    })
}

/// Why what was tried may succeed after a pause, if it may: the store does not answer, and has not for too
/// long.
pub(super) fn outage(
    result: Result<(), Error>,
    (began, control): (Instant, &Control),
) -> Result<Option<String>, Error> {
    match result {
        Err(Error::Storage(error)) if error.is_transient() && began.elapsed() < OUTAGE && !control.is_stopped() => {
            Ok(Some(error.to_string()))
        }
        result => result.map(|()| None),
    }
}

/// A job's number, what became of it, and when it began and ended.
type Done = (u64, Evaluated, (i64, i64));

fn work(plan: &Plan, evaluator: &Evaluator<'_>, jobs: &Receiver<Job>, results: &Sender<Done>) {
    for job in jobs {
        let started_ms = Timestamp::now().as_millisecond();
        let params = plan.parameters.to_params(&job.assignment);
        let evaluated = match job.rung {
            Some(rung) => report_guarded(evaluator, &params, rung),
            None => Evaluated::Outcome(evaluate_guarded(evaluator, &params)),
        };
        let times = (started_ms, Timestamp::now().as_millisecond());
        if results.send((job.number, evaluated, times)).is_err() {
            return;
        }
    }
}

/// Report from a rung; what breaks there ends the trial.
fn report_guarded(evaluator: &Evaluator<'_>, params: &Params, rung: usize) -> Evaluated {
    match catch_unwind(AssertUnwindSafe(|| evaluator.report(params, rung))) {
        Ok(Ok(value)) => Evaluated::Report(value),
        Ok(Err(error)) => Evaluated::Outcome(Outcome::failed(error.to_string())),
        Err(panic) => Evaluated::Outcome(Outcome::failed(panic_text(&*panic))),
    }
}

/// Evaluate a trial; a panic fails this trial and no other.
pub(crate) fn evaluate_guarded(evaluator: &Evaluator<'_>, params: &Params) -> Outcome {
    catch_unwind(AssertUnwindSafe(|| evaluator.evaluate(params)))
        .unwrap_or_else(|panic| Outcome::failed(panic_text(&*panic)))
}

pub(crate) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("the evaluation panicked: {}", text.unwrap_or("without a message"))
}

struct Loop<'a, 's> {
    session: &'a mut Session<'s>,
    evaluator: &'a Evaluator<'a>,
    conductor: Conductor<'s>,
    options: &'a RunOptions,
    control: &'a Control,
    began: Instant,
    last_write: Instant,
    last_tick: Instant,
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
}

impl<'a, 's> Loop<'a, 's> {
    fn new(
        (session, evaluator): (&'a mut Session<'s>, &'a Evaluator<'a>),
        (conductor, keeper): (Conductor<'s>, Keeper),
        tally: Tally,
        (options, control): (&'a RunOptions, &'a Control),
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
            last_tick: now,
            batch: Vec::new(),
            abridgement: Abridgement { numbers: Vec::new(), kept: keeper.headline().clone() },
            keeper,
            tally,
            distinct_at_start,
            in_flight: 0,
            proposing: Duration::ZERO,
        }
    }

    fn turn(
        &mut self,
        jobs: &Sender<Job>,
        results: &Receiver<Done>,
        observe: &mut impl FnMut(&Progress),
    ) -> Result<Ending, Error> {
        let mut ending = None;
        loop {
            if ending.is_none() {
                ending = self.propose(jobs)?;
            }
            if let (Some(ending), 0) = (ending, self.in_flight) {
                return Ok(ending);
            }
            match results.recv_timeout(TICK) {
                Ok(result) => {
                    self.take(result, jobs)?;
                    results.try_iter().try_for_each(|result| self.take(result, jobs))?;
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(ending.unwrap_or(Ending::Interrupted)),
            }
            self.write_if_due(observe)?;
            self.session.keep_lease()?;
            if self.last_tick.elapsed() >= TICK {
                self.last_tick = Instant::now();
                observe(&self.progress());
            }
        }
    }

    /// Propose all that is due; says why no more will be, if so.
    fn propose(&mut self, jobs: &Sender<Job>) -> Result<Option<Ending>, Error> {
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
                    if jobs.send(job).is_err() {
                        return Ok(Some(Ending::Interrupted));
                    }
                }
                Next::Answered => self.commit()?,
                Next::Wait => return Ok(None),
                Next::Done => return Ok(Some(Ending::Budget)),
                Next::Exhausted => return Ok(Some(Ending::Exhausted)),
            }
        }
    }

    fn take(&mut self, (number, evaluated, times): Done, jobs: &Sender<Job>) -> Result<(), Error> {
        // No more jobs wait than trials are in flight, so that sending never blocks.
        let goes_on = self.conductor.tell(number, evaluated, times).is_some_and(|job| jobs.send(job).is_ok());
        self.in_flight -= usize::from(!goes_on);
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

    fn write_if_due(&mut self, observe: &mut impl FnMut(&Progress)) -> Result<(), Error> {
        if self.batch.len() >= BATCH_TRIALS || (!self.batch.is_empty() && self.last_write.elapsed() >= BATCH_AGE) {
            self.write(observe)?;
        }
        Ok(())
    }

    /// Store the batch. A store that does not answer is waited for: what was evaluated is worth it.
    fn write(&mut self, observe: &mut impl FnMut(&Progress)) -> Result<(), Error> {
        let began = Instant::now();
        while let Some(reason) = outage(self.session.append(&self.batch, &self.abridgement), (began, self.control))? {
            observe(&Progress { waiting_for: Some(reason), ..self.progress() });
            thread::sleep(PAUSE);
        }
        self.batch.clear();
        self.abridgement.numbers.clear();
        self.last_write = Instant::now();
        Ok(())
    }

    fn finish(&mut self, observe: &mut impl FnMut(&Progress)) -> Result<(), Error> {
        self.write(observe)?;
        observe(&self.progress());
        Ok(())
    }

    fn progress(&self) -> Progress {
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
            waiting_for: None,
        }
    }
}
