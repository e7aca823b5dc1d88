//! How sure a Sharpe ratio is: with how many days, of what shape, and chosen from how many trials.
//!
//! All ratios here are *per day* (mean over standard deviation of daily returns), not annualised.
//!
//! # Source
//!
//! D. H. Bailey and M. López de Prado, "The Sharpe Ratio Efficient Frontier", Journal of Risk 15(2), 2012
//! (probabilistic Sharpe ratio, minimum track record length), and "The Deflated Sharpe Ratio", Journal of
//! Portfolio Management 40(5), 2014 (its equations are named at each function).

use statrs::distribution::{ContinuousCDF, Normal};

use super::ratio::RatioError;

/// The Euler–Mascheroni constant.
const EULER_GAMMA: f64 = 0.577_215_664_901_532_9;

/// The moments of a series of returns that its Sharpe ratio's error depends on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moments {
    /// Number of returns.
    pub count: usize,
    /// Mean over standard deviation, per return.
    pub sharpe: f64,
    /// Third standardised moment; 0 for a normal distribution.
    pub skewness: f64,
    /// Fourth standardised moment; 3 for a normal distribution.
    pub kurtosis: f64,
}

impl Moments {
    /// Of these returns: population moments, as in the source.
    ///
    /// # Errors
    ///
    /// [`RatioError::TooShort`] with fewer than three returns, [`RatioError::NoVariance`] where all are equal.
    pub fn of(returns: &[f64]) -> Result<Self, RatioError> {
        if returns.len() < 3 {
            return Err(RatioError::TooShort);
        }
        let count = returns.len() as f64;
        let mean = returns.iter().sum::<f64>() / count;
        let moment = |power: i32| returns.iter().map(|value| (value - mean).powi(power)).sum::<f64>() / count;
        let deviation = moment(2).sqrt();
        // Rounding alone gives equal returns a deviation of about 1e-17 of their size.
        if deviation <= 1e-14 * mean.abs() || deviation == 0.0 {
            return Err(RatioError::NoVariance);
        }
        Ok(Self {
            count: returns.len(),
            sharpe: mean / deviation,
            skewness: moment(3) / deviation.powi(3),
            kurtosis: moment(4) / deviation.powi(4),
        })
    }

    /// Variance of the estimated ratio times the number of returns less one: 1 − γ₃·SR + (γ₄ − 1)/4·SR².
    fn spread(&self) -> f64 {
        1.0 - self.skewness * self.sharpe + (self.kurtosis - 1.0) / 4.0 * self.sharpe * self.sharpe
    }

    /// Probability that the true ratio is above `benchmark`, given this estimate: the probabilistic Sharpe
    /// ratio, in `[0, 1]`.
    #[must_use]
    pub fn probability_above(&self, benchmark: f64) -> f64 {
        let error = (self.spread().max(f64::MIN_POSITIVE) / (self.count as f64 - 1.0)).sqrt();
        normal_cdf((self.sharpe - benchmark) / error)
    }

    /// Number of returns, of this shape, after which the ratio is above `benchmark` with `confidence`; `None`
    /// where it is not above it at all.
    #[must_use]
    pub fn minimum_track_record(&self, benchmark: f64, confidence: f64) -> Option<f64> {
        let excess = self.sharpe - benchmark;
        (excess > 0.0).then(|| 1.0 + self.spread() * (normal_quantile(confidence) / excess).powi(2))
    }

    /// The deflated Sharpe ratio, in `[0, 1]`: the probability that the true ratio is above what the best of
    /// `trials` independent trials without any skill is expected to show.
    #[must_use]
    pub fn deflated(&self, trials: f64, variance: f64) -> f64 {
        self.probability_above(expected_maximum(trials, variance))
    }
}

/// The ratio that the best of `trials` independent trials without skill is expected to show, where ratios of
/// trials have this variance (equation 1 of the 2014 paper). 0 for a single trial.
#[must_use]
pub fn expected_maximum(trials: f64, variance: f64) -> f64 {
    if trials <= 1.0 || variance <= 0.0 {
        return 0.0;
    }
    let quantile = |tail: f64| normal_quantile(1.0 - tail / trials);
    variance.sqrt() * ((1.0 - EULER_GAMMA) * quantile(1.0) + EULER_GAMMA * quantile((-1.0_f64).exp()))
}

/// How many independent trials `trials` correlated ones amount to, by their average correlation (appendix 3
/// of the 2014 paper: ρ̂ + (1 − ρ̂)·M).
#[must_use]
pub fn effective_trials(trials: f64, average_correlation: f64) -> f64 {
    let correlation = average_correlation.clamp(0.0, 1.0);
    correlation + (1.0 - correlation) * trials
}

/// The average correlation between series of the same days: of all pairs of different series, in closed form,
/// so that its cost grows with their number and not with its square. Series without variance are left out;
/// `None` with fewer than two others.
#[must_use]
pub fn average_correlation<'a>(series: impl IntoIterator<Item = &'a [f64]>) -> Option<f64> {
    let mut sum: Vec<f64> = Vec::new();
    let mut count = 0.0;
    for returns in series {
        let mean = returns.iter().sum::<f64>() / returns.len().max(1) as f64;
        let norm = returns.iter().map(|value| (value - mean).powi(2)).sum::<f64>().sqrt();
        if norm <= 1e-14 * mean.abs() || norm == 0.0 {
            continue;
        }
        sum.resize(returns.len().max(sum.len()), 0.0);
        sum.iter_mut().zip(returns).for_each(|(sum, value)| *sum += (value - mean) / norm);
        count += 1.0;
    }
    // The squared length of a sum of unit vectors is their number plus twice the sum of all correlations.
    let square: f64 = sum.iter().map(|value| value * value).sum();
    (count >= 2.0).then(|| (square - count) / (count * (count - 1.0)))
}

fn standard() -> Normal {
    Normal::new(0.0, 1.0).expect("a deviation of 1 is positive")
}

fn normal_cdf(value: f64) -> f64 {
    standard().cdf(value)
}

/// The value below which a standard normal number lies with this probability, between 0 and 1.
pub(crate) fn normal_quantile(probability: f64) -> f64 {
    standard().inverse_cdf(probability)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAYS: f64 = 250.0;

    /// The numerical example of the 2014 paper (section "A numerical example"): 5 years of daily returns with
    /// an annual ratio of 2.5, skewness −3, kurtosis 10, the best of 100 trials with a variance of ½ (annual).
    #[test]
    fn the_worked_example_of_the_deflated_sharpe_ratio() {
        let moments = Moments { count: 1_250, sharpe: 2.5 / DAYS.sqrt(), skewness: -3.0, kurtosis: 10.0 };
        let benchmark = expected_maximum(100.0, 0.5 / DAYS);
        assert!((benchmark - 0.1132).abs() < 5e-5, "{benchmark}");
        assert!((moments.deflated(100.0, 0.5 / DAYS) - 0.9004).abs() < 5e-5);
        // And of 46 trials: "had the researcher made 46 trials", 0.9505.
        assert!((moments.deflated(46.0, 0.5 / DAYS) - 0.9505).abs() < 5e-4);
    }

    /// The minimum track records of the 2012 paper: an annual ratio of 2 against 1 with 95 % confidence, normal
    /// returns, takes 2.73 years of daily, 2.83 of weekly and 3.24 of monthly returns.
    #[test]
    fn the_worked_examples_of_the_minimum_track_record() {
        for (a_year, years) in [(250.0_f64, 2.73), (52.0, 2.83), (12.0, 3.24)] {
            let moments = Moments { count: 100, sharpe: 2.0 / a_year.sqrt(), skewness: 0.0, kurtosis: 3.0 };
            let needed = moments.minimum_track_record(1.0 / a_year.sqrt(), 0.95).expect("2 is above 1");
            assert!((needed / a_year - years).abs() < 0.005, "{a_year}: {}", needed / a_year);
        }
        let poor = Moments { count: 100, sharpe: 0.01, skewness: 0.0, kurtosis: 3.0 };
        assert_eq!(poor.minimum_track_record(0.02, 0.95), None);
    }

    #[test]
    fn a_ratio_is_above_itself_with_even_odds() {
        let moments = Moments { count: 500, sharpe: 0.05, skewness: -0.4, kurtosis: 5.0 };
        assert!((moments.probability_above(0.05) - 0.5).abs() < 1e-12);
        assert!(moments.probability_above(0.0) > 0.5 && moments.probability_above(0.1) < 0.5);
    }

    #[test]
    fn moments_are_those_of_the_population() {
        let moments = Moments::of(&[1.0, 2.0, 3.0, 6.0]).expect("they differ");
        // Mean 3, squares 4 1 0 9: variance 3.5; cubes −8 −1 0 27: 4.5; fourth powers 16 1 0 81: 24.5.
        assert!((moments.sharpe - 3.0 / 3.5_f64.sqrt()).abs() < 1e-12);
        assert!((moments.skewness - 4.5 / 3.5_f64.powf(1.5)).abs() < 1e-12);
        assert!((moments.kurtosis - 24.5 / 12.25).abs() < 1e-12);
        assert_eq!(Moments::of(&[0.1, 0.1, 0.1]), Err(RatioError::NoVariance));
        assert_eq!(Moments::of(&[0.1, 0.2]), Err(RatioError::TooShort));
    }

    #[test]
    fn the_average_correlation_is_that_of_all_pairs() {
        let (a, b, c) = ([1.0, 2.0, 3.0, 4.0], [2.0, 4.0, 6.0, 8.0], [4.0, 3.0, 2.0, 1.0]);
        // Pairs: a b 1, a c −1, b c −1.
        let average = average_correlation([a.as_slice(), &b, &c]).expect("three series");
        assert!((average + 1.0 / 3.0).abs() < 1e-12, "{average}");
        assert_eq!(average_correlation([a.as_slice(), &[1.0; 4]]), None);
        assert_eq!(effective_trials(100.0, -0.2), 100.0);
        assert!((effective_trials(100.0, 0.25) - 75.25).abs() < 1e-12);
    }
}
