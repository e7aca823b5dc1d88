//! Time in the market, and how far price went for and against a position while it was open.

use super::trade::without;
use crate::metric::catalogue::{Better, Family, Metric, Unit};
use crate::metric::undefined::{gain_over_loss, ratio};
use crate::metric::{MetricValue, Profile, Undefined};

pub(crate) const FAMILY: Family = Family {
    title: "Holding",
    metrics: &[
        Metric {
            name: "exposure",
            unit: Unit::Fraction,
            better: Better::Neither,
            doc: "Share of bars in which a position was open.",
            formula: "bars in the market / bars",
            source: "definition",
            value: exposure,
        },
        Metric {
            name: "avg_bars_in_trade",
            unit: Unit::Bars,
            better: Better::Neither,
            doc: "Mean length of a trade, entry and exit bar included.",
            formula: "mean(exit bar − entry bar + 1)",
            source: "definition",
            value: avg_bars_in_trade,
        },
        Metric {
            name: "avg_bars_winner",
            unit: Unit::Bars,
            better: Better::Neither,
            doc: "Mean length of the winning trades.",
            formula: "the same over p > 0",
            source: "definition",
            value: avg_bars_winner,
        },
        Metric {
            name: "avg_bars_loser",
            unit: Unit::Bars,
            better: Better::Neither,
            doc: "Mean length of the losing trades.",
            formula: "the same over p < 0",
            source: "definition",
            value: avg_bars_loser,
        },
        Metric {
            name: "mae_mean",
            unit: Unit::Money,
            better: Better::Lower,
            doc: "Mean over trades of the largest open loss.",
            formula: "mean(MAE)",
            source: "Sweeney 1996",
            value: mae_mean,
        },
        Metric {
            name: "mfe_mean",
            unit: Unit::Money,
            better: Better::Higher,
            doc: "Mean over trades of the largest open profit.",
            formula: "mean(MFE)",
            source: "Sweeney 1996",
            value: mfe_mean,
        },
        Metric {
            name: "edge_ratio",
            unit: Unit::Ratio,
            better: Better::Higher,
            doc: "How much further price went for the trades than against them, in money (Faith scales each by its ATR first).",
            formula: "mean(MFE) / mean(MAE)",
            source: "Faith 2007",
            value: edge_ratio,
        },
    ],
};

fn exposure(profile: &Profile<'_>) -> MetricValue {
    ratio(profile.input.backtest.bars_in_market as f64, profile.bars() as f64, Undefined::TooShort)
}

fn avg_bars_in_trade(profile: &Profile<'_>) -> MetricValue {
    ratio(profile.ledger.bars_held as f64, profile.ledger.trades as f64, Undefined::NoTrades)
}

fn avg_bars_winner(profile: &Profile<'_>) -> MetricValue {
    ratio(profile.ledger.bars_in_wins as f64, profile.ledger.wins as f64, without(profile, Undefined::NoWins))
}

fn avg_bars_loser(profile: &Profile<'_>) -> MetricValue {
    ratio(profile.ledger.bars_in_losses as f64, profile.ledger.losses as f64, without(profile, Undefined::NoLosses))
}

fn mae_mean(profile: &Profile<'_>) -> MetricValue {
    ratio(profile.ledger.adverse, profile.ledger.trades as f64, Undefined::NoTrades)
}

fn mfe_mean(profile: &Profile<'_>) -> MetricValue {
    ratio(profile.ledger.favorable, profile.ledger.trades as f64, Undefined::NoTrades)
}

fn edge_ratio(profile: &Profile<'_>) -> MetricValue {
    if profile.ledger.trades == 0 {
        return Err(Undefined::NoTrades);
    }
    gain_over_loss(profile.ledger.favorable, profile.ledger.adverse)
}
