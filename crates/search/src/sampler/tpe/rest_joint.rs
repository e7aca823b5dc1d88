//! The joint density of the trials that are not good, without looking at all of them.
//!
//! The prior and the single kernels, a [`Mixture`], give a lower bound of the density at a candidate. A regular kernel that
//! is so far from it that `n` of them would add less than a share of 7·10⁻⁷ to the bound is left out, with the whole
//! [`Leaf`] that it is in where that is so far; the bound rises while nearer ones are added.
//!
//! Where only the best candidate is asked for, some leaves tell which ones it may be. Their densities are
//! found first; the others' sums, those leaves first that these owe most to, end as soon as they are too large for `l/g` to be as good.

use super::asked::Asked;
use super::cloud::{LEAF, Leaf, Side};
use super::grid::MOST_VALUES;
use super::group_memory::{Axis, Joint};
use super::line::{Line, PendingWidths};
use super::mass::{HEIGHT, NARROW, mixed_masses, narrow_masses};
use super::mixture::{Mixture, Normals, weighted_sum};
use super::rest::{Rest, hit_and_miss};
use super::wide::{Work, widely};

/// The share of the density that kernels left out may have together.
const TOLERANCE: f64 = 7e-7;

/// So many leaves tell which candidate may be the best, if there are at least twice as many.
const SAMPLE: usize = 8;

/// So many candidates may be the best.
const FIRST: usize = 3;

/// What a value on a grid, or a choice, makes of a regular kernel.
enum Factor<'a> {
    /// By slot.
    Shares(&'a [f64; MOST_VALUES]),
    /// For the own choice and for each other one.
    Choice { own: u16, hit: f64, miss: f64 },
    /// The mass between these coordinates.
    Cell(f64, f64),
}

/// The candidates on an axis of a grid or of choices.
struct Stepped<'a> {
    axis: usize,
    factors: Vec<Factor<'a>>,
    /// By candidate.
    of: &'a [usize],
    /// Place of the first value among all axes' values.
    first: usize,
}

/// The candidates as the regular kernels see them.
struct Points<'a> {
    /// Axes that are continuous ranges, and the coordinate of each candidate.
    spread: Vec<(usize, Vec<f64>)>,
    stepped: Vec<Stepped<'a>>,
    values: usize,
    /// By candidate, then by axis.
    sides: Vec<Vec<Side>>,
    /// The largest height a regular kernel of weight 1 can have at a candidate; it falls with the distance as the kernel does.
    largest: Vec<f64>,
}

/// Sums on their way.
struct Progress<'a> {
    points: Points<'a>,
    leaves: Vec<Leaf<'a>>,
    /// Weights times heights, by rank.
    heights: Vec<f64>,
    /// By candidate, then by leaf.
    distances: Vec<Vec<f64>>,
    sums: Vec<f64>,
    /// Squared distances beyond which kernels are left out, the sums that they follow from, and the least share of a sum
    /// that counts.
    limits: Vec<f64>,
    sums_of_limits: Vec<f64>,
    least_shares: Vec<f64>,
    /// By axis and value, for the points of a leaf.
    factors: Vec<[f64; LEAF]>,
    are_known: Vec<bool>,
}

/// One leaf's kernels at some candidates.
struct LeafSums<'a> {
    leaf: Leaf<'a>,
    points: &'a Points<'a>,
    heights: &'a [f64],
    candidates: &'a [usize],
    limits: &'a [f64],
    sums: &'a mut [f64],
    factors: &'a mut [[f64; LEAF]],
    are_known: &'a mut [bool],
}

impl Rest<'_> {
    /// The density, but for its weights' total, at each candidate. Given `ln l` of the candidates, sums may be too
    /// small where `l/g` is not the largest all the same.
    pub(super) fn joint(&self, joint: &Joint, candidates: &[Vec<f64>], ln_good: Option<&[f64]>) -> Vec<f64> {
        let asked = Asked::by_axis(&self.memory.dimensions, candidates);
        let widths: Vec<PendingWidths> =
            self.memory.axes.iter().zip(self.pending).map(|(axis, pending)| axis.with_pending(pending)).collect();
        // While few kernels are regular, they are not worth a look at the leaves.
        let is_worth_it = 2 * joint.odd.len() < self.memory.rest();
        let mut singles: Vec<u32> = match is_worth_it {
            true => joint.odd.iter().copied().collect(),
            false => self.memory.rest_ranks().collect(),
        };
        singles.extend(widths.iter().flat_map(|widths| &widths.widened));
        singles.sort_unstable();
        singles.dedup();
        let certain = self.singles_mixture(&singles, &widths).sums(candidates.len(), &asked, &self.memory.axes);
        if !is_worth_it {
            return certain;
        }
        let heights = self.regular_heights(joint, &singles);
        let mut progress = Progress::new(self, joint, (candidates, &asked), (heights, certain));
        match ln_good {
            Some(ln_good) if progress.leaves.len() >= 2 * SAMPLE => progress.add_for_best(ln_good),
            _ => progress.add_all(),
        }
        progress.sums
    }

    /// These trials and the pending ones, kernel by kernel, and the prior.
    fn singles_mixture(&self, ranks: &[u32], widths: &[PendingWidths]) -> Mixture {
        let ranked = ranks.iter().map(|&rank| self.weight(rank));
        let rest = self.memory.rest();
        let pending = (rest..self.observations).map(|index| self.ramp.weight(index));
        let mut mixture = Mixture::new(ranked.chain(pending).chain([self.options.prior_weight]).collect());
        for ((axis, widths), pending) in self.memory.axes.iter().zip(widths).zip(self.pending) {
            match axis {
                Axis::Number(line) => mixture.push_normals(line.interval, normals(line, ranks, (pending, widths))),
                Axis::Choice { choices, values } => {
                    let ranked = ranks.iter().map(|&rank| values[rank as usize]);
                    let codes = ranked.chain(pending.iter().map(|&choice| choice as u32)).collect();
                    mixture.push_chosen(*choices, codes, hit_and_miss(*choices, self.observations, self.options));
                }
            }
        }
        mixture
    }

    /// Weights times heights of the regular kernels, by rank; 0 for all others.
    fn regular_heights(&self, joint: &Joint, singles: &[u32]) -> Vec<f64> {
        let mut height = 1.0;
        for axis in &self.memory.axes {
            if let Axis::Number(line) = axis
                && line.interval.step.is_none()
            {
                height *= HEIGHT / line.least_width;
            }
        }
        let mut heights: Vec<f64> = Vec::with_capacity(joint.amplitudes.len());
        // Between two good trials the index of a trial differs from its rank by the same number.
        let ends = self.memory.good.iter().map(|&rank| rank as usize).chain([joint.amplitudes.len()]);
        for (good, end) in ends.enumerate() {
            let start = heights.len();
            let ranks = start..end;
            heights.extend(ranks.clone().map(|rank| self.ramp.weight(rank - good) * joint.amplitudes[rank] * height));
            if end < joint.amplitudes.len() {
                heights.push(0.0);
            }
        }
        singles.iter().for_each(|&rank| heights[rank as usize] = 0.0);
        heights
    }

    fn points<'b>(&'b self, joint: &Joint, asked: &'b [Asked], candidates: &[Vec<f64>]) -> Points<'b> {
        let none = Side { low: 0.0, high: 0.0, other_choice: 0.0 };
        let mut points = Points {
            spread: Vec::new(),
            stepped: Vec::new(),
            values: 0,
            sides: vec![vec![none; asked.len()]; candidates.len()],
            largest: vec![joint.largest_amplitude; candidates.len()],
        };
        for (index, (axis, asked)) in self.memory.axes.iter().zip(asked).enumerate() {
            match (axis, asked) {
                (Axis::Number(line), Asked::Spread(positions)) => points.add_spread(index, line, positions),
                (Axis::Number(line), Asked::Stepped { values, of }) => {
                    let cells: Vec<(f64, f64)> = values.iter().map(|&value| line.interval.cell(value)).collect();
                    for (candidate, &value) in of.iter().enumerate() {
                        let (left, right) = cells[value];
                        let (low, high) = (line.coordinate(left), line.coordinate(right));
                        points.sides[candidate][index] = Side { low, high, other_choice: 0.0 };
                        points.largest[candidate] *= match &line.grid {
                            Some(grid) => grid.bound(grid.slot(values[value])),
                            // The largest mass of a cell in a kernel that touches it.
                            None => ((high - low) * HEIGHT).min(1.0),
                        };
                    }
                    let factors = values.iter().zip(cells).map(|(&value, (left, right))| match &line.grid {
                        Some(grid) => Factor::Shares(grid.shares(grid.slot(value))),
                        None => Factor::Cell(line.coordinate(left), line.coordinate(right)),
                    });
                    points.add_stepped(index, factors.collect(), of);
                }
                (Axis::Choice { choices, .. }, Asked::Stepped { values, of }) => {
                    let (hit, miss) = hit_and_miss(*choices, self.observations, self.options);
                    for (candidate, &value) in of.iter().enumerate() {
                        let other_choice = (2.0 * libm::log(hit / miss)).max(0.0);
                        let at = values[value];
                        points.sides[candidate][index] = Side { low: at, high: at, other_choice };
                        points.largest[candidate] *= hit.max(miss);
                    }
                    let factors = values.iter().map(|&own| Factor::Choice { own: own as u16, hit, miss });
                    points.add_stepped(index, factors.collect(), of);
                }
                // A choice has no position.
                (Axis::Choice { .. }, Asked::Spread(_)) => {}
            }
        }
        points
    }
}

/// Kernels of these trials, then of the pending ones.
fn normals(line: &Line, ranks: &[u32], (pending, widths): (&[f64], &PendingWidths)) -> Normals {
    let positions = ranks.iter().map(|&rank| line.positions[rank as usize]);
    let mut normals = Normals {
        centres: positions.chain(pending.iter().copied()).collect(),
        widths: vec![line.least_width; ranks.len()],
        slots: Vec::new(),
    };
    normals.widths.extend(&widths.own);
    if let Some(grid) = &line.grid {
        normals.slots = ranks.iter().map(|&rank| line.slot(rank)).collect();
        let regular = |(&position, &width): (&f64, &f64)| {
            if width == line.least_width { grid.slot_of_position(position) } else { None }
        };
        normals.slots.extend(pending.iter().zip(&widths.own).map(regular));
    }
    let known = line.odd_widths().chain(widths.changed.iter().map(|(&rank, &width)| (rank, width)));
    for (rank, width) in known {
        if let Ok(place) = ranks.binary_search(&rank) {
            normals.widths[place] = width;
            if width != line.least_width
                && let Some(slot) = normals.slots.get_mut(place)
            {
                *slot = None;
            }
        }
    }
    normals
}

impl Factor<'_> {
    /// At the points of a leaf.
    #[inline(always)]
    fn at(&self, leaf: &Leaf<'_>, axis: usize, factors: &mut [f64]) {
        match self {
            Self::Shares(shares) => {
                for (factor, &slot) in factors.iter_mut().zip(leaf.slots(axis)) {
                    // The remainder is the slot itself, and needs no check of bounds.
                    *factor = shares[slot as usize % MOST_VALUES];
                }
            }
            Self::Choice { own, hit, miss } => {
                for (factor, slot) in factors.iter_mut().zip(leaf.slots(axis)) {
                    *factor = if slot == own { *hit } else { *miss };
                }
            }
            Self::Cell(left, right) if right - left <= NARROW => {
                narrow_masses(factors, leaf.coordinates(axis), &[1.0; LEAF], (*left, *right));
            }
            Self::Cell(left, right) => mixed_masses(factors, leaf.coordinates(axis), &[1.0; LEAF], (*left, *right)),
        }
    }
}

impl<'a> Points<'a> {
    fn add_spread(&mut self, axis: usize, line: &Line, positions: &[f64]) {
        let coordinates: Vec<f64> = positions.iter().map(|&position| line.coordinate(position)).collect();
        for ((sides, largest), &at) in self.sides.iter_mut().zip(&mut self.largest).zip(&coordinates) {
            sides[axis] = Side { low: at, high: at, other_choice: 0.0 };
            *largest *= HEIGHT / line.least_width;
        }
        self.spread.push((axis, coordinates));
    }

    fn add_stepped(&mut self, axis: usize, factors: Vec<Factor<'a>>, of: &'a [usize]) {
        let first = self.values;
        self.values += factors.len();
        self.stepped.push(Stepped { axis, factors, of, first });
    }
}

impl<'a> Progress<'a> {
    fn new(
        rest: &'a Rest<'_>,
        joint: &'a Joint,
        (candidates, asked): (&[Vec<f64>], &'a [Asked]),
        (heights, certain): (Vec<f64>, Vec<f64>),
    ) -> Self {
        let points = rest.points(joint, asked, candidates);
        let leaves = joint.cloud.leaves();
        let mut progress = Self {
            distances: points.sides.iter().map(|sides| joint.cloud.distances(sides)).collect(),
            leaves,
            heights,
            limits: vec![0.0; certain.len()],
            sums_of_limits: certain.clone(),
            least_shares: points
                .largest
                .iter()
                .map(|largest| TOLERANCE / (rest.observations as f64 * largest))
                .collect(),
            sums: certain,
            factors: vec![[0.0; LEAF]; points.values],
            are_known: vec![false; points.values],
            points,
        };
        (0..progress.sums.len()).for_each(|candidate| progress.set_limit(candidate));
        progress
    }

    fn set_limit(&mut self, candidate: usize) {
        let sum = self.sums[candidate];
        self.sums_of_limits[candidate] = sum;
        self.limits[candidate] = -2.0 * libm::log(sum * self.least_shares[candidate]);
    }

    fn add_all(&mut self) {
        let all: Vec<usize> = (0..self.sums.len()).collect();
        (0..self.leaves.len()).for_each(|leaf| self.add(leaf, &all));
    }

    /// Sums are complete for the candidate with the largest `l/g`.
    fn add_for_best(&mut self, ln_good: &[f64]) {
        let all: Vec<usize> = (0..self.sums.len()).collect();
        let certain = self.sums.clone();
        let stride = self.leaves.len() / SAMPLE;
        (0..self.leaves.len()).step_by(stride).for_each(|leaf| self.add(leaf, &all));
        let estimate = |candidate: usize| {
            let sampled = self.sums[candidate] - certain[candidate];
            ln_good[candidate] - libm::log(certain[candidate] + stride as f64 * sampled)
        };
        let estimates: Vec<f64> = all.iter().map(|&candidate| estimate(candidate)).collect();
        let mut remaining = all;
        remaining.sort_by(|&a, &b| estimates[b].total_cmp(&estimates[a]).then(a.cmp(&b)));
        let first: Vec<usize> = remaining.drain(..FIRST.min(remaining.len())).collect();
        let total = |sums: &[f64]| first.iter().map(|&candidate| sums[candidate]).sum::<f64>();
        let others = (0..self.leaves.len()).filter(|leaf| !leaf.is_multiple_of(stride));
        let mut others: Vec<(f64, usize)> = others
            .map(|leaf| {
                let before = total(&self.sums);
                self.add(leaf, &first);
                (total(&self.sums) - before, leaf)
            })
            .collect();
        // Leaves that say much of some candidates say much of those near them too.
        others.sort_by(|left, right| right.0.total_cmp(&left.0).then(left.1.cmp(&right.1)));
        let scores = first.iter().map(|&candidate| ln_good[candidate] - libm::log(self.sums[candidate]));
        let best = scores.fold(f64::NEG_INFINITY, f64::max);
        let most: Vec<f64> = ln_good.iter().map(|good| libm::exp(good - best)).collect();
        for (_, leaf) in others {
            remaining.retain(|&candidate| self.sums[candidate] <= most[candidate]);
            self.add(leaf, &remaining);
        }
    }

    /// Add a leaf's kernels at those of the candidates that it is near to.
    fn add(&mut self, leaf: usize, candidates: &[usize]) {
        let is_near = |&candidate: &usize| self.distances[candidate][leaf] <= self.limits[candidate];
        let near: Vec<usize> = candidates.iter().copied().filter(is_near).collect();
        if near.is_empty() {
            return;
        }
        widely(LeafSums {
            leaf: self.leaves[leaf],
            points: &self.points,
            heights: &self.heights,
            candidates: &near,
            limits: &self.limits,
            sums: &mut self.sums,
            factors: &mut self.factors,
            are_known: &mut self.are_known,
        });
        for candidate in near {
            // A logarithm for every doubling is enough.
            if self.sums[candidate] > 2.0 * self.sums_of_limits[candidate] {
                self.set_limit(candidate);
            }
        }
    }
}

impl Work for LeafSums<'_> {
    type Output = ();

    // Loops, not iterators' closures: those are compiled once, for the plainest machine, unless they are inlined.
    #[inline(always)]
    fn run(mut self) {
        let mut heights = [0.0; LEAF];
        for (height, &rank) in heights.iter_mut().zip(self.leaf.ranks) {
            *height = self.heights[rank as usize];
        }
        self.are_known.fill(false);
        for &candidate in self.candidates {
            self.sums[candidate] += self.sum(candidate, &heights);
        }
    }
}

impl LeafSums<'_> {
    /// All kernels side by side. Beyond the leaf's points heights are 0.
    #[inline(always)]
    fn sum(&mut self, candidate: usize, heights: &[f64; LEAF]) -> f64 {
        let (mut products, mut exponents) = (*heights, [0.0; LEAF]);
        for (axis, coordinates) in &self.points.spread {
            let at = coordinates[candidate];
            for (exponent, &x) in exponents.iter_mut().zip(self.leaf.coordinates(*axis)) {
                let z = at - x;
                *exponent += z * z;
            }
        }
        for exponent in &mut exponents {
            *exponent *= 0.5;
        }
        for stepped in &self.points.stepped {
            let place = stepped.first + stepped.of[candidate];
            let factors = &mut self.factors[place];
            if !self.are_known[place] {
                self.are_known[place] = true;
                let points = self.leaf.ranks.len();
                stepped.factors[stepped.of[candidate]].at(&self.leaf, stepped.axis, &mut factors[..points]);
            }
            for (product, factor) in products.iter_mut().zip(factors) {
                *product *= *factor;
            }
        }
        weighted_sum(&products, &exponents, 0.5 * self.limits[candidate])
    }
}
