//! The probability of backtest overfitting: how often the best in one half of the days is below the middle in
//! the other half.
//!
//! The days are cut into an even number of blocks. Every way of taking half of the blocks is a sample; the rest
//! is its complement. The trial with the best Sharpe ratio in the sample has a rank in the complement; the
//! probability is the share of samples whose best is at or below the median there.
//!
//! # Source
//!
//! D. H. Bailey, J. M. Borwein, M. López de Prado and Q. J. Zhu, "The Probability of Backtest Overfitting",
//! Journal of Computational Finance 20(4), 2017 (combinatorially symmetric cross-validation, section 2).

use thiserror::Error;

/// Why it cannot be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OverfittingError {
    /// Ranks among fewer than two trials say nothing.
    #[error("fewer than two trials")]
    TooFewTrials,
    /// A block needs at least two days.
    #[error("{days} days cannot be cut into {blocks} blocks")]
    TooFewDays {
        /// Days there are.
        days: usize,
        /// Blocks asked for.
        blocks: usize,
    },
    /// Blocks must be an even number from 2 to 20.
    #[error("{0} blocks cannot be halved in a number of ways that can be walked through: take 2, 4, … 20")]
    Blocks(usize),
}

/// What cross-validating trials' returns says of choosing the best.
#[derive(Debug, Clone, PartialEq)]
pub struct Overfitting {
    /// Share of samples whose best trial is at or below the median of the complement, in `[0, 1]`.
    pub probability: f64,
    /// Share of samples whose best trial loses in the complement.
    pub loss: f64,
    /// Logit of the relative rank of each sample's best trial in its complement; 0 is the median.
    pub logits: Vec<f64>,
}

/// Sums over one block of days of one trial.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    count: f64,
    sum: f64,
    squares: f64,
}

impl Sums {
    fn add(&mut self, other: Self) {
        self.count += other.count;
        self.sum += other.sum;
        self.squares += other.squares;
    }

    /// Sharpe ratio per day; a series without variance has none worth choosing.
    fn sharpe(self) -> f64 {
        let mean = self.sum / self.count;
        let variance = self.squares / self.count - mean * mean;
        // Below this the variance is rounding.
        if variance > 1e-12 * mean * mean && variance > 0.0 { mean / variance.sqrt() } else { 0.0 }
    }
}

/// Cross-validate `trials`, each a series of returns of the same days, in `blocks` blocks.
///
/// Ties in rank are broken against the trial, so that a search whose trials are all alike is no evidence of skill.
///
/// # Errors
///
/// [`OverfittingError`].
pub fn overfitting(trials: &[&[f64]], blocks: usize) -> Result<Overfitting, OverfittingError> {
    if !(2..=20).contains(&blocks) || !blocks.is_multiple_of(2) {
        return Err(OverfittingError::Blocks(blocks));
    }
    if trials.len() < 2 {
        return Err(OverfittingError::TooFewTrials);
    }
    let days = trials.iter().map(|returns| returns.len()).min().unwrap_or(0);
    if days < 2 * blocks {
        return Err(OverfittingError::TooFewDays { days, blocks });
    }
    let sums: Vec<Vec<Sums>> = trials.iter().map(|returns| block_sums(&returns[..days], blocks)).collect();
    let mut logits = Vec::new();
    let mut losses = 0.0;
    let (mut inside, mut outside) = (vec![0.0; trials.len()], vec![0.0; trials.len()]);
    for sample in (0_u32..1 << blocks).filter(|sample| sample.count_ones() as usize * 2 == blocks) {
        for (trial, sums) in sums.iter().enumerate() {
            let (mut within, mut without) = (Sums::default(), Sums::default());
            for (block, &of_block) in sums.iter().enumerate() {
                if sample >> block & 1 == 1 { within.add(of_block) } else { without.add(of_block) }
            }
            (inside[trial], outside[trial]) = (within.sharpe(), without.sharpe());
        }
        let best = first_best(&inside);
        let below = outside.iter().filter(|value| **value < outside[best]).count();
        let rank = (below + 1) as f64 / (trials.len() + 1) as f64;
        logits.push((rank / (1.0 - rank)).ln());
        losses += f64::from(u8::from(outside[best] < 0.0));
    }
    let count = logits.len() as f64;
    let overfit = logits.iter().filter(|logit| **logit <= 0.0).count() as f64;
    Ok(Overfitting { probability: overfit / count, loss: losses / count, logits })
}

fn block_sums(returns: &[f64], blocks: usize) -> Vec<Sums> {
    let boundary = |block: usize| block * returns.len() / blocks;
    let sums = |block: usize| {
        let days = &returns[boundary(block)..boundary(block + 1)];
        let squares = days.iter().map(|value| value * value).sum();
        Sums { count: days.len() as f64, sum: days.iter().sum(), squares }
    };
    (0..blocks).map(sums).collect()
}

fn first_best(values: &[f64]) -> usize {
    let mut best = 0;
    for (index, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = index;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use bartune_search::stream::RandomStream;

    fn noise(trials: usize, days: usize, seed: u64) -> Vec<Vec<f64>> {
        let mut stream = RandomStream::new(seed, 0, 0);
        (0..trials).map(|_| (0..days).map(|_| (stream.uniform() - 0.5) * 0.02).collect()).collect()
    }

    fn refs(trials: &[Vec<f64>]) -> Vec<&[f64]> {
        trials.iter().map(Vec::as_slice).collect()
    }

    #[test]
    fn a_trial_that_is_always_the_best_is_not_overfit() {
        let mut trials = noise(20, 400, 1);
        trials[7].iter_mut().for_each(|value| *value += 0.02);
        let found = overfitting(&refs(&trials), 8).expect("400 days are enough");
        assert_eq!((found.probability, found.loss), (0.0, 0.0));
        // 8 blocks can be halved in 70 ways.
        assert_eq!(found.logits.len(), 70);
    }

    #[test]
    fn the_best_of_noise_is_overfit_about_half_of_the_time() {
        let shares: Vec<f64> = (0..20)
            .map(|seed| overfitting(&refs(&noise(40, 500, seed)), 8).expect("500 days are enough").probability)
            .collect();
        let mean = shares.iter().sum::<f64>() / 20.0;
        assert!((0.35..0.75).contains(&mean), "{mean}");
    }

    #[test]
    fn trials_that_are_all_alike_are_no_evidence() {
        let one = noise(1, 200, 3).remove(0);
        let found = overfitting(&[&one, &one, &one], 4).expect("200 days are enough");
        assert_eq!(found.probability, 1.0);
    }

    #[test]
    fn two_blocks_by_hand() {
        // The first is better in the first half, the second in the second half: each is chosen once, and is
        // last where it was not chosen.
        let (a, b) = ([0.02, 0.01, -0.02, -0.01], [0.01, -0.01, 0.02, 0.01]);
        let found = overfitting(&[&a, &b], 2).expect("four days make two blocks");
        // Rank 1 of 2 is 1/3: logit ln(1/2), in both samples.
        assert_eq!(found.probability, 1.0);
        assert!(found.logits.iter().all(|logit| (logit - 0.5_f64.ln()).abs() < 1e-12), "{found:?}");
        assert_eq!(found.loss, 0.5);
    }

    #[test]
    fn what_cannot_be_said_says_why() {
        let trials = noise(3, 10, 1);
        assert_eq!(overfitting(&refs(&trials), 3), Err(OverfittingError::Blocks(3)));
        assert_eq!(overfitting(&refs(&trials), 6), Err(OverfittingError::TooFewDays { days: 10, blocks: 6 }));
        assert_eq!(overfitting(&refs(&trials[..1]), 4), Err(OverfittingError::TooFewTrials));
    }
}
