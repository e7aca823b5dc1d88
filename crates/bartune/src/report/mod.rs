//! A study on one page: the verdict first, then what it rests on.
//!
//! | file | job |
//! |---|---|
//! | `ledger` | the study's trials as columns, filled part by part |
//! | `search` | what the search did: history, distribution, importance, the map |
//! | `market` | the winner on the bars: equity, price, trades, months, costs, account |
//! | `judged` | what a validation found |
//! | `thin`, `axis`, `words` | fewer points, parameters as axes, numbers as people read them |
//! | `outline` | all of it as sections of texts, tables and charts |
//! | `html`, `markdown` | the sections as a page that needs nothing else, and as text |
//! | `assets` | the page's style and script, and Apache ECharts |
//!
//! Series are thinned before they enter a page, so that its size hardly depends on the study's.
//!
//! **Invariant:** the vault is never read: of the test segment only what its openings recorded is shown. What is missing is
//! a sentence that says why, never a number.

mod axis;
mod html;
mod judged;
mod ledger;
mod markdown;
mod market;
mod outline;
mod search;
mod thin;
mod words;

use std::collections::BTreeMap;

use bartune_engine::Value;
use bartune_engine::metric;
use bartune_search::storage::{StudyInfo, TrialRecord};
use serde::Serialize;

use crate::config::{Plan, StudyText};
use crate::data::Dataset;
use crate::error::Error;
use crate::evaluator::Evaluator;
use crate::export::AnyStorage;
use crate::study::{HEADLINE_METRICS, Session};
use crate::validation::Validation;
use judged::Judged;
use market::{Market, Runs};
use search::Search;

pub use html::{ListedStudy, PageOptions, list_page};
pub use ledger::Ledger;

/// Trials in the table of the best.
const TOP: usize = 20;

/// Something, or why it is not there.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub(crate) enum Part<T> {
    /// It is there.
    Found(T),
    /// It is not.
    Missing {
        /// Why, as the end of a sentence.
        missing: String,
    },
}

impl<T> Part<T> {
    fn missing(why: impl Into<String>) -> Self {
        Self::Missing { missing: why.into() }
    }

    fn from(result: Result<T, String>) -> Self {
        result.map_or_else(Self::missing, Self::Found)
    }

    fn map<U>(self, f: impl FnOnce(T) -> U) -> Part<U> {
        match self {
            Self::Found(found) => Part::Found(f(found)),
            Self::Missing { missing } => Part::Missing { missing },
        }
    }

    fn found(&self) -> Option<&T> {
        match self {
            Self::Found(found) => Some(found),
            Self::Missing { .. } => None,
        }
    }
}

/// What was found, without owning it.
fn borrowed<'a, T>(result: Result<&'a T, &String>) -> Part<&'a T> {
    match result {
        Ok(found) => Part::Found(found),
        Err(why) => Part::missing(why),
    }
}

/// Everything that a page about a study shows.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    name: String,
    generated_ms: i64,
    version: &'static str,
    storage: String,
    trials: TrialsCard,
    search: Search,
    top: Vec<TopRow>,
    winner: Part<WinnerCard>,
    market: Part<Market>,
    judged: Part<Judged>,
    source: Option<SourceCard>,
}

/// How many trials ended how.
#[derive(Debug, Clone, Serialize)]
struct TrialsCard {
    total: u64,
    complete: u64,
    pruned: u64,
    infeasible: u64,
    failed: u64,
    duplicate: u64,
    imported: u64,
    /// Why trials fell out, most frequent first.
    reasons: Vec<(String, u64)>,
    last_ms: Option<i64>,
}

/// One of the best trials.
#[derive(Debug, Clone, Serialize)]
struct TopRow {
    number: u64,
    values: Vec<f64>,
    /// Metrics by segment, the headline ones.
    metrics: BTreeMap<String, BTreeMap<String, f64>>,
    params: Vec<(String, String)>,
}

/// The trial that the page is about.
#[derive(Debug, Clone, Serialize)]
struct WinnerCard {
    number: u64,
    is_chosen: bool,
    values: Vec<f64>,
    params: Vec<(String, String)>,
    /// Metrics by segment: train, validate, and test if the vault was opened for this trial.
    metrics: BTreeMap<String, BTreeMap<String, f64>>,
    openings: Vec<Opening>,
}

/// One opening of the vault.
#[derive(Debug, Clone, Serialize)]
struct Opening {
    opened_ms: i64,
    trial: u64,
    metrics: BTreeMap<String, f64>,
}

/// Where the study comes from.
#[derive(Debug, Clone, Serialize)]
struct SourceCard {
    file: String,
    text: String,
    overrides: Vec<String>,
    data_path: String,
    data_hash: String,
    bars: usize,
    days: (String, String),
    timezone: String,
    segments: Vec<(&'static str, usize)>,
    sampler: String,
    seed: u64,
    budget: u64,
}

/// What a report about a study with its file is made from.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// The study, resolved.
    pub plan: &'a Plan,
    /// Its bars.
    pub dataset: &'a Dataset,
    /// Its file.
    pub text: &'a StudyText,
    /// Its store.
    pub session: &'a Session<'a>,
    /// The store as it may be shown.
    pub storage: &'a str,
    /// The trial to show; the winner if none is named.
    pub trial: Option<u64>,
}

impl Report {
    /// A report about a study with its file and bars; `validation` is what was found, or why there is none.
    ///
    /// # Errors
    ///
    /// [`Error::NoTrial`] when the trial asked for is not there, [`Error::Storage`], and what evaluating it finds wrong.
    pub fn of_study(
        subject: &Subject<'_>,
        evaluator: &Evaluator<'_>,
        ledger: &Ledger,
        validation: Result<&Validation, &str>,
        generated_ms: i64,
    ) -> Result<Self, Error> {
        let Subject { plan, session, .. } = *subject;
        let names: Vec<String> = plan.objective.targets.iter().map(|target| target.text().to_owned()).collect();
        let ranked = ledger.ranked();
        let number = subject.trial.or_else(|| ranked.first().map(|&row| ledger.numbers[row]));
        let record = number.map(|number| session.trial(number)).transpose()?;
        let runs = record
            .as_ref()
            .map(|record| Runs::of(evaluator, &plan.parameters.to_params(&record.trial.params)))
            .transpose()?;
        let walk = validation.ok().and_then(|found| found.walk_forward.as_ref().ok());
        let nothing = || "no trial is feasible yet".to_owned();
        let winner = match (&record, &runs) {
            (Some(record), Some(runs)) => Ok(winner(subject, record, runs)?),
            _ => Err(nothing()),
        };
        let own = runs.as_ref().map(|runs| own_days(evaluator, runs)).unwrap_or_default();
        Ok(Self {
            name: plan.name.clone(),
            generated_ms,
            version: env!("CARGO_PKG_VERSION"),
            storage: subject.storage.to_owned(),
            trials: TrialsCard::of(ledger),
            search: Search::of(ledger, &names, plan.search.seed, number),
            top: top(ledger, &ranked, |number| session.trial(number).map(Some))?,
            winner: Part::from(winner),
            market: Part::from(runs.as_ref().map(|runs| Market::of(evaluator, runs, walk)).ok_or_else(nothing)),
            judged: Part::from(validation.map(|found| Judged::of(plan, evaluator, found, &own)).map_err(str::to_owned)),
            source: Some(SourceCard::of(subject)),
        })
    }

    /// A report about a study in a store, without its file: what its trials tell.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    pub fn of_stored(
        storage: &AnyStorage,
        (info, place): (&StudyInfo, &str),
        ledger: &Ledger,
        generated_ms: i64,
    ) -> Result<Self, Error> {
        let ranked = ledger.ranked();
        let read = |number: u64| Ok(storage.trials_in(info.id, number..number + 1)?.pop());
        let best = ranked.first().map(|&row| ledger.numbers[row]);
        let record = best.map(read).transpose()?.flatten();
        let openings = openings(storage.vault_openings(info.id)?);
        let winner = record.map(|record| WinnerCard {
            number: record.trial.number,
            is_chosen: false,
            values: record.trial.values.clone(),
            params: params_in_words(ledger, record.trial.number),
            metrics: with_test(record.metrics, record.trial.number, &openings),
            openings,
        });
        let why = "the page was made from the store alone; bars and strategy are in the study file";
        Ok(Self {
            name: info.name.clone(),
            generated_ms,
            version: env!("CARGO_PKG_VERSION"),
            storage: place.to_owned(),
            trials: TrialsCard::of(ledger),
            search: Search::of(ledger, &[], 0, best),
            top: top(ledger, &ranked, read)?,
            winner: Part::from(winner.ok_or_else(|| "no trial is feasible yet".to_owned())),
            market: Part::missing(why),
            judged: Part::missing(why),
            source: None,
        })
    }

    /// All of it as JSON, as `/api` and `--json` give it.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        let mut json = serde_json::to_value(self).expect("a report has text keys and numbers only");
        if let Part::Found(judged) = &self.judged {
            json["validation"] = crate::json::validation(&self.name, &judged.found);
        }
        json
    }

    /// The whole page.
    #[must_use]
    pub fn to_html(&self, options: PageOptions) -> String {
        html::page(self, options)
    }

    /// The part of the page that changes while a study runs.
    #[must_use]
    pub fn to_html_part(&self) -> String {
        html::part(self)
    }

    /// The page as text.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        markdown::text(self)
    }
}

impl TrialsCard {
    fn of(ledger: &Ledger) -> Self {
        let counts = &ledger.counts;
        let mut reasons: Vec<(String, u64)> =
            ledger.reasons.iter().map(|(reason, count)| (reason.clone(), *count)).collect();
        reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        reasons.truncate(8);
        Self {
            total: counts.total,
            complete: counts.complete,
            pruned: counts.pruned,
            infeasible: counts.infeasible,
            failed: counts.failed,
            duplicate: counts.duplicate,
            imported: counts.imported,
            reasons,
            last_ms: ledger.last_ms,
        }
    }
}

impl SourceCard {
    fn of(subject: &Subject<'_>) -> Self {
        let Subject { plan, dataset, text, session, .. } = *subject;
        let (bars, segments) = (&dataset.bars, &dataset.segments);
        let day = |bar: usize| words::day_text(bars.calendar().day[bar]);
        let sizes = [
            ("train", Some(segments.train.len())),
            ("validate", segments.validate.as_ref().map(ExactSizeIterator::len)),
            ("test", segments.test.as_ref().map(ExactSizeIterator::len)),
        ];
        Self {
            file: text.path.display().to_string(),
            text: text.text.clone(),
            overrides: text.overrides.clone(),
            data_path: plan.data.path.display().to_string(),
            data_hash: bars.content_hash().to_owned(),
            bars: bars.len(),
            days: (day(0), day(bars.len() - 1)),
            timezone: bars.timezone().iana_name().unwrap_or("UTC").to_owned(),
            segments: sizes.into_iter().filter_map(|(name, size)| Some((name, size?))).collect(),
            sampler: session.sampler().name().to_owned(),
            seed: plan.search.seed,
            budget: plan.search.trials,
        }
    }
}

/// Daily returns of the winner's own run.
fn own_days(evaluator: &Evaluator<'_>, runs: &Runs) -> Vec<f64> {
    let (calendar, _) = evaluator.calendar(runs.all.segment.clone());
    metric::daily_returns(runs.all.backtest.cash, &metric::daily_equity(&runs.all.backtest, &calendar))
}

fn winner(subject: &Subject<'_>, record: &TrialRecord, runs: &Runs) -> Result<WinnerCard, Error> {
    let openings = openings(subject.session.vault_openings()?);
    let metrics = runs.segments.iter().map(|(name, run)| (name.key().to_owned(), run.metrics.to_map())).collect();
    let params = subject.plan.parameters.to_params(&record.trial.params);
    let decls = subject.plan.parameters.decls().iter();
    Ok(WinnerCard {
        number: record.trial.number,
        is_chosen: subject.trial.is_some(),
        values: record.trial.values.clone(),
        params: decls.filter_map(|decl| Some((decl.name.clone(), value_text(params.get(&decl.name)?)))).collect(),
        metrics: with_test(metrics, record.trial.number, &openings),
        openings,
    })
}

/// A parameter's value as the study file would have it.
fn value_text(value: &Value) -> String {
    match value {
        Value::Float(value) => words::number(*value),
        other => other.to_string(),
    }
}

fn openings(recorded: Vec<bartune_search::storage::VaultOpening>) -> Vec<Opening> {
    let opening = |opening: bartune_search::storage::VaultOpening| Opening {
        opened_ms: opening.opened_ms,
        trial: opening.trial_number,
        metrics: opening.metrics,
    };
    recorded.into_iter().map(opening).collect()
}

/// Metrics with what the first opening of the vault for this trial recorded: the first look is the unbiased one.
fn with_test(
    mut metrics: BTreeMap<String, BTreeMap<String, f64>>,
    number: u64,
    openings: &[Opening],
) -> BTreeMap<String, BTreeMap<String, f64>> {
    if let Some(opening) = openings.iter().find(|opening| opening.trial == number) {
        metrics.insert("test".to_owned(), opening.metrics.clone());
    }
    metrics
}

/// The best trials with their headline metrics.
fn top(
    ledger: &Ledger,
    ranked: &[usize],
    read: impl Fn(u64) -> Result<Option<TrialRecord>, Error>,
) -> Result<Vec<TopRow>, Error> {
    let mut rows = Vec::new();
    for &row in ranked.iter().take(TOP) {
        let number = ledger.numbers[row];
        let Some(mut record) = read(number)? else { continue };
        record.metrics.values_mut().for_each(|of| of.retain(|name, _| HEADLINE_METRICS.contains(&name.as_str())));
        rows.push(TopRow {
            number,
            values: record.trial.values,
            metrics: record.metrics,
            params: params_in_words(ledger, number),
        });
    }
    Ok(rows)
}

/// The parameters that are searched, of one trial.
fn params_in_words(ledger: &Ledger, number: u64) -> Vec<(String, String)> {
    let Some(row) = ledger.numbers.iter().position(|&other| other == number) else { return Vec::new() };
    let active = ledger.axes.iter().zip(&ledger.columns).filter(|(_, column)| !column[row].is_nan());
    active.map(|(axis, column)| (axis.name.clone(), axis.text(column[row]))).collect()
}

#[cfg(test)]
mod tests;
