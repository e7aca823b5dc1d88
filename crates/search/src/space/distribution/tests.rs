use super::*;
use crate::testing::space::{choice, float, int, log_float, log_int, stepped, switch};
use proptest::prelude::*;
use serde::Deserialize;

const ORACLE: &str = include_str!("../../../../../testdata/search/distributions.json");

#[derive(Deserialize)]
struct Oracle {
    json: String,
    single: bool,
    high: Option<f64>,
    #[serde(default)]
    points: Vec<f64>,
}

#[test]
fn json_bounds_and_grids_equal_optunas() {
    let oracles: Vec<Oracle> = serde_json::from_str(ORACLE).expect("the oracle is JSON");
    assert!(oracles.len() >= 12);
    for oracle in oracles {
        let distribution = Distribution::from_json(&oracle.json).expect("Optuna wrote it");
        assert_eq!(distribution.to_json(), oracle.json);
        assert_eq!(distribution.is_single(), oracle.single, "{}", oracle.json);
        let high = match &distribution {
            Distribution::Float { high, .. } => Some(*high),
            Distribution::Int { high, .. } => Some(*high as f64),
            Distribution::Categorical { .. } => None,
        };
        assert_eq!(high, oracle.high);
        for (position, &point) in oracle.points.iter().enumerate() {
            assert_eq!(distribution.nth(position as u64), Some(ParamValue::Float(point)), "{}", oracle.json);
        }
        if !oracle.points.is_empty() {
            assert_eq!(distribution.cardinality(), Some(oracle.points.len() as u64));
        }
    }
}

#[test]
fn high_off_the_grid_is_lowered_to_the_last_point() {
    let lowered = stepped(0.1, 0.95, 0.1).validated().expect("valid");
    assert_eq!(lowered, stepped(0.1, 0.9, 0.1));
    let lowered = Distribution::Int { low: 5, high: 61, step: 5, log: false }.validated().expect("valid");
    assert_eq!(lowered, Distribution::Int { low: 5, high: 60, step: 5, log: false });
}

#[test]
fn the_grid_is_counted_from_low() {
    // Multiples of the step would be 1.0, 1.25, …: out of range and off this grid.
    let grid = stepped(1.1, 2.1, 0.25);
    assert!(grid.contains(&ParamValue::Float(1.35)));
    assert!(!grid.contains(&ParamValue::Float(1.25)));
    assert_eq!(grid.nearest(1.25), ParamValue::Float(1.1 + 0.25));
    assert_eq!(grid.nearest(-9.0), ParamValue::Float(1.1));
    assert_eq!(grid.nearest(9.0), ParamValue::Float(2.1));
}

#[test]
fn wrong_ranges_are_refused_by_name() {
    use DistributionError as E;
    let nan = f64::NAN;
    assert!(matches!(float(nan, 1.0).validated(), Err(E::NotFinite { .. })));
    assert!(matches!(float(-1e308, 1e308 * 1.7).validated(), Err(E::NotFinite { .. })));
    assert!(matches!(stepped(0.0, 1.0, nan).validated(), Err(E::NotFinite { .. })));
    assert!(matches!(float(2.0, 1.0).validated(), Err(E::LowAboveHigh { .. })));
    assert!(matches!(int(2, 1).validated(), Err(E::LowAboveHigh { .. })));
    assert!(matches!(stepped(0.0, 1.0, 0.0).validated(), Err(E::StepNotPositive { .. })));
    assert!(matches!(log_float(0.0, 1.0).validated(), Err(E::LogOfNonPositive { whole: false, .. })));
    assert!(matches!(log_int(0, 5).validated(), Err(E::LogOfNonPositive { whole: true, .. })));
    assert!(matches!(int(0, i64::MAX).validated(), Err(E::IntTooLarge { value: i64::MAX })));
    let step_and_log = Distribution::Int { low: 1, high: 9, step: 2, log: true };
    assert!(matches!(step_and_log.validated(), Err(E::StepWithLog { .. })));
    assert!(matches!(choice(&[]).validated(), Err(E::NoChoices)));
    let equal = Distribution::Categorical { choices: vec![Choice::Int(1), Choice::Null, Choice::Bool(true)] };
    assert_eq!(equal.validated(), Err(E::DuplicateChoice { first: 0, second: 2 }));
    let infinite = Distribution::Categorical { choices: vec![Choice::Float(f64::INFINITY)] };
    assert_eq!(infinite.validated(), Err(E::ChoiceNotFinite { index: 0 }));
    assert_eq!(
        log_float(-1.0, 1.0).validated().map_err(|error| error.to_string()),
        Err("a logarithmic range must start above 0, got low -1".to_owned())
    );
}

#[test]
fn optunas_old_classes_are_read() {
    let cases = [
        (r#"{"name": "UniformDistribution", "attributes": {"low": 0, "high": 1}}"#, float(0.0, 1.0)),
        (r#"{"name": "LogUniformDistribution", "attributes": {"low": 0.1, "high": 1}}"#, log_float(0.1, 1.0)),
        (
            r#"{"name": "DiscreteUniformDistribution", "attributes": {"low": 0, "high": 1, "q": 0.5}}"#,
            stepped(0.0, 1.0, 0.5),
        ),
        (r#"{"name": "IntUniformDistribution", "attributes": {"low": 1, "high": 5, "step": 1}}"#, int(1, 5)),
        (r#"{"name": "IntLogUniformDistribution", "attributes": {"low": 1, "high": 5}}"#, log_int(1, 5)),
        (r#"{"name": "CategoricalDistribution", "attributes": {"choices": [false, true]}}"#, switch()),
    ];
    for (json, expected) in cases {
        assert_eq!(Distribution::from_json(json), Ok(expected));
    }
}

#[test]
fn text_that_is_no_distribution_says_why() {
    for (json, reason) in [
        ("{", "EOF"),
        ("{}", "no text under \"name\""),
        (r#"{"name": "Beta", "attributes": {}}"#, "unknown class \"Beta\""),
        (r#"{"name": "FloatDistribution", "attributes": {"low": "a"}}"#, "no number under \"low\""),
        (r#"{"name": "CategoricalDistribution", "attributes": {"choices": [[1]]}}"#, "\"choices\""),
    ] {
        let message = Distribution::from_json(json).expect_err(json).to_string();
        assert!(message.contains(reason), "{message}");
    }
}

#[test]
fn values_of_another_kind_belong_to_nothing() {
    assert!(!int(0, 5).contains(&ParamValue::Float(1.0)));
    assert!(!float(0.0, 5.0).contains(&ParamValue::Int(1)));
    assert!(!choice(&["a"]).contains(&ParamValue::Int(0)));
    assert!(choice(&["a"]).to_internal(&ParamValue::Float(0.0)).is_nan());
    assert!(!float(0.0, 1.0).contains(&ParamValue::Float(f64::NAN)));
}

#[test]
fn draws_of_each_kind_are_uniform_in_optunas_sense() {
    let mut stream = RandomStream::new(3, 0, 0);
    // A grid's ends are as likely as its middle.
    let mut counts = [0; 4];
    for _ in 0..8_000 {
        let ParamValue::Float(value) = stepped(0.0, 0.3, 0.1).draw(&mut stream) else { panic!("a float") };
        counts[(value * 10.0).round() as usize] += 1;
    }
    assert!(counts.iter().all(|&count| (1_800..2_200).contains(&count)), "{counts:?}");
    // Half of a logarithmic range lies below its geometric mean.
    let below = (0..8_000)
        .filter(|_| matches!(log_float(1e-4, 1.0).draw(&mut stream), ParamValue::Float(value) if value < 1e-2))
        .count();
    assert!((3_800..4_200).contains(&below), "{below}");
    let ones = (0..8_000).filter(|_| log_int(1, 8).draw(&mut stream) == ParamValue::Int(1)).count();
    // ln(1.5 / 0.5) / ln(8.5 / 0.5) = 0.3878.
    assert!((2_900..3_300).contains(&ones), "{ones}");
}

/// Any valid distribution.
fn distributions() -> impl Strategy<Value = Distribution> {
    let floats = (-1e6..1e6_f64, 0.0..1e6_f64).prop_map(|(low, width)| float(low, low + width));
    let grids =
        (-1e3..1e3_f64, 0.0..1e3_f64, 1e-3..10.0_f64).prop_map(|(low, width, step)| stepped(low, low + width, step));
    let decimals = (-1000..1000_i32, 0..1000_i32, 1..50_i32).prop_map(|(low, width, step)| {
        stepped(f64::from(low) / 100.0, f64::from(low + width) / 100.0, f64::from(step) / 100.0)
    });
    let logs = (1e-9..1e3_f64, 1.0..1e6_f64).prop_map(|(low, factor)| log_float(low, low * factor));
    let ints = (-1000..1000_i64, 0..1000_i64, 1..20_i64).prop_map(|(low, width, step)| Distribution::Int {
        low,
        high: low + width,
        step,
        log: false,
    });
    let log_ints = (1..1000_i64, 0..1000_i64).prop_map(|(low, width)| log_int(low, low + width));
    prop_oneof![floats, grids, decimals, logs, ints, log_ints, Just(choice(&["a", "b", "c"]))]
        .prop_map(|distribution| distribution.validated().expect("the strategy makes valid ones"))
}

proptest! {
    #[test]
    fn draws_are_canonical_members(distribution in distributions(), seed in any::<u64>()) {
        let mut stream = RandomStream::new(seed, 0, 0);
        for _ in 0..20 {
            let value = distribution.draw(&mut stream);
            prop_assert!(distribution.contains(&value), "{value:?}");
            prop_assert_eq!(distribution.canonical(&value), value.clone());
            let internal = distribution.to_internal(&value);
            prop_assert_eq!(distribution.from_internal(internal), value.clone());
            prop_assert_eq!(distribution.nearest(internal), value);
        }
    }

    #[test]
    fn every_point_of_a_grid_is_a_canonical_member_and_points_increase(distribution in distributions()) {
        let count = distribution.cardinality().unwrap_or(0).min(300);
        let mut previous = f64::NEG_INFINITY;
        for position in 0..count {
            let value = distribution.nth(position).expect("below the count");
            prop_assert!(distribution.contains(&value));
            prop_assert_eq!(distribution.canonical(&value), value.clone());
            prop_assert!(distribution.to_internal(&value) > previous);
            previous = distribution.to_internal(&value);
        }
        prop_assert_eq!(distribution.nth(distribution.cardinality().unwrap_or(0)), None);
    }

    #[test]
    fn validating_twice_changes_nothing_and_json_reads_back(distribution in distributions()) {
        prop_assert_eq!(distribution.clone().validated(), Ok(distribution.clone()));
        prop_assert_eq!(Distribution::from_json(&distribution.to_json()), Ok(distribution));
    }
}
