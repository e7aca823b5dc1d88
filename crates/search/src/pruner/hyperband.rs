//! Hyperband: successive halving in several brackets, which leave out 0, 1, 2, … rungs.
//!
//! A bracket that leaves out rungs is careful: it stops trials later. Each trial belongs to one bracket,
//! drawn by its number and the study's seed, and competes with the trials of its bracket alone. Bracket
//! `b` of `n` gets trials in proportion to `ceil(n * factor^s / (s + 1))` with `s = n - 1 - b`.
//!
//! # Source
//!
//! Li, Jamieson, DeSalvo, Rostamizadeh, Talwalkar, "Hyperband", JMLR 18, 2018. As in Optuna, brackets are
//! filled side by side. Optuna draws the bracket from the CRC-32 of `name_number`; here the seed
//! stands for the study's name, so that renaming a study changes nothing. The number of brackets is counted in
//! whole numbers: Optuna's quotient of logarithms misses one for powers such as 3⁵.

use super::rung::Ladder;
use super::successive_halving::{Contest, last_step_of_first};
use super::{PruneRequest, Pruner, PrunerError};

/// The options of [`Hyperband`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HyperbandOptions {
    /// The step of the first rung of the first bracket, at least 1. Default 1.
    pub min_resource: i64,
    /// The number of steps of a whole trial, at least `min_resource`. Default: one more than the last
    /// step of the first complete trial that reported anything; nothing is stopped before that is known.
    pub max_resource: Option<i64>,
    /// How many times further each rung is, at least 2. Default 3.
    pub reduction_factor: i64,
    /// As in [`SuccessiveHalvingOptions`](super::SuccessiveHalvingOptions); needs `max_resource`.
    pub bootstrap_count: usize,
}

impl Default for HyperbandOptions {
    fn default() -> Self {
        Self { min_resource: 1, max_resource: None, reduction_factor: 3, bootstrap_count: 0 }
    }
}

/// Stops trials that are not among the best of their bracket.
#[derive(Debug, Clone, Default)]
pub struct Hyperband {
    options: HyperbandOptions,
    contests: Vec<Contest>,
    seed: Option<u64>,
}

impl Hyperband {
    /// A pruner with these options.
    ///
    /// # Errors
    ///
    /// [`PrunerError::Option`] for an option out of its range.
    pub fn try_new(options: HyperbandOptions) -> Result<Self, PrunerError> {
        let error = |option, expected, got: i64| {
            Err(PrunerError::Option { pruner: "hyperband", option, expected, got: got.to_string() })
        };
        if options.min_resource < 1 {
            return error("min_resource", "at least 1", options.min_resource);
        }
        if let Some(resource) = options.max_resource.filter(|&resource| resource < options.min_resource) {
            return error("max_resource", "at least 'min_resource'", resource);
        }
        if options.reduction_factor < 2 {
            return error("reduction_factor", "at least 2", options.reduction_factor);
        }
        if options.bootstrap_count > 0 && options.max_resource.is_none() {
            return error("bootstrap_count", "0 unless 'max_resource' is given", options.bootstrap_count as i64);
        }
        Ok(Self { options, ..Self::default() })
    }

    /// How many trials each bracket gets, of as many as their sum.
    fn shares(&self, max_resource: i64) -> Vec<u64> {
        let factor = self.options.reduction_factor;
        let mut brackets = 1_u32;
        let mut resource = self.options.min_resource;
        while let Some(next) = resource.checked_mul(factor).filter(|&next| next <= max_resource) {
            resource = next;
            brackets += 1;
        }
        let share = |bracket: u32| {
            let last = brackets - 1 - bracket;
            let trials = u64::from(brackets).saturating_mul((factor as u64).saturating_pow(last));
            trials.div_ceil(u64::from(last) + 1)
        };
        (0..brackets).map(share).collect()
    }
}

/// The bracket of a trial.
fn bracket(shares: &[u64], seed: u64, number: u64) -> usize {
    let total = shares.iter().fold(0_u64, |sum, &share| sum.saturating_add(share));
    let mut place = u64::from(crc32(format!("{seed}_{number}").as_bytes())) % total.max(1);
    for (bracket, &share) in shares.iter().enumerate() {
        if place < share {
            return bracket;
        }
        place -= share;
    }
    shares.len() - 1
}

/// The checksum of zlib and PNG (polynomial 0xEDB88320).
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, &byte| {
        (0..8).fold(sum ^ u32::from(byte), |sum, _| (sum >> 1) ^ (0xEDB8_8320 & (sum & 1).wrapping_neg()))
    })
}

impl Pruner for Hyperband {
    fn name(&self) -> &'static str {
        "hyperband"
    }

    fn should_prune(&mut self, request: &PruneRequest<'_>) -> bool {
        let automatic = || last_step_of_first(&request.view).map(|step| step.saturating_add(1));
        let Some(max_resource) = self.options.max_resource.or_else(automatic) else {
            return false;
        };
        let shares = self.shares(max_resource);
        if self.contests.len() != shares.len() || self.seed != Some(request.seed) {
            self.contests = vec![Contest::default(); shares.len()];
            self.seed = Some(request.seed);
        }
        let options = &self.options;
        let own = bracket(&shares, request.seed, request.number);
        let ladder = Ladder::new(options.min_resource, options.reduction_factor, own as u32);
        let takes_part = |number| bracket(&shares, request.seed, number) == own;
        self.contests[own].is_lost(request, ladder, options.bootstrap_count, takes_part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_zlibs() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(crc32(b""), 0);
    }

    #[test]
    fn brackets_share_the_trials_as_in_the_paper() {
        let pruner = Hyperband::try_new(HyperbandOptions { max_resource: Some(81), ..HyperbandOptions::default() });
        assert_eq!(pruner.expect("the options are valid").shares(81), [81, 34, 15, 8, 5]);
    }

    #[test]
    fn a_power_of_the_factor_has_its_last_bracket() {
        assert_eq!(Hyperband::default().shares(243).len(), 6);
        assert_eq!(Hyperband::default().shares(242).len(), 5);
        assert_eq!(Hyperband::default().shares(0).len(), 1);
    }
}
