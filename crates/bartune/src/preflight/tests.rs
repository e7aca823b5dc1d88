use super::*;
use crate::config::parse_study;
use crate::data;

fn found(params: &str, strategy: &str) -> Preflight {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let text = format!(
        "name = \"s\"\n[data]\npath = \"bars.parquet\"\nsynth = {{ bars = 3000, timeframe = \"1h\", seed = 5 }}\n\
         [params]\n{params}\n[strategy]\n{strategy}\n"
    );
    let plan = parse_study("study.toml", &text, folder.path(), &[]).expect("the study is well formed");
    let dataset = data::open(&plan.data, &plan.split, None).expect("the bars can be made");
    let evaluator = Evaluator::new(&plan, &dataset);
    let options = PreflightOptions { probes: None, pilot: None };
    preflight(&plan, &dataset, &evaluator, &options).expect("the strategy can run")
}

fn codes(found: &Preflight) -> Vec<&'static str> {
    found.findings.iter().map(|finding| finding.code).collect()
}

#[test]
fn shares_of_gates_are_those_of_the_bars() {
    let found = found(
        "n = { int = [5, 20] }",
        "long_entry = \"close > open and close > 0\"\nlong_exit = \"close < sma(close, n)\"",
    );
    let rule = &found.gates[0];
    assert_eq!((rule.rule, rule.bars, rule.gates.len()), ("long_entry", 1_800, 2));
    assert!((rule.gates[1].share - 1.0).abs() < 1e-12 && (0.3..0.7).contains(&rule.gates[0].share), "{rule:?}");
    assert!((rule.share - rule.gates[0].share).abs() < 1e-12);
    assert_eq!(found.probes.count, 64);
    assert_eq!(found.probes.trading, 64);
}

#[test]
fn a_stop_that_is_never_reached_is_dead_and_one_that_is_not() {
    let strategy = "long_entry = \"cross_above(close, sma(close, n))\"\nlong_exit = \"cross_below(close, sma(close, n))\"\nstop_loss = \"stop * close\"";
    let with = |range: &str| found(&format!("n = {{ int = [5, 20] }}\nstop = {{ float = {range} }}"), strategy);
    assert_eq!(codes(&with("[0.9, 0.95]")), ["dead-parameter"]);
    assert!(codes(&with("[0.001, 0.01]")).is_empty());
}

#[test]
fn a_parameter_is_moved_only_where_it_is_active() {
    let params = "n = { int = [5, 20] }\non = { bool = true }\nlimit = { float = [30, 70], when = \"on\" }";
    let strategy = "long_entry = \"close > sma(close, n) and (not on or rsi(close, 14) < limit)\"\nlong_exit = \"close < sma(close, n)\"";
    assert!(codes(&found(params, strategy)).is_empty());
}

#[test]
fn the_gravest_comes_first() {
    let found = found(
        "n = { int = [5, 20] }\nidle = { int = [1, 3] }",
        "long_entry = \"close > sma(close, n) and close < 0\"\nlong_exit = \"close < open\"",
    );
    assert!(found.is_pointless());
    assert_eq!(codes(&found), ["impossible-condition", "unread"]);
}
