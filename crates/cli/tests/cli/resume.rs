//! The same study whatever happens to the process: workers, kills, interrupts, timeouts, budgets.

use std::process::Child;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::store;
use crate::support::Sandbox;

const STUDY: &str = "examples/sp500_trend.toml";
const DATABASE: &str = "examples/sp500_trend.db";

/// The study run to `trials` in one go, as it must always end.
fn uninterrupted(trials: u64) -> Vec<String> {
    let sandbox = Sandbox::new();
    sandbox.run(&format!("run {STUDY} --trials {trials} --json")).exits(0);
    store::trials(&sandbox.path(DATABASE))
}

/// Wait until the run has stored more than `before` trials, so that what follows hits it at work.
/// False if it ended by itself.
fn is_at_work(child: &mut Child, sandbox: &Sandbox, before: u64) -> bool {
    let deadline = Instant::now() + Duration::from_secs(120);
    while store::count(&sandbox.path(DATABASE)) <= before {
        assert!(Instant::now() < deadline, "the run stored nothing in two minutes");
        if child.try_wait().expect("it was started here").is_some() {
            return false;
        }
        sleep(Duration::from_millis(1));
    }
    child.try_wait().expect("it was started here").is_none()
}

#[test]
fn any_number_of_workers_gives_the_same_study() {
    let studies = [1, 2, 7].map(|workers| {
        let sandbox = Sandbox::new();
        sandbox.run(&format!("run {STUDY} --trials 300 --workers {workers} --json")).exits(0);
        store::trials(&sandbox.path(DATABASE))
    });
    store::assert_same(&studies[0], &studies[1]);
    store::assert_same(&studies[0], &studies[2]);
}

#[test]
fn killed_at_random_moments_it_ends_as_if_never_killed() {
    const TRIALS: u64 = 1_200;
    let sandbox = Sandbox::new();
    let run = format!("run {STUDY} --trials {TRIALS} --json");
    let (mut kills, mut before) = (0, 0);
    // Moments after a write, by a fixed list: in the midst of a batch, of the next write, of a restart.
    for wait_us in [0, 150_000, 1_700, 210_000, 60_000, 199_000] {
        let mut child = sandbox.start(&run);
        if is_at_work(&mut child, &sandbox, before) {
            sleep(Duration::from_micros(wait_us));
        }
        let ended = child.try_wait().expect("it was started here").is_some();
        kills += u64::from(!ended);
        child.kill().expect("it was started here");
        child.wait().expect("it was started here");
        before = store::count(&sandbox.path(DATABASE));
        assert!(before <= TRIALS, "{before} trials");
    }
    assert!(kills >= 2, "only {kills} runs were killed at work: the study is too short");
    let json = sandbox.run(&run).exits(0).json();
    assert_eq!(json["trials"]["total"], TRIALS);
    store::assert_same(&store::trials(&sandbox.path(DATABASE)), &uninterrupted(TRIALS));
}

/// Beyond the first 2,000 trials only the best 500 keep full records; which they are must not depend on when and
/// by how many workers they were found.
#[test]
fn what_is_kept_of_a_long_study_does_not_depend_on_how_it_was_run() {
    let [whole, parts] = [Sandbox::new(), Sandbox::new()];
    for sandbox in [&whole, &parts] {
        // What is dear of TPE is not what is tested.
        sandbox.edit(STUDY, "sampler = \"tpe\"", "sampler = \"random\"");
    }
    whole.run(&format!("run {STUDY} --trials 2400 --workers 2 --json")).exits(0);
    for trials in [1990, 2210, 2211, 2400] {
        parts.run(&format!("run {STUDY} --trials {trials} --workers 1 --json")).exits(0);
    }
    let database = whole.path(DATABASE);
    store::assert_same(&store::trials(&database), &store::trials(&parts.path(DATABASE)));
    let kept = |condition: &str| {
        let sql = format!("SELECT count(*) FROM bartune_returns JOIN trials USING (trial_id) WHERE {condition}");
        store::rows(&database, &sql)[0].parse::<u64>().expect("a count")
    };
    assert_eq!(kept("number < 2000"), 2000);
    let late = kept("number >= 2000");
    assert!(late > 0 && late < 400, "{late} of the last 400 are among the best 500");
    // What is stored is what the engine gives; what is not is never a number.
    let verified = whole.run(&format!("verify {STUDY} --json")).exits(0).json();
    assert_eq!((verified["checked"].as_u64(), verified["equal"].as_bool()), (Some(2400), Some(true)));
    whole.run(&format!("export {STUDY} -o trials.json")).exits(0);
    let text = std::fs::read_to_string(whole.path("trials.json")).expect("it was written");
    let exported: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    let trials = exported["trials"].as_array().expect("a list");
    let of = |extent: &str| trials.iter().filter(|trial| trial["record"] == extent).collect::<Vec<_>>();
    let (full, headline) = (of("full"), of("headline"));
    assert_eq!((full.len() + headline.len(), headline.len() as u64), (2400, 400 - late));
    let metric = |trial: &serde_json::Value, name: &str| trial["metrics"]["train"][name].clone();
    assert!(headline.iter().all(|trial| metric(trial, "omega").is_null()), "what was left out is not there");
    assert!(headline.iter().any(|trial| metric(trial, "sharpe").is_number()));
    assert!(full.iter().any(|trial| metric(trial, "omega").is_number()));
}

#[cfg(unix)]
#[test]
fn interrupted_it_exits_130_and_continues_to_the_same_study() {
    let sandbox = Sandbox::new();
    let mut child = sandbox.start(&format!("run {STUDY} --trials 1000000"));
    assert!(is_at_work(&mut child, &sandbox, 0));
    let id = child.id().to_string();
    let sent = std::process::Command::new("kill").args(["-INT", &id]).status().expect("kill is there");
    assert!(sent.success());
    assert_eq!(child.wait().expect("it was started here").code(), Some(130));
    let stored = store::count(&sandbox.path(DATABASE));
    let total = stored + 50;
    sandbox.run(&format!("run {STUDY} --trials {total} --json")).exits(0);
    store::assert_same(&store::trials(&sandbox.path(DATABASE)), &uninterrupted(total));
}

#[test]
fn a_timeout_ends_the_run_and_the_next_continues_it() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(&format!("run {STUDY} --trials 1000000 --timeout 0.5s"));
    assert!(
        ran.stdout.contains("the timeout ran out; the study is intact, run the same command again to continue"),
        "{ran}"
    );
    let total = store::count(&sandbox.path(DATABASE)) + 20;
    sandbox.run(&format!("run {STUDY} --trials {total} --json")).exits(0);
    store::assert_same(&store::trials(&sandbox.path(DATABASE)), &uninterrupted(total));
}

#[test]
fn running_again_continues_to_the_asked_number_and_no_further() {
    let sandbox = Sandbox::new();
    for (asked, total) in [(40, 40), (40, 40), (25, 40), (60, 60)] {
        let json = sandbox.run(&format!("run {STUDY} --trials {asked} --json")).exits(0).json();
        assert_eq!(json["trials"]["total"], total, "asked for {asked}");
    }
    store::assert_same(&store::trials(&sandbox.path(DATABASE)), &uninterrupted(60));
}

#[test]
fn a_changed_study_file_is_refused_naming_the_keys() {
    let sandbox = Sandbox::new();
    sandbox.run(&format!("run {STUDY} --trials 20 --json")).exits(0);
    let before = store::trials(&sandbox.path(DATABASE));
    sandbox.edit(STUDY, "slippage = \"1bps\"", "slippage = \"2bps\"");
    sandbox.edit(STUDY, "fast = { int = [5, 60] }", "fast = { int = [5, 80] }");
    let ran = sandbox.run(&format!("run {STUDY} --trials 40 --seed 7")).exits(2);
    for key in ["search.seed: 42 → 7", "execution.slippage", "params.fast", "--fresh sp500-trend"] {
        assert!(ran.stderr.contains(key), "`{key}` is missing\n{ran}");
    }
    assert!(!ran.stderr.contains("params.slow"), "{ran}");
    store::assert_same(&store::trials(&sandbox.path(DATABASE)), &before);
}

#[test]
fn fresh_starts_over_only_when_it_names_the_study() {
    let sandbox = Sandbox::new();
    sandbox.run(&format!("run {STUDY} --trials 20 --seed 7 --json")).exits(0);
    let before = store::trials(&sandbox.path(DATABASE));
    sandbox.run(&format!("run {STUDY} --trials 20 --fresh other")).exits(2).says("write `--fresh sp500-trend`");
    store::assert_same(&store::trials(&sandbox.path(DATABASE)), &before);
    sandbox.run(&format!("run {STUDY} --trials 30 --fresh sp500-trend --json")).exits(0);
    store::assert_same(&store::trials(&sandbox.path(DATABASE)), &uninterrupted(30));
}
