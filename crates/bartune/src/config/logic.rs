//! `[strategy]`: rules, or the name of the code that decides in their place.

use std::sync::Arc;

use bartune_engine::language::{self, Place, Strategy, StrategySource};

use super::expression::report_expression;
use super::options::{self, Options};
use super::section::Problems;
use super::space;
use crate::diagnostic::{Diagnostic, Located, Sources};
use crate::strategy::{self as code, Code, Logic};

/// Resolve what decides, reporting every problem; `code` is what the program brings along.
pub(super) fn resolve(
    options: &Options,
    code: Option<Arc<dyn code::Strategy>>,
    sources: &Sources,
    problems: &Problems,
) -> Option<Logic> {
    match (&options.strategy.code, code) {
        (None, None) => rules(options, sources, problems).map(Logic::Rules),
        (Some(name), Some(code)) if name.value == code.name() => compiled(options, name, code, problems),
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
    for (key, rule) in &options.strategy.rules {
        let message = format!("`strategy.{key}` is not read: `{}` decides", name.value);
        problems.push("E110", &rule.span, message);
    }
    match Code::compile(code, &lets(options), &space::declarations(options)) {
        Ok(code) => Some(Logic::Code(code)),
        Err(found) => {
            found.into_iter().for_each(|problem| problems.push("E110", &name.span, problem));
            None
        }
    }
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
