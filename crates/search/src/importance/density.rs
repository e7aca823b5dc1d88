//! Densities on a grid: Parzen estimators whose bandwidth follows Scott's rule.
//!
//! A range is divided into at most 50 points; each observation counts at the point nearest to it, the lower
//! of two. Each point with observations is a normal kernel, discretised and cut off at the ends, weighted by
//! its count; one wide kernel of weight 1 is the prior. Choices are points of their own.
//!
//! # Source
//!
//! Scott, "Multivariate Density Estimation", 1992 (bandwidth `1.059 σ n^(-1/5)`, with the smaller of deviation and
//! interquartile range / 1.34 for `σ`); everything else as in Optuna 5.

use std::f64::consts::FRAC_1_SQRT_2;

use crate::space::Distribution;

/// The most points of a grid.
const MOST_POINTS: usize = 50;

/// The narrowest kernel: 90 % of it lie within its point.
const LEAST_WIDTH: f64 = 0.5 / 1.64;

/// Added to every density, so that none is 0.
const FLOOR: f64 = 1e-12;

/// Where the densities of one parameter are compared.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Grid {
    /// One point a choice.
    Choices { count: usize },
    /// Points at even distances, in the logarithm where the parameter is logarithmic.
    Numbers { is_log: bool, low: f64, spacing: f64, count: usize },
}

impl Grid {
    /// The grid of a distribution with several values.
    pub(super) fn of(distribution: &Distribution) -> Self {
        let numbers = |is_log: bool, low: f64, high: f64, count: usize| {
            let (low, high) = if is_log { (libm::log(low), libm::log(high)) } else { (low, high) };
            let count = count.min(MOST_POINTS);
            Self::Numbers { is_log, low, spacing: (high - low) / (count - 1) as f64, count }
        };
        match distribution {
            Distribution::Categorical { choices } => Self::Choices { count: choices.len() },
            Distribution::Float { low, high, step: None, log } => numbers(*log, *low, *high, MOST_POINTS),
            Distribution::Float { low, high, step: Some(step), .. } => {
                numbers(false, *low, *high, ((high - low) / step).round() as usize + 1)
            }
            Distribution::Int { low, high, log: true, .. } => {
                let doublings = libm::log((high - low + 1) as f64) / std::f64::consts::LN_2;
                numbers(true, *low as f64, *high as f64, doublings.ceil() as usize + 1)
            }
            Distribution::Int { low, high, step, .. } => {
                numbers(false, *low as f64, *high as f64, ((high - low) / step) as usize + 1)
            }
        }
    }

    fn count(&self) -> usize {
        match self {
            Self::Choices { count } | Self::Numbers { count, .. } => *count,
        }
    }

    /// How many observations each point has.
    fn counts(&self, observations: &[f64]) -> Vec<usize> {
        let mut counts = vec![0; self.count()];
        for &observation in observations {
            let place = match self {
                Self::Choices { .. } => observation,
                Self::Numbers { is_log, low, spacing, .. } => {
                    let place = if *is_log { libm::log(observation) } else { observation };
                    ((place - low) / spacing - 0.5).ceil()
                }
            };
            counts[(place.max(0.0) as usize).min(self.count() - 1)] += 1;
        }
        counts
    }

    /// The density of observations, of which there is at least one.
    fn density(&self, observations: &[f64]) -> Vec<f64> {
        let counts = self.counts(observations);
        match self {
            Self::Choices { .. } => choice_density(&counts),
            Self::Numbers { .. } => number_density(&counts),
        }
    }
}

/// `Σ p (q/p - 1)²` for the density `q` of `top` and `p` of `all`, or the even one.
pub(super) fn pearson_divergence(grid: &Grid, top: &[f64], all: Option<&[f64]>) -> f64 {
    let floored = |density: Vec<f64>| density.into_iter().map(|value| value + FLOOR).collect::<Vec<f64>>();
    let top = floored(grid.density(top));
    let all = match all {
        Some(all) => floored(grid.density(all)),
        None => vec![1.0 / grid.count() as f64; grid.count()],
    };
    top.iter().zip(&all).map(|(q, p)| p * (q / p - 1.0) * (q / p - 1.0)).sum()
}

/// Points with observations, and their counts.
fn occupied(counts: &[usize]) -> impl Iterator<Item = (usize, f64)> + Clone {
    counts.iter().enumerate().filter(|(_, count)| **count > 0).map(|(point, &count)| (point, count as f64))
}

fn choice_density(counts: &[usize]) -> Vec<f64> {
    let choices = counts.len() as f64;
    let kernels = occupied(counts).count() as f64 + 1.0;
    let total: f64 = occupied(counts).map(|(_, count)| count).sum::<f64>() + 1.0;
    // Each kernel has weight 1 at its choice and `1 / kernels` everywhere.
    let mass = 1.0 + choices / kernels;
    let background = (total - 1.0) / kernels / mass + 1.0 / choices;
    counts.iter().map(|&count| (background + count as f64 / mass) / total).collect()
}

fn number_density(counts: &[usize]) -> Vec<f64> {
    let last = (counts.len() - 1) as f64;
    let total: f64 = occupied(counts).map(|(_, count)| count).sum::<f64>() + 1.0;
    let width = scott_width(counts).max(LEAST_WIDTH);
    let kernels = occupied(counts).map(|(point, count)| (point as f64, width, count));
    let prior = (last / 2.0, last + 1.0, 1.0);
    let mut density = vec![0.0; counts.len()];
    for (centre, width, weight) in kernels.chain([prior]) {
        let mass = |low: f64, high: f64| normal_mass((low - centre) / width, (high - centre) / width);
        let scale = weight / total / mass(-0.5, last + 0.5);
        for (point, value) in density.iter_mut().enumerate() {
            *value += scale * mass(point as f64 - 0.5, point as f64 + 0.5);
        }
    }
    density
}

/// Scott's rule over points with counts.
fn scott_width(counts: &[usize]) -> f64 {
    let total: usize = counts.iter().sum();
    let points: Vec<(usize, f64)> = occupied(counts).collect();
    let weight = total as f64;
    let mean = points.iter().map(|(point, count)| *point as f64 * count).sum::<f64>() / weight;
    let squares: f64 =
        points.iter().map(|(point, count)| count * (*point as f64 - mean) * (*point as f64 - mean)).sum();
    let deviation = (squares / (weight - 1.0).max(1.0)).sqrt();
    let mut sum = 0.0;
    let cumulated: Vec<f64> = points
        .iter()
        .map(|(_, count)| {
            sum += count;
            sum
        })
        .collect();
    let first = cumulated.partition_point(|&sum| sum < (total / 4) as f64);
    let third = cumulated.partition_point(|&sum| sum <= (total * 3 / 4) as f64).min(points.len() - 1);
    let range = points[third].0 as f64 - points[first].0 as f64;
    1.059 * (range / 1.34).min(deviation) * libm::pow(weight, -0.2)
}

/// The mass of the standard normal distribution between two points.
fn normal_mass(low: f64, high: f64) -> f64 {
    let upper = |x: f64| 0.5 * libm::erfc(x * FRAC_1_SQRT_2);
    // In the left tail differences of upper tails would lose all digits.
    if low > 0.0 { upper(low) - upper(high) } else { upper(-high) - upper(-low) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::space::{choice, float, int, log_int, stepped};

    #[test]
    fn grids_have_a_point_a_value_up_to_fifty() {
        let counts =
            [float(0.0, 1.0), stepped(0.0, 0.3, 0.1), int(1, 20), int(1, 200), log_int(1, 1_000), choice(&["a", "b"])];
        assert_eq!(counts.map(|distribution| Grid::of(&distribution).count()), [50, 4, 20, 50, 11, 2]);
    }

    #[test]
    fn an_observation_between_two_points_counts_at_the_lower() {
        let grid = Grid::of(&int(0, 98));
        assert_eq!(Grid::of(&int(0, 3)).counts(&[0.0, 3.0, 3.0]), [1, 0, 0, 2]);
        let counts = grid.counts(&[1.0, 98.0]);
        assert_eq!((counts[0], counts[1], counts[49]), (1, 0, 1));
    }

    #[test]
    fn densities_sum_to_1() {
        for (distribution, observations) in
            [(float(0.0, 1.0), vec![0.1, 0.1, 0.7]), (choice(&["a", "b", "c"]), vec![0.0, 2.0, 2.0])]
        {
            let density = Grid::of(&distribution).density(&observations);
            assert!((density.iter().sum::<f64>() - 1.0).abs() < 1e-12, "{density:?}");
        }
    }

    #[test]
    fn equal_trials_have_no_divergence() {
        let grid = Grid::of(&float(0.0, 1.0));
        assert_eq!(pearson_divergence(&grid, &[0.2, 0.4], Some(&[0.2, 0.4])), 0.0);
    }
}
