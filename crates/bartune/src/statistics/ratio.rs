//! Statistics of one series of daily returns that a resampled series has as well.

use thiserror::Error;

/// Why a statistic of a series does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RatioError {
    /// Fewer returns than it needs.
    #[error("too few days")]
    TooShort,
    /// All returns are the same.
    #[error("no variance")]
    NoVariance,
}

/// A statistic of daily returns. None depends on the order of the days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ratio {
    /// Mean daily return times days a year.
    MeanReturn,
    /// Sample standard deviation of daily returns times the root of days a year.
    Volatility,
    /// Mean over sample standard deviation, times the root of days a year.
    Sharpe,
    /// Mean over the root mean square of the losses (target 0), times the root of days a year.
    Sortino,
    /// Product of (1 + return), minus 1.
    TotalReturn,
}

impl Ratio {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 5] = [Self::TotalReturn, Self::MeanReturn, Self::Volatility, Self::Sharpe, Self::Sortino];

    /// Its name in output: where the metric catalogue has it, the name there.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::MeanReturn => "mean_return",
            Self::Volatility => "volatility",
            Self::Sharpe => "sharpe",
            Self::Sortino => "sortino",
            Self::TotalReturn => "total_return",
        }
    }

    /// Its value for `returns`, annualised with `days` trading days a year.
    ///
    /// # Errors
    ///
    /// [`RatioError::TooShort`] with fewer than two returns, [`RatioError::NoVariance`] where it would divide by 0.
    pub fn of(self, returns: &[f64], days: f64) -> Result<f64, RatioError> {
        if returns.len() < 2 {
            return Err(RatioError::TooShort);
        }
        let count = returns.len() as f64;
        let mean = returns.iter().sum::<f64>() / count;
        let deviation = || (returns.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0)).sqrt();
        let quotient =
            |below: f64| if below > 0.0 { Ok(mean / below * days.sqrt()) } else { Err(RatioError::NoVariance) };
        match self {
            Self::MeanReturn => Ok(mean * days),
            Self::Volatility => Ok(deviation() * days.sqrt()),
            Self::Sharpe => quotient(deviation()),
            Self::Sortino => quotient((returns.iter().map(|value| value.min(0.0).powi(2)).sum::<f64>() / count).sqrt()),
            Self::TotalReturn => Ok(returns.iter().map(|value| 1.0 + value).product::<f64>() - 1.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_ratio_is_what_its_formula_says() {
        let returns = [0.01, -0.02, 0.03, 0.0];
        let of = |ratio: Ratio| ratio.of(&returns, 4.0).expect("it is defined");
        assert!((of(Ratio::MeanReturn) - 0.02).abs() < 1e-15);
        // Deviations from 0.005: squares 0.25, 6.25, 6.25, 0.25 (1e-4), a sum of 13e-4 over 3.
        assert!((of(Ratio::Volatility) - (13e-4_f64 / 3.0).sqrt() * 2.0).abs() < 1e-15);
        assert!((of(Ratio::Sharpe) - 0.005 / (13e-4_f64 / 3.0).sqrt() * 2.0).abs() < 1e-12);
        assert!((of(Ratio::Sortino) - 0.005 / 0.01 * 2.0).abs() < 1e-12);
        assert!((of(Ratio::TotalReturn) - (1.01 * 0.98 * 1.03 - 1.0)).abs() < 1e-15);
    }

    #[test]
    fn what_does_not_exist_says_why() {
        assert_eq!(Ratio::Sharpe.of(&[0.01], 252.0), Err(RatioError::TooShort));
        assert_eq!(Ratio::Sharpe.of(&[0.01, 0.01], 252.0), Err(RatioError::NoVariance));
        assert_eq!(Ratio::Sortino.of(&[0.01, 0.02], 252.0), Err(RatioError::NoVariance));
    }
}
