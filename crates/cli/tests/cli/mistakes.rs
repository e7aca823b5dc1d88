//! Mistakes of older tuning pipelines, each with a test that keeps it out.
//!
//! | mistake | kept out by |
//! |---|---|
//! | 1. a duplicate told as a penalty, burning budget | `mistake_01_*` here |
//! | 2. scores of −100 standing in for "infeasible" | `mistake_02_*` here |
//! | 3. step grids re-rounded to multiples of the step | `mistake_03_*` here; `search/src/space/distribution/tests.rs` |
//! | 4. parameters that nothing reads, misplaced keys ignored | `mistake_04_*` here; snapshots `wrong_03`, `wrong_27` |
//! | 5. results cached by parameters alone | `mistake_05_*` here |
//! | 6. threads sharing one engine's state | `mistake_06_*` here; `resume::any_number_of_workers_gives_the_same_study` |
//! | 7. search and manual backtest disagreeing | `mistake_07_*` here |
//! | 8. stops on closes only, exits counted twice, fees missing | `engine/src/simulator/tests/{resting,money,vectorbt}.rs` |
//! | 9. "daily" figures per bar, equity of closed trades only | `engine/src/metric/tests/{worked,oracle}.rs` |
//! | 10. a composite score that is not monotone | `engine/src/metric/tests/composite.rs` |
//! | 11. a live template that is not the backtest | `tests/stream.rs`; `engine/src/language/tests/stream.rs` |
//! | 12. out-of-sample bars inside what is searched | `mistake_12_*` here; `bartune::evaluator` |
//! | 13. killed trials counted, resume adding a whole budget, comments blocking it | `mistake_13_*` here; `resume` |
//! | 14. the equity curve as a hundred attributes a trial | `mistake_14_*` here |
//! | 15. no seed repeatable, exit 0 after failure, passwords in logs | `mistake_15_*` here |
//! | 16. wrong contract specifications, tick sizes lost in formatting | `engine/src/instrument/tests.rs` |
//! | 17. a fill at the open of the bar whose close was read | `engine/src/simulator/tests/timing.rs`; `language/tests/properties.rs` |

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::store;
use crate::support::Sandbox;

const STUDY: &str = "examples/sp500_trend.toml";
const DATABASE: &str = "examples/sp500_trend.db";

/// Twenty-four points on the example's bars.
const SMALL: &str = r#"
name = "small"
data = { path = "examples/data/sp500_daily.parquet", timezone = "America/New_York" }

[params]
length = { int = [10, 17] }
stop = { float = [0.3, 1.0], step = 0.25 }

[strategy]
long_entry = "close > ema(close, length)"
long_exit = "close < ema(close, length)"
stop_loss = "stop * atr(14)"

[search]
sampler = "random"
trials = 24
seed = 3

[objective]
maximize = "total_return"
"#;

#[test]
fn mistake_01_a_duplicate_is_linked_to_its_original_and_costs_no_budget() {
    let sandbox = Sandbox::with_study(SMALL);
    let json = sandbox.run("run study.toml --json").exits(0).json();
    let database = sandbox.path("study.db");
    let (total, duplicates) = (json["trials"]["total"].as_u64(), json["trials"]["duplicate"].as_u64());
    let duplicates = duplicates.expect("a count");
    assert!(duplicates > 0, "this small a space must repeat itself: {}", json["trials"]);
    assert_eq!(total, Some(24 + duplicates), "the budget buys distinct trials");
    let points = store::rows(
        &database,
        "SELECT DISTINCT (SELECT group_concat(param_name || param_value) FROM trial_params p WHERE p.trial_id = t.trial_id) FROM trials t",
    );
    assert_eq!(points.len(), 24);
    let answered = store::rows(
        &database,
        "SELECT d.number, o.number, dv.value = ov.value, d.state = o.state
         FROM trial_user_attributes JOIN trials d USING (trial_id) JOIN trials o ON o.number = CAST(value_json AS INTEGER)
         JOIN trial_values dv ON dv.trial_id = d.trial_id JOIN trial_values ov ON ov.trial_id = o.trial_id
         WHERE key = 'bartune:duplicate_of'",
    );
    assert_eq!(answered.len() as u64, duplicates);
    assert!(answered.iter().all(|line| line.ends_with("1 | 1")), "a duplicate has its original's value: {answered:?}");
}

#[test]
fn mistake_01_an_exhausted_space_ends_the_study_cleanly() {
    let sandbox = Sandbox::with_study(SMALL);
    let ran = sandbox.run("run study.toml --trials 1000").exits(0);
    assert!(ran.stdout.contains("every point of the space has been tried"), "{ran}");
    let json = sandbox.run("run study.toml --trials 1000 --json").exits(0).json();
    let distinct = json["trials"]["total"].as_u64().zip(json["trials"]["duplicate"].as_u64());
    assert_eq!(distinct.map(|(total, duplicate)| total - duplicate), Some(24));
}

#[test]
fn mistake_02_what_cannot_be_valued_has_a_reason_and_no_score() {
    let sandbox = Sandbox::with_study(SMALL);
    sandbox.edit("study.toml", "close > ema(close, length)\"", "close > 1000 * length\"");
    sandbox.edit("study.toml", "maximize = \"total_return\"", "maximize = \"profit_factor\"");
    sandbox.run("run study.toml --trials 10").exits(1).says("`close > 1000 * length` is true on none");
    let ran = sandbox.run("run study.toml --trials 10 --no-check").exits(1);
    assert!(ran.stdout.contains("no feasible trial") && ran.stdout.contains("10 × profit_factor: no trades"), "{ran}");
    let database = sandbox.path("study.db");
    assert_eq!(store::rows(&database, "SELECT * FROM trial_values"), [""; 0]);
    assert_eq!(store::rows(&database, "SELECT DISTINCT state FROM trials"), ["PRUNED"], "never FAIL");
    sandbox.run("test study.toml").exits(1).says("no feasible trial");
}

#[test]
fn mistake_02_a_violated_constraint_keeps_the_value_apart_from_the_verdict() {
    let sandbox = Sandbox::with_study(&format!("{SMALL}constraints = [\"trades >= 100000\"]\n"));
    let ran = sandbox.run("run study.toml --trials 10").exits(1);
    assert!(ran.stdout.contains("10 × constraint violated: trades >= 100000"), "{ran}");
    let values = store::rows(&sandbox.path("study.db"), "SELECT value > -1 AND value < 10 FROM trial_values");
    assert_eq!(values, ["1"; 10], "values are returns, not penalties");
}

#[test]
fn mistake_03_a_grid_is_counted_from_its_low_end() {
    let sandbox = Sandbox::with_study(SMALL);
    sandbox.run("run study.toml --json").exits(0);
    let sql = "SELECT DISTINCT param_value FROM trial_params WHERE param_name = 'stop' ORDER BY 1";
    let values: Vec<f64> = store::rows(&sandbox.path("study.db"), sql)
        .iter()
        .map(|line| line.split('#').next().and_then(|text| text.parse().ok()).expect("a number"))
        .collect();
    assert_eq!(values, [0.3, 0.55, 0.8]);
}

#[test]
fn mistake_04_a_parameter_that_nothing_reads_is_warned_of() {
    let sandbox = Sandbox::with_study(SMALL);
    sandbox.edit("study.toml", "stop * atr(14)", "2 * atr(14)");
    let warning = "parameter `stop` is read by no rule";
    assert!(sandbox.run("check study.toml").exits(1).stdout.contains(warning));
    sandbox.run("run study.toml --trials 3").exits(0).says(warning);
}

#[test]
fn mistake_04_a_key_that_nothing_reads_is_refused() {
    let sandbox = Sandbox::with_study(&format!("{SMALL}commission = \"4bps\"\n"));
    sandbox.run("run study.toml").exits(2).says("`commission` belongs in `[execution]`");
}

#[test]
fn mistake_05_other_bars_are_another_trial() {
    let sandbox = Sandbox::with_study(SMALL);
    sandbox.run("run study.toml --trials 5 --json").exits(0);
    let shorter = "--set split.train=0.5 --set split.validate=0.2 --set split.test=0.2";
    sandbox.run(&format!("run study.toml --trials 5 {shorter}")).exits(2).says("split.train");
    sandbox.run(&format!("run study.toml --trials 5 {shorter} --set name=shorter --json")).exits(0);
    let database = sandbox.path("study.db");
    let column = |study: u32, column: &str| {
        let sql =
            "FROM trials JOIN bartune_trials USING (trial_id) JOIN trial_values USING (trial_id) WHERE study_id =";
        store::rows(&database, &format!("SELECT {column} {sql} {study} ORDER BY number"))
    };
    let (ours, theirs) = (column(1, "identity"), column(2, "identity"));
    assert_eq!((ours.len(), theirs.len()), (5, 5));
    assert!(ours.iter().all(|identity| !theirs.contains(identity)), "the same parameters, other bars: other trials");
    assert_ne!(column(1, "value"), column(2, "value"));
}

/// Metrics of a stored trial as `backtest --trial` finds them again.
fn replayed(sandbox: &Sandbox, number: u64, segment: &str) -> Value {
    let line = format!("backtest {STUDY} --trial {number} --segment {segment} --json");
    sandbox.run(&line).exits(0).json()["metrics"].clone()
}

#[test]
fn mistake_06_a_trial_run_among_others_is_the_trial_run_alone() {
    let sandbox = Sandbox::new();
    let best = sandbox.run(&format!("run {STUDY} --trials 60 --workers 8 --json")).exits(0).json()["best"].clone();
    let number = best["number"].as_u64().expect("a winner");
    assert_stored_is_replayed(&best["metrics"]["train"], &replayed(&sandbox, number, "train"));
}

#[test]
fn mistake_07_search_and_backtest_agree_in_every_metric() {
    let sandbox = Sandbox::new();
    let best = sandbox.run(&format!("run {STUDY} --trials 60 --json")).exits(0).json()["best"].clone();
    let number = best["number"].as_u64().expect("a winner");
    for segment in ["train", "validate"] {
        assert_stored_is_replayed(&best["metrics"][segment], &replayed(&sandbox, number, segment));
    }
    let params: Vec<String> = best["params"]
        .as_object()
        .expect("parameters")
        .iter()
        .map(|(name, value)| format!("{name}={}", value.to_string().trim_matches('"')))
        .collect();
    let by_hand = sandbox.run(&format!("backtest {STUDY} --params {} --json", params.join(","))).exits(0).json();
    assert_stored_is_replayed(&best["metrics"]["train"], &by_hand["metrics"]);
}

/// The stored metrics are those that are defined; floats go through the store bit for bit.
fn assert_stored_is_replayed(stored: &Value, replayed: &Value) {
    let defined = |metrics: &Value| -> BTreeMap<String, f64> {
        let metrics = metrics.as_object().expect("metrics").iter();
        metrics.filter_map(|(name, value)| Some((name.clone(), value.as_f64()?))).collect()
    };
    assert!(defined(stored).len() > 30);
    assert_eq!(defined(stored), defined(replayed));
}

#[test]
fn mistake_12_the_vaults_bars_cannot_touch_the_search() {
    let sandbox = Sandbox::new();
    sandbox.run("data convert examples/data/sp500_daily.parquet bars.csv --timezone America/New_York").exits(0);
    let text = std::fs::read_to_string(sandbox.path("bars.csv")).expect("it was written");
    // The last tenth of the bars, well inside the test segment, at other prices.
    let lines: Vec<&str> = text.lines().collect();
    let (kept, changed) = lines.split_at(lines.len() * 9 / 10);
    let doubled = changed.iter().map(|line| {
        let cells = line.split(',').enumerate();
        let double = |(column, cell): (usize, &str)| match (column, cell.parse::<f64>()) {
            (1..=4, Ok(price)) => (price * 2.0).to_string(),
            _ => cell.to_owned(),
        };
        cells.map(double).collect::<Vec<_>>().join(",")
    });
    let other: Vec<String> = kept.iter().map(ToString::to_string).chain(doubled).collect();
    sandbox.write("other.csv", &format!("{}\n", other.join("\n")));
    let search = |file: &str| {
        let path = sandbox.path(file);
        let set = format!("--set data.path={}", path.display());
        sandbox.run(&format!("run {STUDY} --trials 60 --json {set} --storage {file}.db")).exits(0);
        let test = sandbox.run(&format!("test {STUDY} --json {set} --storage {file}.db")).exits(0).json();
        (store::proposals(&sandbox.path(&format!("{file}.db"))), test)
    };
    let ((ours, our_test), (theirs, their_test)) = (search("bars.csv"), search("other.csv"));
    store::assert_same(&ours, &theirs);
    assert_eq!(our_test["metrics"]["validate"], their_test["metrics"]["validate"]);
    assert_ne!(our_test["metrics"]["test"], their_test["metrics"]["test"], "or nothing was changed");
}

#[test]
fn mistake_12_backtest_never_shows_the_vault() {
    let sandbox = Sandbox::new();
    sandbox.run(&format!("backtest {STUDY} --segment test")).exits(2);
    let bars = sandbox.run(&format!("backtest {STUDY} --segment all --json")).exits(0).json()["bars"].as_u64();
    assert!(bars.expect("a count") <= 5031 * 8 / 10 + 1, "`all` ends where the vault begins");
}

#[test]
fn mistake_13_a_comment_in_the_file_changes_no_study() {
    let sandbox = Sandbox::new();
    sandbox.run(&format!("run {STUDY} --trials 20 --json")).exits(0);
    sandbox.edit(STUDY, "[search]", "# Tuesday: looks promising.\n\n[search]");
    sandbox.edit(STUDY, "cash = 100000", "cash = 1e5");
    let json = sandbox.run(&format!("run {STUDY} --trials 30 --json")).exits(0).json();
    assert_eq!(json["trials"]["total"], 30, "the budget is a total, not added again");
}

#[test]
fn mistake_14_a_trial_carries_no_curve_and_few_attributes() {
    let sandbox = Sandbox::new();
    sandbox.run(&format!("run {STUDY} --trials 100 --json")).exits(0);
    let database = sandbox.path(DATABASE);
    let count = |sql: &str| store::rows(&database, sql)[0].parse::<u64>().expect("a count");
    let attributes = "SELECT count(*) + (SELECT count(*) FROM trial_system_attributes) FROM trial_user_attributes";
    assert!(count(attributes) <= 300, "{} attributes on 100 trials", count(attributes));
    let longest = "SELECT max(length(value_json)) FROM trial_user_attributes";
    assert!(count(longest) < 200);
}

#[test]
fn mistake_15_a_seed_repeats_the_study_and_another_does_not() {
    let studies = [5, 5, 6].map(|seed| {
        let sandbox = Sandbox::new();
        sandbox.run(&format!("run {STUDY} --trials 60 --seed {seed} --json")).exits(0);
        store::proposals(&sandbox.path(DATABASE))
    });
    store::assert_same(&studies[0], &studies[1]);
    let distinct: BTreeSet<_> = studies.iter().collect();
    assert_eq!(distinct.len(), 2);
}

#[test]
fn mistake_15_a_password_is_never_printed() {
    let sandbox = Sandbox::new();
    for command in ["run", "trials", "test"] {
        let ran = sandbox.run(&format!("{command} {STUDY} --storage postgresql://me:hunter2@host/db")).exits(2);
        assert!(!format!("{ran}").contains("hunter2"), "{ran}");
    }
}
