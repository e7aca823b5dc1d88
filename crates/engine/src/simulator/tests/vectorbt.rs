//! vectorbt's trades of 200 strategies on the bars of `testdata/execution`, made by `scripts/oracles/execution.py`,
//! through both engines.

use serde_json::Value;

use super::*;

const BARS: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/execution/bars.csv"));
const CASES: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/execution/vectorbt.json"));

pub(super) fn bars() -> Vec<Prices> {
    let mut reader = csv::Reader::from_reader(BARS.as_bytes());
    let row = |record: Result<csv::StringRecord, csv::Error>| {
        let record = record.expect("the file is well formed");
        let price = |index: usize| record[index].parse().expect("prices are numbers");
        [price(0), price(1), price(2), price(3)]
    };
    reader.records().map(row).collect()
}

pub(super) fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

pub(super) fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("an array").iter().map(number).collect()
}

/// Bars of a signal; none where the case does not have it.
pub(super) fn indices(value: &Value) -> Vec<usize> {
    if value.is_null() { Vec::new() } else { numbers(value).into_iter().map(|x| x as usize).collect() }
}

/// A distance of `[share of the close, share of the bar's range]` in points.
fn distance(prices: &[Prices], shares: &Value) -> Option<Pointwise> {
    let (of_close, of_range) = (shares.get(0)?.as_f64()?, shares.get(1)?.as_f64()?);
    let points = |&[_, high, low, close]: &Prices| close * of_close + (high - low) * of_range;
    Some(prices.iter().map(points).collect::<Vec<f64>>().into())
}

/// The size as Bartune has it.
fn size(case: &Value) -> Size {
    let amount = number(&case["size"][1]);
    match case["size"][0].as_str() {
        Some("units") => Size::Contracts(amount),
        Some("money") => Size::Notional(amount),
        _ => Size::EquityFraction(amount),
    }
}

fn scenario(prices: &[Prices], case: &Value) -> Scenario {
    let signals = |name: &str| indices(&case["signals"][name]);
    let mut scenario = Scenario::new(prices)
        .enter(Side::Long, &signals("long_entry"))
        .enter(Side::Short, &signals("short_entry"))
        .leave(Side::Long, &signals("long_exit"))
        .leave(Side::Short, &signals("short_exit"))
        .with(|execution| {
            execution.fill = if case["fill"] == "close" { Fill::Close } else { Fill::NextOpen };
            execution.commission = match number(&case["per_unit"]) {
                0.0 => Commission::Fraction(number(&case["fees"])),
                money => Commission::PerContract(money),
            };
            execution.slippage = Slippage::Fraction(number(&case["slippage"]));
            execution.size = size(case);
        });
    scenario.cash = 100_000.0;
    scenario.signals.stop_distance = distance(prices, &case["stop"]);
    scenario.signals.target_distance = distance(prices, &case["target"]);
    scenario.signals.trailing_distance = distance(prices, &case["trailing"]);
    // vectorbt drops the signals of a bar in which a stop was hit.
    scenario.signals.rules.cooldown = u32::from(case["fill"] == "close");
    scenario
}

pub(super) fn close_to(value: f64, expected: f64, scale: f64) -> bool {
    (value - expected).abs() <= 1e-9 * scale
}

fn check(case_index: usize, scenario: &Scenario, expected: &Value, backtest: &Backtest) {
    let (entries, exits) = (indices(&expected["entry_bar"]), indices(&expected["exit_bar"]));
    let (prices, results) = (numbers(&expected["exit_price"]), numbers(&expected["pnl"]));
    let sides: Vec<Side> = expected["side"].as_str().expect("a text").chars().map(side).collect();
    let settings = format!("case {case_index}: {:?}", scenario.execution);
    for (index, trade) in backtest.trades.iter().enumerate().take(entries.len()) {
        let place = format!("{settings}, trade {index}: {trade:?}");
        assert_eq!(
            (trade.entry_bar, trade.exit_bar, trade.side),
            (entries[index], exits[index], sides[index]),
            "{place}"
        );
        assert!(close_to(trade.exit_price, prices[index], prices[index]), "{place}: exit at {}", prices[index]);
        assert!(close_to(trade.pnl, results[index], scenario.cash), "{place}: result {}", results[index]);
    }
    assert_eq!(backtest.trades.len(), entries.len(), "{settings}");
    assert_eq!(backtest.unaffordable_entries, 0, "{settings}");
    let every_250th = backtest.equity.iter().skip(249).step_by(250);
    for (equity, expected) in every_250th.zip(numbers(&expected["equity"])) {
        assert!(close_to(*equity, expected, scenario.cash), "{settings}: equity {equity} instead of {expected}");
    }
    let total_return = backtest.equity.last().expect("there are bars") / backtest.cash - 1.0;
    let expected_return = number(&expected["total_return"]);
    assert!(close_to(total_return, expected_return, 1.0), "{settings}: {total_return} instead of {expected_return}");
}

fn side(letter: char) -> Side {
    if letter == 'L' { Side::Long } else { Side::Short }
}

#[test]
fn every_trade_of_every_case_is_vectorbts() {
    let prices = bars();
    let file: Value = serde_json::from_str(CASES).expect("the file is well formed");
    let cases = file["cases"].as_array().expect("an array");
    assert_eq!((prices.len(), cases.len()), (2500, 200));
    for (index, case) in cases.iter().enumerate() {
        let scenario = scenario(&prices, case);
        check(index, &scenario, &case["expected"], &scenario.run());
        let fast = scenario.try_with_input(fast::simulate).expect("the scenario is valid");
        check(index, &scenario, &case["expected"], &fast);
    }
}

/// A file without one of these would prove less than it says.
#[test]
fn the_cases_cover_what_vectorbt_can_express() {
    let file: Value = serde_json::from_str(CASES).expect("the file is well formed");
    let count = |holds: &dyn Fn(&Value) -> bool| {
        file["cases"].as_array().expect("an array").iter().filter(|case| holds(case)).count()
    };
    for side in ["long", "short", "both"] {
        assert!(count(&|case| case["side"] == side) >= 40, "{side}");
    }
    for fill in ["close", "next_open"] {
        for level in ["stop", "target"] {
            assert!(count(&|case| case["fill"] == fill && !case[level].is_null()) >= 25, "{fill} {level}");
        }
    }
    for size in ["units", "money", "equity"] {
        assert!(count(&|case| case["size"][0] == size) >= 15, "{size}");
    }
    assert!(count(&|case| !case["trailing"].is_null()) >= 30);
    assert!(count(&|case| !case["trailing"].is_null() && !case["stop"].is_null()) >= 15);
    for cost in ["fees", "per_unit", "slippage"] {
        assert!(count(&|case| number(&case[cost]) > 0.0) >= 15, "{cost}");
    }
}
