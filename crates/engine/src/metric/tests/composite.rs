//! The composite score: by hand, and monotone.

use proptest::prelude::*;

use super::Case;
use crate::metric::{CompositeOptions, CompositeTerm, InvalidComposite, Undefined, composite, compute};

/// Forty trades on forty bars: 20 win 20, 20 lose 10, in turn.
fn forty_trades(cash: f64) -> Case {
    let pnls: Vec<f64> = (0..40).map(|i| if i % 2 == 0 { 20.0 } else { -10.0 }).collect();
    Case::daily(cash, &equity_of(cash, &pnls)).with_pnls(&pnls)
}

fn equity_of(cash: f64, pnls: &[f64]) -> Vec<f64> {
    let running = pnls.iter().scan(cash, |sum, pnl| {
        *sum += pnl;
        Some(*sum)
    });
    running.collect()
}

fn scored(name: &str, case: &Case) -> f64 {
    let score = composite(&case.input()).expect("the case has trades");
    let part = score.parts.iter().find(|part| part.name == name);
    part.expect("the term exists").normalised
}

#[test]
fn forty_trades_by_hand() {
    let case = forty_trades(10_000.0);
    let score = composite(&case.input()).unwrap();
    let sortino = compute(&case.input()).get("sortino").unwrap();
    // Profit factor 400/200 = 2; +200 on 10,000 = 2 %; drawdown 10 / 10,020; 1,000 trades per 1,000 bars.
    let drawdown = 10.0 / 10_020.0;
    let normalised = [
        (2.0 - 0.5) / 2.5,
        (0.02 + 0.05) / 0.20,
        1.0,
        ((sortino + 2.0) / 8.0).min(1.0),
        0.5,
        (0.1 - drawdown) / 0.1,
        1.0,
    ];
    let weights = [0.30, 0.25, 0.15, 0.10, 0.10, 0.05, 0.05];
    for (part, want) in score.parts.iter().zip(normalised) {
        assert!((part.normalised - want).abs() < 1e-12, "{part:?}, not {want}");
    }
    let want: f64 = weights.iter().zip(normalised).map(|(w, n)| w * n).sum();
    assert!((score.value - want).abs() < 1e-12);
    assert_eq!(compute(&case.input()).get("composite"), Some(score.value));
}

#[test]
fn weights_count_relative_to_their_sum() {
    let case = forty_trades(10_000.0);
    let mut doubled = case.clone();
    let options = &mut doubled.composite;
    for term in [
        &mut options.profit_factor,
        &mut options.net_profit,
        &mut options.viability,
        &mut options.sortino,
        &mut options.win_rate,
        &mut options.max_drawdown,
        &mut options.trades_per_1000_bars,
    ] {
        term.weight *= 2.0;
    }
    let value = |case: &Case| composite(&case.input()).unwrap().value;
    assert!((value(&case) - value(&doubled)).abs() < 1e-15);
}

#[test]
fn fewer_than_thirty_trades_scale_the_score() {
    let pnls = [10.0; 15];
    let case = Case::daily(1_000.0, &equity_of(1_000.0, &pnls)).with_pnls(&pnls);
    let score = composite(&case.input()).unwrap();
    assert_eq!(score.trades_factor, 0.5);
    let full: f64 = score.parts.iter().map(|p| p.weight * p.normalised).sum();
    assert!((score.value - full / 2.0).abs() < 1e-12);
}

#[test]
fn nothing_lost_scores_as_the_best_bound() {
    let case = Case::daily(100.0, &[101.0, 102.0]).with_pnls(&[1.0, 1.0]);
    assert_eq!(scored("profit_factor", &case), 1.0);
    assert_eq!(scored("sortino", &case), 1.0);
}

#[test]
fn nothing_won_or_lost_scores_as_neutral() {
    let case = Case::daily(100.0, &[100.0, 100.0]).with_pnls(&[0.0, 0.0]);
    assert_eq!(scored("profit_factor", &case), 0.2);
    assert_eq!(scored("sortino", &case), 0.25);
}

#[test]
fn no_trades_have_no_score() {
    let case = Case::daily(100.0, &[100.0, 100.0]);
    assert_eq!(composite(&case.input()), Err(Undefined::NoTrades));
}

#[test]
fn a_dollar_more_never_scores_less() {
    // A bonus that jumps at a threshold once made $7,501 score below $7,500.
    let value = |profit: f64| {
        let mut pnls = vec![-100.0, 150.0];
        pnls.extend([0.0; 38]);
        pnls.push(profit - 50.0);
        let case = Case::daily(50_000.0, &equity_of(50_000.0, &pnls)).with_pnls(&pnls);
        composite(&case.input()).unwrap().value
    };
    assert!(value(7_501.0) >= value(7_500.0));
    assert!(value(7_499.0) <= value(7_500.0));
}

#[test]
fn impossible_options_are_refused_by_name() {
    let mut options = CompositeOptions::default();
    assert_eq!(options.check(), Ok(()));
    options.sortino.weight = -0.1;
    assert_eq!(
        options.check().unwrap_err().to_string(),
        "composite weight of sortino is -0.1: give a number of 0 or more"
    );
    options = CompositeOptions::default();
    options.max_drawdown.best = 0.2;
    assert_eq!(
        options.check().unwrap_err().to_string(),
        "composite bounds of max_drawdown are 0.1 (worst) and 0.2 (best): give two numbers, the best below the worst"
    );
    options = CompositeOptions::default();
    options.win_rate.best = f64::NAN;
    assert!(matches!(options.check(), Err(InvalidComposite::Bounds { name: "win_rate", .. })));
}

#[test]
fn weights_of_zero_are_refused_and_leave_no_score() {
    let mut case = forty_trades(1_000.0);
    let none = CompositeTerm { weight: 0.0, worst: 0.0, best: 1.0 };
    case.composite = CompositeOptions {
        profit_factor: none,
        net_profit: none,
        viability: none,
        sortino: none,
        win_rate: none,
        max_drawdown: CompositeTerm { best: -1.0, ..none },
        trades_per_1000_bars: none,
        full_score_trades: 30,
    };
    assert_eq!(case.composite.check(), Err(InvalidComposite::NoWeight));
    assert_eq!(composite(&case.input()), Err(Undefined::NotFinite));
}

proptest! {
    /// Raising any one trade's profit, with the equity that follows from it, never lowers the score.
    #[test]
    fn the_score_is_monotone_in_every_term(
        low in -10.0..10.0_f64,
        step in 0.0..10.0_f64,
    ) {
        let options = CompositeOptions::default();
        for (name, term) in options.terms() {
            let sign = if name == "max_drawdown" { -1.0 } else { 1.0 };
            let before = term.normalise(low);
            let after = term.normalise(low + sign * step);
            prop_assert!(after >= before, "{name}: {low} {step}");
            prop_assert!((0.0..=1.0).contains(&before));
        }
    }

    /// A larger final gain leaves every loss as it was, so the score may only rise.
    #[test]
    fn a_larger_last_win_never_lowers_the_score(
        pnls in prop::collection::vec(-50.0..50.0_f64, 1..60),
        win in 0.0..500.0_f64,
        more in 0.0..500.0_f64,
    ) {
        let value = |last: f64| {
            let mut pnls = pnls.clone();
            pnls.push(last);
            let case = Case::daily(10_000.0, &equity_of(10_000.0, &pnls)).with_pnls(&pnls);
            composite(&case.input()).map(|score| score.value)
        };
        let (before, after) = (value(win + 0.01), value(win + 0.01 + more));
        prop_assert!(after.unwrap() >= before.unwrap() - 1e-15);
    }
}
