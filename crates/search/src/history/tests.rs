use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::*;
use crate::space::{Choice, Distribution};
use crate::testing::space::{always, choice, float, log_float, space};

fn spaced() -> Space {
    let params =
        [("x", always(float(0.0, 1.0))), ("rate", always(log_float(1e-3, 1.0))), ("kind", always(choice(&["a", "b"])))];
    space(&params, vec![]).expect("valid")
}

fn trial(number: u64, value: f64) -> Trial {
    Trial {
        number,
        state: TrialState::Complete,
        params: BTreeMap::from([("x".to_owned(), ParamValue::Float(0.25))]),
        distributions: IndexMap::new(),
        values: vec![value],
        constraints: IndexMap::new(),
        intermediate_values: BTreeMap::new(),
        user_attrs: IndexMap::new(),
        system_attrs: IndexMap::new(),
        started_ms: None,
        finished_ms: None,
        duplicate_of: None,
    }
}

fn history(trials: &[Trial]) -> History {
    History::from_trials(&spaced(), 1, trials).expect("numbers count up")
}

fn lessons(trials: &[Trial]) -> Vec<Lesson> {
    history(trials).view(u64::MAX).lessons().collect()
}

#[test]
fn trials_come_in_the_order_of_their_numbers() {
    let mut history = history(&[trial(0, 1.0)]);
    assert_eq!(history.append(&trial(2, 1.0)), Err(HistoryError::OutOfOrder { expected: 1, number: 2 }));
    assert_eq!(history.len(), 1, "a refused trial leaves no trace");
    assert_eq!(history.view(1).column(0).len(), 1);
}

#[test]
fn the_best_is_the_best_in_both_directions() {
    let history = history(&[trial(0, 2.0), trial(1, 5.0), trial(2, -3.0), trial(3, 5.0), trial(4, -3.0)]);
    assert_eq!(history.best(StudyDirection::Maximize), Some(1), "the first of equal ones");
    assert_eq!(history.best(StudyDirection::Minimize), Some(2));
    assert_eq!(history.view(2).best(StudyDirection::Minimize), Some(0), "a view sees its prefix only");
    assert_eq!(history.view(0).best(StudyDirection::Minimize), None);
}

#[test]
fn infeasible_pruned_failed_and_duplicate_trials_are_never_the_best() {
    let mut trials: Vec<Trial> = (0..6).map(|number| trial(number, 10.0 + number as f64)).collect();
    trials[1].constraints.insert("trades".to_owned(), 0.1);
    trials[2].state = TrialState::Pruned;
    trials[3].state = TrialState::Fail;
    trials[4].duplicate_of = Some(0);
    trials[5].values = vec![f64::NAN];
    assert_eq!(history(&trials).best(StudyDirection::Maximize), Some(0));
    assert_eq!(history(&trials[1..1]).best(StudyDirection::Maximize), None);
}

#[test]
fn each_kind_of_trial_teaches_what_the_table_says() {
    let mut trials: Vec<Trial> = (0..9).map(|number| trial(number, 1.0)).collect();
    trials[1].values.clear();
    trials[2].constraints = IndexMap::from([("a".to_owned(), 2.0), ("b".to_owned(), -5.0), ("c".to_owned(), 0.5)]);
    trials[3].constraints = IndexMap::from([("a".to_owned(), f64::NAN)]);
    trials[4].state = TrialState::Pruned;
    trials[5].state = TrialState::Pruned;
    trials[5].intermediate_values = BTreeMap::from([(1, 9.0), (4, 0.5)]);
    trials[6].state = TrialState::Running;
    trials[7].duplicate_of = Some(0);
    trials[8].constraints = IndexMap::from([("a".to_owned(), 0.0)]);
    assert_eq!(
        lessons(&trials),
        [
            Lesson::Complete,
            Lesson::Nothing,
            Lesson::Infeasible { violation: 2.5 },
            Lesson::Infeasible { violation: f64::INFINITY },
            Lesson::Pruned { last: None },
            Lesson::Pruned { last: Some((4, 0.5)) },
            Lesson::Nothing,
            Lesson::Nothing,
            Lesson::Complete,
        ]
    );
    assert_eq!(history(&trials).view(5).learned(), 4);
    assert_eq!(history(&trials).view(9).learned(), 6);
}

#[test]
fn constraints_are_columns_by_name() {
    let mut trials: Vec<Trial> = (0..4).map(|number| trial(number, 1.0)).collect();
    trials[1].constraints = IndexMap::from([("a".to_owned(), -2.0), ("b".to_owned(), f64::NAN)]);
    trials[2].constraints = IndexMap::from([("b".to_owned(), 3.0)]);
    trials[3].constraints = IndexMap::from([("c".to_owned(), 3.0)]);
    trials[3].duplicate_of = Some(2);
    let history = history(&trials);
    let columns: Vec<Vec<String>> =
        history.view(3).constraints().map(|column| column.iter().map(f64::to_string).collect()).collect();
    assert_eq!(columns, [["NaN", "-2", "NaN"], ["NaN", "inf", "3"]]);
    assert_eq!(history.view(4).constraints().count(), 2, "a duplicate teaches nothing");
    let mut other = trials.clone();
    other[1].constraints["a"] = -1.0;
    let same = self::history(&other).view(2).fingerprint(2) == history.view(2).fingerprint(2);
    assert!(!same, "what is seen is part of the hash");
}

#[test]
fn values_are_matched_to_the_space_by_name_and_choice() {
    let mut one = trial(0, 1.0);
    one.params.insert("kind".to_owned(), ParamValue::Choice(0));
    one.params.insert("rate".to_owned(), ParamValue::Float(-1.0));
    one.params.insert("gone".to_owned(), ParamValue::Int(3));
    let old = |texts: &[&str]| Distribution::Categorical {
        choices: texts.iter().map(|text| Choice::Text((*text).to_owned())).collect(),
    };
    one.distributions.insert("kind".to_owned(), old(&["b", "c"]));
    let mut two = one.clone();
    two.number = 1;
    two.params.insert("kind".to_owned(), ParamValue::Choice(1));
    let history = history(&[one, two]);
    let view = history.view(2);
    assert_eq!(view.column(0), [0.25, 0.25]);
    assert!(view.column(1)[0].is_nan(), "no logarithm of a negative number");
    assert_eq!(view.column(2)[0], 1.0, "'b' is choice 1 of this space");
    assert!(view.column(2)[1].is_nan(), "'c' is no choice of this space");
}

#[test]
fn a_fingerprint_tells_histories_apart_and_knows_its_extensions() {
    let short = history(&[trial(0, 1.0), trial(1, 2.0)]);
    let long = history(&[trial(0, 1.0), trial(1, 2.0), trial(2, 3.0)]);
    let other = history(&[trial(0, 1.0), trial(1, 2.5)]);
    let at = |history: &History, rows| history.view(u64::MAX).fingerprint(rows);
    assert_eq!(at(&short, 2), at(&long, 2));
    assert_ne!(at(&short, 2), at(&other, 2));
    assert_ne!(at(&long, 2), at(&long, 3));
    let elsewhere = space(&[("x", always(float(0.0, 2.0)))], vec![]).expect("valid");
    assert_ne!(at(&History::new(&elsewhere, 1), 0), at(&History::new(&spaced(), 1), 0));
}

#[test]
fn a_parameter_value_costs_less_than_60_bytes() {
    let trials: Vec<Trial> = (0..1_000).map(|number| trial(number, 1.0)).collect();
    let history = history(&trials);
    let columns: usize = history.columns.iter().map(|column| column.capacity() * size_of::<f64>()).sum();
    let rows = history.kinds.capacity() * size_of::<Kind>()
        + (history.values.capacity() + history.scores.capacity()) * size_of::<f64>()
        + history.steps.capacity() * size_of::<i64>()
        + history.fingerprints.capacity() * size_of::<u64>()
        + history.lessons.capacity() * size_of::<u32>();
    assert!(columns + rows < 60 * 3 * trials.len(), "{columns} + {rows}");
}
