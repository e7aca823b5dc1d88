//! Costs, sizes, equity and bankruptcy (rules M1–M6, Z1–Z7).

use super::*;
use ExitReason::{Bankrupt, Reversal, SegmentEnd};
use Side::{Long, Short};

/// 100, then 110, then 121.
fn rising() -> Scenario {
    Scenario::new(&[QUIET, [100.0, 110.0, 100.0, 110.0], [110.0, 121.0, 110.0, 121.0]])
}

#[test]
fn equity_is_marked_at_each_close_with_the_entry_commission_paid() {
    let backtest = rising()
        .enter(Long, &[0])
        .with(|execution| {
            execution.size = Size::Contracts(2.0);
            execution.commission = Commission::PerContract(1.5);
        })
        .run();
    // Bar 1: 2 · 10 − 3. Bar 2, closed: 2 · 21 − 3 − 3.
    assert_eq!(backtest.equity, [1000.0, 1017.0, 1036.0]);
    assert_eq!(backtest.trades[0].pnl, 36.0);
    assert_eq!(backtest.trades[0].commission, 6.0);
}

#[test]
fn both_sides_pay_commission_on_their_own_notional() {
    let trade = rising().enter(Short, &[0]).with(|execution| execution.commission = Commission::Fraction(0.5)).trade();
    assert_eq!(trade.commission, 50.0 + 60.5);
    assert_eq!(trade.pnl, -21.0 - 110.5);
}

#[test]
fn the_point_value_multiplies_profit_commission_and_slippage() {
    let trade = rising()
        .enter(Long, &[0])
        .with(|execution| {
            execution.instrument =
                Instrument { tick: Some(0.25), point_value: 5.0, whole_contracts: true, margin: None };
            execution.slippage = Slippage::Ticks(2.0);
            execution.commission = Commission::Fraction(0.5);
        })
        .trade();
    assert_eq!((trade.entry_price, trade.exit_price), (100.5, 120.5));
    assert_eq!(trade.slippage, 5.0);
    assert_eq!(trade.commission, 0.5 * 5.0 * 221.0);
    assert_eq!(trade.pnl, 100.0 - trade.commission);
}

#[test]
fn all_equity_compounds_and_leaves_nothing_idle() {
    let prices = [QUIET, QUIET, still(110.0), still(110.0), still(121.0), still(121.0)];
    let backtest = Scenario::new(&prices)
        .enter(Long, &[0, 2])
        .leave(Long, &[1, 3])
        .with(|execution| execution.size = Size::EquityFraction(1.0))
        .run();
    assert_eq!(backtest.trades[0].size, 10.0);
    assert_eq!(backtest.trades[1].size, 10.0);
    assert_eq!(backtest.equity, [1000.0, 1000.0, 1100.0, 1100.0, 1210.0, 1210.0]);
}

#[test]
fn a_reversal_is_sized_from_the_equity_after_its_exit() {
    let prices = [QUIET, QUIET, still(50.0), still(50.0)];
    let backtest = Scenario::new(&prices)
        .enter(Long, &[0])
        .enter(Short, &[1])
        .with(|execution| execution.size = Size::EquityFraction(1.0))
        .run();
    // 10 units lose 500; 500 buy 10 units of the short at 50.
    assert_eq!(backtest.trades[0].exit_reason, Reversal);
    assert_eq!((backtest.trades[1].side, backtest.trades[1].size), (Short, 10.0));
}

#[test]
fn an_unaffordable_entry_is_skipped_and_counted() {
    let scenario = rising().enter(Long, &[0]).with(|execution| execution.size = Size::Contracts(10.5));
    let backtest = scenario.run();
    assert_eq!((backtest.trades.len(), backtest.unaffordable_entries), (0, 1));
    assert_eq!(backtest.equity, [1000.0; 3]);
    let short = rising().enter(Short, &[0]).with(|execution| {
        execution.size = Size::Notional(1000.5);
    });
    assert_eq!(short.run().unaffordable_entries, 1);
}

#[test]
fn a_reversal_that_cannot_be_paid_for_still_closes() {
    let prices = [QUIET, QUIET, still(50.0), still(160.0), still(160.0)];
    let backtest = Scenario::new(&prices)
        .enter(Short, &[0])
        .enter(Long, &[2])
        .with(|execution| execution.size = Size::Contracts(6.0))
        .run();
    // The short loses 360; 640 cannot pay 960.
    assert_eq!(backtest.trades.len(), 1);
    assert_eq!(backtest.trades[0].exit_reason, Reversal);
    assert_eq!(backtest.unaffordable_entries, 1);
}

#[test]
fn less_than_one_whole_contract_is_no_trade() {
    let backtest = rising()
        .enter(Long, &[0])
        .with(|execution| {
            execution.size = Size::EquityFraction(1.0);
            execution.instrument.whole_contracts = true;
            execution.instrument.point_value = 50.0;
        })
        .run();
    assert_eq!((backtest.trades.len(), backtest.unaffordable_entries), (0, 1));
}

#[test]
fn size_by_risk_loses_that_much_at_the_stop() {
    let fall = [100.0, 100.0, 90.0, 90.0];
    let trade = Scenario::new(&[QUIET, QUIET, fall, still(90.0)])
        .enter(Long, &[0])
        .stop(4.0)
        .with(|execution| execution.size = Size::Risk(0.02))
        .trade();
    assert_eq!((trade.size, trade.pnl), (5.0, -20.0));
}

#[test]
fn a_short_that_loses_everything_is_bankrupt_at_that_close() {
    let prices = [QUIET, QUIET, still(150.0), still(250.0), still(50.0), still(50.0)];
    let backtest =
        Scenario::new(&prices).enter(Short, &[0, 4]).with(|execution| execution.size = Size::EquityFraction(1.0)).run();
    assert_eq!(backtest.trades.len(), 1);
    assert_eq!(backtest.trades[0].exit_reason, Bankrupt);
    assert_eq!(backtest.bankrupt_at, Some(3));
    assert_eq!(backtest.equity, [1000.0, 1000.0, 500.0, -500.0, -500.0, -500.0]);
}

#[test]
fn a_closed_trade_that_leaves_nothing_is_bankrupt_too() {
    let backtest = Scenario::new(&[QUIET, QUIET, still(200.0), still(200.0)])
        .enter(Short, &[0])
        .stop(50.0)
        .with(|execution| execution.size = Size::EquityFraction(1.0))
        .run();
    assert_eq!(backtest.bankrupt_at, Some(2));
    assert_eq!(backtest.equity, [1000.0, 1000.0, 0.0, 0.0]);
}

#[test]
fn excursions_count_the_prices_that_were_certainly_met() {
    let prices = [[100.0, 150.0, 50.0, 100.0], [100.0, 102.0, 97.0, 101.0], [103.0, 111.0, 90.0, 100.0], QUIET];
    let stopped = Scenario::new(&prices)
        .enter(Long, &[0])
        .stop(5.0)
        .with(|execution| execution.size = Size::Contracts(2.0))
        .trade();
    // The last bar counts its open (103) and the stop (95), not its high or low.
    assert_eq!((stopped.max_adverse, stopped.max_favorable), (10.0, 6.0));
    let held = Scenario::new(&prices).enter(Long, &[0]).trade();
    assert_eq!((held.max_adverse, held.max_favorable), (10.0, 11.0));
    let short = Scenario::new(&prices).enter(Short, &[0]).at_close().trade();
    assert_eq!((short.max_adverse, short.max_favorable), (11.0, 10.0));
    let at_open = Scenario::new(&prices).enter(Long, &[0]).leave(Long, &[1]).trade();
    assert_eq!((at_open.max_adverse, at_open.max_favorable), (3.0, 3.0));
}

#[test]
fn the_last_equity_is_the_account_after_the_last_costs() {
    let backtest = rising().enter(Long, &[0]).with(|execution| execution.slippage = Slippage::Fraction(0.5)).run();
    assert_eq!(backtest.trades[0].exit_reason, SegmentEnd);
    assert_eq!(backtest.trades[0].pnl, 60.5 - 150.0);
    assert_eq!(backtest.equity, [1000.0, 960.0, 910.5]);
}
