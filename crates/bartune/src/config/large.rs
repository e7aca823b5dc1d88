//! `search.large_data = "auto"`: stages of its own accord, where there are so many bars that most trials need not see
//! them all.
//!
//! What is chosen depends on the study and its bars, not on how fast a machine is: the same file gives the same study
//! everywhere, and a larger budget goes on with it.

use std::collections::BTreeMap;

use serde_json::json;

use super::pruner::{Placement, PrunerPlan, Pruning};
use crate::evaluator::rung_block as block_bars;

/// Whether many bars may make stages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LargeData {
    /// Never.
    Off,
    /// Where it pays.
    Auto,
}

/// What was chosen, and why, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Large {
    /// Whether stages were made.
    pub is_staged: bool,
    /// What, and why.
    pub reason: String,
}

/// Train bars from which on trials are staged: below, a trial takes a millisecond or so.
pub(super) const FROM_BARS: usize = 50_000;
/// The share of the bars that a trial is looked at on before all of them. A second look, at 40 %, was seen to cost more than
/// what it saved: it tells little more of a good trial's rank (BENCHMARKS.md, "What stages save").
const RUNG: f64 = 0.05;
/// The share of the trials that goes on to all bars.
const KEEP: f64 = 0.15;

/// What the choice depends on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Given<'a> {
    pub(super) now: &'a Pruning,
    pub(super) objectives: usize,
    /// Bars of the train segment.
    pub(super) train: usize,
    /// Bars that the strategy needs.
    pub(super) warmup: usize,
}

/// The pruning for these bars, or none; and why.
pub(super) fn choose(given: &Given<'_>) -> (Option<Pruning>, Large) {
    let &Given { now, objectives, train, warmup } = given;
    let stays = |reason: String| (None, Large { is_staged: false, reason });
    if now.pruner != PrunerPlan::Never {
        return stays("every trial as the study's own pruner or stages have it".to_owned());
    }
    if objectives > 1 {
        return stays("every trial on all bars: stages take one objective".to_owned());
    }
    if train < FROM_BARS {
        return stays(format!("every trial on all bars: {train} of them are few, stages begin at {FROM_BARS}"));
    }
    let block = block_bars(&Pruning::default(), train, RUNG);
    if 2 * warmup > block {
        return stays(format!(
            "every trial on all bars: warming up takes {warmup}, blocks of a twentieth have {block}"
        ));
    }
    let settings = BTreeMap::from([
        ("name", json!("none")),
        ("rungs", json!([RUNG])),
        ("rung_bars", json!("spread")),
        ("keep", json!([KEEP])),
        ("large_data", json!("auto")),
    ]);
    let pruning =
        Pruning { pruner: PrunerPlan::Stages(vec![KEEP]), rungs: vec![RUNG], placement: Placement::Spread, settings };
    let cost = RUNG + KEEP;
    let reason = format!(
        "in stages, {train} train bars being many: every trial on a twentieth of them, about {:.0} % of the trials on all: {cost:.2} \
         passes a trial",
        KEEP * 100.0
    );
    (Some(pruning), Large { is_staged: true, reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_for_many_bars_one_objective_and_a_strategy_that_warms_up_in_time() {
        let none = Pruning::default();
        let given = Given { now: &none, objectives: 1, train: 157_000, warmup: 400 };
        let (pruning, large) = choose(&given);
        assert_eq!(pruning.map(|pruning| pruning.rungs), Some(vec![RUNG]));
        assert!(large.is_staged && large.reason.contains("157000 train bars"), "{large:?}");
        let median = Pruning { pruner: PrunerPlan::Percentile(Default::default()), ..Pruning::default() };
        for (other, word) in [
            (Given { train: FROM_BARS - 1, ..given }, "few"),
            (Given { objectives: 2, ..given }, "one objective"),
            (Given { warmup: 1_000, ..given }, "warming up takes 1000"),
            (Given { now: &median, ..given }, "own pruner"),
        ] {
            let (pruning, large) = choose(&other);
            assert!(pruning.is_none() && !large.is_staged && large.reason.contains(word), "{large:?}");
        }
    }
}
