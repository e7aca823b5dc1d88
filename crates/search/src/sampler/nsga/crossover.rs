//! Crossovers: the coordinates of several parents become a child's.
//!
//! All of them work on the unit cube (see [`axis`](super::super::axis)). A child can fall outside; the
//! caller makes another then. `x1`, `x2`, `x3` are the parents, `u` a uniform number a coordinate.
//!
//! Where it differs from Optuna: there the coordinates keep their parameters' units, which matters to
//! `undx` alone, whose ellipsoid then has the shape of the widest parameter. And `undx` has the deviations
//! that its paper gives it, where Optuna squares them.

use super::super::super::stream::RandomStream;

/// Where random numbers come from: a stream, or a list in the tests.
pub(super) trait Draws {
    /// A number in `[0, 1)`.
    fn uniform(&mut self) -> f64;
    /// A normal number of mean 0 and deviation 1.
    fn normal(&mut self) -> f64;
}

impl Draws for RandomStream {
    fn uniform(&mut self) -> f64 {
        Self::uniform(self)
    }

    /// Box and Muller, 1958.
    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * libm::log(1.0 - Self::uniform(self))).sqrt();
        radius * libm::cos(std::f64::consts::TAU * Self::uniform(self))
    }
}

/// How the numbers of several parents become a child's.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Crossover {
    /// Each number from one of two parents.
    Uniform,
    /// Even draw from the box that two parents span, widened by `alpha` of its size on each side.
    ///
    /// Eshelman, Schaffer, "Real-Coded Genetic Algorithms and Interval-Schemata", FOGA 2, 1993.
    BlxAlpha {
        /// At least 0; 0.5 is usual.
        alpha: f64,
    },
    /// Even draw from a simplex around three parents.
    ///
    /// Tsutsui, Yamamura, Higuchi, "Multi-parent Recombination with Simplex Crossover", GECCO 1999.
    Spx {
        /// Expansion rate, above 0. Default: the root of the number of numbers plus 2.
        epsilon: Option<f64>,
    },
    /// Simulated binary crossover of two parents, bounded.
    ///
    /// Deb, Agrawal, "Simulated Binary Crossover for Continuous Search Space", Complex Systems 9, 1995.
    Sbx {
        /// Distribution index, at least 0. Default: 20 with several objectives, else 2.
        eta: Option<f64>,
        /// Probability that a number comes from the other child. 0.5 is usual.
        uniform_probability: f64,
        /// Probability that a number is a child's, not a parent's. 0.5 is usual.
        child_probability: f64,
    },
    /// Simulated binary crossover that also explores outside the parents.
    ///
    /// Ballester, Carter, "Real-Parameter Genetic Algorithms for Finding Multiple Optimal Solutions
    /// in Multi-modal Optimization", GECCO 2003.
    VSbx {
        /// As for `Sbx`.
        eta: Option<f64>,
        /// As for `Sbx`.
        uniform_probability: f64,
        /// As for `Sbx`.
        child_probability: f64,
    },
    /// Normal around the middle of two parents, as wide across as the third is away.
    ///
    /// Kita, Ono, Kobayashi, "Multi-parental Extension of the Unimodal Normal Distribution Crossover
    /// for Real-coded Genetic Algorithms", CEC 1999.
    Undx {
        /// Deviation along the parents' line, as a share of their distance; 0.5 is usual.
        sigma_xi: f64,
        /// Deviation across it, as a share of the third parent's. Default: 0.35 over the root of the number
        /// of numbers.
        sigma_eta: Option<f64>,
    },
}

impl Crossover {
    /// How many parents it takes.
    #[must_use]
    pub fn parents(self) -> usize {
        match self {
            Self::Spx { .. } | Self::Undx { .. } => 3,
            _ => 2,
        }
    }

    /// The first argument out of its range: name, range, value.
    pub(super) fn problem(self) -> Option<(&'static str, &'static str, f64)> {
        let not_negative =
            |name, value: f64| (!(value >= 0.0 && value.is_finite())).then_some((name, "at least 0 and finite", value));
        let share = |name, value: f64| (!(0.0..=1.0).contains(&value)).then_some((name, "between 0 and 1", value));
        match self {
            Self::Uniform => None,
            Self::BlxAlpha { alpha } => not_negative("alpha", alpha),
            Self::Spx { epsilon } => epsilon.and_then(|epsilon| not_negative("epsilon", epsilon)),
            Self::Sbx { eta, uniform_probability, child_probability }
            | Self::VSbx { eta, uniform_probability, child_probability } => eta
                .and_then(|eta| not_negative("eta", eta))
                .or_else(|| share("uniform_probability", uniform_probability))
                .or_else(|| share("child_probability", child_probability)),
            Self::Undx { sigma_xi, sigma_eta } => not_negative("sigma_xi", sigma_xi)
                .or_else(|| sigma_eta.and_then(|sigma| not_negative("sigma_eta", sigma))),
        }
    }

    /// A child of these parents, as many as [`parents`](Self::parents), all of one length.
    pub(super) fn cross(self, parents: &[Vec<f64>], settings: Settings, draws: &mut impl Draws) -> Vec<f64> {
        let default_eta = if settings.objectives > 1 { 20.0 } else { 2.0 };
        match self {
            Self::Uniform => uniform(parents, settings.swapping_probability, draws),
            Self::BlxAlpha { alpha } => blend(parents, alpha, draws),
            Self::Spx { epsilon } => simplex(parents, epsilon, draws),
            Self::Sbx { eta, uniform_probability, child_probability } => {
                let children = binary(parents, eta.unwrap_or(default_eta), draws);
                mixed(&children, parents, [uniform_probability, child_probability], draws)
            }
            Self::VSbx { eta, uniform_probability, child_probability } => {
                let children = free_binary(parents, eta.unwrap_or(default_eta), draws);
                mixed(&children, parents, [uniform_probability, child_probability], draws)
            }
            Self::Undx { sigma_xi, sigma_eta } => unimodal(parents, sigma_xi, sigma_eta, draws),
        }
    }
}

/// What a crossover needs to know of the study.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    pub(super) objectives: usize,
    pub(super) swapping_probability: f64,
}

fn uniform(parents: &[Vec<f64>], swapping_probability: f64, draws: &mut impl Draws) -> Vec<f64> {
    let pairs = parents[0].iter().zip(&parents[1]);
    pairs.map(|(&x1, &x2)| if draws.uniform() >= swapping_probability { x2 } else { x1 }).collect()
}

fn blend(parents: &[Vec<f64>], alpha: f64, draws: &mut impl Draws) -> Vec<f64> {
    let pairs = parents[0].iter().zip(&parents[1]);
    let gene = |(&x1, &x2): (&f64, &f64)| {
        let margin = alpha * (x1 - x2).abs(); // equation (1)
        let (low, high) = (x1.min(x2) - margin, x1.max(x2) + margin);
        low + (high - low) * draws.uniform()
    };
    pairs.map(gene).collect()
}

fn simplex(parents: &[Vec<f64>], epsilon: Option<f64>, draws: &mut impl Draws) -> Vec<f64> {
    let length = parents[0].len();
    let epsilon = epsilon.unwrap_or(((length + 2) as f64).sqrt());
    let shares: Vec<f64> = (0..parents.len() - 1).map(|k| libm::pow(draws.uniform(), 1.0 / (k + 1) as f64)).collect();
    let gene = |index: usize| {
        let centre = parents.iter().map(|parent| parent[index]).sum::<f64>() / parents.len() as f64;
        let corner = |k: usize| centre + epsilon * (parents[k][index] - centre);
        let offset = (1..parents.len()).fold(0.0, |offset, k| shares[k - 1] * (corner(k - 1) - corner(k) + offset));
        corner(parents.len() - 1) + offset
    };
    (0..length).map(gene).collect()
}

/// Two children between and around two parents, inside the cube.
fn binary(parents: &[Vec<f64>], eta: f64, draws: &mut impl Draws) -> [Vec<f64>; 2] {
    let power = 1.0 / (eta + 1.0);
    let mut children = [Vec::new(), Vec::new()];
    for (&x1, &x2) in parents[0].iter().zip(&parents[1]) {
        let (low, high, u) = (x1.min(x2), x1.max(x2), draws.uniform());
        // Equal parents would divide by 0.
        let distance = (high - low).max(1e-10);
        let spread = |room: f64| {
            let alpha = 2.0 - libm::pow(1.0 + 2.0 * room / distance, -(eta + 1.0));
            let base = if u > 1.0 / alpha { 1.0 / (2.0 - u * alpha) } else { u * alpha }; // equation (3)
            libm::pow(base, power)
        };
        children[0].push(0.5 * (low + high - spread(low) * distance)); // equation (4)
        children[1].push(0.5 * (low + high + spread(1.0 - high) * distance)); // equation (5)
    }
    children
}

/// Two children on either side of two parents (Ballester and Carter 2003, section 3.2).
fn free_binary(parents: &[Vec<f64>], eta: f64, draws: &mut impl Draws) -> [Vec<f64>; 2] {
    let spread = |u: f64| libm::pow(1.0 / (2.0 * u).max(1e-10), 1.0 / (eta + 1.0));
    let spreads: Vec<[f64; 2]> =
        parents[0].iter().map(|_| draws.uniform()).map(|u| [spread(u), spread(1.0 - u)]).collect();
    let sides = [draws.uniform() <= 0.5, draws.uniform() <= 0.5];
    let pairs = || parents[0].iter().zip(&parents[1]).zip(&spreads);
    let first = pairs().map(|((x1, x2), [b1, b2])| match sides[0] {
        true => 0.5 * ((1.0 + b1) * x1 + (1.0 - b2) * x2),
        false => 0.5 * ((1.0 - b1) * x1 + (1.0 + b2) * x2),
    });
    let second = pairs().map(|((x1, x2), [b1, b2])| match sides[1] {
        true => 0.5 * ((3.0 - b1) * x1 - (1.0 - b2) * x2),
        false => 0.5 * (-(1.0 - b1) * x1 + (3.0 - b2) * x2),
    });
    [first.collect(), second.collect()]
}

/// One of two children, each number of which may be the other child's or a parent's.
fn mixed(
    children: &[Vec<f64>; 2],
    parents: &[Vec<f64>],
    [uniform_probability, child_probability]: [f64; 2],
    draws: &mut impl Draws,
) -> Vec<f64> {
    let choice = |_| {
        let from = if draws.uniform() < child_probability { &children[..] } else { &parents[..2] };
        (from, usize::from(draws.uniform() < uniform_probability))
    };
    let choices: Vec<(&[Vec<f64>], usize)> = (0..parents[0].len()).map(choice).collect();
    let other = usize::from(draws.uniform() >= 0.5);
    choices.into_iter().enumerate().map(|(index, (from, side))| from[side ^ other][index]).collect()
}

fn unimodal(parents: &[Vec<f64>], sigma_xi: f64, sigma_eta: Option<f64>, draws: &mut impl Draws) -> Vec<f64> {
    let length = parents[0].len();
    let sigma_eta = sigma_eta.unwrap_or(0.35 / (length as f64).sqrt());
    let line: Vec<f64> = parents[0].iter().zip(&parents[1]).map(|(x1, x2)| x2 - x1).collect();
    let third: Vec<f64> = parents[0].iter().zip(&parents[2]).map(|(x1, x3)| x3 - x1).collect();
    let distance = norm(&across(&third, &line));
    // A normal vector without its part along the line is normal across it.
    let noise: Vec<f64> = (0..length).map(|_| sigma_eta * draws.normal()).collect();
    let aside = across(&noise, &line);
    let along = sigma_xi * draws.normal();
    let gene = |index: usize| parents[0][index] + (0.5 + along) * line[index] + distance * aside[index];
    (0..length).map(gene).collect()
}

/// The part of a vector that is orthogonal to a line.
fn across(vector: &[f64], line: &[f64]) -> Vec<f64> {
    let square: f64 = line.iter().map(|value| value * value).sum();
    let share = if square > 0.0 { dot(vector, line) / square } else { 0.0 };
    vector.iter().zip(line).map(|(value, line)| value - share * line).collect()
}

fn dot(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(left, right)| left * right).sum()
}

fn norm(vector: &[f64]) -> f64 {
    dot(vector, vector).sqrt()
}
