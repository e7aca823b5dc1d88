//! Every wrong study file of `testdata/study/wrong`, as the user sees it.

use crate::support::{Sandbox, assert_ran, repository, run_in};

/// One snapshot a file; a new file gets its own by being there.
#[test]
fn every_wrong_study_file_is_told_with_its_places_and_remedies() {
    let folder = repository().join("testdata/study/wrong");
    let entries = std::fs::read_dir(&folder).expect("the folder is there");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("it can be read").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    assert!(names.len() >= 20, "only {} wrong files", names.len());
    for name in names {
        let ran = run_in(&folder, &format!("check {name}"));
        let stem = name.trim_end_matches(".toml");
        assert_eq!(ran.code, Some(if stem.ends_with("dead_parts") { 1 } else { 2 }), "{name}\n{ran}");
        assert_ran!(format!("wrong_{stem}"), ran);
    }
}

#[test]
fn a_wrong_override_is_shown_as_it_was_typed() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(
        "check examples/sp500_trend.toml --set search.trails=5 --set execution.fill=closed --set strategy.long_exit=clsoe<open --set nothing",
    );
    assert_ran!("override_without_value", ran);
    let ran = sandbox.run(
        "check examples/sp500_trend.toml --set search.trails=5 --set execution.fill=closed --set strategy.long_exit=clsoe<open",
    );
    assert_ran!("override_wrong", ran);
}

#[test]
fn an_impossible_region_is_told_before_anything_is_stored() {
    let sandbox = Sandbox::new();
    sandbox.run("run examples/sp500_trend.toml --set strategy.require=fast>slow+1000").exits(2).says("fast>slow+1000");
    assert!(!sandbox.path("examples/sp500_trend.db").exists());
}

#[test]
fn wrong_parameters_by_hand_are_told() {
    let sandbox = Sandbox::new();
    let backtest = |more: &str| sandbox.run(&format!("backtest examples/sp500_trend.toml {more}")).exits(2);
    backtest("--params fsat=10").says("did you mean `fast`?");
    backtest("--params fast=1000").says("a whole number from 5 to 60");
    backtest("--params fast=x").says("`fast`");
    backtest("--params fast").says("--params name=value");
    backtest("--params fast=50,slow=20").says("fast < slow");
    backtest("--params filter=false,rsi_max=60").says("inactive");
    backtest("--trial 3").says("start it with `bartune run`");
    backtest("--trades trades.xlsx").says("trades.xlsx");
}
