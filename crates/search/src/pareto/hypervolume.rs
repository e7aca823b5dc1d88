//! The volume of what points dominate, up to a reference point. Exact.
//!
//! - Two objectives: one sweep along the first.
//! - Three: a sweep along the third; the points passed form a staircase in the other two, and a new point
//!   adds the area that it alone dominates there, times its distance to the reference.
//! - More: points are taken from the worst in the last objective on. What such a point dominates and no
//!   later one does is a prism: its height in the last objective times its exclusive volume among the
//!   later points, limited to it, in one objective less.
//!
//! A point that is not below the reference in every objective dominates nothing of finite size and adds
//! nothing (Optuna refuses it). The volume is `+∞` when the reference is not finite or a point is `-∞`
//! somewhere. Duplicates add nothing.
//!
//! # Source
//!
//! While, Bradstreet, Barone, "A Fast Way of Calculating Exact Hypervolumes", IEEE TEC 16(1), 2012 (WFG);
//! the sweep in three dimensions: Fonseca, Paquete, López-Ibáñez, IEEE CEC 2006.

use super::points::{Points, compare};
use super::rank::dominates;

/// The hypervolume of points (smaller is better) against a reference.
///
/// ```
/// use bartune_search::pareto::{Points, hypervolume};
/// let points = Points::of(2, [[1.0, 2.0], [2.0, 1.0]]);
/// assert_eq!(hypervolume(&points, &[3.0, 3.0]), 3.0);
/// ```
#[must_use]
pub fn hypervolume(points: &Points, reference: &[f64]) -> f64 {
    if !reference.iter().all(|value| value.is_finite()) {
        return f64::INFINITY;
    }
    let inside = points.rows().filter(|row| row.iter().zip(reference).all(|(value, limit)| value < limit));
    let volume = volume(inside.map(<[f64]>::to_vec).collect(), reference);
    // Only -∞ leads to anything but a number: ∞, or NaN from ∞ - ∞.
    if volume.is_finite() { volume } else { f64::INFINITY }
}

/// The volume of points that lie inside.
fn volume(mut rows: Vec<Vec<f64>>, reference: &[f64]) -> f64 {
    match reference {
        _ if rows.is_empty() => 0.0,
        [] => 1.0,
        [limit] => limit - rows.iter().map(|row| row[0]).fold(f64::INFINITY, f64::min),
        &[first, second] => {
            rows.sort_by(|a, b| compare(a, b));
            area(&rows, first, second)
        }
        &[first, second, third] => volume_of_three(rows, [first, second, third]),
        [lower @ .., last] => {
            let rows = without_dominated(rows);
            prisms(&rows, lower, *last)
        }
    }
}

/// Two objectives, rows in lexicographic order.
fn area(rows: &[Vec<f64>], first: f64, second: f64) -> f64 {
    let (mut area, mut top) = (0.0, second);
    for row in rows {
        if row[1] < top {
            area += (first - row[0]) * (top - row[1]);
            top = row[1];
        }
    }
    area
}

fn volume_of_three(mut rows: Vec<Vec<f64>>, [first, second, third]: [f64; 3]) -> f64 {
    rows.sort_by(|a, b| a[2].total_cmp(&b[2]));
    // The staircase: first values grow, second ones fall.
    let mut stairs: Vec<[f64; 2]> = Vec::with_capacity(rows.len());
    let mut volume = 0.0;
    for row in &rows {
        let [x, y] = [row[0], row[1]];
        // Steps before `from` are left of the point; the one just left of it may dominate it.
        let from = stairs.partition_point(|step| step[0] <= x);
        let mut top = from.checked_sub(1).map_or(second, |left| stairs[left][1]);
        if top <= y {
            continue;
        }
        let covered = stairs[from..].iter().take_while(|step| step[1] >= y).count();
        let mut exclusive = 0.0;
        let mut left = x;
        for step in &stairs[from..from + covered] {
            exclusive += (step[0] - left) * (top - y);
            (left, top) = (step[0], step[1]);
        }
        let right = stairs.get(from + covered).map_or(first, |step| step[0]);
        exclusive += (right - left) * (top - y);
        volume += exclusive * (third - row[2]);
        // A step at the same first value is above the point: it is covered too.
        let start = if from > 0 && stairs[from - 1][0] == x { from - 1 } else { from };
        stairs.splice(start..from + covered, [[x, y]]);
    }
    volume
}

/// Four objectives and more, no row dominated or twice.
fn prisms(rows: &[Vec<f64>], lower: &[f64], last: f64) -> f64 {
    let depth = lower.len();
    let mut order: Vec<&[f64]> = rows.iter().map(Vec::as_slice).collect();
    order.sort_by(|a, b| b[depth].total_cmp(&a[depth]).then_with(|| compare(a, b)));
    let exclusive = order.iter().enumerate().map(|(index, row)| {
        let whole: f64 = lower.iter().zip(*row).map(|(limit, value)| limit - value).product();
        let limited = order[index + 1..].iter().map(|other| limit(&other[..depth], &row[..depth]));
        (last - row[depth]) * (whole - volume(limited.collect(), lower))
    });
    exclusive.sum()
}

/// What of `other` lies inside what `row` dominates.
pub(super) fn limit(other: &[f64], row: &[f64]) -> Vec<f64> {
    other.iter().zip(row).map(|(other, row)| other.max(*row)).collect()
}

fn without_dominated(mut rows: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    rows.sort_by(|a, b| compare(a, b));
    rows.dedup();
    let mut kept: Vec<Vec<f64>> = Vec::with_capacity(rows.len());
    for row in rows {
        if !kept.iter().any(|other| dominates(other, &row)) {
            kept.push(row);
        }
    }
    kept
}
