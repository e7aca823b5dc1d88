//! The Sobol sequence: points that fill a space evenly, whatever the results.
//!
//! Trial `n` is point `n` of the sequence, so that the first `2^k` trials are balanced in every
//! dimension, and the next `2^k` fill their gaps. Each parameter has a dimension, in the order of
//! declaration; its coordinate is a share of its distribution ([`Space::place`](crate::space::Space::place)).
//!
//! **Scrambling** is Owen's: each bit is flipped by a random bit that depends on the seed, the dimension
//! and all bits above it, which keeps the balance and makes every point uniform. Another attempt, or
//! another try where a relation is broken, is the same point of another scramble.
//!
//! **Limits.** 256 dimensions; parameters beyond are drawn at random. 52 bits a coordinate.
//!
//! # Source
//!
//! S. Joe, F. Y. Kuo, SIAM J. Sci. Comput. 30 (2008): direction numbers; I. A. Antonov, V. M. Saleev,
//! USSR Comput. Math. Math. Phys. 19 (1980): Gray-code order; A. B. Owen, "Randomly permuted (t, m, s)-nets
//! and (t, s)-sequences", 1995: scrambling. Unscrambled, the points are SciPy's `qmc.Sobol`.

mod directions;

use super::scramble::{key, mix, unit};
use super::{Request, Sampler, SamplerError};
use crate::space::Assignment;
use directions::DIRECTIONS;

/// Bits of a coordinate: all that the shares of a float in `[0, 1)` have at any place.
const BITS: usize = 52;

/// The dimensions that have direction numbers.
pub const SOBOL_DIMENSIONS: usize = DIRECTIONS.len() + 1;

/// The options of [`Sobol`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SobolOptions {
    /// Owen's scrambling. Without it the sequence is the same for every seed, and starts in the
    /// corner of all low ends. Default: yes.
    pub scramble: bool,
}

impl Default for SobolOptions {
    fn default() -> Self {
        Self { scramble: true }
    }
}

/// The Sobol sequence.
#[derive(Debug, Clone, Default)]
pub struct Sobol {
    options: SobolOptions,
    /// Direction numbers by dimension, as far as they have been needed.
    directions: Vec<[u64; BITS]>,
}

impl Sobol {
    /// A sampler with these options.
    #[must_use]
    pub fn new(options: SobolOptions) -> Self {
        Self { options, directions: Vec::new() }
    }

    fn prepare(&mut self, dimensions: usize) {
        let wanted = dimensions.min(SOBOL_DIMENSIONS);
        self.directions.extend((self.directions.len()..wanted).map(direction_numbers));
    }
}

impl Sampler for Sobol {
    fn name(&self) -> &'static str {
        "sobol"
    }

    fn propose(&mut self, request: &Request<'_>) -> Result<Assignment, SamplerError> {
        self.prepare(request.space.len());
        let is_plain = !self.options.scramble && request.attempt == 0;
        let share = |dimension: usize, attempt: u32| {
            let scramble = key("sobol", &[request.seed, request.attempt, u64::from(attempt), dimension as u64]);
            let Some(directions) = self.directions.get(dimension) else {
                return unit(mix(scramble, request.number));
            };
            let bits = coordinate(directions, request.number);
            let bits = if is_plain && attempt == 0 { bits } else { scrambled(bits, scramble) };
            bits as f64 / (1_u64 << BITS) as f64
        };
        Ok(request.space.place(share, &mut request.stream())?)
    }
}

/// The direction numbers of a dimension, the first in the highest bit: `m_k / 2^k`.
fn direction_numbers(dimension: usize) -> [u64; BITS] {
    let mut numbers = [0_u64; BITS];
    let Some((polynomial, initial)) = dimension.checked_sub(1).map(|index| DIRECTIONS[index]) else {
        return std::array::from_fn(|k| 1 << (BITS - 1 - k));
    };
    let degree = initial.len();
    for k in 0..BITS {
        if let Some(&first) = initial.get(k) {
            numbers[k] = u64::from(first) << (BITS - 1 - k);
            continue;
        }
        let mut number = numbers[k - degree] ^ (numbers[k - degree] >> degree);
        for j in 1..degree {
            // The coefficient of x^(degree - j).
            if polynomial >> (degree - j) & 1 == 1 {
                number ^= numbers[k - j];
            }
        }
        numbers[k] = number;
    }
    numbers
}

/// Coordinate of point `index`, in units of `2^-BITS`.
fn coordinate(directions: &[u64; BITS], index: u64) -> u64 {
    let mut gray = index ^ (index >> 1);
    let mut bits = 0;
    for direction in directions {
        if gray == 0 {
            break;
        }
        if gray & 1 == 1 {
            bits ^= direction;
        }
        gray >>= 1;
    }
    bits
}

/// Owen's nested uniform scramble, from the highest bit down.
fn scrambled(bits: u64, key: u64) -> u64 {
    let (mut hash, mut out) = (mix(key, 0), 0);
    for place in (0..BITS).rev() {
        let bit = bits >> place & 1;
        out |= (bit ^ (hash >> 63)) << place;
        hash = mix(hash, bit + 1);
    }
    out
}

#[cfg(test)]
mod tests;
