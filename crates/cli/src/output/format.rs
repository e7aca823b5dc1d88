//! Numbers as people read them.

use std::time::Duration;

/// At most six significant digits, no trailing zeros: `0.123456`, `1234.57`, `1.2e-7`.
pub(crate) fn number(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    if !value.is_finite() {
        return value.to_string();
    }
    let magnitude = value.abs().log10().floor();
    if !(-5.0..15.0).contains(&magnitude) {
        return format!("{value:.3e}");
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the magnitude is between -5 and 15")]
    let decimals = (5.0 - magnitude).max(0.0) as usize;
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A fraction as a percentage with one decimal.
pub(crate) fn percent(fraction: f64) -> String {
    format!("{:.1}%", fraction * 100.0)
}

/// `850ms`, `12.3s`, `4m05s`, `2h07m`.
pub(crate) fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0 => format!("{}ms", time.as_millis()),
        1..60 => format!("{:.1}s", time.as_secs_f64()),
        60..3_600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h{:02}m", seconds / 3_600, seconds % 3_600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_significant_digits() {
        let shown = [0.0, 1.0, -0.123_456_78, 1_234.567_8, 1e-9, 123_456_789.0, 0.1 + 0.2].map(number);
        assert_eq!(shown, ["0", "1", "-0.123457", "1234.57", "1.000e-9", "123456789", "0.3"]);
    }

    #[test]
    fn durations_shrink_their_units() {
        let shown = [5, 12_340, 245_000, 7_620_000].map(|ms| duration(Duration::from_millis(ms)));
        assert_eq!(shown, ["5ms", "12.3s", "4m05s", "2h07m"]);
    }
}
