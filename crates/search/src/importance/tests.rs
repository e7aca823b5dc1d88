//! Against Optuna 5 and scikit-learn (`scripts/oracles/importance.py`).

use std::collections::BTreeMap;

use serde::Deserialize;

use super::tree::{Feature, Growth, Node, Samples, Tree};
use super::*;
use crate::history::History;
use crate::space::{Distribution, Param};
use crate::testing::space::{always, choice, float, space, when};
use crate::testing::study::trial_of;
use crate::trial::Trial;

const ORACLE: &str = include_str!("../../../../testdata/search/importance.json");

#[derive(Deserialize)]
struct Oracle {
    studies: Vec<OracleStudy>,
    trees: Vec<OracleTree>,
}

#[derive(Deserialize)]
struct OracleStudy {
    name: String,
    directions: Vec<String>,
    space: Vec<(String, String)>,
    trials: Vec<OracleTrial>,
    questions: Vec<OracleQuestion>,
    fanova: Option<BTreeMap<String, f64>>,
}

#[derive(Deserialize)]
struct OracleTrial {
    params: BTreeMap<String, f64>,
    values: Vec<Number>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Finite(f64),
    Infinite(String),
}

#[derive(Deserialize)]
struct OracleQuestion {
    target_quantile: f64,
    region_quantile: f64,
    local: bool,
    objective: Option<usize>,
    importances: BTreeMap<String, f64>,
}

#[derive(Deserialize)]
struct OracleTree {
    bounds: Vec<[f64; 2]>,
    feature: Vec<i64>,
    threshold: Vec<f64>,
    left: Vec<i64>,
    right: Vec<i64>,
    value: Vec<f64>,
    variance: f64,
    marginals: Vec<f64>,
}

impl OracleStudy {
    fn space(&self) -> Space {
        let params = self.space.iter().map(|(name, json)| {
            let distribution = Distribution::from_json(json).expect("Optuna wrote it");
            (name.clone(), Param { distribution, when: None })
        });
        Space::try_new(params.collect(), vec![]).expect("the oracle's space is valid")
    }

    fn directions(&self) -> Vec<StudyDirection> {
        let direction = |text: &String| match text.as_str() {
            "minimize" => StudyDirection::Minimize,
            _ => StudyDirection::Maximize,
        };
        self.directions.iter().map(direction).collect()
    }

    fn history(&self, space: &Space) -> History {
        let trial = |(number, trial): (usize, &OracleTrial)| {
            let params = trial.params.iter().map(|(name, internal)| {
                let distribution = space.distribution(name).expect("a parameter of the space");
                (name.clone(), distribution.from_internal(*internal))
            });
            let values = trial.values.iter().map(|value| match value {
                Number::Finite(value) => *value,
                Number::Infinite(text) => text.parse().expect("inf"),
            });
            Trial { values: values.collect(), ..trial_of(space, number as u64, params.collect()) }
        };
        let trials: Vec<Trial> = self.trials.iter().enumerate().map(trial).collect();
        History::from_trials(space, self.directions.len(), &trials).expect("numbers count up")
    }
}

fn oracle() -> Oracle {
    serde_json::from_str(ORACLE).expect("the oracle is JSON")
}

#[test]
fn ped_anova_is_optunas() {
    for study in oracle().studies {
        let space = study.space();
        let (history, directions) = (study.history(&space), study.directions());
        for (index, case) in study.questions.iter().enumerate() {
            let options = PedAnovaOptions {
                target_quantile: case.target_quantile,
                region_quantile: case.region_quantile,
                local: case.local,
            };
            let question = Question {
                evaluator: Evaluator::PedAnova(options),
                directions: &directions,
                objective: case.objective,
                seed: 0,
            };
            let ours = importance(&history.view(u64::MAX), &space, &question).expect("there are enough trials");
            assert_eq!(ours.values().len(), case.importances.len());
            for (name, ours) in ours.values() {
                let theirs = case.importances[name];
                let error = (ours - theirs).abs();
                assert!(error < 1e-9 * theirs.max(1.0), "{}, {index}, {name}: {ours} {theirs}", study.name);
            }
        }
    }
}

#[test]
fn variances_of_a_given_tree_are_optunas() {
    for (index, case) in oracle().trees.into_iter().enumerate() {
        let node = |index: usize| match usize::try_from(case.feature[index]) {
            Ok(feature) => Node::Split {
                feature,
                threshold: case.threshold[index],
                left: case.left[index] as usize,
                right: case.right[index] as usize,
            },
            Err(_) => Node::Leaf { value: case.value[index] },
        };
        let features = case.bounds.iter().map(|&[low, high]| Feature::Number { low, high });
        let tree = Tree { features: features.collect(), nodes: (0..case.feature.len()).map(node).collect() };
        let (variance, marginals) = tree.variances();
        assert!((variance / case.variance - 1.0).abs() < 1e-9, "tree {index}: {variance} {}", case.variance);
        for (ours, theirs) in marginals.iter().zip(&case.marginals) {
            assert!((ours - theirs).abs() < 1e-9 * case.variance, "tree {index}: {ours} {theirs}");
        }
    }
}

fn fanova(directions: &[StudyDirection], seed: u64) -> Question<'_> {
    Question { evaluator: Evaluator::Fanova(FanovaOptions::default()), directions, objective: None, seed }
}

#[test]
fn a_forest_of_our_own_is_close_to_scikit_learns() {
    let studies = oracle().studies;
    // With choices Optuna also weights combinations that do not exist.
    let numeric = studies.iter().filter(|study| study.name == "numbers");
    for (study, theirs) in numeric.filter_map(|study| study.fanova.as_ref().map(|theirs| (study, theirs))) {
        let space = study.space();
        let (history, directions) = (study.history(&space), study.directions());
        let ask =
            |seed| importance(&history.view(u64::MAX), &space, &fanova(&directions, seed)).expect("enough trials");
        for (name, ours) in ask(1).values() {
            assert!((ours - theirs[name]).abs() < 0.04, "{}, {name}: {ours} {}", study.name, theirs[name]);
        }
        assert_eq!(ask(1), ask(1), "the seed decides");
        assert_ne!(ask(1), ask(2));
    }
}

#[test]
fn a_tree_splits_where_the_targets_change() {
    let features = [Feature::Number { low: 0.0, high: 10.0 }, Feature::Choice { count: 3 }];
    let columns = [vec![1.0, 3.0, 1.0, 3.0, 1.0, 3.0], vec![0.0, 0.0, 1.0, 1.0, 2.0, 2.0]];
    // 4 where the choice is 1, nothing else.
    let samples = Samples { columns: &columns, targets: &[0.0, 0.0, 4.0, 4.0, 0.0, 0.0] };
    let tree = Tree::grow(&features, &samples, (0..6).collect(), Growth { max_depth: 9 });
    assert_eq!(tree.nodes[0], Node::Split { feature: 1, threshold: 1.0, left: 1, right: 2 });
    assert_eq!(tree.nodes.len(), 3);
    // A third of the space has 4: variance 16 (1/3)(2/3), all of it the choice's.
    let (variance, marginals) = tree.variances();
    assert!((variance - 32.0 / 9.0).abs() < 1e-12, "{variance}");
    assert!((marginals[1] - 32.0 / 9.0).abs() < 1e-12 && marginals[0].abs() < 1e-12, "{marginals:?}");
}

#[test]
fn parameters_that_some_trials_lack_are_left_to_ped_anova() {
    let params = [
        ("kind", always(choice(&["a", "b"]))),
        ("x", always(float(0.0, 1.0))),
        ("single", always(float(1.0, 1.0))),
        ("only_b", when(float(0.0, 1.0), "kind", 1)),
    ];
    let space = space(&params, vec![]).expect("the space is valid");
    let trials: Vec<Trial> = (0..60)
        .map(|number| {
            let params = space.sample_uniform(&mut crate::stream::RandomStream::new(1, number, 0)).expect("valid");
            let x = crate::testing::space::number(&params, "x").unwrap_or(0.0);
            Trial { values: vec![x], ..trial_of(&space, number, params) }
        })
        .collect();
    let history = History::from_trials(&space, 1, &trials).expect("numbers count up");
    let directions = [StudyDirection::Minimize];
    let names = |question: &Question<'_>| -> Vec<String> {
        let answer = importance(&history.view(u64::MAX), &space, question).expect("enough trials");
        let sum: f64 = answer.shares().iter().map(|(_, share)| share).sum();
        assert!((sum - 1.0).abs() < 1e-12);
        answer.values().iter().map(|(name, _)| name.clone()).collect()
    };
    let by_forest = names(&fanova(&directions, 0));
    assert_eq!((by_forest[0].as_str(), by_forest.len()), ("x", 3));
    let ped_anova = Question { evaluator: Evaluator::default(), ..fanova(&directions, 0) };
    let by_density = names(&ped_anova);
    assert_eq!((by_density[0].as_str(), by_density.len()), ("x", 4));
    assert_eq!(by_density[3], "single", "one value explains nothing");
}

#[test]
fn equal_values_give_equal_shares() {
    let space = space(&[("x", always(float(0.0, 1.0))), ("y", always(float(0.0, 1.0)))], vec![]).expect("valid");
    let trials: Vec<Trial> = (0..5)
        .map(|number| {
            let params = space.sample_uniform(&mut crate::stream::RandomStream::new(1, number, 0)).expect("valid");
            Trial { values: vec![2.0], ..trial_of(&space, number, params) }
        })
        .collect();
    let history = History::from_trials(&space, 1, &trials).expect("numbers count up");
    for evaluator in [Evaluator::default(), Evaluator::Fanova(FanovaOptions::default())] {
        let question = Question { evaluator, ..fanova(&[StudyDirection::Maximize], 0) };
        let answer = importance(&history.view(5), &space, &question).expect("enough trials");
        assert_eq!(answer.shares(), [("x".to_owned(), 0.5), ("y".to_owned(), 0.5)]);
        let error = importance(&history.view(1), &space, &question).expect_err("one trial is too few");
        assert_eq!(error, ImportanceError::TooFewTrials { found: 1 });
    }
}

#[test]
fn questions_without_an_answer_say_why() {
    let space = space(&[("x", always(float(0.0, 1.0)))], vec![]).expect("the space is valid");
    let both = [StudyDirection::Minimize, StudyDirection::Maximize];
    let trials = [0, 1].map(|number| {
        let params = space.sample_uniform(&mut crate::stream::RandomStream::new(1, number, 0)).expect("valid");
        Trial { values: vec![1.0, 2.0], ..trial_of(&space, number, params) }
    });
    let history = History::from_trials(&space, 2, &trials).expect("numbers count up");
    let ask = |question: &Question<'_>| importance(&history.view(2), &space, question).map(|_| ());
    assert_eq!(ask(&fanova(&both, 0)), Err(ImportanceError::SeveralObjectives { objectives: 2 }));
    assert_eq!(ask(&Question { objective: Some(1), ..fanova(&both, 0) }), Ok(()));
    let error = ImportanceError::UnknownObjective { objective: 2, objectives: 2 };
    assert_eq!(ask(&Question { objective: Some(2), ..fanova(&both, 0) }), Err(error));
    assert_eq!(ask(&fanova(&both[..1], 0)), Err(ImportanceError::OtherStudy));
    let options = PedAnovaOptions { target_quantile: 0.5, region_quantile: 0.5, local: true };
    let question = Question { evaluator: Evaluator::PedAnova(options), ..fanova(&both, 0) };
    assert!(matches!(ask(&question), Err(ImportanceError::Option { .. })));
}
