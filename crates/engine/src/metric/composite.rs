//! One score from seven metrics.
//!
//! Each metric is mapped to `[0, 1]` by a clamp between a worst and a best bound, which is monotone by
//! construction: a better metric never lowers the score. The score is the mean of the seven, weighted, over
//! the sum of the weights; below a number of trades (default 30) it is scaled by the share of them reached.
//!
//! A term without a denominator is not a reason to refuse a trial: nothing lost counts as the best bound
//! for the profit factor and for Sortino; nothing won or lost counts as their neutral value (1 and 0).
//! Without a trade, or on a single day, there is no score.

use super::family::{
    drawdown::max_drawdown,
    ratio::sortino,
    result::total_return,
    trade::{profit_factor, trades_per_1000_bars, win_rate},
    verdict::viability,
};
use super::{MetricInput, MetricValue, Profile, Undefined};

/// Weight and bounds of one term.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CompositeTerm {
    /// Weight, not negative; weights need not sum to 1.
    pub weight: f64,
    /// Value that scores 0.
    pub worst: f64,
    /// Value that scores 1; below `worst` where less is better.
    pub best: f64,
}

impl CompositeTerm {
    const fn new(weight: f64, worst: f64, best: f64) -> Self {
        Self { weight, worst, best }
    }

    /// A value's place between the bounds, clamped to `[0, 1]`.
    pub(crate) fn normalise(&self, value: f64) -> f64 {
        ((value - self.worst) / (self.best - self.worst)).clamp(0.0, 1.0)
    }
}

/// Weights and bounds of the seven terms.
#[derive(Debug, Clone, PartialEq)]
pub struct CompositeOptions {
    /// Profit factor.
    pub profit_factor: CompositeTerm,
    /// Net profit as a fraction of the cash.
    pub net_profit: CompositeTerm,
    /// Account viability.
    pub viability: CompositeTerm,
    /// Sortino ratio.
    pub sortino: CompositeTerm,
    /// Share of trades won.
    pub win_rate: CompositeTerm,
    /// Maximum drawdown; less is better.
    pub max_drawdown: CompositeTerm,
    /// Trades per 1,000 bars.
    pub trades_per_1000_bars: CompositeTerm,
    /// Below this many trades the score is scaled by the share reached; 0 switches that off.
    pub full_score_trades: u32,
}

impl Default for CompositeOptions {
    fn default() -> Self {
        Self {
            profit_factor: CompositeTerm::new(0.30, 0.5, 3.0),
            net_profit: CompositeTerm::new(0.25, -0.05, 0.15),
            viability: CompositeTerm::new(0.15, 0.70, 0.95),
            sortino: CompositeTerm::new(0.10, -2.0, 6.0),
            win_rate: CompositeTerm::new(0.10, 0.0, 1.0),
            max_drawdown: CompositeTerm::new(0.05, 0.10, 0.0),
            trades_per_1000_bars: CompositeTerm::new(0.05, 0.1, 50.0),
            full_score_trades: 30,
        }
    }
}

/// Composite options that cannot score anything.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidComposite {
    /// A weight is negative, NaN or infinite.
    #[error("composite weight of {name} is {weight}: give a number of 0 or more")]
    Weight {
        /// Term.
        name: &'static str,
        /// What was given.
        weight: f64,
    },
    /// The bounds are not two numbers in the term's order.
    #[error("composite bounds of {name} are {worst} (worst) and {best} (best): give two numbers, {order}")]
    Bounds {
        /// Term.
        name: &'static str,
        /// Bound that scores 0.
        worst: f64,
        /// Bound that scores 1.
        best: f64,
        /// What their order must be, in words.
        order: &'static str,
    },
    /// All weights are zero.
    #[error("composite weights are all 0: at least one must be above 0")]
    NoWeight,
}

impl CompositeOptions {
    /// The terms with their names, in the order of their default weights.
    #[must_use]
    pub fn terms(&self) -> [(&'static str, CompositeTerm); 7] {
        [
            ("profit_factor", self.profit_factor),
            ("net_profit", self.net_profit),
            ("viability", self.viability),
            ("sortino", self.sortino),
            ("win_rate", self.win_rate),
            ("max_drawdown", self.max_drawdown),
            ("trades_per_1000_bars", self.trades_per_1000_bars),
        ]
    }

    /// The term of this name, to be changed.
    pub fn term_mut(&mut self, name: &str) -> Option<&mut CompositeTerm> {
        match name {
            "profit_factor" => Some(&mut self.profit_factor),
            "net_profit" => Some(&mut self.net_profit),
            "viability" => Some(&mut self.viability),
            "sortino" => Some(&mut self.sortino),
            "win_rate" => Some(&mut self.win_rate),
            "max_drawdown" => Some(&mut self.max_drawdown),
            "trades_per_1000_bars" => Some(&mut self.trades_per_1000_bars),
            _ => None,
        }
    }

    /// Checks weights and bounds. Options that fail it leave the composite undefined or meaningless, but
    /// cannot make it panic.
    ///
    /// # Errors
    ///
    /// [`InvalidComposite`]: the first term with a negative or non-finite weight, or with bounds that
    /// are equal, non-finite or the wrong way round; or that no weight is above zero.
    pub fn check(&self) -> Result<(), InvalidComposite> {
        for (name, term) in self.terms() {
            check_term(name, term)?;
        }
        if self.terms().iter().all(|(_, term)| term.weight == 0.0) {
            return Err(InvalidComposite::NoWeight);
        }
        Ok(())
    }
}

fn check_term(name: &'static str, term: CompositeTerm) -> Result<(), InvalidComposite> {
    let CompositeTerm { weight, worst, best } = term;
    if !weight.is_finite() || weight < 0.0 {
        return Err(InvalidComposite::Weight { name, weight });
    }
    let (is_ordered, order) = if name == "max_drawdown" {
        (best < worst, "the best below the worst")
    } else {
        (worst < best, "the worst below the best")
    };
    if is_ordered && worst.is_finite() && best.is_finite() {
        Ok(())
    } else {
        Err(InvalidComposite::Bounds { name, worst, best, order })
    }
}

/// One term of a composite score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CompositePart {
    /// Term.
    pub name: &'static str,
    /// The metric's value; a bound or a neutral value where the metric has no denominator.
    pub value: f64,
    /// The value mapped to `[0, 1]`.
    pub normalised: f64,
    /// Its weight.
    pub weight: f64,
}

/// A composite score and where it comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Composite {
    /// The score, 0 to 1.
    pub value: f64,
    /// The seven terms.
    pub parts: [CompositePart; 7],
    /// What few trades scaled the score by, 0 to 1.
    pub trades_factor: f64,
}

/// The composite score of a backtest, term by term.
///
/// # Errors
///
/// [`Undefined`], as the metric `composite`: mainly [`NoTrades`](Undefined::NoTrades) and
/// [`TooShort`](Undefined::TooShort).
pub fn composite(input: &MetricInput<'_>) -> Result<Composite, Undefined> {
    score(&Profile::new(input))
}

pub(crate) fn score(profile: &Profile<'_>) -> Result<Composite, Undefined> {
    let options = profile.input.composite;
    if profile.ledger.trades == 0 {
        return Err(Undefined::NoTrades);
    }
    let values = term_values(profile)?;
    let terms = options.terms();
    let parts: [CompositePart; 7] = std::array::from_fn(|index| {
        let (name, term) = terms[index];
        CompositePart { name, value: values[index], normalised: term.normalise(values[index]), weight: term.weight }
    });
    let trades_factor = trades_factor(profile.ledger.trades, options.full_score_trades);
    let value = weighted_mean(&parts) * trades_factor;
    if !value.is_finite() {
        return Err(Undefined::NotFinite);
    }
    Ok(Composite { value, parts, trades_factor })
}

fn term_values(profile: &Profile<'_>) -> Result<[f64; 7], Undefined> {
    let options = profile.input.composite;
    Ok([
        or_bound(profit_factor(profile), options.profit_factor.best, 1.0)?,
        total_return(profile)?,
        viability(profile)?,
        or_bound(sortino(profile), options.sortino.best, 0.0)?,
        win_rate(profile)?,
        max_drawdown(profile)?,
        trades_per_1000_bars(profile)?,
    ])
}

/// A ratio's value, or what stands for it where nothing was lost, or nothing happened.
fn or_bound(value: MetricValue, best: f64, neutral: f64) -> MetricValue {
    match value {
        Err(Undefined::NoLosses) => Ok(best),
        Err(Undefined::NothingMoved) => Ok(neutral),
        other => other,
    }
}

fn weighted_mean(parts: &[CompositePart; 7]) -> f64 {
    let weights: f64 = parts.iter().map(|part| part.weight).sum();
    let sum: f64 = parts.iter().map(|part| part.weight * part.normalised).sum();
    sum / weights
}

fn trades_factor(trades: usize, full_score_trades: u32) -> f64 {
    if trades >= full_score_trades as usize { 1.0 } else { trades as f64 / f64::from(full_score_trades) }
}
