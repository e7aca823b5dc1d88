//! JSON as Python's `json.dumps` spells it: what Optuna stores, and what it compares byte by byte.
//!
//! Non-ASCII characters are escaped; floats are written as `repr` writes them; numbers that are not
//! finite become `NaN`, `Infinity` and `-Infinity`, which only Python reads back.

use std::fmt::Write;

use super::Choice;

/// Append a float as Python's `repr` writes it: `1.0`, `0.0001`, `1e-05`, `1e+16`.
pub fn write_float(out: &mut String, value: f64) {
    if !value.is_finite() {
        out.push_str(match value {
            v if v.is_nan() => "NaN",
            v if v > 0.0 => "Infinity",
            _ => "-Infinity",
        });
        return;
    }
    let start = out.len();
    let _ = write!(out, "{value:e}");
    let (mantissa, exponent) = out[start..].split_once('e').unwrap_or((&out[start..], "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    // The shortest digits that read back as a float are at most 17.
    let mut buffer = [0; 24];
    let mut count = 0;
    for (place, digit) in buffer.iter_mut().zip(mantissa.bytes().filter(u8::is_ascii_digit)) {
        (*place, count) = (digit, count + 1);
    }
    let is_negative = mantissa.starts_with('-');
    out.truncate(start);
    out.push_str(if is_negative { "-" } else { "" });
    let digits = buffer[..count].iter().map(|digit| char::from(*digit));
    match exponent {
        -4..0 => {
            out.push_str("0.");
            out.extend(std::iter::repeat_n('0', exponent.unsigned_abs() as usize - 1).chain(digits));
        }
        0..16 => {
            let whole = exponent.unsigned_abs() as usize + 1;
            out.extend(digits.clone().chain(std::iter::repeat('0')).take(whole));
            out.push('.');
            out.extend(digits.skip(whole));
            out.push_str(if count > whole { "" } else { "0" });
        }
        _ => {
            out.extend(digits.clone().take(1));
            out.push_str(if count > 1 { "." } else { "" });
            out.extend(digits.skip(1));
            let _ = write!(out, "e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs());
        }
    }
}

/// Append a text in quotes, escaped to ASCII.
pub fn write_text(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(character),
            _ => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
}

/// Append a choice.
pub fn write_choice(out: &mut String, choice: &Choice) {
    match choice {
        Choice::Null => out.push_str("null"),
        Choice::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Choice::Int(value) => {
            let _ = write!(out, "{value}");
        }
        Choice::Float(value) => write_float(out, *value),
        Choice::Text(text) => write_text(out, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_written_as_python_writes_them() {
        let cases = [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (0.1, "0.1"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1.5e-7, "1.5e-07"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.25e300, "1.25e+300"),
            (123456.789, "123456.789"),
            (-120.0, "-120.0"),
            (-1.5e-3, "-0.0015"),
            (1234567890123456.7, "1234567890123456.8"),
            (-2e22, "-2e+22"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e+308"),
            (f64::INFINITY, "Infinity"),
        ];
        for (value, expected) in cases {
            let mut out = String::new();
            write_float(&mut out, value);
            assert_eq!(out, expected);
        }
    }

    #[test]
    fn texts_are_escaped_to_ascii() {
        let mut out = String::new();
        write_text(&mut out, "a\"\\\n\u{7f}é😀");
        assert_eq!(out, r#""a\"\\\n\u007fé😀""#.replace('é', "\\u00e9").replace('😀', "\\ud83d\\ude00"));
    }
}
