//! Moments and tails of the daily returns.
//!
//! Moments are central and taken in two passes (mean first), so that small returns on top of a large mean
//! lose no digits. Quantiles interpolate linearly between order statistics (type 7 of Hyndman and Fan
//! 1996, the default of numpy, pandas and R), found by selection instead of sorting.

use crate::metric::{MetricValue, Undefined};

/// A standard deviation this much smaller than the mean is rounding, not variation.
const ROUNDING: f64 = 1e-12;

/// What the daily returns look like. Fields are zero when there is no day.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Daily {
    pub(crate) days: usize,
    pub(crate) mean: f64,
    /// Sums of the second, third and fourth powers of the distances from the mean.
    pub(crate) power_sums: [f64; 3],
    pub(crate) gains: f64,
    /// Sum of the negative returns, as a positive number.
    pub(crate) losses: f64,
    /// Sum of the squares of the negative returns.
    pub(crate) squared_losses: f64,
    pub(crate) days_up: usize,
    pub(crate) days_down: usize,
    pub(crate) best: f64,
    pub(crate) worst: f64,
    pub(crate) quantile_05: f64,
    pub(crate) quantile_95: f64,
    /// Mean of the worst `⌊0.05·(n−1)⌋ + 1` days.
    pub(crate) mean_of_worst: f64,
}

impl Daily {
    pub(crate) fn of(returns: &[f64]) -> Self {
        if returns.is_empty() {
            return Self::default();
        }
        let mut daily = Self {
            days: returns.len(),
            best: f64::NEG_INFINITY,
            worst: f64::INFINITY,
            mean: returns.iter().sum::<f64>() / returns.len() as f64,
            ..Self::default()
        };
        returns.iter().for_each(|&one| daily.add(one));
        daily.measure_tails(returns);
        daily
    }

    /// Standard deviation with n − 1.
    pub(crate) fn deviation(&self) -> MetricValue {
        if self.days < 2 {
            return Err(Undefined::TooShort);
        }
        let deviation = (self.power_sums[0] / (self.days - 1) as f64).sqrt();
        if deviation <= ROUNDING * self.mean.abs() {
            return Err(Undefined::ZeroVariance);
        }
        Ok(deviation)
    }

    fn add(&mut self, one: f64) {
        let distance = one - self.mean;
        let square = distance * distance;
        self.power_sums[0] += square;
        self.power_sums[1] += square * distance;
        self.power_sums[2] += square * square;
        if one > 0.0 {
            self.gains += one;
            self.days_up += 1;
        } else if one < 0.0 {
            self.losses -= one;
            self.squared_losses += one * one;
            self.days_down += 1;
        }
        self.best = self.best.max(one);
        self.worst = self.worst.min(one);
    }

    fn measure_tails(&mut self, returns: &[f64]) {
        let mut scratch = returns.to_vec();
        let (low, low_next) = neighbours(&mut scratch, 0.05);
        self.quantile_05 = interpolate(low, low_next, 0.05, self.days);
        let (high, high_next) = neighbours(&mut scratch, 0.95);
        self.quantile_95 = interpolate(high, high_next, 0.95, self.days);
        self.mean_of_worst = mean_of_worst(returns, low);
    }
}

/// Splits the quantile's place among `count` sorted values into an index and a share of the next step.
fn place(quantile: f64, count: usize) -> (usize, f64) {
    let place = quantile * (count - 1) as f64;
    (place as usize, place.fract())
}

/// The two order statistics around a quantile (the same one twice at the end).
fn neighbours(values: &mut [f64], quantile: f64) -> (f64, f64) {
    let (index, _) = place(quantile, values.len());
    let (_, &mut at, above) = values.select_nth_unstable_by(index, f64::total_cmp);
    let next = above.iter().copied().min_by(f64::total_cmp);
    (at, next.unwrap_or(at))
}

fn interpolate(at: f64, next: f64, quantile: f64, count: usize) -> f64 {
    let (_, share) = place(quantile, count);
    at + (next - at) * share
}

/// Mean of the `⌊0.05·(n−1)⌋ + 1` smallest values, the largest of which is `threshold`. It is summed in
/// the days' order: the order that selection leaves behind is an accident of the standard library.
fn mean_of_worst(returns: &[f64], threshold: f64) -> f64 {
    let (index, _) = place(0.05, returns.len());
    let count = index + 1;
    let (mut sum, mut below) = (0.0, 0);
    for &one in returns.iter().filter(|&&one| one < threshold) {
        sum += one;
        below += 1;
    }
    // What is missing are days that tie with the threshold.
    let ties = (count - below.min(count)) as f64;
    (sum + ties * threshold) / count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_interpolate_between_sorted_neighbours() {
        // Sorted: 1 2 3 4 5. 5 % lies at place 0.2, 95 % at place 3.8.
        let daily = Daily::of(&[3.0, 1.0, 5.0, 2.0, 4.0]);
        assert!((daily.quantile_05 - 1.2).abs() < 1e-12);
        assert!((daily.quantile_95 - 4.8).abs() < 1e-12);
    }

    #[test]
    fn mean_of_worst_counts_ties_once_each() {
        // 41 days: place(0.05) = 2, so the mean of the three worst: -3, -1 and one of the other -1s.
        let mut returns = vec![0.0; 37];
        returns.extend([-1.0, -3.0, -1.0, -1.0]);
        let daily = Daily::of(&returns);
        assert!((daily.mean_of_worst - (-5.0 / 3.0)).abs() < 1e-12);
    }

    #[test]
    fn identical_returns_have_no_deviation_whatever_the_rounding() {
        assert_eq!(Daily::of(&[0.1; 7]).deviation(), Err(Undefined::ZeroVariance));
        assert_eq!(Daily::of(&[0.1]).deviation(), Err(Undefined::TooShort));
    }

    #[test]
    fn one_day_is_its_own_quantiles() {
        let daily = Daily::of(&[-0.5]);
        assert_eq!((daily.quantile_05, daily.quantile_95, daily.mean_of_worst), (-0.5, -0.5, -0.5));
    }
}
