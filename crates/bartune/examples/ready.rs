//! How long a stored study takes until its next trial is proposed.
//!
//! ```sh
//! cargo run --release -p bartune --example ready -- [TRIALS [URL]]
//! ```
//!
//! Fills a study of eight parameters in SQLite, or in the database at the URL, by the start-up trials of TPE over few bars. Then,
//! three times: opens it, runs it for one trial more and stores that, as a run that is started again does. In a database of
//! your own the study is called `ready`; what it holds of an earlier call with as many trials is used.

use std::num::NonZeroUsize;
use std::time::Instant;

use bartune::config::{Plan, parse_study};
use bartune::data::Dataset;
use bartune::study::{Control, RunOptions, Session, run};
use bartune::{CacheBudget, Evaluator, data};

const STUDY: &str = r#"
name = "ready"
[data]
path = "bars.parquet"
synth = { bars = 400, timeframe = "1h", seed = 5 }
[params]
fast = { int = [3, 40] }
slow = { int = [10, 120] }
limit = { float = [50, 90] }
stop = { float = [1.0, 8.0] }
target = { float = [1.0, 8.0] }
level = { float = [0.0, 30.0] }
bars = { int = [5, 60] }
filter = { bool = true }
[strategy]
long_entry = "close > sma(close, fast) and sma(close, fast) > sma(close, slow) and rsi(close, bars) < limit and (not filter or adx(14) > level)"
long_exit = "close < sma(close, fast)"
stop_loss = "stop * atr(14)"
take_profit = "target * atr(14)"
[objective]
maximize = "total_return"
"#;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let trials: u64 = arguments.next().map_or(Ok(100_000), |text| text.parse())?;
    let folder = tempfile::tempdir()?;
    let url = arguments.next().unwrap_or_else(|| format!("sqlite:///{}", folder.path().join("ready.db").display()));
    let overrides = ["search.sampler = \"tpe\"".to_owned(), format!("search.tpe.startup_trials = {trials}")];
    let plan = parse_study("ready.toml", STUDY, folder.path(), &overrides)?;
    let dataset = data::open(&plan.data, &plan.split, None)?;
    more(&plan, &dataset, &url, trials)?;
    println!("{trials} trials stored; seconds until one more is proposed, run and stored:");
    for _ in 0..3 {
        println!("{:.3}", more(&plan, &dataset, &url, 0)?);
    }
    Ok(())
}

/// Seconds of a run to so many trials, or to one more than there are.
fn more(plan: &Plan, dataset: &Dataset, url: &str, trials: u64) -> Result<f64, Box<dyn std::error::Error>> {
    let evaluator = Evaluator::new(plan, dataset).with_cache(CacheBudget::of_bytes(64 << 20));
    let began = Instant::now();
    let mut session = Session::open_or_create(plan, dataset, url)?;
    let trials = trials.max(session.trial_count() + 1);
    let options = RunOptions { trials, workers: NonZeroUsize::MIN, ..RunOptions::of(plan) };
    run(&mut session, &evaluator, &options, &Control::default(), |_| {})?;
    Ok(began.elapsed().as_secs_f64())
}
