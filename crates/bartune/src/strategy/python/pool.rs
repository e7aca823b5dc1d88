//! Workers that wait for the next question: one for each that is asked at the same time, and none more.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::START_LIMIT;
use super::launch::Launch;
use super::message::Answer;
use super::worker::{Fault, Worker};
use crate::strategy::column::{Columns, Refusal};

/// The workers of one strategy.
#[derive(Debug)]
pub(super) struct Pool {
    launch: Launch,
    /// What the strategy depended on when the first worker imported it.
    version: String,
    idle: Mutex<Vec<Worker>>,
    nanoseconds: AtomicU64,
    calls: AtomicU64,
}

/// Which worker is asked; a new one is ended once it has answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum From {
    /// One that waits, or else a new one.
    Any,
    /// A new one.
    New,
}

impl Pool {
    pub(super) fn new(launch: Launch, first: Worker, version: String) -> Self {
        let idle = Mutex::new(vec![first]);
        Self { launch, version, idle, nanoseconds: AtomicU64::new(0), calls: AtomicU64::new(0) }
    }

    pub(super) fn idle(&self) -> Vec<u32> {
        self.lock().iter().map(Worker::id).collect()
    }

    pub(super) fn time_inside(&self) -> (Duration, u64) {
        (Duration::from_nanos(self.nanoseconds.load(Ordering::Relaxed)), self.calls.load(Ordering::Relaxed))
    }

    /// Ask a worker. One that fails its trial alone is kept; any other is ended, and replaced when it is missed.
    pub(super) fn ask(&self, request: &[u8], bars: usize, limit: Duration, from: From) -> Result<Columns, Refusal> {
        let mut worker = match from {
            From::Any => self.waiting().map_or_else(|| self.another(), Ok)?,
            From::New => self.another()?,
        };
        match worker.ask(request, bars, limit) {
            Ok(Answer::Columns { columns, nanoseconds }) => {
                self.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
                self.calls.fetch_add(1, Ordering::Relaxed);
                self.keep(worker, from);
                Ok(columns)
            }
            Ok(_) => Err(Refusal::Broken("the worker said something else than columns".to_owned())),
            Err(Fault::Refused(reason)) => {
                self.keep(worker, from);
                Err(Refusal::Failed(reason))
            }
            Err(Fault::Ended(reason)) => Err(Refusal::Broken(reason)),
            Err(Fault::Late) => Err(Refusal::Late(u64::try_from(limit.as_millis()).unwrap_or(u64::MAX))),
        }
    }

    /// One that waits and has not ended meanwhile.
    fn waiting(&self) -> Option<Worker> {
        loop {
            let worker = self.lock().pop()?;
            if worker.is_alive() {
                return Some(worker);
            }
        }
    }

    fn another(&self) -> Result<Worker, Refusal> {
        match Worker::start(&self.launch, START_LIMIT) {
            Ok((worker, hello)) if hello.version() == self.version => Ok(worker),
            Ok(_) => {
                let reason = "the strategy's source, or a package it imports, was changed during the run: run it again";
                Err(Refusal::Broken(reason.to_owned()))
            }
            Err(Fault::Refused(reason) | Fault::Ended(reason)) => {
                Err(Refusal::Broken(format!("no further worker can be started: {reason}")))
            }
            Err(Fault::Late) => Err(Refusal::Broken("no further worker could be started in time".to_owned())),
        }
    }

    fn keep(&self, worker: Worker, from: From) {
        if from == From::Any {
            self.lock().push(worker);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Worker>> {
        // What is kept are whole workers; no step under the lock leaves one half changed.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
