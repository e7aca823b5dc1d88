//! Whether the best of many trials beats a benchmark, with all that were tried accounted for: White's reality
//! check and Hansen's test for superior predictive ability.
//!
//! Both ask how often resampled days, in which no trial is better than the benchmark, show a best trial as good
//! as the one that was found. White's centres every trial at the benchmark, which bad trials make timid;
//! Hansen's studentises and leaves out trials that are clearly worse.
//!
//! # Source
//!
//! H. White, "A Reality Check for Data Snooping", Econometrica 68(5), 2000. P. R. Hansen, "A Test for Superior
//! Predictive Ability", Journal of Business & Economic Statistics 23(4), 2005 (the three centrings are those of
//! its section 2.4; the variance is the stationary bootstrap's own, in closed form, its equation 5).

use super::bootstrap::{StationaryBootstrap, block_length};
use super::ratio::RatioError;

/// P-values: how likely a best trial at least this good is without any skill.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RealityCheck {
    /// White's reality check.
    pub white: f64,
    /// Hansen's, every trial that is worse than the benchmark taken to be as bad as it looks: the least.
    pub lower: f64,
    /// Hansen's, only trials that are clearly worse left out: the one to quote.
    pub consistent: f64,
    /// Hansen's, every trial taken to be as good as the benchmark: the most.
    pub upper: f64,
    /// Mean length of the blocks that days were drawn in.
    pub block: f64,
}

/// Resamples that are looked at together.
pub(crate) const BATCH: usize = 16;

/// A trial's advantage over the benchmark.
struct Advantage {
    /// Return of each day less the benchmark's.
    days: Vec<f64>,
    mean: f64,
    /// Standard deviation of the mean times the root of the days.
    error: f64,
}

/// Test `trials` against `benchmark`, all returns of the same days.
///
/// # Errors
///
/// [`RatioError::TooShort`] with fewer than ten days or no trial, [`RatioError::NoVariance`] where no trial differs
/// from the benchmark by more than a constant.
pub fn reality_check(
    trials: &[&[f64]],
    benchmark: &[f64],
    (resamples, seed): (usize, u64),
) -> Result<RealityCheck, RatioError> {
    let days = benchmark.len();
    if days < 10 || trials.is_empty() || resamples == 0 {
        return Err(RatioError::TooShort);
    }
    let advantages: Vec<Vec<f64>> =
        trials.iter().map(|trial| trial.iter().zip(benchmark).map(|(a, b)| a - b).collect()).collect();
    let block = block_of(&advantages);
    let advantages: Vec<Advantage> = advantages.into_iter().filter_map(|days| Advantage::of(days, block)).collect();
    if advantages.is_empty() {
        return Err(RatioError::NoVariance);
    }
    let root = (days as f64).sqrt();
    let found_mean = advantages.iter().map(|trial| root * trial.mean).fold(f64::NEG_INFINITY, f64::max);
    let found_ratio = advantages.iter().map(|trial| root * trial.mean / trial.error).fold(0.0, f64::max);
    let worse = (2.0 * (days as f64).ln().ln()).sqrt();
    let found = [found_mean, found_ratio, found_ratio, found_ratio];
    let mut exceeded = [0_u32; 4];
    let mut bootstrap = StationaryBootstrap::new(days, block, seed);
    let mut counts = vec![[0.0; BATCH]; days];
    let mut indices = Vec::new();
    for first in (0..resamples).step_by(BATCH) {
        let drawn = BATCH.min(resamples - first);
        counts.fill([0.0; BATCH]);
        (0..drawn).for_each(|resample| {
            bootstrap.draw(&mut indices);
            indices.iter().for_each(|&day| counts[day][resample] += 1.0);
        });
        let mut best = [[f64::NEG_INFINITY, 0.0, 0.0, 0.0]; BATCH];
        for trial in &advantages {
            let is_clearly_worse = root * trial.mean / trial.error <= -worse;
            let centres = [trial.mean.max(0.0), if is_clearly_worse { 0.0 } else { trial.mean }, trial.mean];
            for (best, total) in best.iter_mut().zip(totals(&trial.days, &counts)) {
                let mean = total / days as f64;
                best[0] = best[0].max(root * (mean - trial.mean));
                for (best, centre) in best[1..].iter_mut().zip(centres) {
                    *best = best.max(root * (mean - centre) / trial.error);
                }
            }
        }
        for best in &best[..drawn] {
            for ((exceeded, best), found) in exceeded.iter_mut().zip(best).zip(found) {
                *exceeded += u32::from(*best > found);
            }
        }
    }
    let [white, lower, consistent, upper] = exceeded.map(|count| f64::from(count) / resamples as f64);
    Ok(RealityCheck { white, lower, consistent, upper, block })
}

/// The sum of a series over each resample, by how often each drew each day. Days are read in order, once for all.
fn totals(days: &[f64], counts: &[[f64; BATCH]]) -> [f64; BATCH] {
    let mut totals = [0.0; BATCH];
    for (&value, counts) in days.iter().zip(counts) {
        for (total, &count) in totals.iter_mut().zip(counts) {
            *total += value * count;
        }
    }
    totals
}

/// One block length for all: the mean of those that suit the trials.
fn block_of(advantages: &[Vec<f64>]) -> f64 {
    advantages.iter().map(|days| block_length(days)).sum::<f64>() / advantages.len() as f64
}

impl Advantage {
    /// `None` for a trial that differs from the benchmark by a constant.
    fn of(days: Vec<f64>, block: f64) -> Option<Self> {
        let count = days.len();
        let n = count as f64;
        let mean = days.iter().sum::<f64>() / n;
        let covariance =
            |lag: usize| (0..count - lag).map(|day| (days[day] - mean) * (days[day + lag] - mean)).sum::<f64>() / n;
        let stay = 1.0 - 1.0 / block.max(1.0);
        // Weights of the stationary bootstrap's variance; beyond some fifty blocks they are nothing.
        let most = ((50.0 * block) as usize).min(count - 1);
        let tail: f64 = (1..=most)
            .map(|lag| {
                let lag_n = lag as f64;
                let weight = (n - lag_n) / n * stay.powf(lag_n) + lag_n / n * stay.powf(n - lag_n);
                2.0 * weight * covariance(lag)
            })
            .sum();
        let variance = covariance(0) + tail;
        let error = variance.sqrt();
        (variance > 0.0 && error > 1e-14 * mean.abs()).then_some(Self { days, mean, error })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bartune_search::stream::RandomStream;

    fn market(trials: usize, days: usize, (edge, seed): (f64, u64)) -> Vec<Vec<f64>> {
        let mut stream = RandomStream::new(seed, 0, 0);
        let mut trials: Vec<Vec<f64>> =
            (0..trials).map(|_| (0..days).map(|_| (stream.uniform() - 0.5) * 0.04).collect()).collect();
        trials[0].iter_mut().for_each(|value| *value += edge);
        trials
    }

    fn check(trials: &[Vec<f64>]) -> RealityCheck {
        let refs: Vec<&[f64]> = trials.iter().map(Vec::as_slice).collect();
        reality_check(&refs, &vec![0.0; trials[0].len()], (400, 1)).expect("they vary")
    }

    #[test]
    fn a_real_edge_is_found_among_many_trials() {
        let found = check(&market(50, 500, (0.003, 1)));
        assert!(found.white < 0.02 && found.consistent < 0.02, "{found:?}");
    }

    #[test]
    fn the_best_of_noise_is_not_significant() {
        let mean = (0..10).map(|seed| check(&market(30, 300, (0.0, seed))).consistent).sum::<f64>() / 10.0;
        assert!(mean > 0.25, "{mean}");
    }

    #[test]
    fn the_three_centrings_are_in_order() {
        let found = check(&market(40, 300, (0.001, 7)));
        assert!(found.lower <= found.consistent && found.consistent <= found.upper, "{found:?}");
    }

    #[test]
    fn bad_trials_make_whites_test_timid_and_not_hansens() {
        let mut trials = market(4, 500, (0.0025, 3));
        let alone = check(&trials);
        for seed in 0..60 {
            let mut bad = market(1, 500, (-0.02, 100 + seed)).remove(0);
            bad.iter_mut().for_each(|value| *value *= 3.0);
            trials.push(bad);
        }
        let crowded = check(&trials);
        assert!(crowded.white > alone.white + 0.1, "{alone:?} {crowded:?}");
        assert!(crowded.consistent < alone.consistent + 0.05, "{alone:?} {crowded:?}");
    }

    #[test]
    fn what_cannot_be_tested_says_why() {
        assert_eq!(reality_check(&[&[0.1; 5]], &[0.0; 5], (10, 1)), Err(RatioError::TooShort));
        assert_eq!(reality_check(&[&[0.1; 50]], &[0.0; 50], (10, 1)), Err(RatioError::NoVariance));
    }
}
