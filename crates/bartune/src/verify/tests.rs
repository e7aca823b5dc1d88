use std::num::NonZeroUsize;
use std::path::Path;

use rusqlite::Connection;
use tempfile::TempDir;

use super::*;
use crate::config::{Plan, parse_study};
use crate::data::{self, Dataset};
use crate::evaluator::Engine;
use crate::study::{Control, RunOptions, run};

const STUDY: &str = r#"
name = "small"
[data]
path = "bars.parquet"
synth = { bars = 3000, timeframe = "1h", seed = 5 }
[params]
fast = { int = [3, 20] }
slow = { int = [10, 60] }
[strategy]
require = ["fast < slow"]
long_entry = "cross_above(sma(close, fast), sma(close, slow))"
long_exit = "cross_below(sma(close, fast), sma(close, slow))"
[objective]
maximize = "sharpe"
constraints = ["trades >= 40"]
"#;

const TRIALS: u64 = 40;

/// A study of 40 distinct trials in a folder of its own.
struct Stored {
    folder: TempDir,
    plan: Plan,
    dataset: Dataset,
}

impl Stored {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let plan = parse_study("study.toml", STUDY, folder.path(), &[]).expect("the study is well formed");
        let dataset = data::open(&plan.data, &plan.split, None).expect("the bars can be made");
        let stored = Self { folder, plan, dataset };
        let mut session = Session::open_or_create(&stored.plan, &stored.dataset, &stored.url()).expect("a new store");
        let options = RunOptions { trials: TRIALS, ..RunOptions::of(&stored.plan) };
        let evaluator = Evaluator::new(&stored.plan, &stored.dataset).with_engine(Engine::Fast);
        run(&mut session, &evaluator, &options, &Control::default(), |_| {}).expect("the study runs");
        drop(session);
        stored
    }

    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("study.db")
    }

    fn url(&self) -> String {
        format!("sqlite:///{}", self.path().display())
    }

    fn verify(&self, scope: VerifyScope) -> Verification {
        let session = Session::open(&self.plan, &self.dataset, &self.url()).expect("the study is there");
        let evaluator = Evaluator::new(&self.plan, &self.dataset).with_engine(Engine::Reference);
        verify(&session, &evaluator, scope).expect("the store can be read")
    }

    fn differs(&self) -> Difference {
        self.verify(VerifyScope::All).difference.expect("the planted difference is found")
    }
}

/// Runs one statement that must change exactly one row.
fn plant(database: &Path, statement: &str) {
    let connection = Connection::open(database).expect("the store is a database");
    assert_eq!(connection.execute(statement, []).expect("the statement is right"), 1, "{statement}");
}

fn spread(trials: usize) -> VerifyScope {
    VerifyScope::Spread(NonZeroUsize::new(trials).expect("above 0"))
}

#[test]
fn an_untouched_study_is_all_equal() {
    let found = Stored::new().verify(VerifyScope::All);
    assert_eq!(found.difference, None);
    assert_eq!((found.checked, found.skipped), (found.trials, 0));
    assert!(found.trials >= TRIALS, "{found:?}");
    assert!(found.compared > 60 * TRIALS, "a trial has at least 60 numbers: {found:?}");
}

#[test]
fn one_changed_metric_is_named() {
    let stored = Stored::new();
    // The blob's last byte has the sign of the last metric of the last segment.
    let connection = Connection::open(stored.path()).expect("the store is a database");
    let mut blob: Vec<u8> = connection
        .query_row("SELECT packed FROM bartune_metrics WHERE trial_id = 18", [], |row| row.get(0))
        .expect("the trial has metrics");
    *blob.last_mut().expect("the blob has numbers") ^= 0x80;
    connection.execute("UPDATE bartune_metrics SET packed = ?1 WHERE trial_id = 18", [blob]).expect("it is replaced");
    let difference = stored.differs();
    assert_eq!((difference.trial, difference.segment.as_deref()), (17, Some("validate")));
    let (was, is): (f64, f64) =
        (difference.stored.parse().expect("a number"), difference.recomputed.parse().expect("a number"));
    assert_eq!(was, -is, "{difference:?}");
}

#[test]
fn one_changed_value_is_named_to_its_last_bit() {
    let stored = Stored::new();
    plant(&stored.path(), "UPDATE trial_values SET value = value * (1.0 + 2.3e-16) WHERE trial_id = 6");
    let difference = stored.differs();
    assert_eq!((difference.trial, difference.item.as_str(), difference.segment), (5, "value", None));
    assert_ne!(difference.stored, difference.recomputed);
}

#[test]
fn one_changed_parameter_breaks_the_identity() {
    let stored = Stored::new();
    let change = "UPDATE trial_params SET param_value = param_value + 1 WHERE trial_id = 4 AND param_name = 'slow'";
    plant(&stored.path(), change);
    let difference = stored.differs();
    assert_eq!((difference.trial, difference.item.as_str()), (3, "identity"));
}

#[test]
fn the_first_of_two_differences_is_told() {
    let stored = Stored::new();
    plant(&stored.path(), "UPDATE trial_values SET value = 9.0 WHERE trial_id = 31");
    plant(&stored.path(), "UPDATE trial_values SET value = 9.0 WHERE trial_id = 12");
    assert_eq!(stored.differs().trial, 11);
}

#[test]
fn a_spread_has_the_first_the_last_and_the_winner() {
    let stored = Stored::new();
    let session = Session::open(&stored.plan, &stored.dataset, &stored.url()).expect("the study is there");
    let trials = session.trial_count();
    let winner = summarize(&session, 1).expect("it can be read").best().expect("it has a winner").trial.number;
    for wanted in [3, 7, 20] {
        let numbers = chosen(&session, spread(wanted), trials).expect("it can be read");
        assert!(numbers.len() <= wanted && numbers.len() + 1 >= wanted, "{wanted}: {numbers:?}");
        for number in [0, trials - 1, winner] {
            assert!(numbers.contains(&number), "{wanted}: {number} is not in {numbers:?}");
        }
    }
    assert_eq!(chosen(&session, spread(1), trials).expect("it can be read"), [winner]);
    assert_eq!(chosen(&session, spread(10_000), trials).expect("it can be read").len() as u64, trials);
}

#[test]
fn a_spread_runs_only_its_trials() {
    let found = Stored::new().verify(spread(5));
    assert_eq!(found.difference, None);
    assert!((4..=5).contains(&found.checked), "{found:?}");
}

#[test]
fn zeros_of_either_sign_are_equal_only_where_sqlite_drops_the_sign() {
    assert_eq!(unsigned_zero(Some(&-0.0)).map(f64::to_bits), Some(0));
    let mut comparison = Comparison { trial: 0, result: Compared::default() };
    comparison.numbers((None, "sharpe"), Some(0.0), Some(-0.0));
    let difference = comparison.result.difference.expect("metrics keep the sign");
    assert_eq!((difference.stored.as_str(), difference.recomputed.as_str()), ("0.0", "-0.0"));
}
