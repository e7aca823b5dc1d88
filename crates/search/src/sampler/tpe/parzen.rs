//! The Parzen estimator: a density over parameters from observed trials.
//!
//! A mixture with one kernel for each observation and one for the prior. A kernel is a product over
//! the dimensions: a truncated normal around the observation for numbers (its mass over one grid cell
//! where the range has a step), a distribution that favours the observed choice for categories.
//!
//! - **Width** of a numerical kernel: the larger of the distances to the two neighbours in order, with
//!   the ends of the range as neighbours of the outermost only if `endpoints` is on (a single
//!   observation always has them), clipped to `[range / min(100, n + 2), range]` for `n` observations. With a
//!   sharpness `s` above 1 the lower limit is `range / min(100, s (n + 2))`, but on a grid no less than a step.
//! - **Prior**: centred, as wide as the range.
//! - **Categories**: the observed choice weighs `1 + p/(n + 1)`, the others `p/(n + 1)`, for prior weight
//!   `p`, normalised.
//! - **Weights**: [`Weights`](super::Weights) by age, the prior's last, normalised.
//!
//! Equal observations are ordered by trial number when neighbours are looked up. Optuna leaves that
//! to NumPy's unstable sort, so that its densities can differ between machines where there are ties;
//! with a stable sort they are these.
//!
//! # Source
//!
//! Bergstra et al., "Algorithms for Hyper-Parameter Optimization", NIPS 2011, sections 4–4.2; S. Watanabe,
//! arXiv:2304.11127; Optuna 5.0's defaults.

use std::cell::OnceCell;
use std::f64::consts::FRAC_1_SQRT_2;

use super::TpeOptions;
use super::dimension::{Dimension, Interval};
use super::exponential::sum_of_exponentials;
use super::truncated_normal::{LN_SQRT_2PI, TruncatedNormal, ln_normal_mass};
use crate::stream::RandomStream;

/// What an estimator is made from: positions by dimension, oldest first, and their order.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Observations {
    /// Number of observations.
    pub(super) len: usize,
    /// For each dimension the position of each observation.
    pub(super) positions: Vec<Vec<f64>>,
    /// For each dimension the observations sorted by position, then by age; empty for categories.
    pub(super) sorted: Vec<Vec<u32>>,
}

impl Observations {
    /// No observations yet.
    pub(super) fn none(dimensions: &[Dimension]) -> Self {
        Self { len: 0, positions: vec![Vec::new(); dimensions.len()], sorted: vec![Vec::new(); dimensions.len()] }
    }

    /// Observations of these positions, sorted here.
    pub(crate) fn new(dimensions: &[Dimension], positions: Vec<Vec<f64>>) -> Self {
        let sorted = dimensions.iter().zip(&positions).map(|(dimension, column)| match dimension {
            Dimension::Categorical { .. } => Vec::new(),
            Dimension::Numerical(_) => {
                let mut order: Vec<u32> = (0..column.len() as u32).collect();
                order.sort_by(|&a, &b| column[a as usize].total_cmp(&column[b as usize]));
                order
            }
        });
        Self { len: positions.first().map_or(0, Vec::len), sorted: sorted.collect(), positions }
    }
}

/// The kernels of one dimension.
#[derive(Debug, Clone)]
enum Kernels {
    Categorical(Categories),
    Continuous {
        interval: Interval,
        kernels: Normals,
        /// `1 / (√2 · width)`.
        scales: Vec<f64>,
        /// `ln(√(2π) · width · mass inside the range)`.
        offsets: Vec<f64>,
    },
    Grid {
        interval: Interval,
        kernels: Normals,
        classes: Classes,
    },
}

/// Normal kernels, the prior's last.
#[derive(Debug, Clone)]
struct Normals {
    centres: Vec<f64>,
    widths: Vec<f64>,
    /// Made when they are first drawn from: of most densities only values are asked.
    truncated: Vec<OnceCell<TruncatedNormal>>,
}

/// Grid kernels that are equal share their masses.
#[derive(Debug, Clone)]
struct Classes {
    of_kernel: Vec<u32>,
    /// Centre, width, log mass of the whole range.
    distinct: Vec<(f64, f64, f64)>,
}

#[derive(Debug, Clone)]
struct Categories {
    choices: usize,
    observed: Vec<u32>,
    ln_hit: f64,
    ln_miss: f64,
}

/// A density over parameters.
#[derive(Debug, Clone)]
pub(crate) struct ParzenEstimator {
    weights: Vec<f64>,
    ln_weights: Vec<f64>,
    cumulative: Vec<f64>,
    dimensions: Vec<Kernels>,
}

impl ParzenEstimator {
    pub(crate) fn new(dimensions: &[Dimension], observations: Observations, options: &TpeOptions) -> Self {
        let weights = mixture_weights(observations.len, options);
        let kernels = dimensions.iter().zip(observations.positions).zip(observations.sorted);
        let mut sum = 0.0;
        Self {
            ln_weights: weights.iter().map(|&weight| libm::log(weight)).collect(),
            cumulative: weights
                .iter()
                .map(|&weight| {
                    sum += weight;
                    sum
                })
                .collect(),
            weights,
            dimensions: kernels
                .map(|((dimension, positions), sorted)| match dimension {
                    Dimension::Categorical { choices } => {
                        Kernels::Categorical(Categories::new(*choices, &positions, options))
                    }
                    Dimension::Numerical(interval) => numerical(*interval, positions, &sorted, options),
                })
                .collect(),
        }
    }

    /// Draw a candidate: internal values by dimension.
    pub(crate) fn sample(&self, stream: &mut RandomStream) -> Vec<f64> {
        let target = stream.uniform();
        let kernel = self.cumulative.partition_point(|&sum| sum <= target);
        // Rounding may leave the last sum below 1.
        let kernel = kernel.min(self.weights.len() - 1);
        let values = self.dimensions.iter().map(|dimension| match dimension {
            Kernels::Categorical(categories) => categories.sample(kernel, stream.uniform()),
            Kernels::Continuous { interval, kernels, .. } | Kernels::Grid { interval, kernels, .. } => {
                let (centre, width) = (kernels.centres[kernel], kernels.widths[kernel]);
                let normal = *kernels.truncated[kernel].get_or_init(|| {
                    TruncatedNormal::new((interval.start - centre) / width, (interval.end - centre) / width)
                });
                interval.internal(normal.value(stream.uniform()) * width + centre)
            }
        });
        values.collect()
    }

    /// The logarithm of the density at each candidate (internal values by dimension).
    pub(crate) fn ln_density(&self, candidates: &[Vec<f64>]) -> Vec<f64> {
        let mut memo = vec![GridMemo::default(); self.dimensions.len()];
        let mut terms = Vec::with_capacity(self.ln_weights.len());
        let densities = candidates.iter().map(|candidate| {
            terms.clear();
            terms.extend_from_slice(&self.ln_weights);
            for ((dimension, &value), memo) in self.dimensions.iter().zip(candidate).zip(&mut memo) {
                dimension.add_ln_density(value, memo, &mut terms);
            }
            ln_sum_exp(&terms)
        });
        densities.collect()
    }

    /// Mixture weights, the prior's last.
    #[cfg(test)]
    pub(crate) fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// Kernel widths of a numerical dimension, the prior's last; empty for categories.
    #[cfg(test)]
    pub(crate) fn widths(&self, dimension: usize) -> &[f64] {
        match &self.dimensions[dimension] {
            Kernels::Categorical(_) => &[],
            Kernels::Continuous { kernels, .. } | Kernels::Grid { kernels, .. } => &kernels.widths,
        }
    }
}

/// Log masses of the grid cells asked for so far: candidates share few distinct values.
#[derive(Debug, Clone, Default)]
struct GridMemo {
    cells: Vec<(f64, Vec<f64>)>,
}

impl Kernels {
    /// Add this dimension's log density at `value` to each kernel's term.
    fn add_ln_density(&self, value: f64, memo: &mut GridMemo, terms: &mut [f64]) {
        match self {
            Self::Categorical(categories) => categories.add_ln_density(value, terms),
            Self::Continuous { interval, kernels, scales, offsets } => {
                let position = interval.position(value);
                let kernels = kernels.centres.iter().zip(scales).zip(offsets);
                for (term, ((&centre, &scale), &offset)) in terms.iter_mut().zip(kernels) {
                    let z = (position - centre) * scale;
                    *term -= z * z + offset;
                }
            }
            Self::Grid { interval, classes, .. } => {
                let known = memo.cells.iter().position(|(cell, _)| *cell == value);
                let index = known.unwrap_or_else(|| {
                    memo.cells.push((value, classes.ln_cell_masses(*interval, value)));
                    memo.cells.len() - 1
                });
                let masses = &memo.cells[index].1;
                for (term, &class) in terms.iter_mut().zip(&classes.of_kernel) {
                    *term += masses[class as usize];
                }
            }
        }
    }
}

impl Classes {
    /// Group kernels by centre and width. `sorted` brings equal centres together.
    fn new(interval: Interval, kernels: &Normals, sorted: &[u32]) -> Self {
        let mut of_kernel = vec![0; kernels.centres.len()];
        let mut distinct: Vec<(f64, f64, f64)> = Vec::new();
        let prior = kernels.centres.len() - 1;
        for kernel in sorted.iter().map(|&kernel| kernel as usize).chain([prior]) {
            let (centre, width) = (kernels.centres[kernel], kernels.widths[kernel]);
            let same_centre = distinct.iter().enumerate().rev().take_while(|(_, class)| class.0 == centre);
            let known = same_centre.into_iter().find(|(_, class)| class.1 == width);
            let class = known.map(|(index, _)| index).unwrap_or_else(|| {
                let (a, b) = ((interval.start - centre) / width, (interval.end - centre) / width);
                distinct.push((centre, width, ln_normal_mass(a, b)));
                distinct.len() - 1
            });
            of_kernel[kernel] = class as u32;
        }
        Self { of_kernel, distinct }
    }

    /// For each class the log of its share of mass in the cell of `value`.
    fn ln_cell_masses(&self, interval: Interval, value: f64) -> Vec<f64> {
        let half = interval.step.unwrap_or(0.0) / 2.0;
        let (left, right) = (interval.position(value - half), interval.position(value + half));
        let masses = self.distinct.iter().map(|&(centre, width, ln_range_mass)| {
            ln_normal_mass((left - centre) / width, (right - centre) / width) - ln_range_mass
        });
        masses.collect()
    }
}

impl Categories {
    fn new(choices: usize, observed: &[f64], options: &TpeOptions) -> Self {
        let share = options.prior_weight / (observed.len() + 1) as f64;
        let total = 1.0 + share * choices as f64;
        Self {
            choices,
            observed: observed.iter().map(|&index| index as u32).collect(),
            ln_hit: libm::log((1.0 + share) / total),
            ln_miss: libm::log(share / total),
        }
    }

    /// The choice below whose cumulative probability `target` lies.
    fn sample(&self, kernel: usize, target: f64) -> f64 {
        let last = self.choices - 1;
        let Some(&observed) = self.observed.get(kernel) else {
            return ((target * self.choices as f64) as usize).min(last) as f64;
        };
        let (hit, miss) = (libm::exp(self.ln_hit), libm::exp(self.ln_miss));
        let before = miss * f64::from(observed);
        let index = if target < before {
            (target / miss) as usize
        } else if target < before + hit {
            observed as usize
        } else {
            observed as usize + 1 + ((target - before - hit) / miss) as usize
        };
        index.min(last) as f64
    }

    fn add_ln_density(&self, value: f64, terms: &mut [f64]) {
        let index = value as u32;
        let (observed, prior) = terms.split_at_mut(self.observed.len());
        for (term, &choice) in observed.iter_mut().zip(&self.observed) {
            *term += if choice == index { self.ln_hit } else { self.ln_miss };
        }
        for term in prior {
            *term -= libm::log(self.choices as f64);
        }
    }
}

/// Weights of the observations, then the prior's, which together make 1.
pub(super) fn mixture_weights(observations: usize, options: &TpeOptions) -> Vec<f64> {
    if observations == 0 {
        return vec![1.0];
    }
    let ages = (0..observations).map(|index| options.weights.weight(index, observations));
    let mut weights: Vec<f64> = ages.chain([options.prior_weight]).collect();
    let sum: f64 = weights.iter().sum();
    weights.iter_mut().for_each(|weight| *weight /= sum);
    weights
}

fn numerical(interval: Interval, positions: Vec<f64>, sorted: &[u32], options: &TpeOptions) -> Kernels {
    let mut widths = kernel_widths(interval, &positions, sorted, options);
    let mut centres = positions;
    centres.push(0.5 * (interval.start + interval.end));
    widths.push(interval.width());
    let truncated = vec![OnceCell::new(); centres.len()];
    let kernels = Normals { centres, widths, truncated };
    if interval.step.is_some() {
        let classes = Classes::new(interval, &kernels, sorted);
        return Kernels::Grid { interval, kernels, classes };
    }
    let offsets = ln_normalisers(interval, &kernels);
    let scales = kernels.widths.iter().map(|width| FRAC_1_SQRT_2 / width);
    Kernels::Continuous { interval, scales: scales.collect(), kernels, offsets }
}

/// For each kernel `ln(√(2π) · width · mass inside the range)`.
fn ln_normalisers(interval: Interval, kernels: &Normals) -> Vec<f64> {
    // Most kernels are as narrow as is allowed: their logarithm is taken once.
    let (mut last_width, mut ln_width) = (1.0, 0.0);
    let pairs = kernels.centres.iter().zip(&kernels.widths);
    let normalisers = pairs.map(|(&centre, &width)| {
        if width != last_width {
            (last_width, ln_width) = (width, libm::log(width));
        }
        let start = (interval.start - centre) / width;
        let end = (interval.end - centre) / width;
        LN_SQRT_2PI + ln_normal_mass(start, end) + ln_width
    });
    normalisers.collect()
}

/// The width of each observation's kernel.
pub(super) fn kernel_widths(interval: Interval, positions: &[f64], sorted: &[u32], options: &TpeOptions) -> Vec<f64> {
    let count = sorted.len();
    let at = |rank: usize| positions[sorted[rank] as usize];
    let widest = interval.width();
    let narrowest = LeastWidth::new(interval, count, options);
    let mut widths = vec![0.0; count];
    for (rank, &observation) in sorted.iter().enumerate() {
        let centre = at(rank);
        let has_inner_neighbours_only = !options.endpoints && count >= 2;
        let left = match rank.checked_sub(1) {
            Some(left) => centre - at(left),
            None if has_inner_neighbours_only => f64::NEG_INFINITY,
            None => centre - interval.start,
        };
        let right = match rank + 1 {
            right if right < count => at(right) - centre,
            _ if has_inner_neighbours_only => f64::NEG_INFINITY,
            _ => interval.end - centre,
        };
        widths[observation as usize] = left.max(right).max(narrowest.at(centre)).min(widest);
    }
    widths
}

/// How narrow a kernel may be.
struct LeastWidth {
    interval: Interval,
    /// With sharpness 1, and with the options' own.
    usual: f64,
    sharp: f64,
}

impl LeastWidth {
    fn new(interval: Interval, observations: usize, options: &TpeOptions) -> Self {
        if !options.magic_clip {
            return Self { interval, usual: 1e-12, sharp: 1e-12 };
        }
        // The prior counts among the kernels, and one more is added.
        let kernels = 2.0 + observations as f64;
        let width = |kernels: f64| interval.width() / kernels.min(100.0);
        Self { interval, usual: width(kernels), sharp: width(options.sharpness * kernels) }
    }

    /// At a centre: a kernel narrower than the cell it is in would propose the same value again and again.
    fn at(&self, centre: f64) -> f64 {
        if self.interval.step.is_none() || self.sharp == self.usual {
            return self.sharp;
        }
        let (left, right) = self.interval.cell(self.interval.internal(centre));
        self.sharp.max(self.usual.min(right - left))
    }
}

/// `ln Σ eˣ`.
fn ln_sum_exp(terms: &[f64]) -> f64 {
    let largest = terms.iter().fold(f64::NEG_INFINITY, |largest, &term| if term > largest { term } else { largest });
    if largest == f64::NEG_INFINITY {
        return largest;
    }
    libm::log(sum_of_exponentials(terms, largest)) + largest
}

#[cfg(test)]
mod tests;
