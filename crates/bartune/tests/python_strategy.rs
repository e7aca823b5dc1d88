//! Strategies in Python through real worker processes: what they decide is what rules decide, what breaks fails its own trial
//! and no other, and no process is left behind.
//!
//! They run in the interpreter that `BARTUNE_TEST_PYTHON` names, which has numpy and pandas (`scripts/test` makes one). Without
//! it they are skipped, but never where `CI` is set.
#![cfg(unix)]

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bartune::config::{Plan, parse_study};
use bartune::data::{self, Dataset};
use bartune::preflight::{Finding, PreflightOptions, Severity, preflight};
use bartune::search::storage::TrialRecord;
use bartune::strategy::python::{PythonSpec, PythonStrategy};
use bartune::strategy::{ColumnStrategy, Question, Refusal, SharedBars};
use bartune::study::{Control, RunOptions, Session, run};
use bartune::verify::{VerifyScope, verify};
use bartune::{Evaluator, SegmentName};

mod python;

const STUDY: &str = r#"
name = "crosses"
[data]
path = "bars.parquet"
synth = { bars = 3000, timeframe = "1h", seed = 5 }
[params]
fast = { int = [3, 40] }
slow = { int = [10, 120] }
[objective]
maximize = "total_return"
[search]
trials = 40
sampler = "tpe"
"#;

/// The interpreter for tests; `None` where there is none and none is asked for.
fn interpreter() -> Option<String> {
    let found = std::env::var("BARTUNE_TEST_PYTHON").ok().filter(|path| !path.is_empty());
    assert!(found.is_some() || std::env::var_os("CI").is_none(), "BARTUNE_TEST_PYTHON names no interpreter");
    found
}

struct Setting {
    folder: tempfile::TempDir,
    plan: Plan,
    dataset: Dataset,
}

/// A study over made-up bars whose strategy is this source's `signals`; `None` without an interpreter.
fn setting(source: &str, strategy: &str) -> Option<Setting> {
    let interpreter = interpreter()?;
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("mine.py"), source).expect("it can be written");
    let text =
        format!("{STUDY}[strategy]\npython = \"mine.py:signals\"\ninterpreter = \"{interpreter}\"\n{strategy}\n");
    let plan = parse_study("study.toml", &text, folder.path(), &[]).unwrap_or_else(|error| panic!("{error}"));
    let dataset = data::open(&plan.data, &plan.split, None).expect("the bars can be made");
    Some(Setting { folder, plan, dataset })
}

fn records(plan: &Plan, dataset: &Dataset, workers: usize) -> Vec<TrialRecord> {
    let mut session = Session::in_memory(plan, dataset).expect("memory takes all");
    let evaluator = Evaluator::new(plan, dataset);
    let workers = NonZeroUsize::new(workers).expect("at least one");
    let options = RunOptions { workers, ..RunOptions::of(plan) };
    run(&mut session, &evaluator, &options, &Control::default(), |_| {}).expect("it runs");
    let verified = verify(&session, &evaluator, VerifyScope::All).expect("memory can be read");
    assert_eq!(verified.difference, None);
    let mut records = session.trials(0..u64::MAX).expect("memory gives all back");
    for record in &mut records {
        (record.trial.started_ms, record.trial.finished_ms) = (None, None);
    }
    records
}

fn findings(setting: &Setting) -> Vec<Finding> {
    let evaluator = Evaluator::new(&setting.plan, &setting.dataset);
    let options = PreflightOptions { probes: NonZeroUsize::new(8), pilot: None };
    preflight(&setting.plan, &setting.dataset, &evaluator, &options).expect("it can be probed").findings
}


#[test]
fn a_strategy_in_numpy_gives_the_trials_of_its_rules_bit_for_bit() {
    let source = "from bartune import Signals\nimport numpy as np\n\n\
        def signals(bars, fast, slow):\n    \
            high = np.lib.stride_tricks.sliding_window_view(bars.high, fast).max(axis=1)\n    \
            low = np.lib.stride_tricks.sliding_window_view(bars.low, slow).min(axis=1)\n    \
            before = lambda column, n: np.concatenate([np.full(n, np.nan), column[:-1]])\n    \
            with np.errstate(invalid='ignore'):\n        \
                return Signals(long_entry=bars.close > before(high, fast), long_exit=bars.close < before(low, slow),\n            \
                    stop_loss=0.05 * bars.close)\n";
    let rules = "long_entry = \"close > highest(high, fast)[1]\"\nlong_exit = \"close < lowest(low, slow)[1]\"\n\
                 stop_loss = \"0.05 * close\"\n";
    let times = "session = \"02:00-20:00\"\nflat_by = \"22:00\"\nrequire = [\"fast < slow\"]\n";
    for extra in ["", times] {
        // Rules decide nothing before both of their series are defined.
        let Some(python) = setting(source, &format!("lookback = 121\n{extra}")) else { return };
        let folder = tempfile::tempdir().expect("a temporary folder");
        let text = format!("{STUDY}[strategy]\n{rules}{extra}");
        let plan = parse_study("study.toml", &text, folder.path(), &[]).expect("it is well formed");
        let dataset = data::open(&plan.data, &plan.split, None).expect("the bars can be made");
        let by_python = Evaluator::new(&python.plan, &python.dataset);
        let by_rules = Evaluator::new(&plan, &dataset);
        let mut trades = 0;
        for (fast, slow) in [(3, 120), (20, 120), (40, 120)] {
            let params = [("fast", fast), ("slow", slow)];
            let params = params.map(|(name, value)| (name.to_owned(), bartune::engine::Value::Int(value))).into();
            let [one, other] = [&by_python, &by_rules]
                .map(|evaluator| evaluator.backtest(&params, SegmentName::Train).expect("it runs").backtest);
            assert_eq!((&one.trades, &one.equity), (&other.trades, &other.equity), "{fast} {slow}");
            trades += one.trades.len();
        }
        assert!(trades > 20);
    }
}
