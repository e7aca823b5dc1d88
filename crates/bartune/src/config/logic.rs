//! `[strategy]`: rules, or the name of the code that decides in their place.

use std::path::Path;
use std::sync::Arc;

use bartune_engine::language::{self, Place, Strategy, StrategySource};

use super::expression::report_expression;
use super::options::{self, Options};
use super::section::Problems;
use super::space;
use crate::diagnostic::{Diagnostic, Located, Sources};
use crate::strategy::{self as code, Code, ColumnCode, ColumnStrategy, Logic};

/// A strategy that a program brings along, for the name that `strategy.code` gives.
#[derive(Debug, Clone)]
pub(crate) enum Brought {
    /// Asked bar by bar.
    Bars(Arc<dyn code::Strategy>),
    /// Asked for all bars at once.
    Columns(Arc<dyn ColumnStrategy>),
}

impl Brought {
    fn name(&self) -> &str {
        match self {
            Self::Bars(code) => code.name(),
            Self::Columns(code) => code.name(),
        }
    }
}

/// Resolve what decides, reporting every problem; `code` is what the program brings along, `folder` the study file's.
pub(super) fn resolve(
    options: &Options,
    (code, folder): (Option<Brought>, &Path),
    sources: &Sources,
    problems: &Problems,
) -> Option<Logic> {
    if let Some(callable) = &options.strategy.python {
        return python(options, (callable, folder), code, problems);
    }
    if let Some(place) = &options.strategy.interpreter {
        problems.push("E110", &place.span, "`strategy.interpreter` is of use with `strategy.python` only");
    }
    if let Some(place) = &options.strategy.lookback {
        problems.push("E110", &place.span, "`strategy.lookback` is of use with `strategy.python` only");
    }
    match (&options.strategy.code, code) {
        (None, None) => rules(options, sources, problems).map(Logic::Rules),
        (Some(name), Some(code)) if name.value == code.name() => match code {
            Brought::Bars(code) => compiled(options, name, code, problems),
            Brought::Columns(code) => {
                nothing_else(options, name, problems);
                no_lets(options, name, problems);
                Some(Logic::Columns(ColumnCode::new(code, parameters(options))))
            }
        },
        (Some(name), Some(code)) => {
            let message = format!("this program has no strategy `{}`", name.value);
            problems.push_with_help("E104", &name.span, message, format!("it has \"{}\"", code.name()));
            None
        }
        (Some(name), None) => {
            let message = format!("the strategy `{}` is Rust code, which this program does not have", name.value);
            let help = "run the study with the program that the strategy is compiled into, or write rules";
            problems.push_with_help("E110", &name.span, message, help);
            None
        }
        (None, Some(code)) => {
            let help = format!("write `code = \"{}\"`", code.name());
            problems.push_with_help("E105", &options.strategy.span, "`strategy.code` is missing", help);
            None
        }
    }
}

fn compiled(
    options: &Options,
    name: &Located<String>,
    code: Arc<dyn code::Strategy>,
    problems: &Problems,
) -> Option<Logic> {
    nothing_else(options, name, problems);
    match Code::compile(code, &lets(options), &space::declarations(options)) {
        Ok(code) => Some(Logic::Code(code)),
        Err(found) => {
            found.into_iter().for_each(|problem| problems.push("E110", &name.span, problem));
            None
        }
    }
}

/// What decides takes the place of all rules.
fn nothing_else(options: &Options, name: &Located<String>, problems: &Problems) {
    for (key, rule) in &options.strategy.rules {
        let message = format!("`strategy.{key}` is not read: `{}` decides", name.value);
        problems.push("E110", &rule.span, message);
    }
}

/// Only rules and series read them.
fn no_lets(options: &Options, name: &Located<String>, problems: &Problems) {
    for (key, text) in &options.strategy.lets {
        let message = format!("`strategy.let.{key}` is not read: `{}` decides", name.value);
        problems.push("E110", &text.span, message);
    }
}

fn parameters(options: &Options) -> Vec<String> {
    options.params.keys().cloned().collect()
}

/// The strategy in Python that decides: what the program brings along under this name, or else a file's, started.
fn python(
    options: &Options,
    (callable, folder): (&Located<String>, &Path),
    brought: Option<Brought>,
    problems: &Problems,
) -> Option<Logic> {
    nothing_else(options, callable, problems);
    no_lets(options, callable, problems);
    if let Some(code) = &options.strategy.code {
        problems.push("E110", &code.span, "`strategy.code` and `strategy.python` both decide: give one of them");
    }
    let lookback = match &options.strategy.lookback {
        None => Some(0),
        Some(lookback) => {
            let bars = usize::try_from(lookback.value).ok();
            if bars.is_none() {
                problems.push("E104", &lookback.span, "`strategy.lookback` is a number of bars, at least 0");
            }
            bars
        }
    };
    if let Some(Brought::Columns(strategy)) = brought
        && strategy.name() == callable.value
    {
        if let Some(interpreter) = &options.strategy.interpreter {
            problems.push("E110", &interpreter.span, "`strategy.interpreter` is of use with a file or a module only");
        }
        return Some(Logic::Columns(ColumnCode::new(strategy, parameters(options)).with_lookback(lookback?)));
    }
    let interpreter = options.strategy.interpreter.as_ref().map(|interpreter| interpreter.value.as_str());
    match started((&callable.value, folder), interpreter, lookback?) {
        Ok(strategy) => Some(Logic::Columns(ColumnCode::new(strategy, parameters(options)))),
        Err((message, help)) => {
            let (code, span) = ("E110", callable.span.clone());
            problems.add(Diagnostic { code, message, span, help });
            None
        }
    }
}

#[cfg(unix)]
fn started(
    (callable, folder): (&str, &Path),
    interpreter: Option<&str>,
    lookback: usize,
) -> Result<Arc<dyn ColumnStrategy>, (String, Option<String>)> {
    use crate::strategy::python::{PythonSpec, PythonStrategy};

    let strategy = PythonStrategy::start(&PythonSpec { callable, folder, interpreter, lookback });
    strategy.map(|strategy| Arc::new(strategy) as _).map_err(|error| (error.message, error.help))
}

#[cfg(not(unix))]
fn started(_: (&str, &Path), _: Option<&str>, _: usize) -> Result<Arc<dyn ColumnStrategy>, (String, Option<String>)> {
    Err(("strategies in Python are run on Unix systems only".to_owned(), None))
}

fn lets(options: &Options) -> Vec<(String, String)> {
    options.strategy.lets.iter().map(|(name, text)| (name.clone(), text.value.clone())).collect()
}

/// Compiled even where parameters have problems, so that all are told in one go.
fn rules(options: &Options, sources: &Sources, problems: &Problems) -> Option<Strategy> {
    let written = &options.strategy;
    let source = StrategySource {
        lets: lets(options),
        rules: written
            .rules
            .iter()
            .filter_map(|(key, text)| Some((language::RuleName::find(key)?, text.value.clone())))
            .collect(),
    };
    match language::compile(&source, &space::declarations(options)) {
        Ok(strategy) => Some(strategy),
        Err(found) => {
            let told = found.iter().filter(|problem| !follows_from_a_parameter(options, problem));
            told.for_each(|problem| report_at_place(options, problem, sources, problems));
            None
        }
    }
}

/// Whether a problem is only that a parameter, itself reported, could not be declared.
fn follows_from_a_parameter(options: &Options, problem: &language::Diagnostic) -> bool {
    let word = expression_of(options, problem).and_then(|text| text.value.get(problem.span.clone()));
    let param = word.and_then(|word| options.params.get(word));
    param.is_some_and(|param| matches!(param.kind, options::ParamKindOptions::Invalid))
}

/// The expression that a problem is in.
fn expression_of<'a>(options: &'a Options, problem: &language::Diagnostic) -> Option<&'a Located<String>> {
    match &problem.place {
        Place::Let(name) => options.strategy.lets.get(name),
        Place::Rule(rule) => options.strategy.rules.get(rule.as_str()),
        Place::Strategy | Place::Param(_) | Place::Text => None,
    }
}

fn report_at_place(options: &Options, problem: &language::Diagnostic, sources: &Sources, problems: &Problems) {
    if let Some(text) = expression_of(options, problem) {
        return report_expression(text, problem, sources, problems);
    }
    let param = match &problem.place {
        Place::Param(name) => options.params.get(name).map(|param| &param.span),
        _ => None,
    };
    let (code, span) = (problem.code.as_str(), param.unwrap_or(&options.strategy.span).clone());
    problems.add(Diagnostic { code, message: problem.message.clone(), span, help: problem.help.clone() });
}
