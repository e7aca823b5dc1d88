//! Validating a study: what has an edge, what has none, what cannot be said, and what is never looked at.

use std::num::NonZeroUsize;

use bartune::config::{Plan, parse_study};
use bartune::data::{self, Dataset, Segments};
use bartune::engine::bars::{BarColumns, Bars, Checks};
use bartune::search::stream::RandomStream;
use bartune::study::{Control, RunOptions, Session, run};
use bartune::validation::{Benchmark, Validation, ValidationOptions, Verdict, Window, validate};
use bartune::{CacheBudget, Evaluator};

const HOUR_NS: i64 = 3_600_000_000_000;

/// A trend follower over hourly bars.
const STUDY: &str = r#"
name = "validated"
[data]
path = "bars.parquet"
[split]
train = 0.6
validate = 0.2
test = 0.2
[params]
length = { int = [10, 120] }
stop = { float = [0.02, 0.2] }
[strategy]
long_entry = "close > sma(close, length)"
long_exit = "close < sma(close, length)"
stop_loss = "stop * close"
[execution]
fill = "next_open"
commission = "1bps"
[objective]
maximize = "sharpe"
[search]
trials = 60
seed = 5
"#;

/// Hourly bars whose mean return is `drift` a bar while the close is above its mean over 40 bars, and as much below zero
/// otherwise; their deviation is 0.5 % a bar.
fn market(bars: usize, drift: f64, seed: u64) -> Bars {
    let mut stream = RandomStream::new(seed, 0, 0);
    let mut closes: Vec<f64> = vec![100.0];
    while closes.len() < bars {
        let window = &closes[closes.len().saturating_sub(40)..];
        let last = closes[closes.len() - 1];
        let mean = window.iter().sum::<f64>() / window.len() as f64;
        let noise: f64 = (0..12).map(|_| stream.uniform()).sum::<f64>() - 6.0;
        closes.push(last * (1.0 + drift * (last - mean).signum() + 0.005 * noise));
    }
    let open: Vec<f64> = std::iter::once(100.0).chain(closes.iter().copied()).take(bars).collect();
    let columns = BarColumns {
        time: (0..bars).map(|bar| bar as i64 * HOUR_NS).collect(),
        high: open.iter().zip(&closes).map(|(a, b)| a.max(*b)).collect(),
        low: open.iter().zip(&closes).map(|(a, b)| a.min(*b)).collect(),
        volume: vec![1.0; bars],
        close: closes,
        open,
    };
    Bars::try_new(columns, jiff::tz::TimeZone::UTC, Checks::default()).expect("prices are positive")
}

fn plan(text: &str) -> Plan {
    parse_study("study.toml", text, std::path::Path::new("."), &[]).expect("it is well formed")
}

fn dataset(plan: &Plan, bars: Bars) -> Dataset {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("bars.parquet");
    bartune::engine::bars::write(&path, &bars).expect("the folder can be written");
    let mut data = plan.data.clone();
    data.path = path;
    data::open(&data, &plan.split, None).expect("the bars are good")
}

fn options() -> ValidationOptions {
    ValidationOptions {
        folds: 4,
        fold_trials: 40,
        sampled_trials: 40,
        resamples: 200,
        cache: CacheBudget::of_bytes(1 << 24),
        ..ValidationOptions::default()
    }
}

fn judged(plan: &Plan, dataset: &Dataset, options: &ValidationOptions) -> Validation {
    let mut session = Session::in_memory(plan, dataset).expect("memory takes all");
    let evaluator = Evaluator::new(plan, dataset);
    run(&mut session, &evaluator, &RunOptions::of(plan), &Control::default(), |_| {}).expect("it runs");
    let control = Control::default();
    validate((&evaluator, dataset), &session, None, options, (&control, &mut |_, _| {})).expect("it has a winner")
}

fn text(found: &Validation) -> String {
    let mut found = found.clone();
    (found.winner.trial.started_ms, found.winner.trial.finished_ms) = (None, None);
    // The identity covers the whole file's hash, the vault's as well.
    found.winner.identity.clear();
    format!("{found:?}")
}

#[test]
fn an_edge_survives_the_walk_forward_and_noise_does_not() {
    let plan = plan(STUDY);
    let edge = judged(&plan, &dataset(&plan, market(24 * 900, 0.0008, 1)), &options());
    let walk = edge.walk_forward.as_ref().expect("there are enough bars");
    assert!(walk.probability > 0.99 && walk.sharpe > 1.5, "{walk:?}");
    assert_eq!(edge.judgement().verdict, Verdict::Robust, "{:?}", edge.judgement());
    let noise: Vec<Verdict> = (1..=5)
        .map(|seed| judged(&plan, &dataset(&plan, market(24 * 900, 0.0, seed)), &options()).judgement().verdict)
        .collect();
    assert!(!noise.contains(&Verdict::Robust), "{noise:?}");
    assert!(noise.contains(&Verdict::LikelyNoise), "{noise:?}");
}

#[test]
fn the_vault_is_never_looked_at() {
    let plan = plan(STUDY);
    let bars = market(24 * 500, 0.0005, 3);
    let other = {
        let vault = 24 * 400;
        let mut columns = BarColumns {
            time: bars.time().to_vec(),
            open: bars.open().to_vec(),
            high: bars.high().to_vec(),
            low: bars.low().to_vec(),
            close: bars.close().to_vec(),
            volume: bars.volume().to_vec(),
        };
        for column in [&mut columns.open, &mut columns.high, &mut columns.low, &mut columns.close] {
            column[vault..].iter_mut().for_each(|price| *price *= 3.0);
        }
        Bars::try_new(columns, jiff::tz::TimeZone::UTC, Checks::default()).expect("prices are positive")
    };
    let found = [bars, other].map(|bars| text(&judged(&plan, &dataset(&plan, bars), &options())));
    assert_eq!(found[0], found[1]);
}

#[test]
fn workers_change_nothing() {
    let plan = plan(STUDY);
    let dataset = dataset(&plan, market(24 * 400, 0.0005, 4));
    let found = [1, 3].map(|workers| {
        let workers = NonZeroUsize::new(workers).expect("it is not zero");
        text(&judged(&plan, &dataset, &ValidationOptions { workers, window: Window::Rolling, ..options() }))
    });
    assert_eq!(found[0], found[1]);
}

#[test]
fn pieces_of_the_walk_forward_are_searched_on_nothing_but_what_lies_before_them() {
    let plan = plan(&STUDY.replace("test = 0.2", "test = 0.2\nembargo = \"2d\""));
    let dataset = dataset(&plan, market(24 * 400, 0.0005, 4));
    for window in [Window::Anchored, Window::Rolling] {
        let found = judged(&plan, &dataset, &ValidationOptions { window, ..options() });
        let folds = found.walk_forward.expect("there are enough bars").folds;
        assert_eq!(folds.len(), 4);
        for fold in &folds {
            assert!(fold.in_sample.end + 48 <= fold.out_of_sample.start + 1, "two days lie between: {fold:?}");
            assert_eq!(fold.out_of_sample.start % 24, 0, "pieces begin with a day: {fold:?}");
        }
        assert!(folds.windows(2).all(|pair| pair[0].out_of_sample.end == pair[1].out_of_sample.start));
        let is_anchored = folds.iter().all(|fold| fold.in_sample.start == folds[0].in_sample.start);
        assert_eq!(is_anchored, window == Window::Anchored);
        assert!(folds[3].out_of_sample.end <= dataset.segments.searchable_bars());
    }
}

/// What cannot be said is said to be so, without a number in its place.
#[test]
fn too_little_data_is_an_answer() {
    let cases = [
        ("three trials", STUDY.replace("trials = 60", "trials = 3"), 24 * 60),
        (
            "one trade",
            STUDY.replace("close > sma(close, length)", "close > 0").replace("close < sma(close, length)", "false"),
            24 * 300,
        ),
        ("longer warm-up than a piece", STUDY.replace("int = [10, 120]", "int = [1000, 1100]"), 24 * 140),
    ];
    for (what, study, bars) in cases {
        let plan = plan(&study.replace("maximize = \"sharpe\"", "maximize = \"total_return\""));
        let found = judged(&plan, &dataset(&plan, market(bars, 0.0, 9)), &options());
        assert_eq!(found.judgement().verdict, Verdict::NotEnoughData, "{what}: {:?}", found.judgement());
    }
}

#[test]
fn returns_without_variance_give_reasons_instead_of_numbers() {
    // A market that stands still: trades cost nothing and earn nothing.
    let study = STUDY
        .replace("commission = \"1bps\"", "commission = \"0bps\"")
        .replace("close > sma(close, length)", "close >= sma(close, length) and hour < 12")
        .replace("close < sma(close, length)", "hour >= 12")
        .replace("maximize = \"sharpe\"", "maximize = \"total_return\"");
    let plan = plan(&study);
    let still = {
        let bars = 24 * 200;
        let flat = vec![100.0; bars];
        let columns = BarColumns {
            time: (0..bars).map(|bar| bar as i64 * HOUR_NS).collect(),
            open: flat.clone(),
            high: flat.clone(),
            low: flat.clone(),
            close: flat,
            volume: vec![1.0; bars],
        };
        Bars::try_new(columns, jiff::tz::TimeZone::UTC, Checks::default()).expect("prices are positive")
    };
    let found = judged(&plan, &dataset(&plan, still), &options());
    assert_eq!(found.judgement().verdict, Verdict::NotEnoughData);
    assert!(found.walk_forward.is_err() && found.selection.is_err() && found.monte_carlo.is_err());
}

#[test]
fn the_best_trial_is_tested_against_the_benchmark_that_is_asked_for() {
    let plan = plan(STUDY);
    let dataset = dataset(&plan, market(24 * 400, 0.0008, 1));
    let against = |benchmark: Benchmark| {
        let found = judged(&plan, &dataset, &ValidationOptions { benchmark, ..options() });
        found.selection.expect("there are days and trials").benchmark
    };
    assert_eq!(against(Benchmark::Flat), None);
    let (name, held) = against(Benchmark::Held).expect("holding has returns");
    assert_eq!(name, "buying and holding");
    assert!(held.consistent < 0.05, "the market goes nowhere, the edge is real: {held:?}");
    // What is tested against itself is not better.
    let champion = plan.clone();
    let (name, itself) = against(Benchmark::Champion(Box::new(champion))).expect("it trades");
    assert_eq!(name, "validated");
    assert!(itself.consistent > held.consistent, "{itself:?} {held:?}");
}

#[test]
fn a_longer_first_stretch_leaves_fewer_days_out_of_sample() {
    let plan = plan(STUDY);
    let dataset = dataset(&plan, market(24 * 400, 0.0008, 1));
    let days = |searched: f64| {
        let found = judged(&plan, &dataset, &ValidationOptions { searched, ..options() });
        found.walk_forward.expect("there are enough bars").returns.len()
    };
    // 320 days before the vault.
    assert_eq!((days(0.25), days(0.75)), (240, 80));
}

#[test]
fn a_segmentation_without_validate_is_judged_as_well() {
    let plan = plan(&STUDY.replace("train = 0.6\nvalidate = 0.2\ntest = 0.2", "train = 1.0"));
    let dataset = dataset(&plan, market(24 * 400, 0.0008, 4));
    assert_eq!(dataset.segments, Segments { train: 0..24 * 400, validate: None, test: None });
    let found = judged(&plan, &dataset, &options());
    assert!(found.sharpe[1].is_none() && found.walk_forward.is_ok());
}
