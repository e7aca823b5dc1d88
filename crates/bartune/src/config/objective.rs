//! `[objective]`: what is optimised, under which constraints, and what the composite is made of.

use bartune_engine::language::{self, Constraint, Formula};
use bartune_engine::metric::{self, Better, CompositeOptions};
use bartune_search::trial::StudyDirection;

use super::expression::report_expression;
use super::options::ObjectiveOptions;
use super::section::Problems;
use crate::diagnostic::{Located, Sources, nearest};

/// What is optimised, under which constraints.
#[derive(Debug, Clone)]
pub struct Objective {
    /// Direction.
    pub direction: StudyDirection,
    /// A metric or an expression of metrics, of the train segment.
    pub formula: Formula,
    /// Conditions on the train metrics.
    pub constraints: Vec<Constraint>,
    /// Weights and bounds of the `composite` metric.
    pub composite: CompositeOptions,
}

/// Resolve `[objective]`, reporting every problem.
pub(crate) fn resolve(written: &ObjectiveOptions, sources: &Sources, problems: &Problems) -> Option<Objective> {
    let (direction, text) = match (&written.maximize, &written.minimize) {
        (Some(text), None) => (StudyDirection::Maximize, Some(text)),
        (None, Some(text)) => (StudyDirection::Minimize, Some(text)),
        (None, None) => (StudyDirection::Maximize, None),
        (Some(_), Some(second)) => {
            problems.push("E110", &second.span, "an objective is maximised or minimised, not both");
            return None;
        }
    };
    let names: Vec<&str> = metric::catalogue().iter().map(|metric| metric.name).collect();
    let report = |text: &Located<String>, found: Vec<language::Diagnostic>| {
        found.iter().for_each(|problem| report_expression(text, problem, sources, problems))
    };
    let formula = match text {
        Some(text) => language::compile_formula(&text.value, &names).map_err(|found| report(text, found)).ok(),
        None => language::compile_formula("composite", &names).ok(),
    };
    let constraint = |text: &Located<String>| {
        language::compile_constraint(&text.value, &names).map_err(|found| report(text, found)).ok()
    };
    let constraints: Vec<Option<Constraint>> = written.constraints.iter().map(constraint).collect();
    warn_wrong_direction(text, direction, problems);
    Some(Objective {
        direction,
        formula: formula?,
        constraints: constraints.into_iter().collect::<Option<_>>()?,
        composite: composite(written, problems),
    })
}

/// `maximize = "max_drawdown"` is a slip of the pen: refuse it.
fn warn_wrong_direction(text: Option<&Located<String>>, direction: StudyDirection, problems: &Problems) {
    let Some((text, metric)) = text.and_then(|text| Some((text, metric::find(text.value.trim())?))) else { return };
    let (wrong, right) = match (direction, metric.better) {
        (StudyDirection::Maximize, Better::Lower) => ("maximises", "minimize"),
        (StudyDirection::Minimize, Better::Higher) => ("minimises", "maximize"),
        _ => return,
    };
    let help = format!("write `{right} = \"{0}\"`, or `-{0}` if it is meant", metric.name);
    problems.push_with_help(
        "E110",
        &text.span,
        format!("this {wrong} `{}`, which searches for the worst", metric.name),
        help,
    );
}

fn composite(written: &ObjectiveOptions, problems: &Problems) -> CompositeOptions {
    let mut composite = CompositeOptions::default();
    if let Some(trades) = &written.full_score_trades {
        match u32::try_from(trades.value) {
            Ok(count) => composite.full_score_trades = count,
            Err(_) => {
                problems.push("E104", &trades.span, "`objective.full_score_trades` is a number of trades, 0 or more")
            }
        }
    }
    for (name, part) in written.composite.iter().flatten() {
        let Some(term) = composite.term_mut(name) else {
            let known: Vec<&str> = composite.terms().map(|(name, _)| name).to_vec();
            let near = nearest(name, known.iter().copied()).map_or_else(|| known.join(", "), str::to_owned);
            problems.push_with_help(
                "E102",
                &part.span,
                format!("`{name}` is no part of the composite"),
                format!("did you mean {near}?"),
            );
            continue;
        };
        term.weight = part.value.weight.unwrap_or(term.weight);
        term.worst = part.value.worst.unwrap_or(term.worst);
        term.best = part.value.best.unwrap_or(term.best);
    }
    if let Err(error) = composite.check() {
        problems.push("E104", &written.span, error.to_string());
    }
    composite
}
