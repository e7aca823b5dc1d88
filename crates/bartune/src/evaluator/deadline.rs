//! How long a trial may take.
//!
//! The one thing by which two machines can come to different studies: a trial that one of them finishes in time fails on
//! the other. Without `search.trial_timeout` no clock is read.

use std::time::{Duration, Instant};

use crate::error::Error;

/// When a trial must have ended; the default is never.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Deadline(Option<(Instant, Duration)>);

impl Deadline {
    /// So long from now.
    pub(crate) fn from_now(limit: Option<Duration>) -> Self {
        Self(limit.map(|limit| (Instant::now(), limit)))
    }

    /// What is left of the time, if it is limited.
    pub(crate) fn left(&self) -> Option<Duration> {
        self.0.map(|(began, limit)| limit.saturating_sub(began.elapsed()))
    }

    pub(crate) fn has_passed(&self) -> bool {
        self.0.is_some_and(|(began, limit)| began.elapsed() >= limit)
    }

    /// An error once it has passed; asked between the parts of a trial.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.has_passed() { Err(self.error()) } else { Ok(()) }
    }

    /// What a trial that met it fails with.
    pub(crate) fn error(&self) -> Error {
        Error::TrialTimeout { seconds: self.0.map_or(0.0, |(_, limit)| limit.as_secs_f64()) }
    }
}
