//! RaptorBT's trades of 80 strategies on the bars of `testdata/execution`, made by
//! `scripts/oracles/execution_raptorbt.py`, through both engines.

use serde_json::Value;

use super::vectorbt::{bars, close_to, indices, number, numbers};
use super::*;

const CASES: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/execution/raptorbt.json"));

/// RaptorBT's distances are shares of the fill price, which includes slippage and comes after the decision bar.
fn distance(prices: &[Prices], case: &Value, share: &Value) -> Option<Pointwise> {
    let share = share.as_f64()?;
    let slippage = number(&case["slippage"]);
    let factor = if case["side"] == "long" { 1.0 + slippage } else { 1.0 - slippage };
    let quote = |t: usize| match case["fill"].as_str() {
        Some("close") => prices[t][3],
        _ => prices.get(t + 1).map_or(f64::NAN, |next| next[0]),
    };
    Some((0..prices.len()).map(|t| quote(t) * factor * share).collect::<Vec<f64>>().into())
}

fn scenario(prices: &[Prices], case: &Value) -> Scenario {
    let side = if case["side"] == "long" { Side::Long } else { Side::Short };
    let mut scenario = Scenario::new(prices)
        .enter(side, &indices(&case["signals"]["entry"]))
        .leave(side, &indices(&case["signals"]["exit"]))
        .with(|execution| {
            execution.fill = if case["fill"] == "close" { Fill::Close } else { Fill::NextOpen };
            execution.commission = Commission::Fraction(number(&case["fees"]));
            execution.slippage = Slippage::Fraction(number(&case["slippage"]));
            execution.size = Size::EquityFraction(1.0);
        });
    scenario.cash = 100_000.0;
    scenario.signals.stop_distance = distance(prices, case, &case["stop"]);
    scenario.signals.target_distance = distance(prices, case, &case["target"]);
    scenario
}

fn check(case_index: usize, scenario: &Scenario, case: &Value, backtest: &Backtest) {
    let expected = &case["expected"];
    let (entries, exits) = (indices(&expected["entry_bar"]), indices(&expected["exit_bar"]));
    let (prices, results) = (numbers(&expected["exit_price"]), numbers(&expected["pnl_per_unit"]));
    let settings = format!("case {case_index}: {:?}", scenario.execution);
    for (index, trade) in backtest.trades.iter().enumerate().take(entries.len()) {
        let place = format!("{settings}, trade {index}: {trade:?}");
        assert_eq!((trade.entry_bar, trade.exit_bar), (entries[index], exits[index]), "{place}");
        assert!(close_to(trade.exit_price, prices[index], prices[index]), "{place}: exit at {}", prices[index]);
        let per_unit = trade.pnl / trade.size;
        assert!(close_to(per_unit, results[index], trade.exit_price), "{place}: {} a unit", results[index]);
    }
    assert_eq!(backtest.trades.len(), entries.len(), "{settings}");
    if case["side"] == "long" {
        // The equity of a short in RaptorBT is that of a long.
        check_equity(backtest, expected, &settings);
    }
}

fn check_equity(backtest: &Backtest, expected: &Value, settings: &str) {
    let every_250th = backtest.equity.iter().skip(249).step_by(250);
    for (equity, expected) in every_250th.zip(numbers(&expected["equity"])) {
        assert!(close_to(*equity, expected, backtest.cash), "{settings}: equity {equity} instead of {expected}");
    }
    let total_return = backtest.equity.last().expect("there are bars") / backtest.cash - 1.0;
    let expected_return = number(&expected["total_return"]);
    assert!(close_to(total_return, expected_return, 1.0), "{settings}: {total_return} instead of {expected_return}");
}

#[test]
fn every_trade_of_every_case_is_raptorbts() {
    let prices = bars();
    let file: Value = serde_json::from_str(CASES).expect("the file is well formed");
    let cases = file["cases"].as_array().expect("an array");
    assert_eq!(cases.len(), 80);
    for (index, case) in cases.iter().enumerate() {
        let scenario = scenario(&prices, case);
        check(index, &scenario, case, &scenario.run());
        let fast = scenario.try_with_input(fast::simulate).expect("the scenario is valid");
        check(index, &scenario, case, &fast);
    }
}
