//! The threads of a run: none is left waiting, whatever ends it.

use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use bartune::config::{Plan, parse_study};
use bartune::data::{self, Dataset};
use bartune::study::{Control, Ending, RunOptions, Session, run};
use bartune::{CacheBudget, Evaluator};

const STUDY: &str = r#"
name = "threads"
[data]
path = "bars.parquet"
synth = { bars = 4000, timeframe = "1h", seed = 5 }
[params]
fast = { int = [3, 400] }
slow = { int = [10, 1200] }
[strategy]
long_entry = "cross_above(sma(close, fast), sma(close, slow))"
long_exit = "cross_below(sma(close, fast), sma(close, slow))"
[objective]
maximize = "total_return"
[search]
sampler = "random"
trials = 400000
"#;

fn setting() -> (tempfile::TempDir, Plan, Dataset) {
    setting_of(STUDY)
}

fn setting_of(text: &str) -> (tempfile::TempDir, Plan, Dataset) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let plan = parse_study("study.toml", text, folder.path(), &[]).expect("it is well formed");
    let dataset = data::open(&plan.data, &plan.split, None).expect("the bars can be made");
    (folder, plan, dataset)
}

fn options(plan: &Plan, workers: usize) -> RunOptions {
    RunOptions { workers: NonZeroUsize::new(workers).expect("there are some"), ..RunOptions::of(plan) }
}

#[test]
fn a_watcher_that_panics_ends_the_run() {
    let (_folder, plan, dataset) = setting();
    let evaluator = Evaluator::new(&plan, &dataset).with_cache(CacheBudget::of_bytes(64 << 20));
    for workers in [1, 3] {
        let mut session = Session::in_memory(&plan, &dataset).expect("memory is there");
        let ended = catch_unwind(AssertUnwindSafe(|| {
            let seen = |progress: &bartune::study::Progress| assert!(progress.evaluated == 0, "seen");
            run(&mut session, &evaluator, &options(&plan, workers), &Control::default(), seen)
        }));
        assert!(ended.is_err(), "{workers} workers");
    }
}

#[test]
fn a_run_that_is_stopped_or_timed_out_keeps_what_it_has() {
    let (_folder, plan, dataset) = setting();
    let evaluator = Evaluator::new(&plan, &dataset).with_cache(CacheBudget::of_bytes(64 << 20));
    let mut session = Session::in_memory(&plan, &dataset).expect("memory is there");
    let control = Control::default();
    let mut trials = 0;
    let stopped = run(&mut session, &evaluator, &options(&plan, 2), &control, |progress| {
        trials = progress.counts.distinct();
        control.stop();
    });
    assert!(matches!(stopped, Ok(Ending::Interrupted)), "{stopped:?}");
    let kept = session.trials(0..u64::MAX).expect("they are there");
    assert!(trials > 0 && kept.iter().filter(|record| record.trial.duplicate_of.is_none()).count() as u64 == trials);

    let more = RunOptions { timeout: Some(Duration::from_millis(150)), ..options(&plan, 2) };
    let timed_out = run(&mut session, &evaluator, &more, &Control::default(), |_| {});
    assert!(matches!(timed_out, Ok(Ending::TimedOut)), "{timed_out:?}");
    let all = session.trials(0..u64::MAX).expect("they are there");
    assert!(all.len() > kept.len() && all[..kept.len()] == kept);
}

#[test]
fn however_short_trials_are_the_run_is_watched() {
    // Proposals that take longer than what is evaluated: somebody conducts nearly all the time.
    let text = STUDY.replace("bars = 4000", "bars = 500").replace("\"random\"", "\"tpe\"");
    let (_folder, plan, dataset) = setting_of(&text);
    let evaluator = Evaluator::new(&plan, &dataset).with_cache(CacheBudget::of_bytes(64 << 20));
    for workers in [1, 2] {
        let mut session = Session::in_memory(&plan, &dataset).expect("memory is there");
        let options = RunOptions { timeout: Some(Duration::from_secs(60)), ..options(&plan, workers) };
        let (control, mut told) = (Control::default(), 0);
        let ended = run(&mut session, &evaluator, &options, &control, |_| {
            told += 1;
            if told == 10 {
                control.stop();
            }
        });
        assert!(
            matches!(ended, Ok(Ending::Interrupted)),
            "{workers} workers: told {told} times in a minute, {ended:?}"
        );
    }
}
