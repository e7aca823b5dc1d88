//! Counts and profits of the round trips. A win is a profit above zero after commissions.

use crate::metric::catalogue::{Better, Family, Metric, Unit};
use crate::metric::undefined::{gain_over_loss, ratio};
use crate::metric::{MetricValue, Profile, Undefined};

pub(crate) const FAMILY: Family = Family {
    title: "Trades",
    metrics: &[
        Metric {
            name: "trades",
            unit: Unit::Count,
            better: Better::Neither,
            doc: "Round trips.",
            formula: "N",
            source: "definition",
            value: trades,
        },
        Metric {
            name: "long_trades",
            unit: Unit::Count,
            better: Better::Neither,
            doc: "Round trips that bought first.",
            formula: "N_long",
            source: "definition",
            value: long_trades,
        },
        Metric {
            name: "short_trades",
            unit: Unit::Count,
            better: Better::Neither,
            doc: "Round trips that sold first.",
            formula: "N_short",
            source: "definition",
            value: short_trades,
        },
        Metric {
            name: "trades_per_1000_bars",
            unit: Unit::Ratio,
            better: Better::Neither,
            doc: "Round trips in a thousand bars.",
            formula: "1000 · N / bars",
            source: "definition",
            value: trades_per_1000_bars,
        },
        Metric {
            name: "win_rate",
            unit: Unit::Fraction,
            better: Better::Higher,
            doc: "Share of trades that won.",
            formula: "#(p > 0) / N",
            source: "definition; vectorbt `win_rate`",
            value: win_rate,
        },
        Metric {
            name: "long_win_rate",
            unit: Unit::Fraction,
            better: Better::Higher,
            doc: "Share of long trades that won.",
            formula: "#(p_long > 0) / N_long",
            source: "definition",
            value: long_win_rate,
        },
        Metric {
            name: "short_win_rate",
            unit: Unit::Fraction,
            better: Better::Higher,
            doc: "Share of short trades that won.",
            formula: "#(p_short > 0) / N_short",
            source: "definition",
            value: short_win_rate,
        },
        Metric {
            name: "long_net_profit",
            unit: Unit::Money,
            better: Better::Higher,
            doc: "Profit of the long trades.",
            formula: "Σ p_long",
            source: "definition",
            value: long_net_profit,
        },
        Metric {
            name: "short_net_profit",
            unit: Unit::Money,
            better: Better::Higher,
            doc: "Profit of the short trades.",
            formula: "Σ p_short",
            source: "definition",
            value: short_net_profit,
        },
        Metric {
            name: "profit_factor",
            unit: Unit::Ratio,
            better: Better::Higher,
            doc: "Money won over money lost.",
            formula: "Σ max(p, 0) / Σ max(−p, 0)",
            source: "definition; vectorbt `profit_factor`",
            value: profit_factor,
        },
        Metric {
            name: "avg_trade",
            unit: Unit::Money,
            better: Better::Higher,
            doc: "Mean profit of a trade.",
            formula: "mean(p)",
            source: "definition; vectorbt `trades.pnl.mean`",
            value: avg_trade,
        },
        Metric {
            name: "avg_win",
            unit: Unit::Money,
            better: Better::Higher,
            doc: "Mean profit of the winning trades.",
            formula: "mean(p | p > 0)",
            source: "definition; quantstats `avg_win`",
            value: avg_win,
        },
        Metric {
            name: "avg_loss",
            unit: Unit::Money,
            better: Better::Higher,
            doc: "Mean result of the losing trades, negative.",
            formula: "mean(p | p < 0)",
            source: "definition; quantstats `avg_loss`",
            value: avg_loss,
        },
        Metric {
            name: "largest_win",
            unit: Unit::Money,
            better: Better::Higher,
            doc: "Largest profit of one trade.",
            formula: "max(p)",
            source: "definition",
            value: largest_win,
        },
        Metric {
            name: "largest_loss",
            unit: Unit::Money,
            better: Better::Higher,
            doc: "Largest loss of one trade, negative.",
            formula: "min(p)",
            source: "definition",
            value: largest_loss,
        },
        Metric {
            name: "payoff_ratio",
            unit: Unit::Ratio,
            better: Better::Higher,
            doc: "Mean win over mean loss.",
            formula: "avg_win / |avg_loss|",
            source: "definition; quantstats `payoff_ratio`",
            value: payoff_ratio,
        },
        Metric {
            name: "expectancy",
            unit: Unit::Ratio,
            better: Better::Higher,
            doc: "Mean profit of a trade in units of risk, where the mean loss stands for one unit.",
            formula: "avg_trade / |avg_loss|",
            source: "Tharp 2007",
            value: expectancy,
        },
        Metric {
            name: "sqn",
            unit: Unit::Ratio,
            better: Better::Higher,
            doc: "System quality number: the t statistic of the trades' profits. Tharp caps N at 100, this does not.",
            formula: "mean(p) / sd(p) · √N",
            source: "Tharp 2008; vectorbt `sqn`, scipy `ttest_1samp`",
            value: sqn,
        },
        Metric {
            name: "kelly",
            unit: Unit::Fraction,
            better: Better::Higher,
            doc: "Share of capital to bet for the fastest growth, were trades coin tosses with these odds; negative: do not bet.",
            formula: "w − l / payoff_ratio, w and l the shares won and lost",
            source: "Kelly 1956; quantstats `kelly_criterion`",
            value: kelly,
        },
    ],
};

fn share_of_trades(part: usize, trades: usize) -> MetricValue {
    ratio(part as f64, trades as f64, Undefined::NoTrades)
}

/// `reason`, unless there is no trade at all.
pub(crate) fn without(profile: &Profile<'_>, reason: Undefined) -> Undefined {
    if profile.ledger.trades == 0 { Undefined::NoTrades } else { reason }
}

fn trades(profile: &Profile<'_>) -> MetricValue {
    Ok(profile.ledger.trades as f64)
}

fn long_trades(profile: &Profile<'_>) -> MetricValue {
    Ok(profile.ledger.long.count as f64)
}

fn short_trades(profile: &Profile<'_>) -> MetricValue {
    Ok(profile.ledger.short.count as f64)
}

pub(crate) fn trades_per_1000_bars(profile: &Profile<'_>) -> MetricValue {
    let bars = profile.bars() as f64;
    ratio(1000.0 * profile.ledger.trades as f64, bars, Undefined::TooShort)
}

pub(crate) fn win_rate(profile: &Profile<'_>) -> MetricValue {
    share_of_trades(profile.ledger.wins, profile.ledger.trades)
}

fn long_win_rate(profile: &Profile<'_>) -> MetricValue {
    share_of_trades(profile.ledger.long.wins, profile.ledger.long.count)
}

fn short_win_rate(profile: &Profile<'_>) -> MetricValue {
    share_of_trades(profile.ledger.short.wins, profile.ledger.short.count)
}

fn long_net_profit(profile: &Profile<'_>) -> MetricValue {
    Ok(profile.ledger.long.pnl)
}

fn short_net_profit(profile: &Profile<'_>) -> MetricValue {
    Ok(profile.ledger.short.pnl)
}

pub(crate) fn profit_factor(profile: &Profile<'_>) -> MetricValue {
    let ledger = &profile.ledger;
    if ledger.trades == 0 {
        return Err(Undefined::NoTrades);
    }
    gain_over_loss(ledger.won, ledger.lost)
}

fn avg_trade(profile: &Profile<'_>) -> MetricValue {
    ratio(profile.ledger.pnl, profile.ledger.trades as f64, Undefined::NoTrades)
}

fn avg_win(profile: &Profile<'_>) -> MetricValue {
    ratio(profile.ledger.won, profile.ledger.wins as f64, without(profile, Undefined::NoWins))
}

pub(crate) fn avg_loss(profile: &Profile<'_>) -> MetricValue {
    ratio(-profile.ledger.lost, profile.ledger.losses as f64, without(profile, Undefined::NoLosses))
}

fn largest_win(profile: &Profile<'_>) -> MetricValue {
    if profile.ledger.wins == 0 {
        return Err(without(profile, Undefined::NoWins));
    }
    Ok(profile.ledger.largest_win)
}

fn largest_loss(profile: &Profile<'_>) -> MetricValue {
    if profile.ledger.losses == 0 {
        return Err(without(profile, Undefined::NoLosses));
    }
    Ok(profile.ledger.largest_loss)
}

pub(crate) fn payoff_ratio(profile: &Profile<'_>) -> MetricValue {
    Ok(avg_win(profile)? / -avg_loss(profile)?)
}

fn expectancy(profile: &Profile<'_>) -> MetricValue {
    Ok(avg_trade(profile)? / -avg_loss(profile)?)
}

fn sqn(profile: &Profile<'_>) -> MetricValue {
    let ledger = &profile.ledger;
    let mean = avg_trade(profile)?;
    if ledger.trades < 2 || ledger.squared_distances == 0.0 {
        return Err(Undefined::ZeroVariance);
    }
    let count = ledger.trades as f64;
    let deviation = (ledger.squared_distances / (count - 1.0)).sqrt();
    Ok(mean / deviation * count.sqrt())
}

fn kelly(profile: &Profile<'_>) -> MetricValue {
    let ledger = &profile.ledger;
    let lost = share_of_trades(ledger.losses, ledger.trades)?;
    Ok(win_rate(profile)? - lost / payoff_ratio(profile)?)
}
