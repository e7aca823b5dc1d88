//! The stationary bootstrap: days drawn in blocks, so that what hangs together stays together.
//!
//! # Source
//!
//! D. N. Politis and J. P. Romano, "The Stationary Bootstrap", JASA 89(428), 1994. The block length is that of
//! D. N. Politis and H. White, "Automatic Block-Length Selection for the Dependent Bootstrap", Econometric
//! Reviews 23(1), 2004, with the correction by A. Patton, D. N. Politis and H. White, Econometric Reviews
//! 28(4), 2009.

use bartune_search::stream::RandomStream;

use super::ratio::{Ratio, RatioError};

/// Resampled series of days: each is a run of indices in which, after every day, a new block begins with a
/// fixed probability. The series is a ring, so that every day is drawn equally often.
#[derive(Debug, Clone)]
pub struct StationaryBootstrap {
    days: usize,
    restart: f64,
    stream: RandomStream,
}

impl StationaryBootstrap {
    /// Resamples of `days` days in blocks of `mean_block` days on average (at least 1).
    #[must_use]
    pub fn new(days: usize, mean_block: f64, seed: u64) -> Self {
        Self { days, restart: 1.0 / mean_block.max(1.0), stream: RandomStream::new(seed, 0, 0) }
    }

    /// Fill `indices` with the next resample, as many days as there are.
    pub fn draw(&mut self, indices: &mut Vec<usize>) {
        indices.clear();
        let mut at = 0;
        for day in 0..self.days {
            let begins = day == 0 || self.stream.uniform() < self.restart;
            at = if begins { self.stream.below(self.days as u64) as usize } else { (at + 1) % self.days };
            indices.push(at);
        }
    }
}

/// The mean block length that suits a series, in days, for the stationary bootstrap: between 1 and a bound
/// that grows with the root of the series.
#[must_use]
pub fn block_length(series: &[f64]) -> f64 {
    let count = series.len();
    if count < 10 {
        return 1.0;
    }
    let n = count as f64;
    let mean = series.iter().sum::<f64>() / n;
    let centred: Vec<f64> = series.iter().map(|value| value - mean).collect();
    let covariance = |lag: usize| centred[lag..].iter().zip(&centred).map(|(a, b)| a * b).sum::<f64>() / n;
    let variance = covariance(0);
    if variance <= 0.0 {
        return 1.0;
    }
    // Lags after which the correlation stays insignificant for a while.
    let run = (n.log10().sqrt().ceil() as usize).max(5);
    let most = n.sqrt().ceil() as usize + run;
    let bound = 2.0 * (n.log10() / n).sqrt();
    let correlations: Vec<f64> = (1..=most.min(count - 1)).map(|lag| covariance(lag) / variance).collect();
    let quiet = |start: usize| {
        correlations.get(start..start + run).is_some_and(|part| part.iter().all(|value| value.abs() < bound))
    };
    let significant = (0..correlations.len()).find(|&start| quiet(start));
    let last = correlations.iter().rposition(|value| value.abs() > bound);
    let window = match significant {
        // The first quiet lag, as in Patton's program and in `arch`; in the papers' words it is the one before.
        Some(start) => 2 * (start + 1),
        None => 2 * last.map_or(1, |position| position + 1),
    };
    let window = window.min(most).min(count - 1);
    // The flat-top lag window of Politis and Romano (1995).
    let weight = |lag: usize| {
        let share = lag as f64 / window as f64;
        if share <= 0.5 { 1.0 } else { 2.0 * (1.0 - share) }
    };
    let (mut slope, mut density) = (0.0, variance);
    for lag in 1..=window {
        let term = 2.0 * weight(lag) * covariance(lag);
        slope += lag as f64 * term;
        density += term;
    }
    let spread = 2.0 * density * density;
    let length = if spread > 0.0 { (2.0 * slope * slope / spread).cbrt() * n.cbrt() } else { 1.0 };
    length.clamp(1.0, (3.0 * n.sqrt()).min(n / 3.0).ceil())
}

/// What a statistic is in two paired series, and where its difference lies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The statistic.
    pub ratio: Ratio,
    /// In the first series.
    pub first: f64,
    /// In the second series.
    pub second: f64,
    /// Second minus first.
    pub difference: f64,
    /// Lower bound of the difference.
    pub low: f64,
    /// Upper bound of the difference.
    pub high: f64,
}

/// 95 % intervals of the differences between two series of returns of the same days. Both are resampled with
/// the same days, so that what moves both cancels out. The interval is that of the bootstrap's percentiles,
/// as wide as the normal quantile asks where that is wider: percentiles alone are too narrow in short series.
///
/// # Errors
///
/// [`RatioError`] when a statistic of the series themselves does not exist.
///
/// # Panics
///
/// If the series differ in length.
pub fn paired_intervals(
    first: &[f64],
    second: &[f64],
    days_per_year: f64,
    (resamples, seed): (usize, u64),
) -> Result<Vec<Interval>, RatioError> {
    assert_eq!(first.len(), second.len(), "both series are of the same days");
    let block = {
        let difference: Vec<f64> = first.iter().zip(second).map(|(a, b)| b - a).collect();
        block_length(&difference).max(block_length(first)).max(block_length(second))
    };
    let mut bootstrap = StationaryBootstrap::new(first.len(), block, seed);
    let mut differences = vec![Vec::with_capacity(resamples); Ratio::ALL.len()];
    let (mut indices, mut one, mut other) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..resamples {
        bootstrap.draw(&mut indices);
        one.clear();
        other.clear();
        one.extend(indices.iter().map(|&day| first[day]));
        other.extend(indices.iter().map(|&day| second[day]));
        for (ratio, differences) in Ratio::ALL.into_iter().zip(&mut differences) {
            if let (Ok(one), Ok(other)) = (ratio.of(&one, days_per_year), ratio.of(&other, days_per_year)) {
                differences.push(other - one);
            }
        }
    }
    let interval = |(ratio, mut differences): (Ratio, Vec<f64>)| {
        let (first, second) = (ratio.of(first, days_per_year)?, ratio.of(second, days_per_year)?);
        let (low, high) = bounds(&mut differences, second - first);
        Ok(Interval { ratio, first, second, difference: second - first, low, high })
    };
    Ratio::ALL.into_iter().zip(differences).map(interval).collect()
}

/// The 2.5 % and 97.5 % percentiles, or the estimate ± 1.96 standard errors where those are wider.
fn bounds(resampled: &mut [f64], estimate: f64) -> (f64, f64) {
    if resampled.is_empty() {
        return (f64::NEG_INFINITY, f64::INFINITY);
    }
    resampled.sort_unstable_by(f64::total_cmp);
    let last = (resampled.len() - 1) as f64;
    let percentile = |share: f64| {
        let position = share * last;
        let (below, part) = (position.floor() as usize, position.fract());
        let above = (below + 1).min(resampled.len() - 1);
        resampled[below] + part * (resampled[above] - resampled[below])
    };
    let count = resampled.len() as f64;
    let mean = resampled.iter().sum::<f64>() / count;
    let error = (resampled.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0).max(1.0)).sqrt();
    (percentile(0.025).min(estimate - 1.96 * error), percentile(0.975).max(estimate + 1.96 * error))
}

#[cfg(test)]
mod tests;
