//! A syntax tree into graph nodes, with every name resolved and every kind checked.
//!
//! A part that is wrong is reported once and then has no node; what reads it is skipped in silence, so
//! that one slip gives one message while unrelated slips are all reported.

use std::collections::BTreeMap;

use super::diagnostic::{Code, Problem, Span, did_you_mean};
use super::graph::{Bits, Graph, NodeId, Op, SERIES, Series};
use super::kind::{Interval, Kind};
use super::syntax::{ArithmeticOp, Expr, ExprKind, Word};
use super::{ParamDecl, ParamKind};
use crate::function::{self, BarColumn};

/// The longest period or lag that is accepted, in bars.
pub(super) const MAX_BARS: f64 = 1_000_000.0;

/// Which series an expression may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reads {
    /// Bars and parameters.
    Series,
    /// Scalars alone, called this in messages (`parameter`, `metric`).
    Scalars(&'static str),
}

/// A `let` as the expressions that read it see it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Binding {
    /// `None`: it is wrong, which has been reported.
    pub(super) node: Option<NodeId>,
    /// Whether it is a bare call, so that `.name` can pick an output.
    pub(super) is_call: bool,
}

/// Everything a name can mean.
pub(super) struct Scope<'a> {
    pub(super) params: &'a [ParamDecl],
    pub(super) lets: BTreeMap<String, Binding>,
    pub(super) reads: Reads,
}

pub(super) struct Lowerer<'a> {
    pub(super) graph: &'a mut Graph,
    pub(super) scope: &'a Scope<'a>,
    pub(super) problems: Vec<Problem>,
}

impl Lowerer<'_> {
    pub(super) fn report(&mut self, problem: Problem) -> Option<NodeId> {
        self.problems.push(problem);
        None
    }

    pub(super) fn kind(&self, id: NodeId) -> &Kind {
        self.graph.kind(id)
    }

    /// The node of `expr`; `None` when it, or something it reads, is wrong.
    pub(super) fn lower(&mut self, expr: &Expr) -> Option<NodeId> {
        match &expr.kind {
            ExprKind::Number { value, .. } => Some(self.number(*value)),
            ExprKind::Undefined => Some(self.number(f64::NAN)),
            ExprKind::Text(text) => Some(self.text(text)),
            ExprKind::Bool(value) => Some(self.graph.add(Op::Bool(*value), vec![], Kind::Switch)),
            ExprKind::Name(name) => self.name(name, &expr.span),
            ExprKind::Negate(value) => self.negate(value),
            ExprKind::Not(value) => self.not(value),
            ExprKind::Arithmetic { first, rest } => self.arithmetic(first, rest),
            ExprKind::Compare { first, rest } => self.compare(first, rest),
            ExprKind::Logic { op, operands } => self.logic(*op, operands),
            ExprKind::Choose { then, condition, otherwise } => self.choose(then, condition, otherwise),
            ExprKind::Lag { target, lag } => self.lag(target, lag),
            ExprKind::Output { target, name } => self.output(target, name),
            ExprKind::Call { name, arguments } => self.call(name, arguments, &expr.span),
        }
    }

    pub(super) fn number(&mut self, value: f64) -> NodeId {
        self.graph.add(Op::Number(Bits::new(value)), vec![], Kind::Scalar(Interval::point(value)))
    }

    fn text(&mut self, text: &str) -> NodeId {
        self.graph.add(Op::Text(text.to_owned()), vec![], Kind::Text([text.to_owned()].into()))
    }

    fn name(&mut self, name: &str, span: &Span) -> Option<NodeId> {
        if let Some(binding) = self.scope.lets.get(name) {
            return binding.node;
        }
        if let Some(decl) = self.scope.params.iter().find(|decl| decl.name == name) {
            let kind = param_kind(&decl.kind);
            return Some(self.graph.add(Op::Param(name.to_owned()), vec![], kind));
        }
        match (Series::find(name), self.scope.reads) {
            (Some(series), Reads::Series) => Some(self.series(series)),
            (Some(_), Reads::Scalars(what)) => {
                let message = format!("`{name}` is a series; only a {what} can be read here");
                self.report(Problem::new(Code::SeriesNotAllowed, span, message))
            }
            (None, _) => self.unknown_name(name, span),
        }
    }

    pub(super) fn series(&mut self, series: Series) -> NodeId {
        self.graph.add(Op::Series(series), vec![], Kind::Number)
    }

    pub(super) fn column(&mut self, column: BarColumn) -> NodeId {
        self.series(match column {
            BarColumn::Open => Series::Open,
            BarColumn::High => Series::High,
            BarColumn::Low => Series::Low,
            BarColumn::Close => Series::Close,
            BarColumn::Volume => Series::Volume,
            BarColumn::Time => Series::Time,
        })
    }

    fn unknown_name(&mut self, name: &str, span: &Span) -> Option<NodeId> {
        let (reads_series, noun) = match self.scope.reads {
            Reads::Series => (true, "series, parameter or `let`"),
            Reads::Scalars(what) => (false, what),
        };
        let problem = Problem::new(Code::UnknownName, span, format!("no {noun} is called `{name}`"));
        if reads_series && function::find(name).is_some() {
            let signature = super::call::signature_of(name);
            return self.report(problem.help(format!("`{name}` is a function; call it: {signature}")));
        }
        let series = SERIES.iter().map(|(known, _)| *known).filter(|_| reads_series);
        let params = self.scope.params.iter().map(|decl| decl.name.as_str());
        let lets = self.scope.lets.keys().map(String::as_str);
        let help = did_you_mean(name, lets.chain(params).chain(series)).or_else(|| {
            let near = did_you_mean(name, function::names())?;
            reads_series.then_some(near)
        });
        self.report(problem.maybe_help(help))
    }

    fn negate(&mut self, value: &Expr) -> Option<NodeId> {
        let id = self.lower(value)?;
        let kind = match self.kind(id) {
            Kind::Scalar(interval) => Kind::Scalar(interval.negate()),
            Kind::Number => Kind::Number,
            other => {
                let message = format!("`-` needs a number; this is {}", other.words());
                return self.report(Problem::new(Code::WrongKind, &value.span, message));
            }
        };
        Some(self.graph.add(Op::Negate, vec![id], kind))
    }

    fn not(&mut self, value: &Expr) -> Option<NodeId> {
        let id = self.lower(value)?;
        let kind = self.kind(id).clone();
        if !kind.is_condition() {
            let message = format!("`not` needs a condition; this is {}", kind.words());
            return self.report(Problem::new(Code::WrongKind, &value.span, message).maybe_help(condition_help(&kind)));
        }
        Some(self.graph.add(Op::Not, vec![id], kind))
    }

    fn arithmetic(&mut self, first: &Expr, rest: &[(ArithmeticOp, Expr)]) -> Option<NodeId> {
        let mut left = self.lower(first);
        let mut left_span = first.span.clone();
        for (op, expr) in rest {
            let right = self.lower(expr);
            let left_ok = left.filter(|&id| self.expect_number(id, *op, &left_span, "left"));
            let right_ok = right.filter(|&id| self.expect_number(id, *op, &expr.span, "right"));
            left = match (left_ok, right_ok) {
                (Some(left), Some(right)) => Some(self.arithmetic_node(*op, left, right)),
                _ => None,
            };
            left_span = first.span.start..expr.span.end;
        }
        left
    }

    fn expect_number(&mut self, id: NodeId, op: ArithmeticOp, span: &Span, side: &str) -> bool {
        let kind = self.kind(id).clone();
        if !kind.is_number() {
            let message =
                format!("`{}` needs numbers on both sides; the {side} side is {}", op.spelling(), kind.words());
            self.report(Problem::new(Code::WrongKind, span, message));
        }
        kind.is_number()
    }

    fn arithmetic_node(&mut self, op: ArithmeticOp, left: NodeId, right: NodeId) -> NodeId {
        let kind = match (self.kind(left), self.kind(right)) {
            (Kind::Scalar(a), Kind::Scalar(b)) => Kind::Scalar(match op {
                ArithmeticOp::Add => a.add(*b),
                ArithmeticOp::Subtract => a.add(b.negate()),
                ArithmeticOp::Multiply => a.multiply(*b),
                ArithmeticOp::Divide => a.divide(*b),
            }),
            _ => Kind::Number,
        };
        self.graph.add(Op::Arithmetic(op), vec![left, right], kind)
    }

    fn choose(&mut self, then: &Expr, condition: &Expr, otherwise: &Expr) -> Option<NodeId> {
        let (then_id, condition_id, otherwise_id) = (self.lower(then), self.lower(condition), self.lower(otherwise));
        let condition_id = condition_id?;
        let asked = self.kind(condition_id).clone();
        if !asked.is_condition() {
            let message = format!("`if` needs a condition; this is {}", asked.words());
            return self.report(Problem::new(Code::WrongKind, &condition.span, message));
        }
        let (then_id, otherwise_id) = (then_id?, otherwise_id?);
        let per_bar = asked == Kind::Condition;
        let kind = match (self.kind(then_id), self.kind(otherwise_id)) {
            (Kind::Scalar(a), Kind::Scalar(b)) if !per_bar => Kind::Scalar(a.union(*b)),
            (a, b) if a.is_number() && b.is_number() => Kind::Number,
            (Kind::Switch, Kind::Switch) if !per_bar => Kind::Switch,
            (a, b) if a.is_condition() && b.is_condition() => Kind::Condition,
            (Kind::Text(a), Kind::Text(b)) if !per_bar => Kind::Text(a.iter().chain(&**b).cloned().collect()),
            (a, b) => {
                let message = format!("both sides of `else` must be alike; these are {} and {}", a.words(), b.words());
                let span = then.span.start..otherwise.span.end;
                return self.report(Problem::new(Code::WrongKind, &span, message));
            }
        };
        Some(self.graph.add(Op::Choose, vec![condition_id, then_id, otherwise_id], kind))
    }

    fn lag(&mut self, target: &Expr, lag: &Expr) -> Option<NodeId> {
        let (target_id, lag_id) = (self.lower(target), self.lower(lag));
        let lag_id = lag_id?;
        self.check_lag(lag_id, &lag.span)?;
        let target_id = target_id?;
        let kind = self.kind(target_id).clone();
        if !kind.is_series() {
            let message = format!("only a series has earlier bars; this is {}", kind.words());
            return self.report(Problem::new(Code::WrongKind, &target.span, message));
        }
        Some(self.graph.add(Op::Lag, vec![target_id, lag_id], kind))
    }

    fn check_lag(&mut self, lag: NodeId, span: &Span) -> Option<()> {
        let problem = |message: &str| Problem::new(Code::BadLag, span, message);
        let problem = match self.kind(lag) {
            Kind::Scalar(Interval { low, high, .. }) if *low < 0.0 && (*high < 0.0 || self.is_plain(lag)) => {
                problem("a negative lag would read bars that have not happened yet")
                    .help("`close[1]` is the bar before; write a lag of 0 or more")
            }
            Kind::Scalar(Interval { whole: false, .. }) => {
                problem("a lag is a whole number of bars").help("use an `int` parameter, or `round(…)`")
            }
            Kind::Scalar(Interval { low, .. }) if *low > MAX_BARS => problem("the lag is longer than 1,000,000 bars"),
            Kind::Scalar(_) => return Some(()),
            other => problem(&format!("a lag is one whole number; this is {}", other.words())),
        };
        self.report(problem);
        None
    }

    /// Whether the interval of `id` is exact: a literal, its negative, or a parameter.
    pub(super) fn is_plain(&self, id: NodeId) -> bool {
        let node = self.graph.node(id);
        match node.op {
            Op::Number(_) | Op::Param(_) => true,
            Op::Negate => node
                .inputs
                .iter()
                .all(|&input| !matches!(self.graph.node(input).op, Op::Negate) && self.is_plain(input)),
            _ => false,
        }
    }

    fn output(&mut self, target: &Expr, name: &Word) -> Option<NodeId> {
        let id = self.lower(target)?;
        let is_call = match &target.kind {
            ExprKind::Call { .. } => true,
            ExprKind::Name(binding) => self.scope.lets.get(binding).is_some_and(|binding| binding.is_call),
            _ => false,
        };
        let node = self.graph.node(id).clone();
        let (Op::Call { function, .. }, true) = (&node.op, is_call) else {
            let message = format!("nothing here has an output called `{}`", name.text);
            let problem = Problem::new(Code::UnknownOutput, &name.span, message);
            return self.report(problem.help("outputs are picked from a call, as in `macd(close).signal`"));
        };
        let outputs = function::find(function)?.outputs;
        let Some(output) = outputs.iter().position(|known| *known == name.text) else {
            let problem = unknown_output(function, outputs, name);
            return self.report(problem);
        };
        let kind = self.kind(id).clone();
        Some(self.graph.add(Op::Call { function, output }, node.inputs, kind))
    }
}

fn unknown_output(function: &str, outputs: &[&str], name: &Word) -> Problem {
    let message = format!("`{function}` has no output called `{}`", name.text);
    let help = if outputs.len() == 1 {
        format!("`{function}` has a single value; leave `.{}` out", name.text)
    } else {
        let listed = || format!("its outputs are {}", outputs.join(", "));
        did_you_mean(&name.text, outputs.iter().copied()).unwrap_or_else(listed)
    };
    Problem::new(Code::UnknownOutput, &name.span, message).help(help)
}

fn param_kind(kind: &ParamKind) -> Kind {
    #[expect(clippy::cast_precision_loss, reason = "parameters are far below 2^53")]
    match kind {
        ParamKind::Bool => Kind::Switch,
        ParamKind::Int { low, high } => Kind::Scalar(Interval { low: *low as f64, high: *high as f64, whole: true }),
        ParamKind::Float { low, high } => Kind::Scalar(Interval { low: *low, high: *high, whole: false }),
        ParamKind::Choice(choices) => Kind::Text(choices.as_slice().into()),
    }
}

/// What to do with a number where a condition belongs.
pub(super) fn condition_help(kind: &Kind) -> Option<String> {
    kind.is_number().then(|| "compare it with something, as in `x > 0`".to_owned())
}

pub(super) fn quoted_list(texts: &[String]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| format!("'{text}'")).collect();
    quoted.join(", ")
}
