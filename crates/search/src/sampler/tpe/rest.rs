//! The density of the trials that are not good, from sums instead of kernel by kernel.
//!
//! Three parts: the prior; the regular kernels, from [`Summary`]; and kernel by kernel those few that the
//! sums have not: odd ones, pending trials, and what the newest 25 weigh less than the ramp's straight
//! line would give them. Densities are added up as they are: the prior keeps the sum away from 0.
//!
//! **Error**: below 10⁻⁶ in the logarithm, against [`ParzenEstimator`](super::parzen::ParzenEstimator). A property
//! test holds the two together.

use super::dimension::Interval;
use super::exponential::{exp, sum_of_normals};
use super::field::Field;
use super::grid::Grid;
use super::group_memory::{Axis, GroupMemory, Summary};
use super::line::{Line, PendingWidths, Shape};
use super::options::TpeOptions;
use super::ramp::Ramp;
use super::truncated_normal::{LN_SQRT_2PI, normal_mass};

/// What is evaluated kernel by kernel: a trial of the rest by rank, or a pending one by number; its weight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Single {
    Ranked(u32, f64),
    /// As the sums have it, whatever pending trials have made of its width.
    Regular(u32, f64),
    Pending(usize, f64),
}

/// Everything the densities of a group's rest need.
pub(super) struct Rest<'a> {
    pub(super) memory: &'a GroupMemory,
    pub(super) options: &'a TpeOptions,
    /// Positions of pending trials, by axis.
    pub(super) pending: &'a [Vec<f64>],
    pub(super) ramp: Ramp,
    /// Number of observations: the rest and the pending ones.
    pub(super) observations: usize,
}

impl<'a> Rest<'a> {
    /// For a group that [is summed](GroupMemory::is_summed).
    pub(super) fn new(memory: &'a GroupMemory, pending: &'a [Vec<f64>], options: &'a TpeOptions) -> Self {
        let observations = memory.rest() + pending.first().map_or(0, Vec::len);
        Self { memory, options, pending, ramp: Ramp::new(observations, options), observations }
    }

    /// The logarithm of the density at each candidate (internal values by axis). Given `ln l` of the candidates, it may be
    /// too small where `l/g` is not the largest all the same.
    pub(super) fn ln_density(&self, candidates: &[Vec<f64>], ln_good: Option<&[f64]>) -> Vec<f64> {
        let values = || candidates.iter().map(|candidate| candidate[0]);
        let sums: Vec<f64> = match (&self.memory.summary, &self.memory.axes[0]) {
            (Summary::Slots(sums), Axis::Choice { choices, .. }) => {
                let slots = sums.weighted(self.ramp.first, self.ramp.slope);
                self.choices(slots, *choices, values())
            }
            (Summary::Slots(sums), Axis::Number(line)) => {
                let slots = sums.weighted(self.ramp.first, self.ramp.slope);
                self.small_grid(slots, line, values())
            }
            (Summary::Field(field, sums), Axis::Number(line)) => {
                let nodes = sums.weighted(self.ramp.first, self.ramp.slope);
                match line.interval.step {
                    None => self.continuous((field, &nodes), line, values()),
                    Some(_) => self.large_grid((field, &nodes), line, values()),
                }
            }
            (Summary::Cloud(joint), _) => self.joint(joint, candidates, ln_good),
            // Sums of one kind are made for axes of that kind only; kernel by kernel is right for all.
            _ => return self.memory.rest_density(self.pending).ln_density(candidates),
        };
        sums.into_iter().map(|sum| libm::log(sum / self.ramp.total)).collect()
    }

    /// Pending trials with their weights.
    pub(super) fn pending_singles(&self) -> impl Iterator<Item = Single> {
        let rest = self.memory.rest();
        (rest..self.observations).map(move |index| Single::Pending(index - rest, self.ramp.weight(index)))
    }

    /// The newest regular kernels of one axis, with what they weigh more than the sums say: less than nothing.
    fn newest(&self, is_regular: impl Fn(u32) -> bool) -> Vec<Single> {
        let first = if self.ramp.slope == 0.0 { usize::MAX } else { self.ramp.flat_from };
        let newest = self.memory.rest_ranks().rev().map(|rank| (rank, self.memory.index(rank)));
        newest
            .take_while(|&(_, index)| index >= first)
            .filter(|&(rank, _)| is_regular(rank))
            .map(|(rank, index)| Single::Ranked(rank, 1.0 - self.ramp.straight(index)))
            .collect()
    }

    /// What the sums have not, and what they have wrong.
    fn singles(&self, line: &Line, widths: &PendingWidths) -> Vec<Single> {
        // Neighbours side by side: [`sum_of_normals`] passes over those that are far away together.
        let mut singles: Vec<Single> = line.odd().map(|rank| Single::Ranked(rank, self.weight(rank))).collect();
        singles.extend(self.newest(|rank| !line.is_odd(rank) && !widths.widened.contains(&rank)));
        for &rank in &widths.widened {
            singles.push(Single::Ranked(rank, self.weight(rank)));
            singles.push(Single::Regular(rank, -self.ramp.straight(self.memory.index(rank))));
        }
        singles.extend(self.pending_singles());
        singles
    }

    /// The weight of a trial of the rest.
    pub(super) fn weight(&self, rank: u32) -> f64 {
        self.ramp.weight(self.memory.index(rank))
    }

    fn choices(&self, mut slots: Vec<f64>, choices: usize, values: impl Iterator<Item = f64>) -> Vec<f64> {
        let Axis::Choice { values: observed, .. } = &self.memory.axes[0] else { return Vec::new() };
        for single in self.newest(|_| true).into_iter().chain(self.pending_singles()) {
            match single {
                Single::Ranked(rank, weight) | Single::Regular(rank, weight) => {
                    slots[observed[rank as usize] as usize] += weight;
                }
                Single::Pending(pending, weight) => slots[self.pending[0][pending] as usize] += weight,
            }
        }
        let all: f64 = slots.iter().sum();
        let (hit, miss) = hit_and_miss(choices, self.observations, self.options);
        let prior = self.options.prior_weight / choices as f64;
        values.map(|value| slots[value as usize] * (hit - miss) + all * miss + prior).collect()
    }

    fn small_grid(&self, mut slots: Vec<f64>, line: &Line, values: impl Iterator<Item = f64>) -> Vec<f64> {
        let Some(grid) = &line.grid else { return Vec::new() };
        let mut wide = Kernels::default();
        let widths = line.with_pending(&self.pending[0]);
        for single in self.singles(line, &widths) {
            let kernel = Kernel::of(single, line, &self.pending[0], &widths);
            match kernel.slot(grid) {
                Some(slot) => slots[slot] += kernel.weight,
                None => wide.push(kernel),
            }
        }
        wide.push(Kernel::prior(line.interval, self.options.prior_weight));
        let mut known: Vec<Option<f64>> = vec![None; grid.len()];
        let sums = values.map(|value| {
            let slot = grid.slot(value);
            *known[slot].get_or_insert_with(|| {
                let shares = grid.shares(slot).iter().zip(&slots);
                shares.map(|(share, slot)| share * slot).sum::<f64>() + wide.mass(line.interval.cell(value))
            })
        });
        sums.collect()
    }

    fn large_grid(&self, (field, nodes): (&Field, &[f64]), line: &Line, values: impl Iterator<Item = f64>) -> Vec<f64> {
        let kernels = self.kernels(line);
        let sums = values.map(|value| {
            field.mass(line.interval.cell(value), nodes).max(0.0) + kernels.mass(line.interval.cell(value))
        });
        sums.collect()
    }

    fn continuous(&self, (field, nodes): (&Field, &[f64]), line: &Line, values: impl Iterator<Item = f64>) -> Vec<f64> {
        let kernels = self.kernels(line);
        let scales: Vec<f64> = kernels.scales.iter().map(|scale| std::f64::consts::FRAC_1_SQRT_2 * scale).collect();
        let height = exp(-LN_SQRT_2PI);
        let all = kernels.weights.iter().zip(&kernels.scales);
        let amplitudes: Vec<f64> = all.map(|(weight, scale)| height * weight * scale).collect();
        let sums = values.map(|value| {
            let position = line.interval.position(value);
            field.density(position, nodes) + sum_of_normals(position, &kernels.centres, &scales, &amplitudes)
        });
        sums.collect()
    }

    /// The kernels that a line's sums have not, and the prior.
    fn kernels(&self, line: &Line) -> Kernels {
        let widths = line.with_pending(&self.pending[0]);
        let mut kernels = Kernels::default();
        for single in self.singles(line, &widths) {
            kernels.push(Kernel::of(single, line, &self.pending[0], &widths));
        }
        kernels.push(Kernel::prior(line.interval, self.options.prior_weight));
        kernels
    }
}

/// The share that a kernel gives to its own choice and to each other one.
pub(super) fn hit_and_miss(choices: usize, observations: usize, options: &TpeOptions) -> (f64, f64) {
    let share = options.prior_weight / (observations + 1) as f64;
    let total = 1.0 + share * choices as f64;
    ((1.0 + share) / total, share / total)
}

/// One kernel of a numerical axis.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kernel {
    pub(super) centre: f64,
    pub(super) width: f64,
    /// Mass inside the range.
    inside: f64,
    pub(super) weight: f64,
    /// Whether its width is the least.
    is_narrow: bool,
}

impl Kernel {
    pub(super) fn of(single: Single, line: &Line, pending: &[f64], widths: &PendingWidths) -> Self {
        let (centre, shape, weight) = match single {
            Single::Pending(index, weight) => (pending[index], line.shape(pending[index], widths.own[index]), weight),
            Single::Regular(rank, weight) => {
                let centre = line.positions[rank as usize];
                (centre, line.shape(centre, line.least_width), weight)
            }
            Single::Ranked(rank, weight) => {
                let centre = line.positions[rank as usize];
                let changed = widths.changed.get(&rank).map(|&width| line.shape(centre, width));
                (centre, changed.unwrap_or_else(|| line.shape_of(rank)), weight)
            }
        };
        let Shape { width, inside } = shape;
        Self { centre, width, inside, weight, is_narrow: width == line.least_width }
    }

    pub(super) fn prior(interval: Interval, weight: f64) -> Self {
        let centre = 0.5 * (interval.start + interval.end);
        // The range is one width wide, and the centre in its middle.
        Self { centre, width: interval.width(), inside: normal_mass(-0.5, 0.5), weight, is_narrow: false }
    }

    /// The slot of a kernel that is regular there.
    pub(super) fn slot(&self, grid: &Grid) -> Option<usize> {
        if self.is_narrow { grid.slot_of_position(self.centre) } else { None }
    }
}

/// Kernels side by side.
#[derive(Debug, Clone, Default)]
struct Kernels {
    centres: Vec<f64>,
    /// `1 / width`.
    scales: Vec<f64>,
    /// Weights over masses inside the range.
    weights: Vec<f64>,
}

impl Kernels {
    fn push(&mut self, kernel: Kernel) {
        // A kernel so far outside that it has no mass in the range has no share of it either.
        if kernel.inside > f64::MIN_POSITIVE {
            self.centres.push(kernel.centre);
            self.scales.push(1.0 / kernel.width);
            self.weights.push(kernel.weight / kernel.inside);
        }
    }

    /// The weighted shares of the cell of a grid value.
    fn mass(&self, (left, right): (f64, f64)) -> f64 {
        /// Beyond so many widths a kernel's mass is below 10⁻¹⁸.
        const REACH: f64 = 9.0;
        let kernels = self.centres.iter().zip(&self.scales).zip(&self.weights);
        let masses = kernels.map(|((&centre, &scale), weight)| {
            let (start, end) = ((left - centre) * scale, (right - centre) * scale);
            if start > REACH || end < -REACH { 0.0 } else { weight * normal_mass(start, end) }
        });
        masses.sum()
    }
}
