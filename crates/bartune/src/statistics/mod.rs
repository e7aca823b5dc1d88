//! Statistics of return series: how sure a result is, and what is chance.
//!
//! | module | job |
//! |---|---|
//! | `ratio` | mean, deviation and ratios of a series of returns |
//! | `bootstrap` | the stationary bootstrap, its block length, intervals of paired differences |
//! | `sharpe` | probabilistic and deflated Sharpe ratio, minimum track record, effective number of trials |
//! | `overfitting` | the probability of backtest overfitting |
//! | `reality` | whether the best of many beats a benchmark |
//!
//! **Invariant:** every random number comes from a seed that the caller gives; equal seeds, equal results.

mod bootstrap;
mod overfitting;
mod ratio;
mod reality;
mod sharpe;

pub use bootstrap::{Interval, StationaryBootstrap, block_length, paired_intervals};
pub use overfitting::{Overfitting, OverfittingError, overfitting};
pub use ratio::{Ratio, RatioError};
pub(crate) use reality::BATCH;
pub use reality::{RealityCheck, reality_check};
pub(crate) use sharpe::normal_quantile;
pub use sharpe::{Moments, average_correlation, effective_trials, expected_maximum};
