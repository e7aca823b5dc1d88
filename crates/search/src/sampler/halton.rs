//! The Halton sequence: like [`sobol`](super::sobol), without its preference for powers of two.
//!
//! Coordinate `j` of point `n` is `n` written in base `p_j` (the j-th prime), mirrored at the point. Any
//! number of dimensions; in high ones (large primes) the points fill a space more slowly than Sobol's.
//!
//! **Scrambling** is nested: digit `d` becomes `a d + c mod p` with random `a` and `c` that depend on the
//! seed, the dimension and all digits before it. For a prime base any two digits become independent
//! uniform ones, as under Owen's full permutations, and no table of permutations is kept.
//!
//! # Source
//!
//! J. H. Halton, Numer. Math. 2 (1960); A. B. Owen, "Randomly permuted (t, m, s)-nets", 1995, and
//! "Variance with alternative scramblings of digital nets", ACM TOMACS 13 (2003), section 3 (affine
//! scrambles). Unscrambled, the points are SciPy's `qmc.Halton`.

use super::scramble::{below, key, mix};
use super::{Request, Sampler, SamplerError};
use crate::space::Assignment;

/// The options of [`Halton`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HaltonOptions {
    /// Nested scrambling of the digits. Without it the sequence is the same for every seed, starts in
    /// the corner of all low ends, and is poor beyond some 10 dimensions. Default: yes.
    pub scramble: bool,
}

impl Default for HaltonOptions {
    fn default() -> Self {
        Self { scramble: true }
    }
}

/// The Halton sequence.
#[derive(Debug, Clone, Default)]
pub struct Halton {
    options: HaltonOptions,
    primes: Vec<u64>,
}

impl Halton {
    /// A sampler with these options.
    #[must_use]
    pub fn new(options: HaltonOptions) -> Self {
        Self { options, primes: Vec::new() }
    }

    fn prepare(&mut self, dimensions: usize) {
        let mut candidate = self.primes.last().map_or(2, |last| last + 1);
        while self.primes.len() < dimensions {
            let mut divisors = self.primes.iter().take_while(|prime| *prime * *prime <= candidate);
            if divisors.all(|prime| !candidate.is_multiple_of(*prime)) {
                self.primes.push(candidate);
            }
            candidate += 1;
        }
    }
}

impl Sampler for Halton {
    fn name(&self) -> &'static str {
        "halton"
    }

    fn propose(&mut self, request: &Request<'_>) -> Result<Assignment, SamplerError> {
        self.prepare(request.space.len());
        let is_plain = !self.options.scramble && request.attempt == 0;
        let share = |dimension: usize, attempt: u32| {
            let base = self.primes[dimension];
            if is_plain && attempt == 0 {
                return mirrored(request.number, base);
            }
            let words = [request.seed, request.attempt, u64::from(attempt), dimension as u64];
            scrambled(request.number, base, key("halton", &words))
        };
        Ok(request.space.place(share, &mut request.stream())?)
    }
}

/// The digits of `index` in a base, mirrored at the point.
fn mirrored(mut index: u64, base: u64) -> f64 {
    let (mut sum, mut place) = (0.0, 1.0);
    while index > 0 {
        place /= base as f64;
        sum += (index % base) as f64 * place;
        index /= base;
    }
    sum
}

/// The same, each digit scrambled, down to the last place that a float can tell.
fn scrambled(mut index: u64, base: u64, key: u64) -> f64 {
    let (mut sum, mut place, mut hash) = (0.0, 1.0, mix(key, 0));
    while place > f64::EPSILON / 2.0 {
        place /= base as f64;
        let digit = index % base;
        index /= base;
        let factor = 1 + below(hash, base - 1);
        let offset = below(mix(hash, base), base);
        sum += ((factor * digit + offset) % base) as f64 * place;
        hash = mix(hash, digit);
    }
    // Adding up can round to 1.
    f64::min(sum, 1.0 - f64::EPSILON / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampler::quasi_tests::{discrepancy, oracle, points, random_discrepancy};

    #[test]
    fn unscrambled_points_are_scipy_s() {
        let mut halton = Halton::default();
        halton.prepare(12);
        assert_eq!(halton.primes, [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37]);
        for (index, point) in oracle("halton").iter().enumerate() {
            for (&base, &expected) in halton.primes.iter().zip(point) {
                let got = mirrored(index as u64, base);
                assert!((got - expected).abs() < 1e-15, "point {index}, base {base}: {got}, not {expected}");
            }
        }
    }

    #[test]
    fn every_scrambled_dimension_has_one_point_in_each_cell_of_its_base() {
        for seed in 0..5 {
            for (dimension, base) in [(1, 3_usize), (2, 5), (4, 11)] {
                let cells = base * base;
                let points = points(&mut Halton::default(), seed, 5, cells);
                let mut seen: Vec<usize> =
                    points.iter().map(|point| (point[dimension] * cells as f64) as usize).collect();
                seen.sort_unstable();
                assert_eq!(seen, (0..cells).collect::<Vec<_>>(), "seed {seed}, base {base}");
            }
        }
    }

    #[test]
    fn scrambled_points_are_spread_more_evenly_than_random_ones() {
        let worst = (0..10).map(|seed| discrepancy(&points(&mut Halton::default(), seed, 4, 128)));
        let worst = worst.fold(0.0, f64::max);
        assert!(worst < 0.5 * random_discrepancy(4, 128), "{worst}");
    }
}
