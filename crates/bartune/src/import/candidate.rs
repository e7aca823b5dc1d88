//! What was read of one trial, before it is held against a study.

use bartune_search::trial::TrialState;
use serde_json::Value;

use crate::outcome::SegmentMetrics;

/// The segment of metrics that come without one: nobody knows which bars they were measured on.
pub(super) const IMPORTED_SEGMENT: &str = "imported";

/// A trial as its file has it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Candidate {
    /// Values by name; in a table all are texts. Absent ones are left out.
    pub(super) params: Vec<(String, Value)>,
    /// Its state, if the file says it.
    pub(super) state: Option<TrialState>,
    /// Its score, if it is a number.
    pub(super) value: Option<f64>,
    /// Metrics by segment.
    pub(super) metrics: SegmentMetrics,
    /// Constraint values by text.
    pub(super) constraints: Vec<(String, f64)>,
    /// Why it is infeasible or failed.
    pub(super) reason: Option<String>,
    /// Milliseconds since 1970 UTC.
    pub(super) started_ms: Option<i64>,
    /// Milliseconds since 1970 UTC.
    pub(super) finished_ms: Option<i64>,
}

impl Candidate {
    /// Whether it never came to an end.
    pub(super) fn is_unfinished(&self) -> bool {
        matches!(self.state, Some(TrialState::Running | TrialState::Waiting))
    }
}

/// A state by its name in any case, with or without Optuna's `TrialState.`.
pub(super) fn parse_state(text: &str) -> Result<TrialState, String> {
    let name = text.strip_prefix("TrialState.").unwrap_or(text);
    match name.to_ascii_uppercase().as_str() {
        "COMPLETE" | "COMPLETED" => Ok(TrialState::Complete),
        "PRUNED" => Ok(TrialState::Pruned),
        "FAIL" | "FAILED" => Ok(TrialState::Fail),
        "RUNNING" => Ok(TrialState::Running),
        "WAITING" => Ok(TrialState::Waiting),
        _ => Err(format!("its state `{text}` is none of COMPLETE, PRUNED, FAIL, RUNNING, WAITING")),
    }
}

/// Milliseconds of a time: with a zone, or else in UTC.
pub(super) fn parse_time(text: &str) -> Option<i64> {
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Some(time.as_millisecond());
    }
    let time: jiff::civil::DateTime = text.parse().ok()?;
    time.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|time| time.timestamp().as_millisecond())
}
