//! Decisions and p-values against Optuna 5 and SciPy (`scripts/oracles/pruner.py`), and purity.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::*;
use crate::history::History;
use crate::space::{Assignment, Space};
use crate::testing::study::trial_of;
use crate::trial::{Trial, TrialState};

const ORACLE: &str = include_str!("../../../../testdata/search/pruner.json");

#[derive(Deserialize)]
struct Oracle {
    cases: Vec<Case>,
    p_values: Vec<PValue>,
}

#[derive(Deserialize)]
struct Case {
    pruner: String,
    kind: String,
    direction: String,
    seed: u64,
    trials: Vec<OracleTrial>,
}

#[derive(Deserialize)]
struct OracleTrial {
    reports: Vec<(i64, Number)>,
    decisions: Vec<bool>,
    state: String,
    value: Option<f64>,
}

/// A number; what JSON has no number for is a text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Finite(f64),
    Other(String),
}

impl Number {
    fn value(&self) -> f64 {
        match self {
            Self::Finite(value) => *value,
            Self::Other(text) => text.parse().expect("nan, inf or -inf"),
        }
    }
}

#[derive(Deserialize)]
struct PValue {
    differences: Vec<f64>,
    tail: String,
    p: f64,
}

fn oracle() -> Oracle {
    serde_json::from_str(ORACLE).expect("the oracle is JSON")
}

/// The pruner of a case, by the name that the script gave it.
fn pruner(name: &str) -> Box<dyn Pruner> {
    let percentile = |options| Box::new(Percentile::try_new(options).expect("valid"));
    let halving = |options| Box::new(SuccessiveHalving::try_new(options).expect("valid"));
    let hyperband = |options| Box::new(Hyperband::try_new(options).expect("valid"));
    let median = PercentileOptions::default();
    let schedule = |warmup, interval| Schedule { warmup, interval };
    let plain = SuccessiveHalvingOptions { min_resource: Some(1), ..SuccessiveHalvingOptions::default() };
    match name {
        "none" => Box::new(Never),
        "median" => percentile(median),
        "percentile 25 warmup 3 interval 4 min 3" => percentile(PercentileOptions {
            percentile: 25.0,
            startup_trials: 3,
            min_trials: 3,
            schedule: schedule(3, 4),
        }),
        "percentile 80" => percentile(PercentileOptions { percentile: 80.0, startup_trials: 2, ..median }),
        "threshold -0.5 1.5" => {
            Box::new(Threshold::try_new(Some(-0.5), Some(1.5), Schedule::default()).expect("valid"))
        }
        "threshold up to 1 warmup 2 interval 3" => {
            Box::new(Threshold::try_new(None, Some(1.0), schedule(2, 3)).expect("valid"))
        }
        "patient 2" => Box::new(Patient::try_new(None, 2, 0.0).expect("valid")),
        "patient 1 delta 0.1 median" => {
            let wrapped = percentile(PercentileOptions { startup_trials: 2, ..median });
            Box::new(Patient::try_new(Some(wrapped), 1, 0.1).expect("valid"))
        }
        "halving 1" => halving(SuccessiveHalvingOptions { reduction_factor: 2, ..plain }),
        "halving 2 factor 3 rate 1" => halving(SuccessiveHalvingOptions {
            min_resource: Some(2),
            reduction_factor: 3,
            min_early_stopping_rate: 1,
            bootstrap_count: 0,
        }),
        "halving 1 bootstrap 2" => halving(SuccessiveHalvingOptions { bootstrap_count: 2, ..plain }),
        "hyperband 1 20" => hyperband(HyperbandOptions { max_resource: Some(20), ..HyperbandOptions::default() }),
        "hyperband 2 16 factor 2" => hyperband(HyperbandOptions {
            min_resource: 2,
            max_resource: Some(16),
            reduction_factor: 2,
            bootstrap_count: 0,
        }),
        "wilcoxon" => Box::new(Wilcoxon::default()),
        "wilcoxon 0.3 from 5" => Box::new(Wilcoxon::try_new(0.3, 5).expect("valid")),
        other => panic!("no such pruner: {other}"),
    }
}

impl Case {
    fn direction(&self) -> StudyDirection {
        if self.direction == "minimize" { StudyDirection::Minimize } else { StudyDirection::Maximize }
    }

    fn trials(&self) -> Vec<Trial> {
        let trial = |(number, trial): (usize, &OracleTrial)| Trial {
            state: match trial.state.as_str() {
                "complete" => TrialState::Complete,
                "pruned" => TrialState::Pruned,
                _ => TrialState::Fail,
            },
            values: trial.value.into_iter().collect(),
            intermediate_values: trial.reports.iter().map(|(step, value)| (*step, value.value())).collect(),
            ..trial_of(&Space::default(), number as u64, Assignment::new())
        };
        self.trials.iter().enumerate().map(trial).collect()
    }

    /// The answers to all questions, by trial.
    fn decisions(&self, mut pruner: impl FnMut() -> Box<dyn Pruner>) -> Vec<Vec<bool>> {
        let trials = self.trials();
        let history = History::from_trials(&Space::default(), 1, &trials).expect("numbers count up");
        let ask = |trial: &Trial| {
            let mut pruner = pruner();
            let mut reports = BTreeMap::new();
            let answers = trial.intermediate_values.iter().map(|(&step, &value)| {
                reports.insert(step, value);
                pruner.should_prune(&PruneRequest {
                    direction: self.direction(),
                    view: history.view(trial.number),
                    seed: self.seed,
                    number: trial.number,
                    reports: &reports,
                })
            });
            answers.collect()
        };
        trials.iter().map(ask).collect()
    }
}

#[test]
fn decisions_are_optunas() {
    for case in oracle().cases {
        let expected: Vec<_> = case.trials.iter().map(|trial| trial.decisions.clone()).collect();
        let ours = case.decisions(|| pruner(&case.pruner));
        for (number, (ours, expected)) in ours.iter().zip(&expected).enumerate() {
            let case = format!("{}, {}, {}, trial {number}", case.pruner, case.kind, case.direction);
            assert_eq!(ours, expected, "{case}");
        }
    }
}

#[test]
fn a_pruner_that_has_seen_other_studies_answers_as_a_fresh_one() {
    let cases = oracle().cases;
    for name in ["median", "halving 1", "hyperband 1 20", "wilcoxon", "patient 1 delta 0.1 median"] {
        let mut shared = pruner(name);
        for case in cases.iter().filter(|case| case.pruner == name) {
            let trials = case.trials();
            let history = History::from_trials(&Space::default(), 1, &trials).expect("numbers count up");
            // Backwards, so that views also shrink.
            for trial in trials.iter().rev() {
                let mut reports = BTreeMap::new();
                for (&step, &value) in &trial.intermediate_values {
                    reports.insert(step, value);
                    let request = PruneRequest {
                        direction: case.direction(),
                        view: history.view(trial.number),
                        seed: case.seed,
                        number: trial.number,
                        reports: &reports,
                    };
                    assert_eq!(
                        shared.should_prune(&request),
                        pruner(name).should_prune(&request),
                        "{name}, step {step}"
                    );
                }
            }
        }
    }
}

#[test]
fn p_values_are_scipys() {
    for case in oracle().p_values {
        let tail = if case.tail == "less" { Tail::Less } else { Tail::Greater };
        let ours = signed_rank_p_value(&case.differences, tail);
        assert!((ours - case.p).abs() < 1e-12, "{:?} {tail:?}: {ours} {}", case.differences, case.p);
    }
}

#[test]
fn without_a_report_nothing_is_stopped() {
    let history = History::new(&Space::default(), 1);
    let reports = BTreeMap::new();
    for name in ["none", "median", "threshold -0.5 1.5", "patient 2", "halving 1", "hyperband 1 20", "wilcoxon"] {
        let request = PruneRequest {
            direction: StudyDirection::Maximize,
            view: history.view(0),
            seed: 0,
            number: 0,
            reports: &reports,
        };
        assert!(!pruner(name).should_prune(&request), "{name}");
    }
}

#[test]
fn automatic_resources_come_from_the_first_complete_trial() {
    let trial = |number, last: i64, value: f64| Trial {
        values: vec![value],
        intermediate_values: (1..=last).map(|step| (step, value)).collect(),
        ..trial_of(&Space::default(), number, Assignment::new())
    };
    let trials = [trial(0, 300, 1.0), trial(1, 700, 0.0)];
    let history = History::from_trials(&Space::default(), 1, &trials).expect("numbers count up");
    let ask = |seen, last: i64| {
        let reports = (1..=last).map(|step| (step, 2.0)).collect();
        let request = PruneRequest {
            direction: StudyDirection::Minimize,
            view: history.view(seen),
            seed: 0,
            number: 9,
            reports: &reports,
        };
        SuccessiveHalving::default().should_prune(&request)
    };
    assert!(!ask(0, 300), "nothing is known yet");
    assert_eq!([ask(1, 2), ask(1, 3), ask(2, 3)], [false, true, true], "the first rung is at 300 / 100");
}

#[test]
fn options_out_of_range_are_named() {
    let message = Percentile::try_new(PercentileOptions { percentile: f64::NAN, ..PercentileOptions::default() });
    let message = message.expect_err("NaN is no percentile").to_string();
    assert_eq!(message, "option 'percentile' of the pruner 'percentile' must be between 0 and 100, got NaN");
    assert!(Threshold::try_new(None, None, Schedule::default()).is_err());
    assert!(Threshold::try_new(Some(2.0), Some(1.0), Schedule::default()).is_err());
    assert!(Threshold::try_new(Some(2.0), None, Schedule { warmup: -1, interval: 1 }).is_err());
    assert!(Patient::try_new(None, 1, -0.1).is_err());
    assert!(Wilcoxon::try_new(1.1, 2).is_err());
    let auto = SuccessiveHalvingOptions { bootstrap_count: 1, ..SuccessiveHalvingOptions::default() };
    assert!(SuccessiveHalving::try_new(auto).is_err());
    assert!(Hyperband::try_new(HyperbandOptions { max_resource: Some(0), ..HyperbandOptions::default() }).is_err());
}
