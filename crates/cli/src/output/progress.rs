//! How a run is going: a few lines on a terminal, redrawn in place; plain lines elsewhere; and a log for
//! programs.

use std::fs::File;
use std::io::{BufWriter, IsTerminal, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use bartune::study::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use super::format::{duration, number, percent};
use super::rss_mb;

/// Where stderr is no terminal, a line is printed this often.
const LINE_EVERY: Duration = Duration::from_secs(10);
/// Points of the sparkline of the best value so far.
const SPARKS: usize = 24;
/// No line is longer, so that nothing wraps on a terminal of 80 columns.
const COLUMNS: usize = 79;

/// Where progress is shown.
pub(crate) struct LiveView {
    screen: Screen,
    log: Option<(BufWriter<File>, String)>,
    best: Trace,
}

enum Screen {
    /// Redrawn in place.
    Terminal(ProgressBar),
    /// A plain line now and then; when the last one was printed.
    Plain(Instant),
    /// Nothing.
    Off,
}

impl LiveView {
    /// `log` is a file that gets one JSON object a line.
    pub(crate) fn new(off: bool, budget: u64, log: Option<&Path>) -> Result<Self> {
        let open = |path: &Path| {
            let file = File::options().create(true).append(true).open(path);
            let file = file.with_context(|| format!("cannot write the log {}", path.display()))?;
            Ok::<_, anyhow::Error>((BufWriter::new(file), path.display().to_string()))
        };
        Ok(Self { screen: Screen::new(off, budget), log: log.map(open).transpose()?, best: Trace::default() })
    }

    pub(crate) fn show(&mut self, progress: &Progress) {
        self.best.extend(progress);
        match &mut self.screen {
            Screen::Off => {}
            Screen::Terminal(bar) => {
                bar.set_position(progress.counts.distinct().min(progress.budget));
                bar.set_message(lines(progress, &self.best.sparkline()).join("\n"));
            }
            Screen::Plain(last) => {
                if last.elapsed() >= LINE_EVERY {
                    *last = Instant::now();
                    super::tell(&plain(progress));
                }
            }
        }
        self.write_log(progress);
    }

    pub(crate) fn finish(self) {
        if let Screen::Terminal(bar) = self.screen {
            bar.finish_and_clear();
        }
    }

    /// A log that cannot be written any more is given up, told once, and no reason to stop a search.
    fn write_log(&mut self, progress: &Progress) {
        let Some((file, path)) = &mut self.log else { return };
        if let Err(error) = writeln!(file, "{}", log_line(progress)).and_then(|()| file.flush()) {
            super::tell(&format!("warning: nothing more is written to {path}: {error}"));
            self.log = None;
        }
    }
}

impl Screen {
    fn new(off: bool, budget: u64) -> Self {
        if off {
            return Self::Off;
        }
        if !std::io::stderr().is_terminal() {
            return Self::Plain(Instant::now());
        }
        let bar = ProgressBar::with_draw_target(Some(budget), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{bar:24} {msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style);
        Self::Terminal(bar)
    }
}

/// The best value so far, at moments that are spread over the run.
#[derive(Debug, Default)]
struct Trace {
    values: Vec<f64>,
    /// Every so many updates one is kept.
    stride: usize,
    seen: usize,
}

impl Trace {
    fn extend(&mut self, progress: &Progress) {
        let Some(value) = progress.best_value else { return };
        self.stride = self.stride.max(1);
        if self.seen.is_multiple_of(self.stride) {
            self.values.push(value);
        }
        self.seen += 1;
        if self.values.len() > SPARKS {
            // Twice as far apart from now on.
            self.values = self.values.iter().copied().step_by(2).collect();
            self.stride *= 2;
        }
    }

    /// From the worst to the best, in eight heights.
    fn sparkline(&self) -> String {
        const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
        let low = self.values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = self.values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if self.values.len() < 2 || high <= low {
            return String::new();
        }
        let height = |value: &f64| {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is between 0 and 7")]
            let index = ((value - low) / (high - low) * 7.0).round() as usize;
            HEIGHTS[index.min(7)]
        };
        self.values.iter().map(height).collect()
    }
}

/// What stands beside and below the bar.
fn lines(progress: &Progress, sparkline: &str) -> Vec<String> {
    if let Some(reason) = &progress.waiting_for {
        return vec![shortened(&format!("waiting: {reason}"))];
    }
    let counts = &progress.counts;
    let share = |part: u64| percent(part as f64 / counts.total.max(1) as f64);
    let reasons: Vec<String> =
        progress.reasons.iter().map(|(reason, count)| format!("{} {reason}", share(*count))).collect();
    let why = if reasons.is_empty() { String::new() } else { format!(" ({})", reasons.join(", ")) };
    let cache = progress.cache.hit_rate().map_or_else(|| "-".to_owned(), percent);
    let kept = progress.cache.bytes as f64 / 1e6;
    let memory = rss_mb().map_or_else(String::new, |megabytes| format!("  memory {megabytes:.0} MB"));
    let rest = [
        format!("{}  {sparkline}", quality(progress)),
        format!("infeasible {}{why}", share(counts.infeasible)),
        format!(
            "duplicates {}  pruned {}  failed {}  series reused {cache} ({kept:.0} MB){memory}",
            share(counts.duplicate),
            share(counts.pruned),
            counts.failed
        ),
    ];
    std::iter::once(pace(progress)).chain(rest).map(|line| shortened(&line)).collect()
}

fn shortened(line: &str) -> String {
    let line = line.trim_end();
    if line.chars().count() <= COLUMNS {
        line.to_owned()
    } else {
        line.chars().take(COLUMNS - 1).chain(['…']).collect()
    }
}

/// One line for a screen that is none.
fn plain(progress: &Progress) -> String {
    match &progress.waiting_for {
        Some(reason) => format!("waiting: {reason}"),
        None => format!("{}  {}", pace(progress), quality(progress)),
    }
}

/// `1200/2000  850/s  ETA 1s`
fn pace(progress: &Progress) -> String {
    let seconds = progress.elapsed.as_secs_f64().max(1e-9);
    let rate = progress.evaluated as f64 / seconds;
    let left = progress.budget.saturating_sub(progress.counts.distinct());
    let eta = if rate > 0.0 {
        duration(Duration::try_from_secs_f64(left as f64 / rate).unwrap_or(Duration::MAX))
    } else {
        "?".to_owned()
    };
    format!("{}/{}  {rate:.0}/s  ETA {eta}", progress.counts.distinct(), progress.budget)
}

/// `best 0.61 | validate 0.48`, or how large the Pareto front is.
fn quality(progress: &Progress) -> String {
    let shown = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), number);
    match progress.front {
        0 => format!("best {} | validate {}", shown(progress.best_value), shown(progress.best_validate)),
        front => format!("{front} trials on the Pareto front"),
    }
}

fn log_line(progress: &Progress) -> serde_json::Value {
    let counts = &progress.counts;
    json!({
        "seconds": progress.elapsed.as_secs_f64(),
        "budget": progress.budget,
        "distinct": counts.distinct(),
        "evaluated": progress.evaluated,
        "complete": counts.complete,
        "infeasible": counts.infeasible,
        "pruned": counts.pruned,
        "failed": counts.failed,
        "duplicate": counts.duplicate,
        "reasons": progress.reasons.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
        "best": progress.best_value,
        "best_validate": progress.best_validate,
        "front": progress.front,
        "waiting_for": progress.waiting_for,
        "cache": { "hits": progress.cache.hits, "misses": progress.cache.misses, "bytes": progress.cache.bytes },
        "memory_mb": rss_mb(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(values: &[f64]) -> Trace {
        let mut trace = Trace::default();
        for &value in values {
            trace.extend(&Progress { best_value: Some(value), ..Progress::default() });
        }
        trace
    }

    #[test]
    fn the_sparkline_goes_from_the_worst_to_the_best() {
        assert_eq!(trace(&[0.0, 0.5, 1.0]).sparkline(), "▁▅█");
        assert_eq!(trace(&[1.0, 1.0]).sparkline(), "");
    }

    #[test]
    fn a_long_run_has_a_short_sparkline() {
        let values: Vec<f64> = (0..10_000).map(f64::from).collect();
        let trace = trace(&values);
        assert!(trace.values.len() <= SPARKS && trace.values.is_sorted() && trace.values[0] == 0.0);
    }

    #[test]
    fn no_line_is_longer_than_a_terminal_of_80_columns() {
        let reasons = vec![("a very long reason that goes on and on".repeat(4), 7)];
        let progress = Progress { reasons, ..Progress::default() };
        assert!(lines(&progress, "▁█").iter().all(|line| line.chars().count() <= COLUMNS));
    }
}
