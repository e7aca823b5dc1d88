//! Measures a store: `measure [TRIALS [BATCH [METRICS [URL]]]]`, by default a SQLite file in a temporary folder.
//!
//! Writes trials of 8 parameters and two segments of metrics in batches, then single ones, reads all
//! back, and prints times and sizes. Values have random bits, as a search's have.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use bartune_search::space::{Choice, Distribution, ParamValue};
use bartune_search::storage::{Storage, StudyId, TrialRecord};
use bartune_search::trial::{StudyDirection, Trial, TrialState};
use bartune_storage::StorageError;
use indexmap::IndexMap;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let mut next = |default: u64| arguments.next().map_or(Ok(default), |text| text.parse::<u64>());
    let (trials, batch, metrics) = (next(100_000)?, next(64)?, next(60)?);
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("measure.db");
    let given = arguments.next();
    let location = given.as_deref().or(path.to_str()).ok_or("the folder's name is not UTF-8")?;
    let mut storage = bartune_storage::open(location)?;
    if let Some(study) = storage.study("measure")? {
        storage.delete_study(study.id)?;
    }
    let id = storage.create_study("measure", &[StudyDirection::Maximize])?.id;

    let mut writing = Seconds::default();
    let mut slowest: f64 = 0.0;
    for first in (0..trials).step_by(usize::try_from(batch)?) {
        let records: Vec<_> = (first..trials.min(first + batch)).map(|n| record(n, metrics)).collect();
        let start = Clock::start();
        storage.append(id, &records)?;
        let elapsed = start.elapsed();
        slowest = slowest.max(elapsed.wall);
        writing.add(elapsed);
    }
    println!("{trials} trials, 8 parameters, 2 x {metrics} metrics, batches of {batch}");
    println!("append        {} ms a trial", writing.milliseconds_each(trials));
    println!("slowest batch {:8.2} ms", slowest * 1e3);
    if given.is_none() {
        println!("file          {:8.1} MB", std::fs::metadata(&path)?.len() as f64 / 1e6);
        tables(&path)?;
    }
    singles(&mut *storage, id, trials, metrics)?;
    reading(&*storage, id)
}

/// Print where the bytes are.
fn tables(path: &Path) -> Result<(), Failure> {
    let connection = rusqlite::Connection::open(path)?;
    let mut statement = connection
        .prepare("SELECT name, sum(pgsize) FROM dbstat GROUP BY name HAVING sum(pgsize) > 500000 ORDER BY 2 DESC")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (name, bytes): (String, i64) = (row.get(0)?, row.get(1)?);
        println!("  {name:<44} {:6.1} MB", bytes as f64 / 1e6);
    }
    Ok(())
}

fn singles(
    storage: &mut dyn Storage<Error = StorageError>,
    id: StudyId,
    trials: u64,
    metrics: u64,
) -> Result<(), Failure> {
    const SINGLES: u64 = 2_000;
    let mut writing = Seconds::default();
    for number in trials..trials + SINGLES {
        let record = record(number, metrics);
        let start = Clock::start();
        storage.append(id, &[record])?;
        writing.add(start.elapsed());
    }
    println!("single commit {} ms", writing.milliseconds_each(SINGLES));
    Ok(())
}

fn reading(storage: &dyn Storage<Error = StorageError>, id: StudyId) -> Result<(), Failure> {
    let start = Clock::start();
    let history = storage.history(id)?;
    println!("history       {} s for {}", start.elapsed(), history.len());
    drop(history);
    let start = Clock::start();
    let trials = storage.trials(id)?;
    println!("trials        {} s for {}", start.elapsed(), trials.len());
    Ok(())
}

/// Times on the wall and, where Linux tells it, on the processor, which a busy machine spoils less.
struct Clock {
    start: Instant,
    processor: Option<f64>,
}

impl Clock {
    fn start() -> Self {
        let processor = Self::processor_seconds();
        let start = Instant::now();
        Self { start, processor }
    }

    fn processor_seconds() -> Option<f64> {
        let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        Some(text.split(' ').next()?.parse::<f64>().ok()? / 1e9)
    }

    fn elapsed(&self) -> Seconds {
        Seconds {
            wall: self.start.elapsed().as_secs_f64(),
            processor: Self::processor_seconds().zip(self.processor).map_or(f64::NAN, |(end, start)| end - start),
        }
    }
}

/// Seconds on the wall and on the processor.
#[derive(Default, Clone, Copy)]
struct Seconds {
    wall: f64,
    processor: f64,
}

impl Seconds {
    fn add(&mut self, other: Self) {
        self.wall += other.wall;
        self.processor += other.processor;
    }

    fn milliseconds_each(self, count: u64) -> Self {
        let scale = 1e3 / count as f64;
        Self { wall: self.wall * scale, processor: self.processor * scale }
    }
}

impl std::fmt::Display for Seconds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:8.4} (processor {:8.4})", self.wall, self.processor)
    }
}

/// A trial as a run writes it.
fn record(number: u64, metrics: u64) -> TrialRecord {
    let mut random = Random(number);
    let (params, distributions) = params(&mut random);
    let mut segment = || -> BTreeMap<String, f64> {
        // A quarter of a backtest's metrics are counts.
        let value = |index: u64, random: &mut Random| match index % 4 {
            0 => (random.unit() * 2000.0).floor(),
            _ => random.unit() * 3.0 - 1.0,
        };
        (0..metrics).map(|index| (format!("metric_{index:02}"), value(index, &mut random))).collect()
    };
    let metrics = BTreeMap::from([("train".to_owned(), segment()), ("validate".to_owned(), segment())]);
    let identity = (0..4).map(|_| format!("{:016x}", random.next())).collect();
    TrialRecord {
        trial: Trial {
            number,
            state: TrialState::Complete,
            params,
            distributions,
            values: vec![random.unit()],
            constraints: IndexMap::from([
                ("trades >= 30".to_owned(), -12.0),
                ("max_drawdown <= 0.35".to_owned(), random.unit() - 0.9),
            ]),
            intermediate_values: BTreeMap::new(),
            user_attrs: IndexMap::new(),
            system_attrs: IndexMap::new(),
            started_ms: Some(1_700_000_000_000),
            finished_ms: Some(1_700_000_000_004),
            duplicate_of: None,
        },
        identity,
        metrics,
        daily_returns: BTreeMap::new(),
        is_abridged: false,
        reason: None,
    }
}

fn params(random: &mut Random) -> (BTreeMap<String, ParamValue>, IndexMap<String, Distribution>) {
    let mut values = BTreeMap::new();
    let mut distributions = IndexMap::new();
    let mut add = |name: &str, value, distribution| {
        values.insert(name.to_owned(), value);
        distributions.insert(name.to_owned(), distribution);
    };
    for name in ["fast", "slow", "bars"] {
        let value = ParamValue::Int((random.unit() * 300.0) as i64);
        add(name, value, Distribution::Int { low: 0, high: 300, step: 1, log: false });
    }
    for name in ["stop", "target", "trail", "level"] {
        let value = ParamValue::Float(random.unit() * 5.0);
        add(name, value, Distribution::Float { low: 0.0, high: 5.0, step: None, log: false });
    }
    let choices = vec![Choice::Bool(false), Choice::Bool(true)];
    add("filter", ParamValue::Choice(1), Distribution::Categorical { choices });
    (values, distributions)
}

/// SplitMix64: enough randomness to keep SQLite from compressing anything.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ bits >> 31
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}
