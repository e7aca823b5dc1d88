//! A verification as JSON.

use std::time::Duration;

use serde_json::{Value, json};

use crate::verify::{Difference, Verification};

/// What re-running stored trials found.
#[must_use]
pub fn verification(study: &str, found: &Verification, elapsed: Duration) -> Value {
    json!({
        "study": study,
        "trials": found.trials,
        "checked": found.checked,
        "skipped": found.skipped,
        "numbers": found.compared,
        "equal": found.difference.is_none(),
        "difference": found.difference.as_ref().map(difference),
        "seconds": elapsed.as_secs_f64(),
    })
}

fn difference(difference: &Difference) -> Value {
    json!({
        "trial": difference.trial,
        "segment": difference.segment,
        "item": difference.item,
        "stored": difference.stored,
        "recomputed": difference.recomputed,
    })
}
