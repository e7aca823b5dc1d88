//! `bartune compare`: two strategies on the same bars.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use bartune::compare::compare;
use bartune::config::{self, Plan};
use bartune::data::Dataset;
use bartune::engine::Params;
use bartune::study::{Session, default_storage};
use bartune::{BacktestRun, Evaluator};

use super::study::{open_bars, stored_trial};
use crate::args::CompareArgs;
use crate::exit::Exit;
use crate::output;

/// One of the two: a study file, and a trial of its study.
struct Contender {
    label: String,
    plan: Plan,
    params: Params,
    /// Hash of its own bars, where they had to be read.
    data_hash: Option<String>,
}

pub(crate) fn run(args: &CompareArgs) -> Result<Exit> {
    let mut first_plan = config::read_study(&place(&args.first).0, &[])?;
    let dataset = open_bars(&mut first_plan, args.no_cache)?;
    let first = contender(&args.first, args, Some(&dataset))?;
    let second = contender(&args.second, args, None)?;
    if second.data_hash.as_ref().is_some_and(|hash| hash != dataset.bars.content_hash()) {
        output::tell("note: the second was searched on other bars; both are run on the first one's");
    }
    if first.plan.execution != second.plan.execution || first.plan.account != second.plan.account {
        output::tell("note: costs, execution or account differ; each side runs with its own");
    }
    let (one, evaluator) = (backtest(&first, &dataset, args)?, Evaluator::new(&first.plan, &dataset));
    let other = backtest(&second, &dataset, args)?;
    let (calendar, days) = evaluator.calendar(one.segment.clone());
    let found = compare(&one, &other, &calendar, days);
    let labels = [first.label.as_str(), second.label.as_str()];
    if args.json {
        output::print_json(&bartune::json::comparison(&found, labels, args.segment.into()))?;
    } else {
        output::print(&output::comparison_report(&found, labels))?;
        if args.trades && !found.is_equal() {
            output::print(&output::comparison_trades(&found, (&one, &other), evaluator.bars()))?;
        }
    }
    Ok(Exit::Fine)
}

/// `FILE` or `FILE@TRIAL`.
fn place(text: &str) -> (PathBuf, Option<u64>) {
    match text.rsplit_once('@').and_then(|(file, trial)| Some((file, trial.parse().ok()?))) {
        Some((file, trial)) => (PathBuf::from(file), Some(trial)),
        None => (PathBuf::from(text), None),
    }
}

/// A champion file stands for its own parameters; any other for a trial of its study, by default the winner.
fn contender(text: &str, args: &CompareArgs, dataset: Option<&Dataset>) -> Result<Contender> {
    let (path, trial) = place(text);
    let mut plan = config::read_study(&path, &[])?;
    if let (Some(champion), None) = (&plan.champion, trial) {
        let label = format!("{}: champion, trial {} of {}", path.display(), champion.trial, champion.study);
        let (params, data_hash) = (plan.parameters.defaults(), Some(champion.data_hash.clone()));
        return Ok(Contender { label, params, data_hash, plan });
    }
    let own = match dataset {
        Some(dataset) => {
            plan.adapt(dataset.segments.train.len());
            None
        }
        None => Some(open_bars(&mut plan, args.no_cache)?),
    };
    let Some(bars) = dataset.or(own.as_ref()) else { bail!("no bars for {text}") };
    let session = Session::open(&plan, bars, &storage(&path, args))?;
    let record = stored_trial(&session, &plan, trial)?;
    let params = plan.parameters.to_params(&record.trial.params);
    let label = format!("{}: trial {}", path.display(), record.trial.number);
    let data_hash = Some(bars.bars.content_hash().to_owned());
    drop(session);
    Ok(Contender { label, params, data_hash, plan })
}

fn storage(path: &Path, args: &CompareArgs) -> String {
    args.storage.storage.clone().unwrap_or_else(|| default_storage(path))
}

fn backtest(contender: &Contender, dataset: &Dataset, args: &CompareArgs) -> Result<BacktestRun> {
    Ok(Evaluator::new(&contender.plan, dataset).backtest(&contender.params, args.segment.into())?)
}
