//! The trials seen as coordinates and standardised values.

use crate::history::View;
use crate::sampler::Request;
use crate::sampler::axis::Axis;
use crate::space::{Assignment, Space};
use crate::trial::StudyDirection;

/// The coordinate of a choice that is absent.
const NO_CHOICE: f64 = -1.0;

/// The parameters that there is something to decide about.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    /// Their positions in the space.
    pub(super) params: Vec<usize>,
    pub(super) axes: Vec<Axis>,
}

impl Layout {
    pub(super) fn of(space: &Space) -> Self {
        let axes = space.params().values().map(|param| Axis::of(&param.distribution)).enumerate();
        let (params, axes) = axes.filter(|(_, axis)| *axis != Axis::Single).unzip();
        Self { params, axes }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.params.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.params.len()
    }

    /// Which axes are choices.
    pub(super) fn choices(&self) -> Vec<bool> {
        self.axes.iter().map(|axis| matches!(axis, Axis::Choice { .. })).collect()
    }

    /// Where an absent parameter lies.
    pub(super) fn absent(&self, index: usize) -> f64 {
        if matches!(self.axes[index], Axis::Choice { .. }) { NO_CHOICE } else { 0.5 }
    }

    fn row(&self, view: &View<'_>, row: usize) -> Vec<f64> {
        let place = |index: usize| {
            let internal = view.column(self.params[index])[row];
            if internal.is_nan() { self.absent(index) } else { self.axes[index].coordinate(internal) }
        };
        (0..self.len()).map(place).collect()
    }

    /// The coordinates of an assignment.
    pub(super) fn coordinates(&self, space: &Space, assignment: &Assignment) -> Vec<f64> {
        let place = |index: usize| {
            let (name, param) = space.param(self.params[index]);
            let internal = assignment.get(name).map(|value| param.distribution.to_internal(value));
            internal.map_or(self.absent(index), |internal| self.axes[index].coordinate(internal))
        };
        (0..self.len()).map(place).collect()
    }

    /// The coordinates of the trials in flight.
    pub(super) fn pending(&self, request: &Request<'_>) -> Vec<Vec<f64>> {
        request.pending.iter().map(|assignment| self.coordinates(request.space, assignment)).collect()
    }
}

/// Rows that enter the model.
pub(super) fn usable(view: &View<'_>) -> Vec<usize> {
    let enters = |&row: &usize| view.is_complete(row) || view.violation(row).is_some();
    (0..view.len()).filter(enters).collect()
}

/// What the model is made from.
#[derive(Debug, Clone)]
pub(super) struct Data {
    /// Coordinates, one row a trial.
    pub(super) rows: Vec<Vec<f64>>,
    /// Standardised values, larger is better.
    pub(super) targets: Vec<f64>,
    /// Which axes are choices.
    pub(super) choices: Vec<bool>,
}

impl Data {
    /// The trials of these rows, or as many of them as `limit` allows.
    pub(super) fn of(request: &Request<'_>, layout: &Layout, rows: &[usize], limit: usize) -> Self {
        let targets = targets(request, rows);
        let kept = kept(&targets, limit);
        let targets = standardised(kept.iter().map(|&index| targets[index]).collect());
        let rows = kept.iter().map(|&index| layout.row(&request.view, rows[index])).collect();
        Self { rows, targets, choices: layout.choices() }
    }

    /// The position of the best trial.
    pub(super) fn best(&self) -> usize {
        let mut best = 0;
        for (index, target) in self.targets.iter().enumerate() {
            if *target > self.targets[best] {
                best = index;
            }
        }
        best
    }
}

/// Finite values, larger is better.
fn targets(request: &Request<'_>, rows: &[usize]) -> Vec<f64> {
    let view = &request.view;
    let sign = match request.directions[0] {
        StudyDirection::Minimize => -1.0,
        StudyDirection::Maximize => 1.0,
    };
    let is_any_feasible = rows.iter().any(|&row| view.violation(row).is_none());
    let value = |&row: &usize| match view.violation(row) {
        None => sign * view.values(row)[0],
        Some(_) if is_any_feasible => f64::NEG_INFINITY,
        Some(violation) => -violation,
    };
    let values: Vec<f64> = rows.iter().map(value).collect();
    let finite = || values.iter().copied().filter(|value| value.is_finite());
    let (least, largest) = (finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max));
    // Without any finite value all are equal.
    let (least, largest) = if least <= largest { (least, largest) } else { (0.0, 0.0) };
    values.into_iter().map(|value| value.clamp(least, largest)).collect()
}

/// Positions to keep, increasing: all, or a quarter of the best ones and the newest.
fn kept(targets: &[f64], limit: usize) -> Vec<usize> {
    if targets.len() <= limit {
        return (0..targets.len()).collect();
    }
    let mut order: Vec<usize> = (0..targets.len()).collect();
    order.sort_by(|&a, &b| targets[b].total_cmp(&targets[a]));
    let (best, others) = order.split_at((limit / 4).max(1));
    let mut others = others.to_vec();
    others.sort_unstable();
    let newest = others.len() - (limit - best.len());
    let mut kept: Vec<usize> = best.iter().chain(&others[newest..]).copied().collect();
    kept.sort_unstable();
    kept
}

/// Mean 0 and deviation 1, or all 0.
fn standardised(values: Vec<f64>) -> Vec<f64> {
    // Halving keeps the sums of very large values finite.
    let largest = values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs())).max(f64::MIN_POSITIVE);
    let count = values.len() as f64;
    let scaled: Vec<f64> = values.iter().map(|value| value / largest).collect();
    let mean = scaled.iter().sum::<f64>() / count;
    let variance = scaled.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / count;
    let deviation = variance.sqrt().max(1e-10);
    scaled.into_iter().map(|value| (value - mean) / deviation).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_quarter_and_the_newest_are_kept() {
        let targets = [9.0, 1.0, 8.0, 2.0, 3.0, 4.0, 5.0];
        assert_eq!(kept(&targets, 4), [0, 4, 5, 6]);
        assert_eq!(kept(&targets, 7), [0, 1, 2, 3, 4, 5, 6]);
        assert_eq!(kept(&targets, 1), [0]);
    }

    #[test]
    fn standardised_values_have_mean_0_and_deviation_1() {
        let values = standardised(vec![1.0, 3.0]);
        assert!(values.iter().zip([-1.0, 1.0]).all(|(value, exact)| (value - exact).abs() < 1e-15), "{values:?}");
        assert_eq!(standardised(vec![2.0, 2.0]), [0.0, 0.0]);
        assert!(standardised(vec![f64::MAX, -f64::MAX]).iter().all(|value| (value.abs() - 1.0).abs() < 1e-15));
    }
}
