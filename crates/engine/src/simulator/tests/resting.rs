//! Stops, targets and trailing stops (rules X1–X9, P3).

use super::*;
use ExitReason::{Rule, SegmentEnd, StopLoss, TakeProfit, TrailingStop};
use Side::{Long, Short};

/// Exit price, reason and whether the bar was ambiguous.
type Expected = Option<(f64, ExitReason, bool)>;

/// A bar met by a long position from 100 with stop 98 and target 103, and the exit under each policy.
struct Case {
    name: &'static str,
    bar: Prices,
    worst: Expected,
    best: Expected,
    path: Expected,
}

/// A case about which the policies agree.
fn clear(name: &'static str, bar: Prices, expected: Expected) -> Case {
    Case { name, bar, worst: expected, best: expected, path: expected }
}

fn cases() -> Vec<Case> {
    let stopped = Some((98.0, StopLoss, true));
    let paid = Some((103.0, TakeProfit, true));
    let ambiguous = |name, bar, path| Case { name, bar, worst: stopped, best: paid, path };
    let stop_at = |price| Some((price, StopLoss, false));
    let target_at = |price| Some((price, TakeProfit, false));
    vec![
        clear("nothing is touched", [100.0, 102.75, 98.25, 101.0], None),
        clear("low touches the stop", [100.0, 101.0, 98.0, 99.0], stop_at(98.0)),
        clear("low passes the stop", [100.0, 101.0, 90.0, 99.0], stop_at(98.0)),
        clear("high touches the target", [100.0, 103.0, 99.0, 100.0], target_at(103.0)),
        clear("high passes the target", [100.0, 110.0, 99.0, 100.0], target_at(103.0)),
        clear("opens on the stop", [98.0, 99.0, 97.0, 99.0], stop_at(98.0)),
        clear("opens on the target", [103.0, 104.0, 102.0, 104.0], target_at(103.0)),
        clear("opens below the stop", [97.0, 99.0, 96.0, 98.0], stop_at(97.0)),
        clear("opens above the target", [104.0, 105.0, 101.0, 102.0], target_at(104.0)),
        clear("gap below the stop, then the target", [97.0, 104.0, 96.0, 103.0], stop_at(97.0)),
        clear("gap above the target, then the stop", [104.0, 105.0, 97.0, 98.0], target_at(104.0)),
        ambiguous("both, the low nearer", [100.0, 104.0, 97.0, 100.0], stopped),
        ambiguous("both, the high nearer", [101.0, 104.0, 97.0, 100.0], paid),
        ambiguous("both, equally near", [100.0, 103.0, 97.0, 100.0], stopped),
        ambiguous("both, opens near the stop", [98.25, 103.0, 98.0, 103.0], stopped),
        ambiguous("both, opens near the target", [102.75, 103.0, 98.0, 98.0], paid),
    ]
}

/// The same bar seen by the other side: prices reflected at 100.
fn reflected([open, high, low, close]: Prices) -> Prices {
    [200.0 - open, 200.0 - low, 200.0 - high, 200.0 - close]
}

fn exit_in_bar_two(scenario: &Scenario) -> Expected {
    let trade = scenario.trade();
    (trade.exit_bar == 2).then_some((trade.exit_price, trade.exit_reason, trade.ambiguous))
}

#[test]
fn every_bar_under_every_policy_on_both_sides() {
    for case in cases() {
        for (policy, expected) in
            [(Intrabar::Worst, case.worst), (Intrabar::Best, case.best), (Intrabar::Path, case.path)]
        {
            for fill in [Fill::NextOpen, Fill::Close] {
                for side in [Long, Short] {
                    let (bar, expected) = match side {
                        Long => (case.bar, expected),
                        Short => {
                            (reflected(case.bar), expected.map(|(price, reason, both)| (200.0 - price, reason, both)))
                        }
                    };
                    let scenario =
                        Scenario::new(&[QUIET, QUIET, bar, QUIET, QUIET]).enter(side, &[0]).stop(2.0).target(3.0).with(
                            |execution| {
                                execution.intrabar = policy;
                                execution.fill = fill;
                            },
                        );
                    let found = exit_in_bar_two(&scenario);
                    assert_eq!(found, expected, "{} {policy:?} {fill:?} {side:?}", case.name);
                    let count = usize::from(expected.is_some_and(|(_, _, both)| both));
                    assert_eq!(scenario.run().ambiguous_bars, count, "{}", case.name);
                }
            }
        }
    }
}

#[test]
fn the_bar_of_a_fill_at_the_open_can_stop_it() {
    let fill_bar = [100.0, 101.0, 97.0, 100.0];
    let scenario = Scenario::new(&[QUIET, fill_bar, QUIET]).enter(Long, &[0]).stop(2.0);
    assert_eq!(scenario.outline(), [(1, 1, StopLoss)]);
    assert_eq!(scenario.trade().exit_price, 98.0);
}

#[test]
fn the_bar_of_a_fill_at_the_close_cannot_stop_it() {
    let fill_bar = [100.0, 101.0, 97.0, 100.0];
    let scenario = Scenario::new(&[fill_bar, QUIET, QUIET]).enter(Long, &[0]).stop(2.0).at_close();
    assert_eq!(scenario.outline(), [(0, 2, SegmentEnd)]);
}

#[test]
fn levels_hang_on_the_fill_price_with_its_slippage() {
    // Bought at 100 + 1, so the stop rests at 99 and is sold at 99 − 1.
    let scenario = Scenario::new(&[QUIET, QUIET, [100.0, 100.0, 98.5, 99.0], QUIET]).enter(Long, &[0]).stop(2.0).with(
        |execution| {
            execution.slippage = Slippage::Ticks(1.0);
            execution.instrument.tick = Some(1.0);
        },
    );
    let trade = scenario.trade();
    assert_eq!((trade.entry_price, trade.exit_price), (101.0, 98.0));
    assert_eq!(trade.slippage, 2.0);
}

#[test]
fn slippage_larger_than_the_stop_distance_stops_at_the_open_of_the_fill() {
    // Bought at 101, stop 100.5 above the open of 100: out at once, at 100 − 1.
    let scenario = Scenario::new(&[QUIET, QUIET, QUIET]).enter(Long, &[0]).stop(0.5).with(|execution| {
        execution.slippage = Slippage::Ticks(2.0);
        execution.instrument.tick = Some(0.5);
    });
    let trade = scenario.trade();
    assert_eq!((trade.entry_bar, trade.exit_bar, trade.exit_reason), (1, 1, StopLoss));
    assert_eq!((trade.entry_price, trade.exit_price), (101.0, 99.0));
}

#[test]
fn distances_are_read_at_the_decision_bar_and_kept() {
    let mut scenario = Scenario::new(&[QUIET, QUIET, [100.0, 100.0, 97.0, 99.0], still(99.0)]).enter(Long, &[0]);
    scenario.signals.stop_distance = Some(Pointwise::from(vec![2.5, 50.0, 0.1, f64::NAN]));
    assert_eq!(scenario.trade().exit_price, 97.5);
}

#[test]
fn an_undefined_distance_enters_nothing() {
    let mut scenario = Scenario::new(&[QUIET, QUIET, QUIET]).enter(Long, &[0]);
    scenario.signals.stop_distance = Some(Pointwise::from(vec![f64::NAN, 1.0, 1.0]));
    assert_eq!(scenario.outline(), []);
    assert_eq!(scenario.run().equity, [1000.0; 3]);
}

#[test]
fn levels_rest_on_ticks_that_pay_less() {
    let wide = [100.0, 104.0, 96.0, 100.0];
    let exit_price = |side, policy| {
        Scenario::new(&[QUIET, QUIET, wide, QUIET])
            .enter(side, &[0])
            .stop(1.3)
            .target(2.3)
            .with(|execution| {
                execution.instrument.tick = Some(0.5);
                execution.intrabar = policy;
            })
            .trade()
            .exit_price
    };
    assert_eq!(exit_price(Long, Intrabar::Worst), 98.5);
    assert_eq!(exit_price(Long, Intrabar::Best), 102.0);
    assert_eq!(exit_price(Short, Intrabar::Worst), 101.5);
    assert_eq!(exit_price(Short, Intrabar::Best), 98.0);
}

#[test]
fn a_trailing_stop_follows_completed_bars_only() {
    // Bar 2 rises to 110 and falls to 105, above 100 − 4 = 96 and not stopped by 110 − 4 within itself.
    // Bar 3 meets 106.
    let prices = [QUIET, QUIET, [100.0, 110.0, 100.0, 108.0], [108.0, 109.0, 105.0, 107.0], still(107.0)];
    let scenario = Scenario::new(&prices).enter(Long, &[0]).trailing(4.0);
    assert_eq!(scenario.outline(), [(1, 3, TrailingStop)]);
    assert_eq!(scenario.trade().exit_price, 106.0);
    let mirrored: Vec<Prices> = prices.into_iter().map(reflected).collect();
    let scenario = Scenario::new(&mirrored).enter(Short, &[0]).trailing(4.0);
    assert_eq!(scenario.outline(), [(1, 3, TrailingStop)]);
    assert_eq!(scenario.trade().exit_price, 94.0);
}

#[test]
fn a_trailing_stop_starts_from_the_fill_and_never_moves_back() {
    let prices = [QUIET, [100.0, 102.0, 99.0, 99.0], [99.0, 99.5, 98.5, 98.5], [98.5, 98.75, 97.5, 98.0], still(98.0)];
    // 100 − 4 = 96 in bar 1; 102 − 4 = 98 from bar 2 on, although later highs are lower.
    let scenario = Scenario::new(&prices).enter(Long, &[0]).trailing(4.0);
    assert_eq!(scenario.outline(), [(1, 3, TrailingStop)]);
    assert_eq!(scenario.trade().exit_price, 98.0);
}

#[test]
fn the_high_of_the_bar_of_a_fill_at_the_close_does_not_pull_the_trailing_stop() {
    let prices = [[100.0, 120.0, 100.0, 100.0], [100.0, 100.0, 97.0, 99.0], still(99.0)];
    let scenario = Scenario::new(&prices).enter(Long, &[0]).trailing(4.0).at_close();
    assert_eq!(scenario.outline(), [(0, 2, SegmentEnd)]);
}

#[test]
fn a_trailing_stop_gapped_through_fills_at_the_open() {
    let prices = [QUIET, [100.0, 110.0, 100.0, 110.0], still(103.0), QUIET];
    let scenario = Scenario::new(&prices).enter(Long, &[0]).trailing(4.0);
    assert_eq!(scenario.outline(), [(1, 2, TrailingStop)]);
    assert_eq!(scenario.trade().exit_price, 103.0);
}

#[test]
fn the_nearer_of_stop_and_trailing_stop_is_hit_and_a_tie_is_the_stop() {
    let fall = [100.0, 100.0, 90.0, 95.0];
    let reason = |stop, trailing| {
        let trade =
            Scenario::new(&[QUIET, QUIET, fall, still(95.0)]).enter(Long, &[0]).stop(stop).trailing(trailing).trade();
        (trade.exit_reason, trade.exit_price)
    };
    assert_eq!(reason(3.0, 2.0), (TrailingStop, 98.0));
    assert_eq!(reason(2.0, 3.0), (StopLoss, 98.0));
    assert_eq!(reason(2.0, 2.0), (StopLoss, 98.0));
}

#[test]
fn a_trailing_stop_and_a_target_touched_in_one_bar_are_ambiguous() {
    let scenario =
        Scenario::new(&[QUIET, QUIET, [100.0, 103.0, 97.0, 100.0], QUIET]).enter(Long, &[0]).trailing(2.0).target(3.0);
    let trade = scenario.trade();
    assert_eq!((trade.exit_reason, trade.ambiguous), (TrailingStop, true));
}

#[test]
fn a_rule_exit_at_the_open_comes_before_a_level_touched_later_in_the_bar() {
    let scenario = Scenario::new(&[QUIET, QUIET, [100.0, 100.0, 90.0, 95.0], still(95.0)])
        .enter(Long, &[0])
        .leave(Long, &[1])
        .stop(2.0);
    assert_eq!(scenario.outline(), [(1, 2, Rule)]);
    assert_eq!(scenario.trade().exit_price, 100.0);
}

#[test]
fn a_gap_through_the_stop_comes_before_a_rule_exit_at_the_same_open() {
    let scenario =
        Scenario::new(&[QUIET, QUIET, still(95.0), still(95.0)]).enter(Long, &[0]).leave(Long, &[1]).stop(2.0);
    assert_eq!(scenario.outline(), [(1, 2, StopLoss)]);
    assert_eq!(scenario.trade().exit_price, 95.0);
}

#[test]
fn a_level_touched_within_the_bar_comes_before_a_rule_exit_at_its_close() {
    let scenario = Scenario::new(&[QUIET, [100.0, 100.0, 90.0, 95.0], still(95.0)])
        .enter(Long, &[0])
        .leave(Long, &[1])
        .stop(2.0)
        .at_close();
    assert_eq!(scenario.outline(), [(0, 1, StopLoss)]);
    assert_eq!(scenario.trade().exit_price, 98.0);
}
