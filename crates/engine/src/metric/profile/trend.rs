//! A straight line through the logarithm of the daily equity.

use crate::metric::Undefined;

/// A share of the variance below this is rounding, not scatter.
const ROUNDING: f64 = 1e-12;

/// Ordinary least squares of `ln(equity)` on the number of the day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Trend {
    pub(crate) slope: f64,
    /// Standard error of the slope; 0 where the points lie on the line but for rounding.
    pub(crate) slope_error: f64,
    /// Share of the variance that the line explains.
    pub(crate) r_squared: f64,
}

impl Trend {
    pub(crate) fn of(daily_equity: &[f64]) -> Result<Self, Undefined> {
        if daily_equity.len() < 3 {
            return Err(Undefined::TooShort);
        }
        if daily_equity.iter().any(|&equity| equity <= 0.0) {
            return Err(Undefined::Bankrupt);
        }
        // Measured against the first day: a large common level would only cost digits.
        let origin = libm::log(daily_equity[0]);
        let heights: Vec<f64> = daily_equity.iter().map(|&equity| libm::log(equity) - origin).collect();
        Self::through(&heights)
    }

    fn through(heights: &[f64]) -> Result<Self, Undefined> {
        let count = heights.len() as f64;
        let middle = (count - 1.0) / 2.0;
        let mean = heights.iter().sum::<f64>() / count;
        let (mut xy, mut yy) = (0.0, 0.0);
        for (day, height) in heights.iter().enumerate() {
            let distance = height - mean;
            xy += (day as f64 - middle) * distance;
            yy += distance * distance;
        }
        if yy == 0.0 {
            return Err(Undefined::ZeroVariance);
        }
        let xx = count * (count * count - 1.0) / 12.0;
        let r_squared = (xy * xy / (xx * yy)).min(1.0);
        let unexplained = if 1.0 - r_squared > ROUNDING { 1.0 - r_squared } else { 0.0 };
        Ok(Self { slope: xy / xx, slope_error: (unexplained * yy / xx / (count - 2.0)).sqrt(), r_squared })
    }
}
