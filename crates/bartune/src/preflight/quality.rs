//! What the bars themselves make one wonder about. Bars that are wrong outright never get here: loading
//! refuses them.

use super::{Finding, Severity};
use crate::data::Dataset;

/// A share of bars without movement, or without volume, above which it is told.
const STILL_SHARE: f64 = 0.2;
/// A move from close to close of more than this many times the usual one is told.
const LEAP: f64 = 50.0;

pub(super) fn findings(dataset: &Dataset) -> Vec<Finding> {
    let searchable = dataset.segments.searchable_bars();
    let bars = dataset.bars.prefix(searchable);
    let share = |count: usize| count as f64 / searchable as f64;
    let mut findings = Vec::new();
    let mut note = |code, message: String, remedy: &str| {
        findings.push(Finding::new(Severity::Note, code, message, remedy));
    };
    let still = bars.high().iter().zip(bars.low().iter()).filter(|(high, low)| high == low).count();
    if share(still) > STILL_SHARE {
        let message = format!("{:.0} % of the bars have one price only (high = low)", share(still) * 100.0);
        note("still-bars", message, "a longer `data.timeframe` may say more");
    }
    let silent = bars.volume().iter().filter(|volume| **volume == 0.0).count();
    if silent < searchable && share(silent) > STILL_SHARE {
        note(
            "no-volume",
            format!("{:.0} % of the bars have no volume", share(silent) * 100.0),
            "fills there are doubtful",
        );
    }
    let leaps = leaps(bars.close());
    if let Some(first) = leaps.first() {
        let message = format!(
            "{} moves from one close to the next are more than {LEAP} times the usual one; the first at bar {first}",
            leaps.len()
        );
        note("leaps", message, "see whether they are real: a split, a rolled contract or a bad tick decides backtests");
    }
    findings
}

/// Bars whose close is too far from the one before, measured by the mean absolute move of all.
fn leaps(close: &[f64]) -> Vec<usize> {
    let moves: Vec<f64> = close.windows(2).map(|pair| (pair[1] - pair[0]).abs() / pair[0].abs()).collect();
    let usual = moves.iter().filter(|change| change.is_finite()).sum::<f64>() / moves.len().max(1) as f64;
    (1..close.len()).filter(|&bar| moves[bar - 1] > LEAP * usual).collect()
}
