//! What `check` finds before a run, and what `run` refuses to start.

use crate::support::Sandbox;
use serde_json::Value;

const EXAMPLE: &str = "examples/sp500_trend.toml";

/// A study on the example's bars with these parameters, this entry rule and these other keys.
fn study(params: &str, entry: &str, more: &str) -> String {
    format!(
        "name = \"s\"\n[data]\npath = \"examples/data/sp500_daily.parquet\"\n[params]\n{params}\n[strategy]\n\
         long_entry = \"{entry}\"\nlong_exit = \"close < sma(close, 20)\"\n{more}\n"
    )
}

fn findings(sandbox: &Sandbox, code: i32) -> Vec<(String, String, String)> {
    let json = sandbox.run("check study.toml --json --no-estimate").exits(code).json();
    let text = |finding: &Value, key: &str| finding[key].as_str().expect("a text").to_owned();
    let found = json["preflight"]["findings"].as_array().expect("a list").clone();
    found.iter().map(|finding| (text(finding, "severity"), text(finding, "code"), text(finding, "message"))).collect()
}

fn assert_found(found: &[(String, String, String)], severity: &str, code: &str, words: &str) {
    let is_there = found.iter().any(|(s, c, message)| s == severity && c == code && message.contains(words));
    assert!(is_there, "no {severity}[{code}] with `{words}` in {found:#?}");
}

#[test]
fn the_examples_raise_no_alarm() {
    let sandbox = Sandbox::new();
    let json = sandbox.run(&format!("check {EXAMPLE} --json")).exits(0).json();
    assert_eq!(json["preflight"]["findings"], serde_json::json!([]));
    let estimate = &json["preflight"]["estimate"];
    assert_eq!(estimate["trials"], 2_000);
    for key in ["trial_ms", "seconds", "database_bytes"] {
        assert!(estimate[key].as_f64().is_some_and(|value| value > 0.0), "{key}: {estimate}");
    }
    let stages = estimate["verdict_stages"].as_object().expect("seconds by name");
    let sum: f64 = stages.values().filter_map(serde_json::Value::as_f64).sum();
    assert!(stages.len() == 6 && (estimate["verdict_seconds"].as_f64().expect("a number") - sum).abs() < 1e-6);
}

#[test]
fn a_parameter_that_changes_no_fill_is_named() {
    // No close is ever a thousand times its average, so that `far` is read and never matters.
    let entry = "close > sma(close, fast) and close < far * sma(close, 50)";
    let sandbox = Sandbox::with_study(&study("fast = { int = [5, 40] }\nfar = { float = [1000, 2000] }", entry, ""));
    let found = findings(&sandbox, 1);
    assert_found(&found, "warning", "dead-parameter", "`far` is dead");
    assert!(!found.iter().any(|(.., message)| message.contains("`fast`")), "{found:#?}");
}

#[test]
fn the_part_of_a_rule_that_never_holds_is_named() {
    let sandbox = Sandbox::with_study(&study(
        "fast = { int = [5, 40] }",
        "close > sma(close, fast) and rsi(close, 14) > 100",
        "",
    ));
    assert_found(&findings(&sandbox, 1), "error", "impossible-condition", "`rsi(close, 14) > 100` is true on none");
    let run = sandbox.run("run study.toml --trials 5").exits(1);
    assert!(run.stderr.contains("nothing was run"), "{run}");
    assert_eq!(sandbox.run("run study.toml --trials 5 --no-check --json").exits(1).json()["trials"]["total"], 5);
}

#[test]
fn parts_that_never_hold_together_are_told_apart_from_one_that_never_holds() {
    let sandbox = Sandbox::with_study(&study("fast = { int = [5, 40] }", "close > open and close < open", ""));
    assert_found(&findings(&sandbox, 1), "error", "impossible-condition", "never all of them on one bar");
}

#[test]
fn a_segment_shorter_than_the_warm_up_is_refused() {
    let more = "[split]\ntrain = [\"1999-01-01\", \"1999-06-01\"]\n";
    let sandbox = Sandbox::with_study(&study("slow = { int = [250, 300] }", "close > sma(close, slow)", more));
    assert_found(&findings(&sandbox, 1), "error", "short-segment", "bars to warm up");
}

#[test]
fn a_parameter_that_no_rule_reads_is_a_warning_and_no_reason_to_refuse() {
    let sandbox = Sandbox::with_study(&study(
        "fast = { int = [5, 40] }\nidle = { int = [1, 5] }",
        "close > sma(close, fast)",
        "",
    ));
    assert_found(&findings(&sandbox, 1), "warning", "unread", "`idle` is read by no rule");
    sandbox.run("run study.toml --trials 3").says("`idle` is read by no rule").exits(0);
}

#[test]
fn a_champion_outside_the_space_is_named() {
    let sandbox = Sandbox::new();
    sandbox.run(&format!("run {EXAMPLE} --trials 40 --no-progress")).exits(0);
    sandbox.run(&format!("promote {EXAMPLE} --to champion.toml")).exits(0);
    let check = |more: &str| sandbox.run(&format!("check {EXAMPLE} --no-estimate --baseline champion.toml {more}"));
    check("").exits(0);
    let narrow = check("--set params.slow.int=[240,250]").exits(1);
    assert!(narrow.stdout.contains("champion-outside") && narrow.stdout.contains("slow"), "{narrow}");
}

#[test]
fn an_estimate_is_of_the_trials_that_a_budget_pays_for() {
    let sandbox = Sandbox::new();
    let check = format!("check {EXAMPLE} --json --set search.budget=150000bars");
    sandbox.run(&check).exits(2).says("write \"20 passes\"");
    sandbox.edit(EXAMPLE, "trials = 2000", "budget = \"150900 bars\"");
    let json = sandbox.run(&format!("check {EXAMPLE} --json")).exits(0).json();
    // Fifty times the 3,018 train bars, and what was in flight when they were spent.
    let trials = json["preflight"]["estimate"]["trials"].as_u64().expect("a number");
    assert!((50..=66).contains(&trials), "{trials}");
}

#[test]
fn what_was_chosen_is_told() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(&format!("run {EXAMPLE} --trials 20 --set search.large_data=auto --workers 1")).exits(0);
    assert!(
        ran.stderr.contains("tpe, 1 worker (as asked for), every trial on all bars: 3018 of them are few"),
        "{ran}"
    );
    let json = sandbox.run(&format!("check {EXAMPLE} --json --no-estimate")).exits(0).json();
    assert!(json["resources"]["workers"].as_u64().is_some_and(|workers| workers >= 1), "{json}");
}
