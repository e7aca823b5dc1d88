//! The canonical form of parameters that come without a space: any JSON.
//!
//! | written | canonical | why |
//! |---|---|---|
//! | `{"b": 1, "a": 2}` | `{"a":2,"b":1}` | an object has no order; by code point, at every depth |
//! | `[2, 1]` | `[2,1]` | a list has |
//! | `1.0`, `-0.0`, `1e3` | `1`, `0`, `1000` | without a distribution, a whole number has no kind |
//! | `0.30000000000000004` | `0.3` | 10 significant decimals |
//! | `9007199254740993` | `9007199254740993` | a whole number that is written as one keeps its digits |
//! | `true`, `"1"`, `null` | the same | no number, and `null` is not an absent key |
//!
//! Where every parameter is a whole number, a switch or a text, this is also the form with a space.
//! Real numbers differ (`1.0` there, `1` here): one guard holds signatures of one form.

use std::fmt::Write;

use serde_json::{Number, Value};

use super::sha256_hex;
use crate::space::python_json;

/// The largest whole number up to which every whole number is a float: 2⁵³.
const LARGEST_EXACT_INT: f64 = 9_007_199_254_740_992.0;

/// The canonical JSON of any JSON value; the table in this module's source has its rules.
///
/// Objects are sorted at every depth, numbers rounded to 10 significant decimals, and whole numbers
/// written without a point:
///
/// ```
/// use bartune_search::identity::canonical_json;
///
/// let value = serde_json::json!({ "stop": 0.1 + 0.2, "entry": { "slow": 50.0, "fast": 10 } });
/// assert_eq!(canonical_json(&value), r#"{"entry":{"fast":10,"slow":50},"stop":0.3}"#);
/// ```
#[must_use]
pub fn canonical_json(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value);
    out
}

/// The SHA-256 of [`canonical_json`], in lower-case hex.
#[must_use]
pub fn param_signature_of_json(params: &Value) -> String {
    sha256_hex(&canonical_json(params))
}

fn write(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) => write_number(out, number),
        Value::String(text) => python_json::write_text(out, text),
        Value::Array(values) => {
            out.push('[');
            for (index, value) in values.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { "," });
                write(out, value);
            }
            out.push(']');
        }
        Value::Object(entries) => {
            let mut entries: Vec<_> = entries.iter().collect();
            entries.sort_unstable_by_key(|(name, _)| name.as_str());
            out.push('{');
            for (index, (name, value)) in entries.into_iter().enumerate() {
                out.push_str(if index == 0 { "" } else { "," });
                python_json::write_text(out, name);
                out.push(':');
                write(out, value);
            }
            out.push('}');
        }
    }
}

fn write_number(out: &mut String, number: &Number) {
    match number.as_f64() {
        Some(real) if number.is_f64() => {
            let rounded: f64 = format!("{real:.9e}").parse().unwrap_or(real);
            if rounded.fract() == 0.0 && rounded.abs() <= LARGEST_EXACT_INT {
                let _ = write!(out, "{}", rounded as i64);
            } else {
                python_json::write_float(out, rounded);
            }
        }
        _ => {
            let _ = write!(out, "{number}");
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn canonical(text: &str) -> String {
        canonical_json(&serde_json::from_str(text).expect("the test's JSON is valid"))
    }

    #[test]
    fn the_table_of_the_header_holds() {
        for (written, expected) in [
            (r#"{"b": {"d": 1, "c": 2}, "a": 2}"#, r#"{"a":2,"b":{"c":2,"d":1}}"#),
            ("[2, 1]", "[2,1]"),
            ("[1.0, -0.0, 1e3, 12]", "[1,0,1000,12]"),
            ("0.30000000000000004", "0.3"),
            ("1.00000000004", "1"),
            ("9007199254740993", "9007199254740993"),
            ("18446744073709551615", "18446744073709551615"),
            ("[1e300, 1e-7, 0.0001]", "[1e+300,1e-07,0.0001]"),
            (r#"[true, "1", null, "é\n"]"#, "[true,\"1\",null,\"\\u00e9\\n\"]"),
            ("{}", "{}"),
        ] {
            assert_eq!(canonical(written), expected);
        }
    }

    #[test]
    fn null_is_not_an_absent_key_and_a_text_is_no_number() {
        let texts = ["{}", r#"{"a": null}"#, r#"{"a": 1}"#, r#"{"a": "1"}"#, r#"{"a": true}"#, r#"{"a": [1]}"#];
        let signatures: std::collections::BTreeSet<_> =
            texts.map(|text| param_signature_of_json(&serde_json::from_str(text).expect("valid"))).into();
        assert_eq!(signatures.len(), texts.len());
    }

    /// A tree of JSON values.
    fn tree() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            (-1e18..1e18_f64).prop_map(Value::from),
            (-1.0..1.0_f64).prop_map(Value::from),
            ".{0,6}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::btree_map(".{0,4}", inner, 0..4)
                    .prop_map(|entries| Value::Object(entries.into_iter().collect())),
            ]
        })
    }

    fn reversed(value: &Value) -> Value {
        match value {
            Value::Object(entries) => {
                Value::Object(entries.iter().rev().map(|(name, value)| (name.clone(), reversed(value))).collect())
            }
            Value::Array(values) => values.iter().map(reversed).collect(),
            other => other.clone(),
        }
    }

    proptest! {
        #[test]
        fn the_canonical_form_is_json_and_its_own_canonical_form(value in tree()) {
            let text = canonical_json(&value);
            prop_assert_eq!(canonical(&text), text);
        }

        #[test]
        fn the_order_of_keys_changes_nothing(value in tree()) {
            prop_assert_eq!(canonical_json(&reversed(&value)), canonical_json(&value));
        }
    }

    #[test]
    fn python_agrees() {
        let cases = include_str!("../../../../testdata/search/signatures.jsonl");
        let mut count = 0;
        for line in cases.lines() {
            let case: Value = serde_json::from_str(line).expect("the oracle writes JSON");
            assert_eq!(canonical_json(&case["params"]), case["canonical"], "{line}");
            assert_eq!(json!(param_signature_of_json(&case["params"])), case["signature"], "{line}");
            count += 1;
        }
        assert!(count == 120, "{count} cases");
    }
}
