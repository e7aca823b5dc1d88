//! Hypervolume subset selection: of a front, the points that together dominate most.
//!
//! Greedy: take the point that adds most, again and again. The volume is submodular, so that the result
//! dominates at least `1 - 1/e` of the best subset's volume, and what a point adds never grows: a stale
//! gain is a bound, and a point whose bound is below the best gain so far need not be measured again.
//!
//! Duplicates are taken only when the distinct points do not suffice. With a reference that is not
//! finite the first points in lexicographic order are taken.
//!
//! # Source
//!
//! Guerreiro, Fonseca, Paquete, "Greedy Hypervolume Subset Selection in Low Dimensions", Evolutionary
//! Computation 24(3), 2016. Points, order and ties as Optuna 5's.

use super::hypervolume::{hypervolume, limit};
use super::points::Points;
use super::rank::ranks;

/// In a reference of 1.1 times the worst value a worst value of 0 would leave no room.
const LEAST_REFERENCE: f64 = 1e-12;

/// Positions of the `count` best points, increasing: whole ranks, best first, and of the rank that does not
/// fit the points that dominate most, up to a reference a tenth worse than the rank's worst values. Which
/// trials are good for a multi-objective TPE, and best for PED-ANOVA.
#[must_use]
pub fn best_points(points: &Points, count: usize) -> Vec<usize> {
    let ranks = ranks(points);
    let mut best: Vec<usize> = Vec::with_capacity(count);
    for rank in 0..points.len() {
        let own: Vec<usize> = (0..points.len()).filter(|&position| ranks[position] == rank).collect();
        if best.len() + own.len() <= count && !own.is_empty() {
            best.extend(own);
            continue;
        }
        let front = points.select(&own);
        let reference: Vec<f64> = front.worst().into_iter().map(reference).collect();
        let chosen = hypervolume_subset(&front, count - best.len(), &reference);
        best.extend(chosen.into_iter().map(|index| own[index]));
        break;
    }
    best.sort_unstable();
    best
}

/// A value a tenth worse than the worst one.
fn reference(worst: f64) -> f64 {
    let reference = (1.1 * worst).max(0.9 * worst);
    if reference == 0.0 { LEAST_REFERENCE } else { reference }
}

/// Positions of `size` points of a front, in the order in which they were taken.
///
/// All points, in the order given, when there are not more than `size`.
///
/// ```
/// use bartune_search::pareto::{Points, hypervolume_subset};
/// let points = Points::of(2, [[0.0, 3.0], [1.0, 1.0], [3.0, 0.0]]);
/// assert_eq!(hypervolume_subset(&points, 1, &[4.0, 4.0]), [1]);
/// ```
#[must_use]
pub fn hypervolume_subset(points: &Points, size: usize, reference: &[f64]) -> Vec<usize> {
    if points.len() <= size {
        return (0..points.len()).collect();
    }
    let mut distinct: Vec<usize> = points.distinct().into_iter().map(|group| group[0]).collect();
    if distinct.len() < size {
        let repeated = (0..points.len()).filter(|position| !distinct.contains(position));
        let missing: Vec<usize> = repeated.take(size - distinct.len()).collect();
        distinct.extend(missing);
        distinct.sort_unstable();
        return distinct;
    }
    if distinct.len() == size || !reference.iter().all(|value| value.is_finite()) {
        distinct.truncate(size);
        return distinct;
    }
    let front = points.select(&distinct);
    let taken = if points.objectives() == 2 { plane(&front, size, reference) } else { greedy(&front, size, reference) };
    taken.into_iter().map(|index| distinct[index]).collect()
}

/// Two objectives: what a point adds is one rectangle, whose far corner its nearest taken neighbours set.
fn plane(front: &Points, size: usize, reference: &[f64]) -> Vec<usize> {
    let mut left: Vec<usize> = (0..front.len()).collect();
    let mut corners = vec![[reference[0], reference[1]]; front.len()];
    let mut taken = Vec::with_capacity(size);
    while taken.len() < size {
        let gain = |&index: &usize| {
            let (row, corner) = (front.row(index), corners[index]);
            known((corner[0] - row[0]) * (corner[1] - row[1]))
        };
        let best = first_largest(&left.iter().map(gain).collect::<Vec<_>>());
        let chosen = left.remove(best);
        let row = front.row(chosen);
        left[..best].iter().for_each(|&index| corners[index][0] = corners[index][0].min(row[0]));
        left[best..].iter().for_each(|&index| corners[index][1] = corners[index][1].min(row[1]));
        taken.push(chosen);
    }
    taken
}

fn greedy(front: &Points, size: usize, reference: &[f64]) -> Vec<usize> {
    let whole = |row: &[f64]| known(reference.iter().zip(row).map(|(limit, value)| limit - value).product());
    let wholes: Vec<f64> = front.rows().map(whole).collect();
    let mut gains = wholes.clone();
    let mut left: Vec<usize> = (0..front.len()).collect();
    let mut taken: Vec<usize> = Vec::with_capacity(size);
    while taken.len() < size {
        let best = first_largest(&left.iter().map(|&index| gains[index]).collect::<Vec<_>>());
        taken.push(left.remove(best));
        let mut order = left.clone();
        order.sort_by(|&a, &b| gains[b].total_cmp(&gains[a]));
        let mut largest = 0.0;
        for index in order {
            if wholes[index].is_finite() && gains[index] >= largest {
                let row = front.row(index);
                let common = Points::of(front.objectives(), taken.iter().map(|&other| limit(front.row(other), row)));
                gains[index] = known(wholes[index] - hypervolume(&common, reference));
            }
            largest = gains[index].max(largest);
        }
    }
    taken
}

/// A gain that is not a number comes from `-∞`: the point dominates without bound.
fn known(gain: f64) -> f64 {
    if gain.is_nan() { f64::INFINITY } else { gain }
}

/// The position of the first of the largest values.
fn first_largest(values: &[f64]) -> usize {
    let mut best = 0;
    for (index, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = index;
        }
    }
    best
}
