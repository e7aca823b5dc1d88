//! Values as Optuna spells them in its tables: JSON, floats, enums and times.
//!
//! JSON is written as Python's `json.dumps` writes it (ASCII only, `", "` and `": "`, shortest floats
//! in Python's notation), so that a column that Bartune writes equals, byte for byte, the one that
//! Optuna would have written; distributions, which are most of a database, in the abbreviated form
//! that Optuna reads as well. Python also reads and writes `NaN`, `Infinity` and `-Infinity`, which
//! are not JSON: numbers that may be such (choices, constraints) keep their value; inside an attribute
//! they become the texts `"NaN"`, `"Infinity"`, `"-Infinity"`, for JSON has nothing better.
//!
//! Times are stored as naive UTC with six decimals, as Optuna 5 does. (Optuna 4 writes local time into
//! the same columns, and nothing in the schema tells the two apart.)

use bartune_search::space::python_json::{write_float, write_text};
use bartune_search::space::{Choice, Distribution, ParamValue};
use bartune_search::trial::{StudyDirection, TrialState};
use jiff::civil::DateTime;
use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Map, Value};

/// The key of the object that stands for a number that JSON lacks, while a text is being read.
const NON_FINITE: &str = "\u{0}";

/// What a text means cannot be told.
pub(crate) type Problem = String;

/// `value` as Python's `json.dumps` writes it.
pub(crate) fn json_text(value: &Value) -> String {
    let mut out = String::new();
    push_json(&mut out, value);
    out
}

/// A JSON text, in which Python may have written `NaN` and infinities, for an attribute.
pub(crate) fn parse_attribute(text: &str) -> Result<Value, Problem> {
    let mut value = parse_json(text)?;
    spell_non_finite(&mut value);
    Ok(value)
}

/// A list of numbers as `json.dumps` writes it.
pub(crate) fn float_list_text(values: impl Iterator<Item = f64>) -> String {
    let mut out = String::from("[");
    for (index, value) in values.enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        write_float(&mut out, value);
    }
    out.push(']');
    out
}

/// The numbers of a JSON list.
pub(crate) fn parse_float_list(text: &str) -> Result<Vec<f64>, Problem> {
    let value = parse_json(text)?;
    let list = value.as_array().ok_or_else(|| format!("`{text}` is not a list"))?;
    list.iter().map(|item| as_float(item).ok_or_else(|| format!("`{text}` is not a list of numbers"))).collect()
}

/// One JSON number.
pub(crate) fn parse_float(text: &str) -> Result<f64, Problem> {
    as_float(&parse_json(text)?).ok_or_else(|| format!("`{text}` is not a number"))
}

fn push_json(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() => write_float(out, float),
            _ => out.push_str(&number.to_string()),
        },
        Value::String(text) => write_text(out, text),
        Value::Array(items) => push_sequence(out, ('[', ']'), items.iter(), push_json),
        Value::Object(map) => push_sequence(out, ('{', '}'), map.iter(), |out, (key, item)| {
            write_text(out, key);
            out.push_str(": ");
            push_json(out, item);
        }),
    }
}

fn push_sequence<T>(
    out: &mut String,
    (open, close): (char, char),
    items: impl Iterator<Item = T>,
    push: impl Fn(&mut String, T),
) {
    out.push(open);
    for (index, item) in items.enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        push(out, item);
    }
    out.push(close);
}

/// Python's JSON; a number that JSON lacks becomes an object with the key [`NON_FINITE`].
fn parse_json(text: &str) -> Result<Value, Problem> {
    serde_json::from_str(text).or_else(|error| {
        let quoted = quote_non_finite(text);
        serde_json::from_str(&quoted).map_err(|_| format!("`{text}` is not JSON ({error})"))
    })
}

fn quote_non_finite(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut in_text = false;
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        if in_text && character == '\\' {
            let pair = rest.chars().take(2).map(char::len_utf8).sum();
            out.push_str(&rest[..pair]);
            rest = &rest[pair..];
            continue;
        }
        in_text ^= character == '"';
        let word = ["NaN", "Infinity", "-Infinity"].into_iter().find(|word| !in_text && rest.starts_with(word));
        if let Some(word) = word {
            out.push_str(&format!("{{\"\\u0000\":\"{word}\"}}"));
            rest = &rest[word.len()..];
        } else {
            out.push(character);
            rest = &rest[character.len_utf8()..];
        }
    }
    out
}

fn non_finite_word(map: &Map<String, Value>) -> Option<&str> {
    (map.len() == 1).then(|| map.get(NON_FINITE)?.as_str()).flatten()
}

fn spell_non_finite(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(spell_non_finite),
        Value::Object(map) => match non_finite_word(map) {
            Some(word) => *value = Value::String(word.to_owned()),
            None => map.values_mut().for_each(spell_non_finite),
        },
        _ => {}
    }
}

fn as_float(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::Object(map) => match non_finite_word(map)? {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            _ => None,
        },
        _ => None,
    }
}

/// A distribution from Optuna's JSON, in any spelling that Optuna reads: today's classes, those
/// deprecated since 3.0, and the short form (`{"type": "float", …}`).
pub(crate) fn parse_distribution(text: &str) -> Result<Distribution, Problem> {
    let value = parse_json(text)?;
    let (kind, fields) = match (value.get("name"), value.get("attributes")) {
        (Some(name), Some(attributes)) => (name, attributes),
        _ => (value.get("type").unwrap_or(&Value::Null), &value),
    };
    let fields = Fields { text, fields };
    match kind.as_str() {
        Some("FloatDistribution" | "float") => fields.float("step", fields.log()),
        Some("UniformDistribution") => fields.float("step", false),
        Some("LogUniformDistribution") => fields.float("step", true),
        Some("DiscreteUniformDistribution") => fields.float("q", false),
        Some("IntDistribution" | "int") => fields.int(fields.log()),
        Some("IntUniformDistribution") => fields.int(false),
        Some("IntLogUniformDistribution") => fields.int(true),
        Some("CategoricalDistribution" | "categorical") => fields.categorical(),
        _ => Err(format!("`{text}` is not a distribution that Bartune knows")),
    }
}

/// The fields of a distribution's JSON, and the text for messages.
struct Fields<'a> {
    text: &'a str,
    fields: &'a Value,
}

impl Fields<'_> {
    fn problem(&self, field: &str) -> Problem {
        format!("`{}`: `{field}` is missing, or of a size or kind that Bartune lacks", self.text)
    }

    fn log(&self) -> bool {
        self.fields.get("log").and_then(Value::as_bool).unwrap_or(false)
    }

    fn float_field(&self, field: &str) -> Result<f64, Problem> {
        self.fields.get(field).and_then(as_float).ok_or_else(|| self.problem(field))
    }

    fn int_field(&self, field: &str) -> Result<i64, Problem> {
        self.fields.get(field).and_then(Value::as_i64).ok_or_else(|| self.problem(field))
    }

    fn is_given(&self, field: &str) -> bool {
        self.fields.get(field).is_some_and(|value| !value.is_null())
    }

    fn float(&self, step: &str, log: bool) -> Result<Distribution, Problem> {
        let step = self.is_given(step).then(|| self.float_field(step)).transpose()?;
        let low = self.float_field("low")?;
        let high = self.float_field("high")?;
        Ok(Distribution::Float { low, high, step, log })
    }

    fn int(&self, log: bool) -> Result<Distribution, Problem> {
        let step = if self.is_given("step") { self.int_field("step")? } else { 1 };
        let low = self.int_field("low")?;
        let high = self.int_field("high")?;
        Ok(Distribution::Int { low, high, step, log })
    }

    fn categorical(&self) -> Result<Distribution, Problem> {
        let choices = self.fields.get("choices").and_then(Value::as_array);
        let choices = choices.ok_or_else(|| self.problem("choices"))?;
        let choices = choices.iter().map(choice).collect::<Option<Vec<_>>>();
        let choices = choices.ok_or_else(|| self.problem("choices"))?;
        Ok(Distribution::Categorical { choices })
    }
}

fn choice(value: &Value) -> Option<Choice> {
    Some(match value {
        Value::Null => Choice::Null,
        Value::Bool(switch) => Choice::Bool(*switch),
        Value::String(text) => Choice::Text(text.clone()),
        Value::Number(number) if number.is_f64() => Choice::Float(number.as_f64()?),
        Value::Number(number) => Choice::Int(number.as_i64()?),
        Value::Object(_) => Choice::Float(as_float(value)?),
        Value::Array(_) => return None,
    })
}

/// A value in Optuna's internal representation; `None` where a double cannot hold it exactly.
pub(crate) fn internal_value(value: &ParamValue) -> Option<f64> {
    match *value {
        ParamValue::Float(float) => (!float.is_nan()).then_some(float),
        ParamValue::Int(int) => exact_float(int),
        ParamValue::Choice(index) => exact_float(i64::try_from(index).ok()?),
    }
}

#[expect(clippy::cast_precision_loss, reason = "the cast is checked by casting back")]
fn exact_float(int: i64) -> Option<f64> {
    let float = int as f64;
    (float as i128 == i128::from(int)).then_some(float)
}

/// The value that Optuna's internal representation stands for.
pub(crate) fn param_value(internal: f64, from: &Distribution) -> Result<ParamValue, Problem> {
    let whole = || {
        // Optuna truncates as well (`int(value)`). 2^63 is the first double beyond.
        (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0)
            .contains(&internal)
            .then_some(internal as i64)
            .ok_or_else(|| format!("parameter value {internal} is no 64-bit whole number"))
    };
    match from {
        Distribution::Float { .. } => Ok(ParamValue::Float(internal)),
        Distribution::Int { .. } => Ok(ParamValue::Int(whole()?)),
        Distribution::Categorical { choices } => usize::try_from(whole()?)
            .ok()
            .filter(|index| *index < choices.len())
            .map(ParamValue::Choice)
            .ok_or_else(|| format!("choice {internal} is not one of {}", choices.len())),
    }
}

/// A number as the schema holds it: the finite ones by value, the others by name.
pub(crate) fn stored_float(value: f64) -> (Option<f64>, &'static str) {
    if value.is_nan() {
        (None, "NAN")
    } else if value.is_finite() {
        (Some(value), "FINITE")
    } else if value > 0.0 {
        (None, "INF_POS")
    } else {
        (None, "INF_NEG")
    }
}

/// The number that a value and its type stand for.
pub(crate) fn parse_stored_float(value: Option<f64>, kind: &str) -> Result<f64, Problem> {
    match (value, kind) {
        (Some(value), "FINITE") => Ok(value),
        (_, "INF_POS") => Ok(f64::INFINITY),
        (_, "INF_NEG") => Ok(f64::NEG_INFINITY),
        (_, "NAN") => Ok(f64::NAN),
        (None, "FINITE") => Err("a finite value is NULL (SQLite keeps a NaN so)".to_owned()),
        _ => Err(format!("unknown value type `{kind}`")),
    }
}

/// A state's name.
pub(crate) fn state_name(state: TrialState) -> &'static str {
    match state {
        TrialState::Running => "RUNNING",
        TrialState::Complete => "COMPLETE",
        TrialState::Pruned => "PRUNED",
        TrialState::Fail => "FAIL",
        TrialState::Waiting => "WAITING",
    }
}

/// The state of this name.
pub(crate) fn parse_state(name: &str) -> Result<TrialState, Problem> {
    [TrialState::Running, TrialState::Complete, TrialState::Pruned, TrialState::Fail, TrialState::Waiting]
        .into_iter()
        .find(|state| state_name(*state) == name)
        .ok_or_else(|| format!("unknown trial state `{name}`"))
}

/// A direction's name.
pub(crate) fn direction_name(direction: StudyDirection) -> &'static str {
    match direction {
        StudyDirection::Minimize => "MINIMIZE",
        StudyDirection::Maximize => "MAXIMIZE",
    }
}

/// The direction of this name.
pub(crate) fn parse_direction(name: &str) -> Result<StudyDirection, Problem> {
    match name {
        "MINIMIZE" => Ok(StudyDirection::Minimize),
        "MAXIMIZE" => Ok(StudyDirection::Maximize),
        _ => Err(format!("unknown study direction `{name}`")),
    }
}

/// Milliseconds since 1970 UTC as SQLAlchemy writes a naive UTC time; `None` beyond the years 1 to
/// 9999, which Python has not either.
pub(crate) fn datetime_text(milliseconds: i64) -> Option<String> {
    let timestamp = Timestamp::from_millisecond(milliseconds).ok()?;
    let time = TimeZone::UTC.to_datetime(timestamp);
    (time.year() >= 1).then(|| {
        format!(
            "{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:06}",
            time.year(),
            time.month(),
            time.day(),
            time.hour(),
            time.minute(),
            time.second(),
            time.subsec_nanosecond() / 1000
        )
    })
}

/// The milliseconds of a time as SQLAlchemy writes it; finer digits are cut off.
pub(crate) fn parse_datetime(text: &str) -> Result<i64, Problem> {
    let problem = |_| format!("`{text}` is not a time");
    let time: DateTime = text.parse().map_err(problem)?;
    let timestamp = TimeZone::UTC.to_timestamp(time).map_err(problem)?;
    Ok(timestamp.as_millisecond())
}

/// The 32 bytes of an identity; `None` if it is not 64 lower-case hexadecimal digits.
pub(crate) fn identity_bytes(identity: &str) -> Option<[u8; 32]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let pairs = identity.as_bytes().chunks_exact(2);
    let bytes = pairs.map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?));
    let bytes = bytes.collect::<Option<Vec<u8>>>()?;
    (identity.len() == 64).then(|| bytes.try_into().ok()).flatten()
}

/// An identity's hexadecimal digits.
pub(crate) fn identity_text(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from(b"0123456789abcdef"[usize::from(nibble)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests;
