//! Fronts: rank 0 is dominated by nothing, rank `k + 1` only by points of ranks up to `k`.
//!
//! The points are visited in lexicographic order, so that none is dominated by a later one. Each goes to
//! the first front that has nothing which dominates it; since a front that dominates a point makes all
//! earlier fronts dominate it, that front is found by bisection. With two objectives a front dominates
//! a point exactly if its smallest second value is not above the point's.
//!
//! # Source
//!
//! Zhang, Tian, Cheng, Jin, "An Efficient Approach to Nondominated Sorting for Evolutionary
//! Multiobjective Optimization", IEEE TEC 19(2), 2015 (ENS-BS).

use super::points::Points;
use crate::history::{Lesson, View};
use crate::trial::StudyDirection;

/// Whether `left` is nowhere worse (larger) and somewhere better than `right`.
#[must_use]
pub fn dominates(left: &[f64], right: &[f64]) -> bool {
    left != right && is_nowhere_worse(left, right)
}

fn is_nowhere_worse(left: &[f64], right: &[f64]) -> bool {
    left.iter().zip(right).all(|(left, right)| left <= right)
}

/// The rank of each point, from 0.
///
/// ```
/// use bartune_search::pareto::{Points, ranks};
/// let points = Points::of(2, [[2.0, 2.0], [1.0, 3.0], [1.0, 1.0], [1.0, 1.0], [3.0, 3.0]]);
/// assert_eq!(ranks(&points), [1, 1, 0, 0, 2]);
/// ```
#[must_use]
pub fn ranks(points: &Points) -> Vec<usize> {
    let mut ranks = vec![0; points.len()];
    let mut fronts = Fronts::default();
    for group in points.distinct() {
        let rank = fronts.place(points, group[0]);
        for position in group {
            ranks[position] = rank;
        }
    }
    ranks
}

/// Whether each point is dominated by none.
#[must_use]
pub fn front(points: &Points) -> Vec<bool> {
    let mut on_front = vec![false; points.len()];
    let mut first = Front::default();
    for group in points.distinct() {
        if !first.dominates(points, group[0]) {
            first.push(points, group[0]);
            group.into_iter().for_each(|position| on_front[position] = true);
        }
    }
    on_front
}

/// The numbers of the best trials of a study with several objectives: complete and feasible, dominated by
/// none of these. With one objective all trials of the best value.
///
/// # Panics
///
/// When the history has not one value a direction.
#[must_use]
pub fn front_trials(view: &View<'_>, directions: &[StudyDirection]) -> Vec<u64> {
    let lessons = view.lessons().enumerate();
    let rows: Vec<usize> = lessons.filter(|(_, lesson)| *lesson == Lesson::Complete).map(|(row, _)| row).collect();
    let losses = Points::losses(view, rows.iter().copied(), directions);
    rows.into_iter().zip(front(&losses)).filter(|(_, is_best)| *is_best).map(|(row, _)| row as u64).collect()
}

/// The rank of each point when constraints come first: points whose violation is not above 0 are
/// ranked by their values; all others come after them, by their violation alone.
///
/// A NaN violation counts as `+∞`. Missing violations count as 0.
#[must_use]
pub fn constrained_ranks(points: &Points, violations: &[f64]) -> Vec<usize> {
    let violation = |position: usize| {
        let violation = violations.get(position).copied().unwrap_or(0.0);
        if violation.is_nan() { f64::INFINITY } else { violation }
    };
    let (feasible, infeasible): (Vec<usize>, Vec<usize>) =
        (0..points.len()).partition(|&position| violation(position) <= 0.0);
    let mut all = vec![0; points.len()];
    let by_value = ranks(&points.select(&feasible));
    let first = by_value.iter().max().map_or(0, |rank| rank + 1);
    feasible.into_iter().zip(by_value).for_each(|(position, rank)| all[position] = rank);
    let by_violation = ranks(&Points::of(1, infeasible.iter().map(|&position| [violation(position)])));
    infeasible.into_iter().zip(by_violation).for_each(|(position, rank)| all[position] = first + rank);
    all
}

#[derive(Default)]
struct Fronts(Vec<Front>);

impl Fronts {
    /// The front of a point that comes after all points placed so far.
    fn place(&mut self, points: &Points, position: usize) -> usize {
        let rank = self.0.partition_point(|front| front.dominates(points, position));
        if rank == self.0.len() {
            self.0.push(Front::default());
        }
        self.0[rank].push(points, position);
        rank
    }
}

#[derive(Default)]
struct Front {
    members: Vec<usize>,
    /// With two objectives: the smallest second value.
    least: Option<f64>,
}

impl Front {
    /// Whether a member dominates a point that comes after it and differs from it.
    fn dominates(&self, points: &Points, position: usize) -> bool {
        let row = points.row(position);
        match row {
            [] | [_] => !self.members.is_empty(),
            [_, second] => self.least.is_some_and(|least| least <= *second),
            // The newest members are the nearest ones.
            [_, rest @ ..] => self.members.iter().rev().any(|&member| is_nowhere_worse(&points.row(member)[1..], rest)),
        }
    }

    fn push(&mut self, points: &Points, position: usize) {
        self.members.push(position);
        if let [_, second] = points.row(position) {
            self.least = Some(self.least.map_or(*second, |least| least.min(*second)));
        }
    }
}
