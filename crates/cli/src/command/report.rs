//! `bartune report`: a study on one page.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use bartune::data::Dataset;
use bartune::report::{Ledger, PageOptions, Report, Subject};
use bartune::study::{Control, RunOptions, Session};
use bartune::validation::{Validation, ValidationOptions};
use bartune::{Error, Evaluator};

use super::study::{open_data, storage_url, study_text};
use super::validate::judged;
use crate::args::ReportArgs;
use crate::exit::Exit;
use crate::output;

/// Why a page has no verdict, where none was asked for.
const SKIPPED: &str = "the validation was left out with `--no-validate`";

pub(crate) fn run(args: &ReportArgs) -> Result<Exit> {
    let place = place(args)?;
    let text = study_text(&args.study)?;
    let mut plan = text.plan()?;
    let dataset = open_data(&mut plan, &args.study)?;
    let url = storage_url(&args.storage, &args.study.study);
    let session = Session::open(&plan, &dataset, &url)?;
    let options = ValidationOptions {
        folds: args.folds.get(),
        fold_trials: args.fold_trials.get(),
        workers: args.workers.unwrap_or(RunOptions::of(&plan).workers),
        ..ValidationOptions::default()
    };
    let evaluator = Evaluator::new(&plan, &dataset).with_cache(options.cache);
    let ledger = Ledger::of(&plan.objective.directions(), Some(&plan.parameters.space), &session.history()?);
    let validation = match args.no_validate {
        true => Err(SKIPPED.to_owned()),
        false => validated((&evaluator, &dataset), &session, args.trial, &options)?,
    };
    let (storage, trial) = (output::shown(&url), args.trial);
    let subject = Subject { plan: &plan, dataset: &dataset, text: &text, session: &session, storage: &storage, trial };
    let now = jiff::Timestamp::now().as_millisecond();
    let validation = validation.as_ref().map_err(String::as_str);
    let report = Report::of_study(&subject, &evaluator, &ledger, validation, now)?;
    write(&report, place)?;
    Ok(Exit::Fine)
}

/// Where the report goes, and in which form.
enum Place {
    Html(PathBuf),
    Markdown(PathBuf),
    Stdout,
}

fn place(args: &ReportArgs) -> Result<Place> {
    let ending = args.output.as_deref().and_then(Path::extension).and_then(|ending| ending.to_str());
    Ok(match (&args.output, ending) {
        (None, _) if args.md => Place::Stdout,
        (None, _) => Place::Html(args.study.study.with_extension("html")),
        (Some(path), Some("md" | "markdown")) => Place::Markdown(path.clone()),
        (Some(path), Some("html" | "htm")) if !args.md => Place::Html(path.clone()),
        (Some(path), _) if args.md => bail!("`{}` is no name for Markdown: end it in .md", path.display()),
        (Some(path), _) => bail!("`{}` is no name for a page: end it in .html, or in .md", path.display()),
    })
}

/// What a validation found; a study without a winner has none, and says so.
fn validated(
    subject: (&Evaluator<'_>, &Dataset),
    session: &Session<'_>,
    trial: Option<u64>,
    options: &ValidationOptions,
) -> Result<Result<Validation, String>> {
    match judged(subject, session, trial, (options, &Control::default())) {
        Err(Error::NoWinner { .. }) => Ok(Err("no trial is feasible, so there is no winner to judge".to_owned())),
        found => Ok(Ok(found?)),
    }
}

fn write(report: &Report, place: Place) -> Result<()> {
    let (path, text) = match place {
        Place::Stdout => return output::print(&report.to_markdown()),
        Place::Markdown(path) => (path, report.to_markdown()),
        Place::Html(path) => (path, report.to_html(PageOptions::File)),
    };
    std::fs::write(&path, text.as_bytes()).map_err(|source| Error::Write { path: path.clone(), source })?;
    output::tell(&format!("{} ({} kB)", path.display(), text.len().div_ceil(1_000)));
    Ok(())
}
