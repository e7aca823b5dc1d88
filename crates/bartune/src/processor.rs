//! What this process and its threads have had of the processors, as Linux tells it; elsewhere nothing is told, and time is
//! all there is.

use std::time::{Duration, Instant};

/// Seconds of this process's processor time, those of the system on its behalf beside its own.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Processor {
    pub(crate) own: f64,
    pub(crate) system: f64,
}

impl Processor {
    /// Until now; `None` where the system does not tell.
    pub(crate) fn now() -> Option<Self> {
        // Linux counts in hundredths of a second here, whatever its clock.
        const TICK: f64 = 0.01;
        let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
        // The second field is a name in brackets, the 14th and the 15th are times.
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
        let mut seconds = || Some(TICK * fields.next()?.parse::<f64>().ok()?);
        Some(Self { own: seconds()?, system: seconds()? })
    }

    /// The span that ends with this as if the system had taken no time: without what as many processors as were busy took
    /// for it.
    pub(crate) fn own_part(self, start: Self, span: f64) -> f64 {
        let system = self.system - start.system;
        let busy = (system + self.own - start.own) / span.max(1e-9);
        (span - system / busy.max(1.0)).clamp(0.0, span)
    }
}

/// Time since a moment without the system's own.
#[derive(Debug)]
pub(crate) struct OwnTime {
    began: Instant,
    start: Processor,
}

impl OwnTime {
    pub(crate) fn start() -> Self {
        Self { start: Processor::now().unwrap_or_default(), began: Instant::now() }
    }

    pub(crate) fn seconds(&self) -> f64 {
        let span = self.began.elapsed().as_secs_f64();
        Processor::now().map_or(span, |now| now.own_part(self.start, span))
    }
}

/// Time of this thread without what it has spent ready to go on while others had the processors.
#[derive(Debug)]
pub(crate) struct Watch {
    began: Instant,
    waited: Duration,
}

impl Watch {
    pub(crate) fn start() -> Self {
        Self { waited: Self::waited().unwrap_or_default(), began: Instant::now() }
    }

    /// Never none.
    pub(crate) fn seconds(&self) -> f64 {
        let waited = Self::waited().unwrap_or_default().saturating_sub(self.waited);
        self.began.elapsed().saturating_sub(waited).as_secs_f64().max(1e-9)
    }

    fn waited() -> Option<Duration> {
        waited_of(&std::fs::read_to_string("/proc/thread-self/schedstat").ok()?)
    }
}

/// Of nanoseconds on a processor, nanoseconds ready to be, and turns, the second.
fn waited_of(schedstat: &str) -> Option<Duration> {
    Some(Duration::from_nanos(schedstat.split_whitespace().nth(1)?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_of_the_process_is_told() {
        assert!(!cfg!(target_os = "linux") || Processor::now().is_some());
        assert!(OwnTime::start().seconds() < 1.0);
    }

    #[test]
    fn what_a_thread_has_waited_is_the_second_number() {
        assert_eq!(waited_of("427098 3304092 3\n"), Some(Duration::from_nanos(3_304_092)));
        assert_eq!((waited_of("427098"), waited_of("0 none 1")), (None, None));
        let (began, watch) = (Instant::now(), Watch::start());
        let seconds = watch.seconds();
        assert!(seconds > 0.0 && seconds <= began.elapsed().as_secs_f64(), "{seconds}");
    }
}
