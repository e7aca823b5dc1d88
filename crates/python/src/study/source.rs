//! A study's text with its bars and its store, and the run of it: what the handle's methods stand on, without Python.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use bartune::config::{Plan, StudyText};
use bartune::data::{self, BarCache, Dataset};
use bartune::engine::Params;
use bartune::preflight::{PreflightOptions, preflight};
use bartune::resources::{self, Wish};
use bartune::search::storage::TrialRecord;
use bartune::strategy::ColumnStrategy;
use bartune::study::{Control, Ending, RunOptions, Session, Summary, default_storage, summarize};
use bartune::{Error, Evaluator, json};
use serde_json::{Value, json};

/// What a study was read from.
pub(super) struct Source {
    study: StudyText,
    /// What decides in place of what the text names.
    strategy: Option<Arc<dyn ColumnStrategy>>,
    pub(super) url: String,
    use_cache: bool,
    dataset: Mutex<Option<Arc<Dataset>>>,
}

impl Source {
    pub(super) fn new(
        study: StudyText,
        strategy: Option<Arc<dyn ColumnStrategy>>,
        storage: Option<String>,
        use_cache: bool,
    ) -> Self {
        let url = storage.unwrap_or_else(|| default_storage(&study.path));
        Self { study, strategy, url, use_cache, dataset: Mutex::new(None) }
    }

    pub(super) fn text(&self) -> &str {
        &self.study.text
    }

    pub(super) fn read_plan(&self, more: &[String]) -> Result<Plan, Error> {
        let overrides = self.study.overrides.iter().chain(more).cloned().collect();
        let study = StudyText { overrides, ..self.study.clone() };
        match &self.strategy {
            Some(strategy) => study.plan_with_columns(Arc::clone(strategy)),
            None => study.plan(),
        }
    }

    /// The plan, fitted to its bars, and the bars.
    pub(super) fn open(&self, more: &[String]) -> Result<(Plan, Arc<Dataset>), Error> {
        let mut plan = self.read_plan(more)?;
        let dataset = self.dataset(&plan)?;
        plan.adapt(dataset.segments.train.len());
        Ok((plan, dataset))
    }

    fn dataset(&self, plan: &Plan) -> Result<Arc<Dataset>, Error> {
        let mut slot = self.dataset.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(dataset) = &*slot {
            return Ok(Arc::clone(dataset));
        }
        let cache = if self.use_cache { BarCache::of_user() } else { None };
        let dataset = Arc::new(data::open(&plan.data, &plan.split, cache.as_ref())?);
        *slot = Some(Arc::clone(&dataset));
        Ok(dataset)
    }

    /// With the stored study open for reading.
    pub(super) fn stored<T>(
        &self,
        read: impl FnOnce(&Plan, &Dataset, &Session<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let (plan, dataset) = self.open(&[])?;
        let session = Session::open(&plan, &dataset, &self.url)?;
        read(&plan, &dataset, &session)
    }

    /// The parameters of a stored trial, or those given over the defaults.
    pub(super) fn params(&self, plan: &Plan, dataset: &Dataset, choice: &Choice) -> Result<Params, Error> {
        match choice {
            Choice::Trial(number) => {
                let session = Session::open(plan, dataset, &self.url)?;
                let record = match number {
                    Some(number) => session.trial(*number)?,
                    None => winner(&session, plan)?,
                };
                Ok(plan.parameters.to_params(&record.trial.params))
            }
            Choice::Params(given) => given_params(plan, given),
        }
    }
}

/// Which parameters a backtest runs with.
#[derive(Clone)]
pub(super) enum Choice {
    /// Those of a stored trial; of the winner without a number.
    Trial(Option<u64>),
    /// Names and values as text, over the defaults.
    Params(Vec<(String, String)>),
}

fn given_params(plan: &Plan, given: &[(String, String)]) -> Result<Params, Error> {
    let value = |(name, text): &(String, String)| {
        let value = plan.parameters.parse_value(name, text).map_err(Error::Params)?;
        Ok((name.clone(), value))
    };
    let given: Params = given.iter().map(value).collect::<Result<_, Error>>()?;
    let params = plan.parameters.with_defaults(given.clone()).map_err(Error::Params)?;
    match given.keys().find(|name| !params.contains_key(*name)) {
        Some(name) => Err(Error::Params(format!("`{name}` is inactive with these values: its `when` is false"))),
        None => Ok(params),
    }
}

fn winner(session: &Session<'_>, plan: &Plan) -> Result<TrialRecord, Error> {
    let best = summarize(session, 1)?.top.into_iter().next();
    best.ok_or_else(|| Error::NoWinner { name: plan.name.clone() })
}

fn ending_word(ending: Ending) -> &'static str {
    match ending {
        Ending::Budget => "budget",
        Ending::Exhausted => "exhausted",
        Ending::Interrupted => "interrupted",
        Ending::TimedOut => "timeout",
    }
}

/// What a run is asked for, beside what its overrides say.
#[derive(Clone, Copy)]
pub(super) struct RunWish {
    pub(super) workers: Option<NonZeroUsize>,
    pub(super) memory: Option<bartune::CacheBudget>,
    pub(super) check: bool,
}

/// A run from opening the store to its end.
pub(super) fn run_study(
    source: &Source,
    more: &[String],
    wish: RunWish,
    control: &Control,
    tell: impl FnMut(&bartune::study::Progress),
) -> Result<Value, Error> {
    let (plan, dataset) = source.open(more)?;
    let mut session = Session::open_or_create(&plan, &dataset, &source.url)?;
    let asked = Wish { workers: wish.workers.or(plan.search.workers), memory: wish.memory };
    let given = resources::divide(&plan, dataset.segments.searchable_bars(), &asked);
    let evaluator = Evaluator::new(&plan, &dataset).with_cache(given.cache);
    let mut findings = Vec::new();
    if session.trial_count() == 0 && wish.check {
        let options = PreflightOptions { probes: NonZeroUsize::new(QUICK_PROBES), pilot: None };
        let found = preflight(&plan, &dataset, &evaluator, &options)?;
        findings.push(json::preflight(&found)["findings"].take());
        if found.is_pointless() {
            return Ok(json!({ "ending": "refused", "findings": findings }));
        }
    }
    let left = plan.search.trials.saturating_sub(session.trial_count());
    let given = resources::measure(&plan, &evaluator, given, left);
    let options = RunOptions { workers: given.workers, ..RunOptions::of(&plan) };
    let began = Instant::now();
    let ending = bartune::study::run(&mut session, &evaluator, &options, control, tell)?;
    Ok(json!({
        "ending": ending_word(ending),
        "seconds": began.elapsed().as_secs_f64(),
        "workers": given.workers,
        "sampler": session.sampler().name(),
        "findings": findings,
    }))
}

/// Probe trials before a run: as many as the command line's.
const QUICK_PROBES: usize = 8;

pub(super) fn summary_json(plan: &Plan, summary: &Summary) -> Value {
    json!({
        "study": plan.name,
        "trials": json::counts(&summary.counts),
        "top": summary.top.iter().map(|record| json::trial(plan, record)).collect::<Vec<_>>(),
        "ranked": summary.ranked,
        "reasons": summary.reasons,
    })
}
