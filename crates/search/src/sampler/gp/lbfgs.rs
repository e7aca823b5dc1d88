//! A minimiser for smooth functions on boxes: limited-memory BFGS with projection.
//!
//! Each step moves the variables that are not held at a bound along the quasi-Newton direction, is
//! projected into the box, and is halved until the function falls enough (Armijo). Pairs of step and gradient
//! change that show no positive curvature are left out. It ends when the projected gradient is small, when
//! nothing moves any more, or after a number of evaluations.
//!
//! # Source
//!
//! Nocedal, Wright, "Numerical Optimization", 2nd ed., algorithm 7.4 (two loops); Bertsekas, "Projected
//! Newton Methods", SIAM J. Control and Optimization 20(2), 1982 (variables held at bounds).

use crate::sampler::triangle::dot;

/// How many pairs are remembered.
const MEMORY: usize = 10;

/// Share of the expected decrease that a step must reach.
const ARMIJO: f64 = 1e-4;

/// When to stop.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Largest entry of the projected gradient.
    pub(super) gradient: f64,
    /// Number of evaluations.
    pub(super) evaluations: usize,
}

/// A point, its value and its gradient.
#[derive(Debug, Clone)]
pub(super) struct Sample {
    pub(super) point: Vec<f64>,
    pub(super) value: f64,
    gradient: Vec<f64>,
}

/// A point of low value, from `start` on. `function` gives value and gradient; a value that is not a
/// number counts as too high.
pub(super) fn minimise(
    function: &mut impl FnMut(&[f64]) -> (f64, Vec<f64>),
    start: Vec<f64>,
    [low, high]: [f64; 2],
    limits: Limits,
) -> Sample {
    let mut evaluate = |point: Vec<f64>| {
        let (value, gradient) = function(&point);
        Sample { point, value, gradient }
    };
    let mut current = evaluate(start);
    let mut pairs: Vec<(Vec<f64>, Vec<f64>)> = Vec::new();
    let mut left = limits.evaluations.saturating_sub(1);
    while left > 0 {
        let is_free: Vec<bool> = current
            .point
            .iter()
            .zip(&current.gradient)
            .map(|(&x, &g)| !(x <= low && g > 0.0 || x >= high && g < 0.0))
            .collect();
        let slope = masked(&current.gradient, &is_free);
        if slope.iter().all(|slope| slope.abs() <= limits.gradient) {
            break;
        }
        let mut direction = masked(&quasi_newton(&slope, &pairs), &is_free);
        if dot(&direction, &slope) >= 0.0 {
            pairs.clear();
            direction = slope.iter().map(|slope| -slope).collect();
        }
        let mut step = if pairs.is_empty() { 1.0 / norm(&direction).max(1.0) } else { 1.0 };
        let mut next = None;
        while left > 0 && next.is_none() {
            left -= 1;
            let moved = current.point.iter().zip(&direction).map(|(x, d)| (x + step * d).clamp(low, high));
            let trial = evaluate(moved.collect());
            let change = difference(&trial.point, &current.point);
            if trial.value <= current.value + ARMIJO * dot(&slope, &change) {
                next = Some((trial, change));
            }
            step *= 0.5;
        }
        let Some((next, change)) = next else { break };
        let bend = difference(&next.gradient, &current.gradient);
        if dot(&change, &bend) > 1e-10 * dot(&bend, &bend).max(f64::MIN_POSITIVE) {
            if pairs.len() == MEMORY {
                pairs.remove(0);
            }
            pairs.push((change.clone(), bend));
        }
        let gain = current.value - next.value;
        let has_stopped = gain <= 1e-9 * current.value.abs().max(next.value.abs()).max(1.0);
        current = next;
        if has_stopped {
            break;
        }
    }
    current
}

/// The direction of descent, by the two loops.
fn quasi_newton(slope: &[f64], pairs: &[(Vec<f64>, Vec<f64>)]) -> Vec<f64> {
    let mut direction: Vec<f64> = slope.iter().map(|slope| -slope).collect();
    let mut shares = Vec::with_capacity(pairs.len());
    for (change, bend) in pairs.iter().rev() {
        let share = dot(change, &direction) / dot(change, bend);
        direction.iter_mut().zip(bend).for_each(|(direction, bend)| *direction -= share * bend);
        shares.push(share);
    }
    if let Some((change, bend)) = pairs.last() {
        let scale = dot(change, bend) / dot(bend, bend);
        direction.iter_mut().for_each(|direction| *direction *= scale);
    }
    for ((change, bend), share) in pairs.iter().zip(shares.into_iter().rev()) {
        let correction = share - dot(bend, &direction) / dot(change, bend);
        direction.iter_mut().zip(change).for_each(|(direction, change)| *direction += correction * change);
    }
    direction
}

fn masked(vector: &[f64], is_free: &[bool]) -> Vec<f64> {
    vector.iter().zip(is_free).map(|(value, is_free)| if *is_free { *value } else { 0.0 }).collect()
}

fn difference(left: &[f64], right: &[f64]) -> Vec<f64> {
    left.iter().zip(right).map(|(left, right)| left - right).collect()
}

fn norm(vector: &[f64]) -> f64 {
    dot(vector, vector).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { gradient: 1e-8, evaluations: 300 };

    #[test]
    fn the_valley_of_rosenbrock_is_walked_to_its_end() {
        let mut rosenbrock = |x: &[f64]| {
            let (a, b) = (1.0 - x[0], x[1] - x[0] * x[0]);
            (a * a + 100.0 * b * b, vec![-2.0 * a - 400.0 * x[0] * b, 200.0 * b])
        };
        let free = minimise(&mut rosenbrock, vec![-1.2, 1.0], [f64::NEG_INFINITY, f64::INFINITY], LIMITS);
        assert!(free.point.iter().all(|x| (x - 1.0).abs() < 1e-3), "{free:?}");
        let boxed = minimise(&mut rosenbrock, vec![-1.2, 0.4], [-2.0, 0.5], LIMITS);
        // On the bound x0 = 1/2 the best x1 is 1/4.
        assert!((boxed.point[0] - 0.5).abs() < 1e-3 && (boxed.point[1] - 0.25).abs() < 1e-3, "{boxed:?}");
    }

    #[test]
    fn a_bound_that_is_pressed_against_is_kept() {
        let mut slope = |x: &[f64]| (x[0] + (x[1] - 0.3) * (x[1] - 0.3), vec![1.0, 2.0 * (x[1] - 0.3)]);
        let found = minimise(&mut slope, vec![0.9, 0.9], [0.0, 1.0], LIMITS);
        assert!(found.point[0] == 0.0 && (found.point[1] - 0.3).abs() < 1e-6, "{found:?}");
    }

    #[test]
    fn values_that_are_no_numbers_are_stepped_back_from() {
        let mut log = |x: &[f64]| (x[0] - x[0].ln(), vec![1.0 - 1.0 / x[0]]);
        let found = minimise(&mut log, vec![3.0], [-10.0, 10.0], LIMITS);
        assert!((found.point[0] - 1.0).abs() < 1e-6, "{found:?}");
    }
}
