//! Expressions whose values one can check by hand.

use super::*;

const CLOSES: [f64; 8] = [1.0, 2.0, 3.0, 5.0, 4.0, 4.0, 6.0, 8.0];
const N: f64 = f64::NAN;

#[test]
fn numbers_are_those_worked_out_by_hand() {
    let cases: &[(&str, [f64; 8])] = &[
        ("close", CLOSES),
        ("open", CLOSES),
        ("high", [2.0, 3.0, 4.0, 6.0, 5.0, 5.0, 7.0, 9.0]),
        ("low", [0.0, 1.0, 2.0, 4.0, 3.0, 3.0, 5.0, 7.0]),
        ("volume", [10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0, 17.0]),
        ("hl2", CLOSES),
        ("hlc3 - ohlc4", [0.0; 8]),
        ("hour", [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]),
        ("minute + weekday", [0.0; 8]),
        ("day_of_month", [1.0; 8]),
        ("close[0]", CLOSES),
        ("close[1]", [N, 1.0, 2.0, 3.0, 5.0, 4.0, 4.0, 6.0]),
        ("close[1][1]", [N, N, 1.0, 2.0, 3.0, 5.0, 4.0, 4.0]),
        ("close[fast]", [N, N, 1.0, 2.0, 3.0, 5.0, 4.0, 4.0]),
        ("close[fast - 1]", [N, 1.0, 2.0, 3.0, 5.0, 4.0, 4.0, 6.0]),
        ("close[9]", [N; 8]),
        ("close - close[1]", [N, 1.0, 1.0, 2.0, -1.0, 0.0, 2.0, 2.0]),
        ("-close", [-1.0, -2.0, -3.0, -5.0, -4.0, -4.0, -6.0, -8.0]),
        ("--close", CLOSES),
        ("2 * close + 1", [3.0, 5.0, 7.0, 11.0, 9.0, 9.0, 13.0, 17.0]),
        ("2 * (close + 1)", [4.0, 6.0, 8.0, 12.0, 10.0, 10.0, 14.0, 18.0]),
        ("1 - 2 - 3 + close", [-3.0, -2.0, -1.0, 1.0, 0.0, 0.0, 2.0, 4.0]),
        ("12 / 2 / 3 * close", [2.0, 4.0, 6.0, 10.0, 8.0, 8.0, 12.0, 16.0]),
        ("-close[1] * 2", [N, -2.0, -4.0, -6.0, -10.0, -8.0, -8.0, -12.0]),
        ("1e1 + close * .5", [10.5, 11.0, 11.5, 12.5, 12.0, 12.0, 13.0, 14.0]),
        ("1_000 * close - 1000 * close", [0.0; 8]),
        ("close / 0", [f64::INFINITY; 8]),
        ("stop * close", [1.5, 3.0, 4.5, 7.5, 6.0, 6.0, 9.0, 12.0]),
        ("stop", [1.5; 8]),
        ("sma(close, 2)", [N, 1.5, 2.5, 4.0, 4.5, 4.0, 5.0, 7.0]),
        ("sma(close, fast)", [N, 1.5, 2.5, 4.0, 4.5, 4.0, 5.0, 7.0]),
        ("sma(close, length = 2)", [N, 1.5, 2.5, 4.0, 4.5, 4.0, 5.0, 7.0]),
        ("sma(close, fast * 2 - 2)[1]", [N, N, 1.5, 2.5, 4.0, 4.5, 4.0, 5.0]),
        ("sma(close[1], 2)", [N, N, 1.5, 2.5, 4.0, 4.5, 4.0, 5.0]),
        ("highest(close, 3)", [N, N, 3.0, 5.0, 5.0, 5.0, 6.0, 8.0]),
        ("lowest(low, 2)", [N, 0.0, 1.0, 2.0, 3.0, 3.0, 3.0, 5.0]),
        ("highest(sma(close, 2), 2)", [N, N, 2.5, 4.0, 4.5, 4.5, 5.0, 7.0]),
        ("true_range()", [N, 2.0, 2.0, 3.0, 2.0, 2.0, 3.0, 3.0]),
        ("donchian(2)", [N, 3.0, 4.0, 6.0, 6.0, 5.0, 7.0, 9.0]),
        ("donchian(2).high", [N, 3.0, 4.0, 6.0, 6.0, 5.0, 7.0, 9.0]),
        ("donchian(length=2).low[1]", [N, N, 0.0, 1.0, 2.0, 3.0, 3.0, 3.0]),
        ("close if close > 3 else none", [N, N, N, 5.0, 4.0, 4.0, 6.0, 8.0]),
        ("1 if filter else close", [1.0; 8]),
        ("close if not filter else 2 if exit == 'target' else 3", [3.0; 8]),
        ("on('2h', close)", [N, 2.0, 2.0, 5.0, 5.0, 4.0, 4.0, 8.0]),
        ("on(htf, high)", [N, 3.0, 3.0, 6.0, 6.0, 5.0, 5.0, 9.0]),
        ("on('2h', volume)", [N, 21.0, 21.0, 25.0, 25.0, 29.0, 29.0, 33.0]),
        ("on('2h', sma(close, 2))", [N, N, N, 3.5, 3.5, 4.5, 4.5, 6.0]),
        ("on('2h', close[1])", [N, N, N, 2.0, 2.0, 5.0, 5.0, 4.0]),
        ("on('2h', hour)", [N, 0.0, 0.0, 2.0, 2.0, 4.0, 4.0, 6.0]),
        ("on('2h', close)[1]", [N, N, 2.0, 2.0, 5.0, 5.0, 4.0, 4.0]),
        ("on('2h', 5)", [5.0; 8]),
    ];
    for (text, expected) in cases {
        let actual = numbers(text, &CLOSES);
        let bits =
            |values: &[f64]| values.iter().map(|value| (!value.is_nan()).then(|| value.to_bits())).collect::<Vec<_>>();
        let positive_zero: Vec<f64> = actual.iter().map(|value| value + 0.0).collect();
        assert_eq!(bits(&positive_zero), bits(expected), "{text}: {actual:?}");
    }
}

#[test]
fn conditions_are_those_worked_out_by_hand() {
    let cases: &[(&str, &str)] = &[
        ("close > 3", "00011111"),
        ("3 < close", "00011111"),
        ("close > close[1]", "01110011"),
        ("not (close > close[1])", "00001100"),
        ("not close > close[1]", "00001100"),
        ("close >= 4 and close < 6", "00011100"),
        ("4 <= close < 6", "00011100"),
        ("1 < close[1] < close < 8", "00110010"),
        ("close == 4", "00001100"),
        ("close != 4", "11110011"),
        ("close == 4 or close == 8", "00001101"),
        ("close == 4 or close > 4 and close < 6", "00011100"),
        ("(close == 4 or close > 4) and close < 6", "00011100"),
        ("not close > 3 and close > 1", "01100000"),
        ("cross_above(close, 3)", "00010000"),
        ("cross_below(close, 4.5)", "00001000"),
        ("rising(close, 2)", "00110001"),
        ("(close > 3)[1]", "00001111"),
        ("(close > 3)[0]", "00011111"),
        ("not (close > 3)[1]", "01110000"),
        ("hour >= 2 and hour < 4", "00110000"),
        ("close > 3 if hour < 5 else close > 6", "00011001"),
        ("close > 3 if filter else close > 6", "00011111"),
        ("true", "11111111"),
        ("false", "00000000"),
        ("filter", "11111111"),
        ("not filter or close > 3", "00011111"),
        ("filter == false", "00000000"),
        ("exit != 'target' and close > 3", "00011111"),
        ("exit == \"cross\"", "11111111"),
        ("fast < slow", "11111111"),
        ("close[1] == close[1]", "01111111"),
        ("close / 0 > 1", "11111111"),
        ("0 * (close / 0) == 0", "00000000"),
        ("0 * (close / 0) != 0", "00000000"),
        ("not (0 * (close / 0) == 0)", "11111111"),
        ("not (close > sma(close, 4))", "00000100"),
        ("on('2h', close > 4)", "00011001"),
        ("not on('2h', close > 4)", "01100110"),
        ("on('4h', close) > 4", "00011111"),
        ("close > on('2h', close)", "00100010"),
    ];
    for (text, expected) in cases {
        assert_eq!(condition(text, &CLOSES), *expected, "{text}");
    }
}

#[test]
fn lets_are_read_by_name_and_their_outputs_picked() {
    let lets = [("band", "donchian(fast)"), ("above", "close > middle"), ("middle", "band.middle")];
    let source = with_lets(&lets, &[(RuleName::LongEntry, "above"), (RuleName::StopLoss, "band.high - band.low")]);
    let signals = signals(&source, &bars(&CLOSES));
    let width = signals.stop_distance.unwrap().to_vec();
    assert_eq!(width[1..], [3.0, 3.0, 4.0, 3.0, 2.0, 4.0, 4.0]);
    // Middles: 1.5, 2.5, 4, 4.5, 4, 5, 7 from bar 1 on.
    let above: Vec<bool> = (0..8).map(|t| signals.long_entry.get(t)).collect();
    assert_eq!(above, [false, true, true, true, false, false, true, true]);
}

#[test]
fn the_warmup_is_the_longest_of_all_rules_and_each_rule_waits_for_its_own() {
    let rules = [(RuleName::LongEntry, "close > 0"), (RuleName::LongExit, "close > sma(close, 4)")];
    let signals = signals(&source(&rules), &bars(&CLOSES));
    assert_eq!(signals.warmup, 3);
    assert_eq!(signals.long_entry.count(), 8);
}

#[test]
fn a_higher_timeframe_is_defined_once_its_first_defined_bar_is_complete() {
    let rules = [(RuleName::LongEntry, "close > on('2h', sma(close, 3))")];
    let bound = compiled(&source(&rules)).bind(&values()).unwrap();
    assert_eq!(bound.warmup(), 0);
    assert_eq!(bound.timeframes_ns(), [2 * HOUR]);
    assert_eq!(bound.signals(&bars(&CLOSES), &NoCache).unwrap().warmup, 5);
    assert_eq!(bound.signals(&bars(&CLOSES[..4]), &NoCache).unwrap().warmup, 4);
}

#[test]
fn a_timeframe_shorter_than_the_bars_is_an_error() {
    let bound = compiled(&source(&[(RuleName::LongEntry, "on('30m', close > 1)")])).bind(&values()).unwrap();
    let error = bound.signals(&bars(&CLOSES), &NoCache).unwrap_err();
    assert!(error.to_string().contains("shorter"), "{error}");
}
