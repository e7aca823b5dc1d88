//! `bartune bench` and `bartune verify` from outside: the shape of what they print, and their exit codes.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

const STUDY: &str = r#"
name = "small"
data.path = "bars.parquet"
data.synth = { bars = 3000, timeframe = "1h", seed = 5 }
params.fast = { int = [3, 20] }
params.slow = { int = [10, 60] }
strategy.require = ["fast < slow"]
strategy.long_entry = "cross_above(sma(close, fast), sma(close, slow))"
strategy.long_exit = "cross_below(sma(close, fast), sma(close, slow))"
search.trials = 30
objective.maximize = "composite"
"#;

fn bartune(folder: &Path, line: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bartune"));
    command.args(line.split_whitespace()).current_dir(folder).env("BARTUNE_CACHE_DIR", folder.join("cache"));
    command.output().expect("the binary starts")
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

fn stored_study() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("study.toml"), STUDY).expect("the folder can be written");
    let output = bartune(folder.path(), "run study.toml --no-progress");
    assert!(output.status.code().is_some_and(|code| code < 2), "{output:?}");
    folder
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().map(|object| object.keys().map(String::as_str).collect()).unwrap_or_default()
}

#[test]
fn verify_of_an_untouched_study_is_all_equal_on_either_engine() {
    let folder = stored_study();
    for line in ["verify study.toml --json", "verify study.toml --json --engine fast"] {
        let output = bartune(folder.path(), line);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let found = json(&output);
        let expected = ["study", "trials", "checked", "skipped", "numbers", "equal", "difference", "seconds"];
        assert_eq!(keys(&found), expected);
        assert_eq!((&found["equal"], &found["difference"]), (&Value::Bool(true), &Value::Null));
        assert_eq!(found["checked"], found["trials"]);
    }
}

#[test]
fn verify_names_a_planted_difference_and_exits_with_1() {
    let folder = stored_study();
    let copy = folder.path().join("copy.db");
    std::fs::copy(folder.path().join("study.db"), &copy).expect("the store can be copied");
    let connection = rusqlite::Connection::open(&copy).expect("the copy is a database");
    let changed = connection.execute("UPDATE trial_values SET value = 0.123456 WHERE trial_id = 8", []);
    assert_eq!(changed.expect("the statement is right"), 1);
    drop(connection);
    let output = bartune(folder.path(), "verify study.toml --storage sqlite:///copy.db");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let text = String::from_utf8_lossy(&output.stdout);
    for words in ["trial 7 differs", "value", "stored", "0.123456", "recomputed"] {
        assert!(text.contains(words), "`{words}` is missing\n{text}");
    }
}

#[test]
fn verify_of_a_study_that_is_not_there_is_a_usage_error() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("study.toml"), STUDY).expect("the folder can be written");
    let output = bartune(folder.path(), "verify study.toml");
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("there is no study `small`"), "{output:?}");
}

#[test]
fn bench_prints_one_object_with_every_figure_and_says_which_peer_is_missing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let output = bartune(folder.path(), "bench --quick --json --peers /nowhere/python");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let report = json(&output);
    let expected = ["machine", "version", "optimised", "bars", "source", "rows", "peers", "peak_rss_mb"];
    assert_eq!(keys(&report), expected);
    let rows = report["rows"].as_array().expect("rows are a list");
    assert!(rows.len() >= 28, "{}", rows.len());
    for row in rows {
        let expected =
            ["id", "what", "median_ms", "low_ms", "high_ms", "repeats", "ns_per_bar", "per_second", "result"];
        assert_eq!(keys(row), expected);
        assert!(row["median_ms"].as_f64().is_some_and(|ms| ms > 0.0), "{row}");
    }
    let peers = report["peers"].as_array().expect("peers are a list");
    assert!(!peers.is_empty() && peers.iter().all(|peer| peer["missing"].is_string()), "{peers:?}");
}
