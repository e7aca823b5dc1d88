//! Densities from kernels side by side: each quantity of all kernels in one array.
//!
//! The densities are those of [`ParzenEstimator`](super::parzen::ParzenEstimator), with [`mass`](super::mass)'s error: below
//! 10⁻⁶ in the logarithm for 20 axes. On a grid the kernels' masses are computed once for each value that occurs
//! among the candidates.

use std::f64::consts::FRAC_1_SQRT_2;
use std::ops::Range;

use super::asked::Asked;
use super::dimension::{Dimension, Interval};
use super::exponential::short_exp;
use super::grid::MOST_VALUES;
use super::group_memory::{Axis, GroupMemory};
use super::mass::{HEIGHT, NARROW, inside, mixed_masses, narrow_masses};
use super::options::TpeOptions;
use super::parzen::{Observations, kernel_widths, mixture_weights};
use super::rest::hit_and_miss;
use super::wide::{Work, widely};

/// Beside the prior a kernel is nothing when its exponent is above this, and so much more for each axis: there it may be
/// a hundred times as high as the prior.
const NEGLIGIBLE: f64 = 40.0;
const PER_AXIS: f64 = 5.0;

/// So many kernels are computed at a time.
pub(super) const CHUNK: usize = 64;

/// So many kernels are looked at together, for the vector units and to leave out those that are far.
const LANES: usize = 16;

/// A weighted sum of kernels.
#[derive(Debug, Clone, Default)]
pub(super) struct Mixture {
    /// Weights times what does not depend on the candidate.
    heights: Vec<f64>,
    columns: Vec<Column>,
}

/// The kernels on one axis.
#[derive(Debug, Clone)]
enum Column {
    /// A continuous range; scales are `1 / (√2 width)`.
    Spread {
        centres: Vec<f64>,
        scales: Vec<f64>,
    },
    Stepped(Stepped),
    Chosen(Chosen),
}

/// The kernels on a grid.
#[derive(Debug, Clone)]
struct Stepped {
    interval: Interval,
    /// Slots of kernels whose shares the axis knows; empty if there are none.
    slots: Vec<u16>,
    /// The others: which, where, and `1 / width`.
    odd: Vec<u32>,
    centres: Vec<f64>,
    scales: Vec<f64>,
    largest_scale: f64,
    /// Where each chunk's begin, and the end.
    chunks: Vec<usize>,
}

/// The kernels on an axis of choices.
#[derive(Debug, Clone)]
struct Chosen {
    choices: usize,
    /// The prior has the number of choices.
    codes: Vec<u32>,
    hit: f64,
    miss: f64,
}

/// Kernels of a numerical axis, before they are part of a mixture.
#[derive(Debug, Clone, Default)]
pub(super) struct Normals {
    pub(super) centres: Vec<f64>,
    pub(super) widths: Vec<f64>,
    /// Slots of kernels whose shares a small grid knows; empty if there are none.
    pub(super) slots: Vec<Option<usize>>,
}

impl Mixture {
    /// The density of observations and the prior; its weights make 1.
    pub(super) fn of(dimensions: &[Dimension], observations: &Observations, options: &TpeOptions) -> Self {
        let mut mixture = Self::new(mixture_weights(observations.len, options));
        let columns = observations.positions.iter().zip(&observations.sorted);
        for (dimension, (positions, sorted)) in dimensions.iter().zip(columns) {
            match dimension {
                Dimension::Numerical(interval) => {
                    let mut normals = Normals { centres: positions.clone(), ..Normals::default() };
                    normals.widths = kernel_widths(*interval, positions, sorted, options);
                    mixture.push_normals(*interval, normals);
                }
                Dimension::Categorical { choices } => {
                    let codes = positions.iter().map(|&position| position as u32).collect();
                    mixture.push_chosen(*choices, codes, hit_and_miss(*choices, observations.len, options));
                }
            }
        }
        mixture
    }

    /// Kernels of these weights, the prior's last, and no axes yet.
    pub(super) fn new(weights: Vec<f64>) -> Self {
        Self { heights: weights, columns: Vec::new() }
    }

    /// Add a numerical axis: the kernels but for the prior's.
    pub(super) fn push_normals(&mut self, interval: Interval, mut normals: Normals) {
        normals.centres.push(0.5 * (interval.start + interval.end));
        normals.widths.push(interval.width());
        let scales: Vec<f64> = normals.widths.iter().map(|width| 1.0 / width).collect();
        let slot = |kernel: usize| normals.slots.get(kernel).copied().flatten();
        let kernels = self.heights.iter_mut().zip(normals.centres.iter().zip(&scales)).enumerate();
        for (kernel, (height, (&centre, &scale))) in kernels {
            if slot(kernel).is_none() {
                let inside = inside((interval.start - centre) * scale, (interval.end - centre) * scale);
                // One so far outside that it has no mass in the range has no share of it either.
                *height *= if inside > 1e-300 { 1.0 / inside } else { 0.0 };
            }
        }
        if interval.step.is_none() {
            self.heights.iter_mut().zip(&scales).for_each(|(height, scale)| *height *= HEIGHT * scale);
            let scales = scales.iter().map(|scale| FRAC_1_SQRT_2 * scale).collect();
            self.columns.push(Column::Spread { centres: normals.centres, scales });
            return;
        }
        let odd: Vec<u32> = (0..scales.len()).filter(|&kernel| slot(kernel).is_none()).map(|k| k as u32).collect();
        let slots = match odd.len() == scales.len() {
            true => Vec::new(),
            false => (0..scales.len()).map(|kernel| slot(kernel).unwrap_or(0) as u16).collect(),
        };
        let chunks = (0..=scales.len().div_ceil(CHUNK)).map(|c| odd.partition_point(|&k| (k as usize) < c * CHUNK));
        let chunks = chunks.collect();
        let scales: Vec<f64> = odd.iter().map(|&kernel| scales[kernel as usize]).collect();
        self.columns.push(Column::Stepped(Stepped {
            interval,
            slots,
            centres: odd.iter().map(|&kernel| normals.centres[kernel as usize]).collect(),
            largest_scale: scales.iter().copied().fold(0.0, f64::max),
            scales,
            chunks,
            odd,
        }));
    }

    /// Add an axis of choices: the kernels but for the prior's.
    pub(super) fn push_chosen(&mut self, choices: usize, mut codes: Vec<u32>, (hit, miss): (f64, f64)) {
        codes.push(choices as u32);
        self.columns.push(Column::Chosen(Chosen { choices, codes, hit, miss }));
    }

    /// The logarithm of the density at each candidate, for a group.
    pub(super) fn ln_density(&self, memory: &GroupMemory, candidates: &[Vec<f64>]) -> Vec<f64> {
        let asked = Asked::by_axis(&memory.dimensions, candidates);
        self.sums(candidates.len(), &asked, &memory.axes).into_iter().map(libm::log).collect()
    }

    /// The density at each of so many candidates. The axes are asked for the shares of slots.
    pub(super) fn sums(&self, candidates: usize, asked: &[Asked], axes: &[Axis]) -> Vec<f64> {
        widely(Sums { mixture: self, candidates, asked, axes })
    }
}

/// The sums for all candidates.
struct Sums<'a> {
    mixture: &'a Mixture,
    candidates: usize,
    asked: &'a [Asked],
    axes: &'a [Axis],
}

impl Work for Sums<'_> {
    type Output = Vec<f64>;

    // Loops, not iterators' closures: those are compiled once, for the plainest machine, unless they are inlined.
    // Some kernels at a time, so that all that is known of them stays in the nearest cache.
    #[inline(always)]
    fn run(self) -> Vec<f64> {
        let Mixture { heights, columns } = self.mixture;
        let negligible = NEGLIGIBLE + PER_AXIS * columns.len() as f64;
        let mut sums = vec![0.0; self.candidates];
        let mut products = vec![[0.0; CHUNK]; self.candidates];
        let mut exponents = products.clone();
        let mut factors = Vec::new();
        for (chunk, heights) in heights.chunks(CHUNK).enumerate() {
            let kernels = heights.len();
            let range = chunk * CHUNK..chunk * CHUNK + kernels;
            for (products, exponents) in products.iter_mut().zip(&mut exponents) {
                products[..kernels].copy_from_slice(heights);
                products[kernels..].fill(0.0);
                exponents.fill(0.0);
            }
            for (axis, (column, asked)) in columns.iter().zip(self.asked).enumerate() {
                match (column, asked) {
                    (Column::Spread { centres, scales }, Asked::Spread(positions)) => {
                        let (centres, scales) = (&centres[range.clone()], &scales[range.clone()]);
                        for (exponents, &position) in exponents.iter_mut().zip(positions) {
                            add_squares(exponents, position, centres, scales);
                        }
                    }
                    (column, Asked::Stepped { values, of }) => {
                        factors.resize(values.len().max(factors.len()), [0.0; CHUNK]);
                        match column {
                            Column::Stepped(stepped) => {
                                stepped.factors(values, &self.axes[axis], (chunk, range.clone()), &mut factors);
                            }
                            Column::Chosen(chosen) => chosen.factors(values, range.clone(), &mut factors),
                            Column::Spread { .. } => {}
                        }
                        for (products, &value) in products.iter_mut().zip(of) {
                            for (product, factor) in products.iter_mut().zip(&factors[value]) {
                                *product *= factor;
                            }
                        }
                    }
                    _ => {}
                }
            }
            for ((sum, products), exponents) in sums.iter_mut().zip(&products).zip(&exponents) {
                *sum += weighted_sum(products, exponents, negligible);
            }
        }
        sums
    }
}

#[inline(always)]
fn add_squares(exponents: &mut [f64], position: f64, centres: &[f64], scales: &[f64]) {
    for (exponent, (&centre, &scale)) in exponents.iter_mut().zip(centres.iter().zip(scales)) {
        let z = (position - centre) * scale;
        *exponent += z * z;
    }
}

/// `Σ product · e^-exponent`, leaving out what is negligible, sixteen at a time.
#[inline(always)]
pub(super) fn weighted_sum(products: &[f64; CHUNK], exponents: &[f64; CHUNK], negligible: f64) -> f64 {
    let mut sums = [0.0; LANES];
    for (products, exponents) in products.as_chunks::<LANES>().0.iter().zip(exponents.as_chunks::<LANES>().0) {
        let mut least = f64::INFINITY;
        for &exponent in exponents {
            least = if exponent < least { exponent } else { least };
        }
        if least > negligible {
            continue;
        }
        for lane in 0..LANES {
            sums[lane] += products[lane] * short_exp(-exponents[lane]);
        }
    }
    let mut left = LANES / 2;
    while left > 0 {
        for lane in 0..left {
            sums[lane] += sums[lane + left];
        }
        left /= 2;
    }
    sums[0]
}

impl Stepped {
    /// The mass of each value's cell in each kernel of a chunk, value by value.
    #[inline(always)]
    fn factors(
        &self,
        values: &[f64],
        axis: &Axis,
        (chunk, range): (usize, Range<usize>),
        factors: &mut [[f64; CHUNK]],
    ) {
        let odd = self.chunks[chunk]..self.chunks[chunk + 1];
        let (places, centres, scales) = (&self.odd[odd.clone()], &self.centres[odd.clone()], &self.scales[odd.clone()]);
        let mut masses = [0.0; CHUNK];
        let masses = &mut masses[..odd.len()];
        let slots = self.slots.get(range).unwrap_or(&[]);
        for (factors, &value) in factors.iter_mut().zip(values) {
            if let Some(grid) = axis.grid() {
                let shares = grid.shares(grid.slot(value));
                for (factor, &slot) in factors.iter_mut().zip(slots) {
                    *factor = shares[slot as usize % MOST_VALUES];
                }
            }
            let cell = self.interval.cell(value);
            if (cell.1 - cell.0) * self.largest_scale <= NARROW {
                narrow_masses(masses, centres, scales, cell);
            } else {
                mixed_masses(masses, centres, scales, cell);
            }
            for (&place, &mass) in places.iter().zip(&*masses) {
                factors[place as usize % CHUNK] = mass;
            }
        }
    }
}

impl Chosen {
    #[inline(always)]
    fn factors(&self, values: &[f64], range: Range<usize>, factors: &mut [[f64; CHUNK]]) {
        for (factors, &value) in factors.iter_mut().zip(values) {
            let own = value as u32;
            for (factor, &code) in factors.iter_mut().zip(&self.codes[range.clone()]) {
                *factor = if code == own { self.hit } else { self.miss };
            }
            if range.end == self.codes.len() {
                factors[(range.end - 1) % CHUNK] = 1.0 / self.choices as f64;
            }
        }
    }
}
