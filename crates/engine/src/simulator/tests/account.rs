//! Accounts with rules in a market (`docs/accounts.md`), bar by bar. Hourly bars; the account has 1,000.

use super::*;
use crate::account::{
    AccountOutcome, AccountRules, ContractCap, DailyLoss, Drawdown, DrawdownBasis, LossRule, OnDailyLoss,
};
use ExitReason::{AccountRule, FlatBy, Rule, StopLoss};
use Side::{Long, Short};

const HOUR_NS: i64 = 3_600 * crate::bars::NANOS_PER_SECOND;

/// Hourly bars, the first of which opens at `first_hour` of day 0.
fn hourly(prices: &[Prices], first_hour: i64, rules: AccountRules) -> Scenario {
    let mut scenario = Scenario::new(prices).with(|execution| execution.size = Size::Contracts(10.0));
    let close = |bar: usize| (first_hour + bar as i64 + 1) * HOUR_NS;
    scenario.clock = Some(((0..prices.len()).map(close).collect(), HOUR_NS));
    // Ten contracts at 100 are exactly the cash; a whole-contract account may be levered.
    scenario.execution.instrument.whole_contracts = true;
    scenario.rules = Some(rules);
    scenario
}

fn daily(amount: f64, then: OnDailyLoss) -> AccountRules {
    AccountRules { daily_loss: Some(DailyLoss { amount, then }), ..AccountRules::default() }
}

fn trailing(amount: f64, basis: DrawdownBasis) -> AccountRules {
    AccountRules { drawdown: Some(Drawdown { amount, basis, lock: None }), ..AccountRules::default() }
}

fn outcome(scenario: &Scenario) -> AccountOutcome {
    scenario.run().account.unwrap().outcome
}

/// Bought at 100 in bar 1; bar 2 falls to 94 and recovers to 99.
const DIP: [Prices; 5] = [QUIET, QUIET, [100.0, 101.0, 94.0, 99.0], [99.0; 4], [99.0; 4]];

#[test]
fn the_limit_rests_like_a_stop_and_the_account_trades_no_more() {
    // 10 contracts lose 50 at 95.
    let scenario = hourly(&DIP, 0, daily(50.0, OnDailyLoss::Fail)).enter(Long, &[0, 2]);
    let trade = scenario.trade();
    assert_eq!((trade.exit_bar, trade.exit_price, trade.exit_reason), (2, 95.0, AccountRule));
    assert_eq!(scenario.run().equity, [1000.0, 1000.0, 950.0, 950.0, 950.0]);
    assert_eq!(outcome(&scenario), AccountOutcome::Failed { rule: LossRule::DailyLoss, bar: 2, day: 1 });
}

#[test]
fn a_close_that_recovered_does_not_save_the_account_and_one_tick_less_does() {
    let spared = hourly(&DIP, 0, daily(60.25, OnDailyLoss::Fail)).enter(Long, &[0]);
    assert_eq!(outcome(&spared), AccountOutcome::Running);
    let met = hourly(&DIP, 0, daily(60.0, OnDailyLoss::Fail)).enter(Long, &[0]);
    assert_eq!(met.trade().exit_price, 94.0);
}

#[test]
fn a_short_position_meets_the_limit_above() {
    let prices = [QUIET, QUIET, [100.0, 106.0, 99.0, 101.0], still(101.0)];
    let scenario = hourly(&prices, 0, trailing(50.0, DrawdownBasis::EndOfDay)).enter(Short, &[0]);
    assert_eq!((scenario.trade().exit_price, scenario.trade().exit_reason), (105.0, AccountRule));
    assert_eq!(outcome(&scenario), AccountOutcome::Failed { rule: LossRule::Drawdown, bar: 2, day: 1 });
}

#[test]
fn a_gap_beyond_the_limit_closes_at_the_open() {
    let prices = [QUIET, QUIET, [93.0, 100.0, 92.0, 100.0], QUIET];
    let scenario = hourly(&prices, 0, daily(50.0, OnDailyLoss::Fail)).enter(Long, &[0]);
    assert_eq!((scenario.trade().exit_bar, scenario.trade().exit_price), (2, 93.0));
}

#[test]
fn a_nearer_stop_saves_the_account_and_its_costs_may_not() {
    let stopped = hourly(&DIP, 0, daily(50.0, OnDailyLoss::Fail)).enter(Long, &[0]).stop(4.0);
    assert_eq!((stopped.trade().exit_price, stopped.trade().exit_reason), (96.0, StopLoss));
    assert_eq!(outcome(&stopped), AccountOutcome::Running);
    // 40 lost by the stop and 5 a side: 50.
    let costly = stopped.with(|execution| execution.commission = Commission::PerContract(0.5));
    assert_eq!(costly.trade().exit_reason, StopLoss);
    assert_eq!(outcome(&costly), AccountOutcome::Failed { rule: LossRule::DailyLoss, bar: 2, day: 1 });
}

#[test]
fn the_limit_comes_before_the_target_of_the_same_bar() {
    let prices = [QUIET, QUIET, [100.0, 110.0, 94.0, 105.0], still(105.0)];
    let scenario = hourly(&prices, 0, daily(50.0, OnDailyLoss::Fail)).enter(Long, &[0]).target(5.0);
    for policy in [Intrabar::Worst, Intrabar::Best, Intrabar::Path] {
        let trade = scenario.clone().with(|execution| execution.intrabar = policy).trade();
        assert_eq!((trade.exit_price, trade.exit_reason), (95.0, AccountRule));
    }
}

#[test]
fn an_intraday_limit_trails_the_best_of_the_same_bar() {
    // Best 1,080 at 108, so 1,030 ends it: 103 on the way down to 102.
    let prices = [QUIET, QUIET, [100.0, 108.0, 102.0, 104.0], still(104.0)];
    let scenario = hourly(&prices, 0, trailing(50.0, DrawdownBasis::Intraday)).enter(Long, &[0]);
    assert_eq!((scenario.trade().exit_price, scenario.trade().exit_reason), (103.0, AccountRule));
    let by_day = hourly(&prices, 0, trailing(50.0, DrawdownBasis::EndOfDay)).enter(Long, &[0]);
    assert_eq!(outcome(&by_day), AccountOutcome::Running);
}

#[test]
fn the_level_lies_on_the_tick_that_pays_less() {
    let scenario = hourly(&DIP, 0, daily(48.0, OnDailyLoss::Fail))
        .enter(Long, &[0])
        .with(|execution| execution.instrument.tick = Some(0.25));
    // 48 is lost at 95.20.
    assert_eq!(scenario.trade().exit_price, 95.0);
}

#[test]
fn a_stopped_day_ends_with_the_day() {
    // Bars 0–5 open at 18:00–23:00 of day 0, bar 6 at midnight. Stopped in bar 2, entries of 3 and 4 are refused.
    let mut prices = vec![QUIET; 10];
    prices[2] = [100.0, 101.0, 94.0, 100.0];
    let scenario =
        hourly(&prices, 18, daily(50.0, OnDailyLoss::StopForDay)).enter(Long, &[0, 3, 4, 6]).leave(Long, &[8]);
    assert_eq!(scenario.outline(), [(1, 2, AccountRule), (7, 9, Rule)]);
    let report = scenario.run().account.unwrap();
    assert_eq!((report.outcome, report.days_stopped, report.days_traded), (AccountOutcome::Running, 1, 2));
    assert_eq!(report.headroom, [0.0, 1.0]);
}

#[test]
fn sizes_are_cut_to_the_contracts_allowed() {
    let caps =
        vec![ContractCap { from_profit: 0.0, contracts: 2.0 }, ContractCap { from_profit: 10.0, contracts: 3.0 }];
    let rules = AccountRules { contract_caps: caps, ..AccountRules::default() };
    // Two contracts earn 10 before midnight (bars 0–5), so three are allowed after it.
    let mut prices = vec![QUIET; 10];
    prices[3..].fill(still(105.0));
    let scenario = hourly(&prices, 18, rules).enter(Long, &[0, 3, 6]).leave(Long, &[2, 5]);
    let sizes: Vec<f64> = scenario.run().trades.iter().map(|trade| trade.size).collect();
    assert_eq!(sizes, [2.0, 2.0, 3.0]);
}

#[test]
fn the_account_is_flat_between_its_hour_and_the_next_day() {
    // Flat by 15:00, the day begins at 17:00. Bar t closes at (11 + t):00.
    let rules = AccountRules { flat_by: Some(15 * 60), day_start: 17 * 60, ..AccountRules::default() };
    let all: Vec<usize> = (0..9).collect();
    let scenario = hourly(&[QUIET; 9], 10, rules).enter(Long, &all);
    // Closed at 15:00 (bar 4); the first decision allowed is that of 17:00 (bar 6).
    assert_eq!(scenario.outline(), [(1, 4, FlatBy), (7, 8, ExitReason::SegmentEnd)]);
}

#[test]
fn passing_ends_the_trading() {
    let mut prices = vec![QUIET; 8];
    prices[3..].fill(still(105.0));
    let rules = AccountRules { profit_target: Some(50.0), ..daily(500.0, OnDailyLoss::Fail) };
    let scenario = hourly(&prices, 0, rules).enter(Long, &[0, 4]).leave(Long, &[3]);
    assert_eq!(scenario.outline(), [(1, 4, Rule)]);
    assert_eq!(outcome(&scenario), AccountOutcome::Passed { bar: 4, day: 1 });
}

#[test]
fn rules_need_a_clock() {
    let mut scenario = hourly(&DIP, 0, daily(50.0, OnDailyLoss::Fail));
    scenario.clock = None;
    assert_eq!(scenario.try_run(), Err(InvalidSimulation::AccountRulesWithoutClock));
}
