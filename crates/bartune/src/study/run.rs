//! Running a study: `n` workers keep `n` cores busy and no more.
//!
//! A worker that has evaluated a trial conducts, unless another one does: it takes in the results that have come,
//! proposes what is due and stores ([`Conducting`]). Then it evaluates again. So no core waits for a thread that only
//! proposes, whatever share of the time that takes. The calling thread watches: it tells how the run is going and
//! conducts now and then, so that the lease, the timeout and a store that did not answer are seen to
//! while all workers evaluate.

use std::convert::Infallible;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use bartune_engine::Params;
use bartune_engine::language::CacheStats;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, unbounded};
use jiff::Timestamp;

use super::conducting::{Conducting, Outlets};
use super::conductor::{Conductor, Evaluated, Job};
use super::enqueued;
use super::keep::Keeper;
use super::session::Session;
use super::summary::{Counts, Tally};
use crate::config::Plan;
use crate::error::Error;
use crate::evaluator::Evaluator;
use crate::outcome::Outcome;

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
    let (outlets, jobs, over) = Outlets::new(lag);
    let conducting = Conducting::new((session, evaluator), (conductor, keeper), tally, (options, control), outlets);
    let conducting = Mutex::new(conducting);
    let desk = Desk { conducting, is_asked_for: AtomicBool::new(false), jobs, results: unbounded(), over };
    thread::scope(|scope| {
        for _ in 0..options.workers.get().min(lag) {
            scope.spawn(|| desk.work(plan, evaluator));
        }
        desk.watch(&mut observe);
    });
    desk.conducting.into_inner().unwrap_or_else(PoisonError::into_inner).finish(&mut observe)
}

/// What the threads of a run share.
struct Desk<'a, 's> {
    /// Whoever holds it conducts.
    conducting: Mutex<Conducting<'a, 's>>,
    /// The watcher wants to be the next to hold it. A mutex is not fair: where trials take less time than a thread to wake
    /// up, workers would pass it to and fro for minutes.
    is_asked_for: AtomicBool,
    jobs: Receiver<Job>,
    results: (Sender<Done>, Receiver<Done>),
    /// Disconnected when the run is over.
    over: Receiver<Infallible>,
}

impl Desk<'_, '_> {
    /// Conduct and evaluate in turn until the run is over.
    fn work(&self, plan: &Plan, evaluator: &Evaluator<'_>) {
        self.conduct();
        for job in &self.jobs {
            let done = evaluate(plan, evaluator, &job);
            // The desk has the receiver.
            let _ = self.results.0.send(done);
            self.conduct();
        }
    }

    /// Conduct, unless another thread does or is about to.
    fn conduct(&self) {
        while !self.is_asked_for.load(Ordering::SeqCst) {
            let Ok(mut conducting) = self.conducting.try_lock() else { return };
            conducting.turn(&self.results.1);
            drop(conducting);
            if !self.is_left_alone() {
                return;
            }
        }
    }

    /// Whether results wait for nobody: their workers found the place taken and went on, to jobs that there are not.
    fn is_left_alone(&self) -> bool {
        self.jobs.is_empty() && !self.results.1.is_empty()
    }

    /// Tell how the run is going until it is over.
    fn watch(&self, observe: &mut impl FnMut(&Progress)) {
        // Workers wait for jobs until nobody can send any, also if this thread or one of them panics.
        let _closing = Closing(self);
        let (mut told, mut pause) = (Instant::now(), TICK);
        while self.over.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
            self.is_asked_for.store(true, Ordering::SeqCst);
            let Ok(mut conducting) = self.conducting.lock() else { return };
            self.is_asked_for.store(false, Ordering::SeqCst);
            conducting.turn(&self.results.1);
            let progress = (told.elapsed() >= TICK).then(|| conducting.progress());
            drop(conducting);
            if let Some(progress) = progress {
                observe(&progress);
                told = Instant::now();
            }
            pause = if self.is_left_alone() { Duration::ZERO } else { TICK };
        }
    }
}

/// Ends a run when it is dropped.
struct Closing<'d, 'a, 's>(&'d Desk<'a, 's>);

impl Drop for Closing<'_, '_, '_> {
    fn drop(&mut self) {
        self.0.conducting.lock().unwrap_or_else(PoisonError::into_inner).close();
    }
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
pub(super) type Done = (u64, Evaluated, (i64, i64));

fn evaluate(plan: &Plan, evaluator: &Evaluator<'_>, job: &Job) -> Done {
    let started_ms = Timestamp::now().as_millisecond();
    let params = plan.parameters.to_params(&job.assignment);
    let evaluated = match job.rung {
        Some(rung) => report_guarded(evaluator, &params, rung),
        None => Evaluated::Outcome(evaluate_guarded(evaluator, &params)),
    };
    (job.number, evaluated, (started_ms, Timestamp::now().as_millisecond()))
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
