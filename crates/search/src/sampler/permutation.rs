//! A random order of `0..size` that is computed, not stored, in both directions.
//!
//! A balanced Feistel network permutes the numbers below the next power of four; a result that is not
//! below `size` is put through it again until it is (at most four times on average). Inverting walks the
//! same cycle back.
//!
//! # Source
//!
//! J. Black, P. Rogaway, "Ciphers with Arbitrary Finite Domains", CT-RSA 2002 (cycle walking).

use super::scramble::mix;

/// Enough for a thorough mix even of halves of one bit.
const ROUNDS: u64 = 8;

/// A permutation of `0..size`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Permutation {
    size: u128,
    half_bits: u32,
    key: u64,
}

impl Permutation {
    pub(super) fn new(size: u128, key: u64) -> Self {
        let bits = u128::BITS - size.saturating_sub(1).leading_zeros();
        Self { size, half_bits: bits.div_ceil(2).max(1), key }
    }

    /// The number at a place; both below `size`.
    pub(super) fn at(&self, place: u128) -> u128 {
        self.walk(place, |left, right| {
            (0..ROUNDS).fold((left, right), |(left, right), round| (right, left ^ self.round(right, round)))
        })
    }

    /// The place of a number: the inverse of [`at`](Self::at).
    pub(super) fn place_of(&self, number: u128) -> u128 {
        self.walk(number, |left, right| {
            (0..ROUNDS).rev().fold((left, right), |(left, right), round| (right ^ self.round(left, round), left))
        })
    }

    fn walk(&self, start: u128, network: impl Fn(u64, u64) -> (u64, u64)) -> u128 {
        debug_assert!(start < self.size, "{start} is not below {}", self.size);
        let mask = u64::MAX >> (u64::BITS - self.half_bits);
        let mut value = start;
        loop {
            let (left, right) = network((value >> self.half_bits) as u64 & mask, value as u64 & mask);
            value = u128::from(left) << self.half_bits | u128::from(right);
            if value < self.size {
                return value;
            }
        }
    }

    fn round(&self, half: u64, round: u64) -> u64 {
        // The upper bits of the hash are its best ones.
        mix(mix(self.key, round), half) >> (u64::BITS - self.half_bits)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_number_comes_once() {
        for size in [1_u128, 2, 3, 4, 5, 16, 17, 1_000] {
            for key in 0..20 {
                let permutation = Permutation::new(size, mix(key, 1));
                let mut numbers: Vec<u128> = (0..size).map(|place| permutation.at(place)).collect();
                numbers.sort_unstable();
                assert_eq!(numbers, (0..size).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn every_number_is_equally_likely_to_come_first() {
        for size in [2_usize, 3, 5, 10] {
            let mut firsts = vec![0_usize; size];
            for key in 0..10_000 {
                firsts[Permutation::new(size as u128, mix(key, 7)).at(0) as usize] += 1;
            }
            let expected = 10_000 / size;
            let is_near = |&count: &usize| count.abs_diff(expected) < expected / 5;
            assert!(firsts.iter().all(is_near), "{size}: {firsts:?}");
        }
    }

    proptest! {
        #[test]
        fn a_number_s_place_is_where_it_comes(size in 1_u128.., place in any::<u128>(), key in any::<u64>()) {
            let permutation = Permutation::new(size, key);
            let number = permutation.at(place % size);
            prop_assert!(number < size);
            prop_assert_eq!(permutation.place_of(number), place % size);
        }
    }
}
