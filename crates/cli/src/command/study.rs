//! What most commands begin with: the plan, its bars, its store, and a choice of parameters.

use std::path::Path;

use anyhow::{Context, Result, bail};
use bartune::Error;
use bartune::config::{self, Plan, StudyText};
use bartune::data::{self, BarCache, Dataset};
use bartune::engine::Params;
use bartune::export::AnyStorage;
use bartune::search::storage::TrialRecord;
use bartune::storage::StorageError;
use bartune::study::{Session, default_storage, summarize};

use crate::args::{ChoiceArgs, StorageArgs, StoredStudyArgs, StudyArgs};

/// Where the store's URL may stand, so that a password is not in every list of processes.
const STORAGE_VARIABLE: &str = "BARTUNE_STORAGE";

/// Read the study file, with what the command line changes in it.
pub(crate) fn read_plan(args: &StudyArgs, more: &[String]) -> Result<Plan> {
    let name = args.as_name.as_ref().map(|name| format!("name={name}"));
    let overrides: Vec<String> = args.overrides.iter().chain(more).chain(&name).cloned().collect();
    Ok(config::read_study(&args.study, &overrides)?)
}

/// The study file's text, with what the command line changes in it.
pub(crate) fn study_text(args: &StudyArgs) -> Result<StudyText> {
    let name = args.as_name.as_ref().map(|name| format!("name={name}"));
    let overrides: Vec<String> = args.overrides.iter().chain(&name).cloned().collect();
    Ok(StudyText::read(&args.study, &overrides)?)
}

/// Load the plan's bars, and tell what loading repaired.
pub(crate) fn open_data(plan: &mut Plan, args: &StudyArgs) -> Result<Dataset> {
    open_bars(plan, args.no_cache)
}

/// Load a plan's bars, with or without the host's copy of them, tell what loading repaired, and let the plan choose by
/// how many there are.
pub(crate) fn open_bars(plan: &mut Plan, no_cache: bool) -> Result<Dataset> {
    let cache = if no_cache { None } else { BarCache::of_user() };
    let dataset = data::open(&plan.data, &plan.split, cache.as_ref())?;
    plan.adapt(dataset.segments.train.len());
    for note in dataset.notes() {
        crate::output::tell(&format!("note: {note}"));
    }
    Ok(dataset)
}

/// The URL of the store: given, else the environment's, else beside the study file.
pub(crate) fn storage_url(args: &StorageArgs, study: &Path) -> String {
    args.storage.clone().or_else(default_store).unwrap_or_else(|| default_storage(study))
}

/// The store that the environment names.
pub(crate) fn default_store() -> Option<String> {
    std::env::var(STORAGE_VARIABLE).ok().filter(|url| !url.is_empty())
}

/// Name and store of a study that is given by its file or by its name.
pub(crate) fn stored_study(args: &StoredStudyArgs) -> Result<(String, String)> {
    let given = args.storage.clone().or_else(default_store);
    if args.study.ends_with(".toml") {
        let path = Path::new(&args.study);
        let name = config::read_study(path, &[])?.name;
        return Ok((name, given.unwrap_or_else(|| default_storage(path))));
    }
    let name = &args.study;
    let url = given.with_context(|| format!("`{name}` is no study file, so name its store with `--storage URL`"))?;
    Ok((name.clone(), url))
}

/// Open a store to change it; a SQLite file that is missing is created.
pub(crate) fn open_store(url: &str) -> Result<Box<AnyStorage>> {
    Ok(bartune::export::open(url)?)
}

/// Open a store that must be there, to read the study `name` in it.
pub(crate) fn open_store_to_read(url: &str, name: &str) -> Result<Box<AnyStorage>> {
    match bartune::export::open_read_only(url) {
        Err(Error::Storage(StorageError::Missing { .. })) if !name.is_empty() => {
            bail!(Error::NoStudy { name: name.to_owned(), storage: crate::output::shown(url) })
        }
        result => Ok(result?),
    }
}

/// One trial of the stored study, by default the winner.
pub(crate) fn stored_trial(session: &Session<'_>, plan: &Plan, number: Option<u64>) -> Result<TrialRecord> {
    match number {
        Some(number) => Ok(session.trial(number)?),
        None => {
            let winner = summarize(session, 1)?.top.into_iter().next();
            winner.ok_or_else(|| Error::NoWinner { name: plan.name.clone() }.into())
        }
    }
}

/// The parameters asked for: of a stored trial, or defaults with `--params` over them.
pub(crate) fn chosen_params(choice: &ChoiceArgs, plan: &Plan, dataset: &Dataset, url: &str) -> Result<Params> {
    if let Some(number) = choice.trial {
        let session = Session::open(plan, dataset, url)?;
        let record = stored_trial(&session, plan, Some(number))?;
        return Ok(plan.parameters.to_params(&record.trial.params));
    }
    given_params(choice, plan)
}

/// The parameters given on the command line, defaults for the rest.
pub(crate) fn given_params(choice: &ChoiceArgs, plan: &Plan) -> Result<Params> {
    let mut given = Vec::new();
    for pair in &choice.params {
        let (name, text) =
            pair.split_once('=').with_context(|| format!("`{pair}` is no parameter: write --params name=value"))?;
        let value = plan.parameters.parse_value(name.trim(), text.trim()).map_err(Error::Params)?;
        given.push((name.trim().to_owned(), value));
    }
    let params = plan.parameters.with_defaults(given.iter().cloned().collect()).map_err(Error::Params)?;
    if let Some((name, _)) = given.iter().find(|(name, _)| !params.contains_key(name)) {
        bail!(Error::Params(format!("`{name}` is inactive with these values: its `when` is false")));
    }
    Ok(params)
}
