//! Whether a strategy in Rust is what it promises to be: pure, and without a look ahead.
//!
//! Both are tried on a few probe trials, decision by decision on the train segment. *Pure*: asked again, after another
//! trial has run, it decides the same. *Causal*: on bars that are cut off it decides the same up to the cut. What a
//! [`Moment`](crate::strategy::Moment) shows cannot be ahead; what the code has brought along can.

use std::ops::Range;

use bartune_engine::Params;
use bartune_engine::simulator::{Decision, Distances};

use super::probe::Probe;
use super::{Finding, Severity};
use crate::config::Plan;
use crate::error::Error;
use crate::evaluator::{Evaluator, SegmentName};

/// Probe trials that are looked at.
const PROBES: usize = 3;
/// Where the bars are cut, as shares of the train segment: odd ones, that no round number of bars hides from.
const CUTS: [f64; 3] = [0.337, 0.619, 0.913];

pub(super) fn findings(plan: &Plan, evaluator: &Evaluator<'_>, probes: &[Probe]) -> Result<Vec<Finding>, Error> {
    let Some(code) = plan.strategy.code() else { return Ok(Vec::new()) };
    let name = code.strategy().name();
    let train = evaluator.range(SegmentName::Train)?;
    let mut trials: Vec<&Params> = probes.iter().filter(|probe| probe.trades()).map(|probe| &probe.params).collect();
    trials.truncate(PROBES);
    let whole = decisions(evaluator, &trials, train.end)?;
    let again = decisions(evaluator, &trials, train.end)?;
    if let Some((trial, bar)) = difference(&whole, &again) {
        let message = format!(
            "`{name}` is not pure: asked twice with {}, it decides otherwise at bar {}",
            shown(trials[trial]),
            train.start + bar
        );
        let remedy = "let it depend on nothing but its parameters and the moments since `start`: no clock, no \
                      randomness, no state shared between trials";
        return Ok(vec![Finding::new(Severity::Stop, "not-pure", message, remedy)]);
    }
    for cut in CUTS.map(|share| cut(&train, share)) {
        let short = decisions(evaluator, &trials, cut)?;
        if let Some((trial, bar)) = difference(&short, &whole) {
            let message = format!(
                "`{name}` looks ahead: with {} it decides otherwise at bar {} when the bars end at {cut}",
                shown(trials[trial]),
                train.start + bar
            );
            let remedy = "read bars through the moment only; what was computed over all bars knows their end";
            return Ok(vec![Finding::new(Severity::Stop, "looks-ahead", message, remedy)]);
        }
    }
    Ok(Vec::new())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a count")]
fn cut(train: &Range<usize>, share: f64) -> usize {
    train.start + ((train.len() as f64 * share) as usize).max(2)
}

fn decisions(evaluator: &Evaluator<'_>, trials: &[&Params], bars: usize) -> Result<Vec<Vec<Decision>>, Error> {
    trials.iter().map(|params| evaluator.trace(params, SegmentName::Train, bars)).collect()
}

/// The first trial and bar at which two runs differ, as far as both go.
fn difference(some: &[Vec<Decision>], others: &[Vec<Decision>]) -> Option<(usize, usize)> {
    some.iter().zip(others).enumerate().find_map(|(trial, (some, other))| {
        let bar = some.iter().zip(other).position(|(one, other)| !is_same(one, other))?;
        Some((trial, bar))
    })
}

/// Equal in every bit, an undefined distance being equal to itself.
fn is_same(one: &Decision, other: &Decision) -> bool {
    let bits = |distances: &Distances| {
        [distances.stop, distances.target, distances.trailing].map(|distance| distance.map(f64::to_bits))
    };
    let bare = |decision: &Decision| Decision { distances: Distances::default(), ..*decision };
    bare(one) == bare(other) && bits(&one.distances) == bits(&other.distances)
}

pub(super) fn shown(params: &Params) -> String {
    params.iter().map(|(name, value)| format!("{name} = {value}")).collect::<Vec<_>>().join(", ")
}
