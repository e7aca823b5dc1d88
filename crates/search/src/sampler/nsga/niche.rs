//! NSGA-III's selection: the best ranks; of the rank that does not fit, points near neglected directions.
//!
//! Losses are measured from the best of each objective and scaled by the intercepts of the plane through
//! the extreme points. Every point belongs to the reference direction whose line is nearest. Points of the
//! last rank are taken one at a time, for a direction that has the fewest: the nearest one if it has none,
//! any otherwise.
//!
//! **Infinities** are moved to three ranges beyond the finite values. **Degenerate planes**: where the
//! extreme points lie on no plane or one with an intercept that is not positive, the largest value of
//! each objective takes the intercept's place (Optuna keeps negative intercepts). Maximised objectives are
//! turned round first (Optuna 5 scales them as if they were minimised).
//!
//! # Source
//!
//! Deb, Jain, "An Evolutionary Many-Objective Optimization Algorithm Using Reference-Point-Based
//! Nondominated Sorting Approach, Part I", IEEE TEC 18(4), 2014, algorithms 1-4; Das, Dennis, SIAM J.
//! Optimization 8(3), 1998 (the directions).

use super::evolution::Crowd;
use crate::pareto::Points;

/// How far beyond the finite values infinities are put, in ranges.
const MARGIN: f64 = 3.0;

/// Weight of the other objectives in the scalarising function that finds extreme points.
const ASF_WEIGHT: f64 = 1e6;

/// The reference directions.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) enum Niches {
    /// Even ones, with so many divisions on each axis.
    Even {
        /// At least 1.
        divisions: usize,
    },
    /// These.
    Given(Vec<Vec<f64>>),
}

impl Niches {
    fn directions(&self, objectives: usize) -> Vec<Vec<f64>> {
        match self {
            Self::Even { divisions } => even_directions(objectives, *divisions),
            Self::Given(directions) => directions.clone(),
        }
    }

    /// Positions of the `size` survivors of a crowd, in the order in which they were taken.
    pub(super) fn survivors(&self, crowd: &Crowd, size: usize, shuffle: &mut dyn FnMut(&mut [usize])) -> Vec<usize> {
        let mut survivors = Vec::with_capacity(size);
        for rank in crowd.by_rank() {
            if survivors.len() + rank.len() < size {
                survivors.extend(rank);
                continue;
            }
            let taken = survivors.len();
            let all: Vec<usize> = survivors.iter().chain(&rank).copied().collect();
            let scaled = scaled(finite(&crowd.losses.select(&all)));
            let nearest = nearest(&scaled, &self.directions(crowd.losses.objectives()));
            let chosen = fill(&nearest, taken, size - taken, shuffle);
            survivors.extend(chosen.into_iter().map(|index| rank[index]));
            break;
        }
        survivors
    }
}

/// All ways to share `divisions` among the objectives.
pub(super) fn even_directions(objectives: usize, divisions: usize) -> Vec<Vec<f64>> {
    fn extend(prefix: &mut Vec<f64>, objectives: usize, left: usize, all: &mut Vec<Vec<f64>>) {
        if prefix.len() + 1 == objectives {
            all.push(prefix.iter().copied().chain([left as f64]).collect());
            return;
        }
        for share in (0..=left).rev() {
            prefix.push(share as f64);
            extend(prefix, objectives, left - share, all);
            prefix.pop();
        }
    }
    let mut all = Vec::new();
    if objectives > 0 {
        extend(&mut Vec::new(), objectives, divisions, &mut all);
    }
    all
}

/// The points with infinities moved to a finite distance.
fn finite(points: &Points) -> Vec<Vec<f64>> {
    let mut rows: Vec<Vec<f64>> = points.rows().map(<[f64]>::to_vec).collect();
    for objective in 0..points.objectives() {
        let values = || points.rows().map(|row| row[objective]).filter(|value| value.is_finite());
        let least = values().fold(f64::INFINITY, f64::min);
        let largest = values().fold(f64::NEG_INFINITY, f64::max);
        let (least, largest) = if least <= largest { (least, largest) } else { (0.0, 0.0) };
        let margin = MARGIN * (largest - least);
        rows.iter_mut().for_each(|row| row[objective] = row[objective].clamp(least - margin, largest + margin));
    }
    rows
}

/// The points from the ideal one, in units of the intercepts.
pub(super) fn scaled(mut rows: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let objectives = rows.first().map_or(0, Vec::len);
    for objective in 0..objectives {
        let ideal = rows.iter().map(|row| row[objective]).fold(f64::INFINITY, f64::min);
        rows.iter_mut().for_each(|row| row[objective] -= ideal);
    }
    let largest = |objective: usize| rows.iter().map(|row| row[objective]).fold(0.0, f64::max);
    let extremes: Vec<Vec<f64>> = (0..objectives).map(|objective| extreme(&rows, objective).to_vec()).collect();
    let scales = inverse_intercepts(extremes).unwrap_or_else(|| {
        let inverse = |largest: f64| if largest == 0.0 { 1.0 } else { 1.0 / largest };
        (0..objectives).map(|objective| inverse(largest(objective))).collect()
    });
    for row in &mut rows {
        // A subnormal range has an infinite inverse.
        let scale = row.iter_mut().zip(&scales).filter(|(_, scale)| scale.is_finite());
        scale.for_each(|(value, scale)| *value *= scale);
    }
    rows
}

/// The point that lies furthest out along one axis: the least of the largest weighted value.
fn extreme(rows: &[Vec<f64>], axis: usize) -> &[f64] {
    let achievement = |row: &[f64]| {
        let weighted =
            row.iter().enumerate().map(|(index, value)| if index == axis { *value } else { value * ASF_WEIGHT });
        weighted.fold(f64::NEG_INFINITY, f64::max)
    };
    let mut best = (0, f64::INFINITY);
    for (index, row) in rows.iter().enumerate() {
        let value = achievement(row);
        if value < best.1 {
            best = (index, value);
        }
    }
    &rows[best.0]
}

/// One over where the plane through the extreme points meets each axis, if all of that is positive.
fn inverse_intercepts(mut matrix: Vec<Vec<f64>>) -> Option<Vec<f64>> {
    let size = matrix.len();
    let scale = matrix.iter().flatten().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    let negligible = scale * size as f64 * f64::EPSILON;
    matrix.iter_mut().for_each(|row| row.push(1.0));
    for column in 0..size {
        let pivot = (column..size).max_by(|&a, &b| matrix[a][column].abs().total_cmp(&matrix[b][column].abs()))?;
        matrix.swap(column, pivot);
        let pivot = matrix[column].clone();
        if pivot[column].abs() <= negligible || !pivot[column].is_finite() {
            return None;
        }
        for (index, row) in matrix.iter_mut().enumerate().filter(|(index, _)| *index != column) {
            debug_assert_ne!(index, column);
            let share = row[column] / pivot[column];
            row.iter_mut().zip(&pivot).skip(column).for_each(|(value, pivot)| *value -= share * pivot);
        }
    }
    let solution: Vec<f64> = matrix.iter().enumerate().map(|(index, row)| row[size] / row[index]).collect();
    solution.iter().all(|value| *value > 0.0 && value.is_finite()).then_some(solution)
}

/// For each point its nearest reference line and the distance to it; the first of equally near ones.
pub(super) fn nearest(rows: &[Vec<f64>], directions: &[Vec<f64>]) -> Vec<(usize, f64)> {
    let squares: Vec<f64> = directions.iter().map(|line| line.iter().map(|value| value * value).sum()).collect();
    let distance = |row: &[f64], line: &[f64], square: f64| {
        let share = row.iter().zip(line).map(|(value, line)| value * line).sum::<f64>() / square;
        row.iter().zip(line).map(|(value, line)| (value - share * line).powi(2)).sum::<f64>().sqrt()
    };
    let best = |row: &Vec<f64>| {
        let mut best = (0, f64::INFINITY);
        for (index, (line, &square)) in directions.iter().zip(&squares).enumerate() {
            let distance = distance(row, line, square);
            if distance < best.1 {
                best = (index, distance);
            }
        }
        best
    };
    rows.iter().map(best).collect()
}

/// Positions, in the last rank, of `missing` points to take. The first `taken` points are taken already.
pub(super) fn fill(
    nearest: &[(usize, f64)],
    taken: usize,
    missing: usize,
    shuffle: &mut dyn FnMut(&mut [usize]),
) -> Vec<usize> {
    let directions = nearest.iter().map(|(direction, _)| direction + 1).max().unwrap_or(0);
    let mut candidates: Vec<Vec<usize>> = vec![Vec::new(); directions];
    let mut order: Vec<usize> = Vec::new();
    for (index, &(direction, _)) in nearest[taken..].iter().enumerate() {
        if candidates[direction].is_empty() {
            order.push(direction);
        }
        candidates[direction].push(index);
    }
    let members = |direction: usize| nearest[..taken].iter().filter(|(other, _)| *other == direction).count();
    // `waiting[n]`: the directions with n members that still have candidates.
    let mut waiting: Vec<Vec<usize>> = vec![Vec::new(); nearest.len() + 2];
    order.iter().for_each(|&direction| waiting[members(direction)].push(direction));
    let mut is_shuffled = vec![false; directions];
    let mut chosen = Vec::with_capacity(missing);
    for count in 0..=nearest.len() {
        shuffle(&mut waiting[count]);
        while chosen.len() < missing
            && let Some(direction) = waiting[count].pop()
        {
            let own = &mut candidates[direction];
            if count == 0 {
                let distance = |index: usize| nearest[taken + index].1;
                own.sort_by(|&a, &b| distance(b).total_cmp(&distance(a)).then(b.cmp(&a)));
            } else if !is_shuffled[direction] {
                shuffle(own);
                is_shuffled[direction] = true;
            }
            chosen.extend(own.pop());
            if !own.is_empty() {
                waiting[count + 1].push(direction);
            }
        }
    }
    chosen
}
