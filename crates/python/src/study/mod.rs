//! A study file (or a study's text) with its bars and its store.
//!
//! `source` is what the methods stand on; `callable` a strategy that is an object of Python.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use bartune::config::StudyText;
use bartune::preflight::{Pilot, PreflightOptions, preflight};
use bartune::resources::{self, Wish};
use bartune::study::{Control, RunOptions, Session, plan_in_words, summarize};
use bartune::validation::{ValidationOptions, Window, validate};
use bartune::verify::{VerifyScope, verify};
use bartune::{Engine, Error, Evaluator, SegmentName, json};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde_json::{Value, json};

use self::source::{Choice, RunWish, Source, run_study, summary_json};
use crate::error::{exception_of, raised};
use crate::table::ArrowTable;
use crate::value::{to_json, to_python};
use crate::wait::{read_only, watch};

mod callable;
mod source;

/// A study: its text, its store, and its bars once they were needed.
#[pyclass(frozen, module = "bartune._bartune")]
pub(crate) struct StudyHandle(Arc<Source>);

impl Choice {
    fn of(trial: Option<u64>, params: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let Some(params) = params else { return Ok(Self::Trial(trial)) };
        let text = |value: Value| match value {
            Value::String(text) => text,
            other => other.to_string(),
        };
        let pair = |(name, value): (Bound<'_, PyAny>, Bound<'_, PyAny>)| {
            Ok((name.extract::<String>()?, text(to_json(&value)?)))
        };
        Ok(Self::Params(params.iter().map(pair).collect::<PyResult<_>>()?))
    }
}

fn segment_of(name: &str) -> PyResult<SegmentName> {
    let all = [SegmentName::Train, SegmentName::Validate, SegmentName::All];
    all.into_iter().find(|segment| segment.key() == name).ok_or_else(|| {
        raised("ParamsError", &format!("there is no segment `{name}`: use \"train\", \"validate\" or \"all\""))
    })
}

#[pymethods]
impl StudyHandle {
    /// A study from its text. `path` is its file, or what stands for it; relative paths start from its folder.
    /// `strategy` decides in place of what the text's `strategy.python` names.
    #[new]
    #[pyo3(signature = (path, text, overrides, storage, use_cache, strategy = None))]
    fn new(
        py: Python<'_>,
        path: PathBuf,
        text: String,
        overrides: Vec<String>,
        storage: Option<String>,
        use_cache: bool,
        strategy: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let strategy = strategy.map(callable::strategy).transpose()?;
        let source = Arc::new(Source::new(StudyText { path, text, overrides }, strategy, storage, use_cache));
        // Every problem of the text is told now.
        py.detach(|| source.read_plan(&[])).map_err(|error| exception_of(&error))?;
        Ok(Self(source))
    }

    /// The study's name.
    #[getter]
    fn name(&self) -> PyResult<String> {
        Ok(self.0.read_plan(&[]).map_err(|error| exception_of(&error))?.name)
    }

    /// The URL of its store, as it may be shown.
    #[getter]
    fn storage(&self) -> String {
        bartune::study::shown_storage(&self.0.url)
    }

    /// The study's text.
    #[getter]
    fn text(&self) -> &str {
        self.0.text()
    }

    /// What its trials depend on, key by key.
    fn fingerprint<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.report(py, |source| {
            let (plan, dataset) = source.open(&[])?;
            let found = bartune::identity::fingerprint(&plan, dataset.bars.content_hash(), &dataset.segments);
            Ok(Value::Object(found.into_iter().collect()))
        })
    }

    /// Run to the budget; `progress` is called with a dict about ten times a second.
    #[pyo3(signature = (overrides, workers, memory, check, progress))]
    fn run<'py>(
        &self,
        py: Python<'py>,
        overrides: Vec<String>,
        workers: Option<NonZeroUsize>,
        memory: Option<u64>,
        check: bool,
        progress: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let control = Arc::new(Control::default());
        let (source, inner) = (Arc::clone(&self.0), Arc::clone(&control));
        let memory = memory.map(|bytes| bartune::CacheBudget::of_bytes(usize::try_from(bytes).unwrap_or(usize::MAX)));
        let wish = RunWish { workers, memory, check };
        let is_told = progress.is_some();
        let heard = |told: Value| match &progress {
            Some(progress) => progress.call1((to_python(py, &told)?,)).map(drop),
            None => Ok(()),
        };
        let found = watch(py, Some(control), heard, move |teller| {
            run_study(&source, &overrides, wish, &inner, |progress| {
                if is_told {
                    teller.tell(json::progress(progress));
                }
            })
        })?;
        to_python(py, &found.map_err(|error| exception_of(&error))?)
    }

    /// Counts, the best trials and the reasons of the others.
    fn summary<'py>(&self, py: Python<'py>, top: usize) -> PyResult<Bound<'py, PyAny>> {
        self.report(py, move |source| {
            source.stored(|plan, _, session| Ok(summary_json(plan, &summarize(session, top)?)))
        })
    }

    /// One trial.
    fn trial<'py>(&self, py: Python<'py>, number: u64) -> PyResult<Bound<'py, PyAny>> {
        self.report(py, move |source| source.stored(|plan, _, session| Ok(json::trial(plan, &session.trial(number)?))))
    }

    /// All trials as a table.
    fn trials(&self, py: Python<'_>) -> PyResult<ArrowTable> {
        let source = Arc::clone(&self.0);
        let table = read_only(py, move || {
            source.stored(|_, _, session| Ok(ArrowTable::new(&bartune::table::trials(session)?)))
        })?;
        table.map_err(|error| exception_of(&error))
    }

    /// Run the strategy once: a dict, the trades and the equity.
    #[pyo3(signature = (trial, params, segment))]
    fn backtest<'py>(
        &self,
        py: Python<'py>,
        trial: Option<u64>,
        params: Option<&Bound<'py, PyDict>>,
        segment: &str,
    ) -> PyResult<(Bound<'py, PyAny>, ArrowTable, ArrowTable)> {
        let (choice, segment) = (Choice::of(trial, params)?, segment_of(segment)?);
        let source = Arc::clone(&self.0);
        let found = read_only(py, move || {
            let (plan, dataset) = source.open(&[])?;
            let params = source.params(&plan, &dataset, &choice)?;
            let evaluator = Evaluator::new(&plan, &dataset);
            let run = evaluator.backtest(&params, segment)?;
            let report = json!({
                "params": json::params(&params),
                "segment": segment.key(),
                "bars": run.segment.len(),
                "metrics": json::metrics(&run.metrics),
            });
            let trades = ArrowTable::new(&bartune::table::trades(&run, evaluator.bars()));
            Ok((report, trades, ArrowTable::new(&bartune::table::equity(&run, evaluator.bars()))))
        })?;
        let (report, trades, equity) = found.map_err(|error: Error| exception_of(&error))?;
        Ok((to_python(py, &report)?, trades, equity))
    }

    /// Look at the study before it runs.
    #[pyo3(signature = (probes, estimate))]
    fn check<'py>(&self, py: Python<'py>, probes: Option<NonZeroUsize>, estimate: bool) -> PyResult<Bound<'py, PyAny>> {
        self.report(py, move |source| {
            let (plan, dataset) = source.open(&[])?;
            let given = resources::divide(&plan, dataset.segments.searchable_bars(), &Wish::default());
            let evaluator = Evaluator::new(&plan, &dataset).with_cache(given.cache);
            let given = match estimate {
                true => resources::measure(&plan, &evaluator, given, plan.search.trials),
                false => given,
            };
            let pilot = estimate.then_some(Pilot::of(&given));
            let found = preflight(&plan, &dataset, &evaluator, &PreflightOptions { probes, pilot })?;
            Ok(json!({
                "study": plan.name,
                "plan": plan_in_words(&plan, &dataset),
                "preflight": json::preflight(&found),
                "resources": json::resources(&given),
            }))
        })
    }

    /// Re-run stored trials and compare every number.
    #[pyo3(signature = (trials, engine))]
    fn verify<'py>(&self, py: Python<'py>, trials: Option<NonZeroUsize>, engine: &str) -> PyResult<Bound<'py, PyAny>> {
        let engine = match engine {
            "reference" => Engine::Reference,
            "fast" => Engine::Fast,
            other => {
                let message = format!("there is no engine `{other}`: use \"reference\" or \"fast\"");
                return Err(raised("ParamsError", &message));
            }
        };
        self.report(py, move |source| {
            source.stored(|plan, dataset, session| {
                let evaluator = Evaluator::new(plan, dataset).with_engine(engine);
                let began = Instant::now();
                let found = verify(session, &evaluator, trials.map_or(VerifyScope::All, VerifyScope::Spread))?;
                Ok(json::verification(&plan.name, &found, began.elapsed()))
            })
        })
    }

    /// Is the winner skill or luck?
    #[pyo3(signature = (trial, folds, rolling, fold_trials, workers, progress))]
    #[expect(clippy::too_many_arguments, reason = "one each of the command's options")]
    fn validate<'py>(
        &self,
        py: Python<'py>,
        trial: Option<u64>,
        folds: NonZeroUsize,
        rolling: bool,
        fold_trials: u64,
        workers: Option<NonZeroUsize>,
        progress: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let control = Arc::new(Control::default());
        let (source, inner) = (Arc::clone(&self.0), Arc::clone(&control));
        let heard = |(what, share): (String, f64)| match &progress {
            Some(progress) => progress.call1((what, share)).map(drop),
            None => Ok(()),
        };
        let found = watch(py, Some(control), heard, move |teller| {
            source.stored(|plan, dataset, session| {
                let options = ValidationOptions {
                    folds: folds.get(),
                    window: if rolling { Window::Rolling } else { Window::Anchored },
                    fold_trials,
                    workers: workers.unwrap_or(RunOptions::of(plan).workers),
                    ..ValidationOptions::default()
                };
                let mut observe = |what: &str, share: f64| teller.tell((what.to_owned(), share));
                let evaluator = Evaluator::new(plan, dataset).with_cache(options.cache);
                let found = validate((&evaluator, dataset), session, trial, &options, (&inner, &mut observe))?;
                Ok(json::validation(&plan.name, &found))
            })
        })?;
        to_python(py, &found.map_err(|error: Error| exception_of(&error))?)
    }

    /// This study's choice beside another's, both on this study's bars.
    #[pyo3(signature = (other, trial, params, other_trial, other_params, segment))]
    #[expect(clippy::too_many_arguments, reason = "two choices and a segment")]
    fn compare<'py>(
        &self,
        py: Python<'py>,
        other: &Self,
        trial: Option<u64>,
        params: Option<&Bound<'py, PyDict>>,
        other_trial: Option<u64>,
        other_params: Option<&Bound<'py, PyDict>>,
        segment: &str,
    ) -> PyResult<Bound<'py, PyAny>> {
        let choices = [Choice::of(trial, params)?, Choice::of(other_trial, other_params)?];
        let (other, segment) = (Arc::clone(&other.0), segment_of(segment)?);
        self.report(py, move |source| {
            let (plan, dataset) = source.open(&[])?;
            let (other_plan, other_dataset) = other.open(&[])?;
            let first = source.params(&plan, &dataset, &choices[0])?;
            let second = other.params(&other_plan, &other_dataset, &choices[1])?;
            let evaluator = Evaluator::new(&plan, &dataset);
            let one = evaluator.backtest(&first, segment)?;
            let two = Evaluator::new(&other_plan, &dataset).backtest(&second, segment)?;
            let (calendar, days) = evaluator.calendar(one.segment.clone());
            let found = bartune::compare::compare(&one, &two, &calendar, days);
            Ok(json::comparison(&found, [&plan.name, &other_plan.name], segment))
        })
    }

    /// Delete the stored study, with everything in it; `name` must be its name.
    fn delete(&self, py: Python<'_>, name: String) -> PyResult<()> {
        let source = Arc::clone(&self.0);
        py.detach(|| Session::delete(&source.read_plan(&[])?, &source.url, &name)).map_err(|error| exception_of(&error))
    }
}

impl StudyHandle {
    fn report<'py>(
        &self,
        py: Python<'py>,
        work: impl FnOnce(&Source) -> Result<Value, Error> + Send + 'static,
    ) -> PyResult<Bound<'py, PyAny>> {
        let source = Arc::clone(&self.0);
        let found = read_only(py, move || work(&source))?;
        to_python(py, &found.map_err(|error| exception_of(&error))?)
    }
}
