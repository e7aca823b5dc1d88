//! A plan in words, for `bartune check`.

use std::ops::Range;

use bartune_engine::bars::format_timeframe;
use bartune_engine::simulator::MarginBasis;
use bartune_search::space::SpaceSize;
use jiff::Timestamp;

use crate::config::{Budget, Plan, describe};
use crate::data::Dataset;

/// What would be run, as `(topic, sentence)` rows.
#[must_use]
pub fn plan_in_words(plan: &Plan, dataset: &Dataset) -> Vec<(String, String)> {
    let mut rows = Vec::new();
    let mut row = |topic: &str, words: String| rows.push((topic.to_owned(), words));
    row("study", plan.name.clone());
    row("bars", bars(plan, dataset));
    row("train", segment(dataset, &dataset.segments.train));
    if let Some(range) = &dataset.segments.validate {
        row("validate", segment(dataset, range));
    }
    if let Some(range) = &dataset.segments.test {
        row("test", format!("{} (locked; `bartune test` opens it)", segment(dataset, range)));
    }
    row("instrument", instrument(plan));
    row("account", account(plan));
    for (name, param) in plan.parameters.space.params() {
        let when = param.when.as_ref().map_or_else(String::new, |when| format!(", when {}", when.text));
        row(name, format!("{}{when}", describe(&param.distribution)));
    }
    plan.parameters.space.require().iter().for_each(|relation| row("require", relation.text.clone()));
    row("space", size(plan));
    row("objective", objective(plan));
    plan.objective.constraints.iter().for_each(|constraint| row("constraint", constraint.text().to_owned()));
    row("search", search(plan));
    if let Some(large) = &plan.search.large {
        row("large data", large.reason.clone());
    }
    rows
}

fn instrument(plan: &Plan) -> String {
    let instrument = &plan.execution.instrument;
    let name = plan.contract.map_or_else(String::new, |contract| {
        let (symbol, exchange, currency) = (contract.symbol, contract.exchange.name(), contract.currency.code());
        format!("{symbol} ({}, {exchange}, {currency}): ", contract.name)
    });
    let tick = instrument.tick.map_or_else(|| "continuous prices".to_owned(), |tick| format!("tick {tick}"));
    let sizes = if instrument.whole_contracts { "whole contracts" } else { "any size" };
    let margin = instrument.margin.map_or_else(String::new, |margin| match margin.basis {
        MarginBasis::PerContract => format!(", margin {} ({}) a contract", margin.initial, margin.maintenance),
        MarginBasis::Notional => format!(", margin {}% ({}%)", margin.initial * 100.0, margin.maintenance * 100.0),
    });
    format!("{name}{tick}, {} money a point, {sizes}{margin}", instrument.point_value)
}

fn account(plan: &Plan) -> String {
    let mut words = vec![format!("cash {}", plan.account.cash)];
    if let Some(rules) = &plan.account.rules {
        words.extend(rules.profit_target.map(|money| format!("target {money}")));
        words.extend(rules.daily_loss.map(|limit| format!("daily loss {}", limit.amount)));
        words.extend(rules.drawdown.map(|limit| format!("drawdown {}", limit.amount)));
        words.extend(rules.contract_caps.last().map(|cap| format!("at most {} contracts", cap.contracts)));
        words.extend(rules.flat_by.map(|minute| format!("flat by {:02}:{:02}", minute / 60, minute % 60)));
    }
    words.join(", ")
}

fn size(plan: &Plan) -> String {
    match plan.parameters.space.size() {
        SpaceSize::Exact(points) => format!("{points} points"),
        SpaceSize::AtMost(points) => format!("at most {points} points"),
        _ => "continuous".to_owned(),
    }
}

fn bars(plan: &Plan, dataset: &Dataset) -> String {
    let bars = &dataset.bars;
    format!(
        "{} of {} from {}, {}",
        bars.len(),
        format_timeframe(bars.timeframe_ns()),
        plan.data.path.display(),
        span(dataset, &(0..bars.len()))
    )
}

fn segment(dataset: &Dataset, range: &Range<usize>) -> String {
    format!("{} bars, {}", range.len(), span(dataset, range))
}

fn span(dataset: &Dataset, range: &Range<usize>) -> String {
    let bars = &dataset.bars;
    let day = |index: usize| {
        let moment = Timestamp::from_nanosecond(i128::from(bars.time()[index]));
        moment.map_or_else(|_| "?".to_owned(), |moment| moment.to_zoned(bars.timezone().clone()).date().to_string())
    };
    format!("{} to {}", day(range.start), day(range.end - 1))
}

fn objective(plan: &Plan) -> String {
    let targets: Vec<String> =
        plan.objective.targets.iter().map(|target| format!("{} {}", target.verb(), target.text())).collect();
    let targets = targets.join(", ");
    match &plan.objective.folds {
        Some(folds) => format!("{targets}, {} over {} parts of the train segment", folds.text(), folds.count),
        None => format!("{targets} of the train segment"),
    }
}

fn search(plan: &Plan) -> String {
    let search = &plan.search;
    let objectives = plan.objective.targets.len();
    let (sampler, why) = search.sampler.resolved(&plan.parameters.space, objectives, search.trials);
    let sampler = sampler.name();
    let why = why.map_or_else(String::new, |why| format!(" (chosen: {why})"));
    let budget = match search.budget {
        Some(Budget::Passes(passes)) => format!("{passes} passes of the train segment, at most "),
        Some(Budget::Bars(bars)) => format!("{bars} train bars, at most "),
        None => String::new(),
    };
    format!("{budget}{} trials by {sampler}{why}, seed {}, lag {}", search.trials, search.seed, search.lag)
}
