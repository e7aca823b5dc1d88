//! Arithmetic over metrics: objectives such as `sharpe - 2 * max_drawdown`, constraints such as
//! `trades >= 30`.
//!
//! **Undefined metrics** make a formula NaN and a constraint violated without end (`+∞`), so that neither
//! can pass for a result.

use std::collections::BTreeSet;

use super::diagnostic::{Code, Diagnostic, Place, Problem};
use super::graph::{Graph, NodeId, Op};
use super::kind::Kind;
use super::predicate::compile_scalar;
use super::scalar::{Scalar, evaluate};
use super::syntax::CompareOp;
use super::{ParamDecl, ParamKind};
use crate::{Params, Value};

/// A number computed from metrics.
#[derive(Debug, Clone)]
pub struct Formula {
    text: String,
    reads: Vec<String>,
    graph: Graph,
    root: NodeId,
}

/// A relation between metrics, with a measure of how far it is violated.
#[derive(Debug, Clone)]
pub struct Constraint {
    text: String,
    reads: Vec<String>,
    graph: Graph,
    root: NodeId,
}

/// Compiles an expression of metrics.
///
/// # Errors
/// Every problem of the text.
pub fn compile_formula(text: &str, names: &[&str]) -> Result<Formula, Vec<Diagnostic>> {
    let (graph, root) = compile_scalar(text, &metrics(names), "metric")?;
    if !matches!(graph.kind(root), Kind::Scalar(_)) {
        let message = format!("this must be a number; it is {}", graph.kind(root).words());
        return Err(vec![wrong_kind(text, message, "a relation belongs into `constraints`")]);
    }
    let reads = graph.params([root]).into_iter().collect();
    Ok(Formula { text: text.to_owned(), reads, graph, root })
}

/// Compiles a relation between metrics: comparisons, joined by `and` and `or`.
///
/// ```
/// let constraint = bartune_engine::language::compile_constraint("trades >= 30", &["trades"]).expect("well formed");
/// assert_eq!(constraint.violation(|_| Some(12.0)), 18.0);
/// assert_eq!(constraint.violation(|_| Some(40.0)), -10.0);
/// ```
///
/// # Errors
/// Every problem of the text.
pub fn compile_constraint(text: &str, names: &[&str]) -> Result<Constraint, Vec<Diagnostic>> {
    let (graph, root) = compile_scalar(text, &metrics(names), "metric")?;
    if *graph.kind(root) != Kind::Switch {
        let message = format!("a constraint is a relation; this is {}", graph.kind(root).words());
        return Err(vec![wrong_kind(text, message, "compare it with something, as in `trades >= 30`")]);
    }
    let is_measurable = graph.nodes().iter().all(|node| match &node.op {
        Op::Compare(_) => node.inputs.iter().all(|&input| matches!(graph.kind(input), Kind::Scalar(_))),
        Op::Not | Op::Choose | Op::Bool(_) | Op::Text(_) => false,
        _ => true,
    });
    if !is_measurable {
        let message = "only comparisons of numbers, `and` and `or` say how far a constraint is violated".to_owned();
        return Err(vec![wrong_kind(text, message, "turn the comparison round instead of `not`")]);
    }
    let reads = graph.params([root]).into_iter().collect();
    Ok(Constraint { text: text.to_owned(), reads, graph, root })
}

fn wrong_kind(text: &str, message: String, help: &str) -> Diagnostic {
    Problem::new(Code::WrongKind, &(0..text.len()), message).help(help).at(&Place::Text)
}

fn metrics(names: &[&str]) -> Vec<ParamDecl> {
    let kind = ParamKind::Float { low: f64::NEG_INFINITY, high: f64::INFINITY };
    let unique: BTreeSet<&str> = names.iter().copied().collect();
    unique.into_iter().map(|name| ParamDecl { name: name.to_owned(), kind: kind.clone() }).collect()
}

/// The metrics that are read, as far as they are defined.
fn values(reads: &[String], metric: impl Fn(&str) -> Option<f64>) -> Params {
    let value = |name: &String| Some((name.clone(), Value::Float(metric(name)?)));
    reads.iter().filter_map(value).collect()
}

impl Formula {
    /// The text as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Names of the metrics it reads, sorted.
    #[must_use]
    pub fn reads(&self) -> &[String] {
        &self.reads
    }

    /// The value, given a look-up of metrics; `None` where it is undefined: a metric that has no value,
    /// or arithmetic that is not finite.
    #[must_use]
    pub fn value(&self, metric: impl Fn(&str) -> Option<f64>) -> Option<f64> {
        let value = evaluate(&self.graph, self.root, &values(&self.reads, metric))?;
        value.number().filter(|value| value.is_finite())
    }
}

impl Constraint {
    /// The text as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Names of the metrics it reads, sorted.
    #[must_use]
    pub fn reads(&self) -> &[String] {
        &self.reads
    }

    /// How far the constraint is violated: 0 or less when it holds, more than 0 when it does not (the sign
    /// that Optuna's constraints have). `a >= b` is violated by `b - a`; `and` by the worse of its sides,
    /// `or` by the better. An undefined metric violates without end.
    #[must_use]
    pub fn violation(&self, metric: impl Fn(&str) -> Option<f64>) -> f64 {
        let params = values(&self.reads, metric);
        let mut violations = vec![f64::NAN; self.graph.nodes().len()];
        for (index, node) in self.graph.nodes().iter().enumerate() {
            let input = |position: usize| violations[node.inputs[position].index()];
            violations[index] = match &node.op {
                Op::And => input(0).max(input(1)),
                Op::Or => input(0).min(input(1)),
                Op::Compare(op) => {
                    let side = |position: usize| {
                        let value = evaluate(&self.graph, node.inputs[position], &params);
                        value.as_ref().and_then(Scalar::number).unwrap_or(f64::NAN)
                    };
                    violation(*op, side(0), side(1))
                }
                _ => f64::NAN,
            };
        }
        violations[self.root.index()]
    }
}

fn violation(op: CompareOp, left: f64, right: f64) -> f64 {
    let distance = match op {
        CompareOp::Less | CompareOp::LessEqual => left - right,
        CompareOp::Greater | CompareOp::GreaterEqual => right - left,
        CompareOp::Equal => (left - right).abs(),
        CompareOp::NotEqual => -(left - right).abs(),
    };
    if left.is_nan() || right.is_nan() {
        f64::INFINITY
    } else if op.apply(left, right) {
        // Two infinities are as far apart as they are equal.
        if distance.is_nan() { 0.0 } else { distance }
    } else if distance > 0.0 {
        distance
    } else {
        // A strict comparison of equals is violated, if by nothing that can be measured.
        f64::MIN_POSITIVE
    }
}
