//! Hashes that scramble quasi-random points and order grids: fixed functions of their words.
//!
//! Streams of random numbers answer "what comes next"; a scramble must answer "what is at this place"
//! for places visited in any order. Every place is therefore a chain of words that are mixed in.

/// Mix a word into a hash (the finaliser of SplitMix64).
pub(super) fn mix(hash: u64, word: u64) -> u64 {
    let mut z = (hash ^ word).wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The hash of these words, apart from the same words in another use.
pub(super) fn key(purpose: &str, words: &[u64]) -> u64 {
    let start = purpose.bytes().fold(0, |hash, byte| mix(hash, u64::from(byte)));
    words.iter().fold(start, |hash, &word| mix(hash, word))
}

/// A whole number below `bound` from the upper bits of a hash; biased by less than `bound / 2^32`.
pub(super) fn below(hash: u64, bound: u64) -> u64 {
    ((hash >> 32) * bound) >> 32
}

/// A multiple of 2⁻⁵³ in `[0, 1)` from a hash.
pub(super) fn unit(hash: u64) -> f64 {
    (hash >> 11) as f64 / (1_u64 << 53) as f64
}
