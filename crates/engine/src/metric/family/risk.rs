//! How widely daily returns scatter, and how heavy their tails are.

use crate::metric::catalogue::{Better, Family, Metric, Unit};
use crate::metric::undefined::{gain_over_loss, ratio};
use crate::metric::{MetricValue, Profile, Undefined};

pub(crate) const FAMILY: Family = Family {
    title: "Risk",
    metrics: &[
        Metric {
            name: "volatility",
            unit: Unit::Fraction,
            better: Better::Lower,
            doc: "Standard deviation of daily returns, per year.",
            formula: "sd(r) · √D",
            source: "definition; empyrical `annual_volatility`",
            value: volatility,
        },
        Metric {
            name: "downside_deviation",
            unit: Unit::Fraction,
            better: Better::Lower,
            doc: "Root mean square of the daily losses over all days, per year.",
            formula: "√(mean(min(r, 0)²)) · √D",
            source: "Sortino and van der Meer 1991; empyrical `downside_risk`",
            value: downside_deviation,
        },
        Metric {
            name: "var_95",
            unit: Unit::Fraction,
            better: Better::Lower,
            doc: "Daily loss that 95 % of days stay within, from the returns themselves. Positive is a loss.",
            formula: "−quantile(r, 0.05)",
            source: "historical value at risk; empyrical `value_at_risk` with the sign turned",
            value: var_95,
        },
        Metric {
            name: "cvar_95",
            unit: Unit::Fraction,
            better: Better::Lower,
            doc: "Mean loss of the worst 5 % of days. Positive is a loss.",
            formula: "−mean of the ⌊0.05·(n − 1)⌋ + 1 smallest r",
            source: "expected shortfall; empyrical `conditional_value_at_risk` with the sign turned",
            value: cvar_95,
        },
        Metric {
            name: "skew",
            unit: Unit::Ratio,
            better: Better::Higher,
            doc: "Skewness of daily returns, adjusted for the number of days.",
            formula: "√(n(n − 1)) / (n − 2) · μ₃ / μ₂^1.5",
            source: "Joanes and Gill 1998 (G₁); pandas `skew`",
            value: skew,
        },
        Metric {
            name: "kurtosis",
            unit: Unit::Ratio,
            better: Better::Lower,
            doc: "Excess kurtosis of daily returns (0 for a normal distribution), adjusted for the number of days.",
            formula: "(n − 1) / ((n − 2)(n − 3)) · ((n + 1)(μ₄ / μ₂² − 3) + 6)",
            source: "Joanes and Gill 1998 (G₂); pandas `kurtosis`",
            value: kurtosis,
        },
        Metric {
            name: "tail_ratio",
            unit: Unit::Ratio,
            better: Better::Higher,
            doc: "Size of the good tail over that of the bad one.",
            formula: "|quantile(r, 0.95) / quantile(r, 0.05)|",
            source: "empyrical `tail_ratio`",
            value: tail_ratio,
        },
    ],
};

fn volatility(profile: &Profile<'_>) -> MetricValue {
    Ok(profile.daily.deviation()? * profile.input.trading_days_per_year.sqrt())
}

fn downside_deviation(profile: &Profile<'_>) -> MetricValue {
    let days = profile.days() as f64;
    let mean_square = ratio(profile.daily.squared_losses, days, Undefined::TooShort)?;
    Ok((mean_square * profile.input.trading_days_per_year).sqrt())
}

fn var_95(profile: &Profile<'_>) -> MetricValue {
    if profile.days() == 0 {
        return Err(Undefined::TooShort);
    }
    Ok(-profile.daily.quantile_05)
}

fn cvar_95(profile: &Profile<'_>) -> MetricValue {
    if profile.days() == 0 {
        return Err(Undefined::TooShort);
    }
    Ok(-profile.daily.mean_of_worst)
}

pub(crate) fn skew(profile: &Profile<'_>) -> MetricValue {
    let daily = &profile.daily;
    if daily.days < 3 {
        return Err(Undefined::TooShort);
    }
    daily.deviation()?;
    let n = daily.days as f64;
    let [m2, m3, _] = daily.power_sums.map(|sum| sum / n);
    Ok((n * (n - 1.0)).sqrt() / (n - 2.0) * m3 / (m2 * m2.sqrt()))
}

pub(crate) fn kurtosis(profile: &Profile<'_>) -> MetricValue {
    let daily = &profile.daily;
    if daily.days < 4 {
        return Err(Undefined::TooShort);
    }
    daily.deviation()?;
    let n = daily.days as f64;
    let [m2, _, m4] = daily.power_sums.map(|sum| sum / n);
    let excess = m4 / (m2 * m2) - 3.0;
    Ok((n - 1.0) / ((n - 2.0) * (n - 3.0)) * ((n + 1.0) * excess + 6.0))
}

pub(crate) fn tail_ratio(profile: &Profile<'_>) -> MetricValue {
    let daily = &profile.daily;
    gain_over_loss(daily.quantile_95.abs(), daily.quantile_05.abs())
}
