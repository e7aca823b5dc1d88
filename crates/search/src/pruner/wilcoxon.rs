//! Stop trials that are worse than the best one beyond chance.
//!
//! The steps are instances of a problem, in any order: folds, seeds, data sets. A trial is compared with
//! the best one on the instances that both have, by the Wilcoxon signed-rank test of their differences,
//! and stopped when it is worse at level `p_threshold`; except when its mean is not worse than the best
//! trial's, since then the test has seen too little.
//!
//! A trial with a value that is not finite is never stopped, and none is when the best has one.
//!
//! # Source
//!
//! Wilcoxon, "Individual Comparisons by Ranking Methods", Biometrics Bulletin 1(6), 1945. Zeros are
//! split between both sides. The p-value is SciPy's: exact up to 50 differences without ties or zeros
//! and up to 13 with them, by the normal approximation without continuity correction beyond.

use super::{PruneRequest, Pruner, PrunerError, loss};
use crate::trial::StudyDirection;

/// Which side of the null distribution counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tail {
    /// The differences are below zero.
    Less,
    /// The differences are above zero.
    Greater,
}

/// Stops trials that are significantly worse than the best one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wilcoxon {
    p_threshold: f64,
    startup_steps: usize,
}

impl Default for Wilcoxon {
    fn default() -> Self {
        Self { p_threshold: 0.1, startup_steps: 2 }
    }
}

impl Wilcoxon {
    /// A pruner that stops a trial at this level (default 0.1), from so many common steps on
    /// (default 2, and never fewer).
    ///
    /// # Errors
    ///
    /// [`PrunerError::Option`] when the level is outside `[0, 1]`.
    pub fn try_new(p_threshold: f64, startup_steps: usize) -> Result<Self, PrunerError> {
        if (0.0..=1.0).contains(&p_threshold) {
            return Ok(Self { p_threshold, startup_steps });
        }
        let got = p_threshold.to_string();
        Err(PrunerError::Option { pruner: "wilcoxon", option: "p_threshold", expected: "between 0 and 1", got })
    }
}

impl Pruner for Wilcoxon {
    fn name(&self) -> &'static str {
        "wilcoxon"
    }

    fn should_prune(&mut self, request: &PruneRequest<'_>) -> bool {
        let Some(best) = request.view.best(request.direction) else {
            return false;
        };
        let best: Vec<(i64, f64)> = request.view.reports(best as usize).collect();
        let is_finite = |value: f64| value.is_finite();
        if best.is_empty()
            || request.reports.is_empty()
            || !best.iter().all(|&(_, value)| is_finite(value))
            || !request.reports.values().all(|&value| is_finite(value))
        {
            return false;
        }
        let common = best.iter().filter_map(|(step, value)| request.reports.get(step).map(|own| own - value));
        let differences: Vec<f64> = common.collect();
        if differences.len() < self.startup_steps.max(2) {
            return false;
        }
        let tail = match request.direction {
            StudyDirection::Minimize => Tail::Greater,
            StudyDirection::Maximize => Tail::Less,
        };
        let own_mean = mean(request.reports.values().copied());
        let best_mean = mean(best.iter().map(|&(_, value)| value));
        let is_worse_on_average = loss(own_mean, request.direction) > loss(best_mean, request.direction);
        is_worse_on_average && signed_rank_p_value(&differences, tail) < self.p_threshold
    }
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len() as f64;
    values.sum::<f64>() / count
}

/// The p-value of the Wilcoxon signed-rank test that differences are centred on zero, one-sided.
///
/// ```
/// use bartune_search::pruner::{Tail, signed_rank_p_value};
/// // All three ranks positive: one of eight equally likely ways.
/// assert_eq!(signed_rank_p_value(&[0.1, 0.2, 0.5], Tail::Greater), 0.125);
/// ```
///
/// NaN differences are not allowed for; without differences the value is 1.
#[must_use]
pub fn signed_rank_p_value(differences: &[f64], tail: Tail) -> f64 {
    /// Up to here the distribution is counted out.
    const EXACT: usize = 50;
    /// Up to here it is counted out in spite of ties.
    const EXACT_WITH_TIES: usize = 13;
    let count = differences.len();
    if count == 0 {
        return 1.0;
    }
    let ranked = Ranked::of(differences);
    let is_exact = if ranked.has_ties() { count <= EXACT_WITH_TIES } else { count <= EXACT };
    if is_exact { ranked.exact(tail) } else { ranked.approximate(tail) }
}

/// The differences by their size.
struct Ranked {
    /// Twice the rank of each difference that is not zero: whole numbers, even for ties.
    doubled: Vec<usize>,
    /// Twice the sum of the positive ranks, without the zeros' share.
    positive: usize,
    zeros: usize,
    /// The sizes of the groups of equal sizes.
    groups: Vec<usize>,
}

impl Ranked {
    fn of(differences: &[f64]) -> Self {
        let mut order: Vec<f64> = differences.to_vec();
        order.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
        let mut ranked = Self { doubled: Vec::new(), positive: 0, zeros: 0, groups: Vec::new() };
        let mut before = 0;
        for group in order.chunk_by(|a, b| a.abs() == b.abs()) {
            // The mean of ranks before + 1 ..= before + n, doubled.
            let doubled = 2 * before + group.len() + 1;
            before += group.len();
            ranked.groups.push(group.len());
            if group[0] == 0.0 {
                ranked.zeros = group.len();
                continue;
            }
            ranked.positive += doubled * group.iter().filter(|&&difference| difference > 0.0).count();
            ranked.doubled.extend(std::iter::repeat_n(doubled, group.len()));
        }
        ranked
    }

    fn has_ties(&self) -> bool {
        self.zeros > 0 || self.groups.iter().any(|&size| size > 1)
    }

    /// The share of all ways to sign the ranks that are at least as extreme.
    fn exact(&self, tail: Tail) -> f64 {
        let total: usize = self.doubled.iter().sum();
        let mut ways = vec![0.0; total + 1];
        ways[0] = 1.0;
        let mut reach = 0;
        for &rank in &self.doubled {
            reach += rank;
            for sum in (rank..=reach).rev() {
                ways[sum] += ways[sum - rank];
            }
        }
        let extreme: f64 = match tail {
            Tail::Greater => ways[self.positive..].iter().sum(),
            Tail::Less => ways[..=self.positive].iter().sum(),
        };
        extreme / ways.iter().sum::<f64>()
    }

    fn approximate(&self, tail: Tail) -> f64 {
        let count = (self.zeros + self.doubled.len()) as f64;
        let zeros = self.zeros as f64;
        let positive = self.positive as f64 / 2.0 + zeros * (zeros + 1.0) / 4.0;
        let mean = count * (count + 1.0) / 4.0;
        let cube = |size: &usize| (*size as f64).powi(3) - *size as f64;
        let ties: f64 = self.groups.iter().map(cube).sum();
        let deviation = ((count * (count + 1.0) * (2.0 * count + 1.0) - ties / 2.0) / 24.0).sqrt();
        let z = (positive - mean) / deviation;
        let upper = match tail {
            Tail::Greater => z,
            Tail::Less => -z,
        };
        0.5 * libm::erfc(upper * std::f64::consts::FRAC_1_SQRT_2)
    }
}
