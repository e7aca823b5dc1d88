//! Arithmetic of single values: what a node of scalars is worth once parameters are put in.
//!
//! Three-valued where a value is missing (a parameter that is inactive in a trial): `false and missing`
//! is false, `true or missing` is true, `a if true else missing` is `a`; everything else that reads a
//! missing value is missing.

use std::sync::Arc;

use super::graph::{Graph, NodeId, Op};
use super::syntax::CompareOp;
use crate::function;
use crate::{Params, Value};

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Scalar {
    Number(f64),
    Switch(bool),
    Text(Arc<str>),
}

impl Scalar {
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Self::Number(value) => Some(*value),
            _ => None,
        }
    }

    pub(super) fn switch(&self) -> Option<bool> {
        match self {
            Self::Switch(value) => Some(*value),
            _ => None,
        }
    }
}

impl From<&Value> for Scalar {
    fn from(value: &Value) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "parameters are far below 2^53")]
        match value {
            Value::Bool(value) => Self::Switch(*value),
            Value::Int(value) => Self::Number(*value as f64),
            Value::Float(value) => Self::Number(*value),
            Value::Text(text) => Self::Text(text.as_str().into()),
        }
    }
}

/// The value of an operation on values that are all there; `None` for operations on series.
pub(super) fn apply(op: &Op, inputs: &[Scalar]) -> Option<Scalar> {
    let number = |index: usize| inputs.get(index).and_then(Scalar::number);
    let switch = |index: usize| inputs.get(index).and_then(Scalar::switch);
    Some(match op {
        Op::Number(bits) => Scalar::Number(bits.get()),
        Op::Bool(value) => Scalar::Switch(*value),
        Op::Text(text) => Scalar::Text(text.as_str().into()),
        Op::Negate => Scalar::Number(-number(0)?),
        Op::Arithmetic(op) => Scalar::Number(op.apply(number(0)?, number(1)?)),
        Op::Compare(op) => Scalar::Switch(compare(*op, inputs.first()?, inputs.get(1)?)?),
        Op::Not => Scalar::Switch(!switch(0)?),
        Op::And => Scalar::Switch(switch(0)? && switch(1)?),
        Op::Or => Scalar::Switch(switch(0)? || switch(1)?),
        Op::Choose => inputs.get(if switch(0)? { 1 } else { 2 })?.clone(),
        // A value that is the same on every bar was the same some bars ago.
        Op::Lag => Scalar::Number(number(0)?),
        Op::Scalar(name) => {
            let numbers: Option<Vec<f64>> = inputs.iter().map(Scalar::number).collect();
            Scalar::Number(function::scalar(name, &numbers?)?)
        }
        Op::Param(_) | Op::Series(_) | Op::Call { .. } | Op::Align => return None,
    })
}

fn compare(op: CompareOp, left: &Scalar, right: &Scalar) -> Option<bool> {
    let same = match (left, right) {
        (Scalar::Number(a), Scalar::Number(b)) => return Some(op.apply(*a, *b)),
        (Scalar::Switch(a), Scalar::Switch(b)) => a == b,
        (Scalar::Text(a), Scalar::Text(b)) => a == b,
        _ => return None,
    };
    Some(same == (op == CompareOp::Equal))
}

/// The value of `root` in a graph of scalars alone; `None` where it hangs on a missing parameter.
pub(super) fn evaluate(graph: &Graph, root: NodeId, params: &Params) -> Option<Scalar> {
    let mut values: Vec<Option<Scalar>> = Vec::with_capacity(graph.nodes().len());
    for node in graph.nodes() {
        let input = |index: usize| node.inputs.get(index).and_then(|id| values[id.index()].clone());
        let value = match &node.op {
            Op::Param(name) => params.get(name).map(Scalar::from),
            Op::And | Op::Or => {
                let decides = Scalar::Switch(node.op == Op::Or);
                match (input(0), input(1)) {
                    (Some(a), _) if a == decides => Some(a),
                    (_, Some(b)) if b == decides => Some(b),
                    (Some(_), Some(b)) => Some(b),
                    _ => None,
                }
            }
            Op::Choose => match input(0) {
                Some(Scalar::Switch(true)) => input(1),
                Some(_) => input(2),
                None => None,
            },
            op => {
                let inputs: Option<Vec<Scalar>> = (0..node.inputs.len()).map(input).collect();
                inputs.and_then(|inputs| apply(op, &inputs))
            }
        };
        values.push(value);
    }
    values.swap_remove(root.index())
}
