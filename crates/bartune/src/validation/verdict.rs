//! All of it in one word, each criterion with its threshold.
//!
//! | verdict | when |
//! |---|---|
//! | `not enough data` | too few trades, days or trials to say anything, or no walk-forward |
//! | `likely noise` | the evidence is what luck finds, or decisions leak |
//! | `robust` | every criterion holds |
//! | `fragile` | the rest: something works, and something would break it |
//!
//! The thresholds of the evidence are calibrated: `benches/verdict` prints how often each verdict is given on markets with
//! no edge and with known ones (`BENCHMARKS.md`). The others are conventions.
//!
//! The probability of backtest overfitting is shown and not asked for: it ranks trials among each other, and where all of them
//! share one edge their ranks are chance. On markets with a true ratio of 1.5 it is about a half.

use super::Validation;
use super::evidence::Evidence;
use super::monte_carlo::COSTS;

/// Fewest trades out of sample.
const FEWEST_TRADES: f64 = 30.0;
/// Fewest days out of sample.
const FEWEST_DAYS: f64 = 120.0;
/// Fewest distinct trials: the best of a handful has no distribution.
const FEWEST_TRIALS: f64 = 10.0;
/// Evidence, in standard deviations, that one search in twenty-five comes to without any edge.
const CONVINCING: f64 = 1.65;
/// Below this evidence it is likely noise: four of five searches without any edge are.
const DOUBTFUL: f64 = 1.0;
/// Name of the criterion that is calibrated.
const EVIDENCE: &str = "evidence in standard deviations";
/// Share of neighbours that must earn something.
const PROFITABLE_NEIGHBOURS: f64 = 0.6;

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Every criterion holds.
    Robust,
    /// Something works, and something would break it.
    Fragile,
    /// What was found is what luck finds.
    LikelyNoise,
    /// Too little to say anything.
    NotEnoughData,
}

impl Verdict {
    /// In words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Robust => "robust",
            Self::Fragile => "fragile",
            Self::LikelyNoise => "likely noise",
            Self::NotEnoughData => "not enough data",
        }
    }
}

/// One thing that is asked of a winner.
#[derive(Debug, Clone, PartialEq)]
pub struct Criterion {
    /// What is asked.
    pub name: &'static str,
    /// What was found; `None` where it could not be.
    pub value: Option<f64>,
    /// What it is compared with.
    pub threshold: f64,
    /// Whether less is asked for, not more.
    pub is_limit: bool,
}

impl Criterion {
    fn at_least(name: &'static str, value: Option<f64>, threshold: f64) -> Self {
        Self { name, value, threshold, is_limit: false }
    }

    fn at_most(name: &'static str, value: Option<f64>, threshold: f64) -> Self {
        Self { name, value, threshold, is_limit: true }
    }

    /// Whether it holds; what could not be found does not.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.value.is_some_and(|value| if self.is_limit { value <= self.threshold } else { value >= self.threshold })
    }

    /// How far from its threshold it is, as a share of it: the smaller, the weaker. Below 0 it does not hold.
    fn margin(&self) -> f64 {
        let Some(value) = self.value else { return f64::NEG_INFINITY };
        let away = if self.is_limit { self.threshold - value } else { value - self.threshold };
        away / self.threshold.abs().max(0.1)
    }
}

/// The verdict and what it rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// The answer.
    pub verdict: Verdict,
    /// Every criterion, in the order in which they are asked.
    pub criteria: Vec<Criterion>,
    /// Position of the weakest one.
    pub weakest: Option<usize>,
}

/// Judge what was found.
pub(super) fn judge(found: &Validation) -> Judgement {
    let walk_forward = found.walk_forward.as_ref().ok();
    let costs = found.monte_carlo.as_ref().ok().and_then(|monte_carlo| {
        monte_carlo.stresses.iter().find(|stress| stress.name == COSTS).and_then(|stress| stress.total_return)
    });
    let trades = walk_forward.map(|walk| walk.trades as f64);
    let days = walk_forward.map(|walk| walk.returns.len() as f64);
    let evidence = Evidence::of(found).mean();
    let leaks = found.leak.first_difference.map_or(0.0, |_| 1.0);
    let criteria = vec![
        Criterion::at_least("trades out of sample", trades, FEWEST_TRADES),
        Criterion::at_least("days out of sample", days, FEWEST_DAYS),
        Criterion::at_least("distinct trials", Some(found.distinct_trials as f64), FEWEST_TRIALS),
        Criterion::at_least(EVIDENCE, evidence, CONVINCING),
        Criterion::at_least("walk-forward Sharpe", walk_forward.map(|walk| walk.sharpe), 0.0),
        Criterion::at_least("return with costs doubled", costs, 0.0),
        Criterion::at_least(
            "share of neighbours that earn",
            found.plateau.as_ref().ok().map(|plateau| plateau.profitable),
            PROFITABLE_NEIGHBOURS,
        ),
        Criterion::at_most("decisions that depend on later bars", Some(leaks), 0.0),
    ];
    let verdict = if !criteria[..3].iter().all(Criterion::holds) {
        Verdict::NotEnoughData
    } else if evidence.is_none_or(|evidence| evidence < DOUBTFUL) || leaks > 0.0 {
        Verdict::LikelyNoise
    } else if criteria.iter().all(Criterion::holds) {
        Verdict::Robust
    } else {
        Verdict::Fragile
    };
    let margins: Vec<f64> = criteria.iter().map(Criterion::margin).collect();
    let weakest = (0..margins.len()).min_by(|&a, &b| margins[a].total_cmp(&margins[b]));
    Judgement { verdict, criteria, weakest }
}
