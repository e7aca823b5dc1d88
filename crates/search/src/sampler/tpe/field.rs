//! Many normal kernels of one width, as masses on a grid of nodes.
//!
//! A normal density is the convolution of two of half its variance, and on nodes half a width apart the
//! trapezoid rule gives that convolution almost exactly: with width `σ`, nodes `z` and `h = σ/2`,
//!
//! `φ(x - c) = 1/(2πσ) · Σ_z e^-((c - z)/σ)² · e^-((x - z)/σ)²`, within a relative `2 e^(-2π²) = 5.4·10⁻⁹`
//!
//! for any `x` and `c`, however far apart (Poisson's summation formula: the sum over `z` is that of a normal density
//! around the middle of `x` and `c`, whose aliases are that small). So a kernel is 28 numbers added to nodes,
//! and the density of all kernels at `x` is a sum over 28 nodes, whatever their number.
//!
//! - **Reach**: nodes within 7 widths. For kernels nearer than that to `x` the rest is below a relative 10⁻¹²;
//!   farther ones are below 10⁻¹⁰ of their peak, and may be lost.
//! - **Rounding**: parts are multiples of 2⁻⁴⁰ (a relative 10⁻⁷ five widths away), so that their sums are exact ([`super::sums`]).
//! - **Truncation**: kernels carry `1 / mass inside the range` in their parts.
//!
//! # Source
//!
//! The idea is that of gridding with Gaussians (L. Greengard, J.-Y. Lee, "Accelerating the Nonuniform Fast
//! Fourier Transform", SIAM Review 46(3), 2004) applied to the fast Gauss transform (L. Greengard, J. Strain, 1991).

use std::f64::consts::PI;

use super::dimension::Interval;
use super::exponential::exp;
use super::sums::Parts;
use super::truncated_normal::normal_mass;

/// Kernels have `1/100` of the range as their width: `super::parzen`'s floor from 98 observations on.
pub(super) const WIDTHS_PER_RANGE: f64 = 100.0;

/// Nodes that a kernel reaches.
pub(super) const REACHED: usize = 28;

/// Nodes beyond each end of the range.
const MARGIN: usize = REACHED / 2;

/// One more than the nodes from the first reached by a position at the start to the last by one at the end.
const NODES: usize = 2 * WIDTHS_PER_RANGE as usize + 2 * MARGIN + 1;

/// One, in parts.
const ONE: f64 = (1_u64 << 40) as f64;

/// How many kernels can be on one node before its sum overflows: parts are at most two.
pub(super) const MOST_KERNELS: usize = 1 << 22;

/// The nodes over a range.
#[derive(Debug, Clone)]
pub(super) struct Field {
    interval: Interval,
    width: f64,
    /// `e^-(k/2)²` for the nodes reached, counted from the middle.
    profile: [f64; REACHED],
}

impl Field {
    pub(super) fn new(interval: Interval) -> Self {
        let middle = (MARGIN - 1) as f64;
        let profile = std::array::from_fn(|node| {
            let distance = (node as f64 - middle) / 2.0;
            libm::exp(-(distance * distance))
        });
        Self { interval, width: interval.width() / WIDTHS_PER_RANGE, profile }
    }

    /// Number of nodes.
    pub(super) fn len() -> usize {
        NODES
    }

    /// The parts of a kernel in the range.
    pub(super) fn parts(&self, centre: f64) -> Parts<REACHED> {
        let (start, fraction) = self.place(centre);
        let inside =
            normal_mass((self.interval.start - centre) / self.width, (self.interval.end - centre) / self.width);
        let (mut power, ratio) = self.powers(fraction);
        power *= ONE / inside;
        let parts = std::array::from_fn(|node| {
            let part = self.profile[node] * power;
            power *= ratio;
            (part + 0.5) as i64
        });
        Parts { start, parts }
    }

    /// The density at a position from the sums of all parts (of weights, in `nodes`).
    pub(super) fn density(&self, position: f64, nodes: &[f64]) -> f64 {
        let (start, fraction) = self.place(position);
        let (first, ratio) = self.powers(fraction);
        let nodes = &nodes[start..start + REACHED];
        // Horner's rule in four lanes: node 4s + r in lane r.
        let fourth = (ratio * ratio) * (ratio * ratio);
        let mut lanes = [0.0; 4];
        for row in (0..REACHED / 4).rev() {
            for lane in 0..4 {
                lanes[lane] = lanes[lane] * fourth + nodes[4 * row + lane] * self.profile[4 * row + lane];
            }
        }
        let sum = lanes[0] + ratio * (lanes[1] + ratio * (lanes[2] + ratio * lanes[3]));
        sum * first / (2.0 * PI * self.width * ONE)
    }

    /// The mass of the cell around a grid value.
    pub(super) fn mass(&self, (left, right): (f64, f64), nodes: &[f64]) -> f64 {
        if right - left > self.width / 4.0 {
            return self.mass_of_wide(left, right, nodes);
        }
        // Gauss and Legendre's rule of 4 points: below 10⁻⁸ for cells this narrow, as far as kernels matter.
        const POINTS: [(f64, f64); 2] =
            [(0.339_981_043_584_856_26, 0.652_145_154_862_546_1), (0.861_136_311_594_052_6, 0.347_854_845_137_453_85)];
        let (middle, half) = (0.5 * (left + right), 0.5 * (right - left));
        let pairs = POINTS.iter().map(|&(point, weight)| {
            weight * (self.density(middle - point * half, nodes) + self.density(middle + point * half, nodes))
        });
        half * pairs.sum::<f64>()
    }

    /// The integral of each node's normal density over a cell. There are at most 400 cells so wide.
    fn mass_of_wide(&self, left: f64, right: f64, nodes: &[f64]) -> f64 {
        let first = self.place(left).0;
        let last = (self.place(right).0 + REACHED).min(NODES);
        let step = self.width / 2.0;
        let masses = nodes[first..last].iter().enumerate().map(|(index, sum)| {
            let node = self.interval.start + ((first + index) as f64 - MARGIN as f64) * step;
            let scale = std::f64::consts::SQRT_2 / self.width;
            sum * normal_mass((left - node) * scale, (right - node) * scale)
        });
        // The density e^-((x - z)/σ)² has the mass σ√π.
        masses.sum::<f64>() * self.width * PI.sqrt() / (2.0 * PI * self.width * ONE)
    }

    /// First node reached from a position, and the position's distance from the middle one, in nodes.
    fn place(&self, position: f64) -> (usize, f64) {
        let inside = position.max(self.interval.start).min(self.interval.end);
        let place = (inside - self.interval.start) / self.width * 2.0;
        let whole = place as usize;
        (whole + 1, place - whole as f64)
    }

    /// With `f` the fraction: `e^-((k - f)/2)²` is `profile[k]` times the first times the second to the power of
    /// the node's number.
    fn powers(&self, fraction: f64) -> (f64, f64) {
        let middle = (MARGIN - 1) as f64;
        (exp(-0.25 * fraction * fraction - 0.5 * middle * fraction), exp(0.5 * fraction))
    }
}

#[cfg(test)]
mod tests {
    use super::super::dimension::Dimension;
    use super::super::grid::share;
    use super::*;
    use crate::testing::space::{float, int, log_int};

    fn interval(distribution: &crate::space::Distribution) -> Interval {
        match Dimension::of(distribution) {
            Dimension::Numerical(interval) => interval,
            Dimension::Categorical { .. } => panic!("a number"),
        }
    }

    fn nodes(field: &Field, centre: f64) -> Vec<f64> {
        let mut nodes = vec![0.0; NODES];
        let Parts { start, parts } = field.parts(centre);
        parts.iter().enumerate().for_each(|(index, &part)| nodes[start + index] = part as f64);
        nodes
    }

    #[test]
    fn one_kernel_has_the_density_of_its_normal() {
        let interval = interval(&float(-3.0, 7.0));
        let field = Field::new(interval);
        for centre in [-3.0, -2.96, 0.0, 1.234_567, 6.999, 7.0] {
            let nodes = nodes(&field, centre);
            for step in 0..=2_000 {
                let x = -3.0 + f64::from(step) * 0.005;
                let z = (x - centre) / field.width;
                let inside = normal_mass((-3.0 - centre) / field.width, (7.0 - centre) / field.width);
                let expected = libm::exp(-0.5 * z * z) / (field.width * (2.0 * PI).sqrt() * inside);
                let error = (field.density(x, &nodes) - expected).abs();
                let allowed = if z.abs() < 5.0 { 1e-7 * expected } else { 1e-10 };
                assert!(error <= allowed, "{centre} at {x}: {error} of {expected}");
            }
        }
    }

    #[test]
    fn cells_of_a_grid_get_their_masses() {
        for distribution in [int(0, 700), int(0, 100_000), log_int(1, 50_000)] {
            let interval = interval(&distribution);
            let field = Field::new(interval);
            for centre in [1.0, 20.0, 333.0, 699.0] {
                let centre = interval.position(centre);
                let nodes = nodes(&field, centre);
                for value in 1..700 {
                    let cell = interval.cell(f64::from(value));
                    let distance = (interval.position(f64::from(value)) - centre).abs() / field.width;
                    let expected = share(interval, cell, centre, field.width);
                    let error = (field.mass(cell, &nodes) - expected).abs();
                    let allowed = if distance < 5.0 { 1e-7 * expected } else { 1e-10 };
                    assert!(error <= allowed, "{distribution:?} {centre} {value}: {error} of {expected}");
                }
            }
        }
    }
}
