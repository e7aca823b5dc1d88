//! When decisions are filled, and in which order (rules T1–T6, D1–D8).

use super::*;
use ExitReason::{Reversal, Rule, SegmentEnd, StopLoss};
use Side::{Long, Short};

/// Five bars whose opens are 10, 20 … and whose closes are 15, 25 ….
fn stairs() -> Scenario {
    let bars: Vec<Prices> = (1..=5)
        .map(|step| {
            let open = f64::from(step) * 10.0;
            [open, open + 5.0, open, open + 5.0]
        })
        .collect();
    Scenario::new(&bars)
}

#[test]
fn a_decision_fills_at_the_next_open() {
    let trade = stairs().enter(Long, &[0]).leave(Long, &[2]).trade();
    assert_eq!((trade.entry_bar, trade.entry_price), (1, 20.0));
    assert_eq!((trade.exit_bar, trade.exit_price), (3, 40.0));
    assert_eq!((trade.exit_reason, trade.pnl), (Rule, 20.0));
}

#[test]
fn a_decision_fills_at_its_own_close_when_asked() {
    let scenario = stairs().enter(Long, &[0]).leave(Long, &[2]).at_close();
    let trade = scenario.trade();
    assert_eq!((trade.entry_bar, trade.entry_price), (0, 15.0));
    assert_eq!((trade.exit_bar, trade.exit_price), (2, 35.0));
}

#[test]
fn a_position_is_closed_at_the_last_close() {
    let scenario = stairs().enter(Short, &[1]);
    assert_eq!(scenario.outline(), [(2, 4, SegmentEnd)]);
    let trade = scenario.trade();
    assert_eq!((trade.entry_price, trade.exit_price, trade.pnl), (30.0, 55.0, -25.0));
}

#[test]
fn an_entry_on_the_last_bar_is_ignored_and_an_exit_is_not_needed() {
    assert_eq!(stairs().enter(Long, &[4]).outline(), []);
    assert_eq!(stairs().enter(Long, &[4]).at_close().outline(), []);
    let reversal = stairs().enter(Long, &[0]).enter(Short, &[4]);
    assert_eq!(reversal.outline(), [(1, 4, SegmentEnd)]);
    assert_eq!(reversal.at_close().outline(), [(0, 4, SegmentEnd)]);
    let exit = stairs().enter(Long, &[0]).leave(Long, &[4]);
    assert_eq!(exit.outline(), [(1, 4, SegmentEnd)]);
    assert_eq!(exit.at_close().outline(), [(0, 4, Rule)]);
}

#[test]
fn a_decision_before_the_segment_is_not_carried_into_it() {
    let mut scenario = stairs().enter(Long, &[1]);
    scenario.segment = 2..4;
    assert_eq!(scenario.outline(), []);
    let mut scenario = stairs().enter(Long, &[2]);
    scenario.segment = 2..4;
    assert_eq!(scenario.outline(), [(3, 3, SegmentEnd)]);
    assert_eq!(scenario.run().equity, [1000.0, 1005.0]);
}

#[test]
fn no_decision_is_taken_before_the_warm_up_is_over() {
    let mut scenario = stairs().enter(Long, &[0, 2]);
    scenario.signals.warmup = 1;
    assert_eq!(scenario.outline(), [(3, 4, SegmentEnd)]);
}

#[test]
fn an_opposite_entry_closes_and_reverses_at_one_price() {
    let scenario = stairs().enter(Long, &[0]).enter(Short, &[2]);
    assert_eq!(scenario.outline(), [(1, 3, Reversal), (3, 4, SegmentEnd)]);
    let trades = scenario.run().trades;
    assert_eq!((trades[0].exit_price, trades[1].entry_price), (40.0, 40.0));
    let at_close = scenario.at_close();
    assert_eq!(at_close.outline(), [(0, 2, Reversal), (2, 4, SegmentEnd)]);
}

#[test]
fn an_exit_beside_an_opposite_entry_names_the_reason() {
    let scenario = stairs().enter(Long, &[0]).enter(Short, &[2]).leave(Long, &[2]);
    assert_eq!(scenario.outline(), [(1, 3, Rule), (3, 4, SegmentEnd)]);
}

#[test]
fn an_entry_while_already_in_is_ignored() {
    let scenario = stairs().enter(Long, &[0, 1, 2]);
    assert_eq!(scenario.outline(), [(1, 4, SegmentEnd)]);
}

#[test]
fn an_exit_beside_an_entry_on_the_side_held_leaves_and_does_not_come_back() {
    let scenario = stairs().enter(Long, &[0, 2]).leave(Long, &[2]);
    assert_eq!(scenario.outline(), [(1, 3, Rule)]);
    assert_eq!(scenario.at_close().outline(), [(0, 2, Rule)]);
}

#[test]
fn both_entries_at_once_are_none() {
    assert_eq!(stairs().enter(Long, &[0]).enter(Short, &[0]).outline(), []);
    let while_long = stairs().enter(Long, &[0, 2]).enter(Short, &[2]);
    assert_eq!(while_long.outline(), [(1, 4, SegmentEnd)]);
}

#[test]
fn a_stop_inside_the_bar_leaves_room_for_the_decision_at_its_close() {
    let fall = [100.0, 100.0, 90.0, 95.0];
    let scenario = Scenario::new(&[QUIET, fall, still(95.0), still(95.0)]).enter(Long, &[0, 1]).stop(2.0);
    assert_eq!(scenario.outline(), [(1, 1, StopLoss), (2, 3, SegmentEnd)]);
    let at_close = scenario.at_close();
    assert_eq!(at_close.outline(), [(0, 1, StopLoss), (1, 3, SegmentEnd)]);
    assert_eq!(at_close.run().trades[1].entry_price, 95.0);
}

#[test]
fn a_reversal_whose_position_was_stopped_at_the_open_still_enters() {
    let scenario =
        Scenario::new(&[QUIET, QUIET, still(95.0), still(95.0)]).enter(Long, &[0]).enter(Short, &[1]).stop(2.0);
    assert_eq!(scenario.outline(), [(1, 2, StopLoss), (2, 3, SegmentEnd)]);
    assert_eq!(scenario.run().trades[1].side, Short);
}

#[test]
fn an_ignored_entry_is_not_revived_by_a_stop_before_its_fill() {
    let scenario = Scenario::new(&[QUIET, QUIET, still(95.0), still(95.0)]).enter(Long, &[0, 1]).stop(2.0);
    assert_eq!(scenario.outline(), [(1, 2, StopLoss)]);
}

#[test]
fn bars_in_market_count_each_bar_once() {
    let scenario = stairs().enter(Long, &[0]).enter(Short, &[2]);
    assert_eq!(scenario.run().bars_in_market, 4);
    assert_eq!(scenario.at_close().run().bars_in_market, 5);
    assert_eq!(stairs().run().bars_in_market, 0);
}
