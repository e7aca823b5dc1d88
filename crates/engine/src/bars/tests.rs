//! Bars as a whole, and the small bars that the other modules' tests use.

use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;

pub(super) fn instant(text: &str) -> i64 {
    clock::nanoseconds(text.parse().unwrap())
}

/// Bar t: open 100+t, high 102+t, low 99+t, close 101+t, volume 10+t.
pub(super) fn columns_of(times: Vec<i64>) -> BarColumns {
    let ramp = |first: f64| (0..times.len()).map(|t| first + t as f64).collect::<Vec<f64>>();
    BarColumns {
        open: ramp(100.0),
        high: ramp(102.0),
        low: ramp(99.0),
        close: ramp(101.0),
        volume: ramp(10.0),
        time: times,
    }
}

pub(super) fn bars_of(times: Vec<i64>, zone: &str, timeframe_ns: i64) -> Bars {
    let checks = Checks { timeframe_ns: Some(timeframe_ns), ..Checks::default() };
    Bars::try_new(columns_of(times), TimeZone::get(zone).unwrap(), checks).unwrap()
}

pub(super) fn bars_at(opens: &[&str], zone: &str, timeframe: &str) -> Bars {
    let times = opens.iter().map(|open| instant(open)).collect();
    bars_of(times, zone, parse_timeframe(timeframe).unwrap())
}

fn refusal(change: impl FnOnce(&mut BarColumns)) -> String {
    let mut columns = columns_of((0..4).map(|day| day * NANOS_PER_DAY).collect());
    change(&mut columns);
    Bars::try_new(columns, TimeZone::UTC, Checks::default()).unwrap_err().to_string()
}

#[test]
fn bars_that_keep_the_rules_are_accepted() {
    let columns = columns_of(vec![0, 5, 10, 15]);
    let bars = Bars::try_new(columns, TimeZone::UTC, Checks::default()).unwrap();
    assert_eq!((bars.len(), bars.timeframe_ns()), (4, 5));
    assert_eq!(bars.hl2()[0], 100.5);
    assert_eq!(bars.hlc3()[1], (103.0 + 100.0 + 102.0) / 3.0);
    assert_eq!(bars.ohlc4()[0], 100.5);
    assert_eq!(bars.column(BarColumn::Time)[3], 15.0);
    assert_eq!(bars.column(BarColumn::Volume)[3], 13.0);
}

#[test]
fn a_refusal_names_row_value_and_remedy() {
    for (change, words) in refusals() {
        let message = refusal(change);
        for word in words {
            assert!(message.contains(word), "`{word}` is not in: {message}");
        }
    }
}

type Change = fn(&mut BarColumns);

fn refusals() -> Vec<(Change, Vec<&'static str>)> {
    vec![
        (|c| c.time[2] = 7, vec!["row 3", "before the row above", "sort"]),
        (|c| c.time[1] = 0, vec!["row 2", "1970-01-01T00:00:00Z", "other values"]),
        (|c| c.high[3] = 1.0, vec!["row 4", "high 1 is below low 102"]),
        (|c| c.open[0] = 98.5, vec!["row 1", "open 98.5 is outside low 99 to high 102"]),
        (|c| c.close[0] = 103.0, vec!["row 1", "close 103 is outside"]),
        (|c| c.low[1] = f64::NAN, vec!["row 2", "low is NaN", "remove the row"]),
        (|c| c.high[1] = f64::INFINITY, vec!["row 2", "high is inf"]),
        (|c| c.low[1] = 0.0, vec!["row 2", "low 0 is not above zero", "allow_nonpositive"]),
        (|c| c.volume[1] = -1.0, vec!["row 2", "volume -1"]),
        (|c| c.volume[1] = f64::NAN, vec!["row 2", "volume is NaN"]),
        (|c| c.time[3] = i64::MAX, vec!["row 4", "centuries"]),
        (|c| c.volume = vec![1.0], vec!["column volume has 1 values"]),
        (|c| *c = BarColumns::default(), vec!["no rows"]),
        (|c| c.volume = vec![-1.0; 4], vec!["4 problems in 4 rows"]),
    ]
}

#[test]
fn more_than_five_problems_are_counted() {
    let mut columns = columns_of((0..100).collect());
    columns.volume = vec![-1.0; 100];
    let message = Bars::try_new(columns, TimeZone::UTC, Checks::default()).unwrap_err().to_string();
    assert!(message.contains("100 problems in 100 rows"), "{message}");
    assert!(message.contains("and 95 more"), "{message}");
    assert_eq!(message.matches("help:").count(), 1);
}

#[test]
fn nonpositive_prices_pass_when_allowed() {
    let mut columns = columns_of((0..4).collect());
    for column in [&mut columns.open, &mut columns.high, &mut columns.low, &mut columns.close] {
        column.iter_mut().for_each(|value| *value -= 101.0);
    }
    let checks = Checks { allow_nonpositive: true, ..Checks::default() };
    assert!(Bars::try_new(columns.clone(), TimeZone::UTC, checks).is_ok());
    assert!(Bars::try_new(columns, TimeZone::UTC, Checks::default()).is_err());
}

#[test]
fn slices_keep_the_timeframe_and_have_their_own_hash() {
    let bars = bars_of((0..10).map(|t| t * NANOS_PER_MINUTE).collect(), "UTC", NANOS_PER_MINUTE);
    let part = bars.slice(4..5);
    assert_eq!((part.len(), part.timeframe_ns()), (1, NANOS_PER_MINUTE));
    assert_eq!(part.open()[0], 104.0);
    assert_ne!(part.content_hash(), bars.content_hash());
    assert_eq!(bars.prefix(99).content_hash(), bars.content_hash());
    assert_eq!(bars.calendar().open_minute[4], part.calendar().open_minute[0]);
}

#[test]
fn the_content_hash_is_the_documented_one() {
    // sha256(b"bartune bars 1\n" + struct.pack("<Qq5d", 1, 7, 100, 102, 99, 101, 10))
    let bars = bars_of(vec![7], "UTC", 1);
    assert_eq!(bars.content_hash(), "c034769d1d228e484c909161096127c57d6bac4f8be4a545a0d145bedff5e555");
    assert_eq!(
        bars.with_timezone(TimeZone::fixed(jiff::tz::offset(5))).content_hash(),
        "c034769d1d228e484c909161096127c57d6bac4f8be4a545a0d145bedff5e555"
    );
}

proptest! {
    #[test]
    fn any_columns_are_bars_or_a_refusal(
        rows in prop::collection::vec((any::<i64>(), any::<[f64; 5]>()), 0..20),
        allow_nonpositive in any::<bool>(),
    ) {
        let column = |index: usize| rows.iter().map(|row| row.1[index]).collect::<Vec<f64>>();
        let columns = BarColumns {
            time: rows.iter().map(|row| row.0).collect(),
            open: column(0), high: column(1), low: column(2), close: column(3), volume: column(4),
        };
        let checks = Checks { allow_nonpositive, timeframe_ns: None };
        if let Ok(bars) = Bars::try_new(columns, TimeZone::UTC, checks) {
            prop_assert!(bars.time().windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert!(bars.calendar().day.len() == bars.len());
        }
    }
}
