//! Whether a strategy that answers in columns is what it promises to be: pure, and without a look ahead.
//!
//! Tried on a few probe trials, on the bars of the train segment. See [`leak`](crate::strategy::leak) for how.

use bartune_engine::Params;

use super::code::shown;
use super::probe::Probe;
use super::{Finding, Severity};
use crate::config::Plan;
use crate::error::Error;
use crate::evaluator::{Evaluator, SegmentName};
use crate::parallel;
use crate::strategy::leak::{self, CutCheck, time_of};

/// Probe trials that are looked at.
const PROBES: usize = 3;

pub(super) fn findings(plan: &Plan, evaluator: &Evaluator<'_>, probes: &[Probe]) -> Result<Vec<Finding>, Error> {
    let Some(code) = plan.strategy.columns() else { return Ok(Vec::new()) };
    let name = code.strategy().name();
    let mut trials: Vec<&Params> = probes.iter().filter(|probe| probe.trades()).map(|probe| &probe.params).collect();
    trials.truncate(PROBES);
    let bars = evaluator.shared_bars(evaluator.range(SegmentName::Train)?.end);
    let bound: Vec<_> = trials.iter().map(|params| code.bind(params)).collect();
    if let Some((trial, bar)) = leak::impurity(&bound, &bars)? {
        let message = format!(
            "`{name}` is not pure: asked again with {}, it decides otherwise at bar {bar} ({})",
            shown(trials[trial]),
            time_of(&bars, bar)
        );
        let remedy = "let it depend on nothing but its bars and parameters: no clock, no randomness without a fixed seed, \
                      nothing kept from one call to the next";
        return Ok(vec![Finding::new(Severity::Stop, "not-pure", message, remedy)]);
    }
    let numbers: Vec<usize> = (0..bound.len()).collect();
    let checks = parallel::map(&numbers, |&trial| leak::cut_check(&bound[trial], &bars, trial as u64));
    let checks = checks.into_iter().collect::<Result<Vec<CutCheck>, Error>>()?;
    for (check, params) in checks.iter().zip(&trials) {
        let Some(leak) = check.leak else { continue };
        let message = format!(
            "`{name}` looks ahead: with {} it decides otherwise at bar {} ({}) when the bars end at bar {} ({})",
            shown(params),
            leak.bar,
            time_of(&bars, leak.bar),
            leak.cut - 1,
            time_of(&bars, leak.cut - 1)
        );
        let remedy = "look for `shift(-1)`, `center=True`, means or ranks over all bars, `bfill`, and longer bars that are \
                      read before they are complete";
        return Ok(vec![Finding::new(Severity::Stop, "looks-ahead", message, remedy)]);
    }
    Ok(unchecked(name, &checks).into_iter().collect())
}

/// Whether it refuses fewer bars throughout, so that nothing could be compared.
fn unchecked(name: &str, checks: &[CutCheck]) -> Option<Finding> {
    let reason = checks.iter().find_map(|check| check.unanswered.as_deref())?;
    let message = format!("whether `{name}` looks ahead cannot be seen: it fails on fewer bars: {reason}");
    let remedy = "let it answer for any number of bars, with no signals where there are too few";
    let is_blind = checks.iter().any(|check| check.cuts == 0);
    is_blind.then(|| Finding::new(Severity::Warning, "not-checked", message, remedy))
}
