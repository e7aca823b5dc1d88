//! Accounts day by day, each number to be checked by hand. The equity is given; no market is needed.

use super::*;

const HOUR_NS: i64 = 3_600 * crate::bars::NANOS_PER_SECOND;
const DAY_NS: i64 = 24 * HOUR_NS;

fn daily_loss(amount: f64, then: OnDailyLoss) -> AccountRules {
    AccountRules { daily_loss: Some(DailyLoss { amount, then }), ..AccountRules::default() }
}

fn drawdown(basis: DrawdownBasis, lock: Option<f64>) -> AccountRules {
    AccountRules { drawdown: Some(Drawdown { amount: 2_000.0, basis, lock }), ..AccountRules::default() }
}

/// An account of 50,000 whose bars are one a day.
struct Account {
    state: AccountState,
    bar: usize,
}

impl Account {
    fn new(rules: AccountRules) -> Self {
        rules.check().expect("the rules are valid");
        Self { state: AccountState::new(rules, 50_000.0), bar: 0 }
    }

    /// A day with a trade that meets these equities in turn and ends flat at the last.
    fn day(&mut self, equities: &[f64]) -> AccountOutcome {
        self.state.begin_bar(self.bar as i64 * DAY_NS);
        self.state.enter();
        for &equity in equities {
            self.state.meet(equity, self.bar);
        }
        self.state.close_bar(*equities.last().unwrap(), true, self.bar);
        self.bar += 1;
        self.state.outcome()
    }

    fn floor(&mut self) -> f64 {
        self.state.begin_bar(self.bar as i64 * DAY_NS);
        self.state.limit().unwrap().equity
    }
}

const RUNNING: AccountOutcome = AccountOutcome::Running;

fn failed(rule: LossRule, day: u32) -> AccountOutcome {
    AccountOutcome::Failed { rule, bar: day as usize - 1, day }
}

#[test]
fn an_end_of_day_limit_follows_the_days_ends_and_locks_at_the_start() {
    let mut account = Account::new(drawdown(DrawdownBasis::EndOfDay, Some(0.0)));
    // Day 1 was up 1,500 in between and ended up 500: only the end counts.
    assert_eq!(account.day(&[51_500.0, 50_500.0]), RUNNING);
    assert_eq!(account.floor(), 48_500.0);
    // Day 2 loses 1,000 and the floor stays.
    assert_eq!(account.day(&[49_500.0]), RUNNING);
    assert_eq!(account.floor(), 48_500.0);
    // Day 3 ends at 53,000: 51,000 would be the floor, the lock holds it at 50,000.
    assert_eq!(account.day(&[53_000.0]), RUNNING);
    assert_eq!(account.floor(), 50_000.0);
    // Day 4 meets it exactly, if only for a moment.
    assert_eq!(account.day(&[50_000.0, 52_000.0]), failed(LossRule::Drawdown, 4));
    // Nothing changes afterwards.
    assert_eq!(account.day(&[60_000.0]), failed(LossRule::Drawdown, 4));
}

#[test]
fn an_intraday_limit_follows_every_moment() {
    let mut account = Account::new(drawdown(DrawdownBasis::Intraday, None));
    assert_eq!(account.day(&[51_500.0, 50_500.0]), RUNNING);
    assert_eq!(account.floor(), 49_500.0);
    assert_eq!(account.day(&[53_000.0, 51_001.0]), RUNNING);
    assert_eq!(account.day(&[51_000.0]), failed(LossRule::Drawdown, 3));
}

#[test]
fn a_static_limit_does_not_follow() {
    let mut account = Account::new(drawdown(DrawdownBasis::Static, None));
    assert_eq!(account.day(&[70_000.0, 48_001.0]), RUNNING);
    assert_eq!(account.day(&[48_000.0]), failed(LossRule::Drawdown, 2));
}

#[test]
fn the_daily_limit_counts_from_the_days_start() {
    let mut account = Account::new(daily_loss(1_000.0, OnDailyLoss::Fail));
    assert_eq!(account.day(&[49_001.0]), RUNNING);
    // 48,002 is 999 below the day's start.
    assert_eq!(account.day(&[48_002.0]), RUNNING);
    // Up 3,000 and back: a day that was never below its start by 1,000 is fine.
    assert_eq!(account.day(&[51_002.0, 47_003.0]), RUNNING);
    assert_eq!(account.day(&[46_003.0, 50_000.0]), failed(LossRule::DailyLoss, 4));
}

#[test]
fn a_daily_limit_may_stop_the_day_only() {
    let mut account = Account::new(daily_loss(1_000.0, OnDailyLoss::StopForDay));
    assert_eq!(account.day(&[48_990.0]), RUNNING);
    assert!(!account.state.may_trade());
    account.state.begin_bar(DAY_NS);
    assert!(account.state.may_trade());
    assert_eq!(account.day(&[48_500.0]), RUNNING);
    assert_eq!(account.state.report().days_stopped, 1);
}

#[test]
fn the_drawdown_limit_is_the_reason_where_both_are_met() {
    let rules = AccountRules {
        daily_loss: Some(DailyLoss { amount: 1_000.0, then: OnDailyLoss::StopForDay }),
        ..drawdown(DrawdownBasis::EndOfDay, Some(0.0))
    };
    let mut account = Account::new(rules);
    assert_eq!(account.floor(), 49_000.0);
    assert_eq!(account.day(&[47_900.0]), failed(LossRule::Drawdown, 1));
}

#[test]
fn headroom_is_the_smaller_share_of_room_at_the_worst_moment() {
    let rules = AccountRules {
        daily_loss: Some(DailyLoss { amount: 1_000.0, then: OnDailyLoss::Fail }),
        ..drawdown(DrawdownBasis::EndOfDay, Some(0.0))
    };
    let mut account = Account::new(rules);
    // 250 of 1,000 lost at worst: 0.75 of the day's room, 0.875 of the drawdown's.
    account.day(&[49_750.0, 50_400.0]);
    // The floor is 48,400. From 50,400 down to 49,600: 0.2 of the day's room, 0.6 of the drawdown's.
    account.day(&[49_600.0]);
    // 49,600 is the start; 1,200 of 2,000 are left before any trade.
    account.day(&[49_700.0]);
    // Failed: no room on that day and after it.
    account.day(&[48_700.0]);
    account.day(&[48_700.0]);
    let headroom = account.state.report().headroom;
    let expected = [0.75, 0.2, 0.6, 0.0, 0.0];
    assert_eq!(headroom.len(), expected.len());
    for (left, expected) in headroom.iter().zip(expected) {
        assert!((left - expected).abs() < 1e-12, "{headroom:?}");
    }
}

fn evaluation() -> AccountRules {
    AccountRules {
        profit_target: Some(3_000.0),
        minimum_days: 2,
        consistency: Some(0.5),
        ..drawdown(DrawdownBasis::EndOfDay, Some(0.0))
    }
}

#[test]
fn passing_needs_the_target_the_days_and_the_consistency() {
    let mut account = Account::new(evaluation());
    // The whole target on one day: neither days nor consistency.
    assert_eq!(account.day(&[53_000.0]), RUNNING);
    // 5,000 in two days, the best day 3,000 of them: 60 %.
    assert_eq!(account.day(&[55_000.0]), RUNNING);
    // 6,000, the best day half of them, exactly.
    assert_eq!(account.day(&[56_000.0]), AccountOutcome::Passed { bar: 2, day: 3 });
    // What happens later does not undo it, and its days are not counted.
    assert_eq!(account.day(&[40_000.0]), AccountOutcome::Passed { bar: 2, day: 3 });
    assert_eq!(account.state.report().headroom.len(), 3);
    assert!(!account.state.may_trade());
}

#[test]
fn passing_needs_a_flat_account_and_days_with_a_fill() {
    let mut account = Account::new(AccountRules { consistency: None, ..evaluation() });
    account.day(&[51_500.0]);
    // A day without a fill, on which nothing happens.
    account.state.begin_bar(DAY_NS);
    account.state.close_bar(51_500.0, true, 1);
    // A day with an open position above the target.
    account.state.begin_bar(2 * DAY_NS);
    account.state.enter();
    account.state.close_bar(53_200.0, false, 2);
    assert_eq!(account.state.outcome(), RUNNING);
    account.state.close_bar(53_100.0, true, 3);
    assert_eq!(account.state.outcome(), AccountOutcome::Passed { bar: 3, day: 3 });
    assert_eq!(account.state.report().days_traded, 2);
}

/// `topstep-50k`, a week and a half of it: a day's moments, the equity at which it would have been ended, what it was after it.
#[test]
fn an_evaluation_day_by_day() {
    let mut account = Account::new(Preset::find("topstep-50k").unwrap().rules());
    let days: [(&[f64], f64, &str); 7] = [
        // 1,000 of daily loss come before 2,000 of drawdown.
        (&[50_400.0, 49_800.0, 50_600.0], 49_000.0, "up 600; the drawdown's floor rises to 48,600"),
        (&[51_000.0, 49_600.0], 49_600.0, "the daily limit is met exactly: the day is stopped, the account goes on"),
        (&[48_700.0, 51_400.0], 48_600.0, "both floors are at 48,600; up 1,800, the best day so far"),
        (&[52_900.0], 50_400.0, "up 1,500: a profit of 2,900, and the drawdown's floor locks at 50,000"),
        (&[52_000.0, 53_000.0], 51_900.0, "the target is met, but the best day is 60 % of the profit"),
        (&[53_500.0], 52_000.0, "51 %"),
        (&[53_600.0], 52_500.0, "50 % exactly"),
    ];
    for (index, (moments, floor, note)) in days.into_iter().enumerate() {
        assert_eq!(account.floor(), floor, "day {}: {note}", index + 1);
        let outcome = account.day(moments);
        let expected = if index == 6 { AccountOutcome::Passed { bar: 6, day: 7 } } else { RUNNING };
        assert_eq!(outcome, expected, "day {}: {note}", index + 1);
        assert_eq!(account.state.may_trade(), ![1, 6].contains(&index), "day {}: {note}", index + 1);
    }
    let report = account.state.report();
    assert_eq!((report.days_traded, report.days_stopped), (7, 1));
}

/// `express-50k` grows its size with its profit and gives it back with it; locked, it ends at the cash it began with.
#[test]
fn an_express_account_day_by_day() {
    let mut account = Account::new(Preset::find("express-50k").unwrap().rules());
    // The day's end, the most contracts during the day, the floor of losses during the day.
    let days = [
        (51_000.0, 2.0, 49_000.0),
        (51_600.0, 2.0, 50_000.0),
        // 1,600 of profit in the morning allow three; the drawdown's floor is 49,600.
        (52_100.0, 3.0, 50_600.0),
        (51_200.0, 5.0, 51_100.0),
        // Back to two. The drawdown's floor stays at 50,000; the day's is nearer while mornings are above 51,000.
        (50_900.0, 2.0, 50_200.0),
        (50_100.0, 2.0, 50_000.0),
    ];
    for (index, (end, contracts, floor)) in days.into_iter().enumerate() {
        assert_eq!(account.floor(), floor, "day {}", index + 1);
        assert_eq!(account.state.contract_cap(), Some(contracts), "day {}", index + 1);
        assert_eq!(account.day(&[end]), RUNNING, "day {}", index + 1);
    }
    assert_eq!(account.day(&[50_000.0, 50_400.0]), failed(LossRule::Drawdown, 7));
}

#[test]
fn contract_caps_follow_the_profit_at_the_days_start() {
    let mut account = Account::new(Preset::find("express-50k").unwrap().rules());
    let caps: Vec<f64> = [51_499.0, 51_500.0, 52_000.0, 51_999.0]
        .into_iter()
        .map(|end| {
            account.day(&[end]);
            let during = account.state.contract_cap().unwrap();
            account.state.begin_bar(account.bar as i64 * DAY_NS);
            assert!(during <= 5.0);
            account.state.contract_cap().unwrap()
        })
        .collect();
    assert_eq!(caps, [2.0, 3.0, 5.0, 3.0]);
    let mut micro = Account::new(Preset::find("express-50k").unwrap().rules_for_micros());
    micro.day(&[49_500.0]);
    assert_eq!(micro.state.contract_cap(), Some(20.0));
}

#[test]
fn a_trading_day_begins_at_its_own_hour() {
    let rules = AccountRules { day_start: 17 * 60, ..daily_loss(1_000.0, OnDailyLoss::Fail) };
    let mut state = AccountState::new(rules, 50_000.0);
    let mut bar = |hour: i64, equity: f64| {
        state.begin_bar(hour * HOUR_NS);
        state.close_bar(equity, true, 0);
        state.report().headroom.len()
    };
    assert_eq!(bar(9, 49_500.0), 1);
    assert_eq!(bar(16, 49_400.0), 1);
    assert_eq!(bar(17, 49_300.0), 2);
    assert_eq!(bar(24 + 16, 49_300.0), 2);
    // A clock set back stays in its day.
    assert_eq!(bar(24 + 17, 49_300.0), 3);
    assert_eq!(bar(24 + 16, 49_300.0), 3);
}

#[test]
fn presets_are_what_is_published() {
    let rows = [
        ("topstep-50k", Some(3_000.0), 1_000.0, 2_000.0, 5.0),
        ("topstep-100k", Some(6_000.0), 2_000.0, 3_000.0, 10.0),
        ("topstep-150k", Some(9_000.0), 3_000.0, 4_500.0, 15.0),
        ("express-50k", None, 1_000.0, 2_000.0, 5.0),
    ];
    assert_eq!(PRESETS.len(), rows.len());
    for (name, target, daily, drawdown, contracts) in rows {
        let rules = Preset::find(name).unwrap().rules();
        assert_eq!(rules.check(), Ok(()));
        assert_eq!(rules.profit_target, target);
        assert_eq!(rules.daily_loss, Some(DailyLoss { amount: daily, then: OnDailyLoss::StopForDay }));
        assert_eq!(rules.drawdown.map(|limit| (limit.amount, limit.lock)), Some((drawdown, Some(0.0))));
        assert_eq!(rules.contract_caps.last().map(|cap| cap.contracts), Some(contracts));
        assert_eq!((rules.day_start, rules.flat_by), (1020, Some(910)));
    }
}

#[test]
fn rules_that_cannot_be_are_named() {
    let refused = |rules: AccountRules| rules.check().map_err(|error| error.rule);
    assert_eq!(refused(daily_loss(0.0, OnDailyLoss::Fail)), Err("daily_loss"));
    assert_eq!(refused(AccountRules { profit_target: Some(f64::NAN), ..evaluation() }), Err("profit_target"));
    assert_eq!(refused(AccountRules { consistency: Some(1.5), ..evaluation() }), Err("consistency"));
    assert_eq!(refused(AccountRules { flat_by: Some(1440), ..evaluation() }), Err("flat_by"));
    assert_eq!(refused(drawdown(DrawdownBasis::Static, Some(f64::INFINITY))), Err("drawdown_lock"));
    let cap = |from_profit, contracts| ContractCap { from_profit, contracts };
    let caps = |caps: &[ContractCap]| AccountRules { contract_caps: caps.to_vec(), ..AccountRules::default() };
    assert_eq!(refused(caps(&[cap(0.0, 2.0), cap(0.0, 3.0)])), Err("contracts"));
    assert_eq!(refused(caps(&[cap(0.0, 0.0)])), Err("contracts"));
    assert_eq!(refused(caps(&[cap(0.0, 2.0), cap(1_500.0, 3.0)])), Ok(()));
}
