//! How long things take: a fixed set of strategies, the search, the store, and the peers beside them.
//!
//! | module | job |
//! |---|---|
//! | `timing` | repeated runs of one piece of work: median and quartiles |
//! | `strategy` | the strategies, as study files over the whole of the bars |
//! | `growth` | the cost against the number of bars and of conditions |
//! | `search` | the cost of a proposal and of storing a trial |
//! | `store` | the stores alone: writing, opening, guards, importing |
//! | [`peer`] | other programs' times on the same bars, through scripts in Python |
//!
//! Every figure is the median of repeated runs in one process. The first row is the floor: one read of
//! four columns of the bars, which no backtest can beat. Take ratios within one report; between two
//! reports the machine may have been busy with something else.
//!
//! It does not judge: what is fast enough is for the reader, and no test depends on a time.

mod growth;
pub mod peer;
mod search;
mod store;
mod strategy;
mod timing;

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use bartune_engine::bars::{self, Bars, LoadOptions, Loaded, SynthOptions};

use crate::error::Error;

pub use strategy::STRATEGIES;
pub use timing::Timing;

/// How much to measure.
#[derive(Debug, Clone)]
pub struct BenchOptions {
    /// The bars, or none for synthetic ones.
    pub bars: Option<PathBuf>,
    /// How long each figure is measured for, at least.
    pub budget: Duration,
    /// Fewest repeats of each figure.
    pub repeats: usize,
    /// Synthetic bars.
    pub synthetic_bars: usize,
    /// Lengths of the histories at which proposals are timed.
    pub histories: Vec<usize>,
    /// Trials written to the store.
    pub stored_trials: usize,
    /// Numbers of synthetic bars at which a backtest is timed; none unless asked for.
    pub scale: Vec<usize>,
    /// A store to write to besides SQLite: a path or URL.
    pub storage: Option<String>,
}

/// How much of the stores to measure.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// Trials written in batches.
    pub trials: u64,
    /// Trials written one by one.
    pub singles: u64,
    /// Signatures in a guard.
    pub guarded: u64,
    /// Files imported.
    pub files: u64,
    /// Stores and guards besides those in a new SQLite file: URLs, also of Redis in a build with it.
    pub locations: Vec<String>,
}

impl StoreOptions {
    /// A study of 100,000 trials.
    #[must_use]
    pub fn full() -> Self {
        Self { trials: 100_000, singles: 1_000, guarded: 100_000, files: 10_000, locations: Vec::new() }
    }

    /// A few seconds, to see that it works.
    #[must_use]
    pub fn quick() -> Self {
        Self { trials: 2_400, singles: 20, guarded: 1_000, files: 100, locations: Vec::new() }
    }
}

/// One figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its key, such as `sma_cross.cold`; peers refer to it.
    pub id: String,
    /// What was done, in words.
    pub what: String,
    /// Milliseconds.
    pub timing: Timing,
    /// Bars that were worked through, where it is a backtest or a scan.
    pub bars: Option<usize>,
    /// What came out, so that a reader sees that the work was done.
    pub result: String,
}

/// Everything that was measured, peers excepted.
#[derive(Debug, Clone)]
pub struct BenchReport {
    /// The processor's name, where the system tells it.
    pub processor: String,
    /// Threads of the machine.
    pub cores: usize,
    /// The bars' number.
    pub bars: usize,
    /// Where the bars came from.
    pub source: String,
    /// The figures, in the order of measuring.
    pub rows: Vec<Row>,
}

impl BenchOptions {
    /// A minute or so, for figures worth quoting.
    #[must_use]
    pub fn full() -> Self {
        Self {
            bars: None,
            budget: Duration::from_millis(1_000),
            repeats: 7,
            synthetic_bars: SynthOptions::default().bars,
            histories: vec![100, 250, 1_000, 10_000],
            stored_trials: 4_096,
            scale: Vec::new(),
            storage: None,
        }
    }

    /// The same with backtests over 10,000 to 10 million bars, which take a while and some 2 GB of memory.
    #[must_use]
    pub fn with_scale(mut self) -> Self {
        self.scale = [10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000, 10_000_000]
            .into_iter()
            .filter(|bars| self.budget > Duration::ZERO || *bars <= self.synthetic_bars)
            .collect();
        self
    }

    /// A few seconds, to see that it works.
    #[must_use]
    pub fn quick() -> Self {
        Self {
            budget: Duration::ZERO,
            repeats: 1,
            synthetic_bars: 10_000,
            histories: vec![100],
            stored_trials: 128,
            storage: None,
            ..Self::full()
        }
    }
}

impl Row {
    /// Nanoseconds a bar.
    #[must_use]
    pub fn ns_per_bar(&self) -> Option<f64> {
        self.bars.map(|bars| self.timing.median_ms * 1e6 / bars as f64)
    }

    /// How often a second.
    #[must_use]
    pub fn per_second(&self) -> f64 {
        1e3 / self.timing.median_ms
    }
}

impl BenchReport {
    /// The figure of this key.
    #[must_use]
    pub fn row(&self, id: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.id == id)
    }
}

/// Measure everything. `observe` is told of each figure when it is known; `bars_file` is where the bars
/// are written as Parquet, for the loading to be timed and for peers to read.
///
/// # Errors
///
/// [`Error::Data`] when the bars cannot be used, [`Error::Storage`] when the store cannot be written.
pub fn measure(options: &BenchOptions, bars_file: &Path, mut observe: impl FnMut(&Row)) -> Result<BenchReport, Error> {
    let (bars, source) = open_bars(options)?;
    bars::write(bars_file, &bars)?;
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let mut report = BenchReport { processor: processor(), cores, bars: bars.len(), source, rows: Vec::new() };
    let mut keep = |rows: Vec<Row>| {
        rows.iter().for_each(&mut observe);
        report.rows.extend(rows);
    };
    keep(vec![floor(&bars, options)]);
    let loaded = bars::load(bars_file, &LoadOptions::default())?;
    keep(vec![load(bars_file, bars.len(), options)]);
    for strategy in &STRATEGIES {
        keep(strategy::measure(strategy, &loaded, options, cores)?);
    }
    keep(growth::conditions(&loaded, options)?);
    for &bars in &options.scale {
        keep(growth::bars(bars, &bars_file.with_extension("scale.parquet"), options)?);
    }
    for &length in &options.histories {
        keep(search::proposals(length, options)?);
    }
    keep(search::appends(options)?);
    Ok(report)
}

/// Measure the stores alone. `observe` is told of each figure when it is known.
///
/// # Errors
///
/// [`Error::Storage`] when a store cannot be written.
pub fn measure_stores(options: &StoreOptions, observe: impl FnMut(&Row)) -> Result<BenchReport, Error> {
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let (source, rows) = ("the stores alone".to_owned(), store::rows(options, observe)?);
    Ok(BenchReport { processor: processor(), cores, bars: 0, source, rows })
}

fn open_bars(options: &BenchOptions) -> Result<(Bars, String), Error> {
    match &options.bars {
        Some(path) => {
            let Loaded { bars, .. } = bars::load(path, &LoadOptions::default())?;
            Ok((bars, path.display().to_string()))
        }
        None => {
            let synth = SynthOptions { bars: options.synthetic_bars, ..SynthOptions::default() };
            Ok((bars::synth(&synth)?, "synthetic".to_owned()))
        }
    }
}

/// One read of open, high, low and close: the limit of any scan. The bits are folded, since a sum of
/// floats would wait for its own last addition instead of for the memory.
fn floor(bars: &Bars, options: &BenchOptions) -> Row {
    let timing = timing::repeat(options.budget, options.repeats, || {
        let columns = [bars.open(), bars.high(), bars.low(), bars.close()];
        let fold = |column: &[f64]| column.iter().fold(0, |bits, value| bits ^ value.to_bits());
        black_box(columns.map(|column| fold(black_box(column))));
    });
    let gigabytes = bars.len() as f64 * 32.0 / 1e9;
    Row {
        id: "floor".to_owned(),
        what: "one read of four columns".to_owned(),
        result: format!("{:.1} GB/s", gigabytes / (timing.median_ms / 1e3)),
        timing,
        bars: Some(bars.len()),
    }
}

fn load(file: &Path, bars: usize, options: &BenchOptions) -> Row {
    let timing = timing::repeat(options.budget, options.repeats, || {
        // The file has been loaded once already, so that an error here would be the disk's.
        black_box(bars::load(file, &LoadOptions::default()).is_ok());
    });
    Row {
        id: "load".to_owned(),
        what: "bars loaded from Parquet and checked".to_owned(),
        timing,
        bars: Some(bars),
        result: String::new(),
    }
}

/// `model name` of `/proc/cpuinfo`.
fn processor() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("model name"));
    let name = line.and_then(|line| line.split_once(':')).map(|(_, name)| name.trim().to_owned());
    name.unwrap_or_else(|| std::env::consts::ARCH.to_owned())
}

#[cfg(test)]
mod tests;
