//! Parameters put into a strategy's graph: constants folded, branches that parameters switch off gone.
//!
//! `and`, `or` and `if … else` look at what decides them first, so a parameter that is inactive in a trial
//! may be missing as long as nothing that is still read needs it.

use std::collections::BTreeMap;

use super::bound::{BoundId, BoundNode, BoundOp, BoundStrategy, Decision, Logic, Operand};
use super::call::bounds;
use super::graph::{Node, NodeId, Op};
use super::key::{KeyBuilder, NodeKey};
use super::lower::MAX_BARS;
use super::scalar::{Scalar, apply};
use super::strategy::Strategy;
use super::{BindError, ParamKind, RuleName};
use crate::bars::parse_timeframe;
use crate::function::{self, Arg, ArgKind, Function};
use crate::simulator::TimeRules;
use crate::{Params, Value};

impl Strategy {
    /// Puts parameters in. Absent parameters are inactive.
    ///
    /// # Errors
    /// [`BindError::InactiveParameter`] if something that is still read needs an absent parameter; the
    /// others if values do not fit where they are used.
    pub fn bind(&self, params: &Params) -> Result<BoundStrategy, BindError> {
        self.check_values(params)?;
        let mut binder = Binder::default();
        for node in self.graph.nodes() {
            let bound = binder.bind(node, params);
            binder.values.push(bound);
        }
        let mut bound = BoundStrategy {
            nodes: Vec::new(),
            conditions: BTreeMap::new(),
            distances: BTreeMap::new(),
            rules: TimeRules::default(),
        };
        for (rule, id) in &self.rules {
            binder.rule(*rule, *id, &mut bound)?;
        }
        bound.nodes = binder.nodes;
        bound.compact();
        bound.check_calls()?;
        Ok(bound)
    }

    fn check_values(&self, params: &Params) -> Result<(), BindError> {
        for decl in &self.params {
            let Some(value) = params.get(&decl.name) else {
                continue;
            };
            let (fits, expected) = match (&decl.kind, value) {
                (ParamKind::Bool, value) => (matches!(value, Value::Bool(_)), "true or false".to_owned()),
                (ParamKind::Int { .. }, Value::Float(value)) => (value.fract() == 0.0, "a whole number".to_owned()),
                (ParamKind::Int { .. }, value) => (matches!(value, Value::Int(_)), "a whole number".to_owned()),
                (ParamKind::Float { .. }, value) => {
                    let fits =
                        matches!(value, Value::Float(number) if number.is_finite()) || matches!(value, Value::Int(_));
                    (fits, "a finite number".to_owned())
                }
                (ParamKind::Choice(choices), value) => {
                    let fits = matches!(value, Value::Text(text) if choices.contains(text));
                    (fits, format!("one of {}", super::lower::quoted_list(choices)))
                }
            };
            if !fits {
                return Err(BindError::WrongValue { name: decl.name.clone(), value: value.to_string(), expected });
            }
        }
        Ok(())
    }
}

/// Why a node has no value; it matters only if a rule still reads the node.
#[derive(Debug, Clone)]
enum Broken {
    Inactive(String),
    Argument { function: &'static str, arg: &'static Arg, value: f64 },
    Lag(f64),
}

impl Broken {
    fn into_error(self, rule: RuleName) -> BindError {
        match self {
            Self::Inactive(name) => BindError::InactiveParameter { rule, name },
            Self::Lag(value) => BindError::Lag { rule, value },
            Self::Argument { function, arg, value } => {
                let (min, max) = bounds(arg);
                let whole = matches!(arg.kind, ArgKind::Period { .. });
                let expected = format!("{}between {min} and {max}", if whole { "whole and " } else { "" });
                BindError::ArgumentRange { rule, function, argument: arg.name, value, expected }
            }
        }
    }
}

/// A symbolic node with parameters put in.
#[derive(Debug, Clone)]
enum Bound {
    Scalar(Scalar),
    Node(BoundId),
    Broken(Broken),
}

#[derive(Default)]
struct Binder {
    /// For each symbolic node.
    values: Vec<Bound>,
    nodes: Vec<BoundNode>,
    index: BTreeMap<NodeKey, BoundId>,
}

impl Binder {
    fn bind(&mut self, node: &Node, params: &Params) -> Bound {
        let input = |index: usize| self.values[node.inputs[index].index()].clone();
        match &node.op {
            Op::Param(name) => match params.get(name) {
                Some(value) => Bound::Scalar(value.into()),
                None => Bound::Broken(Broken::Inactive(name.clone())),
            },
            Op::And => self.logic(Logic::And, input(0), input(1), node),
            Op::Or => self.logic(Logic::Or, input(0), input(1), node),
            Op::Choose => self.choose(&input(0), input(1), input(2), node),
            _ => self.strict(node),
        }
    }

    /// A side that decides wins, also over a side that cannot be computed; one that does not, vanishes.
    fn logic(&mut self, logic: Logic, left: Bound, right: Bound, node: &Node) -> Bound {
        let decider = logic == Logic::Or;
        let switch = |bound: &Bound| match bound {
            Bound::Scalar(scalar) => scalar.switch(),
            _ => None,
        };
        match (switch(&left), switch(&right)) {
            (Some(value), _) if value == decider => Bound::Scalar(Scalar::Switch(value)),
            (_, Some(value)) if value == decider => Bound::Scalar(Scalar::Switch(value)),
            (Some(_), _) => right,
            (_, Some(_)) => left,
            _ => match (left, right) {
                (Bound::Node(a), Bound::Node(b)) if a == b => Bound::Node(a),
                (Bound::Node(a), Bound::Node(b)) => Bound::Node(self.logic_node(logic, a, b, self.frame(node))),
                (Bound::Broken(broken), _) | (_, Bound::Broken(broken)) => Bound::Broken(broken),
                (other, _) => other,
            },
        }
    }

    fn logic_node(&mut self, logic: Logic, left: BoundId, right: BoundId, frame: Option<i64>) -> BoundId {
        self.add(BoundOp::Logic(logic, left, right), true, frame)
    }

    fn choose(&mut self, condition: &Bound, then: Bound, otherwise: Bound, node: &Node) -> Bound {
        let condition = match condition {
            Bound::Scalar(Scalar::Switch(true)) => return then,
            Bound::Scalar(_) => return otherwise,
            Bound::Broken(broken) => return Bound::Broken(broken.clone()),
            Bound::Node(condition) => *condition,
        };
        let frame = self.frame(node);
        let is_condition = |bound: &Bound, nodes: &[BoundNode]| match bound {
            Bound::Node(id) => nodes[id.index()].is_condition,
            Bound::Scalar(scalar) => scalar.switch().is_some(),
            Bound::Broken(_) => false,
        };
        if is_condition(&then, &self.nodes) || is_condition(&otherwise, &self.nodes) {
            // (c and a) or (not c and b): conditions are always one or the other.
            let inverse = self.add(BoundOp::Not(condition), true, frame);
            let first = self.logic(Logic::And, Bound::Node(condition), then, node);
            let second = self.logic(Logic::And, Bound::Node(inverse), otherwise, node);
            return self.logic(Logic::Or, first, second, node);
        }
        match (operand(&then), operand(&otherwise)) {
            (Ok(then), Ok(otherwise)) => {
                Bound::Node(self.add(BoundOp::Choose { condition, then, otherwise }, false, frame))
            }
            (Err(broken), _) | (_, Err(broken)) => Bound::Broken(broken),
        }
    }

    /// Operations that need all their inputs.
    fn strict(&mut self, node: &Node) -> Bound {
        let inputs: Vec<Bound> = node.inputs.iter().map(|input| self.values[input.index()].clone()).collect();
        if let Some(broken) = inputs.iter().find_map(|input| match input {
            Bound::Broken(broken) => Some(broken.clone()),
            _ => None,
        }) {
            return Bound::Broken(broken);
        }
        let scalars: Option<Vec<Scalar>> = inputs
            .iter()
            .map(|input| match input {
                Bound::Scalar(scalar) => Some(scalar.clone()),
                _ => None,
            })
            .collect();
        if let Some(folded) = scalars.and_then(|scalars| apply(&node.op, &scalars)) {
            return Bound::Scalar(folded);
        }
        match self.series(node, &inputs) {
            Ok(bound) => bound,
            Err(broken) => Bound::Broken(broken),
        }
    }

    fn series(&mut self, node: &Node, inputs: &[Bound]) -> Result<Bound, Broken> {
        let frame = self.frame(node);
        let (op, is_condition) = match &node.op {
            Op::Series(series) => (BoundOp::Series(*series), false),
            Op::Negate => (BoundOp::Negate(bound_node(&inputs[0])), false),
            Op::Arithmetic(op) => (BoundOp::Arithmetic(*op, operand(&inputs[0])?, operand(&inputs[1])?), false),
            Op::Compare(op) => (BoundOp::Compare(*op, operand(&inputs[0])?, operand(&inputs[1])?), true),
            Op::Not => (BoundOp::Not(bound_node(&inputs[0])), true),
            Op::Lag => match (&inputs[0], lag_bars(&inputs[1])?) {
                (Bound::Node(target), lag) if lag > 0 => {
                    (BoundOp::Lag(*target, lag), self.nodes[target.index()].is_condition)
                }
                (target, _) => return Ok(target.clone()),
            },
            Op::Call { function, output } => return self.call(function, *output, inputs, frame),
            Op::Align => match &inputs[0] {
                Bound::Node(body) => (BoundOp::Align(*body), self.nodes[body.index()].is_condition),
                constant => return Ok(constant.clone()),
            },
            _ => unreachable!("every other operation works on scalars and was folded"),
        };
        Ok(Bound::Node(self.add(op, is_condition, frame)))
    }

    fn call(&mut self, name: &str, output: usize, inputs: &[Bound], frame: Option<i64>) -> Result<Bound, Broken> {
        let function = function::find(name).expect("the compiler found it");
        let (series, scalars) = inputs.split_at(function.inputs.len());
        let mut args = Vec::with_capacity(scalars.len());
        for (arg, scalar) in function.args.iter().zip(scalars) {
            args.push(argument(function, arg, scalar)?);
        }
        let inputs = series.iter().map(operand).collect::<Result<Vec<_>, _>>()?;
        let call = self.add(BoundOp::Call { function, args, inputs }, false, frame);
        let is_condition = function.kind == function::OutputKind::Condition;
        Ok(Bound::Node(self.add(BoundOp::Output(call, output), is_condition, frame)))
    }

    /// The timeframe of a symbolic node.
    fn frame(&self, node: &Node) -> Option<i64> {
        match &self.values[node.frame?.index()] {
            Bound::Scalar(Scalar::Text(text)) => parse_timeframe(text).ok(),
            // The timeframe's parameter is inactive: `Align`, which reads it too, is broken.
            _ => None,
        }
    }

    fn add(&mut self, op: BoundOp, is_condition: bool, frame: Option<i64>) -> BoundId {
        let key = self.key(&op, is_condition, frame);
        if let Some(&known) = self.index.get(&key) {
            return known;
        }
        let warmup = op.warmup(|id| self.nodes[id.index()].warmup);
        let id = BoundId(u32::try_from(self.nodes.len()).expect("no more than symbolic nodes, twice"));
        self.nodes.push(BoundNode { op, is_condition, frame, key, warmup });
        self.index.insert(key, id);
        id
    }

    fn key(&self, op: &BoundOp, is_condition: bool, frame: Option<i64>) -> NodeKey {
        let node = |key: KeyBuilder, id: &BoundId| key.node(&self.nodes[id.index()].key);
        let operand = |key: KeyBuilder, operand: &Operand| match operand {
            Operand::Constant(value) => key.number(*value),
            Operand::Node(id) => node(key, id),
        };
        let start = |label: &str| KeyBuilder::new(label).integer(frame.unwrap_or(0)).integer(i64::from(is_condition));
        let key = match op {
            BoundOp::Series(series) => start(series.name()),
            BoundOp::Negate(id) => node(start("neg"), id),
            BoundOp::Arithmetic(op, a, b) => operand(operand(start(op.spelling()), a), b),
            BoundOp::Compare(op, a, b) => operand(operand(start(op.spelling()), a), b),
            BoundOp::Not(id) => node(start("not"), id),
            BoundOp::Logic(Logic::And, a, b) => node(node(start("and"), a), b),
            BoundOp::Logic(Logic::Or, a, b) => node(node(start("or"), a), b),
            BoundOp::Choose { condition, then, otherwise } => {
                operand(operand(node(start("if"), condition), then), otherwise)
            }
            BoundOp::Lag(id, lag) => node(start("lag").integer(bars(*lag)), id),
            BoundOp::Call { function, args, inputs } => {
                let key = inputs.iter().fold(start("call"), operand);
                let key = args.iter().fold(key, |key, arg| key.number(*arg));
                key.text(function.name)
            }
            BoundOp::Output(id, output) => node(start("output").integer(bars(*output)), id),
            BoundOp::Align(id) => node(start("on"), id),
        };
        key.finish()
    }

    fn rule(&self, rule: RuleName, id: NodeId, bound: &mut BoundStrategy) -> Result<(), BindError> {
        let value = match &self.values[id.index()] {
            Bound::Broken(broken) => return Err(broken.clone().into_error(rule)),
            value => value,
        };
        match (rule, value) {
            (RuleName::MaxBars, Bound::Scalar(scalar)) => bound.rules.max_bars = count(rule, scalar, 1)?,
            (RuleName::Cooldown, Bound::Scalar(scalar)) => bound.rules.cooldown = count(rule, scalar, 0)?.unwrap_or(0),
            (_, Bound::Scalar(Scalar::Switch(value))) => {
                bound.conditions.insert(rule, Decision::Constant(*value));
            }
            // An undefined distance is no order at all.
            (_, Bound::Scalar(Scalar::Number(value))) if !value.is_nan() => {
                bound.distances.insert(rule, Operand::Constant(*value));
            }
            (_, Bound::Node(id)) if self.nodes[id.index()].is_condition => {
                bound.conditions.insert(rule, Decision::Node(*id));
            }
            (_, Bound::Node(id)) => {
                bound.distances.insert(rule, Operand::Node(*id));
            }
            _ => {}
        }
        Ok(())
    }
}

fn bars(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn operand(bound: &Bound) -> Result<Operand, Broken> {
    match bound {
        Bound::Node(id) => Ok(Operand::Node(*id)),
        Bound::Scalar(Scalar::Number(value)) => Ok(Operand::Constant(*value)),
        // A switch where a function wants a condition on every bar.
        Bound::Scalar(Scalar::Switch(value)) => Ok(Operand::Constant(f64::from(u8::from(*value)))),
        Bound::Scalar(Scalar::Text(_)) => unreachable!("the compiler lets no text into a series"),
        Bound::Broken(broken) => Err(broken.clone()),
    }
}

fn bound_node(bound: &Bound) -> BoundId {
    match bound {
        Bound::Node(id) => *id,
        _ => unreachable!("an operation on scalars alone was folded"),
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be whole and in range")]
fn lag_bars(bound: &Bound) -> Result<usize, Broken> {
    let Bound::Scalar(Scalar::Number(value)) = bound else {
        unreachable!("the compiler lets only scalar numbers be lags");
    };
    let fits = value.fract() == 0.0 && (0.0..=MAX_BARS).contains(value);
    if fits { Ok(*value as usize) } else { Err(Broken::Lag(*value)) }
}

fn argument(function: &'static Function, arg: &'static Arg, bound: &Bound) -> Result<f64, Broken> {
    let Bound::Scalar(Scalar::Number(value)) = bound else {
        unreachable!("the compiler lets only scalar numbers be arguments");
    };
    let (min, max) = bounds(arg);
    let whole = !matches!(arg.kind, ArgKind::Period { .. }) || value.fract() == 0.0;
    if whole && (min..=max).contains(value) {
        Ok(*value)
    } else {
        Err(Broken::Argument { function: function.name, arg, value: *value })
    }
}

/// A number of bars; `None` for `none`.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be whole and in range")]
fn count(rule: RuleName, scalar: &Scalar, least: u32) -> Result<Option<u32>, BindError> {
    let value = scalar.number().unwrap_or(f64::NAN);
    if value.is_nan() {
        return Ok(None);
    }
    let fits = value.fract() == 0.0 && (f64::from(least)..=MAX_BARS).contains(&value);
    if fits { Ok(Some(value as u32)) } else { Err(BindError::Count { rule, value, least }) }
}
