//! Whether each parameter matters: moving it alone changes some fill of some probe trial.
//!
//! A parameter is moved to both ends of its range, to its middle and (a choice) to every other choice,
//! the others staying as they are. One that changes nothing in any probe is *dead*: searching it divides
//! the budget among equal trials. What reads no rule at all is told from the text already; what is found
//! here is read and still without effect, such as a stop that is never reached.

use bartune_search::space::{Assignment, Distribution, ParamValue, Space};

use super::probe::{Probe, fills_of};
use super::{Finding, Severity};
use crate::config::Plan;
use crate::error::Error;
use crate::evaluator::Evaluator;
use crate::parallel;

/// What moving a parameter did.
enum Effect {
    /// Some fill changed.
    Alive,
    /// It was moved and nothing changed.
    Dead {
        /// How many points were compared.
        moves: usize,
    },
    /// It was never active, or could not be moved.
    Untested,
}

pub(super) fn findings(plan: &Plan, evaluator: &Evaluator<'_>, probes: &[Probe]) -> Result<Vec<Finding>, Error> {
    let read = plan.strategy.reads();
    let mut findings = Vec::new();
    // One that no rule reads has been told of; conditions of other parameters may read it all the same.
    let parameters = &plan.parameters;
    let free = |name: &&String| read.contains(*name) && !parameters.is_fixed(name);
    let names: Vec<&String> = parameters.space.params().keys().filter(free).collect();
    let effects = parallel::map(&names, |name| effect(plan, evaluator, probes, name));
    for (name, effect) in names.into_iter().zip(effects) {
        let (message, severity) = match effect? {
            Effect::Alive => continue,
            Effect::Dead { moves } => {
                let message = format!(
                    "parameter `{name}` is dead: moving it {moves} times in {} probe trials changed no fill",
                    probes.len()
                );
                (message, Severity::Warning)
            }
            Effect::Untested => (
                format!("parameter `{name}` was never active, or never free to move, in {} probe trials", probes.len()),
                Severity::Note,
            ),
        };
        let remedy = format!("fix `{name}` at one value, or see why what it governs never comes into play");
        findings.push(Finding::new(severity, "dead-parameter", message, remedy));
    }
    Ok(findings)
}

fn effect(plan: &Plan, evaluator: &Evaluator<'_>, probes: &[Probe], name: &str) -> Result<Effect, Error> {
    let mut moves = 0;
    for probe in probes.iter().filter(|probe| probe.trades()) {
        for moved in moved(&plan.parameters.space, &probe.assignment, name) {
            moves += 1;
            if fills_of(plan, evaluator, &moved)? != probe.fills {
                return Ok(Effect::Alive);
            }
        }
    }
    Ok(if moves == 0 { Effect::Untested } else { Effect::Dead { moves } })
}

/// The points where only `name` differs, its conditions and relations holding.
fn moved(space: &Space, from: &Assignment, name: &str) -> Vec<Assignment> {
    let (Some(distribution), Some(now)) = (space.distribution(name), from.get(name)) else { return Vec::new() };
    let mut points = Vec::new();
    for value in values(distribution) {
        let mut point = from.clone();
        point.insert(name.to_owned(), value.clone());
        let point = space.normalize(&point);
        if value != *now && space.is_member(&point) && !points.contains(&point) {
            points.push(point);
        }
    }
    points
}

/// A few values across a range.
fn values(distribution: &Distribution) -> Vec<ParamValue> {
    match distribution {
        Distribution::Float { low, high, .. } => {
            vec![ParamValue::Float(*low), ParamValue::Float(*high), ParamValue::Float(0.5 * low + 0.5 * high)]
        }
        Distribution::Int { low, high, .. } => {
            vec![ParamValue::Int(*low), ParamValue::Int(*high), ParamValue::Int(low.midpoint(*high))]
        }
        Distribution::Categorical { choices } => (0..choices.len()).map(ParamValue::Choice).collect(),
    }
}
