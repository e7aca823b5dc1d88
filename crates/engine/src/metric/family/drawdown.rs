//! How far equity falls from its peaks, and for how long.

use crate::metric::catalogue::{Better, Family, Metric, Unit};
use crate::metric::undefined::ratio;
use crate::metric::{MetricValue, Profile, Undefined};

pub(crate) const FAMILY: Family = Family {
    title: "Drawdown",
    metrics: &[
        Metric {
            name: "max_drawdown",
            unit: Unit::Fraction,
            better: Better::Lower,
            doc: "Deepest fall of equity from a peak, over every bar's close. The cash is the first peak; 1 is everything.",
            formula: "max over bars of min(1 − E / peak, 1)",
            source: "definition; vectorbt `max_drawdown`, empyrical on one bar a day",
            value: max_drawdown,
        },
        Metric {
            name: "max_drawdown_money",
            unit: Unit::Money,
            better: Better::Lower,
            doc: "Largest amount lost from a peak, over every bar's close.",
            formula: "max over bars of peak − E",
            source: "definition",
            value: max_drawdown_money,
        },
        Metric {
            name: "avg_drawdown",
            unit: Unit::Fraction,
            better: Better::Lower,
            doc: "Mean over all drawdowns of their greatest depth, at the day's end.",
            formula: "mean over episodes of their depth",
            source: "definition; vectorbt `drawdowns.drawdown.mean`",
            value: avg_drawdown,
        },
        Metric {
            name: "pain_index",
            unit: Unit::Fraction,
            better: Better::Lower,
            doc: "Mean over all days of the distance from the peak.",
            formula: "mean(d)",
            source: "Becker and Moore (Zephyr Associates)",
            value: pain_index,
        },
        Metric {
            name: "ulcer_index",
            unit: Unit::Fraction,
            better: Better::Lower,
            doc: "Root mean square over all days of the distance from the peak.",
            formula: "√(mean(d²))",
            source: "Martin and McCann 1989. quantstats divides by n − 1, this by n, as the authors do",
            value: ulcer_index,
        },
        Metric {
            name: "max_drawdown_days",
            unit: Unit::Days,
            better: Better::Lower,
            doc: "Longest time from a peak to the day that reached it again, or to the end.",
            formula: "max over episodes of day(recovery) − day(peak)",
            source: "definition; vectorbt `drawdowns.duration`",
            value: max_drawdown_days,
        },
        Metric {
            name: "recovery_days",
            unit: Unit::Days,
            better: Better::Lower,
            doc: "Time from the bottom of the deepest drawdown to the peak regained. 0 without any drawdown, undefined while it lasts.",
            formula: "day(recovery) − day(trough)",
            source: "definition; vectorbt `drawdowns.recovery_duration`",
            value: recovery_days,
        },
        Metric {
            name: "time_under_water",
            unit: Unit::Fraction,
            better: Better::Lower,
            doc: "Share of days that end beneath the peak.",
            formula: "#(d > 0) / n",
            source: "definition",
            value: time_under_water,
        },
    ],
};

pub(crate) fn max_drawdown(profile: &Profile<'_>) -> MetricValue {
    Ok(profile.depth.fraction)
}

fn max_drawdown_money(profile: &Profile<'_>) -> MetricValue {
    Ok(profile.depth.money)
}

fn avg_drawdown(profile: &Profile<'_>) -> MetricValue {
    let path = &profile.underwater;
    Ok(path.sum_of_depths / path.episodes.max(1) as f64)
}

fn pain_index(profile: &Profile<'_>) -> MetricValue {
    ratio(profile.underwater.sum, profile.days() as f64, Undefined::TooShort)
}

pub(crate) fn ulcer_index(profile: &Profile<'_>) -> MetricValue {
    let mean_square = ratio(profile.underwater.sum_of_squares, profile.days() as f64, Undefined::TooShort)?;
    Ok(mean_square.sqrt())
}

fn max_drawdown_days(profile: &Profile<'_>) -> MetricValue {
    Ok(profile.underwater.longest_days as f64)
}

fn recovery_days(profile: &Profile<'_>) -> MetricValue {
    let path = &profile.underwater;
    match path.recovery_days {
        Some(days) => Ok(days as f64),
        None if path.episodes == 0 => Ok(0.0),
        None => Err(Undefined::NotRecovered),
    }
}

fn time_under_water(profile: &Profile<'_>) -> MetricValue {
    ratio(profile.underwater.days as f64, profile.days() as f64, Undefined::TooShort)
}
