//! Numbers and moments as people read them.

use bartune_engine::metric::{self, Unit};
use jiff::civil::Date;

/// Four significant digits, no trailing zeros.
pub(super) fn number(value: f64) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    let magnitude = value.abs().log10().floor();
    if !(-5.0..15.0).contains(&magnitude) {
        return format!("{value:.2e}");
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the magnitude is between -5 and 15")]
    let decimals = (3.0 - magnitude).max(0.0) as usize;
    let text = format!("{value:.decimals$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    minus(text)
}

/// A fraction as a percentage with one decimal.
pub(super) fn percent(fraction: f64) -> String {
    if !fraction.is_finite() {
        return "–".to_owned();
    }
    // Rounded first, so that nothing is shown as −0.0.
    let tenths = (fraction * 1_000.0).round();
    minus(&format!("{:.1}\u{202f}%", if tenths == 0.0 { 0.0 } else { tenths / 10.0 }))
}

/// Whole money or counts, with thin spaces between thousands.
pub(super) fn whole(value: f64) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let digits = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    if value < 0.0 && digits != "0" { format!("−{text}") } else { text }
}

/// A dash where there is nothing.
pub(super) fn maybe(value: Option<f64>, words: fn(f64) -> String) -> String {
    value.map_or_else(|| "–".to_owned(), words)
}

/// A metric in its unit.
pub(super) fn metric_text(name: &str, value: f64) -> String {
    match metric::find(name).map(|metric| metric.unit) {
        // A score is no share of anything.
        _ if name == "composite" => number(value),
        Some(Unit::Fraction) => percent(value),
        Some(Unit::Count | Unit::Money | Unit::Bars) => whole(value),
        _ => number(value),
    }
}

/// `max_drawdown` → `max drawdown`.
pub(super) fn spaced(name: &str) -> String {
    name.replace('_', " ")
}

/// `1 trade`, `2 trades`.
pub(super) fn counted(count: usize, what: &str) -> String {
    format!("{} {what}{}", whole(count as f64), if count == 1 { "" } else { "s" })
}

/// A local day as `2024-05-17`.
pub(super) fn day_text(day: i32) -> String {
    let date = Date::constant(1970, 1, 1).checked_add(jiff::Span::new().days(i64::from(day)));
    date.map_or_else(|_| "?".to_owned(), |date| date.to_string())
}

/// A moment as `2024-05-17 13:05 UTC`.
pub(super) fn moment_text(milliseconds: i64) -> String {
    let time = jiff::Timestamp::from_millisecond(milliseconds);
    time.map_or_else(|_| "?".to_owned(), |time| time.strftime("%Y-%m-%d %H:%M UTC").to_string())
}

/// A real minus sign.
fn minus(text: &str) -> String {
    text.replacen('-', "−", 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        assert_eq!([0.0, 1.0, -0.123_456, 1_234.6, f64::NAN].map(number), ["0", "1", "−0.1235", "1235", "–"]);
        assert_eq!(
            [1_234_567.0, -1_000.0, 12.4, -0.2].map(whole),
            ["1\u{202f}234\u{202f}567", "−1\u{202f}000", "12", "0"]
        );
        assert_eq!([-0.012_34, -0.000_4, 1.5].map(percent), ["−1.2\u{202f}%", "0.0\u{202f}%", "150.0\u{202f}%"]);
    }

    #[test]
    fn days_count_from_1970() {
        assert_eq!([0, 19_860].map(day_text), ["1970-01-01", "2024-05-17"]);
    }
}
