//! The objective in consecutive parts of the train segment.
//!
//! Each part is a segment of its own: it starts flat and is closed at its last close; its series are those of the whole,
//! warmed by all bars before it. A part's metrics are kept beside those of train, as `fold1`, `fold2`…: those that the
//! objective reads, and its trades.

use std::collections::BTreeMap;
use std::ops::Range;

use bartune_engine::metric::Metrics;
use bartune_engine::simulator::fast;

use super::decisions::Decisions;
use super::{Deadline, Evaluator, Prepared, undefined};
use crate::config::{Folds, Plan};
use crate::error::Error;
use crate::outcome::{SegmentMetrics, Verdict};

/// The parts of the train segment, none where the objective has no folds. A part has two bars at least.
pub(super) fn ranges(plan: &Plan, train: &Range<usize>) -> Vec<Range<usize>> {
    let Some(folds) = &plan.objective.folds else { return Vec::new() };
    let count = folds.count.min(train.len() / 2).max(1);
    (0..count)
        .map(|part| train.start + part * train.len() / count..train.start + (part + 1) * train.len() / count)
        .collect()
}

impl Evaluator<'_> {
    /// Run every part, keep its metrics, and value the trial by them.
    pub(super) fn judge_folds(
        &self,
        (decisions, folds): (&Decisions<'_>, &Folds),
        (deadline, workspace): (&Deadline, &mut fast::Workspace),
        kept: &mut SegmentMetrics,
    ) -> Result<Verdict, Error> {
        let mut parts = Vec::with_capacity(self.folds.len());
        for (index, segment) in self.folds.iter().enumerate() {
            let (metrics, _) = self.measure((&self.market, decisions, segment), deadline, workspace)?;
            kept.insert(format!("fold{}", index + 1), self.read_by_objective(&metrics));
            parts.push(metrics);
        }
        let mut values = Vec::with_capacity(self.plan.objective.targets.len());
        for target in &self.plan.objective.targets {
            let mut inside = Vec::with_capacity(parts.len());
            for (index, metrics) in parts.iter().enumerate() {
                match target.formula.value(|name| metrics.get(name)) {
                    Some(value) => inside.push(value),
                    None => {
                        let reason = undefined(target.formula.reads(), metrics);
                        return Ok(Verdict::Undefined(format!("fold {}: {reason}", index + 1)));
                    }
                }
            }
            match folds.value(&inside).filter(|value| value.is_finite()) {
                Some(value) => values.push(value),
                None => return Ok(Verdict::Undefined(format!("{} of the folds is not a finite number", folds.text()))),
            }
        }
        Ok(Verdict::Valued(values))
    }

    fn read_by_objective(&self, metrics: &Metrics) -> BTreeMap<String, f64> {
        let reads = self.plan.objective.targets.iter().flat_map(|target| target.formula.reads());
        let names = reads.map(String::as_str).chain(["trades"]);
        names.filter_map(|name| Some((name.to_owned(), metrics.get(name)?))).collect()
    }
}

/// The parts with their calendars.
pub(super) fn prepared(plan: &Plan, bars: &bartune_engine::bars::Bars, train: &Range<usize>) -> Vec<Prepared> {
    ranges(plan, train).into_iter().map(|range| Prepared::new(bars, range)).collect()
}
