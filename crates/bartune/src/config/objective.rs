//! `[objective]`: what is optimised, under which constraints, and what the composite is made of.

use bartune_engine::language::{self, Constraint, Formula};
use bartune_engine::metric::{self, Better, CompositeOptions};
use bartune_search::trial::StudyDirection;

use super::expression::report_expression;
use super::fold::{self, Folds};
use super::options::ObjectiveOptions;
use super::section::Problems;
use crate::diagnostic::{Located, Sources, nearest};

/// What is optimised, under which constraints.
#[derive(Debug, Clone)]
pub struct Objective {
    /// What is optimised; several are a search for a Pareto front. Never empty.
    pub targets: Vec<Target>,
    /// Conditions on the train metrics.
    pub constraints: Vec<Constraint>,
    /// The parts of the train segment that it is valued by, if it is.
    pub folds: Option<Folds>,
    /// Weights and bounds of the `composite` metric.
    pub composite: CompositeOptions,
}

/// One thing to optimise.
#[derive(Debug, Clone)]
pub struct Target {
    /// Whether it is maximised or minimised.
    pub direction: StudyDirection,
    /// A metric or an expression of metrics, of the train segment.
    pub formula: Formula,
}

impl Objective {
    /// One direction a target.
    #[must_use]
    pub fn directions(&self) -> Vec<StudyDirection> {
        self.targets.iter().map(|target| target.direction).collect()
    }

    /// The targets as one text: `composite`, or `sharpe, max_drawdown`.
    #[must_use]
    pub fn text(&self) -> String {
        self.targets.iter().map(Target::text).collect::<Vec<_>>().join(", ")
    }
}

impl Target {
    /// The expression, as written.
    #[must_use]
    pub fn text(&self) -> &str {
        self.formula.text().trim()
    }

    /// `maximize` or `minimize`.
    #[must_use]
    pub fn verb(&self) -> &'static str {
        match self.direction {
            StudyDirection::Maximize => "maximize",
            StudyDirection::Minimize => "minimize",
        }
    }
}

/// Resolve `[objective]`, reporting every problem.
pub(crate) fn resolve(written: &ObjectiveOptions, sources: &Sources, problems: &Problems) -> Option<Objective> {
    let names: Vec<&str> = metric::catalogue().iter().map(|metric| metric.name).collect();
    let report = |text: &Located<String>, found: Vec<language::Diagnostic>| {
        found.iter().for_each(|problem| report_expression(text, problem, sources, problems))
    };
    let target = |direction: StudyDirection, text: &Located<String>| {
        warn_wrong_direction(text, direction, problems);
        let formula = language::compile_formula(&text.value, &names).map_err(|found| report(text, found)).ok();
        formula.map(|formula| Target { direction, formula })
    };
    let maximized = written.maximize.iter().map(|text| target(StudyDirection::Maximize, text));
    let minimized = written.minimize.iter().map(|text| target(StudyDirection::Minimize, text));
    let mut targets: Vec<Option<Target>> = maximized.chain(minimized).collect();
    if targets.is_empty() {
        let formula = language::compile_formula("composite", &names).ok();
        targets.push(formula.map(|formula| Target { direction: StudyDirection::Maximize, formula }));
    }
    warn_repeated(written, problems);
    let constraint = |text: &Located<String>| {
        language::compile_constraint(&text.value, &names).map_err(|found| report(text, found)).ok()
    };
    let constraints: Vec<Option<Constraint>> = written.constraints.iter().map(constraint).collect();
    Some(Objective {
        targets: targets.into_iter().collect::<Option<_>>()?,
        constraints: constraints.into_iter().collect::<Option<_>>()?,
        folds: fold::resolve(written, sources, problems),
        composite: composite(written, problems),
    })
}

/// `maximize = "max_drawdown"` is a slip of the pen: refuse it.
fn warn_wrong_direction(text: &Located<String>, direction: StudyDirection, problems: &Problems) {
    let Some(metric) = metric::find(text.value.trim()) else { return };
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

/// The same target twice would weigh it twice and make every front one point less wide.
fn warn_repeated(written: &ObjectiveOptions, problems: &Problems) {
    let texts: Vec<&Located<String>> = written.maximize.iter().chain(&written.minimize).collect();
    for (index, text) in texts.iter().enumerate() {
        if texts[..index].iter().any(|earlier| earlier.value.trim() == text.value.trim()) {
            problems.push("E110", &text.span, format!("`{}` is an objective already", text.value.trim()));
        }
    }
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
