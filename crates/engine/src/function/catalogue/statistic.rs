//! Statistics of a sliding window.

use wickra_core::{
    Autocorrelation, Beta, CoefficientOfVariation, HurstExponent, Kurtosis, LinRegAngle, LinRegIntercept,
    LinearRegression, LogReturn, MedianAbsoluteDeviation, PearsonCorrelation, RSquared, RollingQuantile,
    ShannonEntropy, Skewness, SpearmanCorrelation, StandardError, Tsf, Variance, ZScore,
};

use crate::function::adapter::{mapped, one, pair, series, step};
use crate::function::declare::{PAIR, SERIES, functions};
use crate::function::kernel::refreshed::{Deviation, Slope};
use crate::function::kernel::window::{PercentRank, ReturnBeta};

functions! { "Statistics", Number;
    "stddev", SERIES, (length: period(1) = 20), [""], length - 1, step(Deviation::over(length)), "Population standard deviation.";
    "variance", SERIES, (length: period(1) = 20), [""], length - 1, series(Variance::new(length)), "Population variance.";
    "zscore", SERIES, (length: period(1) = 20), [""], length - 1, series(ZScore::new(length)), "Distance from the mean in population standard deviations.";
    "variation", SERIES, (length: period(1) = 20), [""], length - 1, series(CoefficientOfVariation::new(length)), "Coefficient of variation: standard deviation over mean.";
    "linreg", SERIES, (length: period(2) = 14), [""], length - 1, series(LinearRegression::new(length)), "End of the least-squares line.";
    "linreg_slope", SERIES, (length: period(2) = 14), [""], length - 1, step(Slope::over(length)), "Slope of the least-squares line, a bar.";
    "linreg_intercept", SERIES, (length: period(2) = 14), [""], length - 1, series(LinRegIntercept::new(length)), "Start of the least-squares line.";
    "linreg_angle", SERIES, (length: period(2) = 14), [""], length - 1, series(LinRegAngle::new(length)), "Angle of the least-squares line in degrees.";
    "linreg_r2", SERIES, (length: period(2) = 14), [""], length - 1, series(RSquared::new(length)), "Share of the variance that the least-squares line explains.";
    "standard_error", SERIES, (length: period(3) = 14), [""], length - 1, series(StandardError::new(length)), "Standard error of the least-squares line.";
    "tsf", SERIES, (length: period(2) = 14), [""], length - 1, series(Tsf::new(length)), "Time series forecast: the least-squares line one bar ahead.";
    "skewness", SERIES, (length: period(3) = 20), [""], length - 1, series(Skewness::new(length)), "Skewness.";
    "kurtosis", SERIES, (length: period(4) = 20), [""], length - 1, series(Kurtosis::new(length)), "Excess kurtosis.";
    "mad", SERIES, (length: period(1) = 20), [""], length - 1, series(MedianAbsoluteDeviation::new(length)), "Median absolute deviation from the median.";
    "percentile", SERIES, (length: period(1) = 20, quantile: real(0.0, 1.0) = 0.5), [""], length - 1, series(RollingQuantile::new(length, quantile)), "Quantile of the last `length` values, interpolated.";
    "percent_rank", SERIES, (length: period(1) = 100), [""], length, step(PercentRank::new(length)), "Share of the `length` values before that are below this one, 0 to 100.";
    "autocorrelation", SERIES, (length: period(3) = 20, lag: period(1) = 1), [""], length - 1, series(Autocorrelation::new(length, lag)), "Correlation with itself `lag` bars ago.";
    "entropy", SERIES, (length: period(2) = 20, bins: period(2) = 10), [""], length - 1, series(ShannonEntropy::new(length, bins)), "Shannon entropy of the histogram of the last `length` values.";
    "hurst", SERIES, (length: period(8) = 100, chunks: period(2) = 4), [""], length - 1, series(HurstExponent::new(length, chunks)), "Hurst exponent from rescaled ranges.";
    "log_return", SERIES, (length: period(1) = 1), [""], length, series(LogReturn::new(length)), "ln(x / x[length]).";
    "correl", PAIR, (length: period(2) = 20), [""], length - 1, mapped(PearsonCorrelation::new(length), pair, one), "Pearson correlation of two series.";
    "spearman", PAIR, (length: period(2) = 20), [""], length - 1, mapped(SpearmanCorrelation::new(length), pair, one), "Rank correlation of two series.";
    "beta", PAIR, (length: period(2) = 20), [""], length, step(ReturnBeta::new(Beta::new(length)?)), "Slope of the second series' returns over the first's (the market's), as in TA-Lib.";
    "beta_level", PAIR, (length: period(2) = 20), [""], length - 1, mapped(Beta::new(length), pair, one), "Slope of the first series over the second, of their values.";
}
