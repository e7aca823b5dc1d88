//! Fast equals reference, to the last bit, on anything that a strategy can ask of any market.

use proptest::prelude::*;
use proptest::strategy::ValueTree;

use super::{Workspace, simulate, simulate_into};
use crate::Mask;
use crate::Pointwise;
use crate::account::{AccountOutcome, AccountRules, ContractCap, DailyLoss, Drawdown, DrawdownBasis, OnDailyLoss};
use crate::metric::{Calendar, Outline, trace};
use crate::simulator::tests::{Prices, QUIET, Scenario, cases};
use crate::simulator::*;

const HOUR_NS: i64 = 3600 * crate::bars::NANOS_PER_SECOND;

/// Everything a backtest holds, numbers as their bits.
fn bits(backtest: &Backtest) -> impl PartialEq + std::fmt::Debug + use<> {
    let trade = |trade: &Trade| {
        let numbers = [
            trade.size,
            trade.entry_price,
            trade.exit_price,
            trade.pnl,
            trade.commission,
            trade.slippage,
            trade.max_adverse,
            trade.max_favorable,
        ];
        (trade.entry_bar, trade.exit_bar, trade.side, trade.exit_reason, trade.ambiguous, numbers.map(f64::to_bits))
    };
    let counts = [
        backtest.bars_in_market,
        backtest.ambiguous_bars,
        backtest.unaffordable_entries,
        backtest.undefined_entries,
        backtest.late_entries,
    ];
    let account = backtest.account.as_ref().map(|account| {
        let headroom: Vec<u64> = account.headroom.iter().map(|left| left.to_bits()).collect();
        (account.outcome, headroom, account.days_traded, account.days_stopped)
    });
    let equity: Vec<u64> = backtest.equity.iter().map(|point| point.to_bits()).collect();
    let trades: Vec<_> = backtest.trades.iter().map(trade).collect();
    (trades, equity, counts, backtest.bankrupt_at, backtest.segment.clone(), backtest.cash.to_bits(), account)
}

/// One bar as whole numbers of quarters, and what is decided at its close.
#[derive(Debug, Clone)]
struct Step {
    gap: i32,
    body: i32,
    wicks: (i32, i32),
    /// Long entry, long exit, short entry, short exit: set where below the scenario's density.
    draws: [f64; 4],
    /// Stop, target, trailing.
    distances: [f64; 3],
    /// Hours without bars before this one.
    hole: i64,
}

/// A market: how far bars jump and reach.
#[derive(Debug, Clone, Copy)]
struct Market {
    gap: i32,
    body: i32,
    wick: i32,
}

fn market() -> impl Strategy<Value = Market> {
    prop_oneof![
        Just(Market { gap: 0, body: 0, wick: 0 }),
        Just(Market { gap: 0, body: 1, wick: 1 }),
        Just(Market { gap: 1, body: 2, wick: 2 }),
        Just(Market { gap: 12, body: 8, wick: 6 }),
        Just(Market { gap: 60, body: 40, wick: 30 }),
    ]
}

/// Distances in points, on and off the grid of quarters, undefined now and then.
fn distance() -> impl Strategy<Value = f64> {
    prop_oneof![
        12 => (1..40_i32).prop_map(|eighths| f64::from(eighths) / 8.0),
        4 => 0.01..20.0_f64,
        2 => Just(1.0),
        1 => Just(1e-12),
        1 => Just(1e9),
        1 => prop_oneof![Just(f64::NAN), Just(0.0), Just(-1.0), Just(f64::INFINITY)],
    ]
}

fn step(market: Market) -> impl Strategy<Value = Step> {
    let Market { gap, body, wick } = market;
    (
        prop_oneof![3 => Just(0), 1 => -gap..=gap],
        -body..=body,
        (0..=wick, 0..=wick),
        [0.0..1.0_f64, 0.0..1.0, 0.0..1.0, 0.0..1.0],
        [distance(), distance(), distance()],
        prop_oneof![9 => Just(0_i64), 1 => 1..40_i64],
    )
        .prop_map(|(gap, body, wicks, draws, distances, hole)| Step { gap, body, wicks, draws, distances, hole })
}

/// Bars from a first price; where that is low they cross zero.
fn prices(steps: &[Step], first: i32) -> Vec<Prices> {
    let mut last = first;
    let bar = |step: &Step| {
        let open = last + step.gap;
        let close = open + step.body;
        last = close;
        let high = open.max(close) + step.wicks.0;
        let low = open.min(close) - step.wicks.1;
        [open, high, low, close].map(|quarters| f64::from(quarters) * 0.25)
    };
    steps.iter().map(bar).collect()
}

/// Local closes with holes, and an hour that daylight saving repeats in the middle.
fn clock(steps: &[Step], timeframe_ns: i64) -> Vec<i64> {
    let mut now = 20_000 * 24 * HOUR_NS;
    let close = |(index, step): (usize, &Step)| {
        now += timeframe_ns + step.hole * HOUR_NS;
        if index == steps.len() / 2 { now - HOUR_NS } else { now }
    };
    steps.iter().enumerate().map(close).collect()
}

fn density() -> impl Strategy<Value = f64> {
    prop_oneof![2 => Just(0.0), 1 => Just(0.01), 2 => Just(0.05), 2 => Just(0.3), 1 => Just(1.0)]
}

/// One value for the whole file, or one a bar.
fn column(steps: &[Step], index: usize, constant: Option<f64>) -> Pointwise {
    steps.iter().map(|step| constant.unwrap_or(step.distances[index])).collect::<Vec<_>>().into()
}

fn commission() -> impl Strategy<Value = Commission> {
    prop_oneof![
        2 => Just(Commission::Fraction(0.0)),
        1 => (0.0..0.02_f64).prop_map(Commission::Fraction),
        1 => (0.0..3.0_f64).prop_map(Commission::PerContract),
    ]
}

fn slippage() -> impl Strategy<Value = Slippage> {
    prop_oneof![
        2 => Just(Slippage::Fraction(0.0)),
        1 => (0.0..0.02_f64).prop_map(Slippage::Fraction),
        1 => (0.0..8.0_f64).prop_map(Slippage::Ticks),
    ]
}

/// Sizes from cautious to ruinous; the levered ones are refused unless contracts are whole.
fn size() -> impl Strategy<Value = Size> {
    prop_oneof![
        (0.1..=1.0_f64).prop_map(Size::EquityFraction),
        Just(Size::EquityFraction(1.0)),
        (1.0..30.0_f64).prop_map(Size::EquityFraction),
        (0.5..40.0_f64).prop_map(Size::Contracts),
        (50.0..1100.0_f64).prop_map(Size::Notional),
        (0.001..0.5_f64).prop_map(Size::Risk),
    ]
}

prop_compose! {
    /// Margins from none to speak of to all of the position, some of which are called within a few bars.
    fn margin()(
        (is_share, reduces) in any::<(bool, bool)>(),
        initial in prop_oneof![0.01..0.3_f64, 0.3..=1.0_f64],
        kept in prop_oneof![Just(1.0), 0.5..1.0_f64, Just(0.0)],
    ) -> Margin {
        let (basis, initial) =
            if is_share { (MarginBasis::Notional, initial) } else { (MarginBasis::PerContract, initial * 400.0) };
        let shortfall = if reduces { Shortfall::Reduce } else { Shortfall::Skip };
        Margin { initial, maintenance: initial * kept, basis, shortfall }
    }
}

prop_compose! {
    /// Limits that are met within days, targets within reach, and the account's own clock of bars.
    fn account_rules()(
        profit_target in prop::option::weighted(0.5, prop_oneof![0.1..10.0_f64, 10.0..400.0_f64]),
        daily_loss in prop::option::weighted(0.6, (1.0..300.0_f64, any::<bool>())),
        drawdown in prop::option::weighted(
            0.6,
            (1.0..500.0_f64, 0..3_usize, prop::option::of(prop_oneof![Just(0.0), -200.0..200.0_f64])),
        ),
        caps in prop::option::weighted(0.4, (0.5..10.0_f64, 1.0..200.0_f64, 0.5..20.0_f64)),
        (minimum_days, consistency) in (0..4_u32, prop::option::weighted(0.3, 0.2..=1.0_f64)),
        (day_start, flat_by) in (0..1440_u16, prop::option::weighted(0.4, 0..1440_u16)),
    ) -> AccountRules {
        let bases = [DrawdownBasis::Intraday, DrawdownBasis::EndOfDay, DrawdownBasis::Static];
        let then = |fails| if fails { OnDailyLoss::Fail } else { OnDailyLoss::StopForDay };
        let caps = caps.map(|(first, from_profit, then)| {
            vec![
                ContractCap { from_profit: 0.0, contracts: first },
                ContractCap { from_profit, contracts: then },
            ]
        });
        AccountRules {
            profit_target,
            daily_loss: daily_loss.map(|(amount, fails)| DailyLoss { amount, then: then(fails) }),
            drawdown: drawdown.map(|(amount, basis, lock)| Drawdown { amount, basis: bases[basis], lock }),
            contract_caps: caps.unwrap_or_default(),
            minimum_days,
            consistency,
            day_start,
            flat_by,
            ..AccountRules::default()
        }
    }
}

prop_compose! {
    fn any_execution()(
        fill in prop_oneof![Just(Fill::NextOpen), Just(Fill::Close)],
        intrabar in prop_oneof![Just(Intrabar::Worst), Just(Intrabar::Best), Just(Intrabar::Path)],
        commission in commission(),
        slippage in slippage(),
        size in size(),
        tick in prop_oneof![2 => Just(Some(0.25)), 1 => Just(Some(0.5)), 1 => Just(Some(0.1)), 1 => Just(None)],
        (whole_contracts, point_value) in (any::<bool>(), prop_oneof![Just(1.0), Just(5.0), Just(50.0)]),
        margin in prop::option::weighted(0.4, margin()),
    ) -> Execution {
        let slippage = match (slippage, tick) {
            (Slippage::Ticks(_), None) => Slippage::Fraction(0.0),
            (slippage, _) => slippage,
        };
        Execution {
            fill, intrabar, commission, slippage, size,
            instrument: Instrument { tick, point_value, whole_contracts, margin },
        }
    }
}

prop_compose! {
    fn any_rules()(
        max_bars in prop::option::weighted(0.3, prop_oneof![1..4_u32, 1..60_u32]),
        cooldown in prop_oneof![3 => Just(0_u32), 1 => 0..6_u32],
        session in prop::option::weighted(0.2, (0..1440_u16, 0..1440_u16)),
        flat_by in prop::option::weighted(0.3, 0..1440_u16),
    ) -> TimeRules {
        TimeRules { max_bars, cooldown, session: session.map(|(open, close)| Session { open, close }), flat_by }
    }
}

prop_compose! {
    fn any_scenario()(market in market())(
        steps in prop_oneof![1 => prop::collection::vec(step(market), 1..12), 4 => prop::collection::vec(step(market), 12..300)],
        densities in [density(), density(), density(), density()],
        has in [prop::bool::weighted(0.7), prop::bool::weighted(0.5), prop::bool::weighted(0.3)],
        constants in prop::option::weighted(0.6, [distance(), distance(), distance()]),
        execution in any_execution(),
        rules in any_rules(),
        first in prop_oneof![4 => Just(400), 1 => Just(4)],
        cash in prop_oneof![2 => Just(1000.0), 1 => Just(100.0), 2 => Just(50_000.0)],
        (from, to, warmup) in (0.0..0.5_f64, 0.5..1.0_f64, prop_oneof![Just(0_usize), 0..200_usize]),
        timeframe_ns in prop_oneof![Just(HOUR_NS), Just(HOUR_NS / 6), Just(24 * HOUR_NS)],
        account in prop::option::weighted(0.3, account_rules()),
    ) -> Scenario {
        let bars = steps.len();
        let mut scenario = Scenario::new(&prices(&steps, first));
        let mask = |rule: usize| Mask::from_fn(bars, |t| steps[t].draws[rule] < densities[rule]);
        let distance = |index: usize| has[index].then(|| column(&steps, index, constants.map(|all| all[index])));
        scenario.signals = Signals {
            long_entry: mask(0),
            // A rule that a strategy does not have is a mask without bars.
            long_exit: if densities[1] == 0.0 { Mask::default() } else { mask(1) },
            short_entry: mask(2),
            short_exit: mask(3),
            stop_distance: distance(0),
            target_distance: distance(1),
            trailing_distance: distance(2),
            warmup,
            rules,
        };
        scenario.segment = (from * bars as f64) as usize..((to * bars as f64) as usize + 1).min(bars);
        scenario.execution = execution;
        scenario.cash = cash;
        scenario.rules = account;
        scenario.clock = Some((clock(&steps, timeframe_ns), timeframe_ns));
        scenario
    }
}

/// The scenario without rules of an account, of a margin or of the hour.
fn plain(mut scenario: Scenario) -> Scenario {
    scenario.execution.instrument.margin = None;
    scenario.rules = None;
    scenario.signals.rules = TimeRules { session: None, flat_by: None, ..scenario.signals.rules };
    scenario
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(500)))]

    #[test]
    fn plain_inputs_are_reference_to_the_last_bit(scenario in any_scenario().prop_map(plain)) {
        let Ok(slow) = scenario.try_run() else { return Ok(()) };
        let fast = scenario.try_with_input(simulate).expect("the same input was valid");
        prop_assert_eq!(bits(&fast), bits(&slow));
    }

    #[test]
    fn an_outline_is_that_of_the_whole_curve(scenario in any_scenario(), is_plain in any::<bool>(), day in 1..40_usize) {
        let scenario = if is_plain { plain(scenario) } else { scenario };
        let Ok(slow) = scenario.try_run() else { return Ok(()) };
        let days: Vec<i32> = (0..slow.equity.len()).map(|bar| i32::try_from(bar / day).expect("few")).collect();
        let calendar = Calendar::new(&days);
        let mut workspace = Workspace::default();
        let outline = scenario.try_with_input(|input| trace(input, &calendar, &mut workspace));
        prop_assert_eq!(format!("{:?}", outline.expect("the same input was valid")), format!("{:?}", Outline::of(&slow, &calendar)));
        let traced = Backtest { equity: slow.equity.clone(), ..workspace.into_backtest() };
        prop_assert_eq!(bits(&traced), bits(&slow));
    }

    #[test]
    fn fast_is_reference_to_the_last_bit(scenario in any_scenario()) {
        let Ok(slow) = scenario.try_run() else { return Ok(()) };
        let fast = scenario.try_with_input(simulate).expect("the same input was valid");
        prop_assert_eq!(bits(&fast), bits(&slow));
    }

    #[test]
    fn a_used_workspace_leaves_no_trace(first in any_scenario(), second in any_scenario()) {
        let mut workspace = Workspace::default();
        for scenario in [&first, &second, &first] {
            let Ok(slow) = scenario.try_run() else { continue };
            let fast = scenario.try_with_input(|input| simulate_into(input, &mut workspace).clone());
            prop_assert_eq!(bits(&fast.expect("the same input was valid")), bits(&slow));
        }
    }
}

/// A generator that never reached a rule would prove nothing about it.
#[test]
fn the_scenarios_reach_every_exit_and_every_counter() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let strategy = any_scenario();
    let mut reasons = std::collections::BTreeMap::new();
    let (mut ambiguous, mut unaffordable, mut bankrupt, mut held) = (0, 0, 0, 0);
    let (mut undefined, mut late, mut passed, mut failed, mut stopped) = (0, 0, 0, 0, 0);
    for _ in 0..3000 {
        let scenario = strategy.new_tree(&mut runner).expect("nothing is rejected").current();
        let Ok(backtest) = scenario.try_run() else { continue };
        for trade in &backtest.trades {
            *reasons.entry(format!("{:?}", trade.exit_reason)).or_insert(0) += 1;
            held += usize::from(trade.exit_bar - trade.entry_bar > 10);
        }
        ambiguous += backtest.ambiguous_bars;
        unaffordable += backtest.unaffordable_entries;
        bankrupt += usize::from(backtest.bankrupt_at.is_some());
        undefined += backtest.undefined_entries;
        late += backtest.late_entries;
        if let Some(account) = &backtest.account {
            passed += usize::from(matches!(account.outcome, AccountOutcome::Passed { .. }));
            failed += usize::from(matches!(account.outcome, AccountOutcome::Failed { .. }));
            stopped += usize::from(account.days_stopped > 0);
        }
    }
    println!(
        "{reasons:?}, {ambiguous} {unaffordable} {bankrupt} {held}, {undefined} {late} {passed} {failed} {stopped}"
    );
    assert_eq!(reasons.len(), 11, "{reasons:?}");
    assert!(reasons.values().all(|count| *count >= 10), "{reasons:?}");
    assert!(ambiguous > 100 && unaffordable > 100 && bankrupt > 20 && held > 50);
    assert!(undefined > 100 && late > 10 && passed >= 5 && failed > 20 && stopped > 10);
}

/// Both engines on a scenario written by hand.
fn assert_equal(scenario: &Scenario) -> Backtest {
    let slow = scenario.run();
    let fast = scenario.try_with_input(simulate).expect("the scenario is valid");
    assert_eq!(bits(&fast), bits(&slow));
    fast
}

#[test]
fn a_close_that_exhausts_the_account_within_a_long_rest_is_found() {
    let mut prices = vec![QUIET; 40];
    prices[30] = [100.0, 100.0, 10.0, 20.0];
    let scenario = Scenario::new(&prices).enter(Side::Long, &[0]).with(|execution| {
        execution.size = Size::Contracts(20.0);
        execution.instrument.whole_contracts = true;
    });
    assert_eq!(assert_equal(&scenario).bankrupt_at, Some(30));
    // The low alone is no ruin: only closes count (M5).
    let mut prices = vec![QUIET; 40];
    prices[30] = [100.0, 100.0, 10.0, 60.0];
    let scenario = Scenario { prices, ..scenario };
    assert_eq!(assert_equal(&scenario).bankrupt_at, None);
}

#[test]
fn a_reversal_on_every_bar_is_nothing_but_steps() {
    let prices: Vec<Prices> = (0..100).map(|t| [100.0 + f64::from(t % 7); 4]).collect();
    let (even, odd): (Vec<usize>, Vec<usize>) = (0..100).partition(|t| t % 2 == 0);
    let scenario = Scenario::new(&prices).enter(Side::Long, &even).enter(Side::Short, &odd);
    assert_eq!(assert_equal(&scenario).trades.len(), 99);
    assert_eq!(assert_equal(&scenario.at_close()).trades.len(), 99);
}

#[test]
fn one_bar_is_a_segment() {
    let mut scenario = Scenario::new(&[QUIET; 3]).enter(Side::Long, &[0, 1, 2]);
    scenario.segment = 1..2;
    assert_eq!(assert_equal(&scenario).equity, [1000.0]);
}

#[test]
fn an_account_that_a_limit_leaves_with_nothing_ends_a_bar_later() {
    // Entry and exit cost 600 each: at 400 the day's limit closes the position, in the close that opened it.
    let mut scenario = Scenario::new(&[QUIET; 4]).enter(Side::Long, &[0]).at_close();
    scenario.execution.size = Size::Contracts(10.0);
    scenario.execution.commission = Commission::PerContract(60.0);
    scenario.execution.instrument.whole_contracts = true;
    scenario.clock = Some(((1..5).map(|hour| hour * HOUR_NS).collect(), HOUR_NS));
    let daily_loss = Some(DailyLoss { amount: 500.0, then: OnDailyLoss::StopForDay });
    scenario.rules = Some(AccountRules { daily_loss, ..AccountRules::default() });
    let backtest = assert_equal(&scenario);
    assert_eq!((backtest.trades[0].exit_bar, backtest.bankrupt_at), (0, Some(1)));
    assert_eq!(backtest.equity, [-200.0; 4]);
}
