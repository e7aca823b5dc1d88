//! Worked examples that can be followed on paper, and the cases without a value.

use super::{Case, trade};
use crate::account::{AccountOutcome, AccountReport, LossRule};
use crate::metric::{Metrics, Undefined, catalogue, compute, daily_returns};
use crate::simulator::{ExitReason, Side};

fn near(metrics: &Metrics, name: &str, want: f64) {
    let got = metrics.get(name);
    assert!(got.is_some_and(|value| (value - want).abs() < 1e-12), "{name}: {got:?}, not {want}");
}

/// Four trades: +20, −10, +10, 0, on equity 100, 120, 110, 120, 120.
fn four_trades() -> Case {
    let mut case = Case::daily(100.0, &[100.0, 120.0, 110.0, 120.0, 120.0]).with_pnls(&[20.0, -10.0, 10.0, 0.0]);
    case.backtest.trades[2].side = Side::Short;
    case.backtest.trades[1].ambiguous = true;
    case.backtest.ambiguous_bars = 2;
    case.backtest.unaffordable_entries = 3;
    case.backtest.undefined_entries = 4;
    case.backtest.late_entries = 5;
    case.backtest.trades[0].exit_reason = ExitReason::MarginCall;
    case.backtest.bars_in_market = 4;
    case
}

#[test]
fn four_trades_by_hand() {
    let metrics = compute(&four_trades().input());
    for (name, want) in [
        ("trades", 4.0),
        ("win_rate", 0.5),
        ("profit_factor", 3.0),
        ("avg_trade", 5.0),
        ("avg_win", 15.0),
        ("avg_loss", -10.0),
        ("payoff_ratio", 1.5),
        ("expectancy", 0.5),
        // w = 2/4, l = 1/4: the trade at zero is neither.
        ("kelly", 0.5 - 0.25 / 1.5),
        ("max_consecutive_wins", 1.0),
        ("max_consecutive_losses", 1.0),
        ("long_net_profit", 10.0),
        ("short_net_profit", 10.0),
        ("long_win_rate", 1.0 / 3.0),
        ("short_win_rate", 1.0),
        ("avg_bars_in_trade", 2.0),
        ("edge_ratio", 2.0),
        ("trades_per_1000_bars", 800.0),
        ("exposure", 0.8),
        ("total_return", 0.2),
        ("max_drawdown", 10.0 / 120.0),
        ("max_drawdown_money", 10.0),
        ("recovery_factor", 2.0),
        // Peak on day 1, back at 120 on day 3; trough on day 2.
        ("max_drawdown_days", 2.0),
        ("recovery_days", 1.0),
        ("time_under_water", 0.2),
        ("ambiguous_bars", 2.0),
        ("ambiguous_share", 0.25),
        ("unaffordable_entries", 3.0),
        ("undefined_entries", 4.0),
        ("late_entries", 5.0),
        ("margin_calls", 1.0),
        ("bankrupt", 0.0),
    ] {
        near(&metrics, name, want);
    }
}

#[test]
fn costs_by_hand() {
    // Two round trips of 2 contracts at a point value of 5: bought at 100, sold at 110 and at 90.
    let mut case = Case::daily(1_000.0, &[1_090.0, 1_080.0]).with_pnls(&[90.0, -10.0]);
    case.point_value = 5.0;
    for (trade, exit_price) in case.backtest.trades.iter_mut().zip([110.0, 90.0]) {
        trade.size = 2.0;
        trade.exit_price = exit_price;
        trade.commission = 6.0;
        trade.slippage = 4.0;
    }
    let metrics = compute(&case.input());
    near(&metrics, "total_commission", 12.0);
    near(&metrics, "total_slippage", 8.0);
    near(&metrics, "cost_share", 20.0 / 100.0);
    // Notional (210 + 190) · 2 · 5 = 4,000; profit before costs 100.
    near(&metrics, "break_even_cost", 250.0);
    near(&metrics, "turnover", 4_000.0 / 1_085.0 / (2.0 / 252.0));
}

#[test]
fn costs_at_the_break_even_rate_leave_no_profit() {
    let mut case = Case::daily(1_000.0, &[1_000.0; 2]).with_pnls(&[30.0, -12.0]);
    let rate = compute(&case.input()).get("break_even_cost").unwrap() / 10_000.0;
    for trade in &mut case.backtest.trades {
        let cost = rate * (trade.entry_price + trade.exit_price) * trade.size;
        trade.commission += cost;
        trade.pnl -= cost;
    }
    let profit: f64 = case.backtest.trades.iter().map(|trade| trade.pnl).sum();
    assert!(profit.abs() < 1e-12, "{profit}");
}

#[test]
fn without_trades_trade_metrics_say_so_and_equity_metrics_stay() {
    let metrics = compute(&Case::daily(100.0, &[100.0; 30]).input());
    for name in [
        "win_rate",
        "profit_factor",
        "avg_trade",
        "avg_win",
        "largest_loss",
        "avg_bars_winner",
        "sqn",
        "kelly",
        "composite",
        "ambiguous_share",
        "edge_ratio",
    ] {
        assert_eq!(metrics.undefined_reason(name), Some(Undefined::NoTrades), "{name}");
        assert_eq!(metrics.get(name), None);
    }
    assert_eq!(metrics.get("trades"), Some(0.0));
    assert_eq!(metrics.get("total_return"), Some(0.0));
    assert_eq!(metrics.get("cagr"), Some(0.0));
    assert_eq!(metrics.undefined_reason("sharpe"), Some(Undefined::ZeroVariance));
    assert_eq!(metrics.undefined_reason("sortino"), Some(Undefined::NothingMoved));
    assert_eq!(metrics.undefined_reason("calmar"), Some(Undefined::NoDrawdown));
}

#[test]
fn winners_alone_have_no_loss_to_divide_by() {
    let metrics = compute(&Case::daily(100.0, &[101.0, 103.0]).with_pnls(&[1.0, 2.0]).input());
    for name in ["profit_factor", "avg_loss", "payoff_ratio", "kelly", "sortino", "omega"] {
        assert_eq!(metrics.undefined_reason(name), Some(Undefined::NoLosses), "{name}");
    }
    assert_eq!(metrics.get("recovery_days"), Some(0.0));
}

#[test]
fn a_week_is_not_compounded_to_a_year() {
    let short = compute(&Case::daily(100.0, &[101.0; 19]).input());
    assert_eq!(short.undefined_reason("cagr"), Some(Undefined::TooShort));
    let long = compute(&Case::daily(100.0, &[101.0; 20]).input());
    near(&long, "cagr", 1.01_f64.powf(252.0 / 20.0) - 1.0);
}

#[test]
fn a_drawdown_within_the_day_counts_for_max_drawdown_only() {
    let mut case = Case::daily(100.0, &[100.0, 60.0, 100.0]);
    case.calendar = crate::metric::Calendar::new(&[0, 0, 0]);
    let metrics = compute(&case.input());
    near(&metrics, "max_drawdown", 0.4);
    near(&metrics, "ulcer_index", 0.0);
}

#[test]
fn a_bankrupt_account_lost_everything_once() {
    let mut case = Case::daily(100.0, &[&[50.0, -10.0][..], &[-10.0; 20]].concat()).with_pnls(&[-110.0]);
    case.backtest.bankrupt_at = Some(1);
    let metrics = compute(&case.input());
    near(&metrics, "bankrupt", 1.0);
    near(&metrics, "cagr", -1.0);
    near(&metrics, "total_return", -1.1);
    near(&metrics, "max_drawdown", 1.0);
    near(&metrics, "max_drawdown_money", 110.0);
    near(&metrics, "viability", 0.0);
    near(&metrics, "worst_day", -1.2);
    assert_eq!(metrics.undefined_reason("stability"), Some(Undefined::Bankrupt));
    assert_eq!(daily_returns(100.0, &[50.0, -10.0, -10.0]), [-0.5, -1.2, 0.0]);
}

#[test]
fn viability_with_headroom_is_the_mean_of_the_worst_tenth_of_days() {
    let case = Case::daily(100.0, &[100.0; 20]);
    let mut headroom = [1.0; 20];
    (headroom[3], headroom[11]) = (0.2, 0.5);
    let input = crate::metric::MetricInput { headroom: Some(&headroom), ..case.input() };
    near(&compute(&input), "viability", 0.35);
}

#[test]
fn an_account_with_rules_says_how_it_ended() {
    let metrics = |outcome| {
        let mut case = Case::daily(100.0, &[100.0; 3]);
        case.backtest.account =
            Some(AccountReport { outcome, headroom: vec![1.0; 3], days_traded: 3, days_stopped: 0 });
        compute(&case.input())
    };
    let passed = metrics(AccountOutcome::Passed { bar: 1, day: 2 });
    near(&passed, "account_passed", 1.0);
    near(&passed, "days_to_pass", 2.0);
    near(&passed, "rule_breached", 0.0);
    for (rule, code) in [(LossRule::DailyLoss, 1.0), (LossRule::Drawdown, 2.0)] {
        let failed = metrics(AccountOutcome::Failed { rule, bar: 1, day: 2 });
        near(&failed, "account_passed", 0.0);
        near(&failed, "rule_breached", code);
        assert_eq!(failed.undefined_reason("days_to_pass"), Some(Undefined::NotPassed));
    }
    let free = compute(&Case::daily(100.0, &[100.0; 3]).input());
    for name in ["account_passed", "days_to_pass", "rule_breached"] {
        assert_eq!(free.undefined_reason(name), Some(Undefined::NoAccountRules), "{name}");
    }
}

#[test]
fn a_streak_ends_at_zero() {
    let metrics =
        compute(&Case::daily(100.0, &[100.0]).with_pnls(&[1.0, 1.0, 0.0, 1.0, -1.0, -1.0, -1.0, 2.0]).input());
    near(&metrics, "max_consecutive_wins", 2.0);
    near(&metrics, "max_consecutive_losses", 3.0);
}

#[test]
fn a_trade_within_one_bar_lasts_one_bar() {
    let mut case = Case::daily(100.0, &[100.0]);
    case.backtest.trades = vec![crate::simulator::Trade { exit_bar: 0, ..trade(0, 1.0) }];
    near(&compute(&case.input()), "avg_bars_in_trade", 1.0);
}

#[test]
fn an_empty_segment_has_no_returns_and_does_not_panic() {
    let metrics = compute(&Case::daily(100.0, &[]).input());
    assert_eq!(metrics.get("final_equity"), Some(100.0));
    for name in ["sharpe", "avg_day", "exposure", "var_95", "best_month", "ulcer_index"] {
        assert_eq!(metrics.undefined_reason(name), Some(Undefined::TooShort), "{name}");
    }
}

#[test]
fn broken_inputs_become_reasons_not_nan() {
    let mut case = Case::daily(0.0, &[f64::NAN, f64::INFINITY, 3.0]).with_pnls(&[f64::NAN]);
    case.trading_days_per_year = f64::NAN;
    let metrics = compute(&case.input());
    assert!(metrics.to_map().values().all(|value| value.is_finite()));
    assert_eq!(metrics.undefined_reason("volatility"), Some(Undefined::NotFinite));
}

#[test]
fn names_are_snake_case_and_unique() {
    let mut names: Vec<_> = catalogue().iter().map(|metric| metric.name).collect();
    assert!(
        names.iter().all(|name| { name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') })
    );
    assert!(names.len() >= 50, "{}", names.len());
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), catalogue().len());
}
