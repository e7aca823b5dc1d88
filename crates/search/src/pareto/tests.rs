//! Against Optuna 5 (`scripts/oracles/pareto.py`), and against counting.

use proptest::prelude::*;
use serde::Deserialize;

use super::*;
use crate::history::History;
use crate::space::Assignment;
use crate::testing::space::{always, float, space};
use crate::testing::study::trial_of;
use crate::trial::{StudyDirection, Trial};

const ORACLE: &str = include_str!("../../../../testdata/search/pareto.json");

#[derive(Deserialize)]
struct Oracle {
    ranks: Vec<Ranks>,
    volumes: Vec<Volumes>,
}

/// A number; infinities are written as texts.
#[derive(Deserialize, Clone)]
#[serde(untagged)]
enum Number {
    Finite(f64),
    Infinite(String),
}

impl Number {
    fn value(&self) -> f64 {
        match self {
            Self::Finite(value) => *value,
            Self::Infinite(text) if text == "inf" => f64::INFINITY,
            Self::Infinite(_) => f64::NEG_INFINITY,
        }
    }
}

fn points(rows: &[Vec<Number>]) -> Points {
    let objectives = rows.first().map_or(1, Vec::len);
    Points::of(objectives, rows.iter().map(|row| row.iter().map(Number::value).collect::<Vec<_>>()))
}

#[derive(Deserialize)]
struct Ranks {
    points: Vec<Vec<Number>>,
    ranks: Vec<usize>,
    front: Vec<bool>,
    violations: Vec<f64>,
    constrained: Vec<usize>,
    distances: Vec<Number>,
    order: Vec<usize>,
}

#[derive(Deserialize)]
struct Volumes {
    points: Vec<Vec<Number>>,
    reference: Vec<f64>,
    volume: f64,
    front: Vec<Vec<Number>>,
    subsets: Vec<Subset>,
}

#[derive(Deserialize)]
struct Subset {
    size: usize,
    chosen: Vec<usize>,
}

fn oracle() -> Oracle {
    serde_json::from_str(ORACLE).expect("the oracle is JSON")
}

#[test]
fn ranks_and_fronts_are_optunas() {
    for (index, case) in oracle().ranks.iter().enumerate() {
        let points = points(&case.points);
        assert_eq!(ranks(&points), case.ranks, "case {index}");
        assert_eq!(front(&points), case.front, "case {index}");
        assert_eq!(constrained_ranks(&points, &case.violations), case.constrained, "case {index}");
    }
}

#[test]
fn crowding_is_optunas_to_the_last_tie() {
    for (index, case) in oracle().ranks.iter().enumerate() {
        let points = points(&case.points);
        for (ours, theirs) in crowding_distances(&points).into_iter().zip(&case.distances) {
            let theirs = theirs.value();
            assert!(ours == theirs || (ours - theirs).abs() < 1e-12, "case {index}: {ours} {theirs}");
        }
        assert_eq!(crowding_order(&points), case.order, "case {index}");
    }
}

#[test]
fn hypervolumes_are_optunas() {
    for (index, case) in oracle().volumes.iter().enumerate() {
        let ours = hypervolume(&points(&case.points), &case.reference);
        assert!((ours / case.volume - 1.0).abs() < 1e-12, "case {index}: {ours} {}", case.volume);
    }
}

#[test]
fn subsets_are_optunas_in_its_order() {
    for (index, case) in oracle().volumes.iter().enumerate() {
        let front = points(&case.front);
        for subset in &case.subsets {
            let ours = hypervolume_subset(&front, subset.size, &case.reference);
            assert_eq!(ours, subset.chosen, "case {index}, size {}", subset.size);
        }
    }
}

#[test]
fn nan_is_worse_than_every_number() {
    let points = Points::of(2, [[f64::NAN, 0.0], [1.0, 0.0], [f64::NAN, f64::NAN]]);
    assert_eq!(ranks(&points), [1, 0, 2]);
    assert_eq!(hypervolume(&points, &[2.0, 2.0]), 2.0);
    assert_eq!(constrained_ranks(&points, &[f64::NAN, 1.0, 0.0]), [2, 1, 0]);
}

#[test]
fn a_point_on_the_reference_adds_nothing_and_an_infinite_one_everything() {
    let reference = [1.0, 1.0, 1.0];
    let volume = |rows: &[[f64; 3]]| hypervolume(&Points::of(3, rows), &reference);
    assert_eq!(volume(&[]), 0.0);
    assert_eq!(volume(&[[1.0, 0.0, 0.0], [2.0, 0.0, 0.0]]), 0.0);
    assert_eq!(volume(&[[0.5, 0.5, 0.5], [0.5, 0.5, 0.5]]), 0.125);
    assert_eq!(volume(&[[f64::NEG_INFINITY, 0.5, 0.5]]), f64::INFINITY);
    assert_eq!(hypervolume(&Points::of(1, [[0.0]]), &[f64::INFINITY]), f64::INFINITY);
}

#[test]
fn duplicates_are_taken_last() {
    let points = Points::of(2, [[1.0, 1.0], [1.0, 1.0], [0.0, 2.0], [0.0, 2.0]]);
    assert_eq!(hypervolume_subset(&points, 2, &[3.0, 3.0]), [2, 0]);
    assert_eq!(hypervolume_subset(&points, 3, &[3.0, 3.0]), [0, 1, 2]);
    assert_eq!(hypervolume_subset(&points, 9, &[3.0, 3.0]), [0, 1, 2, 3]);
}

#[test]
fn losses_turn_maximised_values_round_and_the_best_trials_are_feasible() {
    let space = space(&[("x", always(float(0.0, 1.0)))], vec![]).expect("the space is valid");
    let mut trials: Vec<Trial> = [[2.0, 3.0], [1.0, 3.0], [0.0, 9.0], [0.5, 1.0], [1.0, 3.0]]
        .into_iter()
        .enumerate()
        .map(|(number, values)| {
            let trial = trial_of(&space, number as u64, Assignment::new());
            Trial { values: values.to_vec(), ..trial }
        })
        .collect();
    trials[2].constraints.insert("limit".to_owned(), 1.0);
    let history = History::from_trials(&space, 2, &trials).expect("numbers count up");
    let directions = [StudyDirection::Minimize, StudyDirection::Maximize];
    let view = history.view(5);
    assert_eq!(Points::losses(&view, [0], &directions).row(0), [2.0, -3.0]);
    assert_eq!(front_trials(&view, &directions), [1, 3, 4], "trial 2 is infeasible, trial 0 dominated");
}

#[test]
fn the_best_points_are_whole_ranks_and_the_widest_of_the_last() {
    let points = Points::of(2, [[5.0, 5.0], [1.0, 1.0], [2.0, 4.0], [3.0, 3.0], [3.5, 2.9]]);
    assert_eq!(ranks(&points), [2, 0, 1, 1, 1]);
    assert_eq!(best_points(&points, 1), [1]);
    assert_eq!(best_points(&points, 2), [1, 3], "against (3.85, 4.4) it has 1.19, the others 0.74 and 0.525");
    assert_eq!(best_points(&points, 4), [1, 2, 3, 4]);
    assert_eq!(best_points(&points, 9), [0, 1, 2, 3, 4]);
}

/// The volume by counting unit cells.
fn counted(rows: &[Vec<f64>], objectives: usize, side: usize) -> f64 {
    let cells = side.pow(objectives as u32);
    let coordinate = |cell: usize, axis: usize| (cell / side.pow(axis as u32) % side) as f64;
    let covered = (0..cells).filter(|&cell| {
        rows.iter().any(|row| row.iter().enumerate().all(|(axis, &value)| value <= coordinate(cell, axis)))
    });
    covered.count() as f64
}

proptest! {
    #[test]
    fn a_volume_is_the_number_of_its_cells(
        objectives in 1_usize..=5,
        cells in prop::collection::vec(prop::collection::vec(0_u8..4, 5), 0..9),
    ) {
        let rows: Vec<Vec<f64>> =
            cells.iter().map(|row| row[..objectives].iter().map(|&value| f64::from(value)).collect()).collect();
        let points = Points::of(objectives, &rows);
        prop_assert_eq!(hypervolume(&points, &vec![4.0; objectives]), counted(&rows, objectives, 4));
    }

    #[test]
    fn ranks_are_what_they_are_defined_as(
        objectives in 1_usize..=4,
        cells in prop::collection::vec(prop::collection::vec(0_u8..5, 4), 0..30),
    ) {
        let rows: Vec<Vec<f64>> =
            cells.iter().map(|row| row[..objectives].iter().map(|&value| f64::from(value)).collect()).collect();
        let ranks = ranks(&Points::of(objectives, &rows));
        for (row, &rank) in rows.iter().zip(&ranks) {
            let over = rows.iter().zip(&ranks).filter(|(other, _)| dominates(other, row));
            let expected = over.map(|(_, &other)| other + 1).max().unwrap_or(0);
            prop_assert_eq!(rank, expected);
        }
    }
}
