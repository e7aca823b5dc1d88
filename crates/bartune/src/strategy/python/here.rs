//! Strategies that are asked in this process: the Python that this program is a part of answers, on the thread that asks.
//!
//! What is asked and answered is what goes over a worker's socket, so that both ways give the same trials. A call cannot be
//! ended from outside: one that takes too long fails its trial when it returns.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::message::{self, Answer};
use crate::strategy::column::{Columns, Refusal};

/// Answers a question within this process; several may be asked at once.
pub trait Answers: fmt::Debug + Send + Sync {
    /// The answer, both in the form that a worker's socket carries, without their lengths.
    fn answer(&self, question: &[u8]) -> Vec<u8>;
}

/// Who is asked, and how long it took.
pub(super) struct Here {
    answers: Arc<dyn Answers>,
    nanoseconds: AtomicU64,
    calls: AtomicU64,
}

impl Here {
    pub(super) fn new(answers: Arc<dyn Answers>) -> Self {
        Self { answers, nanoseconds: AtomicU64::new(0), calls: AtomicU64::new(0) }
    }

    pub(super) fn time_inside(&self) -> (Duration, u64) {
        (Duration::from_nanos(self.nanoseconds.load(Ordering::Relaxed)), self.calls.load(Ordering::Relaxed))
    }

    pub(super) fn ask(&self, request: &[u8], bars: usize, limit: Duration) -> Result<Columns, Refusal> {
        let began = Instant::now();
        let answer = message::answer(&self.answers.answer(request), bars);
        if began.elapsed() > limit {
            return Err(Refusal::Late(u64::try_from(limit.as_millis()).unwrap_or(u64::MAX)));
        }
        match answer {
            Some(Answer::Columns { columns, nanoseconds }) => {
                self.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
                self.calls.fetch_add(1, Ordering::Relaxed);
                Ok(columns)
            }
            Some(Answer::Failed(reason)) => Err(Refusal::Failed(reason)),
            _ => Err(Refusal::Broken("the strategy's answer is none".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[derive(Debug)]
    struct Says(&'static [u8], Duration);

    impl Answers for Says {
        fn answer(&self, _: &[u8]) -> Vec<u8> {
            thread::sleep(self.1);
            self.0.to_vec()
        }
    }

    fn asked(answer: &'static [u8], takes_ms: u64, limit_ms: u64) -> Result<Columns, Refusal> {
        let here = Here::new(Arc::new(Says(answer, Duration::from_millis(takes_ms))));
        here.ask(b"{}", 0, Duration::from_millis(limit_ms))
    }

    #[test]
    fn a_failure_a_late_answer_and_nonsense_are_told_apart() {
        assert_eq!(asked(b"Eno", 0, 60_000), Err(Refusal::Failed("no".to_owned())));
        assert_eq!(asked(b"Eno", 20, 5), Err(Refusal::Late(5)));
        assert!(matches!(asked(b"?", 0, 60_000), Err(Refusal::Broken(_))));
    }
}
