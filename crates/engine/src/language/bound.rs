//! A strategy with its parameters put in: nodes without names, in an order where inputs come first.

use std::collections::{BTreeMap, BTreeSet};

use super::graph::Series;
use super::key::NodeKey;
use super::syntax::{ArithmeticOp, CompareOp};
use super::{BindError, RuleName};
use crate::function::Function;
use crate::simulator::TimeRules;

/// A node's position among the bound nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct BoundId(pub(super) u32);

impl BoundId {
    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// A number on every bar: the same one, or a node's.
#[derive(Debug, Clone, Copy)]
pub(super) enum Operand {
    Constant(f64),
    Node(BoundId),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Logic {
    And,
    Or,
}

/// What a bound node does. Operands are numbers, bare ids conditions, unless said otherwise.
#[derive(Clone)]
pub(super) enum BoundOp {
    Series(Series),
    Negate(BoundId),
    Arithmetic(ArithmeticOp, Operand, Operand),
    Compare(CompareOp, Operand, Operand),
    Not(BoundId),
    Logic(Logic, BoundId, BoundId),
    Choose {
        condition: BoundId,
        then: Operand,
        otherwise: Operand,
    },
    /// Of a number or of a condition, as the node itself is.
    Lag(BoundId, usize),
    /// All outputs of a function.
    Call {
        function: &'static Function,
        args: Vec<f64>,
        inputs: Vec<Operand>,
    },
    /// One output of a call.
    Output(BoundId, usize),
    /// A node of a higher timeframe on the base bars.
    Align(BoundId),
}

#[derive(Clone)]
pub(super) struct BoundNode {
    pub(super) op: BoundOp,
    pub(super) is_condition: bool,
    /// Timeframe in nanoseconds; `None` for the base bars.
    pub(super) frame: Option<i64>,
    pub(super) key: NodeKey,
    /// First defined bar of its own timeframe; what `on` adds is known only with the bars.
    pub(super) warmup: usize,
}

impl BoundNode {
    /// The nodes that this one reads.
    pub(super) fn inputs(&self) -> Vec<BoundId> {
        let node = |operand: &Operand| match operand {
            Operand::Node(id) => Some(*id),
            Operand::Constant(_) => None,
        };
        match &self.op {
            BoundOp::Series(_) => vec![],
            BoundOp::Negate(id)
            | BoundOp::Not(id)
            | BoundOp::Lag(id, _)
            | BoundOp::Output(id, _)
            | BoundOp::Align(id) => vec![*id],
            BoundOp::Arithmetic(_, a, b) | BoundOp::Compare(_, a, b) => [a, b].into_iter().filter_map(node).collect(),
            BoundOp::Logic(_, a, b) => vec![*a, *b],
            BoundOp::Choose { condition, then, otherwise } => {
                [then, otherwise].into_iter().filter_map(node).chain([*condition]).collect()
            }
            BoundOp::Call { inputs, .. } => inputs.iter().filter_map(node).collect(),
        }
    }
}

/// A rule's condition.
#[derive(Debug, Clone, Copy)]
pub(super) enum Decision {
    Constant(bool),
    Node(BoundId),
}

/// A strategy with its parameters put in, ready to run over any bars. Cheap to make.
#[derive(Clone)]
pub struct BoundStrategy {
    pub(super) nodes: Vec<BoundNode>,
    pub(super) conditions: BTreeMap<RuleName, Decision>,
    pub(super) distances: BTreeMap<RuleName, Operand>,
    pub(super) rules: TimeRules,
}

impl std::fmt::Debug for BoundStrategy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BoundStrategy")
            .field("nodes", &self.nodes.len())
            .field("conditions", &self.conditions)
            .field("distances", &self.distances)
            .field("rules", &self.rules)
            .finish()
    }
}

impl BoundOp {
    /// First defined bar, given that of each input.
    pub(super) fn warmup(&self, of: impl Fn(BoundId) -> usize) -> usize {
        let of_operand = |operand: &Operand| match operand {
            Operand::Constant(_) => 0,
            Operand::Node(id) => of(*id),
        };
        match self {
            // What `on` adds depends on how the buckets lie on the bars; evaluation adds it.
            Self::Series(_) | Self::Align(_) => 0,
            Self::Negate(id) | Self::Not(id) | Self::Output(id, _) => of(*id),
            Self::Arithmetic(_, a, b) | Self::Compare(_, a, b) => of_operand(a).max(of_operand(b)),
            Self::Logic(_, a, b) => of(*a).max(of(*b)),
            Self::Choose { condition, then, otherwise } => {
                of(*condition).max(of_operand(then)).max(of_operand(otherwise))
            }
            Self::Lag(id, lag) => of(*id) + lag,
            Self::Call { function, args, inputs } => {
                inputs.iter().map(of_operand).max().unwrap_or(0) + (function.lookback)(args)
            }
        }
    }
}

impl BoundStrategy {
    /// First bar at which every rule is defined, without what `on` adds, which only the bars tell
    /// (it is in [`Signals::warmup`](crate::simulator::Signals)).
    #[must_use]
    pub fn warmup(&self) -> usize {
        self.roots().iter().map(|root| self.nodes[root.index()].warmup).max().unwrap_or(0)
    }

    /// Timeframes read through `on`, in nanoseconds, each once, ascending.
    #[must_use]
    pub fn timeframes_ns(&self) -> Vec<i64> {
        let frames: BTreeSet<i64> = self.nodes.iter().filter_map(|node| node.frame).collect();
        frames.into_iter().collect()
    }

    /// How many distinct series are computed.
    #[must_use]
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn roots(&self) -> Vec<BoundId> {
        let conditions = self.conditions.values().filter_map(|decision| match decision {
            Decision::Node(id) => Some(*id),
            Decision::Constant(_) => None,
        });
        let distances = self.distances.values().filter_map(|distance| match distance {
            Operand::Node(id) => Some(*id),
            Operand::Constant(_) => None,
        });
        conditions.chain(distances).collect()
    }

    /// Drops nodes that no rule reads.
    pub(super) fn compact(&mut self) {
        let mut reached = vec![false; self.nodes.len()];
        for root in self.roots() {
            reached[root.index()] = true;
        }
        for index in (0..self.nodes.len()).rev() {
            if reached[index] {
                for input in self.nodes[index].inputs() {
                    reached[input.index()] = true;
                }
            }
        }
        let mut next = 0;
        let moved: Vec<BoundId> = reached
            .iter()
            .map(|reached| {
                let id = BoundId(next);
                next += u32::from(*reached);
                id
            })
            .collect();
        let nodes = std::mem::take(&mut self.nodes);
        self.nodes = nodes.into_iter().zip(&reached).filter(|(_, reached)| **reached).map(|(node, _)| node).collect();
        self.nodes.iter_mut().for_each(|node| node.move_inputs(&moved));
        for decision in self.conditions.values_mut() {
            if let Decision::Node(id) = decision {
                *id = moved[id.index()];
            }
        }
        self.distances.values_mut().for_each(|distance| distance.move_to(&moved));
    }

    /// Makes every kernel once, so that evaluation cannot fail.
    pub(super) fn check_calls(&self) -> Result<(), BindError> {
        for node in &self.nodes {
            if let BoundOp::Call { function, args, .. } = &node.op
                && let Err(reason) = (function.make)(args)
            {
                let rule = self.reader_of(node.key);
                return Err(BindError::ArgumentsTogether { rule, function: function.name, reason: reason.to_string() });
            }
        }
        Ok(())
    }

    /// The first rule that reads a node.
    fn reader_of(&self, key: NodeKey) -> RuleName {
        let reads = |root: BoundId| {
            let mut stack = vec![root];
            while let Some(id) = stack.pop() {
                if self.nodes[id.index()].key == key {
                    return true;
                }
                stack.extend(self.nodes[id.index()].inputs());
            }
            false
        };
        let conditions = self.conditions.iter().filter_map(|(rule, decision)| match decision {
            Decision::Node(id) => Some((*rule, *id)),
            Decision::Constant(_) => None,
        });
        let distances = self.distances.iter().filter_map(|(rule, distance)| match distance {
            Operand::Node(id) => Some((*rule, *id)),
            Operand::Constant(_) => None,
        });
        conditions.chain(distances).find(|(_, id)| reads(*id)).map_or(RuleName::LongEntry, |(rule, _)| rule)
    }
}

impl Operand {
    fn move_to(&mut self, moved: &[BoundId]) {
        if let Self::Node(id) = self {
            *id = moved[id.index()];
        }
    }
}

impl BoundNode {
    fn move_inputs(&mut self, moved: &[BoundId]) {
        let to = |id: &mut BoundId| *id = moved[id.index()];
        match &mut self.op {
            BoundOp::Series(_) => {}
            BoundOp::Negate(id)
            | BoundOp::Not(id)
            | BoundOp::Lag(id, _)
            | BoundOp::Output(id, _)
            | BoundOp::Align(id) => to(id),
            BoundOp::Arithmetic(_, a, b) | BoundOp::Compare(_, a, b) => {
                a.move_to(moved);
                b.move_to(moved);
            }
            BoundOp::Logic(_, a, b) => {
                to(a);
                to(b);
            }
            BoundOp::Choose { condition, then, otherwise } => {
                to(condition);
                then.move_to(moved);
                otherwise.move_to(moved);
            }
            BoundOp::Call { inputs, .. } => inputs.iter_mut().for_each(|input| input.move_to(moved)),
        }
    }
}
