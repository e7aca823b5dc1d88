//! What the strategy earned.

use crate::metric::catalogue::{Better, Family, Metric, Unit};
use crate::metric::undefined::ratio;
use crate::metric::{MetricValue, Profile, Undefined};

pub(crate) const FAMILY: Family = Family {
    title: "Result",
    metrics: &[
        Metric {
            name: "final_equity",
            unit: Unit::Money,
            better: Better::Higher,
            doc: "Equity at the segment's last bar.",
            formula: "E_end",
            source: "definition",
            value: final_equity,
        },
        Metric {
            name: "net_profit",
            unit: Unit::Money,
            better: Better::Higher,
            doc: "Money earned after all costs.",
            formula: "E_end − C",
            source: "definition",
            value: net_profit,
        },
        Metric {
            name: "total_return",
            unit: Unit::Fraction,
            better: Better::Higher,
            doc: "Net profit as a share of the cash at the start.",
            formula: "E_end / C − 1",
            source: "definition; empyrical `cum_returns_final`",
            value: total_return,
        },
        Metric {
            name: "cagr",
            unit: Unit::Fraction,
            better: Better::Higher,
            doc: "Compound growth per year. Undefined below 20 days, where one lucky week would compound to millions; −1 where equity is gone.",
            formula: "max(E_end / C, 0)^(D / n) − 1",
            source: "definition; empyrical `annual_return`",
            value: cagr,
        },
        Metric {
            name: "buy_and_hold_return",
            unit: Unit::Fraction,
            better: Better::Neither,
            doc: "What holding one unit from the first close to the last would have earned, without costs.",
            formula: "close_last / close_first − 1",
            source: "definition",
            value: buy_and_hold_return,
        },
        Metric {
            name: "excess_return",
            unit: Unit::Fraction,
            better: Better::Higher,
            doc: "Total return beyond that of holding.",
            formula: "total_return − buy_and_hold_return",
            source: "definition",
            value: excess_return,
        },
        Metric {
            name: "avg_day",
            unit: Unit::Fraction,
            better: Better::Higher,
            doc: "Mean daily return.",
            formula: "mean(r)",
            source: "definition; numpy `mean`",
            value: avg_day,
        },
        Metric {
            name: "best_day",
            unit: Unit::Fraction,
            better: Better::Higher,
            doc: "Best daily return.",
            formula: "max(r)",
            source: "definition; quantstats `best`",
            value: best_day,
        },
        Metric {
            name: "worst_day",
            unit: Unit::Fraction,
            better: Better::Higher,
            doc: "Worst daily return, with its sign.",
            formula: "min(r)",
            source: "definition; quantstats `worst`",
            value: worst_day,
        },
        Metric {
            name: "positive_days",
            unit: Unit::Fraction,
            better: Better::Higher,
            doc: "Share of days with a gain among the days that moved equity.",
            formula: "#(r > 0) / #(r ≠ 0)",
            source: "quantstats `win_rate`",
            value: positive_days,
        },
        Metric {
            name: "best_month",
            unit: Unit::Fraction,
            better: Better::Higher,
            doc: "Best return of a calendar month.",
            formula: "max(m)",
            source: "definition; quantstats `best` of months",
            value: best_month,
        },
        Metric {
            name: "worst_month",
            unit: Unit::Fraction,
            better: Better::Higher,
            doc: "Worst return of a calendar month, with its sign.",
            formula: "min(m)",
            source: "definition; quantstats `worst` of months",
            value: worst_month,
        },
        Metric {
            name: "positive_months",
            unit: Unit::Fraction,
            better: Better::Higher,
            doc: "Share of calendar months with a gain.",
            formula: "#(m > 0) / months",
            source: "definition",
            value: positive_months,
        },
    ],
};

/// Fewer days than this are not compounded to a year.
const MIN_DAYS_TO_COMPOUND: usize = 20;

fn final_equity(profile: &Profile<'_>) -> MetricValue {
    Ok(profile.final_equity())
}

fn net_profit(profile: &Profile<'_>) -> MetricValue {
    Ok(profile.final_equity() - profile.cash())
}

pub(crate) fn total_return(profile: &Profile<'_>) -> MetricValue {
    Ok(profile.final_equity() / profile.cash() - 1.0)
}

pub(crate) fn cagr(profile: &Profile<'_>) -> MetricValue {
    if profile.days() < MIN_DAYS_TO_COMPOUND {
        return Err(Undefined::TooShort);
    }
    let growth = (profile.final_equity() / profile.cash()).max(0.0);
    Ok(libm::pow(growth, 1.0 / profile.years()) - 1.0)
}

fn buy_and_hold_return(profile: &Profile<'_>) -> MetricValue {
    if profile.input.first_close <= 0.0 {
        return Err(Undefined::NoBenchmark);
    }
    Ok(profile.input.last_close / profile.input.first_close - 1.0)
}

fn excess_return(profile: &Profile<'_>) -> MetricValue {
    Ok(total_return(profile)? - buy_and_hold_return(profile)?)
}

fn avg_day(profile: &Profile<'_>) -> MetricValue {
    if profile.days() == 0 {
        return Err(Undefined::TooShort);
    }
    Ok(profile.daily.mean)
}

fn best_day(profile: &Profile<'_>) -> MetricValue {
    if profile.days() == 0 {
        return Err(Undefined::TooShort);
    }
    Ok(profile.daily.best)
}

fn worst_day(profile: &Profile<'_>) -> MetricValue {
    if profile.days() == 0 {
        return Err(Undefined::TooShort);
    }
    Ok(profile.daily.worst)
}

fn positive_days(profile: &Profile<'_>) -> MetricValue {
    let daily = &profile.daily;
    let moved = (daily.days_up + daily.days_down) as f64;
    ratio(daily.days_up as f64, moved, Undefined::NothingMoved)
}

fn best_month(profile: &Profile<'_>) -> MetricValue {
    let months = profile.months.iter().map(|month| month.total_return);
    months.max_by(f64::total_cmp).ok_or(Undefined::TooShort)
}

fn worst_month(profile: &Profile<'_>) -> MetricValue {
    let months = profile.months.iter().map(|month| month.total_return);
    months.min_by(f64::total_cmp).ok_or(Undefined::TooShort)
}

fn positive_months(profile: &Profile<'_>) -> MetricValue {
    let months = &profile.months;
    let up = months.iter().filter(|month| month.total_return > 0.0).count();
    ratio(up as f64, months.len() as f64, Undefined::TooShort)
}
