//! A comparison as JSON.

use serde_json::{Value, json};

use crate::SegmentName;
use crate::compare::Comparison;
use crate::statistics::Interval;

/// What two runs on one segment have in common and what not.
#[must_use]
pub fn comparison(found: &Comparison, labels: [&str; 2], segment: SegmentName) -> Value {
    let metrics: serde_json::Map<_, _> = found
        .metrics
        .iter()
        .map(|pair| (pair.name.to_owned(), json!({ "first": pair.first, "second": pair.second })))
        .collect();
    let intervals = found.intervals.as_ref().map(|intervals| {
        let row = |interval: &Interval| {
            let name = interval.ratio.name().to_owned();
            let bounds = json!({ "difference": interval.difference, "low": interval.low, "high": interval.high });
            (name, bounds)
        };
        intervals.iter().map(row).collect::<serde_json::Map<_, _>>()
    });
    json!({
        "first": labels[0],
        "second": labels[1],
        "segment": segment.key(),
        "equal": found.is_equal(),
        "metrics": metrics,
        "intervals": intervals.as_ref().ok(),
        "no_intervals": intervals.as_ref().err().map(ToString::to_string),
        "trades": { "common": found.common_trades, "only_first": found.only_first.len(), "only_second": found.only_second.len() },
    })
}
