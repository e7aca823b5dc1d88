//! The winner's results by year and by kind of market.
//!
//! Days are tagged, never deleted: the strategy ran over all of them. A day's kind is known on that day: whether the
//! market's volatility over the last 20 days is in the lowest, middle or highest third of what it was on the days before
//! and after (a description, not a rule to trade by), and whether the close is above its mean over 50 days.

use bartune_engine::metric::Calendar;

use super::Subject;
use super::returns::daily;
use crate::error::Error;
use crate::evaluator::BacktestRun;
use crate::statistics::Ratio;

const VOLATILITY_DAYS: usize = 20;
const TREND_DAYS: usize = 50;

/// Results of some of the days.
#[derive(Debug, Clone, PartialEq)]
pub struct Period {
    /// Which days: a year, or a kind of market.
    pub name: String,
    /// How many.
    pub days: usize,
    /// Sharpe ratio a year, where defined.
    pub sharpe: Option<f64>,
    /// Return as a fraction.
    pub total_return: f64,
}

/// Results by year and by kind of market.
#[derive(Debug, Clone, PartialEq)]
pub struct Regimes {
    /// Calendar years, in order.
    pub years: Vec<Period>,
    /// Calm, usual and wild days; then days of a rising and of a falling market.
    pub markets: Vec<Period>,
}

pub(super) fn of(subject: &Subject<'_>, whole: &BacktestRun) -> Result<Regimes, Error> {
    let (calendar, days_per_year) = subject.evaluator.calendar(whole.segment.clone());
    let returns = daily(whole, &calendar);
    let closes: Vec<f64> = {
        let close = &subject.evaluator.bars().close()[whole.segment.clone()];
        calendar.days().iter().map(|day| close[day.end - 1]).collect()
    };
    let period = |name: String, of: &dyn Fn(usize) -> bool| {
        let chosen: Vec<f64> = (0..returns.len()).filter(|day| of(*day)).map(|day| returns[day]).collect();
        Period {
            name,
            days: chosen.len(),
            sharpe: Ratio::Sharpe.of(&chosen, days_per_year).ok(),
            total_return: chosen.iter().map(|day| 1.0 + day).product::<f64>() - 1.0,
        }
    };
    let years = years(&calendar);
    let mut distinct = years.clone();
    distinct.dedup();
    let volatility = thirds(&volatilities(&closes));
    let rising = rising(&closes);
    let kinds = ["calm", "usual", "wild"].into_iter().enumerate();
    let mut markets: Vec<Period> =
        kinds.map(|(third, name)| period(name.to_owned(), &|day| volatility[day] == Some(third))).collect();
    markets.push(period("rising".to_owned(), &|day| rising[day] == Some(true)));
    markets.push(period("falling".to_owned(), &|day| rising[day] == Some(false)));
    Ok(Regimes {
        years: distinct.iter().map(|year| period(year.to_string(), &|day| years[day] == *year)).collect(),
        markets,
    })
}

/// The year of each day.
fn years(calendar: &Calendar) -> Vec<i16> {
    let mut years = Vec::with_capacity(calendar.days().len());
    for month in calendar.months() {
        years.resize(month.end, month.year);
    }
    years
}

/// Standard deviation of the market's last daily changes, where there are enough.
fn volatilities(closes: &[f64]) -> Vec<Option<f64>> {
    let change = |day: usize| closes[day] / closes[day - 1] - 1.0;
    (0..closes.len())
        .map(|day| {
            (day >= VOLATILITY_DAYS).then(|| {
                let changes: Vec<f64> = (day + 1 - VOLATILITY_DAYS..=day).map(change).collect();
                let mean = changes.iter().sum::<f64>() / changes.len() as f64;
                (changes.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / changes.len() as f64).sqrt()
            })
        })
        .collect()
}

/// Which third of all the values each lies in.
fn thirds(values: &[Option<f64>]) -> Vec<Option<usize>> {
    let mut sorted: Vec<f64> = values.iter().flatten().copied().collect();
    sorted.sort_by(f64::total_cmp);
    let rank = |value: f64| sorted.partition_point(|other| *other < value);
    values.iter().map(|value| value.map(|value| (3 * rank(value) / sorted.len()).min(2))).collect()
}

/// Whether the close is above its mean, where there are enough days.
fn rising(closes: &[f64]) -> Vec<Option<bool>> {
    (0..closes.len())
        .map(|day| {
            (day + 1 >= TREND_DAYS).then(|| {
                let window = &closes[day + 1 - TREND_DAYS..=day];
                closes[day] > window.iter().sum::<f64>() / window.len() as f64
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirds_are_by_rank() {
        let values = [None, Some(5.0), Some(1.0), Some(3.0)];
        assert_eq!(thirds(&values), [None, Some(2), Some(0), Some(1)]);
    }

    #[test]
    fn a_rising_market_is_above_its_mean() {
        let closes: Vec<f64> = (1..=60).map(f64::from).collect();
        let found = rising(&closes);
        assert_eq!((found[48], found[49]), (None, Some(true)));
    }
}
