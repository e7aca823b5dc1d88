//! How much room a point has on its front.
//!
//! In each objective a point's distance is the gap between its two neighbours, divided by the range of
//! the finite values (by 1 where there is no range); the distances of the objectives add up. The
//! outermost points have an infinite gap. An objective in which all points are equal adds nothing, and
//! so does a gap between two equal infinities.
//!
//! **Ties.** Of points that are equal in an objective, only the outer two have a gap there; which they
//! are is decided by the order that the previous objective left, as in Optuna. For the same reason give
//! the values themselves, not the losses, where Optuna's result is wanted to the last tie.
//!
//! # Source
//!
//! Deb et al. 2002, section III-B; infinities as in Optuna 5.

use super::points::Points;

/// The crowding distance of each point of a front.
///
/// ```
/// use bartune_search::pareto::{Points, crowding_distances};
/// let points = Points::of(2, [[0.0, 4.0], [1.0, 3.0], [4.0, 0.0]]);
/// // (4 - 0) / 4 in both objectives.
/// assert_eq!(crowding_distances(&points), [f64::INFINITY, 2.0, f64::INFINITY]);
/// ```
#[must_use]
pub fn crowding_distances(points: &Points) -> Vec<f64> {
    measure(points).0
}

/// Positions of the points from the loneliest to the most crowded.
#[must_use]
pub fn crowding_order(points: &Points) -> Vec<usize> {
    let (distances, mut order) = measure(points);
    order.sort_by(|&a, &b| distances[a].total_cmp(&distances[b]));
    order.reverse();
    order
}

/// The distances, and the order that sorting by each objective in turn leaves.
fn measure(points: &Points) -> (Vec<f64>, Vec<usize>) {
    let mut distances = vec![0.0; points.len()];
    let mut order: Vec<usize> = (0..points.len()).collect();
    for objective in 0..points.objectives() {
        let value = |position: usize| points.row(position)[objective];
        order.sort_by(|&a, &b| value(a).total_cmp(&value(b)));
        let sorted: Vec<f64> = order.iter().map(|&position| value(position)).collect();
        if sorted.first() != sorted.last() {
            let width = finite_width(&sorted);
            for (index, &position) in order.iter().enumerate() {
                distances[position] += scaled_gap(&sorted, index, width);
            }
        }
    }
    (distances, order)
}

/// The range of the finite values, 1 if it is none.
fn finite_width(sorted: &[f64]) -> f64 {
    let least = sorted.iter().copied().find(|&value| value != f64::NEG_INFINITY).unwrap_or(f64::INFINITY);
    let largest = sorted.iter().rev().copied().find(|&value| value != f64::INFINITY).unwrap_or(f64::NEG_INFINITY);
    let width = largest - least;
    if width > 0.0 { width } else { 1.0 }
}

fn scaled_gap(sorted: &[f64], index: usize, width: f64) -> f64 {
    let below = index.checked_sub(1).map_or(f64::NEG_INFINITY, |index| sorted[index]);
    let above = sorted.get(index + 1).copied().unwrap_or(f64::INFINITY);
    match above - below {
        _ if above == below => 0.0,
        gap if gap.is_infinite() => f64::INFINITY,
        gap => gap / width,
    }
}
