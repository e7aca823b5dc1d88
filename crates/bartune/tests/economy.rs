//! Budgets in bars, objectives over folds, rungs by regime, stages of their own accord: each the same study however it is
//! run, and each what it says.

use std::num::NonZeroUsize;

use bartune::config::{Plan, parse_study};
use bartune::data::{self, Dataset};
use bartune::search::storage::TrialRecord;
use bartune::search::trial::TrialState;
use bartune::study::{Control, Progress, RunOptions, Session, run};
use bartune::verify::{VerifyScope, verify};
use bartune::{CacheBudget, Evaluator};

/// A study of `bars` hourly bars.
fn study(bars: usize, objective: &str, search: &str) -> String {
    format!(
        r#"
name = "economy"
[data]
path = "bars.parquet"
synth = {{ bars = {bars}, timeframe = "1h", seed = 5 }}
[params]
fast = {{ int = [3, 40] }}
slow = {{ int = [10, 120] }}
[strategy]
require = ["fast < slow"]
long_entry = "cross_above(sma(close, fast), sma(close, slow))"
long_exit = "cross_below(sma(close, fast), sma(close, slow))"
[objective]
maximize = "total_return"
{objective}
[search]
sampler = "tpe"
{search}
"#
    )
}

struct Setting {
    _folder: tempfile::TempDir,
    plan: Plan,
    dataset: Dataset,
}

fn setting(bars: usize, objective: &str, search: &str) -> Setting {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let text = study(bars, objective, search);
    let mut plan = parse_study("study.toml", &text, folder.path(), &[]).expect("it is well formed");
    let dataset = data::open(&plan.data, &plan.split, None).expect("the bars can be made");
    plan.adapt(dataset.segments.train.len());
    Setting { _folder: folder, plan, dataset }
}

fn problem(objective: &str, search: &str) -> String {
    let text = study(2000, objective, search);
    parse_study("study.toml", &text, std::path::Path::new(""), &[]).expect_err("it is wrong").to_string()
}

/// Every trial but for its times, after runs with these budgets of trials, and how the last one stood at its end.
fn ran(setting: &Setting, workers: usize, budgets: &[u64]) -> (Vec<TrialRecord>, Progress) {
    let mut session = Session::in_memory(&setting.plan, &setting.dataset).expect("memory takes all");
    let evaluator = Evaluator::new(&setting.plan, &setting.dataset).with_cache(CacheBudget::of_bytes(1 << 24));
    let mut last = Progress::default();
    for &trials in budgets {
        let workers = NonZeroUsize::new(workers).expect("at least one");
        let options = RunOptions { trials, workers, ..RunOptions::of(&setting.plan) };
        run(&mut session, &evaluator, &options, &Control::default(), |now| last = now.clone()).expect("it runs");
    }
    let verified = verify(&session, &evaluator, VerifyScope::All).expect("memory can be read");
    assert_eq!(verified.difference, None);
    let mut records = session.trials(0..u64::MAX).expect("memory gives all back");
    for record in &mut records {
        (record.trial.started_ms, record.trial.finished_ms) = (None, None);
    }
    (records, last)
}

#[test]
fn a_budget_of_passes_is_spent_to_within_what_is_in_flight() {
    let setting = setting(2000, "", "budget = \"30 passes\"\nlag = 8");
    assert_eq!(setting.plan.search.trials, 30);
    let (records, last) = ran(&setting, 2, &[1_000]);
    let distinct = records.iter().filter(|record| record.trial.duplicate_of.is_none()).count();
    // Without rungs a trial is a pass; those in flight when the last pass was seen to be spent come on top.
    assert!((30..30 + 8).contains(&distinct), "{distinct}");
    assert_eq!(last.bars_spent, distinct as u64 * 1_200);
}

#[test]
fn a_budget_of_bars_is_the_same_study_for_any_workers_and_interruptions() {
    for search in
        ["budget = \"40000 bars\"", "budget = \"40000 bars\"\npruner = \"successive_halving\"\nrungs = [0.2, 0.6]"]
    {
        let setting = setting(2000, "", search);
        let (whole, last) = ran(&setting, 1, &[10_000]);
        assert_eq!(whole, ran(&setting, 4, &[10_000]).0, "{search}");
        assert_eq!(whole, ran(&setting, 3, &[7, 21, 10_000]).0, "{search}");
        // Sixteen in flight, each on both rungs and all bars at most.
        let most = 40_000 + 16 * (240 + 720 + 1_200);
        assert!((40_000..most).contains(&last.bars_spent), "{search}: {}", last.bars_spent);
    }
}

#[test]
fn pruned_trials_leave_a_budget_more_of_them() {
    let stages = "\nrung_bars = \"recent\"\n[[search.stages]]\nbars = 0.2\ntrials = 100\n[[search.stages]]\nbars = 1.0\ntrials = 20";
    let plain = ran(&setting(2000, "", "budget = \"100 passes\""), 2, &[100_000]).0.len();
    let pruned = ran(&setting(2000, "", &format!("budget = \"100 passes\"{stages}")), 2, &[100_000]).0.len();
    assert!(pruned > plain * 5 / 4, "{plain} and {pruned}");
}

#[test]
fn what_is_no_budget_is_told() {
    assert!(problem("", "budget = \"20 trials\"").contains("write \"20 passes\""));
    assert!(problem("", "budget = \"10m\"\ntimeout = \"5m\"").contains("give one of them"));
    let timed = setting(2000, "", "budget = \"10m\"");
    assert_eq!(timed.plan.search.timeout, Some(std::time::Duration::from_secs(600)));
}

#[test]
fn an_objective_over_folds_is_the_aggregate_of_theirs_and_keeps_them() {
    for (aggregate, least) in [("min", true), ("mean - 0.5 * std", false)] {
        let setting = setting(2000, &format!("folds = 3\naggregate = \"{aggregate}\""), "");
        let (records, _) = ran(&setting, 2, &[40]);
        assert_eq!(records, ran(&setting, 1, &[11, 40]).0);
        let mut complete = 0;
        for record in records.iter().filter(|record| record.trial.state == TrialState::Complete) {
            let folds: Vec<f64> = (1..=3).map(|fold| record.metrics[&format!("fold{fold}")]["total_return"]).collect();
            let mean = folds.iter().sum::<f64>() / 3.0;
            let expected = if least {
                folds.iter().copied().fold(f64::INFINITY, f64::min)
            } else {
                let squares: f64 = folds.iter().map(|fold| (fold - mean) * (fold - mean)).sum();
                mean - 0.5 * (squares / 2.0).sqrt()
            };
            assert!((record.trial.values[0] - expected).abs() < 1e-12, "{record:?}");
            assert!(record.metrics["fold2"].contains_key("trades"));
            complete += 1;
        }
        assert!(complete > 10);
    }
}

#[test]
fn folds_begin_flat_and_end_closed_so_that_they_compound_to_less_than_the_whole_only_by_their_costs() {
    let setting = setting(2000, "folds = 2", "");
    let evaluator = Evaluator::new(&setting.plan, &setting.dataset);
    let outcome = evaluator.evaluate(&setting.plan.parameters.defaults());
    let trades = |segment: &str| outcome.metrics[segment]["trades"];
    // A position over the seam is closed and not opened again, or opened by the next entry: one trade more at most.
    assert!((trades("fold1") + trades("fold2") - trades("train")).abs() <= 1.0);
}

#[test]
fn what_folds_cannot_be_is_told() {
    assert!(problem("folds = 1", "").contains("2 to 100"));
    assert!(problem("aggregate = \"min\"", "").contains("not read without folds"));
    assert!(problem("folds = 3\naggregate = \"meen\"", "").contains("did you mean `mean`"));
}

#[test]
fn rungs_by_regime_are_the_same_study_for_any_workers() {
    let setting = setting(4000, "", "pruner = \"median\"\nrung_bars = \"regimes\"");
    let (whole, _) = ran(&setting, 1, &[80]);
    assert_eq!(whole, ran(&setting, 4, &[30, 80]).0);
    assert!(whole.iter().any(|record| record.trial.state == TrialState::Pruned));
}

#[test]
fn many_bars_make_stages_and_few_do_not() {
    let few = setting(4000, "", "large_data = \"auto\"");
    assert!(
        few.plan.search.large.as_ref().is_some_and(|large| !large.is_staged)
            && few.plan.search.pruning.rungs.is_empty()
    );
    let many = setting(100_000, "", "large_data = \"auto\"");
    assert!(many.plan.search.large.as_ref().is_some_and(|large| large.is_staged));
    let (records, last) = ran(&many, 2, &[120]);
    let stopped = records.iter().filter(|record| record.trial.state == TrialState::Pruned).count();
    assert!((60..119).contains(&stopped), "{stopped}");
    // The best ran on all bars, as every trial with a value did.
    assert!(last.best_value.is_some());
    assert!(last.bars_spent < 60_000 * 120 * 4 / 5, "{}", last.bars_spent);
}
