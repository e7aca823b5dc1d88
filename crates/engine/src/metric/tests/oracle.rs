//! Every metric against other libraries: `scripts/oracles/metrics.py` wrote the numbers.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::Value;

use super::Case;
use crate::metric::{Calendar, CompositeOptions, catalogue, compute, daily_equity, find, monthly_returns};
use crate::simulator::{Backtest, ExitReason, Side, Trade};

const CASES: [(&str, &str); 3] = [
    ("weekdays_futures", include_str!("../../../../../testdata/metrics/weekdays_futures.json")),
    ("every_day_coin", include_str!("../../../../../testdata/metrics/every_day_coin.json")),
    ("one_bar_a_day", include_str!("../../../../../testdata/metrics/one_bar_a_day.json")),
];

/// Metrics that no library has and the oracle does not define: the worked example checks them.
const WORKED_BY_HAND: [&str; 10] = [
    "ambiguous_bars",
    "unaffordable_entries",
    "undefined_entries",
    "late_entries",
    "margin_calls",
    "bankrupt",
    "composite",
    "account_passed",
    "days_to_pass",
    "rule_breached",
];

fn number(value: &Value) -> f64 {
    value.as_f64().expect("the oracle writes a number here")
}

fn index(value: &Value) -> usize {
    number(value) as usize
}

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().expect("the oracle writes a list here")
}

/// A row in the order of the script's `COLUMNS`.
fn trade(row: &Value) -> Trade {
    Trade {
        side: if number(&row[0]) > 0.0 { Side::Long } else { Side::Short },
        size: number(&row[1]),
        entry_bar: index(&row[2]),
        entry_price: number(&row[3]),
        exit_bar: index(&row[4]),
        exit_price: number(&row[5]),
        exit_reason: ExitReason::Rule,
        pnl: number(&row[6]),
        commission: number(&row[7]),
        slippage: number(&row[8]),
        max_adverse: number(&row[9]),
        max_favorable: number(&row[10]),
        ambiguous: row[11] == true,
    }
}

fn case(file: &Value) -> Case {
    let equity: Vec<f64> = list(&file["equity"]).iter().map(number).collect();
    let bars_per_day = index(&file["bars_per_day"]);
    let bar_days: Vec<i32> =
        list(&file["days"]).iter().flat_map(|day| std::iter::repeat_n(number(day) as i32, bars_per_day)).collect();
    let segment: Range<usize> = 0..equity.len();
    Case {
        backtest: Backtest {
            segment,
            cash: number(&file["cash"]),
            trades: list(&file["trades"]).iter().map(trade).collect(),
            equity,
            bars_in_market: index(&file["bars_in_market"]),
            ambiguous_bars: 0,
            bankrupt_at: None,
            unaffordable_entries: 0,
            undefined_entries: 0,
            late_entries: 0,
            account: None,
        },
        calendar: Calendar::new(&bar_days),
        trading_days_per_year: number(&file["trading_days_per_year"]),
        point_value: number(&file["point_value"]),
        closes: (number(&file["first_close"]), number(&file["last_close"])),
        composite: CompositeOptions::default(),
    }
}

fn files() -> impl Iterator<Item = (&'static str, Value)> {
    CASES.iter().map(|&(name, text)| {
        let file = serde_json::from_str(text).expect("the oracle writes valid JSON");
        (name, file)
    })
}

fn expected(file: &Value) -> BTreeMap<&str, f64> {
    let entries = file["expected"].as_object().expect("an object");
    entries.iter().map(|(name, value)| (name.as_str(), number(value))).collect()
}

#[test]
fn metrics_equal_those_of_other_libraries() {
    let mut differences = Vec::new();
    for (case_name, file) in files() {
        let metrics = compute(&case(&file).input());
        for (name, want) in expected(&file) {
            assert!(find(name).is_some(), "{name} is no metric");
            let got = metrics.value(name);
            let is_equal = matches!(got, Some(Ok(value)) if (value - want).abs() <= 1e-9 * want.abs().max(1e-3));
            if !is_equal {
                differences.push(format!("{case_name} {name}: {got:?}, not {want}"));
            }
        }
    }
    assert!(differences.is_empty(), "{differences:#?}");
}

#[test]
fn every_metric_has_an_outside_check() {
    let files: Vec<_> = files().map(|(_, file)| file).collect();
    let unchecked: Vec<_> = catalogue()
        .iter()
        .map(|metric| metric.name)
        .filter(|name| !WORKED_BY_HAND.contains(name))
        .filter(|name| !files.iter().any(|file| expected(file).contains_key(name)))
        .collect();
    assert!(unchecked.is_empty(), "{unchecked:?}");
}

#[test]
fn trading_days_per_year_are_days_over_years() {
    for (_, file) in files() {
        let case = case(&file);
        let per_year = case.calendar.trading_days_per_year();
        assert!((per_year - case.trading_days_per_year).abs() < 1e-9);
    }
}

#[test]
fn months_equal_those_of_pandas() {
    for (_, file) in files() {
        let case = case(&file);
        let equity = daily_equity(&case.backtest, &case.calendar);
        let months = monthly_returns(case.backtest.cash, &equity, &case.calendar);
        let wanted = list(&file["months"]);
        assert_eq!(months.len(), wanted.len());
        for (month, want) in months.iter().zip(wanted) {
            assert_eq!(f64::from(month.year), number(&want[0]));
            assert_eq!(f64::from(month.month), number(&want[1]));
            assert!((month.total_return - number(&want[2])).abs() < 1e-12);
        }
    }
}
