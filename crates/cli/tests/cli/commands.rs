//! What each command prints: help, reports, and the shape of `--json`.

use crate::support::{Ran, Sandbox, assert_ran, judged};
use serde_json::Value;

const STUDY: &str = "examples/sp500_trend.toml";

/// Keys of an object, in order, with those of the objects inside.
fn shape(value: &Value) -> Vec<String> {
    let Value::Object(entries) = value else { return Vec::new() };
    let inner = |(key, value): (&String, &Value)| match value {
        Value::Object(_) => shape(value).into_iter().map(|path| format!("{key}.{path}")).collect(),
        _ => vec![key.clone()],
    };
    entries.iter().flat_map(inner).collect()
}

#[test]
fn help_of_every_command() {
    let sandbox = Sandbox::new();
    for command in [
        "",
        "run",
        "backtest",
        "test",
        "check",
        "trials",
        "promote",
        "compare",
        "importance",
        "report",
        "serve",
        "data",
        "data info",
        "data synth",
        "data convert",
    ] {
        let name = format!("help {command}").trim().replace(' ', "_");
        assert_ran!(name, sandbox.run(&format!("{command} --help")));
    }
    sandbox.run("").exits(2);
    sandbox.run("fly").exits(2);
    assert_eq!(sandbox.run("--version").exits(0).stdout, format!("bartune {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_study_from_check_to_the_vault() {
    let sandbox = Sandbox::new();
    assert_ran!("check", sandbox.run(&format!("check {STUDY}")));
    assert_ran!("run", sandbox.run(&format!("run {STUDY} --trials 40")));
    assert_ran!("trials", sandbox.run(&format!("trials {STUDY} --top 3")));
    assert_ran!("backtest", sandbox.run(&format!("backtest {STUDY} --trial 37 --segment validate")));
    assert_ran!("test_first", sandbox.run(&format!("test {STUDY}")));
    assert_ran!("test_second", sandbox.run(&format!("test {STUDY} --trial 3")));
}

#[test]
fn run_json_has_the_documented_keys() {
    let sandbox = Sandbox::new();
    let run = sandbox.run(&format!("run {STUDY} --trials 40 --json")).exits(0);
    let json = run.json();
    assert_eq!(run.stderr, "", "a run with --json has nothing to say beside it");
    assert_eq!(
        json.as_object().expect("an object").keys().collect::<Vec<_>>(),
        [
            "study",
            "storage",
            "trials",
            "best",
            "verdict",
            "verdict_seconds",
            "verdict_stages",
            "seconds",
            "proposing_seconds",
            "trials_per_second",
            "peak_rss_mb",
            "cache"
        ]
    );
    assert_eq!(shape(&json["trials"]), ["total", "complete", "pruned", "infeasible", "failed", "duplicate"]);
    let best = json["best"].as_object().expect("a winner");
    assert_eq!(best.keys().collect::<Vec<_>>(), ["number", "value", "values", "params", "metrics"]);
    for segment in ["train", "validate"] {
        assert_metrics(&json["best"]["metrics"][segment]);
    }
    assert_eq!(json["best"]["value"], json["best"]["metrics"]["train"]["composite"]);
    assert_eq!(json["trials"]["total"], 40);
}

#[test]
fn backtest_json_has_the_documented_keys() {
    let sandbox = Sandbox::new();
    let run = sandbox.run(&format!("backtest {STUDY} --params fast=10,slow=50 --segment all --json")).exits(0);
    let json = run.json();
    let keys: Vec<_> = json.as_object().expect("an object").keys().cloned().collect();
    assert_eq!(keys, ["params", "segment", "bars", "trades", "metrics", "seconds"]);
    assert_eq!(json["params"]["fast"], 10);
    assert_eq!(json["params"]["filter"], true);
    assert_eq!(json["segment"], "all");
    assert_eq!(json["trades"].as_f64(), json["metrics"]["trades"].as_f64());
    assert_metrics(&json["metrics"]);
}

#[test]
fn test_json_has_all_three_segments() {
    let sandbox = Sandbox::new();
    sandbox.run(&format!("run {STUDY} --trials 40 --json")).exits(0);
    let json = sandbox.run(&format!("test {STUDY} --json")).exits(0).json();
    for segment in ["train", "validate", "test"] {
        assert_metrics(&json["metrics"][segment]);
    }
    assert_eq!(json["opening"], 1);
    let again = sandbox.run(&format!("test {STUDY} --json")).exits(0).says("opened 1 time before");
    assert_eq!(again.json()["opening"], 2);
}

fn assert_metrics(metrics: &Value) {
    let names = [
        "total_return",
        "sharpe",
        "sortino",
        "calmar",
        "max_drawdown",
        "profit_factor",
        "win_rate",
        "trades",
        "composite",
    ];
    for name in names {
        assert!(metrics[name].is_number(), "{name} is {}", metrics[name]);
    }
    let drawdown = metrics["max_drawdown"].as_f64().expect("a number");
    assert!((0.0..1.0).contains(&drawdown), "a drawdown is a positive fraction: {drawdown}");
}

#[test]
fn check_json_is_one_object() {
    let json = Sandbox::new().run(&format!("check {STUDY} --json")).exits(0).json();
    assert_eq!(json["study"], "sp500-trend");
    assert_eq!(json["preflight"]["findings"], serde_json::json!([]));
}

#[test]
fn result_files_hold_every_row() {
    let sandbox = Sandbox::new();
    sandbox.run(&format!("run {STUDY} --trials 40 --json")).exits(0);
    sandbox.run(&format!("trials {STUDY} --csv trials.csv --parquet trials.parquet")).exits(0).says("40 trials");
    let csv = std::fs::read_to_string(sandbox.path("trials.csv")).expect("it was written");
    assert_eq!(csv.lines().count(), 41);
    let winner = sandbox.run(&format!("trials {STUDY} --top 1")).stdout;
    let number = winner.lines().nth(2).and_then(|line| line.split_whitespace().next()).expect("a winner").to_owned();
    let json = sandbox
        .run(&format!("backtest {STUDY} --trial {number} --trades trades.csv --equity equity.csv --json"))
        .exits(0)
        .json();
    let rows = |name: &str| std::fs::read_to_string(sandbox.path(name)).expect("it was written").lines().count() as u64;
    assert_eq!(rows("trades.csv") - 1, json["trades"].as_u64().expect("a count"));
    assert_eq!(rows("equity.csv") - 1, json["bars"].as_u64().expect("a count"));
}

#[test]
fn data_info_synth_and_convert() {
    let sandbox = Sandbox::new();
    assert_ran!("data_info", sandbox.run("data info examples/data/sp500_daily.parquet --timezone America/New_York"));
    let synth =
        "data synth bars.csv.gz --bars 2000 --timeframe 10m --seed 5 --session 09:30-16:00 --timezone America/New_York";
    assert_ran!("data_synth", sandbox.run(synth));
    assert_ran!(
        "data_convert",
        sandbox.run("data convert bars.csv.gz hours.parquet --timeframe 1h --timezone America/New_York")
    );
    assert_ran!("data_info_converted", sandbox.run("data info hours.parquet --timezone America/New_York"));
    let hash = |ran: &Ran| ran.json()["content_hash"].as_str().expect("a hash").to_owned();
    sandbox.run("data convert bars.csv.gz bars.feather --timezone America/New_York").exits(0);
    let (csv, feather) = (
        sandbox.run("data info bars.csv.gz --json --timezone America/New_York").exits(0),
        sandbox.run("data info bars.feather --json --timezone America/New_York").exits(0),
    );
    assert_eq!(hash(&csv), hash(&feather), "a conversion keeps every bar");
}

#[test]
fn wrong_data_files_are_refused() {
    let sandbox = Sandbox::new();
    sandbox.run("data info nowhere.csv").exits(2).says("nowhere.csv");
    sandbox.run("data synth bars.xlsx").exits(2).says("bars.xlsx");
    sandbox.run("data synth bars.csv --timeframe soon").exits(2).says("soon");
    sandbox.run("data synth bars.csv --timezone Mars").exits(2).says("Mars");
    sandbox.run("data synth bars.csv --session 9").exits(2).says("09:30-16:00");
    assert!(!sandbox.path("bars.csv").exists());
}

#[test]
fn importance_names_every_parameter_with_shares_that_add_up() {
    let sandbox = Sandbox::new();
    sandbox.run(&format!("run {STUDY} --trials 80 --json")).exits(0);
    let json = sandbox.run(&format!("importance {STUDY} --json")).exits(0).json();
    let shares = json["importance"].as_object().expect("an object");
    let sum: f64 = shares.values().filter_map(Value::as_f64).sum();
    assert_eq!(shares.len(), 5);
    assert!((sum - 1.0).abs() < 1e-9, "{json}");
    // Its trials do not all have `rsi_max`, so that a forest speaks of the other four.
    sandbox.run(&format!("importance {STUDY} --evaluator fanova")).exits(0);
    sandbox.run(&format!("importance {STUDY} --storage sqlite:///none.db")).exits(2);
}

#[test]
fn several_objectives_end_in_a_front() {
    let sandbox = Sandbox::new();
    sandbox.edit(STUDY, "maximize = \"composite\"", "maximize = \"cagr\"\nminimize = \"max_drawdown\"");
    for sampler in ["tpe", "nsga2", "random"] {
        let line =
            format!("run {STUDY} --trials 60 --json --set search.sampler={sampler} --storage sqlite:///{sampler}.db");
        let json = sandbox.run(&line).exits(0).json();
        assert_eq!(json["best"]["values"].as_array().map(Vec::len), Some(2), "{sampler}");
    }
    let trials = sandbox.run(&format!("trials {STUDY} --set search.sampler=tpe --storage sqlite:///tpe.db")).exits(0);
    assert!(trials.stdout.contains("cagr") && trials.stdout.contains("max_drawdown"), "{trials}");
    let verify = format!("verify {STUDY} --set search.sampler=tpe --storage sqlite:///tpe.db");
    sandbox.run(&verify).exits(0);
}

#[test]
fn a_run_ends_with_a_verdict_unless_told_not_to() {
    let sandbox = Sandbox::new();
    let first = judged(sandbox.folder(), &format!("run {STUDY} --trials 60 --no-progress")).exits(0);
    assert!(first.stdout.contains("verdict on trial "), "{first}");
    // Nothing new, nothing to judge; and nothing if it is not wanted.
    let again = judged(sandbox.folder(), &format!("run {STUDY} --trials 60 --no-progress")).exits(0);
    assert!(!again.stdout.contains("verdict"), "{again}");
    let unjudged = judged(sandbox.folder(), &format!("run {STUDY} --trials 70 --no-progress --no-validate")).exits(0);
    assert!(!unjudged.stdout.contains("verdict"), "{unjudged}");
    let json = judged(sandbox.folder(), &format!("run {STUDY} --trials 80 --json")).exits(0).json();
    assert!(json["verdict"].is_string(), "{json}");
}

#[test]
fn a_validation_reads_the_vault_only_when_told_to_and_records_it() {
    let sandbox = Sandbox::new();
    sandbox.run(&format!("run {STUDY} --trials 60 --no-progress")).exits(0);
    let line = format!("validate {STUDY} --folds 2 --fold-trials 20");
    let closed = sandbox.run(&format!("{line} --json"));
    assert!(closed.json().get("test").is_none(), "{closed}");
    let opened = sandbox.run(&format!("{line} --open-test --json")).json();
    assert_eq!(opened["test"]["opening"], 1, "the closed validation opened it: {opened}");
    assert!(opened["test"]["metrics"]["test"]["sharpe"].is_number(), "{opened}");
    let again = sandbox.run(&format!("{line} --open-test")).says("the vault was opened 1 time before");
    assert!(again.stdout.contains("the test segment"), "{again}");
}
