//! What holds for every backtest.

use proptest::prelude::*;

use super::Case;
use crate::metric::{Calendar, Unit, catalogue, compute};

prop_compose! {
    /// Trades of random results, marked to market on random days, one trade a bar.
    fn any_case()(
        pnls in prop::collection::vec(prop_oneof![4 => -120.0..120.0_f64, 1 => Just(0.0)], 0..150),
        gaps in prop::collection::vec(0..3_i32, 150),
        cash in prop_oneof![Just(50.0), Just(1_000.0), Just(100_000.0)],
    ) -> Case {
        let equity: Vec<f64> = pnls.iter().scan(cash, |sum, pnl| { *sum += pnl; Some(*sum) }).collect();
        let days: Vec<i32> = gaps.iter().take(pnls.len()).scan(19_000, |day, gap| { *day += gap; Some(*day) }).collect();
        let mut case = Case::daily(cash, &equity).with_pnls(&pnls);
        case.calendar = Calendar::new(&days);
        case
    }
}

proptest! {
    #[test]
    fn values_are_finite_and_in_range(case in any_case()) {
        for (metric, value) in compute(&case.input()).iter() {
            let Ok(value) = value else { continue };
            prop_assert!(value.is_finite(), "{}", metric.name);
            prop_assert!(!(value == 0.0 && value.is_sign_negative()), "{} is -0", metric.name);
            if matches!(metric.unit, Unit::Count | Unit::Bars | Unit::Days) {
                prop_assert!(value >= 0.0, "{}: {value}", metric.name);
            }
        }
    }

    #[test]
    fn shares_lie_between_0_and_1(case in any_case()) {
        let metrics = compute(&case.input());
        for name in ["win_rate", "positive_days", "positive_months", "time_under_water", "composite", "max_drawdown", "avg_drawdown", "stability", "probabilistic_sharpe", "viability"] {
            if let Some(value) = metrics.get(name) {
                prop_assert!((0.0..=1.0).contains(&value), "{name}: {value}");
            }
        }
    }

    #[test]
    fn average_lies_under_the_extreme(case in any_case()) {
        let metrics = compute(&case.input());
        for (less, more) in [
            ("avg_drawdown", "max_drawdown"),
            ("pain_index", "ulcer_index"),
            ("ulcer_index", "max_drawdown"),
            ("avg_win", "largest_win"),
            ("largest_loss", "avg_loss"),
            ("var_95", "cvar_95"),
            ("worst_day", "avg_day"),
            ("avg_day", "best_day"),
        ] {
            if let (Some(less_value), Some(more_value)) = (metrics.get(less), metrics.get(more)) {
                let room = 1e-12 * more_value.abs().max(1.0);
                prop_assert!(less_value <= more_value + room, "{less} {less_value} > {more} {more_value}");
            }
        }
    }

    /// In another currency only amounts of money differ. A power of two as the rate keeps every digit.
    #[test]
    fn another_currency_changes_amounts_only(case in any_case()) {
        let rate = 8.0;
        let mut converted = case.clone();
        converted.backtest.cash *= rate;
        converted.point_value *= rate;
        converted.backtest.equity.iter_mut().for_each(|equity| *equity *= rate);
        for trade in &mut converted.backtest.trades {
            for amount in [&mut trade.pnl, &mut trade.commission, &mut trade.slippage, &mut trade.max_adverse, &mut trade.max_favorable] {
                *amount *= rate;
            }
        }
        let (plain, other) = (compute(&case.input()), compute(&converted.input()));
        for metric in catalogue() {
            let factor = if metric.unit == Unit::Money { rate } else { 1.0 };
            let scaled = plain.value(metric.name).map(|value| value.map(|value| value * factor));
            // Logarithms do not scale exactly; all else does.
            if let ("stability" | "k_ratio", Some(Ok(one)), Some(Ok(two))) = (metric.name, scaled, other.value(metric.name)) {
                prop_assert!((one - two).abs() <= 1e-3 * one.abs().max(1e-3), "{}: {one} {two}", metric.name);
                continue;
            }
            prop_assert_eq!(scaled, other.value(metric.name), "{}", metric.name);
        }
    }

    /// The profit of the trades is the profit of the account: what either side counts, the other does.
    #[test]
    fn money_reconciles(case in any_case()) {
        let metrics = compute(&case.input());
        let sides = metrics.get("long_net_profit").unwrap() + metrics.get("short_net_profit").unwrap();
        let net = metrics.get("net_profit").unwrap();
        prop_assert!((sides - net).abs() <= 1e-9 * case.backtest.cash.max(net.abs()));
    }
}
