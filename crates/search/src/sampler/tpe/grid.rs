//! Kernels on small grids: the observations of a value share one kernel.
//!
//! A stepped range with up to 512 values has a *slot* for each. For every value asked about, the masses that
//! kernels of the least width on all values put into its cell are computed once and kept.

use std::cell::OnceCell;

use super::dimension::Interval;
use super::truncated_normal::normal_mass;

/// Grids with more values are treated as continuous ranges are.
pub(super) const MOST_VALUES: usize = 512;

/// Beyond so many widths a kernel's mass is below 10⁻¹⁸.
const REACH: f64 = 9.0;

/// The values of a small grid.
#[derive(Debug, Clone)]
pub(super) struct Grid {
    interval: Interval,
    step: f64,
    width: f64,
    shares: Vec<OnceCell<Box<Shares>>>,
}

/// The shares of one value's cell in the kernels on all values.
#[derive(Debug, Clone)]
struct Shares {
    /// By slot, and zeros.
    of_kernels: [f64; MOST_VALUES],
    /// No share is more than this times `e^-z²/2` for a kernel `z` widths from the cell.
    bound: f64,
}

impl Grid {
    /// The grid of a range, if it has one that is small. Kernels have this width.
    pub(super) fn of(interval: Interval, width: f64) -> Option<Self> {
        let step = interval.step?;
        let values = ((interval.high - interval.low) / step).round() + 1.0;
        let shares = || vec![OnceCell::new(); values as usize];
        (values <= MOST_VALUES as f64).then(|| Self { interval, step, width, shares: shares() })
    }

    /// Number of values.
    pub(super) fn len(&self) -> usize {
        self.shares.len()
    }

    /// The slot of a value of the grid.
    pub(super) fn slot(&self, internal: f64) -> usize {
        let slot = ((internal - self.interval.low) / self.step).round();
        (slot.max(0.0) as usize).min(self.len() - 1)
    }

    /// The slot of a position; `None` if it is not on the grid.
    pub(super) fn slot_of_position(&self, position: f64) -> Option<usize> {
        let slot = self.slot(self.interval.internal(position));
        ((self.position(slot) - position).abs() <= 1e-9 * self.width).then_some(slot)
    }

    /// For each slot, the share of the cell of `slot` in the mass of the kernel there; 0 beyond the last.
    pub(super) fn shares(&self, slot: usize) -> &[f64; MOST_VALUES] {
        &self.known(slot).of_kernels
    }

    /// What no share of the cell of `slot` exceeds, but for `e^-z²/2` with the kernel's distance in widths.
    pub(super) fn bound(&self, slot: usize) -> f64 {
        self.known(slot).bound
    }

    fn known(&self, slot: usize) -> &Shares {
        self.shares[slot].get_or_init(|| {
            let (left, right) = self.interval.cell(self.interval.low + slot as f64 * self.step);
            let share = |other| {
                let centre = self.position(other);
                let is_far = left - centre > REACH * self.width || centre - right > REACH * self.width;
                if is_far { 0.0 } else { share(self.interval, (left, right), centre, self.width) }
            };
            let mut shares = Box::new(Shares { of_kernels: [0.0; MOST_VALUES], bound: 0.0 });
            for other in 0..self.len() {
                let centre = self.position(other);
                let z = (left - centre).max(centre - right).max(0.0) / self.width;
                let share = share(other);
                shares.of_kernels[other] = share;
                shares.bound = shares.bound.max(share * libm::exp(0.5 * z * z));
            }
            shares
        })
    }

    fn position(&self, slot: usize) -> f64 {
        self.interval.position(self.interval.low + slot as f64 * self.step)
    }
}

/// The share of a cell in a kernel's mass inside the range.
pub(super) fn share(interval: Interval, (left, right): (f64, f64), centre: f64, width: f64) -> f64 {
    let mass = |start: f64, end: f64| normal_mass((start - centre) / width, (end - centre) / width);
    mass(left, right) / mass(interval.start, interval.end)
}
