//! The joint density of the trials that are not good, without looking at all of them.
//!
//! The prior and the single kernels give a lower bound of the density at a candidate. A regular kernel that is so far
//! from it that `n` of them would add less than a share of 7·10⁻⁷ to the bound is left out; the bound rises while
//! nearer ones are added. [`Cloud`](super::cloud::Cloud) finds those within the distance.

use std::collections::BTreeSet;

use super::cloud::{CHOICE_SPACING, Place};
use super::exponential::exp;
use super::grid::share;
use super::group_memory::{Axis, Joint};
use super::line::{Line, PendingWidths};
use super::rest::{Kernel, Rest, Single, finite, hit_and_miss, slot_of};
use super::truncated_normal::LN_SQRT_2PI;

/// The share of the density that kernels left out may have together.
const TOLERANCE: f64 = 7e-7;

/// The single kernels on a continuous axis.
struct Spread<'a> {
    axis: usize,
    line: &'a Line,
    centres: Vec<f64>,
    scales: Vec<f64>,
}

/// The single kernels on a grid axis.
struct Stepped<'a> {
    axis: usize,
    line: &'a Line,
    kernels: Vec<Kernel>,
    slots: Vec<Option<usize>>,
}

/// The single kernels on an axis of choices.
struct Chosen<'a> {
    axis: usize,
    choices: usize,
    /// By rank, of all trials.
    all: &'a [u32],
    singles: Vec<u32>,
    hit: f64,
    miss: f64,
}

/// The axes by kind, and the single kernels.
struct Axes<'a> {
    spread: Vec<Spread<'a>>,
    stepped: Vec<Stepped<'a>>,
    chosen: Vec<Chosen<'a>>,
    /// Weights times heights of the single kernels.
    heights: Vec<f64>,
    /// Height of regular kernels on continuous axes.
    regular_height: f64,
    /// The largest height a regular kernel of weight 1 can have, but for cells and truncation.
    largest_height: f64,
    /// Ranks that are among the single kernels although they are regular without the pending trials.
    widened: BTreeSet<u32>,
}

/// A candidate: its positions on continuous axes, its cells on grids.
struct Point<'a> {
    values: &'a [f64],
    positions: Vec<f64>,
    cells: Vec<(f64, f64)>,
}

impl Rest<'_> {
    pub(super) fn joint(&self, joint: &Joint, candidates: &[Vec<f64>]) -> Vec<f64> {
        let axes = self.joint_axes(joint);
        let mut exponents = vec![0.0; axes.heights.len()];
        let sums = candidates.iter().map(|candidate| {
            let point = Point::new(candidate, &axes);
            let certain = self.joint_prior(&point, &axes) + axes.singles(&point, &mut exponents);
            self.joint_regular(joint, &axes, &point, certain)
        });
        sums.collect()
    }

    /// The single kernels by axis.
    fn joint_axes(&self, joint: &Joint) -> Axes<'_> {
        let widths: Vec<PendingWidths> =
            self.memory.axes.iter().zip(self.pending).map(|(axis, pending)| axis.with_pending(pending)).collect();
        let widened: BTreeSet<u32> = widths.iter().flat_map(|widths| &widths.widened).copied().collect();
        let ranks = joint.odd.union(&widened).map(|&rank| Single::Ranked(rank, self.weight(rank)));
        let singles: Vec<Single> = ranks.chain(self.pending_singles()).collect();
        let heights = singles.iter().map(|single| match single {
            Single::Ranked(_, weight) | Single::Regular(_, weight) | Single::Pending(_, weight) => *weight,
        });
        let mut axes = Axes {
            spread: Vec::new(),
            stepped: Vec::new(),
            chosen: Vec::new(),
            heights: heights.collect(),
            regular_height: 1.0,
            largest_height: 1.0,
            widened,
        };
        for (index, axis) in self.memory.axes.iter().enumerate() {
            match axis {
                Axis::Number(line) => {
                    axes.add_line(index, line, self.kernels_on((line, index), &singles, &widths[index]));
                }
                Axis::Choice { choices, values } => {
                    let (hit, miss) = hit_and_miss(*choices, self.observations, self.options);
                    let singles = singles.iter().map(|single| match single {
                        Single::Ranked(rank, _) | Single::Regular(rank, _) => values[*rank as usize],
                        Single::Pending(pending, _) => self.pending[index][*pending] as u32,
                    });
                    let singles = singles.collect();
                    axes.chosen.push(Chosen { axis: index, choices: *choices, all: values, singles, hit, miss });
                    axes.largest_height *= hit.max(miss);
                }
            }
        }
        axes
    }

    fn kernels_on(&self, (line, axis): (&Line, usize), singles: &[Single], widths: &PendingWidths) -> Vec<Kernel> {
        singles.iter().map(|&single| Kernel::of(single, line, &self.pending[axis], widths)).collect()
    }

    fn joint_prior(&self, point: &Point<'_>, axes: &Axes<'_>) -> f64 {
        let mut product = self.options.prior_weight;
        for (spread, &position) in axes.spread.iter().zip(&point.positions) {
            let prior = Kernel::prior(spread.line.interval, 1.0);
            let z = (position - prior.centre) / prior.width;
            product *= prior.amplitude() * exp(-0.5 * z * z);
        }
        for (stepped, &cell) in axes.stepped.iter().zip(&point.cells) {
            let prior = Kernel::prior(stepped.line.interval, 1.0);
            product *= share(stepped.line.interval, cell, prior.centre, prior.width);
        }
        axes.chosen.iter().fold(product, |product, chosen| product / chosen.choices as f64)
    }

    /// Add the regular kernels to what is certain.
    fn joint_regular(&self, joint: &Joint, axes: &Axes<'_>, point: &Point<'_>, certain: f64) -> f64 {
        let place = self.place(axes, point);
        let largest_cell: f64 =
            axes.stepped.iter().zip(&point.cells).map(|(stepped, &cell)| stepped.largest(cell)).product();
        let largest_height = axes.largest_height * largest_cell * joint.largest_amplitude;
        let least_share = TOLERANCE / (self.observations as f64 * largest_height);
        let limit = |sum: f64| (-2.0 * libm::log(sum * least_share)) as f32;
        let mut sum = certain;
        let mut sum_of_limit = certain;
        let mut distance = limit(certain);
        joint.cloud.visit(&place, distance, |rank| {
            let height = joint.amplitudes[rank as usize];
            if height > 0.0 && !axes.widened.contains(&rank) {
                let weight = self.weight(rank);
                sum += weight * height * axes.regular_height * axes.regular(point, rank);
                // A logarithm for every doubling is enough.
                if sum > 2.0 * sum_of_limit {
                    (sum_of_limit, distance) = (sum, limit(sum));
                }
            }
            distance
        });
        sum
    }

    fn place(&self, axes: &Axes<'_>, point: &Point<'_>) -> Place {
        let mut low = vec![0.0; self.memory.axes.len()];
        let mut high = low.clone();
        for (spread, &position) in axes.spread.iter().zip(&point.positions) {
            low[spread.axis] = spread.line.coordinate(position);
            high[spread.axis] = low[spread.axis];
        }
        for (stepped, &(left, right)) in axes.stepped.iter().zip(&point.cells) {
            low[stepped.axis] = stepped.line.coordinate(left);
            high[stepped.axis] = stepped.line.coordinate(right);
        }
        // The least of what the axes give is right for all of them.
        let mut other_choice = f64::INFINITY;
        for chosen in &axes.chosen {
            low[chosen.axis] = point.values[chosen.axis] as f32 * CHOICE_SPACING;
            high[chosen.axis] = low[chosen.axis];
            other_choice = other_choice.min(2.0 * libm::log(chosen.hit / chosen.miss));
        }
        Place { low, high, other_choice: other_choice.clamp(0.0, 1e6) as f32 }
    }
}

impl<'a> Point<'a> {
    fn new(values: &'a [f64], axes: &Axes<'_>) -> Self {
        let position = |spread: &Spread<'_>| spread.line.interval.position(values[spread.axis]);
        let cell = |stepped: &Stepped<'_>| stepped.line.interval.cell(values[stepped.axis]);
        Self {
            values,
            positions: axes.spread.iter().map(position).collect(),
            cells: axes.stepped.iter().map(cell).collect(),
        }
    }
}

impl<'a> Axes<'a> {
    fn add_line(&mut self, axis: usize, line: &'a Line, kernels: Vec<Kernel>) {
        if line.interval.step.is_some() {
            let slots = kernels.iter().map(|kernel| line.grid.as_ref().and_then(|grid| kernel.slot(grid)));
            let slots = slots.collect();
            self.stepped.push(Stepped { axis, line, kernels, slots });
            return;
        }
        let height = exp(-LN_SQRT_2PI) / line.least_width;
        self.regular_height *= height;
        self.largest_height *= height;
        for (total, kernel) in self.heights.iter_mut().zip(&kernels) {
            *total *= kernel.amplitude();
        }
        self.spread.push(Spread {
            axis,
            line,
            centres: kernels.iter().map(|kernel| kernel.centre).collect(),
            scales: kernels.iter().map(|kernel| std::f64::consts::FRAC_1_SQRT_2 / kernel.width).collect(),
        });
    }

    /// The single kernels' densities at a point.
    fn singles(&self, point: &Point<'_>, exponents: &mut [f64]) -> f64 {
        /// `e^-60` of the highest kernels is nothing beside the prior.
        const NEGLIGIBLE: f64 = 60.0;
        exponents.fill(0.0);
        for (spread, &position) in self.spread.iter().zip(&point.positions) {
            let kernels = spread.centres.iter().zip(&spread.scales);
            for (exponent, (&centre, &scale)) in exponents.iter_mut().zip(kernels) {
                let z = (position - centre) * scale;
                *exponent += z * z;
            }
        }
        let mut sum = 0.0;
        for (index, (&exponent, &height)) in exponents.iter().zip(&self.heights).enumerate() {
            if exponent < NEGLIGIBLE {
                sum += height * exp(-exponent) * self.single_factor(point, index);
            }
        }
        sum
    }

    /// What grids and choices make of a single kernel.
    fn single_factor(&self, point: &Point<'_>, index: usize) -> f64 {
        let mut product = 1.0;
        for chosen in &self.chosen {
            product *= chosen.factor(point, chosen.singles[index]);
        }
        for (stepped, &cell) in self.stepped.iter().zip(&point.cells) {
            product *= match (stepped.slots[index], &stepped.line.grid) {
                (Some(slot), Some(grid)) => grid.shares(grid.slot(point.values[stepped.axis]))[slot],
                _ => {
                    let Kernel { centre, width, .. } = stepped.kernels[index];
                    finite(share(stepped.line.interval, cell, centre, width))
                }
            };
        }
        product
    }

    /// A regular kernel at a point, but for its height.
    fn regular(&self, point: &Point<'_>, rank: u32) -> f64 {
        let mut exponent = 0.0;
        for (spread, &position) in self.spread.iter().zip(&point.positions) {
            let z = (position - spread.line.positions[rank as usize]) / spread.line.least_width;
            exponent += z * z;
        }
        let mut product = exp(-0.5 * exponent);
        for chosen in &self.chosen {
            product *= chosen.factor(point, chosen.all[rank as usize]);
        }
        for (stepped, &cell) in self.stepped.iter().zip(&point.cells) {
            product *= stepped.regular(point.values[stepped.axis], cell, rank);
        }
        product
    }
}

impl Stepped<'_> {
    /// The largest mass of a cell in a regular kernel that touches it; it falls with the distance as the kernel does.
    fn largest(&self, (left, right): (f64, f64)) -> f64 {
        let most = (right - left) / self.line.least_width * exp(-LN_SQRT_2PI);
        // Small grids have the truncation in their shares: at most a half is cut off.
        if self.line.grid.is_some() { 2.0 * most.min(1.0) } else { most.min(1.0) }
    }

    fn regular(&self, value: f64, (left, right): (f64, f64), rank: u32) -> f64 {
        if let (Some(slot), Some(grid)) = (slot_of(self.line, rank), &self.line.grid) {
            return grid.shares(grid.slot(value))[slot];
        }
        let (centre, width) = (self.line.positions[rank as usize], self.line.least_width);
        super::truncated_normal::normal_mass((left - centre) / width, (right - centre) / width)
    }
}

impl Chosen<'_> {
    fn factor(&self, point: &Point<'_>, observed: u32) -> f64 {
        if point.values[self.axis] as u32 == observed { self.hit } else { self.miss }
    }
}
