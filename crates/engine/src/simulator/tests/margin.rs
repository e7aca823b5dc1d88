//! Margin (rules Z8, M7), by hand. The account has 1,000; a point of the contract is worth 5.

use super::*;
use ExitReason::{Bankrupt, MarginCall, Reversal, Rule, SegmentEnd, StopLoss};
use Side::{Long, Short};

fn per_contract(initial: f64, maintenance: f64) -> Margin {
    Margin { initial, maintenance, basis: MarginBasis::PerContract, shortfall: Shortfall::Skip }
}

fn notional(initial: f64, maintenance: f64) -> Margin {
    Margin { basis: MarginBasis::Notional, ..per_contract(initial, maintenance) }
}

fn reduced(margin: Margin) -> Margin {
    Margin { shortfall: Shortfall::Reduce, ..margin }
}

/// Whole contracts worth 5 a point, `contracts` of them, on these bars.
fn futures(prices: &[Prices], contracts: f64, margin: Margin) -> Scenario {
    Scenario::new(prices).with(|execution| {
        execution.size = Size::Contracts(contracts);
        execution.instrument = Instrument { tick: None, point_value: 5.0, whole_contracts: true, margin: Some(margin) };
    })
}

/// 100, then 90, 80 and 95.
const FALL: [Prices; 6] = [QUIET, QUIET, [100.0, 100.0, 90.0, 90.0], [90.0, 90.0, 80.0, 80.0], [81.0; 4], [95.0; 4]];

#[test]
fn an_entry_needs_the_initial_margin_after_its_costs() {
    let entered = |contracts, margin| futures(&FALL, contracts, margin).enter(Long, &[0]).run().trades.len();
    assert_eq!(entered(2.0, per_contract(500.0, 1.0)), 1, "2 · 500 is what there is");
    assert_eq!(entered(2.0, per_contract(500.25, 1.0)), 0);
    // 2 · 100 · 5 is 1,000 of value, of which the share is needed.
    assert_eq!(entered(2.0, notional(1.0, 0.01)), 1);
    assert_eq!(entered(3.0, notional(1.0, 0.01)), 0);
    assert_eq!(entered(20.0, notional(0.1, 0.001)), 1);
    let costly = futures(&FALL, 2.0, per_contract(500.0, 1.0))
        .enter(Long, &[0])
        .with(|execution| execution.commission = Commission::PerContract(0.5));
    assert_eq!((costly.run().trades.len(), costly.run().unaffordable_entries), (0, 1));
}

#[test]
fn margin_levers_fractional_sizes_too() {
    let levered = |margin| {
        Scenario::new(&FALL)
            .enter(Short, &[0])
            .with(|execution| {
                execution.size = Size::EquityFraction(3.0);
                execution.instrument.margin = margin;
            })
            .try_run()
    };
    // Three times 1,000 at 100 is 30 units; falling to 95 earns 150.
    let trade = levered(Some(notional(0.25, 0.2))).unwrap().trades[0].clone();
    assert_eq!((trade.size, trade.pnl, trade.exit_reason), (30.0, 150.0, SegmentEnd));
    assert!(matches!(levered(None), Err(InvalidSimulation::Setting { .. })));
}

#[test]
fn an_entry_may_be_cut_to_what_the_equity_backs() {
    let size = |contracts, margin| {
        let scenario = futures(&FALL, contracts, margin)
            .enter(Long, &[0])
            .with(|execution| execution.commission = Commission::PerContract(20.0));
        scenario.run().trades.first().map(|trade| trade.size)
    };
    // 1,000 / (300 + 20) is 3.125 contracts.
    assert_eq!(size(7.0, reduced(per_contract(300.0, 1.0))), Some(3.0));
    assert_eq!(size(2.0, reduced(per_contract(300.0, 1.0))), Some(2.0));
    assert_eq!(size(7.0, per_contract(300.0, 1.0)), None);
    assert_eq!(size(7.0, reduced(per_contract(990.0, 1.0))), None, "not even one");
    // Fractional: 1,000 / (100 · 5 · 0.5 + 20) is 1000 / 270.
    let fractional = futures(&FALL, 7.0, reduced(notional(0.5, 0.01))).enter(Long, &[0]).with(|execution| {
        execution.commission = Commission::PerContract(20.0);
        execution.instrument.whole_contracts = false;
    });
    assert_eq!(fractional.run().trades[0].size, 1000.0 / 270.0);
}

#[test]
fn a_position_that_is_no_longer_covered_is_left_with_the_next_orders() {
    // Two contracts from 100: equity 1,000, 900 and 800 at the closes of bars 1 to 3, and 2 · 425 is needed.
    let scenario = futures(&FALL, 2.0, per_contract(500.0, 425.0)).enter(Long, &[0]);
    let trade = scenario.trade();
    assert_eq!((trade.exit_bar, trade.exit_price, trade.exit_reason), (4, 81.0, MarginCall));
    assert_eq!(scenario.run().equity, [1000.0, 1000.0, 900.0, 800.0, 810.0, 810.0]);
    let at_close = scenario.at_close().trade();
    assert_eq!((at_close.exit_bar, at_close.exit_price, at_close.exit_reason), (3, 80.0, MarginCall));
}

#[test]
fn equity_that_meets_the_maintenance_exactly_covers_it() {
    // 800 at the close of bar 3.
    let kept = futures(&FALL, 2.0, per_contract(500.0, 400.0)).enter(Long, &[0]);
    assert_eq!(kept.outline(), [(1, 5, SegmentEnd)]);
    let called = futures(&FALL, 2.0, per_contract(500.0, 400.25)).enter(Long, &[0]);
    assert_eq!(called.outline(), [(1, 4, MarginCall)]);
}

#[test]
fn a_share_is_counted_at_the_price_of_the_close() {
    // 8 contracts short at 100 lose 400 at 110, where they are worth 4,400.
    let rise = [QUIET, QUIET, [100.0, 110.0, 100.0, 110.0], [105.0; 4], QUIET];
    let short = |share| futures(&rise, 8.0, notional(0.25, share)).enter(Short, &[0]).outline();
    assert_eq!(short(0.13), [(1, 4, SegmentEnd)], "572 of the 600 that are left");
    assert_eq!(short(0.14), [(1, 3, MarginCall)], "616");
}

#[test]
fn only_closes_are_looked_at_and_a_stop_comes_first() {
    let dip = [QUIET, QUIET, [100.0, 100.0, 70.0, 100.0], QUIET];
    let margin = per_contract(500.0, 500.0);
    assert_eq!(futures(&dip, 2.0, margin).enter(Long, &[0]).outline(), [(1, 3, SegmentEnd)]);
    let stopped = futures(&FALL, 2.0, margin).enter(Long, &[0]).stop(5.0);
    assert_eq!(stopped.outline(), [(1, 2, StopLoss)]);
}

#[test]
fn a_position_that_is_left_anyway_keeps_its_reason() {
    let margin = per_contract(300.0, 300.0);
    let ruled = futures(&FALL, 3.0, margin).enter(Long, &[0]).leave(Long, &[2]);
    assert_eq!(ruled.outline(), [(1, 3, Rule)]);
    // 850 back two contracts of 300, and the reversal asks for three.
    let reversed = futures(&FALL, 3.0, margin).enter(Long, &[0]).enter(Short, &[2]);
    assert_eq!(reversed.outline(), [(1, 3, Reversal)]);
    assert_eq!(reversed.run().unaffordable_entries, 1);
    let fewer = futures(&FALL, 3.0, reduced(margin)).enter(Long, &[0]).enter(Short, &[2]).run();
    assert_eq!((fewer.trades[1].side, fewer.trades[1].size), (Short, 2.0));
}

#[test]
fn an_entry_on_the_side_that_is_called_does_not_reopen_it() {
    let scenario = futures(&FALL, 2.0, per_contract(500.0, 425.0)).enter(Long, &[0, 3]);
    assert_eq!(scenario.outline(), [(1, 4, MarginCall)]);
}

#[test]
fn ruin_at_the_close_does_not_wait_for_the_call() {
    let crash = [QUIET, QUIET, [100.0, 100.0, 1.0, 1.0], QUIET, QUIET];
    let scenario = futures(&crash, 3.0, per_contract(300.0, 300.0)).enter(Long, &[0]);
    assert_eq!(scenario.outline(), [(1, 2, Bankrupt)]);
    assert_eq!(scenario.run().bankrupt_at, Some(2));
}

#[test]
fn margins_that_cannot_be_are_refused() {
    let refused = |margin| {
        let answer = futures(&FALL, 1.0, margin).try_run().unwrap_err();
        let InvalidSimulation::Setting { setting, expected, .. } = answer else { panic!("{answer}") };
        (setting, expected)
    };
    assert_eq!(refused(per_contract(0.0, 0.0)).0, "initial margin");
    assert_eq!(refused(per_contract(f64::NAN, 1.0)).0, "initial margin");
    assert_eq!(refused(per_contract(1.0, -1.0)).0, "maintenance margin");
    assert_eq!(refused(per_contract(1.0, 2.0)), ("maintenance margin", "at most the initial margin"));
    assert_eq!(refused(notional(1.5, 1.0)).0, "initial margin as a share of the position");
}
