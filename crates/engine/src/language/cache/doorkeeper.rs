//! Which keys were seen before, in constant memory.
//!
//! A parameter that is a real number makes series that no later trial asks for again. Keeping only what
//! was seen a second time leaves them out, and costs what comes back one more computation.
//!
//! A table of fingerprints, each at the place its low bits name; a newcomer takes the place of the one
//! there. So the answer may be wrong both ways: a key is forgotten after about as many others as there
//! are places, and two keys with one fingerprint are taken for each other. Either only costs time.
//!
//! Reference: G. Einziger, R. Friedman, B. Manes, "TinyLFU: a highly efficient cache admission policy"
//! (2017), section 3.4.2, has the idea and uses a Bloom filter.

/// Fingerprints remembered; a power of two.
const PLACES: usize = 512;

/// A memory of fingerprints.
#[derive(Debug)]
pub(super) struct Doorkeeper(Box<[u64]>);

impl Default for Doorkeeper {
    fn default() -> Self {
        Self(vec![0; PLACES].into())
    }
}

impl Doorkeeper {
    /// Whether the fingerprint was shown lately; it is remembered from now on.
    pub(super) fn has_seen(&mut self, fingerprint: u64) -> bool {
        #[expect(clippy::cast_possible_truncation, reason = "the low bits are what is wanted")]
        let place = &mut self.0[fingerprint as usize % PLACES];
        std::mem::replace(place, fingerprint) == fingerprint
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_known_from_its_second_showing_until_another_takes_its_place() {
        let mut doorkeeper = Doorkeeper::default();
        let rival = 7 + PLACES as u64;
        assert!(!doorkeeper.has_seen(7));
        assert!(doorkeeper.has_seen(7));
        assert!(doorkeeper.has_seen(7));
        assert!(!doorkeeper.has_seen(8));
        assert!(!doorkeeper.has_seen(rival));
        assert!(!doorkeeper.has_seen(7));
    }
}
