//! Exits and pauses by time (rules C1–C5).

use super::*;
use ExitReason::{FlatBy, MaxBars, Reversal, Rule, SegmentEnd, StopLoss};
use Side::{Long, Short};

const HOUR_NS: i64 = 3_600 * crate::bars::NANOS_PER_SECOND;

/// Quiet hourly bars that close at these local hours.
fn hourly(close_hours: &[i64]) -> Scenario {
    let mut scenario = Scenario::new(&vec![QUIET; close_hours.len()]);
    let closes = close_hours.iter().map(|hour| hour * HOUR_NS).collect();
    scenario.clock = Some((closes, HOUR_NS));
    scenario
}

fn max_bars(bars: u32) -> TimeRules {
    TimeRules { max_bars: Some(bars), ..TimeRules::default() }
}

fn cooldown(bars: u32) -> TimeRules {
    TimeRules { cooldown: bars, ..TimeRules::default() }
}

fn flat_by(minute: u16) -> TimeRules {
    TimeRules { flat_by: Some(minute), ..TimeRules::default() }
}

#[test]
fn max_bars_counts_the_bars_lived_through() {
    let scenario = Scenario::new(&[QUIET; 8]).enter(Long, &[1]);
    for bars in 1..4 {
        let limited = scenario.clone().rules(max_bars(bars));
        let last = 1 + bars as usize;
        assert_eq!(limited.outline(), [(2, last, MaxBars)]);
        assert_eq!(limited.at_close().outline(), [(1, last, MaxBars)]);
    }
}

#[test]
fn max_bars_fills_at_the_close_with_costs() {
    let prices = [QUIET, [100.0, 105.0, 99.0, 104.0], still(104.0)];
    let scenario = Scenario::new(&prices)
        .enter(Long, &[0])
        .rules(max_bars(1))
        .with(|execution| execution.slippage = Slippage::Fraction(0.25));
    assert_eq!(scenario.trade().exit_price, 78.0);
}

#[test]
fn an_entry_may_follow_max_bars_at_once() {
    let scenario = Scenario::new(&[QUIET; 5]).enter(Long, &[0, 1]).rules(max_bars(1));
    assert_eq!(scenario.outline(), [(1, 1, MaxBars), (2, 2, MaxBars)]);
    assert_eq!(scenario.at_close().outline(), [(0, 1, MaxBars), (1, 2, MaxBars)]);
}

#[test]
fn cooldown_holds_back_the_decisions_from_the_exit_bar_on() {
    let entries: Vec<usize> = (0..8).collect();
    let fall = [100.0, 100.0, 90.0, 100.0];
    let mut prices = [QUIET; 9];
    prices[2] = fall;
    let scenario = Scenario::new(&prices).enter(Long, &entries).stop(2.0);
    for (bars, next_entry) in [(0, 3), (1, 4), (3, 6)] {
        let cooled = scenario.clone().rules(cooldown(bars));
        assert_eq!(cooled.outline(), [(1, 2, StopLoss), (next_entry, 8, SegmentEnd)]);
        assert_eq!(cooled.at_close().outline(), [(0, 2, StopLoss), (next_entry - 1, 8, SegmentEnd)]);
    }
}

#[test]
fn cooldown_does_not_hold_back_the_reversal_itself() {
    let scenario = Scenario::new(&[QUIET; 6]).enter(Long, &[0]).enter(Short, &[2]).rules(cooldown(5));
    assert_eq!(scenario.outline(), [(1, 3, Reversal), (3, 5, SegmentEnd)]);
    let with_exit = scenario.leave(Long, &[2]).at_close();
    assert_eq!(with_exit.outline(), [(0, 2, Rule), (2, 5, SegmentEnd)]);
}

#[test]
fn cooldown_holds_back_the_next_reversal() {
    let scenario = Scenario::new(&[QUIET; 8]).enter(Long, &[0, 3, 5]).enter(Short, &[2]).rules(cooldown(2));
    // Reversed in bar 3: the decisions of bars 3 and 4 do not enter, that of bar 5 does.
    assert_eq!(scenario.outline(), [(1, 3, Reversal), (3, 6, Reversal), (6, 7, SegmentEnd)]);
}

#[test]
fn entries_need_a_decision_within_the_session_and_exits_do_not() {
    let entries: Vec<usize> = (0..6).collect();
    let mut rules = TimeRules { session: Some(Session { open: 10 * 60, close: 12 * 60 }), ..TimeRules::default() };
    let scenario = hourly(&[8, 9, 10, 11, 12, 13]).enter(Long, &entries).leave(Long, &[4]);
    assert_eq!(scenario.rules(rules.clone()).outline(), [(3, 5, Rule)]);
    rules.session = Some(Session { open: 720, close: 600 });
    let night = hourly(&[10, 11, 12, 13, 14]).enter(Long, &entries).rules(rules);
    assert_eq!(night.outline(), [(3, 4, SegmentEnd)]);
}

#[test]
fn an_opposite_entry_outside_the_session_does_not_close_either() {
    let rules = TimeRules { session: Some(Session { open: 0, close: 600 }), ..TimeRules::default() };
    let scenario = hourly(&[8, 9, 10, 11, 12]).enter(Long, &[0]).enter(Short, &[2]).rules(rules);
    assert_eq!(scenario.outline(), [(1, 4, SegmentEnd)]);
}

#[test]
fn flat_by_closes_at_the_last_close_at_or_before_it() {
    let scenario = hourly(&[8, 9, 10, 11, 12]).enter(Long, &[0]);
    for (minute, exit_bar) in [(600, 2), (630, 2), (659, 2), (660, 3)] {
        let flat = scenario.clone().rules(flat_by(minute));
        assert_eq!(flat.outline(), [(1, exit_bar, FlatBy)], "{minute}");
    }
}

#[test]
fn the_bar_that_closes_for_the_deadline_takes_no_entry() {
    let entries: Vec<usize> = (0..5).collect();
    let scenario = hourly(&[8, 9, 10, 11, 12]).enter(Long, &entries).rules(flat_by(600));
    assert_eq!(scenario.outline(), [(1, 2, FlatBy), (4, 4, SegmentEnd)]);
    assert_eq!(scenario.at_close().outline(), [(0, 2, FlatBy), (3, 4, SegmentEnd)]);
}

#[test]
fn a_deadline_missed_in_a_gap_closes_at_the_next_open() {
    // The session ends early at 10; the next bar closes at 9 the day after.
    let mut scenario = hourly(&[8, 9, 10, 33, 34]).enter(Long, &[0]).rules(flat_by(950));
    scenario.prices[3] = [90.0, 95.0, 89.0, 94.0];
    assert_eq!(scenario.outline(), [(1, 3, FlatBy)]);
    assert_eq!(scenario.trade().exit_price, 90.0);
}

#[test]
fn an_entry_whose_fill_lies_behind_a_deadline_is_dropped() {
    let scenario = hourly(&[8, 9, 10, 33, 34]).enter(Long, &[2]).rules(flat_by(950));
    assert_eq!(scenario.outline(), []);
}

#[test]
fn daily_bars_are_flat_at_every_close() {
    let scenario = {
        let mut daily = Scenario::new(&[QUIET; 5]).enter(Long, &[0, 1, 2]).rules(flat_by(960));
        daily.clock = Some(((1..6).map(|day| day * 24 * HOUR_NS).collect(), 24 * HOUR_NS));
        daily
    };
    // Every close is the last before a deadline, so none takes an entry.
    assert_eq!(scenario.outline(), []);
}
