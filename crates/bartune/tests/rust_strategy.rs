//! Strategies in Rust: the same fills as rules that say the same, the same study however it is run, and what breaks a
//! promise is named.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bartune::config::{Plan, StudyText, parse_study, parse_study_with};
use bartune::data::{self, Dataset};
use bartune::engine::Params;
use bartune::engine::simulator::Decision;
use bartune::preflight::{Finding, PreflightOptions, preflight};
use bartune::search::storage::TrialRecord;
use bartune::strategy::{ColumnStrategy, Columns, Decide, Moment, Question, Refusal, Strategy};
use bartune::study::{Control, RunOptions, Session, run, summarize};
use bartune::verify::{VerifyScope, verify};
use bartune::{Evaluator, SegmentName};

#[path = "../examples/reentry/strategy.rs"]
mod reentry;

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
trials = 60
sampler = "tpe"
"#;

/// A cross of two averages, with ways to break each promise.
#[derive(Debug, Default)]
struct Crosses {
    version: &'static str,
    fault: Fault,
    asked: Arc<AtomicU64>,
}

#[derive(Debug, Clone, Copy, Default)]
enum Fault {
    #[default]
    None,
    /// Decides by how often it was ever asked.
    Impure,
    /// Knows from the last run where the bars end.
    Remembers,
    /// Panics for fast averages.
    Panics,
    /// Refuses fast averages.
    Refuses,
    /// Takes its time to start.
    Slow,
}

struct CrossState {
    fault: Fault,
    /// What `asked` held at the start.
    started: u64,
    asked: Arc<AtomicU64>,
}

impl Strategy for Crosses {
    fn name(&self) -> &str {
        "crosses"
    }

    fn version(&self) -> &str {
        self.version
    }

    fn series(&self) -> Vec<(&str, &str)> {
        vec![("fast", "sma(close, fast)"), ("slow", "average")]
    }

    fn start(&self, params: &Params) -> Result<Box<dyn Decide>, String> {
        let is_fast = params["fast"].as_number().is_some_and(|fast| fast < 20.0);
        match self.fault {
            Fault::Refuses if is_fast => return Err("the fast average is too fast".to_owned()),
            Fault::Panics if is_fast => panic!("too fast"),
            Fault::Slow => std::thread::sleep(Duration::from_millis(4)),
            _ => {}
        }
        let started = self.asked.load(Ordering::Relaxed);
        Ok(Box::new(CrossState { fault: self.fault, started, asked: Arc::clone(&self.asked) }))
    }
}

impl Decide for CrossState {
    fn decide(&mut self, moment: &Moment<'_>) -> Decision {
        let [fast, slow] = [0, 1].map(|series| [0, 1].map(|ago| moment.series(series, ago)));
        let decision = Decision {
            long_entry: fast[0] > slow[0] && fast[1] <= slow[1],
            long_exit: fast[0] < slow[0] && fast[1] >= slow[1],
            ..Decision::default()
        };
        let told = match self.fault {
            Fault::Impure => self.asked.fetch_add(1, Ordering::Relaxed).is_multiple_of(7),
            Fault::Remembers => {
                self.asked.store(moment.bar() as u64, Ordering::Relaxed);
                moment.bar() as u64 + 5 == self.started
            }
            _ => false,
        };
        if told { Decision { long_entry: true, ..decision } } else { decision }
    }
}

struct Setting {
    _folder: tempfile::TempDir,
    plan: Plan,
    dataset: Dataset,
}

fn crosses(fault: Fault) -> Arc<Crosses> {
    Arc::new(Crosses { version: "1", fault, ..Crosses::default() })
}

fn setting(strategy: Arc<dyn Strategy>, search: &str) -> Setting {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let text = format!("{STUDY}{search}\n[strategy]\ncode = \"crosses\"\nlet = {{ average = \"sma(close, slow)\" }}\n");
    let plan = parse_study_with(("study.toml", &text), folder.path(), &[], strategy).expect("it is well formed");
    let dataset = data::open(&plan.data, &plan.split, None).expect("the bars can be made");
    Setting { _folder: folder, plan, dataset }
}

fn records(plan: &Plan, dataset: &Dataset, workers: usize, budgets: &[u64]) -> Vec<TrialRecord> {
    let mut session = Session::in_memory(plan, dataset).expect("memory takes all");
    let evaluator = Evaluator::new(plan, dataset);
    for &trials in budgets {
        let workers = NonZeroUsize::new(workers).expect("at least one");
        let options = RunOptions { trials, workers, ..RunOptions::of(plan) };
        run(&mut session, &evaluator, &options, &Control::default(), |_| {}).expect("it runs");
    }
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
fn code_that_says_what_rules_say_gives_their_trials_bit_for_bit() {
    let code = setting(crosses(Fault::None), "");
    let rules = "[strategy]\nlong_entry = \"cross_above(sma(close, fast), sma(close, slow))\"\n\
                 long_exit = \"cross_below(sma(close, fast), sma(close, slow))\"\n";
    let folder = tempfile::tempdir().expect("a temporary folder");
    let plan = parse_study("study.toml", &format!("{STUDY}{rules}"), folder.path(), &[]).expect("it is well formed");
    let dataset = data::open(&plan.data, &plan.split, None).expect("the bars can be made");
    let by_code = records(&code.plan, &code.dataset, 2, &[60]);
    let by_rules = records(&plan, &dataset, 2, &[60]);
    assert_eq!(by_code.len(), by_rules.len());
    for (one, other) in by_code.iter().zip(&by_rules) {
        assert_ne!(one.identity, other.identity, "another strategy is another trial");
        assert_eq!((&one.trial, &one.metrics), (&other.trial, &other.metrics));
    }
    assert!(findings(&code).is_empty(), "nothing speaks against it");
}

#[test]
fn workers_and_interruptions_change_no_study_of_code() {
    for search in ["", "pruner = \"median\""] {
        let setting = setting(crosses(Fault::None), search);
        let whole = records(&setting.plan, &setting.dataset, 1, &[60]);
        assert_eq!(whole, records(&setting.plan, &setting.dataset, 4, &[13, 40, 60]), "{search}");
    }
}

#[test]
fn another_version_is_another_study() {
    let setting = setting(crosses(Fault::None), "");
    let newer = Arc::new(Crosses { version: "2", ..Crosses::default() });
    let other = self::setting(newer, "");
    let url = format!("sqlite:///{}", setting._folder.path().join("study.db").display());
    drop(Session::open_or_create(&setting.plan, &setting.dataset, &url).expect("it is made"));
    let Err(refused) = Session::open_or_create(&other.plan, &other.dataset, &url) else { panic!("it is not refused") };
    let refused = refused.to_string();
    assert!(refused.contains("strategy.graph") && refused.contains("made with other settings"), "{refused}");
}

#[test]
fn what_is_not_pure_or_looks_ahead_is_named() {
    let codes = |fault: Fault| -> Vec<&'static str> {
        findings(&setting(crosses(fault), "")).iter().map(|finding| finding.code).collect()
    };
    assert_eq!(codes(Fault::Impure)[0], "not-pure");
    // Twice on the same bars it knows the same, so that only cutting them finds it out.
    assert_eq!(codes(Fault::Remembers)[0], "looks-ahead");
    assert!(codes(Fault::None).is_empty());
}

#[test]
fn a_panic_and_a_refusal_fail_their_trials_and_no_other() {
    for (fault, reason) in [(Fault::Panics, "too fast"), (Fault::Refuses, "the fast average is too fast")] {
        let setting = setting(crosses(fault), "");
        let records = records(&setting.plan, &setting.dataset, 2, &[60]);
        let failed: Vec<_> = records.iter().filter_map(|record| record.reason.as_deref()).collect();
        assert!(!failed.is_empty() && failed.len() < records.len());
        assert!(
            failed.iter().any(|told| told.starts_with("strategy `crosses`") && told.contains(reason)),
            "{failed:?}"
        );
    }
}

#[test]
fn a_trial_that_takes_too_long_fails_with_the_limit() {
    let setting = setting(crosses(Fault::Slow), "trial_timeout = \"2ms\"");
    let mut session = Session::in_memory(&setting.plan, &setting.dataset).expect("memory takes all");
    let evaluator = Evaluator::new(&setting.plan, &setting.dataset);
    let options = RunOptions { trials: 3, ..RunOptions::of(&setting.plan) };
    run(&mut session, &evaluator, &options, &Control::default(), |_| {}).expect("it runs");
    let summary = summarize(&session, 1).expect("memory can be read");
    assert_eq!(summary.reasons, [("took longer than `search.trial_timeout`, 0.002 s".to_owned(), 3)]);
}

#[test]
fn problems_of_a_study_with_code_have_their_place() {
    let told = |strategy: &str, code: Option<Arc<dyn Strategy>>| {
        let text = format!("{STUDY}[strategy]\n{strategy}\n");
        let plan = match code {
            Some(code) => parse_study_with(("study.toml", &text), Path::new(""), &[], code),
            None => parse_study("study.toml", &text, Path::new(""), &[]),
        };
        plan.expect_err("it is wrong").to_string()
    };
    let code = || Some(crosses(Fault::None) as Arc<dyn Strategy>);
    assert!(told("code = \"crosses\"", None).contains("is Rust code, which this program does not have"));
    assert!(told("code = \"crosess\"", code()).contains("it has \"crosses\""));
    assert!(told("long_entry = \"close > open\"", code()).contains("`strategy.code` is missing"));
    let both = told("code = \"crosses\"\nlong_entry = \"close > open\"", code());
    assert!(both.contains("`strategy.long_entry` is not read"), "{both}");
    let unknown = told("code = \"crosses\"", code());
    assert!(unknown.contains("series `slow` = `average`"), "{unknown}");
}

#[test]
fn the_example_comes_back_only_above_what_it_had_seen() {
    let file = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/reentry/reentry.toml"));
    let text = StudyText::read(file, &["search.trials=60".to_owned()]).expect("it can be read");
    let plan = text.plan_with(Arc::new(reentry::Reentry)).expect("it is well formed");
    let dataset = data::open(&plan.data, &plan.split, None).expect("its bars are here");
    let evaluator = Evaluator::new(&plan, &dataset);
    let run = evaluator.backtest(&plan.parameters.defaults(), SegmentName::Train).expect("it runs");
    let (trades, bars) = (&run.backtest.trades, &dataset.bars);
    let patience = plan.parameters.defaults()["patience"].as_number().expect("it is a number");
    let mut stopped_twice = 0;
    for pair in trades.windows(2) {
        let by_stop = pair[0].exit_reason == bartune::engine::simulator::ExitReason::TrailingStop;
        let decided = pair[1].entry_bar - 1;
        if by_stop && ((decided - pair[0].exit_bar) as f64) < patience {
            stopped_twice += 1;
            let held = pair[0].entry_bar..pair[0].exit_bar;
            let peak = bars.high()[held].iter().copied().fold(f64::NEG_INFINITY, f64::max);
            assert!(bars.close()[decided] > peak);
        }
    }
    assert!(stopped_twice > 0 && trades.len() > 10);
    let found = records(&plan, &dataset, 2, &[60]);
    assert!(found.iter().any(|record| record.trial.is_feasible() && !record.trial.values.is_empty()));
}

/// The same cross for all bars at once, which may know the next close.
#[derive(Debug)]
struct CrossColumns {
    looks_ahead: bool,
}

impl ColumnStrategy for CrossColumns {
    fn name(&self) -> &str {
        "crosses"
    }

    fn version(&self) -> &str {
        "1"
    }

    fn decide(&self, question: &Question<'_>) -> Result<Columns, Refusal> {
        let close = question.bars.close();
        let [fast, slow] = ["fast", "slow"].map(|name| question.params[name].as_number().expect("it is one") as usize);
        if fast == slow {
            return Err(Refusal::Failed("nothing can cross itself".to_owned()));
        }
        let mean = |t: usize, n: usize| close[t + 1 - n..=t].iter().sum::<f64>() / n as f64;
        let long = |t: usize| t + 1 >= fast.max(slow) && mean(t, fast) > mean(t, slow);
        let next_falls = |t: usize| self.looks_ahead && close.get(t + 1).is_some_and(|next| *next < close[t]);
        let positions: Vec<i8> = (0..close.len()).map(|t| i8::from(long(t) && !next_falls(t))).collect();
        Ok(Columns::of_positions(&positions))
    }
}

fn columns_setting(looks_ahead: bool) -> Setting {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let text = format!("{STUDY}[strategy]\ncode = \"crosses\"\n");
    let text = StudyText { path: folder.path().join("study.toml"), text, overrides: Vec::new() };
    let plan = text.plan_with_columns(Arc::new(CrossColumns { looks_ahead })).expect("it is well formed");
    let dataset = data::open(&plan.data, &plan.split, None).expect("the bars can be made");
    Setting { _folder: folder, plan, dataset }
}

#[test]
fn columns_in_rust_are_a_study_like_any_other() {
    let setting = columns_setting(false);
    let whole = records(&setting.plan, &setting.dataset, 1, &[60]);
    assert_eq!(whole, records(&setting.plan, &setting.dataset, 4, &[13, 40, 60]));
    assert!(whole.iter().any(|record| trades(record) > 3.0));
    assert!(findings(&setting).iter().all(|finding| !["looks-ahead", "not-pure"].contains(&finding.code)));
    assert!(findings(&columns_setting(true)).iter().any(|finding| finding.code == "looks-ahead"));
}

/// Trades on the train segment; none of a trial that was never run.
fn trades(record: &TrialRecord) -> f64 {
    record.metrics.get("train").and_then(|train| train.get("trades")).copied().unwrap_or(0.0)
}
