//! vectorbt 1.2's trades on the bars of `testdata/execution`, made by `scripts/oracles/execution.py`.

use serde_json::Value;

use super::*;

const BARS: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/execution/bars.csv"));
const CASES: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/execution/vectorbt.json"));

fn bars() -> Vec<Prices> {
    let mut reader = csv::Reader::from_reader(BARS.as_bytes());
    let row = |record: Result<csv::StringRecord, csv::Error>| {
        let record = record.expect("the file is well formed");
        let price = |index: usize| record[index].parse().expect("prices are numbers");
        [price(0), price(1), price(2), price(3)]
    };
    reader.records().map(row).collect()
}

fn numbers(value: &Value) -> Vec<f64> {
    let values = value.as_array().expect("an array");
    values.iter().map(|x| x.as_f64().expect("a number")).collect()
}

fn indices(value: &Value) -> Vec<usize> {
    numbers(value).into_iter().map(|x| x as usize).collect()
}

/// The case's strategy. Its distances are shares of the fill price, as vectorbt has them.
fn scenario(prices: &[Prices], case: &Value) -> Scenario {
    let signals = |name: &str| indices(&case["signals"][name]);
    let slippage = case["slippage"].as_f64().expect("a number");
    let fill_factor = match case["side"].as_str() {
        Some("long") => 1.0 + slippage,
        Some("short") => 1.0 - slippage,
        _ => 1.0,
    };
    let distance = |name: &str| {
        let share = case[name].as_f64()?;
        let values: Vec<f64> = prices.iter().map(|bar| bar[3] * fill_factor * share).collect();
        Some(Column::from(values))
    };
    let mut scenario = Scenario::new(prices)
        .enter(Side::Long, &signals("long_entry"))
        .enter(Side::Short, &signals("short_entry"))
        .leave(Side::Long, &signals("long_exit"))
        .leave(Side::Short, &signals("short_exit"))
        .at_close()
        .with(|execution| {
            execution.commission = Commission::Fraction(case["fees"].as_f64().expect("a number"));
            execution.slippage = Slippage::Fraction(slippage);
            execution.size = case["size"].as_f64().map_or(Size::EquityFraction(1.0), Size::Contracts);
        });
    scenario.cash = 100_000.0;
    scenario.signals.stop_distance = distance("stop");
    scenario.signals.target_distance = distance("target");
    scenario.signals.rules.cooldown = 1;
    scenario
}

fn is_close(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= 1e-9 * expected.abs().max(1.0)
}

fn check(prices: &[Prices], case: &Value) {
    let name = case["name"].as_str().expect("a name");
    let expected = &case["expected"];
    let backtest = scenario(prices, case).run();
    let entry_bars: Vec<usize> = backtest.trades.iter().map(|trade| trade.entry_bar).collect();
    let exit_bars: Vec<usize> = backtest.trades.iter().map(|trade| trade.exit_bar).collect();
    assert_eq!(entry_bars, indices(&expected["entry_bar"]), "{name}");
    assert_eq!(exit_bars, indices(&expected["exit_bar"]), "{name}");
    let (prices, pnls) = (numbers(&expected["exit_price"]), numbers(&expected["pnl"]));
    for (index, trade) in backtest.trades.iter().enumerate() {
        let side = if trade.side == Side::Long { "long" } else { "short" };
        assert_eq!(Some(side), expected["side"][index].as_str(), "{name} {index}");
        assert!(is_close(trade.exit_price, prices[index]), "{name} {index} {trade:?}");
        assert!(is_close(trade.pnl, pnls[index]), "{name} {index} {trade:?}");
    }
    let last = backtest.equity.last().expect("there are bars");
    let total_return = last / backtest.cash - 1.0;
    let expected_return = expected["total_return"].as_f64().expect("a number");
    assert!((total_return - expected_return).abs() <= 1e-9, "{name}: {total_return} instead of {expected_return}");
}

#[test]
fn every_trade_of_every_case_is_vectorbts() {
    let prices = bars();
    let cases: Value = serde_json::from_str(CASES).expect("the file is well formed");
    let cases = cases.as_array().expect("an array");
    assert!(prices.len() == 2500 && cases.len() >= 20);
    for case in cases {
        check(&prices, case);
    }
}
