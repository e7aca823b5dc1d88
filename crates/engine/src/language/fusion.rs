//! Which nodes are never written out as columns, and the programs that compute them where they are read.
//!
//! Sums, lags and choices cost less to compute again than to keep. They become steps of a [`Program`] for whoever reads
//! them: a comparison, a stop's distance, or a function, which needs its inputs as columns and gets them from there.

use std::collections::BTreeMap;

use super::bound::{BoundId, BoundNode, BoundOp, Operand};
use super::cache::{CachedSeries, SeriesValue};
use super::evaluate::{column_of, mask_of};
use super::syntax::ArithmeticOp;
use crate::Pointwise;
use crate::pointwise::{Program, Source, Step};

/// Whether a node is one operation at each bar on numbers that others have computed.
pub(super) fn is_pointwise(node: &BoundNode) -> bool {
    match node.op {
        BoundOp::Negate(_) | BoundOp::Arithmetic(..) | BoundOp::Choose { .. } => true,
        BoundOp::Lag(..) => !node.is_condition,
        _ => false,
    }
}

/// Which of the needed nodes are left to the programs of their readers: pointwise ones that no reader wants as a column.
pub(super) fn deferred(nodes: &[BoundNode], needed: &[bool]) -> Vec<bool> {
    let mut deferred: Vec<bool> =
        nodes.iter().zip(needed).map(|(node, needed)| *needed && is_pointwise(node)).collect();
    for (node, _) in nodes.iter().zip(needed).filter(|(_, needed)| **needed) {
        match &node.op {
            BoundOp::Call { .. } | BoundOp::Lag(..) | BoundOp::Align(_) => {
                node.inputs().iter().for_each(|input| deferred[input.index()] = false);
            }
            _ => {}
        }
    }
    deferred
}

/// A program under construction.
pub(super) struct Fusion<'e> {
    nodes: &'e [BoundNode],
    values: &'e BTreeMap<BoundId, CachedSeries>,
    program: Program,
    placed: BTreeMap<BoundId, Source>,
}

impl<'e> Fusion<'e> {
    /// Over so many bars, with the columns computed so far. A pointwise node that is not among them is deferred.
    pub(super) fn new(nodes: &'e [BoundNode], values: &'e BTreeMap<BoundId, CachedSeries>, bars: usize) -> Self {
        Self { nodes, values, program: Program::new(bars), placed: BTreeMap::new() }
    }

    /// Where the program has this number.
    pub(super) fn operand(&mut self, operand: &Operand) -> Source {
        match operand {
            Operand::Constant(value) => Source::Constant(*value),
            Operand::Node(id) => self.node(*id),
        }
    }

    fn node(&mut self, id: BoundId) -> Source {
        if let Some(source) = self.placed.get(&id) {
            return *source;
        }
        let source = match self.values.get(&id) {
            Some(series) => Source::Column(self.program.add_column(column_of(series).clone())),
            None => self.steps_of(id),
        };
        self.placed.insert(id, source);
        source
    }

    /// The steps of a pointwise node, whether or not it has a column.
    pub(super) fn steps_of(&mut self, id: BoundId) -> Source {
        let step = match &self.nodes[id.index()].op {
            BoundOp::Negate(x) => Step::Negate(self.node(*x)),
            BoundOp::Arithmetic(op, a, b) => {
                let (a, b) = (self.operand(a), self.operand(b));
                match op {
                    ArithmeticOp::Add => Step::Add(a, b),
                    ArithmeticOp::Subtract => Step::Subtract(a, b),
                    ArithmeticOp::Multiply => Step::Multiply(a, b),
                    ArithmeticOp::Divide => Step::Divide(a, b),
                }
            }
            BoundOp::Choose { condition, then, otherwise } => {
                let mask = self.program.add_mask(mask_of(&self.values[condition]));
                Step::Choose { mask, then: self.operand(then), otherwise: self.operand(otherwise) }
            }
            BoundOp::Lag(x, bars) => {
                let column = self.program.add_column(column_of(&self.values[x]).clone());
                Step::Lag { column, bars: *bars }
            }
            _ => unreachable!("only pointwise nodes are left to programs"),
        };
        self.program.add_step(step)
    }

    /// The number computed where it is asked for.
    pub(super) fn pointwise(mut self, operand: &Operand) -> Pointwise {
        let result = self.operand(operand);
        Pointwise::new(self.program, result)
    }

    /// A pointwise node as a column.
    pub(super) fn column(mut self, id: BoundId) -> SeriesValue {
        let result = self.steps_of(id);
        SeriesValue::Number(self.program.column(result).into())
    }

    /// The program, once all that is read has been placed.
    pub(super) fn into_program(self) -> Program {
        self.program
    }
}
