//! `[params]` and `require` as a search space, and the bridge between the values a sampler draws
//! and those a strategy reads.

use std::collections::BTreeMap;
use std::sync::Arc;

use bartune_engine::language::{Inactive, ParamDecl, ParamKind, compile_predicate};
use bartune_engine::{Params, Value};
use bartune_search::space::{Assignment, Choice, Distribution, Param, ParamValue, Predicate, Space, SpaceError};
use bartune_search::stream::RandomStream;
use indexmap::IndexMap;

use super::expression::report_expression;
use super::options::{Options, ParamKindOptions, ParamOptions};
use super::section::Problems;
use super::tree::{Item, Node};
use crate::diagnostic::{Located, Sources, Span, nearest};

/// The parameters of a plan: their space, their declarations to the language, their defaults.
#[derive(Debug, Clone)]
pub struct Parameters {
    /// What samplers draw from.
    pub space: Space,
    decls: Vec<ParamDecl>,
    defaults: Params,
    fixed: Vec<String>,
}

impl Parameters {
    /// Whether a parameter is kept at one value by `[search.fixed]`.
    #[must_use]
    pub fn is_fixed(&self, name: &str) -> bool {
        self.fixed.iter().any(|fixed| fixed == name)
    }

    /// Names and kinds, in the order of the file.
    #[must_use]
    pub fn decls(&self) -> &[ParamDecl] {
        &self.decls
    }

    /// The value of every parameter that nothing else sets: `default`, else the middle of the range,
    /// the first choice, or what `bool` says. Inactive ones are absent.
    #[must_use]
    pub fn defaults(&self) -> Params {
        self.active(self.defaults.clone())
    }

    /// Drawn values as the strategy reads them.
    #[must_use]
    pub fn to_params(&self, assignment: &Assignment) -> Params {
        to_params(&self.decls, assignment)
    }

    /// `given` over the defaults, without the parameters that are then inactive.
    ///
    /// # Errors
    ///
    /// A sentence naming a value that is out of its range, or a relation that does not hold.
    pub fn with_defaults(&self, given: Params) -> Result<Params, String> {
        let mut params = self.defaults.clone();
        params.extend(given);
        let assignment = self.space.normalize(&self.to_assignment(&params)?);
        match self.space.require().iter().find(|relation| !(relation.holds)(&assignment)) {
            Some(relation) => Err(format!("these values break `require`: {}", relation.text)),
            None => Ok(self.to_params(&assignment)),
        }
    }

    /// The values of `params` that are active, by each parameter's `when`.
    #[must_use]
    pub fn active(&self, params: Params) -> Params {
        match self.to_assignment(&params) {
            Ok(assignment) => self.to_params(&self.space.normalize(&assignment)),
            Err(_) => params,
        }
    }

    /// Values by name as a sampler would draw them.
    ///
    /// # Errors
    ///
    /// A sentence naming the parameter, the value and its range.
    pub fn to_assignment(&self, params: &Params) -> Result<Assignment, String> {
        params.iter().map(|(name, value)| Ok((name.clone(), self.to_drawn(name, value)?))).collect()
    }

    fn to_drawn(&self, name: &str, value: &Value) -> Result<ParamValue, String> {
        let param = self.space.params().get(name).ok_or_else(|| {
            let known = self.decls.iter().map(|decl| decl.name.as_str());
            match crate::diagnostic::nearest(name, known) {
                Some(near) => format!("there is no parameter `{name}`; did you mean `{near}`?"),
                None => format!("there is no parameter `{name}`"),
            }
        })?;
        let drawn = match (&param.distribution, value) {
            (Distribution::Float { .. }, _) => value.as_number().map(ParamValue::Float),
            (Distribution::Int { .. }, Value::Int(value)) => Some(ParamValue::Int(*value)),
            (Distribution::Categorical { choices }, value) => {
                choices.iter().position(|choice| choice_value(choice) == *value).map(ParamValue::Choice)
            }
            _ => None,
        };
        drawn
            .filter(|drawn| param.distribution.contains(drawn))
            .ok_or_else(|| format!("`{name}` cannot be {value}: it is {}", describe(&param.distribution)))
    }

    /// Read `text` (as typed in `--params name=text`) as a value of parameter `name`.
    ///
    /// # Errors
    ///
    /// A sentence naming the parameter, the value and its range.
    pub fn parse_value(&self, name: &str, text: &str) -> Result<Value, String> {
        let kind = self.decls.iter().find(|decl| decl.name == name).map(|decl| &decl.kind);
        let value = match kind {
            Some(ParamKind::Bool) => text.parse().ok().map(Value::Bool),
            Some(ParamKind::Int { .. }) => text.parse().ok().map(Value::Int),
            Some(ParamKind::Float { .. }) => text.parse().ok().map(Value::Float),
            Some(ParamKind::Choice(_)) | None => Some(Value::Text(text.to_owned())),
        };
        let value = value.ok_or_else(|| format!("`{name}` cannot be `{text}`: it is {}", self.describe(name)))?;
        self.to_drawn(name, &value).map(|_| value)
    }

    fn describe(&self, name: &str) -> String {
        self.space.params().get(name).map_or_else(String::new, |param| describe(&param.distribution))
    }
}

/// A distribution in words.
#[must_use]
pub fn describe(distribution: &Distribution) -> String {
    match distribution {
        Distribution::Float { low, high, step, log } => {
            let step = step.map_or_else(String::new, |step| format!(" in steps of {step}"));
            format!("a number from {low} to {high}{step}{}", if *log { ", log scale" } else { "" })
        }
        Distribution::Int { low, high, step, log } => {
            let step = if *step == 1 { String::new() } else { format!(" in steps of {step}") };
            format!("a whole number from {low} to {high}{step}{}", if *log { ", log scale" } else { "" })
        }
        Distribution::Categorical { choices } => {
            let choices: Vec<String> = choices.iter().map(|choice| choice_value(choice).to_string()).collect();
            format!("one of {}", choices.join(", "))
        }
    }
}

fn to_params(decls: &[ParamDecl], assignment: &Assignment) -> Params {
    let value = |decl: &ParamDecl| {
        let value = match (&decl.kind, assignment.get(&decl.name)?) {
            (ParamKind::Bool, ParamValue::Choice(index)) => Value::Bool(*index == 1),
            (ParamKind::Choice(choices), ParamValue::Choice(index)) => Value::Text(choices.get(*index)?.clone()),
            (_, ParamValue::Int(value)) => Value::Int(*value),
            (_, ParamValue::Float(value)) => Value::Float(*value),
            _ => return None,
        };
        Some((decl.name.clone(), value))
    };
    decls.iter().filter_map(value).collect()
}

fn choice_value(choice: &Choice) -> Value {
    match choice {
        Choice::Null => Value::Text("none".to_owned()),
        Choice::Bool(flag) => Value::Bool(*flag),
        Choice::Int(number) => Value::Int(*number),
        Choice::Float(number) => Value::Float(*number),
        Choice::Text(text) => Value::Text(text.clone()),
    }
}

/// What the language is told of the parameters; those of no readable kind are left out.
pub(crate) fn declarations(options: &Options) -> Vec<ParamDecl> {
    options.params.iter().filter_map(|(name, param)| declare(name, param)).collect()
}

/// Build the parameters, reporting every problem.
pub(crate) fn resolve(options: &Options, sources: &Sources, problems: &Problems) -> Option<Parameters> {
    let decls = declarations(options);
    let complete = decls.len() == options.params.len();
    let mut params = IndexMap::new();
    for (name, param) in &options.params {
        let when = param.when.as_ref().and_then(|when| predicate(when, Inactive::Fails, &decls, sources, problems));
        if let Some(distribution) = distribution(name, param, problems) {
            params.insert(name.clone(), Param { distribution, when });
        }
    }
    let mut require: Vec<Predicate> = options
        .strategy
        .require
        .iter()
        .filter_map(|text| predicate(text, Inactive::Holds, &decls, sources, problems))
        .collect();
    if !complete || params.len() != options.params.len() {
        return None;
    }
    let pins = pins(options, &params, problems);
    for (name, value) in &pins {
        require.extend(pin(name, value, &mut params));
    }
    match Space::try_new(params, require) {
        Ok(space) => {
            probe(&space, options, problems);
            let mut defaults = defaults(options, &space, problems);
            let fixed = pins.keys().cloned().collect();
            defaults.extend(pins);
            Some(Parameters { space, decls, defaults, fixed })
        }
        Err(error) => {
            let span = options.params.values().next().map_or_else(Span::default, |param| param.span.clone());
            problems.push("E107", &span, error.to_string());
            None
        }
    }
}

/// The values of `[search.fixed]`, each checked against the range it is taken from.
fn pins(options: &Options, params: &IndexMap<String, Param>, problems: &Problems) -> Params {
    let mut pins = Params::new();
    for (name, item) in &options.search.fixed {
        let Some(param) = params.get(name) else {
            let known = nearest(name, params.keys().map(String::as_str));
            let help =
                known.map_or_else(|| "declare it in `[params]`".to_owned(), |near| format!("did you mean `{near}`?"));
            problems.push_with_help("E102", &item.span, format!("there is no parameter `{name}` to fix"), help);
            continue;
        };
        match written_value(item, &param.distribution) {
            Some(value) => {
                pins.insert(name.clone(), value);
            }
            None => {
                let message = format!("`{name}` cannot be fixed at this: it is {}", describe(&param.distribution));
                problems.push("E106", &item.span, message);
            }
        }
    }
    pins
}

/// Leaves a parameter one value: a number by its range, a choice by a relation, since what a choice is
/// called and which index it has must stay as declared.
fn pin(name: &str, value: &Value, params: &mut IndexMap<String, Param>) -> Option<Predicate> {
    let param = params.get_mut(name)?;
    match (&mut param.distribution, value) {
        (Distribution::Int { low, high, .. }, Value::Int(value)) => (*low, *high) = (*value, *value),
        (Distribution::Float { low, high, .. }, Value::Float(value)) => (*low, *high) = (*value, *value),
        (Distribution::Categorical { choices }, value) => {
            let index = choices.iter().position(|choice| choice_value(choice) == *value)?;
            let (owned, only) = (name.to_owned(), ParamValue::Choice(index));
            let holds = move |assignment: &Assignment| assignment.get(&owned).is_none_or(|value| *value == only);
            return Some(Predicate {
                text: format!("{name} == {value}, fixed"),
                reads: vec![name.to_owned()],
                holds: Arc::new(holds),
            });
        }
        _ => {}
    }
    None
}

/// Draw one point, so that relations that nothing satisfies are told before a trial is spent.
fn probe(space: &Space, options: &Options, problems: &Problems) {
    let Err(error) = space.sample_uniform(&mut RandomStream::new(0, 0, 0)) else { return };
    let relations = match &error {
        SpaceError::EmptyRegion { relations } | SpaceError::RegionNotFound { relations, .. } => relations.as_slice(),
        _ => &[],
    };
    let first = options.strategy.require.iter().find(|text| relations.contains(&text.value));
    problems.push("E107", &first.map_or_else(Span::default, |text| text.span.clone()), error.to_string());
}

/// The declaration that the language checks; it reports names that are no names or are taken.
fn declare(name: &str, param: &ParamOptions) -> Option<ParamDecl> {
    let kind = match &param.kind {
        ParamKindOptions::Bool(_) => ParamKind::Bool,
        ParamKindOptions::Int(low, high) => ParamKind::Int { low: *low, high: *high },
        ParamKindOptions::Float(low, high) => ParamKind::Float { low: *low, high: *high },
        ParamKindOptions::Choice(choices) => ParamKind::Choice(choices.clone()),
        ParamKindOptions::Invalid => return None,
    };
    Some(ParamDecl { name: name.to_owned(), kind })
}

fn distribution(name: &str, param: &ParamOptions, problems: &Problems) -> Option<Distribution> {
    let log = param.log.as_ref().is_some_and(|log| log.value);
    let step = param.step.as_ref().map(|step| step.value);
    let distribution = match &param.kind {
        ParamKindOptions::Int(low, high) => {
            let step = whole_step(name, param, problems)?;
            Distribution::Int { low: *low, high: *high, step, log }
        }
        ParamKindOptions::Float(low, high) => Distribution::Float { low: *low, high: *high, step, log },
        ParamKindOptions::Bool(_) | ParamKindOptions::Choice(_) if step.is_some() || log => {
            problems.push("E106", &param.span, format!("`{name}` has no range, so `step` and `log` mean nothing"));
            return None;
        }
        ParamKindOptions::Bool(_) => {
            Distribution::Categorical { choices: vec![Choice::Bool(false), Choice::Bool(true)] }
        }
        ParamKindOptions::Choice(choices) => {
            Distribution::Categorical { choices: choices.iter().cloned().map(Choice::Text).collect() }
        }
        ParamKindOptions::Invalid => return None,
    };
    match distribution.validated() {
        Ok(distribution) => Some(distribution),
        Err(error) => {
            problems.push("E106", &param.span, format!("`{name}`: {error}"));
            None
        }
    }
}

fn whole_step(name: &str, param: &ParamOptions, problems: &Problems) -> Option<i64> {
    let Some(step) = &param.step else { return Some(1) };
    if step.value >= 1.0 && step.value.fract() == 0.0 && step.value < 1e15 {
        #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and small")]
        return Some(step.value as i64);
    }
    problems.push(
        "E106",
        &step.span,
        format!("`{name}`: the step of a whole-number parameter must be a whole number of at least 1"),
    );
    None
}

fn predicate(
    text: &Located<String>,
    inactive: Inactive,
    decls: &[ParamDecl],
    sources: &Sources,
    problems: &Problems,
) -> Option<Predicate> {
    let compiled = match compile_predicate(&text.value, decls) {
        Ok(compiled) => Arc::new(compiled),
        Err(found) => {
            found.iter().for_each(|problem| report_expression(text, problem, sources, problems));
            return None;
        }
    };
    let reads = compiled.reads().to_vec();
    let read: Vec<ParamDecl> = decls.iter().filter(|decl| reads.contains(&decl.name)).cloned().collect();
    let holds = Arc::new(move |assignment: &Assignment| compiled.holds_or(&to_params(&read, assignment), inactive));
    Some(Predicate { text: text.value.clone(), reads, holds })
}

fn defaults(options: &Options, space: &Space, problems: &Problems) -> Params {
    let mut defaults = BTreeMap::new();
    for (name, param) in &options.params {
        let Some(distribution) = space.params().get(name).map(|param| &param.distribution) else { continue };
        let written = param.default.as_ref().and_then(|item| {
            let value = written_value(item, distribution);
            if value.is_none() {
                problems.push("E106", &item.span, format!("`{name}`: the default must be {}", describe(distribution)));
            }
            value
        });
        let value = written.unwrap_or_else(|| match &param.kind {
            ParamKindOptions::Bool(default) => Value::Bool(*default),
            _ => middle(distribution),
        });
        defaults.insert(name.clone(), value);
    }
    defaults
}

/// A value as written, if it is one of the distribution's.
fn written_value(item: &Item, distribution: &Distribution) -> Option<Value> {
    let value = match (&item.node, distribution) {
        (Node::Integer(value), Distribution::Int { .. }) => Some(Value::Int(*value)),
        #[expect(clippy::cast_precision_loss, reason = "parameters are far below 2^53")]
        (Node::Integer(value), Distribution::Float { .. }) => Some(Value::Float(*value as f64)),
        (Node::Float(value), Distribution::Float { .. }) => Some(Value::Float(*value)),
        (Node::Boolean(value), _) => Some(Value::Bool(*value)),
        (Node::Text(value), _) => Some(Value::Text(value.clone())),
        _ => None,
    };
    value.filter(|value| is_value_of(distribution, value))
}

fn is_value_of(distribution: &Distribution, value: &Value) -> bool {
    let drawn = match (distribution, value) {
        (Distribution::Float { .. }, Value::Float(value)) => Some(ParamValue::Float(*value)),
        (Distribution::Int { .. }, Value::Int(value)) => Some(ParamValue::Int(*value)),
        (Distribution::Categorical { choices }, value) => {
            choices.iter().position(|choice| choice_value(choice) == *value).map(ParamValue::Choice)
        }
        _ => None,
    };
    drawn.is_some_and(|drawn| distribution.contains(&drawn))
}

/// The middle of a range on its grid (geometric on a log scale), or the first choice.
fn middle(distribution: &Distribution) -> Value {
    match distribution {
        Distribution::Float { low, high, step: None, log: true } => {
            Value::Float((low * high).sqrt().clamp(*low, *high))
        }
        Distribution::Float { low, high, step: None, .. } => Value::Float(low + (high - low) / 2.0),
        Distribution::Float { low, high, step: Some(step), .. } => {
            Value::Float(low + ((high - low) / 2.0 / step).floor() * step)
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            reason = "parameters are far below 2^53"
        )]
        Distribution::Int { low, high, log: true, .. } => {
            Value::Int((((*low as f64) * (*high as f64)).sqrt() as i64).clamp(*low, *high))
        }
        Distribution::Int { low, high, step, .. } => Value::Int(low + (high - low) / 2 / step * step),
        Distribution::Categorical { choices } => choices.first().map_or(Value::Bool(false), choice_value),
    }
}
