//! Bar by bar equals whole columns, bit for bit: decisions, and what a simulator makes of them.

use proptest::prelude::{Strategy as _, *};

use super::properties::{Writer, choices, strategies};
use super::*;
use crate::bars::parse_timeframe;
use crate::language::StreamState;
use crate::simulator::{
    Account, BarView, Clock, Commission, Decision, Event, Execution, Fill, Instrument, Intrabar, Session,
    SimulationInput, Simulator, Size, Slippage, local_close_times, reference,
};

/// A decision in bits, so that equal means equal; one NaN is as good as another.
fn bits(decision: &Decision) -> ([bool; 4], [Option<u64>; 3]) {
    let conditions = [decision.long_entry, decision.long_exit, decision.short_entry, decision.short_exit];
    let distances = decision.distances;
    let distances = [distances.stop, distances.target, distances.trailing];
    (
        conditions,
        distances.map(|distance| distance.map(|value| if value.is_nan() { f64::NAN } else { value }.to_bits())),
    )
}

fn streamed(bound: &BoundStrategy, bars: &Bars) -> (StreamState, Vec<Decision>) {
    let mut state = StreamState::new(bound, bars.timezone(), bars.timeframe_ns()).unwrap();
    let decisions = (0..bars.len()).map(|t| state.update(&bars.bar(t))).collect();
    (state, decisions)
}

fn agree(bound: &BoundStrategy, bars: &Bars) -> Result<(), TestCaseError> {
    let signals = bound.signals(bars, &NoCache).unwrap();
    let (state, decisions) = streamed(bound, bars);
    prop_assert_eq!(state.warmup().map_or(bars.len(), |warmup| warmup.min(bars.len())), signals.warmup);
    for (t, decision) in decisions.iter().enumerate() {
        prop_assert_eq!(bits(decision), bits(&signals.decision(t)), "bar {}", t);
    }
    Ok(())
}

/// Irregular half-hour bars with gaps and overlaps, anywhere around the clock changes of 2024.
fn irregular_bars() -> impl proptest::strategy::Strategy<Value = Bars> {
    let steps = prop::collection::vec((1i64..5, -1.0f64..1.0, 0.0f64..1.0, 0.0f64..9.0), 60..400);
    let zones = prop::sample::select(vec!["UTC", "America/New_York", "Australia/Lord_Howe"]);
    (steps, zones, 0i64..300).prop_map(|(steps, zone, day)| {
        let quarter = HOUR / 4;
        let (mut time, mut close) = (MONDAY + day * 24 * HOUR, 50.0);
        let mut columns = BarColumns::default();
        for (quarters, step, width, volume) in steps {
            // Two quarters is the rule, so that most bars follow each other; one overlaps, more leave a gap.
            time += quarter * if quarters == 4 { 9 } else { quarters.max(2) - i64::from(quarters == 1 && width < 0.1) };
            let open = close;
            close += step;
            columns.time.push(time);
            columns.open.push(open);
            columns.high.push(open.max(close) + width);
            columns.low.push(open.min(close) - width);
            columns.close.push(close);
            columns.volume.push(volume.floor());
        }
        let checks = Checks { allow_nonpositive: true, timeframe_ns: Some(HOUR / 2) };
        Bars::try_new(columns, TimeZone::get(zone).unwrap(), checks).unwrap()
    })
}

/// Strategies with all seven rules, mixing timeframes inside expressions too.
fn full_strategies() -> impl proptest::strategy::Strategy<Value = StrategySource> {
    prop::collection::vec(any::<u32>(), 160).prop_map(full_strategy)
}

fn full_strategy(choices: Vec<u32>) -> StrategySource {
    let mut writer = Writer { choices: choices.into_iter() };
    let condition = |writer: &mut Writer| {
        let (base, higher) = (writer.condition(2), writer.condition(2));
        let mixed = writer.number(1);
        format!(
            "({base} and not on('1h', {higher})) or streak(on('4h', {higher})) > count({base}, 3)[2] or on('1h', {mixed})[1] > {mixed}"
        )
    };
    let (enter, leave, short) = (condition(&mut writer), writer.condition(2), condition(&mut writer));
    let stop = format!("0.1 + abs(on('1d', {}))", writer.number(1));
    source(&[
        (RuleName::LongEntry, &enter),
        (RuleName::LongExit, &leave),
        (RuleName::ShortEntry, &short),
        (RuleName::ShortExit, "false"),
        (RuleName::StopLoss, &stop),
        (RuleName::TrailingStop, "2 * atr(3)"),
        (RuleName::MaxBars, "30"),
    ])
}

fn bound(source: &StrategySource) -> Option<BoundStrategy> {
    compile(source, &[]).unwrap_or_else(|problems| panic!("{source:?}: {}", problems[0])).bind(&Params::new()).ok()
}

fn executions() -> impl proptest::strategy::Strategy<Value = Execution> {
    let fill = prop::sample::select(vec![Fill::NextOpen, Fill::Close]);
    let intrabar = prop::sample::select(vec![Intrabar::Worst, Intrabar::Best, Intrabar::Path]);
    (fill, intrabar).prop_map(|(fill, intrabar)| Execution {
        fill,
        intrabar,
        commission: Commission::Fraction(0.0001),
        slippage: Slippage::Ticks(1.0),
        size: Size::Risk(0.01),
        instrument: Instrument { tick: Some(0.01), point_value: 1.0, whole_contracts: true, margin: None },
    })
}

proptest! {
    #[test]
    fn bar_by_bar_equals_whole_columns(source in strategies(), bars in irregular_bars()) {
        // The written strategies read two hours and days: both fit half-hour bars.
        if let Some(bound) = bound(&source) {
            agree(&bound, &bars)?;
        }
    }

    #[test]
    fn mixed_timeframes_bar_by_bar_equal_whole_columns(source in full_strategies(), bars in irregular_bars()) {
        if let Some(bound) = bound(&source) {
            agree(&bound, &bars)?;
        }
    }

    #[test]
    fn the_same_simulator_live_gives_the_reference_backtest(
        source in full_strategies(), bars in irregular_bars(), execution in executions(), start in 0usize..60,
        session in any::<bool>(),
    ) {
        let Some(bound) = bound(&source) else { return Ok(()) };
        let mut signals = bound.signals(&bars, &NoCache).unwrap();
        if session {
            signals.rules.session = Some(Session { open: 120, close: 1300 });
            signals.rules.flat_by = Some(1320);
        }
        let local_close = local_close_times(bars.time(), bars.timeframe_ns(), bars.timezone());
        let clock = Clock { local_close: &local_close, timeframe_ns: bars.timeframe_ns() };
        let view = BarView::try_new(bars.open(), bars.high(), bars.low(), bars.close()).unwrap().with_clock(clock).unwrap();
        let account = Account { cash: 100_000.0, rules: None };
        let input = SimulationInput::try_new(view, start..bars.len(), &signals, &execution, &account).unwrap();
        let backtest = reference::simulate(&input);

        let mut state = StreamState::new(&bound, bars.timezone(), bars.timeframe_ns()).unwrap();
        (0..start).for_each(|t| { state.update(&bars.bar(t)); });
        let mut simulator = Simulator::new(input.setup());
        let (mut events, mut equity) = (Vec::new(), Vec::new());
        for t in start..bars.len() {
            let decision = state.update(&bars.bar(t));
            let decision = if t + 1 == bars.len() { decision.without_entries() } else { decision };
            equity.push(simulator.step(&view.bar(t), &decision, &mut events).to_bits());
        }
        *equity.last_mut().unwrap() = simulator.finish(&mut events).to_bits();
        let trades: Vec<_> = events.into_iter().filter_map(|event| match event { Event::Exited(trade) => Some(trade), _ => None }).collect();
        prop_assert_eq!(trades, backtest.trades);
        prop_assert_eq!(equity, backtest.equity.iter().map(|value| value.to_bits()).collect::<Vec<_>>());
    }
}

#[test]
fn generated_strategies_are_defined_and_decide() {
    // Guards the properties above: if everything stayed undefined, equality would say nothing.
    let bars = bars(&(0..400).map(|t| 50.0 + f64::from(t * t % 23)).collect::<Vec<_>>());
    let bounds = (0..200).filter_map(|seed| bound(&full_strategy(choices(seed, 160))));
    let decisions = bounds.map(|bound| streamed(&bound, &bars).1);
    let entering = decisions.filter(|decisions| decisions.iter().any(|decision| decision.long_entry)).count();
    assert!(entering > 60, "only {entering} of 200 ever enter");
}

#[test]
fn a_higher_timeframe_is_defined_when_its_bucket_has_come() {
    let bars = bars(&(0..200).map(|t| 50.0 + f64::from(t * t % 23)).collect::<Vec<_>>());
    let rule = "on('2h', close > sma(close, 3)) and on('4h', rsi(close, 5))[2] > 20";
    let bound = bound(&source(&[(RuleName::LongEntry, rule)])).unwrap();
    let (state, decisions) = streamed(&bound, &bars);
    // Bucket 5 of four hours is complete at bar 23, and the lag adds two.
    assert_eq!(state.warmup(), Some(25));
    assert!(decisions.iter().filter(|decision| decision.long_entry).count() > 20);
    agree(&bound, &bars).unwrap();
}

#[test]
fn a_timeframe_that_does_not_fit_is_refused() {
    let bound = bound(&source(&[(RuleName::LongEntry, "on('15m', close) > 1")])).unwrap();
    let error = StreamState::new(&bound, &TimeZone::UTC, parse_timeframe("10m").unwrap()).unwrap_err();
    assert!(error.to_string().contains("not a multiple"), "{error}");
}
