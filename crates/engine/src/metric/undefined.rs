//! Why a metric has no value.

/// A metric's value, or why there is none.
pub type MetricValue = Result<f64, Undefined>;

/// Why a metric is undefined for a backtest. A trial whose objective is undefined is infeasible, and
/// this is the reason it is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Undefined {
    /// Not one round trip.
    #[error("no trades")]
    NoTrades,
    /// No winning trade.
    #[error("no winning trades")]
    NoWins,
    /// Nothing was lost: the ratio has no denominator.
    #[error("no losses")]
    NoLosses,
    /// Every result is exactly zero.
    #[error("every result is zero")]
    NothingMoved,
    /// The values do not vary.
    #[error("no variation")]
    ZeroVariance,
    /// Too few days, months or bars.
    #[error("too few days")]
    TooShort,
    /// Equity never fell beneath an earlier peak.
    #[error("no drawdown")]
    NoDrawdown,
    /// The deepest drawdown was not made good before the end.
    #[error("the deepest drawdown has not recovered")]
    NotRecovered,
    /// There is no profit before costs that costs could be a share of.
    #[error("no profit before costs")]
    NoProfit,
    /// Equity fell to zero or below.
    #[error("equity fell to zero or below")]
    Bankrupt,
    /// The first price is zero or negative: holding it has no return.
    #[error("the first price is not above zero")]
    NoBenchmark,
    /// The account is held to no rules.
    #[error("the account has no rules")]
    NoAccountRules,
    /// The account did not pass.
    #[error("the account was not passed")]
    NotPassed,
    /// The arithmetic gave NaN or an infinity, from inputs no backtest should have.
    #[error("not a finite number")]
    NotFinite,
}

/// `numerator / denominator`, or `otherwise` where the denominator is zero.
pub(crate) fn ratio(numerator: f64, denominator: f64, otherwise: Undefined) -> MetricValue {
    if denominator == 0.0 { Err(otherwise) } else { Ok(numerator / denominator) }
}

/// `gained / lost`, telling apart "nothing was lost" from "nothing happened".
pub(crate) fn gain_over_loss(gained: f64, lost: f64) -> MetricValue {
    if lost == 0.0 && gained == 0.0 {
        return Err(Undefined::NothingMoved);
    }
    ratio(gained, lost, Undefined::NoLosses)
}
