//! Stylised facts of the made-up bars, and that they are the same everywhere.

use super::*;
use proptest::prelude::*;

fn returns(bars: &Bars) -> Vec<f64> {
    bars.close().windows(2).map(|pair| (pair[1] / pair[0]).ln()).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn kurtosis(values: &[f64]) -> f64 {
    let mean_value = mean(values);
    let moment = |power: i32| mean(&values.iter().map(|v| (v - mean_value).powi(power)).collect::<Vec<_>>());
    moment(4) / moment(2).powi(2)
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let (mean_a, mean_b) = (mean(a), mean(b));
    let sum =
        |x: &[f64], mx: f64, y: &[f64], my: f64| -> f64 { x.iter().zip(y).map(|(x, y)| (x - mx) * (y - my)).sum() };
    sum(a, mean_a, b, mean_b) / (sum(a, mean_a, a, mean_a) * sum(b, mean_b, b, mean_b)).sqrt()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    #[test]
    fn returns_have_the_habits_of_markets(seed in any::<u64>()) {
        let bars = synth(&SynthOptions { bars: 30_000, seed, tick_size: None, ..SynthOptions::default() }).unwrap();
        let returns = returns(&bars);
        let sizes: Vec<f64> = returns.iter().map(|value| value.abs()).collect();
        let last = returns.len() - 1;
        prop_assert!(kurtosis(&returns) > 4.0, "fat tails: {}", kurtosis(&returns));
        let clustering = correlation(&sizes[..last], &sizes[1..]);
        prop_assert!(clustering > 0.05, "volatility clusters: {clustering}");
        let memory = correlation(&returns[..last], &returns[1..]);
        prop_assert!(memory.abs() < 0.06, "returns do not: {memory}");
        let with_volume = correlation(&sizes, &bars.volume()[1..]);
        prop_assert!(with_volume > 0.3, "volume follows moves: {with_volume}");
        let volatility = mean(&returns.iter().map(|v| v * v).collect::<Vec<_>>()).sqrt() * (365.25_f64 * 144.0).sqrt();
        prop_assert!((0.4..0.9).contains(&volatility), "volatility is as asked: {volatility}");
    }

    #[test]
    fn any_options_are_bars_or_a_refusal(
        bars in 0usize..2_000, timeframe_ns in 1i64..20 * NANOS_PER_DAY, seed in any::<u64>(),
        price in prop_oneof![Just(0.01), 1e-6..1e9f64], volatility in 0.0..10.0f64, session in any::<Option<(u16, u16)>>(),
    ) {
        let hours = session.map_or(Hours::AllDay, |(open, close)| Hours::Weekdays {
            open_minute: open % 1440, close_minute: close % 1441,
        });
        let options = SynthOptions {
            bars, timeframe_ns, seed, hours, start_price: price, annual_volatility: volatility, ..SynthOptions::default()
        };
        if let Ok(made) = synth(&options) {
            prop_assert_eq!(made.len(), bars);
        }
    }
}

#[test]
fn sessions_are_weekdays_in_local_time() {
    let options = SynthOptions {
        bars: 2_000,
        timeframe_ns: 30 * NANOS_PER_MINUTE,
        timezone: TimeZone::get("America/New_York").unwrap(),
        start: jiff::civil::date(2024, 3, 2),
        hours: Hours::Weekdays { open_minute: 570, close_minute: 960 },
        ..SynthOptions::default()
    };
    let bars = synth(&options).unwrap();
    let calendar = bars.calendar();
    assert!(calendar.weekday.iter().all(|weekday| *weekday < 5));
    assert_eq!(&calendar.open_minute[..14], [570, 600, 630, 660, 690, 720, 750, 780, 810, 840, 870, 900, 930, 570]);
    assert!(calendar.open_minute.chunks(13).all(|day| day[0] == 570), "daylight saving does not move the open");
    assert!(calendar.close_minute.iter().all(|minute| *minute <= 960));
    let days = synth(&SynthOptions { timeframe_ns: NANOS_PER_DAY, bars: 10, ..options }).unwrap();
    assert_eq!(days.calendar().weekday, [0, 1, 2, 3, 4, 0, 1, 2, 3, 4]);
    assert!(days.calendar().open_minute.iter().all(|minute| *minute == 0));
}

#[test]
fn prices_are_on_the_tick_grid_in_short_decimals() {
    assert_eq!(on_grid(100.304, 0.01), 100.3);
    assert_eq!(on_grid(5_001.13, 0.25), 5_001.25);
    assert_eq!(on_grid(0.001, 0.01), 0.01);
    assert_eq!(on_grid(7.6, 2.0), 8.0);
}

#[test]
fn the_same_seed_gives_the_same_bits_on_every_machine() {
    let make = |seed| synth(&SynthOptions { bars: 5_000, seed, ..SynthOptions::default() }).unwrap();
    assert_eq!(make(1).content_hash(), "6ac0e6d5d132ddbd932839b5ef7f4a5dd1d10b1a1b7f84f58af8eac08ad39159");
    assert_ne!(make(2).content_hash(), make(1).content_hash());
    let longer = synth(&SynthOptions { bars: 6_000, ..SynthOptions::default() }).unwrap();
    assert_eq!(longer.prefix(5_000).content_hash(), make(1).content_hash());
}

#[test]
fn a_refusal_says_which_option() {
    let refused = |options: SynthOptions| synth(&options).unwrap_err().to_string();
    let default = SynthOptions::default;
    assert!(refused(SynthOptions { bars: 0, ..default() }).contains("at least one bar"));
    assert!(refused(SynthOptions { degrees_of_freedom: 2.0, ..default() }).contains("degrees of freedom"));
    assert!(refused(SynthOptions { start_price: f64::NAN, ..default() }).contains("start price"));
    assert!(refused(SynthOptions { timeframe_ns: NANOS_PER_DAY, ..default() }).contains("1800 to 2200"));
    let hours = Hours::Weekdays { open_minute: 960, close_minute: 570 };
    assert!(refused(SynthOptions { hours, ..default() }).contains("open before it closes"));
}
