//! What trading cost, and how much it could have cost.

use crate::metric::catalogue::{Better, Family, Metric, Unit};
use crate::metric::undefined::ratio;
use crate::metric::{MetricValue, Profile, Undefined};

pub(crate) const FAMILY: Family = Family {
    title: "Costs",
    metrics: &[
        Metric {
            name: "turnover",
            unit: Unit::Ratio,
            better: Better::Neither,
            doc: "Money value of all fills per year, in units of mean equity.",
            formula: "Σ notional / mean(E_day) / years",
            source: "definition; both sides count",
            value: turnover,
        },
        Metric {
            name: "total_commission",
            unit: Unit::Money,
            better: Better::Lower,
            doc: "Commissions of all fills.",
            formula: "Σ commission",
            source: "definition",
            value: total_commission,
        },
        Metric {
            name: "total_slippage",
            unit: Unit::Money,
            better: Better::Lower,
            doc: "Money lost to slippage on all fills.",
            formula: "Σ slippage",
            source: "definition",
            value: total_slippage,
        },
        Metric {
            name: "cost_share",
            unit: Unit::Fraction,
            better: Better::Lower,
            doc: "Share of the profit before costs that costs consumed. Undefined unless there is such a profit; above 1 where costs consumed more than it.",
            formula: "costs / (Σ p + costs)",
            source: "definition",
            value: cost_share,
        },
        Metric {
            name: "break_even_cost",
            unit: Unit::BasisPoints,
            better: Better::Higher,
            doc: "Cost per side, as a share of the traded money, at which these trades would have earned nothing; negative where they lose before costs.",
            formula: "10⁴ · (Σ p + costs) / Σ notional",
            source: "definition",
            value: break_even_cost,
        },
    ],
};

fn turnover(profile: &Profile<'_>) -> MetricValue {
    let days = profile.days() as f64;
    let mean_equity = ratio(profile.daily_equity.iter().sum(), days, Undefined::TooShort)?;
    if mean_equity <= 0.0 {
        return Err(Undefined::Bankrupt);
    }
    Ok(profile.ledger.notional / mean_equity / profile.years())
}

fn total_commission(profile: &Profile<'_>) -> MetricValue {
    Ok(profile.ledger.commission)
}

fn total_slippage(profile: &Profile<'_>) -> MetricValue {
    Ok(profile.ledger.slippage)
}

fn cost_share(profile: &Profile<'_>) -> MetricValue {
    let before_costs = profile.ledger.pnl + profile.ledger.costs();
    if before_costs <= 0.0 {
        return Err(Undefined::NoProfit);
    }
    Ok(profile.ledger.costs() / before_costs)
}

fn break_even_cost(profile: &Profile<'_>) -> MetricValue {
    let ledger = &profile.ledger;
    let share = ratio(ledger.pnl + ledger.costs(), ledger.notional, Undefined::NoTrades)?;
    Ok(share * 10_000.0)
}
