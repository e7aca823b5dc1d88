//! The strategy as a graph of hash-consed nodes, parameters still symbolic.
//!
//! Two expressions that say the same thing are one node, wherever they were written. Inputs always have
//! smaller ids than the node that reads them, so that every pass is a loop and none recurses: no strategy
//! can overflow a stack.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::kind::Kind;
use super::syntax::{ArithmeticOp, CompareOp};

/// A node's position in its graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NodeId(u32);

impl NodeId {
    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// A number whose equality is that of its bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Bits(u64);

impl Bits {
    pub(super) fn new(value: f64) -> Self {
        Self(value.to_bits())
    }

    pub(super) fn get(self) -> f64 {
        f64::from_bits(self.0)
    }
}

/// A column that every strategy can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Series {
    Open,
    High,
    Low,
    Close,
    Volume,
    Hl2,
    Hlc3,
    Ohlc4,
    Hour,
    Minute,
    Weekday,
    DayOfMonth,
    /// Open time; read by functions only, it has no name in the language.
    Time,
}

/// Series by name, in the order of the documentation.
pub(super) const SERIES: [(&str, Series); 12] = [
    ("open", Series::Open),
    ("high", Series::High),
    ("low", Series::Low),
    ("close", Series::Close),
    ("volume", Series::Volume),
    ("hl2", Series::Hl2),
    ("hlc3", Series::Hlc3),
    ("ohlc4", Series::Ohlc4),
    ("hour", Series::Hour),
    ("minute", Series::Minute),
    ("weekday", Series::Weekday),
    ("day_of_month", Series::DayOfMonth),
];

impl Series {
    pub(super) fn find(name: &str) -> Option<Self> {
        SERIES.iter().find(|(known, _)| *known == name).map(|(_, series)| *series)
    }

    pub(super) fn name(self) -> &'static str {
        SERIES.iter().find(|(_, series)| *series == self).map_or("time", |(name, _)| name)
    }
}

/// What a node does with its inputs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Op {
    Number(Bits),
    Bool(bool),
    Text(String),
    Param(String),
    Series(Series),
    Negate,
    Arithmetic(ArithmeticOp),
    Compare(CompareOp),
    Not,
    And,
    Or,
    /// Inputs: condition, then, otherwise.
    Choose,
    /// Inputs: target, lag.
    Lag,
    /// Inputs: the series of the call in order, then one for each argument.
    Call {
        function: &'static str,
        output: usize,
    },
    /// A pointwise function of scalars.
    Scalar(&'static str),
    /// Inputs: the body on the higher timeframe, the timeframe.
    Align,
}

/// One node: an operation on earlier nodes, on the bars of the base or of a higher timeframe.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Node {
    pub(super) op: Op,
    pub(super) inputs: Vec<NodeId>,
    /// The text node that names the timeframe, for series inside `on`.
    pub(super) frame: Option<NodeId>,
}

/// Nodes in an order where inputs come first.
#[derive(Debug, Clone, Default)]
pub(super) struct Graph {
    nodes: Vec<Node>,
    kinds: Vec<Kind>,
    index: BTreeMap<Node, NodeId>,
}

impl Graph {
    /// The node for this operation: an earlier one that says the same, or a new one.
    pub(super) fn add(&mut self, op: Op, inputs: Vec<NodeId>, kind: Kind) -> NodeId {
        self.add_node(Node { op, inputs, frame: None }, kind)
    }

    fn add_node(&mut self, node: Node, kind: Kind) -> NodeId {
        if let Some(&known) = self.index.get(&node) {
            return known;
        }
        let id = NodeId(u32::try_from(self.nodes.len()).expect("texts are bounded far below 2^32 nodes"));
        self.nodes.push(node.clone());
        self.kinds.push(kind);
        self.index.insert(node, id);
        id
    }

    pub(super) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    pub(super) fn kind(&self, id: NodeId) -> &Kind {
        &self.kinds[id.index()]
    }

    pub(super) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Nodes that `roots` read, themselves included.
    pub(super) fn reachable(&self, roots: impl IntoIterator<Item = NodeId>) -> Vec<bool> {
        let mut reached = vec![false; self.nodes.len()];
        for root in roots {
            reached[root.index()] = true;
        }
        for (index, node) in self.nodes.iter().enumerate().rev() {
            if reached[index] {
                for input in node.inputs.iter().chain(&node.frame) {
                    reached[input.index()] = true;
                }
            }
        }
        reached
    }

    /// A copy of `body` and what it reads, on the bars of `frame`. `None` when it is already, in part, on
    /// a higher timeframe.
    pub(super) fn on_frame(&mut self, body: NodeId, frame: NodeId) -> Option<NodeId> {
        let reached = self.reachable([body]);
        let mut moved: BTreeMap<NodeId, NodeId> = BTreeMap::new();
        for index in (0..=body.index()).filter(|&index| reached[index]) {
            let node = self.nodes[index].clone();
            let kind = self.kinds[index].clone();
            if node.op == Op::Align {
                return None;
            }
            let id = NodeId(u32::try_from(index).expect("an existing id"));
            let copy = if kind.is_series() {
                let inputs = node.inputs.iter().map(|input| moved[input]).collect();
                self.add_node(Node { op: node.op, inputs, frame: Some(frame) }, kind)
            } else {
                id
            };
            moved.insert(id, copy);
        }
        moved.get(&body).copied()
    }

    /// The graph of what `roots` read alone, with the roots' new ids.
    pub(super) fn compact(&self, roots: &[NodeId]) -> (Self, Vec<NodeId>) {
        let reached = self.reachable(roots.iter().copied());
        let mut moved: BTreeMap<NodeId, NodeId> = BTreeMap::new();
        let mut graph = Self::default();
        for (node, id) in self.nodes.iter().zip((0..).map(NodeId)).filter(|(_, id)| reached[id.index()]) {
            let inputs = node.inputs.iter().map(|input| moved[input]).collect();
            let frame = node.frame.map(|frame| moved[&frame]);
            let copy = Node { op: node.op.clone(), inputs, frame };
            moved.insert(id, graph.add_node(copy, self.kind(id).clone()));
        }
        let roots = roots.iter().map(|root| moved[root]).collect();
        (graph, roots)
    }

    /// Names of the parameters that `roots` read.
    pub(super) fn params(&self, roots: impl IntoIterator<Item = NodeId>) -> BTreeSet<String> {
        let reached = self.reachable(roots);
        let reached = self.nodes.iter().zip(reached).filter(|(_, reached)| *reached);
        reached
            .filter_map(|(node, _)| match &node.op {
                Op::Param(name) => Some(name.clone()),
                _ => None,
            })
            .collect()
    }

    /// One line a node, numbered in the order in which `roots` first need them, then one line a root: the
    /// same text for strategies that mean the same, whatever their spacing and `let`s.
    pub(super) fn canonical(&self, roots: &[(&str, NodeId)]) -> String {
        let mut numbers: Vec<Option<usize>> = vec![None; self.nodes.len()];
        let mut text = String::new();
        let mut count = 0;
        for (_, root) in roots {
            let mut stack = vec![(*root, false)];
            while let Some((id, expanded)) = stack.pop() {
                if numbers[id.index()].is_some() {
                    continue;
                }
                let node = self.node(id);
                if !expanded {
                    stack.push((id, true));
                    stack.extend(node.inputs.iter().chain(&node.frame).rev().map(|&input| (input, false)));
                    continue;
                }
                numbers[id.index()] = Some(count);
                let number = |input: &NodeId| numbers[input.index()].unwrap_or(usize::MAX);
                let _ = write!(text, "n{count} = {}", self.label(node));
                for input in &node.inputs {
                    let _ = write!(text, " n{}", number(input));
                }
                if let Some(frame) = &node.frame {
                    let _ = write!(text, " @n{}", number(frame));
                }
                text.push('\n');
                count += 1;
            }
        }
        for (name, root) in roots {
            let _ = writeln!(text, "{name} = n{}", numbers[root.index()].unwrap_or(usize::MAX));
        }
        text
    }

    fn label(&self, node: &Node) -> String {
        match &node.op {
            Op::Number(bits) => format!("{:?}", bits.get()),
            Op::Bool(value) => value.to_string(),
            Op::Text(text) => format!("{text:?}"),
            Op::Param(name) => format!("${name}"),
            Op::Series(series) => series.name().to_owned(),
            Op::Negate => "neg".to_owned(),
            Op::Arithmetic(op) => op.spelling().to_owned(),
            Op::Compare(op) => op.spelling().to_owned(),
            Op::Not => "not".to_owned(),
            Op::And => "and".to_owned(),
            Op::Or => "or".to_owned(),
            Op::Choose => "if".to_owned(),
            Op::Lag => "lag".to_owned(),
            Op::Call { function, output } => format!("{function}#{output}"),
            Op::Scalar(function) => (*function).to_owned(),
            Op::Align => "on".to_owned(),
        }
    }
}
