//! What a trial costs beside its evaluation: proposal, identity, bookkeeping, threads, database.
//!
//! ```sh
//! cargo run --release -p bartune --example overhead -- [TRIALS] [SAMPLER]
//! ```
//!
//! A search over few bars with one worker, stored in SQLite; then the same trials evaluated once more in a plain loop.
//! The difference, over the trials.

use std::num::NonZeroUsize;
use std::time::Instant;

use bartune::config::parse_study;
use bartune::study::{Control, RunOptions, Session, run};
use bartune::{CacheBudget, Evaluator, data};
use mimalloc::MiMalloc;

/// The command line's.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const STUDY: &str = r#"
name = "overhead"
[data]
path = "bars.parquet"
synth = { bars = 400, timeframe = "1h", seed = 5 }
[params]
fast = { int = [3, 40] }
slow = { int = [10, 120] }
limit = { float = [50, 90] }
stop = { float = [1.0, 8.0] }
[strategy]
require = ["fast < slow"]
long_entry = "close > sma(close, fast) and sma(close, fast) > sma(close, slow) and rsi(close, 14) < limit"
long_exit = "close < sma(close, fast)"
stop_loss = "stop * atr(14)"
[objective]
maximize = "total_return"
"#;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let trials: u64 = arguments.next().map_or(Ok(10_000), |text| text.parse())?;
    let sampler = arguments.next().unwrap_or_else(|| "tpe".to_owned());
    let folder = tempfile::tempdir()?;
    let overrides = [format!("search.trials = {trials}"), format!("search.sampler = \"{sampler}\"")];
    let plan = parse_study("overhead.toml", STUDY, folder.path(), &overrides)?;
    let dataset = data::open(&plan.data, &plan.split, None)?;
    let budget = CacheBudget::of_bytes(64 << 20);
    let evaluator = Evaluator::new(&plan, &dataset).with_cache(budget);
    let url = format!("sqlite:///{}", folder.path().join("overhead.db").display());
    let mut session = Session::open_or_create(&plan, &dataset, &url)?;
    let options = RunOptions { workers: NonZeroUsize::MIN, ..RunOptions::of(&plan) };
    let began = Instant::now();
    run(&mut session, &evaluator, &options, &Control::default(), |_| {})?;
    let whole = began.elapsed();

    let records = session.trials(0..u64::MAX)?;
    let distinct: Vec<_> = records.iter().filter(|record| record.trial.duplicate_of.is_none()).collect();
    let evaluator = Evaluator::new(&plan, &dataset).with_cache(budget);
    let began = Instant::now();
    for record in &distinct {
        std::hint::black_box(evaluator.evaluate(&plan.parameters.to_params(&record.trial.params)));
    }
    let evaluating = began.elapsed();
    let each = |time: std::time::Duration| time.as_secs_f64() * 1e3 / distinct.len() as f64;
    println!(
        "{sampler}, {} trials: {:.3} ms a trial, {:.3} of them evaluation, {:.3} overhead",
        distinct.len(),
        each(whole),
        each(evaluating),
        each(whole) - each(evaluating)
    );
    Ok(())
}
