//! Runs of wins and losses, in the order of the exits.

use crate::metric::catalogue::{Better, Family, Metric, Unit};
use crate::metric::{MetricValue, Profile};

pub(crate) const FAMILY: Family = Family {
    title: "Streaks",
    metrics: &[
        Metric {
            name: "max_consecutive_wins",
            unit: Unit::Count,
            better: Better::Higher,
            doc: "Longest run of winning trades.",
            formula: "longest run of p > 0",
            source: "quantstats `consecutive_wins`",
            value: max_consecutive_wins,
        },
        Metric {
            name: "max_consecutive_losses",
            unit: Unit::Count,
            better: Better::Lower,
            doc: "Longest run of losing trades.",
            formula: "longest run of p < 0",
            source: "quantstats `consecutive_losses`",
            value: max_consecutive_losses,
        },
    ],
};

fn max_consecutive_wins(profile: &Profile<'_>) -> MetricValue {
    Ok(profile.ledger.win_streak as f64)
}

fn max_consecutive_losses(profile: &Profile<'_>) -> MetricValue {
    Ok(profile.ledger.loss_streak as f64)
}
