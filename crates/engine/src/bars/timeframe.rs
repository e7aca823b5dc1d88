//! Timeframes: their spelling (`10m`, `1h`, `1d`) and how one is inferred from open times.

use std::collections::BTreeMap;

use super::{DataError, NANOS_PER_DAY, NANOS_PER_MINUTE, NANOS_PER_SECOND};

/// Spellings of each unit, and its length. The first spelling is the one we write.
const UNITS: [(&[&str], i64); 6] = [
    (&["w", "wk", "week", "weeks"], 7 * NANOS_PER_DAY),
    (&["d", "day", "days"], NANOS_PER_DAY),
    (&["h", "hr", "hour", "hours"], 60 * NANOS_PER_MINUTE),
    (&["m", "min", "minute", "minutes"], NANOS_PER_MINUTE),
    (&["s", "sec", "second", "seconds"], NANOS_PER_SECOND),
    (&["ms"], NANOS_PER_SECOND / 1_000),
];

/// Longest timeframe, in days. It keeps every sum of a time and a timeframe far from overflow.
const MAX_DAYS: i64 = 366;

/// Reads a timeframe such as `30s`, `10m`, `1h`, `1d` or `1w`, in nanoseconds.
///
/// Units are `ms s m h d w` (also `min`, `hour` and the like, in any case), with a whole number
/// before them, or none for 1. A lone `M` is refused, as it means a month to others.
///
/// ```
/// use bartune_engine::bars::parse_timeframe;
/// assert_eq!(parse_timeframe("10m")?, 600_000_000_000);
/// assert_eq!(parse_timeframe("1D")?, 86_400_000_000_000);
/// assert!(parse_timeframe("1M").is_err());
/// # Ok::<(), bartune_engine::bars::DataError>(())
/// ```
///
/// # Errors
/// [`DataError::Timeframe`] with the reason.
pub fn parse_timeframe(text: &str) -> Result<i64, DataError> {
    let refuse = |reason: &str| DataError::Timeframe { text: text.to_owned(), reason: reason.to_owned() };
    let trimmed = text.trim();
    let digits = trimmed.len() - trimmed.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = trimmed.split_at(digits);
    let unit = unit.trim();
    if unit == "M" {
        return Err(refuse("`M` would be a month, which has no fixed length; minutes are `m`"));
    }
    let unit_ns = UNITS
        .iter()
        .find(|(names, _)| names.contains(&unit.to_ascii_lowercase().as_str()))
        .map(|(_, unit_ns)| *unit_ns)
        .ok_or_else(|| refuse("write a whole number and one of ms, s, m, h, d, w, such as `10m`"))?;
    let count: i64 =
        if number.is_empty() { 1 } else { number.parse().map_err(|_| refuse("the number is too large"))? };
    match count.checked_mul(unit_ns) {
        Some(0) => Err(refuse("it must be longer than zero")),
        Some(timeframe_ns) if timeframe_ns <= MAX_DAYS * NANOS_PER_DAY => Ok(timeframe_ns),
        _ => Err(refuse("the longest timeframe is 366 days")),
    }
}

/// Writes a timeframe in its largest whole unit: `10m`, `1h`, `1d`, `1w`.
#[must_use]
pub fn format_timeframe(timeframe_ns: i64) -> String {
    UNITS.iter().find(|(_, unit_ns)| timeframe_ns % unit_ns == 0).map_or_else(
        || format!("{timeframe_ns}ns"),
        |(names, unit_ns)| format!("{}{}", timeframe_ns / unit_ns, names[0]),
    )
}

/// The most common gap between consecutive times; of equally common ones the shortest. `None` for
/// fewer than two times.
pub(super) fn most_common_gap(time: &[i64]) -> Option<i64> {
    let mut counts: BTreeMap<i64, usize> = BTreeMap::new();
    let (mut gap, mut run) = (0, 0);
    for pair in time.windows(2) {
        let next = pair[1].saturating_sub(pair[0]);
        if next != gap {
            *counts.entry(gap).or_default() += run;
            (gap, run) = (next, 0);
        }
        run += 1;
    }
    *counts.entry(gap).or_default() += run;
    let most = counts.iter().max_by_key(|(gap, count)| (**count, std::cmp::Reverse(**gap)))?;
    (*most.1 > 0).then_some(*most.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_written_timeframe_is_read_back() {
        for text in ["500ms", "30s", "1m", "10m", "90m", "1h", "4h", "1d", "3d", "1w"] {
            let timeframe_ns = parse_timeframe(text).unwrap();
            assert_eq!(format_timeframe(timeframe_ns), text);
        }
    }

    #[test]
    fn other_spellings_mean_the_same() {
        for (text, same) in [("15min", "15m"), (" 1 H ", "1h"), ("d", "1d"), ("2weeks", "2w")] {
            assert_eq!(parse_timeframe(text).unwrap(), parse_timeframe(same).unwrap());
        }
    }

    #[test]
    fn nonsense_is_refused_with_the_text() {
        for text in ["", "10", "0m", "1M", "-1h", "1.5h", "9999999999999999999m", "400d", "1y", "µ"] {
            let message = parse_timeframe(text).unwrap_err().to_string();
            assert!(message.contains(&format!("`{text}`")), "{message}");
        }
    }

    #[test]
    fn the_most_common_gap_wins_and_the_shorter_of_equals() {
        assert_eq!(most_common_gap(&[0, 1, 2, 10, 18, 19]), Some(1));
        assert_eq!(most_common_gap(&[0, 5, 8]), Some(3));
        assert_eq!(most_common_gap(&[7]), None);
        assert_eq!(most_common_gap(&[]), None);
    }
}
