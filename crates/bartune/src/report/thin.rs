//! Less of a series than there is, so that a page stays small whatever the study's size.

use serde::Serialize;

/// Six significant digits: more cannot be seen on a screen, and costs bytes.
pub(super) fn short(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    #[expect(clippy::cast_possible_truncation, reason = "a magnitude of a finite number is small")]
    let magnitude = value.abs().log10().floor() as i32;
    let decimals = 5 - magnitude;
    if !(-15..=15).contains(&decimals) {
        return format!("{value:.5e}").parse().unwrap_or(value);
    }
    // Multiplied by a power of ten that is exact, so that 0.1 stays 0.1.
    let scale = 10_f64.powi(decimals.abs());
    if decimals >= 0 { (value * scale).round() / scale } else { (value / scale).round() * scale }
}

/// All of them short.
pub(super) fn shorts(values: impl IntoIterator<Item = f64>) -> Vec<f64> {
    values.into_iter().map(short).collect()
}

/// At most `most` positions of `len`, evenly, the first and the last among them.
pub(super) fn spread(len: usize, most: usize) -> Vec<usize> {
    if len <= most || most < 2 {
        return (0..len.min(most.max(1))).collect();
    }
    (0..most).map(|index| index * (len - 1) / (most - 1)).collect()
}

/// `len` positions in at most `most` runs of nearly the same length.
pub(super) fn runs(len: usize, most: usize) -> Vec<std::ops::Range<usize>> {
    let count = len.min(most.max(1));
    (0..count).map(|index| index * len / count..(index + 1) * len / count).collect()
}

/// Counts of values between two bounds; what lies beyond is counted in the outermost bins.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Histogram {
    pub(super) low: f64,
    pub(super) width: f64,
    pub(super) counts: Vec<u32>,
}

impl Histogram {
    /// Of the values between their 1 % and 99 % quantiles, widened to hold `reach`; nothing of no values.
    pub(super) fn of(values: &[f64], bins: usize, reach: Option<f64>) -> Option<Self> {
        let mut sorted: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        let last = sorted.len().checked_sub(1)?;
        let reach = reach.filter(|value| value.is_finite()).unwrap_or(sorted[last / 2]);
        let (low, high) = (sorted[last / 100].min(reach), sorted[last - last / 100].max(reach));
        let bins = if low < high { bins.max(1) } else { 1 };
        let width = if low < high { (high - low) / bins as f64 } else { 1.0 };
        let mut counts = vec![0; bins];
        for value in sorted {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the bins")]
            let bin = ((value - low) / width).floor().clamp(0.0, (bins - 1) as f64) as usize;
            counts[bin] += 1;
        }
        Some(Self { low: short(low), width: short(width), counts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_digits_are_kept() {
        let given = [0.0, 0.1, -1.234_567_8, 123_456_789.0, 1.234_567_8e-9, f64::INFINITY];
        assert_eq!(given.map(short), [0.0, 0.1, -1.234_57, 123_457_000.0, 1.234_57e-9, f64::INFINITY]);
    }

    #[test]
    fn a_spread_has_both_ends_and_no_more_than_asked() {
        assert_eq!(spread(3, 10), [0, 1, 2]);
        assert_eq!(spread(101, 5), [0, 25, 50, 75, 100]);
        assert_eq!(spread(0, 5), [0_usize; 0]);
    }

    #[test]
    fn runs_cover_everything_once() {
        let runs = runs(10, 3);
        assert_eq!(runs, [0..3, 3..6, 6..10]);
        assert_eq!(super::runs(2, 5), [0..1, 1..2]);
        assert!(super::runs(0, 5).is_empty());
    }

    #[test]
    fn a_histogram_counts_every_value_once_and_one_value_too() {
        let values: Vec<f64> = (0..1_000).map(f64::from).chain([1e9, -1e9]).collect();
        let found = Histogram::of(&values, 10, Some(500.0)).expect("there are values");
        assert_eq!(found.counts.iter().sum::<u32>(), 1_002);
        assert!(found.low > -100.0 && found.low + found.width * 10.0 < 2_000.0, "outliers do not stretch it");
        assert_eq!(Histogram::of(&[2.0, 2.0], 10, None).expect("there are values").counts, [2]);
        assert_eq!(Histogram::of(&[], 10, None), None);
    }
}
