//! A cache of computed series can change how long a study takes, and nothing else.

use std::num::NonZeroUsize;
use std::path::Path;

use bartune::config::{Plan, read_study};
use bartune::data::{self, Dataset};
use bartune::study::{self, Control, Ending, RunOptions, Session};
use bartune::{CacheBudget, Evaluator};

const STUDY: &str = r#"
name = "cached"

[data]
path = "bars.parquet"

[data.synth]
bars = 1500
timeframe = "10m"
seed = 5

[split]
train = 0.6
validate = 0.2
test = 0.2

[params]
fast = { int = [2, 8] }
slow = { int = [9, 16] }
level = { float = [40, 60] }
stop = { float = [0.5, 3.0], step = 0.5 }
deviations = { float = [1.0, 2.0] }

[strategy]
long_entry = "cross_above(ema(close, fast), ema(close, slow)) and rsi(close, 14) < level"
long_exit = "close > bbands(close, slow, deviations).upper or on('1h', close < sma(close, fast))"
short_entry = "(close < lowest(low, slow))[1] and not rising(close, 2)"
short_exit = "streak(close > open) >= 3"
stop_loss = "stop * atr(14)"

[search]
sampler = "tpe"
trials = 60
seed = 9
lag = 4

[objective]
maximize = "total_return"
"#;

/// Every trial with all that its evaluation gave, to the last bit.
fn trials(folder: &Path, plan: &Plan, dataset: &Dataset, budget: CacheBudget, workers: usize) -> (Vec<String>, u64) {
    let url = format!("sqlite:///{}/{}-{workers}.db", folder.display(), budget.bytes());
    let mut session = Session::open_or_create(plan, dataset, &url).unwrap();
    let evaluator = Evaluator::new(plan, dataset).with_cache(budget);
    let options = RunOptions { workers: NonZeroUsize::new(workers).unwrap(), ..RunOptions::of(plan) };
    let mut last = None;
    let ending = study::run(&mut session, &evaluator, &options, &Control::default(), |progress| {
        last = Some(progress.cache);
    });
    assert_eq!(ending.unwrap(), Ending::Budget);
    let stats = evaluator.cache_stats();
    assert_eq!(last, Some(stats), "the last progress tells what the cache did");
    assert!(stats.bytes <= budget.bytes());
    let bits = |value: &f64| value.to_bits();
    let text = |record: &bartune::search::storage::TrialRecord| {
        let trial = &record.trial;
        let metrics: Vec<_> = record
            .metrics
            .iter()
            .flat_map(|(segment, metrics)| metrics.iter().map(move |(name, value)| (segment, name, value.to_bits())))
            .collect();
        let values: Vec<u64> = trial.values.iter().map(bits).collect();
        format!("{} {:?} {:?} {values:?} {:?} {metrics:?}", trial.number, trial.state, trial.params, trial.constraints)
    };
    (session.trials(0..u64::MAX).unwrap().iter().map(text).collect(), stats.hits)
}

#[test]
fn no_budget_and_no_number_of_workers_changes_a_study() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("study.toml");
    std::fs::write(&file, STUDY).unwrap();
    let plan = read_study(&file, &[]).unwrap();
    let dataset = data::open(&plan.data, &plan.split, None).unwrap();
    let (plain, hits) = trials(folder.path(), &plan, &dataset, CacheBudget::NONE, 1);
    assert!(plain.len() >= 60);
    assert_eq!(hits, 0);
    // Room for nothing, for two columns, for some, for all.
    for bytes in [100, 25_000, 200_000, usize::MAX] {
        for workers in [1, 4] {
            let budget = CacheBudget::of_bytes(bytes);
            let (cached, hits) = trials(folder.path(), &plan, &dataset, budget, workers);
            assert!(plain == cached, "{bytes} bytes and {workers} workers give another study");
            assert_eq!(hits > 0, bytes > 100, "{bytes} bytes, {hits} hits");
        }
    }
    let (parallel, _) = trials(folder.path(), &plan, &dataset, CacheBudget::NONE, 4);
    assert!(plain == parallel);
}
