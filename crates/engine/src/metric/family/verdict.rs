//! Signs that a result rests on assumptions, and the composite score.

use super::drawdown::max_drawdown;
use crate::account::{AccountOutcome, LossRule};
use crate::metric::catalogue::{Better, Family, Metric, Unit};
use crate::metric::composite::score;
use crate::metric::undefined::ratio;
use crate::metric::{MetricValue, Profile, Undefined};
use crate::simulator::ExitReason;

pub(crate) const FAMILY: Family = Family {
    title: "Trust and verdict",
    metrics: &[
        Metric {
            name: "ambiguous_bars",
            unit: Unit::Count,
            better: Better::Lower,
            doc: "Bars that touched both stop and target, so that the `intrabar` policy decided.",
            formula: "bars",
            source: "`docs/execution.md`",
            value: ambiguous_bars,
        },
        Metric {
            name: "ambiguous_share",
            unit: Unit::Fraction,
            better: Better::Lower,
            doc: "Share of trades that such a bar ended.",
            formula: "ambiguous trades / N",
            source: "`docs/execution.md`",
            value: ambiguous_share,
        },
        Metric {
            name: "unaffordable_entries",
            unit: Unit::Count,
            better: Better::Lower,
            doc: "Entries that equity could not pay for, or back with margin.",
            formula: "entries",
            source: "`docs/execution.md`",
            value: unaffordable_entries,
        },
        Metric {
            name: "undefined_entries",
            unit: Unit::Count,
            better: Better::Lower,
            doc: "Entries whose stop, target or trailing distance was undefined or not above zero.",
            formula: "entries",
            source: "`docs/execution.md`",
            value: undefined_entries,
        },
        Metric {
            name: "late_entries",
            unit: Unit::Count,
            better: Better::Lower,
            doc: "Entries that `flat_by` overtook between the decision and the fill.",
            formula: "entries",
            source: "`docs/execution.md`",
            value: late_entries,
        },
        Metric {
            name: "margin_calls",
            unit: Unit::Count,
            better: Better::Lower,
            doc: "Trades that ended because the equity no longer covered their maintenance margin.",
            formula: "trades",
            source: "`docs/execution.md`",
            value: margin_calls,
        },
        Metric {
            name: "bankrupt",
            unit: Unit::Flag,
            better: Better::Lower,
            doc: "Whether equity fell to zero or below.",
            formula: "1 or 0",
            source: "`docs/execution.md`",
            value: bankrupt,
        },
        Metric {
            name: "viability",
            unit: Unit::Fraction,
            better: Better::Higher,
            doc: "How far the account stayed from its limits. Without account rules: 1 − max_drawdown.",
            formula: "mean of the ⌈n / 10⌉ smallest daily headrooms; without account rules max(1 − max_drawdown, 0)",
            source: "Bartune",
            value: viability,
        },
        Metric {
            name: "account_passed",
            unit: Unit::Flag,
            better: Better::Higher,
            doc: "Whether the account met its profit target by all of its rules. Undefined without account rules.",
            formula: "1 or 0",
            source: "`docs/accounts.md`",
            value: account_passed,
        },
        Metric {
            name: "days_to_pass",
            unit: Unit::Days,
            better: Better::Lower,
            doc: "Trading days up to the one on which the account passed. Undefined where it did not.",
            formula: "days",
            source: "`docs/accounts.md`",
            value: days_to_pass,
        },
        Metric {
            name: "rule_breached",
            unit: Unit::Count,
            better: Better::Lower,
            doc: "Which rule the account failed by: 0 none, 1 the daily loss limit, 2 the drawdown limit. Undefined without account rules.",
            formula: "0, 1 or 2",
            source: "`docs/accounts.md`",
            value: rule_breached,
        },
        Metric {
            name: "composite",
            unit: Unit::Fraction,
            better: Better::Higher,
            doc: "Seven metrics in one score between 0 and 1; see below.",
            formula: "Σ wᵢ·nᵢ / Σ wᵢ · min(N / 30, 1)",
            source: "Bartune",
            value: composite,
        },
    ],
};

/// Mean of the worst tenth of the days, at least one.
fn mean_of_worst_tenth(headroom: &[f64]) -> MetricValue {
    let count = headroom.len().div_ceil(10);
    let mut days = headroom.to_vec();
    days.sort_unstable_by(f64::total_cmp);
    ratio(days[..count].iter().sum(), count as f64, Undefined::TooShort)
}

fn ambiguous_bars(profile: &Profile<'_>) -> MetricValue {
    Ok(profile.input.backtest.ambiguous_bars as f64)
}

fn ambiguous_share(profile: &Profile<'_>) -> MetricValue {
    ratio(profile.ledger.ambiguous as f64, profile.ledger.trades as f64, Undefined::NoTrades)
}

fn unaffordable_entries(profile: &Profile<'_>) -> MetricValue {
    Ok(profile.input.backtest.unaffordable_entries as f64)
}

fn undefined_entries(profile: &Profile<'_>) -> MetricValue {
    Ok(profile.input.backtest.undefined_entries as f64)
}

fn late_entries(profile: &Profile<'_>) -> MetricValue {
    Ok(profile.input.backtest.late_entries as f64)
}

fn margin_calls(profile: &Profile<'_>) -> MetricValue {
    let trades = &profile.input.backtest.trades;
    Ok(trades.iter().filter(|trade| trade.exit_reason == ExitReason::MarginCall).count() as f64)
}

fn bankrupt(profile: &Profile<'_>) -> MetricValue {
    Ok(f64::from(u8::from(profile.input.backtest.bankrupt_at.is_some())))
}

pub(crate) fn viability(profile: &Profile<'_>) -> MetricValue {
    match profile.input.headroom {
        Some(headroom) => mean_of_worst_tenth(headroom),
        None => Ok((1.0 - max_drawdown(profile)?).max(0.0)),
    }
}

fn outcome(profile: &Profile<'_>) -> Result<AccountOutcome, Undefined> {
    let account = profile.input.backtest.account.as_ref();
    account.map(|account| account.outcome).ok_or(Undefined::NoAccountRules)
}

fn account_passed(profile: &Profile<'_>) -> MetricValue {
    let has_passed = matches!(outcome(profile)?, AccountOutcome::Passed { .. });
    Ok(f64::from(u8::from(has_passed)))
}

fn days_to_pass(profile: &Profile<'_>) -> MetricValue {
    match outcome(profile)? {
        AccountOutcome::Passed { day, .. } => Ok(f64::from(day)),
        AccountOutcome::Running | AccountOutcome::Failed { .. } => Err(Undefined::NotPassed),
    }
}

fn rule_breached(profile: &Profile<'_>) -> MetricValue {
    Ok(match outcome(profile)? {
        AccountOutcome::Failed { rule: LossRule::DailyLoss, .. } => 1.0,
        AccountOutcome::Failed { rule: LossRule::Drawdown, .. } => 2.0,
        AccountOutcome::Running | AccountOutcome::Passed { .. } => 0.0,
    })
}

pub(crate) fn composite(profile: &Profile<'_>) -> MetricValue {
    Ok(score(profile)?.value)
}
