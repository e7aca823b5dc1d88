//! Return set against the risk that was taken for it.

use std::f64::consts::FRAC_1_SQRT_2;

use super::drawdown::{max_drawdown, ulcer_index};
use super::result::cagr;
use super::risk::{kurtosis, skew, tail_ratio};
use crate::metric::catalogue::{Better, Family, Metric, Unit};
use crate::metric::undefined::{gain_over_loss, ratio};
use crate::metric::{MetricValue, Profile, Undefined};

pub(crate) const FAMILY: Family = Family {
    title: "Reward for risk",
    metrics: &[
        Metric {
            name: "sharpe",
            unit: Unit::Ratio,
            better: Better::Higher,
            doc: "Mean daily return over its standard deviation, annualised; no risk-free rate.",
            formula: "mean(r) / sd(r) · √D",
            source: "Sharpe 1994; empyrical `sharpe_ratio`, quantstats `sharpe`",
            value: sharpe,
        },
        Metric {
            name: "probabilistic_sharpe",
            unit: Unit::Fraction,
            better: Better::Higher,
            doc: "Probability that the true Sharpe ratio is above zero, given the length, skewness and kurtosis of the returns.",
            formula: "Φ(s · √(n − 1) / √(1 − skew·s + (kurtosis + 2)/4 · s²)), s = mean(r) / sd(r)",
            source: "Bailey and López de Prado 2012; quantstats `probabilistic_sharpe_ratio`",
            value: probabilistic_sharpe,
        },
        Metric {
            name: "sortino",
            unit: Unit::Ratio,
            better: Better::Higher,
            doc: "Mean daily return over the downside deviation, annualised.",
            formula: "mean(r) / √(mean(min(r, 0)²)) · √D",
            source: "Sortino and van der Meer 1991; empyrical `sortino_ratio`, quantstats `sortino`",
            value: sortino,
        },
        Metric {
            name: "calmar",
            unit: Unit::Ratio,
            better: Better::Higher,
            doc: "Compound growth per year over the deepest drawdown.",
            formula: "cagr / max_drawdown",
            source: "Young 1991, over the whole segment; empyrical `calmar_ratio` on one bar a day",
            value: calmar,
        },
        Metric {
            name: "martin",
            unit: Unit::Ratio,
            better: Better::Higher,
            doc: "Compound growth per year over the Ulcer index (the Ulcer performance index).",
            formula: "cagr / ulcer_index",
            source: "Martin and McCann 1989",
            value: martin,
        },
        Metric {
            name: "omega",
            unit: Unit::Ratio,
            better: Better::Higher,
            doc: "Sum of the daily gains over that of the daily losses.",
            formula: "Σ max(r, 0) / Σ max(−r, 0)",
            source: "Keating and Shadwick 2002 with threshold 0; empyrical `omega_ratio`",
            value: omega,
        },
        Metric {
            name: "gain_to_pain",
            unit: Unit::Ratio,
            better: Better::Higher,
            doc: "Sum of the monthly returns over that of the losing months.",
            formula: "Σ m / Σ max(−m, 0)",
            source: "Schwager 2012, by calendar month",
            value: gain_to_pain,
        },
        Metric {
            name: "common_sense_ratio",
            unit: Unit::Ratio,
            better: Better::Higher,
            doc: "Omega times the tail ratio: are gains larger in sum and in the tail?",
            formula: "omega · tail_ratio",
            source: "quantstats `common_sense_ratio`",
            value: common_sense_ratio,
        },
        Metric {
            name: "recovery_factor",
            unit: Unit::Ratio,
            better: Better::Higher,
            doc: "Net profit over the largest amount lost from a peak.",
            formula: "(E_end − C) / max_drawdown_money",
            source: "definition",
            value: recovery_factor,
        },
        Metric {
            name: "stability",
            unit: Unit::Ratio,
            better: Better::Higher,
            doc: "How much of the growth a steady rate explains: R² of a line through the logarithm of daily equity.",
            formula: "R² of ln(E) on the day's number",
            source: "empyrical `stability_of_timeseries`",
            value: stability,
        },
        Metric {
            name: "k_ratio",
            unit: Unit::Ratio,
            better: Better::Higher,
            doc: "Slope of that line over its standard error, made comparable across lengths.",
            formula: "slope / se(slope) · √D / n",
            source: "Kestner 2013",
            value: k_ratio,
        },
    ],
};

fn sharpe(profile: &Profile<'_>) -> MetricValue {
    Ok(profile.daily.mean / profile.daily.deviation()? * profile.input.trading_days_per_year.sqrt())
}

fn probabilistic_sharpe(profile: &Profile<'_>) -> MetricValue {
    let daily = &profile.daily;
    let daily_sharpe = daily.mean / daily.deviation()?;
    let (skew, raw_kurtosis) = (skew(profile)?, kurtosis(profile)? + 3.0);
    let spread = 1.0 - skew * daily_sharpe + (raw_kurtosis - 1.0) / 4.0 * daily_sharpe * daily_sharpe;
    if spread <= 0.0 {
        return Err(Undefined::ZeroVariance);
    }
    let score = daily_sharpe * ((daily.days - 1) as f64 / spread).sqrt();
    Ok(0.5 * libm::erfc(-score * FRAC_1_SQRT_2))
}

pub(crate) fn sortino(profile: &Profile<'_>) -> MetricValue {
    let daily = &profile.daily;
    if daily.days < 2 {
        return Err(Undefined::TooShort);
    }
    if daily.days_down == 0 {
        return gain_over_loss(daily.gains, 0.0);
    }
    let downside = (daily.squared_losses / daily.days as f64).sqrt();
    Ok(daily.mean / downside * profile.input.trading_days_per_year.sqrt())
}

fn calmar(profile: &Profile<'_>) -> MetricValue {
    ratio(cagr(profile)?, max_drawdown(profile)?, Undefined::NoDrawdown)
}

fn martin(profile: &Profile<'_>) -> MetricValue {
    ratio(cagr(profile)?, ulcer_index(profile)?, Undefined::NoDrawdown)
}

pub(crate) fn omega(profile: &Profile<'_>) -> MetricValue {
    gain_over_loss(profile.daily.gains, profile.daily.losses)
}

fn gain_to_pain(profile: &Profile<'_>) -> MetricValue {
    let months = profile.months.iter().map(|month| month.total_return);
    let (gained, lost) =
        months.fold((0.0, 0.0), |(gained, lost), one: f64| (gained + one.max(0.0), lost + (-one).max(0.0)));
    gain_over_loss(gained, lost)?;
    Ok((gained - lost) / lost)
}

fn common_sense_ratio(profile: &Profile<'_>) -> MetricValue {
    Ok(omega(profile)? * tail_ratio(profile)?)
}

fn recovery_factor(profile: &Profile<'_>) -> MetricValue {
    let profit = profile.final_equity() - profile.cash();
    ratio(profit, profile.depth.money, Undefined::NoDrawdown)
}

fn stability(profile: &Profile<'_>) -> MetricValue {
    Ok(profile.trend?.r_squared)
}

fn k_ratio(profile: &Profile<'_>) -> MetricValue {
    let trend = profile.trend?;
    let steadiness = ratio(trend.slope, trend.slope_error, Undefined::ZeroVariance)?;
    Ok(steadiness * profile.input.trading_days_per_year.sqrt() / profile.days() as f64)
}
