//! `bartune promote`: make a trial into a study file of its own.

use anyhow::Result;
use bartune::champion::{self, Provenance, Replace};
use bartune::config::StudyText;
use bartune::study::Session;

use super::study::{open_data, storage_url, stored_trial};
use crate::args::PromoteArgs;
use crate::exit::Exit;
use crate::output;

pub(crate) fn run(args: &PromoteArgs) -> Result<Exit> {
    let text = StudyText::read(&args.study.study, &args.study.overrides)?;
    let mut plan = text.plan()?;
    let dataset = open_data(&mut plan, &args.study)?;
    let url = storage_url(&args.storage, &args.study.study);
    let session = Session::open(&plan, &dataset, &url)?;
    let record = stored_trial(&session, &plan, args.trial)?;
    let command = format!(
        "bartune promote {} --trial {} --to {}",
        args.study.study.display(),
        record.trial.number,
        args.to.display()
    );
    let provenance = Provenance { command: &command, promoted_ms: now_ms() };
    let champion = champion::promote(&text, &plan, &dataset, (&record, provenance))?;
    let replace = if args.force { Replace::Overwrite } else { Replace::Keep };
    champion::write(&args.to, &champion, replace)?;
    let params = plan.parameters.to_params(&record.trial.params);
    output::print(&format!(
        "trial {} of `{}` is now {}: {}\n",
        record.trial.number,
        plan.name,
        args.to.display(),
        output::params_line(&plan, &params)
    ))?;
    Ok(Exit::Fine)
}

fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
