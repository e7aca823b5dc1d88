//! Where the bottom of the valley seems to be that a run goes down.
//!
//! After each generation parabolas are fitted to the best of the last trials, in the distribution's own axes. Where
//! a function is smooth their lowest points are far better than what could be drawn, and they take no news of the trials in
//! flight. What finds the bottom differs: all bends where axes have turned and trials are many, one bend for all axes
//! where the run has come far since. So each has a say; `replay` proposes their points.
//!
//! A parabola is fitted to losses, to their squares and to their square roots, counted from the best one: the lowest
//! point is the same, and the one that explains most lets a cone or a flat bottom be found as well. Trials count by rank.
//!
//! **When a parabola keeps quiet:** with too few trials; where it explains less than half of the variance (noise, steps,
//! several valleys); and where one of the last trials near its lowest point was worse than half of the trials that it was
//! fitted to (a constraint, a pruned trial, a function that is no parabola there).
//!
//! **Policies.** Trials without a finite value count for refuting only.
//!
//! # Source
//!
//! The idea of quadratic models in CMA-ES: N. Hansen, "A Global Surrogate Assisted CMA-ES", GECCO 2019.

use std::collections::VecDeque;

use super::gaussian::Gaussian;
use crate::sampler::parabola::{Bends, Design, Parabola};
use crate::stream::RandomStream;

/// Up to so many coordinates a parabola has all bends: its cost grows with the sixth power.
const FULL: usize = 10;
/// Beyond so many coordinates there is none.
const AXES: usize = 40;
/// Trials that are kept, as a multiple of the coefficients.
const KEPT: usize = 4;
/// The best of them that a parabola is fitted to, as a multiple of the same.
const USED: usize = 3;
/// The fewest, as halves of the same.
const FEWEST_HALVES: usize = 3;
/// Weights are squares of a ramp from 1, for the best of them, to this.
const LEAST_ROOT: f64 = 0.02;
/// The least share of the variance that it has to explain.
const EXPLAINED: f64 = 0.5;
/// How many deviations of the trials its lowest point may lie away from their mean.
const REACH: f64 = 2.0;
/// So many of the last trials can refute it.
const LATE: usize = 32;
/// Those do whose distance from its lowest point is below so many deviations on every axis.
const NEAR: f64 = 0.25;
/// How far around it points are scattered, in deviations.
const SCATTER: f64 = 0.6;
/// What is taken for a loss, given how far it lies above the best.
const SCALES: [fn(f64) -> f64; 3] = [|above| above, |above| above * above, f64::sqrt];

/// The last trials of a run.
#[derive(Debug, Clone, Default)]
pub(super) struct Valley {
    /// Oldest first.
    seen: VecDeque<Seen>,
}

/// A trial.
#[derive(Debug, Clone)]
struct Seen {
    /// In `[0, 1]`.
    place: Vec<f64>,
    /// To be minimised; infinite where there is none.
    loss: f64,
}

/// A trial, in the axes of the distribution.
struct Point {
    z: Vec<f64>,
    loss: f64,
}

/// Where a parabola is lowest.
#[derive(Debug, Clone)]
pub(super) struct Bottom {
    place: Vec<f64>,
    /// Deviations of the trials that it was fitted to, along the axes of the distribution.
    spread: Vec<f64>,
}

impl Valley {
    /// Learn from a trial.
    pub(super) fn see(&mut self, place: &[f64], loss: f64) {
        let coordinates = place.len();
        if coordinates > AXES {
            return;
        }
        let bends = if coordinates <= FULL { Bends::Full } else { Bends::Axes };
        if self.seen.len() == KEPT * bends.coefficients(coordinates) {
            self.seen.pop_front();
        }
        self.seen.push_back(Seen { place: place.to_vec(), loss });
    }

    /// The lowest points, of the parabola with most bends first.
    pub(super) fn bottoms(&self, gaussian: &Gaussian) -> Vec<Bottom> {
        let point = |seen: &Seen| Point { z: gaussian.along(&seen.place), loss: seen.loss };
        let points: Vec<Point> = self.seen.iter().map(point).collect();
        let late = &points[points.len().saturating_sub(LATE)..];
        let mut best: Vec<&Point> = points.iter().filter(|point| point.loss.is_finite()).collect();
        best.sort_by(|left, right| left.loss.total_cmp(&right.loss));
        let is_small = |bends: &Bends| *bends != Bends::Full || gaussian.rates.n <= FULL;
        let all = [Bends::Full, Bends::Axes, Bends::Round].into_iter().filter(is_small);
        all.filter_map(|bends| bottom(gaussian, &best, late, bends)).collect()
    }
}

impl Bottom {
    /// The point itself.
    pub(super) fn exact(&self) -> Vec<f64> {
        self.place.clone()
    }

    /// A point around it.
    pub(super) fn scattered(&self, gaussian: &Gaussian, stream: &mut RandomStream) -> Vec<f64> {
        let normals = gaussian.normals(stream);
        let z: Vec<f64> = normals.iter().zip(&self.spread).map(|(z, spread)| SCATTER * spread * z).collect();
        let around = gaussian.at(&z);
        self.place.iter().zip(around).zip(&gaussian.mean).map(|((place, x), mean)| place + (x - mean)).collect()
    }
}

/// Where the parabola through these points, best first, is lowest, unless it keeps quiet.
fn bottom(gaussian: &Gaussian, points: &[&Point], late: &[Point], bends: Bends) -> Option<Bottom> {
    let coefficients = bends.coefficients(gaussian.rates.n);
    let points = &points[..points.len().min(USED * coefficients)];
    if 2 * points.len() < FEWEST_HALVES * coefficients {
        return None;
    }
    let parabola = best_fit(points, bends).filter(|parabola| parabola.explained >= EXPLAINED)?;
    let lowest = parabola.lowest(REACH);
    let limit = points[points.len() / 2].loss;
    let is_near = |point: &Point| {
        let axes = point.z.iter().zip(&lowest).zip(&parabola.spread);
        axes.into_iter().all(|((z, lowest), spread)| (z - lowest).abs() <= NEAR * spread)
    };
    let place = gaussian.at(&lowest);
    let is_sound =
        place.iter().all(|x| x.is_finite()) && !late.iter().any(|point| point.loss > limit && is_near(point));
    is_sound.then_some(Bottom { place, spread: parabola.spread })
}

/// The parabola that explains most.
fn best_fit(points: &[&Point], bends: Bends) -> Option<Parabola> {
    let places: Vec<&[f64]> = points.iter().map(|point| &point.z[..]).collect();
    let last = (points.len() - 1) as f64;
    let weights: Vec<f64> =
        (0..points.len()).map(|rank| (1.0 - (1.0 - LEAST_ROOT) * rank as f64 / last).powi(2)).collect();
    let design = Design::new(&places, &weights, bends)?;
    let fit = |scale: &fn(f64) -> f64| {
        let losses: Vec<f64> = points.iter().map(|point| scale(point.loss - points[0].loss)).collect();
        design.fit(&losses)
    };
    // Of equally good ones the first.
    SCALES.iter().filter_map(fit).reduce(|best, next| if next.explained > best.explained { next } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A valley that has seen points drawn from a distribution turned by 45 degrees.
    fn valley(trials: usize, loss: impl Fn(usize, &[f64]) -> f64) -> (Valley, Gaussian) {
        let mut gaussian = Gaussian::full(vec![0.5; 2], 0.1, 6);
        let turned = [[0.6, 0.4], [0.55, 0.45], [0.4, 0.6], [0.45, 0.55], [0.5, 0.5], [0.5, 0.5]];
        gaussian.tell(&turned.map(Vec::from)).expect("it stays finite");
        let mut stream = RandomStream::new(1, 2, 3);
        let mut valley = Valley::default();
        for number in 0..trials {
            let place = gaussian.draw(&mut stream);
            valley.see(&place, loss(number, &place));
        }
        (valley, gaussian)
    }

    fn bowl(place: &[f64]) -> f64 {
        let (sum, difference) = (place[0] + place[1] - 1.1, place[0] - place[1]);
        sum * sum + 30.0 * difference * difference + 7.0
    }

    fn is_at_the_bottom(place: &[f64], within: f64) -> bool {
        place.iter().all(|x| (x - 0.55).abs() < within)
    }

    #[test]
    fn every_parabola_finds_the_bottom_of_a_bowl() {
        let (valley, gaussian) = valley(24, |_, place| bowl(place));
        let bottoms = valley.bottoms(&gaussian);
        assert_eq!(bottoms.len(), 3);
        assert!(is_at_the_bottom(&bottoms[0].exact(), 1e-6), "all bends fit exactly: {bottoms:?}");
        assert!(bottoms.iter().all(|bottom| is_at_the_bottom(&bottom.exact(), 0.05)), "{bottoms:?}");
        let mut stream = RandomStream::new(4, 5, 6);
        let around: Vec<Vec<f64>> = (0..200).map(|_| bottoms[0].scattered(&gaussian, &mut stream)).collect();
        let mean = |axis: usize| around.iter().map(|place| place[axis]).sum::<f64>() / 200.0;
        assert!(is_at_the_bottom(&[mean(0), mean(1)], 0.02), "{} {}", mean(0), mean(1));
        assert!(around.iter().any(|place| !is_at_the_bottom(place, 1e-3)));
    }

    #[test]
    fn a_cone_and_a_flat_bottom_are_found_by_other_scales() {
        let scales: [fn(f64) -> f64; 2] = [f64::sqrt, |above| above * above];
        for scale in scales {
            let loss = |place: &[f64]| scale(bowl(place) - 7.0);
            let (mut valley, gaussian) = valley(23, |_, place| loss(place));
            let near = [0.5499, 0.5501];
            valley.see(&near, loss(&near));
            let bottoms = valley.bottoms(&gaussian);
            assert!(is_at_the_bottom(&bottoms[0].exact(), 0.003), "{bottoms:?}");
        }
    }

    #[test]
    fn noise_hardly_has_a_bottom_and_few_trials_have_none() {
        // Some parabola explains half of it by chance.
        let found = (0..40).map(|start| {
            let (noisy, gaussian) = valley(24, |number, _| (((number + 31 * start) * 7_919) % 101) as f64);
            noisy.bottoms(&gaussian).len()
        });
        let found: usize = found.sum();
        assert!(found < 60, "{found} of 120");
        let (few, gaussian) = valley(5, |_, place| bowl(place));
        assert!(few.bottoms(&gaussian).is_empty());
        let (never, gaussian) = valley(24, |_, _| f64::INFINITY);
        assert!(never.bottoms(&gaussian).is_empty());
    }

    #[test]
    fn a_bad_trial_refutes_the_bottoms_near_it() {
        for (place, is_refuted) in [([0.55, 0.55], true), ([0.3, 0.3], false)] {
            let (mut valley, gaussian) = valley(23, |_, place| bowl(place));
            valley.see(&place, f64::INFINITY);
            let is_found = valley.bottoms(&gaussian).iter().any(|bottom| is_at_the_bottom(&bottom.exact(), 1e-6));
            assert_eq!(is_found, !is_refuted, "{place:?}");
        }
    }

    #[test]
    fn many_coordinates_have_none() {
        let mut valley = Valley::default();
        (0..9).for_each(|loss| valley.see(&[0.5; AXES + 1], f64::from(loss)));
        assert!(valley.seen.is_empty());
    }
}
