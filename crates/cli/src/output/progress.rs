//! The progress line of a run.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use bartune::study::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::format::{duration, number, percent};

/// Where stderr is no terminal, a line is printed this often.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// One line on a terminal, redrawn; plain lines elsewhere; nothing when switched off.
pub(crate) enum ProgressLine {
    /// Redrawn in place.
    Terminal(ProgressBar),
    /// A plain line now and then.
    Plain {
        /// When the last one was printed.
        last: Instant,
    },
    /// Nothing.
    Off,
}

impl ProgressLine {
    pub(crate) fn new(off: bool, budget: u64) -> Self {
        if off {
            return Self::Off;
        }
        if !std::io::stderr().is_terminal() {
            return Self::Plain { last: Instant::now() };
        }
        let bar = ProgressBar::with_draw_target(Some(budget), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{bar:16} {msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style);
        Self::Terminal(bar)
    }

    pub(crate) fn show(&mut self, progress: &Progress) {
        match self {
            Self::Off => {}
            Self::Terminal(bar) => {
                bar.set_position(progress.counts.distinct().min(progress.budget));
                bar.set_message(text(progress));
            }
            Self::Plain { last } => {
                if last.elapsed() >= LINE_EVERY {
                    *last = Instant::now();
                    super::tell(&text(progress));
                }
            }
        }
    }

    pub(crate) fn finish(self) {
        if let Self::Terminal(bar) = self {
            bar.finish_and_clear();
        }
    }
}

/// `1200/2000  850/s  ETA 1s  best 0.61 | validate 0.48  infeasible 12.0%  duplicates 0.5%`
fn text(progress: &Progress) -> String {
    if let Some(reason) = &progress.waiting_for {
        return format!("waiting: {reason}");
    }
    let counts = &progress.counts;
    let seconds = progress.elapsed.as_secs_f64().max(1e-9);
    let rate = progress.evaluated as f64 / seconds;
    let left = progress.budget.saturating_sub(counts.distinct());
    let eta = if rate > 0.0 {
        duration(Duration::try_from_secs_f64(left as f64 / rate).unwrap_or(Duration::MAX))
    } else {
        "?".to_owned()
    };
    let shown = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), number);
    let share = |part: u64| percent(part as f64 / counts.total.max(1) as f64);
    format!(
        "{}/{}  {rate:.0}/s  ETA {eta}  best {} | validate {}  infeasible {}  duplicates {}",
        counts.distinct(),
        progress.budget,
        shown(progress.best_value),
        shown(progress.best_validate),
        share(counts.infeasible),
        share(counts.duplicate),
    )
}
