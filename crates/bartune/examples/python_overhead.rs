//! What a trial of a strategy in Python costs beyond its callable, and what memory the workers hold.
//!
//! `cargo run --release -p bartune --example python_overhead -- BARS.parquet [WORKERS]`, with `BARTUNE_PYTHON` naming a Python
//! that has numpy. The callable is timed in the worker. What is told beyond it is all the rest of the time from the question
//! to decoded columns: both ways of the socket, waking up, the look at every value, packing, unpacking, memory that is
//! touched for the first time.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use bartune::data::BarCache;
use bartune::engine::Value;
use bartune::engine::bars::LoadOptions;
use bartune::strategy::python::{PythonSpec, PythonStrategy};
use bartune::strategy::{ColumnStrategy, Question, SharedBars};

const TRIALS: u32 = 300;

const SOURCE: &str = r#"
import numpy as np
from bartune import Signals

def silent(bars, **params):
    return np.zeros(len(bars), dtype=np.int8)

def positions(bars, fast):
    change = np.empty_like(bars.close)
    change[:fast] = 0.0
    np.subtract(bars.close[fast:], bars.close[:-fast], out=change[fast:])
    return np.sign(change).astype(np.int8)

def signals(bars, fast):
    rises = np.zeros(len(bars), dtype=bool)
    rises[fast:] = bars.close[fast:] > bars.close[:-fast]
    enters = rises.copy()
    enters[1:] &= ~rises[:-1]
    return Signals(long_entry=enters, long_exit=~rises, stop_loss=0.02 * bars.close)
"#;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("name a bar file")?;
    let workers: usize = arguments.next().map_or(Ok(8), |text| text.parse())?;
    let cache = BarCache::of_user().ok_or("no place for a cache")?;
    let loaded = cache.load(Path::new(&path), &LoadOptions::default())?;
    let bars = SharedBars::new(loaded.bars);
    println!("{} bars, {}", bars.len(), if bars.mapped().is_some() { "mapped" } else { "written to a file" });
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("mine.py"), SOURCE)?;
    for callable in ["silent", "positions", "signals"] {
        let callable = format!("mine.py:{callable}");
        let spec = PythonSpec { callable: &callable, folder: folder.path(), interpreter: None, lookback: 0 };
        let strategy = PythonStrategy::start(&spec).map_err(|error| error.message)?;
        one_after_another(&strategy, &bars)?;
        at_once(&strategy, &bars, workers)?;
    }
    Ok(())
}

fn ask(strategy: &PythonStrategy, bars: &SharedBars, fast: i64) -> Result<Duration, String> {
    let params = [("fast".to_owned(), Value::Int(fast))].into();
    let began = Instant::now();
    let answer = strategy.decide(&Question { bars, params: &params, limit: None });
    answer.map(|_| began.elapsed()).map_err(|refusal| format!("{refusal:?}"))
}

fn one_after_another(strategy: &PythonStrategy, bars: &SharedBars) -> Result<(), String> {
    ask(strategy, bars, 20)?;
    let (inside_before, _) = strategy.time_inside();
    let mut whole = Duration::ZERO;
    let mut beyond = Vec::new();
    for trial in 0..TRIALS {
        let (before, _) = strategy.time_inside();
        let taken = ask(strategy, bars, i64::from(trial % 50) + 2)?;
        whole += taken;
        beyond.push(taken.saturating_sub(strategy.time_inside().0 - before));
    }
    beyond.sort();
    let inside = strategy.time_inside().0 - inside_before;
    let microseconds = |time: Duration| time.as_secs_f64() * 1e6 / f64::from(TRIALS);
    let [low, median, high] =
        [TRIALS / 20, TRIALS / 2, TRIALS * 95 / 100].map(|rank| beyond[rank as usize].as_secs_f64() * 1e6);
    println!(
        "{}: {:.0} µs a question, {:.0} of them in the callable; beyond it {median:.0} µs (median), {low:.0} (5 %) to {high:.0} (95 %)",
        strategy.name(),
        microseconds(whole),
        microseconds(inside)
    );
    Ok(())
}

/// So many questions at once, so that there are as many workers; then what each holds.
fn at_once(strategy: &PythonStrategy, bars: &SharedBars, workers: usize) -> Result<(), String> {
    while strategy.idle_workers().len() < workers {
        let answers: Vec<_> = thread::scope(|scope| {
            let asked: Vec<_> = (0..workers).map(|_| scope.spawn(|| ask(strategy, bars, 20))).collect();
            asked.into_iter().map(|thread| thread.join().expect("asking does not panic")).collect()
        });
        answers.into_iter().collect::<Result<Vec<_>, _>>()?;
    }
    let pids = strategy.idle_workers();
    let sum = |key: &str| pids.iter().map(|&pid| kilobytes(pid, key)).sum::<u64>() / 1024;
    println!("  {} workers: {} MB PSS, {} MB RSS in all", pids.len(), sum("Pss:"), sum("Rss:"));
    Ok(())
}

fn kilobytes(pid: u32, key: &str) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(key));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
