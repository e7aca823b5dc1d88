//! What is refused before anything runs.

use super::*;

fn refusal(change: impl FnOnce(&mut Scenario)) -> String {
    let mut scenario = Scenario::new(&[QUIET; 3]);
    change(&mut scenario);
    scenario.try_run().expect_err("the input is wrong").to_string()
}

#[test]
fn segments_must_lie_within_the_bars() {
    assert_eq!(refusal(|scenario| scenario.segment = 1..4), "segment 1..4 does not lie within the 3 bars, or is empty");
    assert_eq!(refusal(|scenario| scenario.segment = 2..2), "segment 2..2 does not lie within the 3 bars, or is empty");
}

#[test]
fn every_series_has_one_value_a_bar() {
    let short = vec![1.0; 2];
    assert_eq!(
        refusal(|scenario| scenario.signals.stop_distance = Some(Pointwise::from(short))),
        "stop_loss has 2 values for 3 bars; every series must have one value a bar"
    );
    assert_eq!(
        refusal(|scenario| scenario.signals.short_exit = Mask::falses(4)),
        "short_exit has 4 values for 3 bars; every series must have one value a bar"
    );
    let error = BarView::try_new(&[1.0], &[1.0], &[], &[1.0]).expect_err("low is empty");
    assert_eq!(error.to_string(), "low has 0 values for 1 bars; every series must have one value a bar");
}

#[test]
fn money_settings_are_in_range() {
    for cash in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(refusal(|scenario| scenario.cash = cash).starts_with("account cash is"));
    }
    assert_eq!(
        refusal(|scenario| scenario.execution.commission = Commission::Fraction(1.0)),
        "commission is 1; it must be a fraction from 0 to below 1"
    );
    for commission in [Commission::Fraction(-0.1), Commission::PerContract(f64::NAN)] {
        let message = refusal(|scenario| scenario.execution.commission = commission);
        assert!(message.starts_with("commission is"), "{message}");
    }
    for slippage in [Slippage::Fraction(-0.1), Slippage::Ticks(-1.0)] {
        let message = refusal(|scenario| scenario.execution.slippage = slippage);
        assert!(message.starts_with("slippage"), "{message}");
    }
    for size in [Size::Contracts(0.0), Size::Notional(f64::NAN), Size::EquityFraction(1.5)] {
        let message = refusal(|scenario| scenario.execution.size = size);
        assert!(message.starts_with("size"), "{message}");
    }
    let message = refusal(|scenario| scenario.execution.instrument.tick = Some(0.0));
    assert!(message.starts_with("instrument tick is 0"), "{message}");
}

#[test]
fn settings_that_need_each_other_are_checked_together() {
    assert!(refusal(|scenario| scenario.execution.slippage = Slippage::Ticks(1.0)).contains("no tick"));
    assert!(refusal(|scenario| scenario.execution.size = Size::Risk(0.01)).contains("stop_loss"));
    assert!(refusal(|scenario| scenario.signals.rules.flat_by = Some(900)).contains("with_clock"));
}

#[test]
fn time_rules_are_in_range() {
    assert_eq!(refusal(|scenario| scenario.signals.rules.max_bars = Some(0)), "max_bars is 0; it must be at least 1");
    assert!(refusal(|scenario| scenario.signals.rules.flat_by = Some(1440)).contains("flat_by"));
    assert!(refusal(|scenario| scenario.clock = Some((vec![1, 2, 3], 0))).contains("timeframe"));
    assert!(refusal(|scenario| scenario.clock = Some((vec![1], 1))).contains("clock has 1"));
}

#[test]
fn whole_contracts_may_be_levered() {
    let mut scenario = Scenario::new(&[QUIET; 3]);
    scenario.execution.instrument.whole_contracts = true;
    scenario.execution.size = Size::EquityFraction(3.0);
    assert_eq!(scenario.enter(Side::Long, &[0]).trade().size, 30.0);
}

#[test]
fn rows_are_the_columns_and_as_many() {
    let columns = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [0.5, 1.5, 2.5], [2.0, 3.0, 4.0]];
    let [open, high, low, close] = &columns;
    let plain = BarView::try_new(open, high, low, close).expect("columns of one length");
    let rows = bar_rows(open, high, low, close);
    let with_rows = plain.with_rows(&rows).expect("a row for each bar");
    for t in 0..3 {
        assert_eq!(format!("{:?}", plain.bar(t)), format!("{:?}", with_rows.bar(t)));
        assert_eq!(rows.rows()[t], columns.map(|column| column[t]));
    }
    let fewer = bar_rows(&open[..2], &high[..2], &low[..2], &close[..2]);
    assert!(plain.with_rows(&fewer).is_err());
}
