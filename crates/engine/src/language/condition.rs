//! Comparisons and `and`/`or` into graph nodes: which kinds can be compared, and what a chain means.

use super::diagnostic::{Code, Problem, Span, did_you_mean};
use super::graph::{NodeId, Op};
use super::kind::Kind;
use super::lower::{Lowerer, condition_help, quoted_list};
use super::syntax::{CompareOp, Expr, LogicOp};

impl Lowerer<'_> {
    /// `a < b < c` is `a < b and b < c`.
    pub(super) fn compare(&mut self, first: &Expr, rest: &[(CompareOp, Expr)]) -> Option<NodeId> {
        let mut left = (self.lower(first), &first.span);
        let mut whole: Option<NodeId> = None;
        let mut sound = true;
        for (op, expr) in rest {
            let right = (self.lower(expr), &expr.span);
            let pair = match (left.0, right.0) {
                (Some(a), Some(b)) => self.compare_node(*op, (a, left.1), (b, right.1)),
                _ => None,
            };
            sound &= pair.is_some();
            whole = match (whole, pair) {
                (Some(whole), Some(pair)) => Some(self.logic_node(LogicOp::And, whole, pair)),
                (_, pair) => pair,
            };
            left = right;
        }
        whole.filter(|_| sound)
    }

    fn compare_node(&mut self, op: CompareOp, left: (NodeId, &Span), right: (NodeId, &Span)) -> Option<NodeId> {
        let kind = match (self.kind(left.0), self.kind(right.0)) {
            (Kind::Scalar(_), Kind::Scalar(_)) => Kind::Switch,
            (a, b) if a.is_number() && b.is_number() => Kind::Condition,
            (Kind::Switch, Kind::Switch) if is_equality(op) => Kind::Switch,
            (Kind::Text(a), Kind::Text(b)) if is_equality(op) => {
                if !a.iter().any(|text| b.contains(text)) {
                    let problem = self.unknown_choice(left, right);
                    return self.report(problem);
                }
                Kind::Switch
            }
            (a, b) => {
                let problem = cannot_compare(op, (a, left.1), (b, right.1));
                return self.report(problem);
            }
        };
        Some(self.graph.add(Op::Compare(op), vec![left.0, right.0], kind))
    }

    fn unknown_choice(&self, left: (NodeId, &Span), right: (NodeId, &Span)) -> Problem {
        let literal = |id: NodeId| match &self.graph.node(id).op {
            Op::Text(text) => Some(text.clone()),
            _ => None,
        };
        let choices = |id: NodeId| match self.kind(id) {
            Kind::Text(choices) => choices.to_vec(),
            _ => Vec::new(),
        };
        let (text, span, other) = match (literal(left.0), literal(right.0)) {
            (Some(text), _) => (text, left.1, right.0),
            (None, Some(text)) => (text, right.1, left.0),
            (None, None) => {
                let message = "these two never have a value in common";
                return Problem::new(Code::UnknownChoice, &(left.1.start..right.1.end), message);
            }
        };
        let (known, message) = match &self.graph.node(other).op {
            Op::Param(name) => (choices(other), format!("`{name}` is never '{text}'")),
            _ => (choices(other), format!("this is never '{text}'")),
        };
        let listed = || format!("its choices are {}", quoted_list(&known));
        let help = did_you_mean(&text, known.iter().map(String::as_str)).unwrap_or_else(listed);
        Problem::new(Code::UnknownChoice, span, message).help(help)
    }

    pub(super) fn logic(&mut self, op: LogicOp, operands: &[Expr]) -> Option<NodeId> {
        let mut whole: Option<NodeId> = None;
        let mut sound = true;
        for (index, expr) in operands.iter().enumerate() {
            let side = if index == 0 { "left" } else { "right" };
            let lowered = self.lower(expr).filter(|&id| self.expect_condition(id, op, &expr.span, side));
            sound &= lowered.is_some();
            whole = match (whole, lowered) {
                (Some(whole), Some(next)) => Some(self.logic_node(op, whole, next)),
                (whole, next) => whole.or(next),
            };
        }
        whole.filter(|_| sound)
    }

    fn expect_condition(&mut self, id: NodeId, op: LogicOp, span: &Span, side: &str) -> bool {
        let kind = self.kind(id).clone();
        if !kind.is_condition() {
            let spelling = op.spelling();
            let message = format!("`{spelling}` needs conditions on both sides; the {side} side is {}", kind.words());
            self.report(Problem::new(Code::WrongKind, span, message).maybe_help(condition_help(&kind)));
        }
        kind.is_condition()
    }

    fn logic_node(&mut self, op: LogicOp, left: NodeId, right: NodeId) -> NodeId {
        let kind = match (self.kind(left), self.kind(right)) {
            (Kind::Switch, Kind::Switch) => Kind::Switch,
            _ => Kind::Condition,
        };
        let op = match op {
            LogicOp::And => Op::And,
            LogicOp::Or => Op::Or,
        };
        self.graph.add(op, vec![left, right], kind)
    }
}

fn is_equality(op: CompareOp) -> bool {
    matches!(op, CompareOp::Equal | CompareOp::NotEqual)
}

fn cannot_compare(op: CompareOp, left: (&Kind, &Span), right: (&Kind, &Span)) -> Problem {
    let span = left.1.start..right.1.end;
    let (a, b) = (left.0, right.0);
    if a.is_condition() && b.is_condition() {
        let problem = Problem::new(Code::WrongKind, &span, format!("`{}` cannot compare conditions", op.spelling()));
        return problem.help("combine them with `and`, `or`, `not`");
    }
    let message = format!("`{}` cannot compare {} with {}", op.spelling(), a.words(), b.words());
    let problem = Problem::new(Code::WrongKind, &span, message);
    match (a, b) {
        (Kind::Text(_), Kind::Text(_)) => problem.help("texts are compared with `==` and `!=`"),
        _ => problem,
    }
}
