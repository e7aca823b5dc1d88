//! What stages save: three strategies, each searched in full, in stages with a fifth of its cost, and in full with a
//! fifth of its trials. Costs are bars, not seconds, so that the table is the same on every machine.
//!
//! ```sh
//! cargo run --release -p bartune --example stages -- BARS.parquet [TRIALS] [SEEDS] [KEY=VALUE …]
//! ```
//!
//! The score is what a search is for: the winner (best on train) on the validate segment; and on train. Medians over the
//! seeds, with the quartiles.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use bartune::config::{Plan, StudyText};
use bartune::study::{Control, Progress, RunOptions, Session, run, summarize};
use bartune::{CacheBudget, Error, Evaluator, data};

const STUDIES: [&str; 3] = ["examples/large.toml", "examples/bollinger_squeeze.toml", "benches/ten_thousand.toml"];
/// The share of a full search's cost that the others get; what is in flight when it is spent brings them to a fifth.
const SHARE: f64 = 0.18;

/// One search.
struct Found {
    train: f64,
    validate: f64,
    trials: u64,
    passes: f64,
    /// Passes when the best train value was within a hundredth of the full search's.
    reached: Option<f64>,
}

fn main() -> Result<(), Error> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let changes: Vec<String> = arguments.extract_if(.., |argument| argument.contains('=')).collect();
    let [bars, numbers @ ..] = arguments.as_slice() else {
        println!("usage: stages BARS.parquet [TRIALS] [SEEDS] [KEY=VALUE …]");
        return Ok(());
    };
    let number = |index: usize, default: u64| numbers.get(index).and_then(|text| text.parse().ok()).unwrap_or(default);
    let (trials, seeds) = (number(0, 500), number(1, 10));
    println!("{trials} trials, {seeds} seeds; a pass is the train segment once\n");
    println!(
        "strategy           search               passes  trials  train (quartiles)       validate (quartiles)    within 1 % of full's train"
    );
    for study in STUDIES {
        let mut rows: [Vec<Found>; 3] = [Vec::new(), Vec::new(), Vec::new()];
        for seed in 1..=seeds {
            let common = [format!("data.path={bars}"), format!("search.seed={seed}"), "search.sampler=tpe".to_owned()];
            let with = |more: &[String]| search(study, &[&common[..], more].concat(), None);
            let full = with(&[format!("search.trials={trials}")])?;
            let fifth = format!("search.budget={} passes", SHARE * full.passes);
            let staged = [vec![fifth.clone(), "search.large_data=auto".to_owned()], changes.clone()].concat();
            rows[1].push(search(study, &[&common[..], &staged].concat(), Some(full.train))?);
            rows[2].push(search(study, &[&common[..], &[fifth]].concat(), Some(full.train))?);
            rows[0].push(full);
        }
        let name = Path::new(study).file_stem().and_then(|name| name.to_str()).unwrap_or(study);
        for (what, found) in ["in full", "in stages", "in full, a fifth"].iter().zip(&rows) {
            println!("{name:<18} {what:<18} {}", summary(found));
        }
        println!("{name:<18} {:<18} {}", "stages less full", difference(&rows[1], &rows[0]));
        println!("{name:<18} {:<18} {}\n", "fifth less full", difference(&rows[2], &rows[0]));
    }
    Ok(())
}

fn search(study: &str, overrides: &[String], goal: Option<f64>) -> Result<Found, Error> {
    let file = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join(study);
    let mut plan: Plan = StudyText::read(&file, overrides)?.plan()?;
    let dataset = data::open(&plan.data, &plan.split, None)?;
    let train = dataset.segments.train.len() as f64;
    plan.adapt(dataset.segments.train.len());
    let evaluator = Evaluator::new(&plan, &dataset).with_cache(CacheBudget::of_bytes(256 << 20));
    let mut session = Session::in_memory(&plan, &dataset)?;
    let options = RunOptions { workers: NonZeroUsize::MIN, ..RunOptions::of(&plan) };
    let (mut last, mut reached) = (Progress::default(), None);
    run(&mut session, &evaluator, &options, &Control::default(), |now| {
        let is_there = goal.zip(now.best_value).is_some_and(|(goal, best)| best >= goal - 0.01 * goal.abs());
        reached = reached.or(is_there.then_some(now.bars_spent as f64 / train));
        last = now.clone();
    })?;
    let best = summarize(&session, 1)?.top.into_iter().next();
    let value = best.as_ref().and_then(|best| best.trial.values.first()).copied().unwrap_or(f64::NAN);
    let validate = best.and_then(|best| best.metrics.get("validate")?.get("composite").copied()).unwrap_or(f64::NAN);
    Ok(Found {
        train: value,
        validate,
        trials: last.counts.distinct(),
        passes: last.bars_spent as f64 / train,
        reached,
    })
}

/// Median and quartiles; of an even number, the lower middle.
fn spread(mut values: Vec<f64>) -> String {
    values.sort_by(f64::total_cmp);
    let at = |share: usize| values[(values.len() - 1) * share / 4];
    format!("{:7.4} ({:7.4} to {:7.4})", at(2), at(1), at(3))
}

fn summary(found: &[Found]) -> String {
    let mean = |value: fn(&Found) -> f64| found.iter().map(value).sum::<f64>() / found.len() as f64;
    let reached: Vec<f64> = found.iter().filter_map(|found| found.reached).collect();
    let within = match reached.len() {
        0 => String::new(),
        count => format!("{count} of {}, after {:.0} passes", found.len(), reached.iter().sum::<f64>() / count as f64),
    };
    let (train, validate) = (found.iter().map(|found| found.train), found.iter().map(|found| found.validate));
    format!(
        "{:8.1} {:7.0}  {}  {}  {within}",
        mean(|found| found.passes),
        mean(|found| found.trials as f64),
        spread(train.collect()),
        spread(validate.collect())
    )
}

fn difference(some: &[Found], others: &[Found]) -> String {
    let pairs = || some.iter().zip(others);
    let train = pairs().map(|(one, other)| one.train - other.train).collect();
    let validate = pairs().map(|(one, other)| one.validate - other.validate).collect();
    format!("{:8} {:7}  {}  {}", "", "", spread(train), spread(validate))
}
