//! Rungs, pruners and stages: the same study however it is run, and no pruned trial is mistaken for a full one.

use std::num::NonZeroUsize;

use bartune::config::{Plan, parse_study};
use bartune::data::{self, Dataset};
use bartune::search::storage::TrialRecord;
use bartune::search::trial::TrialState;
use bartune::study::{Control, RunOptions, Session, run, summarize};
use bartune::verify::{VerifyScope, verify};
use bartune::{CacheBudget, Evaluator};

const STUDY: &str = r#"
name = "pruned"
[data]
path = "bars.parquet"
synth = { bars = 4000, timeframe = "1h", seed = 5 }
[params]
fast = { int = [3, 40] }
slow = { int = [10, 120] }
[strategy]
require = ["fast < slow"]
long_entry = "cross_above(sma(close, fast), sma(close, slow))"
long_exit = "cross_below(sma(close, fast), sma(close, slow))"
[objective]
maximize = "total_return"
[search]
trials = 120
sampler = "tpe"
"#;

struct Setting {
    _folder: tempfile::TempDir,
    plan: Plan,
    dataset: Dataset,
}

fn setting(search: &str) -> Setting {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let plan = parse_study("study.toml", &format!("{STUDY}{search}\n"), folder.path(), &[]).expect("it is well formed");
    let dataset = data::open(&plan.data, &plan.split, None).expect("the bars can be made");
    Setting { _folder: folder, plan, dataset }
}

/// Every trial but for its times, after runs with these budgets, one after the other.
fn trials(setting: &Setting, workers: usize, budgets: &[u64]) -> Vec<TrialRecord> {
    let mut session = Session::in_memory(&setting.plan, &setting.dataset).expect("memory takes all");
    let evaluator = Evaluator::new(&setting.plan, &setting.dataset).with_cache(CacheBudget::of_bytes(1 << 24));
    for &trials in budgets {
        let workers = NonZeroUsize::new(workers).expect("at least one");
        let options = RunOptions { trials, workers, ..RunOptions::of(&setting.plan) };
        run(&mut session, &evaluator, &options, &Control::default(), |_| {}).expect("it runs");
    }
    let mut records = session.trials(0..u64::MAX).expect("memory gives all back");
    for record in &mut records {
        (record.trial.started_ms, record.trial.finished_ms) = (None, None);
    }
    records
}

fn text(records: &[TrialRecord]) -> Vec<String> {
    records.iter().map(|record| format!("{record:?}")).collect()
}

const PRUNERS: [&str; 7] = [
    "pruner = \"median\"",
    "pruner = \"successive_halving\"\nrungs = [0.2, 0.6]",
    "pruner = \"hyperband\"",
    "pruner = \"wilcoxon\"",
    "pruner = \"patient\"",
    "pruner = \"threshold\"\n[search.threshold]\nlower = 0.0",
    "rung_bars = \"recent\"\n[[search.stages]]\nbars = 0.4\ntrials = 120\n[[search.stages]]\nbars = 0.7\ntrials = 40\n[[search.stages]]\nbars = 1.0\ntrials = 15",
];

#[test]
fn workers_and_interruptions_change_no_pruned_study() {
    for pruner in PRUNERS {
        let setting = setting(pruner);
        let whole = trials(&setting, 1, &[120]);
        assert_eq!(text(&whole), text(&trials(&setting, 4, &[120])), "{pruner}");
        assert_eq!(text(&whole), text(&trials(&setting, 2, &[17, 50, 120])), "{pruner}");
    }
}

#[test]
fn a_pruned_trial_has_reports_and_no_value() {
    for pruner in PRUNERS {
        let setting = setting(pruner);
        let records = trials(&setting, 2, &[120]);
        let stopped: Vec<&TrialRecord> = records
            .iter()
            .filter(|record| record.trial.state == TrialState::Pruned && record.reason.is_none())
            .collect();
        // Three reports cannot tell a trial from the best by a signed-rank test at 10 %.
        assert!(!stopped.is_empty() || pruner.contains("patient") || pruner.contains("wilcoxon"), "{pruner}");
        for record in stopped {
            assert!(record.trial.values.is_empty() && record.metrics.is_empty(), "{pruner}");
            assert!(!record.trial.intermediate_values.is_empty(), "{pruner}");
        }
        let complete = records.iter().filter(|record| record.trial.state == TrialState::Complete);
        for record in complete.filter(|record| record.trial.duplicate_of.is_none()) {
            assert_eq!(record.trial.intermediate_values.len(), setting.plan.search.pruning.rungs.len(), "{pruner}");
            assert!(record.metrics.contains_key("train"), "{pruner}");
        }
    }
}

#[test]
fn stages_send_about_as_many_trials_on_as_they_say() {
    let setting = setting(PRUNERS[6]);
    let records = trials(&setting, 2, &[120]);
    let reached =
        |reports: usize| records.iter().filter(|record| record.trial.intermediate_values.len() >= reports).count();
    let full = records.iter().filter(|record| !record.metrics.is_empty()).count();
    assert_eq!(reached(1), 120);
    // 40 of 120 go on, then 15 of 40.
    assert!((30..50).contains(&reached(2)), "{}", reached(2));
    assert!((9..22).contains(&full), "{full}");
}

#[test]
fn the_winner_of_a_pruned_study_ran_on_all_bars_and_verifies() {
    let setting = setting(PRUNERS[6]);
    let mut session = Session::in_memory(&setting.plan, &setting.dataset).expect("memory takes all");
    let evaluator = Evaluator::new(&setting.plan, &setting.dataset);
    run(&mut session, &evaluator, &RunOptions::of(&setting.plan), &Control::default(), |_| {}).expect("it runs");
    let summary = summarize(&session, 1).expect("memory gives all back");
    assert!(summary.best().is_some_and(|best| best.trial.state == TrialState::Complete && !best.metrics.is_empty()));
    assert!(summary.counts.pruned > 50, "{:?}", summary.counts);
    let found = verify(&session, &evaluator, VerifyScope::All).expect("memory gives all back");
    assert_eq!(found.difference, None);
    assert!(found.checked >= 120);
}

#[test]
fn a_study_without_a_search_section_is_one_with_an_empty_one() {
    let sections = STUDY.split_once("[search]").expect("it has one").0;
    let plans = ["", "[search]\n"].map(|search| {
        let text = format!("{sections}{search}");
        parse_study("study.toml", &text, std::path::Path::new(""), &[]).expect("it is well formed")
    });
    assert_eq!(plans[0].search.pruning, plans[1].search.pruning);
}

#[test]
fn what_is_wrong_with_stages_is_named() {
    let problem = |search: &str| {
        let text = format!("{STUDY}{search}\n");
        parse_study("study.toml", &text, std::path::Path::new(""), &[]).expect_err("it is wrong").to_string()
    };
    let stage = |bars: &str, trials: u32| format!("[[search.stages]]\nbars = {bars}\ntrials = {trials}\n");
    assert!(problem(&stage("1.0", 5)).contains("give at least two"));
    assert!(problem(&(stage("0.1", 50) + &stage("0.5", 10))).contains("must run on all bars"));
    assert!(problem(&(stage("0.5", 50) + &stage("0.1", 10) + &stage("1.0", 5))).contains("more bars than"));
    assert!(problem(&(stage("0.1", 5) + &stage("1.0", 10))).contains("no more than the one before"));
    assert!(problem("rungs = [0.1]").contains("needs a pruner"));
    assert!(problem("pruner = \"median\"\nrungs = [0.5, 0.1]").contains("increasing"));
    assert!(problem("pruner = \"median\"\n[search.median]\npercentile = 120.0").contains("between 0 and 100"));
    assert!(problem("pruner = \"mean\"").contains("did you mean \"median\""));
}
