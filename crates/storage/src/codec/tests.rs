use serde_json::json;

use super::*;

/// Each pair was printed by Python 3.11: `json.dumps(float)`.
#[test]
fn floats_are_spelt_as_python_spells_them() {
    for (value, text) in [
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (1.0, "1.0"),
        (0.1, "0.1"),
        (0.0001, "0.0001"),
        (0.00001, "1e-05"),
        (1.5e-7, "1.5e-07"),
        (1e-100, "1e-100"),
        (1e15, "1000000000000000.0"),
        (9_999_999_999_999_998.0, "9999999999999998.0"),
        (1e16, "1e+16"),
        (1.234_567_890_123_456_8e17, "1.2345678901234568e+17"),
        (5e-324, "5e-324"),
        (f64::MAX, "1.7976931348623157e+308"),
        (f64::NAN, "NaN"),
        (f64::INFINITY, "Infinity"),
        (f64::NEG_INFINITY, "-Infinity"),
    ] {
        let mut out = String::new();
        write_float(&mut out, value);
        assert_eq!(out, text);
    }
}

#[test]
fn json_is_spelt_as_python_spells_it() {
    let value = json!({"a": [1, 2.0, null, true], "é": "\u{1f600}\u{7f}\"\\\n", "big": u64::MAX});
    assert_eq!(
        json_text(&value),
        r#"{"a": [1, 2.0, null, true], "\u00e9": "\ud83d\ude00\u007f\"\\\n", "big": 18446744073709551615}"#
    );
}

#[test]
fn pythons_extra_numbers_become_texts_inside_attributes() {
    let text = r#"{"a": [NaN, -Infinity], "b": "NaN \" Infinity", "c": Infinity}"#;
    assert_eq!(
        parse_attribute(text).unwrap(),
        json!({"a": ["NaN", "-Infinity"], "b": "NaN \" Infinity", "c": "Infinity"})
    );
    assert!(parse_attribute("[nan]").is_err());
}

#[test]
fn pythons_extra_numbers_keep_their_value_among_numbers() {
    let list = parse_float_list("[1, 2.5, Infinity, -Infinity, NaN]").unwrap();
    assert_eq!(format!("{list:?}"), "[1.0, 2.5, inf, -inf, NaN]");
    assert_eq!(float_list_text(list.into_iter()), "[1.0, 2.5, Infinity, -Infinity, NaN]");
    assert!(parse_float_list("[\"1\"]").is_err());
}

/// The texts were printed by Optuna 5.0: `distribution_to_json`.
#[test]
fn distributions_are_spelt_as_optuna_spells_them() {
    for (distribution, text) in [
        (
            Distribution::Float { low: 0.5, high: 5.0, step: Some(0.25), log: false },
            r#"{"name": "FloatDistribution", "attributes": {"step": 0.25, "low": 0.5, "high": 5.0, "log": false}}"#,
        ),
        (
            Distribution::Float { low: 1e-5, high: 1.0, step: None, log: true },
            r#"{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-05, "high": 1.0, "log": true}}"#,
        ),
        (
            Distribution::Int { low: -5, high: 60, step: 5, log: false },
            r#"{"name": "IntDistribution", "attributes": {"log": false, "step": 5, "low": -5, "high": 60}}"#,
        ),
        (
            Distribution::Categorical {
                choices: vec![
                    Choice::Null,
                    Choice::Bool(true),
                    Choice::Int(1),
                    Choice::Float(1.0),
                    Choice::Float(f64::INFINITY),
                    Choice::Text("é".to_owned()),
                    Choice::Text("Infinity".to_owned()),
                ],
            },
            r#"{"name": "CategoricalDistribution", "attributes": {"choices": [null, true, 1, 1.0, Infinity, "\u00e9", "Infinity"]}}"#,
        ),
    ] {
        assert_eq!(distribution.to_json(), text);
        assert_eq!(parse_distribution(&distribution.to_short_json()).unwrap(), distribution);
        assert_eq!(parse_distribution(text).unwrap(), distribution);
    }
}

#[test]
fn older_and_short_spellings_of_distributions_are_read() {
    for (text, distribution) in [
        (
            r#"{"name": "UniformDistribution", "attributes": {"low": 0.0, "high": 1.0}}"#,
            Distribution::Float { low: 0.0, high: 1.0, step: None, log: false },
        ),
        (
            r#"{"name": "LogUniformDistribution", "attributes": {"low": 0.5, "high": 1.0}}"#,
            Distribution::Float { low: 0.5, high: 1.0, step: None, log: true },
        ),
        (
            r#"{"name": "DiscreteUniformDistribution", "attributes": {"low": 0.0, "high": 1.0, "q": 0.5}}"#,
            Distribution::Float { low: 0.0, high: 1.0, step: Some(0.5), log: false },
        ),
        (
            r#"{"name": "IntUniformDistribution", "attributes": {"low": 1, "high": 9, "step": 2}}"#,
            Distribution::Int { low: 1, high: 9, step: 2, log: false },
        ),
        (
            r#"{"name": "IntLogUniformDistribution", "attributes": {"low": 1, "high": 9, "step": 1}}"#,
            Distribution::Int { low: 1, high: 9, step: 1, log: true },
        ),
        (r#"{"type": "int", "low": 1, "high": 9}"#, Distribution::Int { low: 1, high: 9, step: 1, log: false }),
    ] {
        assert_eq!(parse_distribution(text).unwrap(), distribution);
    }
    for text in [
        "{}",
        "[1]",
        r#"{"name": "Beta", "attributes": {}}"#,
        r#"{"type": "int", "low": 1, "high": 1e30}"#,
        r#"{"type": "categorical", "choices": [[1]]}"#,
    ] {
        assert!(parse_distribution(text).is_err(), "{text}");
    }
}

#[test]
fn whole_numbers_that_a_double_cannot_hold_have_no_internal_value() {
    assert_eq!(internal_value(&ParamValue::Int(1 << 53)), Some(9_007_199_254_740_992.0));
    assert_eq!(internal_value(&ParamValue::Int((1 << 53) + 1)), None);
    assert_eq!(internal_value(&ParamValue::Int(i64::MAX)), None);
    assert_eq!(internal_value(&ParamValue::Int(i64::MIN)), Some(-9_223_372_036_854_775_808.0));
    assert_eq!(internal_value(&ParamValue::Float(f64::NAN)), None);
}

#[test]
fn internal_values_outside_their_distribution_are_problems() {
    let switch = Distribution::Categorical { choices: vec![Choice::Bool(true)] };
    assert_eq!(param_value(0.0, &switch), Ok(ParamValue::Choice(0)));
    for internal in [1.0, -1.0, f64::NAN, 1e300] {
        assert!(param_value(internal, &switch).is_err());
    }
    let int = Distribution::Int { low: 0, high: 9, step: 1, log: false };
    assert_eq!(param_value(7.0, &int), Ok(ParamValue::Int(7)));
    assert!(param_value(f64::INFINITY, &int).is_err());
}

#[test]
fn times_are_naive_utc_with_six_decimals() {
    assert_eq!(datetime_text(0).unwrap(), "1970-01-01 00:00:00.000000");
    assert_eq!(datetime_text(1_700_000_000_123).unwrap(), "2023-11-14 22:13:20.123000");
    assert_eq!(parse_datetime("2023-11-14 22:13:20.123999"), Ok(1_700_000_000_123));
    assert_eq!(parse_datetime("2023-11-14 22:13:20"), Ok(1_700_000_000_000));
    assert_eq!(datetime_text(i64::MAX), None);
    assert!(parse_datetime("yesterday").is_err());
}

#[test]
fn identities_are_32_bytes_of_lower_case_hex() {
    let text = "00ff".repeat(16);
    let bytes = identity_bytes(&text).unwrap();
    assert_eq!(&bytes[..4], &[0, 255, 0, 255]);
    assert_eq!(identity_text(&bytes), text);
    for wrong in ["", "00ff", &"0g".repeat(32), &"FF".repeat(32), &"0".repeat(65)] {
        assert_eq!(identity_bytes(wrong), None);
    }
}
