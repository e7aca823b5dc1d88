//! Trials promoted to files of their own, and two strategies compared.

use crate::support::Sandbox;

const EXAMPLE: &str = "examples/sp500_trend.toml";

fn promoted() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.run(&format!("run {EXAMPLE} --trials 60 --no-progress")).exits(0);
    // There is no folder yet.
    sandbox.run(&format!("promote {EXAMPLE} --to best/champion.toml")).exits(1);
    std::fs::create_dir(sandbox.path("best")).expect("the folder can be made");
    sandbox.run(&format!("promote {EXAMPLE} --to best/champion.toml")).exits(0);
    sandbox
}

#[test]
fn a_champion_is_a_study_file_that_gives_the_trial_again() {
    let sandbox = promoted();
    let best = sandbox.run(&format!("run {EXAMPLE} --trials 60 --json")).exits(0).json()["best"].clone();
    let backtest = sandbox.run("backtest best/champion.toml --segment validate --json").exits(0).json();
    assert_eq!(backtest["params"], best["params"]);
    for (name, value) in best["metrics"]["validate"].as_object().expect("metrics") {
        assert_eq!(backtest["metrics"][name], *value, "{name}");
    }
    let check = sandbox.run("check best/champion.toml --no-estimate").exits(0);
    assert!(check.stdout.contains("nothing speaks against"), "{check}");
    let text = std::fs::read_to_string(sandbox.path("best/champion.toml")).expect("it was written");
    for words in ["[search.fixed]", "[champion]", "data_hash", "plan_hash", "promoted", "[champion.metrics.train]"] {
        assert!(text.contains(words), "no `{words}` in\n{text}");
    }
}

#[test]
fn running_a_champion_tries_its_one_point() {
    let sandbox = promoted();
    let run = sandbox.run("run best/champion.toml --json").exits(0).json();
    assert_eq!(run["trials"]["total"], 1);
}

#[test]
fn a_champion_that_no_longer_gives_its_metrics_is_told() {
    let sandbox = promoted();
    sandbox.edit("best/champion.toml", "commission = \"", "commission = \"1");
    let check = sandbox.run("check best/champion.toml --no-estimate").exits(1);
    assert!(check.stdout.contains("champion-changed"), "{check}");
}

#[test]
fn a_champion_is_not_overwritten_unasked() {
    let sandbox = promoted();
    let before = std::fs::read(sandbox.path("best/champion.toml")).expect("it was written");
    sandbox.run(&format!("promote {EXAMPLE} --trial 3 --to best/champion.toml")).exits(1);
    assert_eq!(std::fs::read(sandbox.path("best/champion.toml")).expect("it is there"), before);
    sandbox.run(&format!("promote {EXAMPLE} --trial 3 --to best/champion.toml --force")).exits(0);
}

#[test]
fn what_the_command_line_set_is_in_the_champion() {
    let sandbox = Sandbox::new();
    let set = "--set execution.commission=9bps --storage sqlite:///other.db";
    sandbox.run(&format!("run {EXAMPLE} --trials 20 --no-progress {set}")).exits(0);
    sandbox.run(&format!("promote {EXAMPLE} {set} --to champion.toml")).exits(0);
    let text = std::fs::read_to_string(sandbox.path("champion.toml")).expect("it was written");
    assert!(text.contains("9bps"), "{text}");
    let check = sandbox.run("check champion.toml --no-estimate").exits(0);
    assert!(!check.stdout.contains("champion-changed"), "{check}");
}

#[test]
fn a_study_differs_from_itself_in_nothing() {
    let sandbox = promoted();
    for (first, second) in [(EXAMPLE, EXAMPLE), ("best/champion.toml", EXAMPLE)] {
        let json = sandbox.run(&format!("compare {first} {second} --json")).exits(0).json();
        assert_eq!(json["equal"], true, "{json}");
        assert_eq!((&json["trades"]["only_first"], &json["trades"]["only_second"]), (&0.into(), &0.into()));
        for (name, interval) in json["intervals"].as_object().expect("intervals") {
            for key in ["difference", "low", "high"] {
                assert_eq!(interval[key], 0.0, "{name} {key}");
            }
        }
    }
}

#[test]
fn two_trials_are_compared_metric_by_metric_and_trade_by_trade() {
    let sandbox = promoted();
    let compared = sandbox.run(&format!("compare {EXAMPLE}@3 {EXAMPLE} --segment train --trades")).exits(0);
    for words in ["trial 3", "sharpe", "95 % interval", "only in the second"] {
        assert!(compared.stdout.contains(words), "no `{words}`\n{compared}");
    }
    sandbox.run(&format!("compare {EXAMPLE}@999 {EXAMPLE}")).exits(2);
}

#[test]
fn a_run_is_compared_with_its_baseline_at_the_end() {
    let sandbox = promoted();
    let run = sandbox.run(&format!("run {EXAMPLE} --trials 80 --no-progress --baseline best/champion.toml")).exits(0);
    assert!(run.stdout.contains("against the baseline, on the validate segment"), "{run}");
}
