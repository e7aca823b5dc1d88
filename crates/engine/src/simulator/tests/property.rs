//! What holds for any bars, decisions and settings.

use proptest::prelude::*;

use super::*;

/// Prices lie on quarters, so that sums and reflections of them are exact.
const QUARTER: f64 = 0.25;

/// One bar as steps of a walk in quarters, and the decision at its close.
#[derive(Debug, Clone)]
struct Step {
    gap: i32,
    body: i32,
    wicks: (i32, i32),
    /// Long entry, long exit, short entry, short exit.
    flags: [bool; 4],
    /// Stop, target and trailing distance in eighths; zero is undefined.
    distances: [i32; 3],
}

fn step() -> impl Strategy<Value = Step> {
    let flag = || prop::bool::weighted(0.25);
    (-6..=6_i32, -8..=8_i32, (0..=6_i32, 0..=6_i32), [flag(), flag(), flag(), flag()], [1..40_i32, 1..40, 1..40])
        .prop_map(|(gap, body, wicks, flags, distances)| Step { gap, body, wicks, flags, distances })
}

fn prices(steps: &[Step]) -> Vec<Prices> {
    let mut last = 400;
    let bar = |step: &Step| {
        let open = (last + step.gap).max(40);
        let close = (open + step.body).max(40);
        last = close;
        let high = open.max(close) + step.wicks.0;
        let low = open.min(close) - step.wicks.1;
        [open, high, low, close].map(|quarters| f64::from(quarters) * QUARTER)
    };
    steps.iter().map(bar).collect()
}

/// Which of stop, target and trailing stop the strategy has.
type Has = [bool; 3];

fn scenario_of(steps: &[Step], has: Has) -> Scenario {
    let mut scenario = Scenario::new(&prices(steps));
    let mask = |flag: usize| Mask::from_fn(steps.len(), |t| steps[t].flags[flag]);
    let distance = |index: usize| {
        let eighths = |step: &Step| f64::from(step.distances[index]) / 8.0;
        has[index].then(|| Pointwise::from(steps.iter().map(eighths).collect::<Vec<f64>>()))
    };
    scenario.signals = Signals {
        long_entry: mask(0),
        long_exit: mask(1),
        short_entry: mask(2),
        short_exit: mask(3),
        stop_distance: distance(0),
        target_distance: distance(1),
        trailing_distance: distance(2),
        ..Signals::default()
    };
    scenario
}

fn fill() -> impl Strategy<Value = Fill> {
    prop_oneof![Just(Fill::NextOpen), Just(Fill::Close)]
}

fn policy() -> impl Strategy<Value = Intrabar> {
    prop_oneof![Just(Intrabar::Worst), Just(Intrabar::Best), Just(Intrabar::Path)]
}

fn size() -> impl Strategy<Value = Size> {
    prop_oneof![
        (0.1..1.0).prop_map(Size::EquityFraction),
        (0.5..12.0).prop_map(Size::Contracts),
        (50.0..1100.0).prop_map(Size::Notional),
        (0.001..0.1).prop_map(Size::Risk),
    ]
}

fn costs() -> impl Strategy<Value = (Commission, Slippage)> {
    (
        prop_oneof![(0.0..0.01).prop_map(Commission::Fraction), (0.0..3.0).prop_map(Commission::PerContract)],
        prop_oneof![(0.0..0.01).prop_map(Slippage::Fraction), (0.0..4.0).prop_map(Slippage::Ticks)],
    )
}

fn any_execution() -> impl Strategy<Value = Execution> {
    (fill(), policy(), size(), costs(), any::<bool>()).prop_map(
        |(fill, intrabar, size, (commission, slippage), whole_contracts)| Execution {
            fill,
            intrabar,
            commission,
            slippage,
            size,
            instrument: Instrument {
                tick: Some(QUARTER),
                point_value: if whole_contracts { 5.0 } else { 1.0 },
                whole_contracts,
                margin: None,
            },
        },
    )
}

prop_compose! {
    /// Any strategy with a stop (a size by risk needs one), any costs, a segment with bars on both sides.
    fn any_scenario()(
        steps in prop::collection::vec(step(), 12..80),
        (target, trailing) in any::<(bool, bool)>(),
        execution in any_execution(),
        max_bars in prop::option::weighted(0.3, 1..8_u32),
        cooldown in prop_oneof![Just(0_u32), 0..4_u32],
    ) -> Scenario {
        let mut scenario = scenario_of(&steps, [true, target, trailing]);
        scenario.segment = 2..steps.len() - 2;
        scenario.execution = execution;
        scenario.signals.rules = TimeRules { max_bars, cooldown, ..TimeRules::default() };
        scenario.signals.warmup = 3;
        scenario
    }
}

/// The price a market order is quoted in its bar.
fn market_quote(scenario: &Scenario, bar: usize) -> f64 {
    match scenario.execution.fill {
        Fill::NextOpen => scenario.prices[bar][0],
        Fill::Close => scenario.prices[bar][3],
    }
}

fn is_not_better(price: f64, quote: f64, action: fill::Action) -> bool {
    match action {
        fill::Action::Buy => price >= quote,
        fill::Action::Sell => price <= quote,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(400)))]

    #[test]
    fn money_reconciles(scenario in any_scenario()) {
        let backtest = scenario.run();
        let total: f64 = backtest.trades.iter().map(|trade| trade.pnl).sum();
        let last = *backtest.equity.last().unwrap();
        prop_assert!((total - (last - backtest.cash)).abs() <= 1e-9 * backtest.cash);
        prop_assert!(backtest.equity.iter().all(|equity| equity.is_finite()));
        prop_assert_eq!(backtest.equity.len(), scenario.segment.len());
    }

    #[test]
    fn decisions_asked_for_one_by_one_give_the_backtest_of_columns(scenario in any_scenario()) {
        let asked = scenario.try_with_input(|input| {
            stepwise::simulate(input, |at| std::ops::ControlFlow::Continue(input.signals().decision(at.bar)))
        });
        prop_assert_eq!(asked.unwrap().unwrap(), scenario.run());
    }

    #[test]
    fn each_trade_is_worth_what_its_prices_say(scenario in any_scenario()) {
        let point_value = scenario.execution.instrument.point_value;
        for trade in scenario.run().trades {
            let points = match trade.side {
                Side::Long => trade.exit_price - trade.entry_price,
                Side::Short => trade.entry_price - trade.exit_price,
            };
            let gross = points * trade.size * point_value;
            prop_assert!((trade.pnl + trade.commission - gross).abs() <= 1e-9 * (1.0 + gross.abs()));
            prop_assert!(trade.size > 0.0 && trade.commission >= 0.0 && trade.slippage >= 0.0);
            prop_assert!(trade.max_adverse >= -gross - trade.slippage - 1e-9);
            prop_assert!(trade.max_favorable >= gross - 1e-9);
        }
    }

    #[test]
    fn trades_lie_within_the_segment_in_order(scenario in any_scenario()) {
        let backtest = scenario.run();
        let (start, end) = (scenario.segment.start, scenario.segment.end);
        let first = match scenario.execution.fill {
            Fill::NextOpen => scenario.signals.warmup.max(start) + 1,
            Fill::Close => scenario.signals.warmup.max(start),
        };
        let mut last_exit = first;
        let mut in_market = vec![false; end];
        for trade in &backtest.trades {
            prop_assert!(trade.entry_bar >= last_exit && trade.exit_bar >= trade.entry_bar && trade.exit_bar < end);
            last_exit = trade.exit_bar;
            in_market[trade.entry_bar..=trade.exit_bar].fill(true);
        }
        prop_assert_eq!(backtest.bars_in_market, in_market.iter().filter(|is_in| **is_in).count());
        if let Some(most) = scenario.signals.rules.max_bars {
            prop_assert!(backtest.trades.iter().all(|trade| trade.exit_bar - trade.entry_bar <= most as usize));
        }
    }

    #[test]
    fn equity_while_flat_is_the_cash_to_the_last_bit(scenario in any_scenario()) {
        let backtest = scenario.run();
        let mut cash = backtest.cash;
        let mut trades = backtest.trades.iter().peekable();
        for (equity, bar) in backtest.equity.iter().zip(scenario.segment.clone()) {
            while let Some(trade) = trades.next_if(|trade| trade.exit_bar == bar) {
                cash += trade.pnl;
            }
            let is_flat = trades.peek().is_none_or(|trade| trade.entry_bar > bar);
            if is_flat {
                prop_assert_eq!(*equity, cash);
            }
        }
    }

    #[test]
    fn no_fill_is_better_than_the_market(scenario in any_scenario()) {
        for trade in scenario.run().trades {
            let quote = market_quote(&scenario, trade.entry_bar);
            prop_assert!(is_not_better(trade.entry_price, quote, fill::Action::entering(trade.side)));
            let [open, high, low, close] = scenario.prices[trade.exit_bar];
            let best = match (trade.exit_reason, trade.side) {
                (ExitReason::Rule | ExitReason::Reversal, _) => market_quote(&scenario, trade.exit_bar),
                (ExitReason::MaxBars | ExitReason::SegmentEnd | ExitReason::Bankrupt, _) => close,
                (ExitReason::TakeProfit, Side::Long) => high,
                (ExitReason::TakeProfit, Side::Short) => low,
                _ => open,
            };
            prop_assert!(is_not_better(trade.exit_price, best, fill::Action::leaving(trade.side)));
        }
    }

    #[test]
    fn ambiguous_trades_touched_both_levels_and_the_policy_chose(scenario in any_scenario()) {
        let backtest = scenario.run();
        let count = backtest.trades.iter().filter(|trade| trade.ambiguous).count();
        prop_assert_eq!(backtest.ambiguous_bars, count);
        prop_assert!(count == 0 || scenario.signals.target_distance.is_some());
        for trade in backtest.trades.iter().filter(|trade| trade.ambiguous) {
            let took_target = trade.exit_reason == ExitReason::TakeProfit;
            match scenario.execution.intrabar {
                Intrabar::Worst => prop_assert!(!took_target),
                Intrabar::Best => prop_assert!(took_target),
                Intrabar::Path => {}
            }
        }
    }

    #[test]
    fn the_policies_rank_the_first_trade(scenario in any_scenario()) {
        let first = |policy| {
            let scenario = scenario.clone().with(|execution| execution.intrabar = policy);
            scenario.run().trades.first().map_or(0.0, |trade| trade.pnl)
        };
        let (worst, path, best) = (first(Intrabar::Worst), first(Intrabar::Path), first(Intrabar::Best));
        prop_assert!(worst <= path && path <= best, "{worst} {path} {best}");
    }

    #[test]
    fn later_bars_change_nothing_before_them(
        scenario in any_scenario(),
        other in prop::collection::vec(step(), 80),
        cut in 0.0..1.0_f64,
    ) {
        let (start, end) = (scenario.segment.start, scenario.segment.end);
        let known = start + ((end - 1 - start) as f64 * cut) as usize;
        let mut changed = scenario.clone();
        let others = prices(&other);
        for (bar, prices) in changed.prices.iter_mut().enumerate().skip(known + 1) {
            *prices = others[bar];
        }
        let flags = |mask: &Mask, flag: usize| Mask::from_fn(mask.len(), |t| {
            if t > known { other[t].flags[flag] } else { mask.get(t) }
        });
        changed.signals.long_entry = flags(&scenario.signals.long_entry, 0);
        changed.signals.short_entry = flags(&scenario.signals.short_entry, 2);
        let (before, after) = (scenario.run(), changed.run());
        let known_trades = |backtest: &Backtest| -> Vec<Trade> {
            backtest.trades.iter().filter(|trade| trade.exit_bar <= known).cloned().collect()
        };
        if known + 1 < end {
            prop_assert_eq!(known_trades(&before), known_trades(&after));
            prop_assert_eq!(&before.equity[..=known - start], &after.equity[..=known - start]);
        }
    }

    #[test]
    fn a_reflected_market_pays_the_other_side_the_same(
        steps in prop::collection::vec(step(), 5..80),
        has in [any::<bool>(), any::<bool>(), any::<bool>()],
        (fill, intrabar) in (fill(), policy()),
        contracts in 1..5_u8,
    ) {
        // Costs and size that do not depend on the price level.
        let scenario = scenario_of(&steps, has).with(|execution| {
            execution.fill = fill;
            execution.intrabar = intrabar;
            execution.commission = Commission::PerContract(2.1);
            execution.slippage = Slippage::Ticks(1.0);
            execution.size = Size::Contracts(f64::from(contracts));
            execution.instrument = Instrument { tick: Some(QUARTER), point_value: 5.0, whole_contracts: true, margin: None };
        });
        let mut mirror = scenario.clone();
        for prices in &mut mirror.prices {
            let [open, high, low, close] = *prices;
            *prices = [200.0 - open, 200.0 - low, 200.0 - high, 200.0 - close];
        }
        std::mem::swap(&mut mirror.signals.long_entry, &mut mirror.signals.short_entry);
        std::mem::swap(&mut mirror.signals.long_exit, &mut mirror.signals.short_exit);
        let (plain, mirrored) = (scenario.run(), mirror.run());
        prop_assert_eq!(&plain.equity, &mirrored.equity);
        prop_assert_eq!(plain.trades.len(), mirrored.trades.len());
        for (trade, other) in plain.trades.iter().zip(&mirrored.trades) {
            prop_assert_eq!(trade.side, other.side.opposite());
            prop_assert_eq!(trade.pnl, other.pnl);
            prop_assert_eq!(trade.exit_reason, other.exit_reason);
            prop_assert_eq!(trade.exit_price, 200.0 - other.exit_price);
            prop_assert_eq!((trade.max_adverse, trade.max_favorable), (other.max_adverse, other.max_favorable));
        }
    }

    #[test]
    fn higher_costs_never_pay(
        steps in prop::collection::vec(step(), 5..80),
        fill in fill(),
        (low, more) in (0.0..0.01_f64, 0.0..0.01_f64),
    ) {
        let final_equity = |commission, slippage, has| {
            let mut scenario = scenario_of(&steps, has).with(|execution| {
                execution.fill = fill;
                execution.commission = Commission::Fraction(commission);
                execution.slippage = Slippage::Fraction(slippage);
            });
            scenario.cash = 1e6;
            *scenario.run().equity.last().unwrap()
        };
        // Slippage moves the levels with the fill, so only market orders can be compared.
        let market_only = [false; 3];
        prop_assert!(final_equity(low, low + more, market_only) <= final_equity(low, low, market_only));
        let all = [true; 3];
        prop_assert!(final_equity(low + more, low, all) <= final_equity(low, low, all));
    }

    #[test]
    fn rules_that_are_never_met_change_nothing(scenario in any_scenario()) {
        let mut held = with_hours(scenario.clone());
        let limit = crate::account::DailyLoss { amount: 1e12, then: crate::account::OnDailyLoss::Fail };
        held.rules = Some(crate::account::AccountRules { daily_loss: Some(limit), ..Default::default() });
        let (free, held) = (scenario.run(), held.run());
        prop_assert_eq!(free.trades, held.trades);
        prop_assert_eq!(free.equity, held.equity);
    }

    #[test]
    fn a_failed_account_never_trades_again(
        scenario in any_scenario(),
        amount in 1.0..200.0_f64,
        basis in prop_oneof![
            Just(crate::account::DrawdownBasis::Intraday),
            Just(crate::account::DrawdownBasis::EndOfDay),
            Just(crate::account::DrawdownBasis::Static),
        ],
    ) {
        let mut held = with_hours(scenario);
        let limit = crate::account::Drawdown { amount, basis, lock: None };
        held.rules = Some(crate::account::AccountRules { drawdown: Some(limit), ..Default::default() });
        let backtest = held.run();
        let report = backtest.account.clone().unwrap();
        prop_assert!(report.headroom.iter().all(|left| (0.0..=1.0).contains(left)));
        match report.outcome {
            crate::account::AccountOutcome::Failed { bar, .. } => {
                prop_assert!(backtest.trades.iter().all(|trade| trade.exit_bar <= bar));
                let after = &backtest.equity[bar - backtest.segment.start..];
                prop_assert!(after.iter().all(|equity| *equity == after[0]));
            }
            _ => prop_assert!(backtest.equity.iter().all(|equity| *equity > backtest.cash - amount)),
        }
        let total: f64 = backtest.trades.iter().map(|trade| trade.pnl).sum();
        let last = *backtest.equity.last().unwrap();
        prop_assert!((total - (last - backtest.cash)).abs() <= 1e-9 * backtest.cash);
    }
}

/// The same on hourly bars.
fn with_hours(mut scenario: Scenario) -> Scenario {
    const HOUR_NS: i64 = 3_600 * crate::bars::NANOS_PER_SECOND;
    let closes = (1..=scenario.prices.len() as i64).map(|hour| hour * HOUR_NS).collect();
    scenario.clock = Some((closes, HOUR_NS));
    scenario
}
