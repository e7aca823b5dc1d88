//! Whether a champion still is what was promoted, and whether a search can find it.

use super::{Finding, Severity};
use crate::config::Plan;
use crate::data::Dataset;
use crate::error::Error;
use crate::evaluator::{Evaluator, SegmentName};

/// For a champion file: its bars are those it was found on, and the engine gives its metrics again.
pub(super) fn still_holds(plan: &Plan, dataset: &Dataset, evaluator: &Evaluator<'_>) -> Result<Option<Finding>, Error> {
    let Some(champion) = &plan.champion else { return Ok(None) };
    let came_from = format!("trial {} of study `{}`", champion.trial, champion.study);
    if champion.data_hash != dataset.bars.content_hash() {
        let message = format!("this champion, {came_from}, was found on other bars than these");
        return Ok(Some(Finding::new(
            Severity::Note,
            "other-bars",
            message,
            "its metrics here are not those it was promoted with",
        )));
    }
    let metrics = evaluator.backtest(&plan.parameters.defaults(), SegmentName::Train)?.metrics;
    let changed =
        champion.train.iter().find(|(name, value)| metrics.get(name).map(f64::to_bits) != Some(value.to_bits()));
    Ok(changed.map(|(name, promoted)| {
        let now = metrics.get(name).map_or_else(|| "undefined".to_owned(), |value| value.to_string());
        let message = format!("this champion, {came_from}, had a train {name} of {promoted} and has {now} now");
        let remedy = "the file was changed, or another version of bartune promoted it; promote it anew";
        Finding::new(Severity::Warning, "champion-changed", message, remedy)
    }))
}

/// For a search that is to beat a champion: whether the champion's parameters lie in its space.
#[must_use]
pub fn outside(plan: &Plan, champion: &Plan) -> Option<Finding> {
    let parameters = &plan.parameters;
    let values = champion.parameters.defaults();
    let known = values.into_iter().filter(|(name, _)| parameters.space.params().contains_key(name));
    let problem = parameters.with_defaults(known.collect()).err()?;
    let message = format!("the champion `{}` is outside this space: {problem}", champion.name);
    Some(Finding::new(
        Severity::Stop,
        "champion-outside",
        message,
        "widen the range, so that the search can find what is known already",
    ))
}
