//! `bartune validate`: is the winner skill or luck?

use std::path::Path;

use anyhow::Result;
use bartune::config::read_study;
use bartune::data::Dataset;
use bartune::resources::Resources;
use bartune::study::{Control, RunOptions, Session};
use bartune::validation::{Benchmark, Validation, ValidationOptions, Verdict, Window, validate};
use bartune::{CacheBudget, Evaluator};

use super::study::{open_data, read_plan, storage_url, stored_trial};
use super::test;
use crate::args::ValidateArgs;
use crate::exit::Exit;
use crate::output;

pub(crate) fn run(args: &ValidateArgs) -> Result<Exit> {
    let mut plan = read_plan(&args.study, &[])?;
    let dataset = open_data(&mut plan, &args.study)?;
    let url = storage_url(&args.storage, &args.study.study);
    let session = Session::open(&plan, &dataset, &url)?;
    let options = ValidationOptions {
        folds: args.folds.get(),
        window: if args.rolling { Window::Rolling } else { Window::Anchored },
        searched: args.searched,
        benchmark: benchmark(&args.benchmark)?,
        fold_trials: args.fold_trials.get(),
        workers: args.workers.unwrap_or(RunOptions::of(&plan).workers),
        ..ValidationOptions::default()
    };
    let evaluator = Evaluator::new(&plan, &dataset).with_cache(options.cache);
    let found = judged((&evaluator, &dataset), &session, args.trial, (&options, &Control::default()))?;
    // Only now: what the vault shows can change nothing of the judgement.
    let test = args
        .open_test
        .then(|| {
            let session = Session::open_to_test(&plan, &dataset, &url)?;
            let record = stored_trial(&session, &plan, Some(found.winner.trial.number))?;
            test::tested(session, (&plan, &dataset), record)
        })
        .transpose()?;
    if args.json {
        let mut json = bartune::json::validation(&plan.name, &found);
        if let Some(test) = &test {
            json["test"] = test::to_json(&plan, test);
        }
        output::print_json(&json)?;
    } else {
        output::print(&output::validation_report(&plan.name, &found))?;
        if let Some(test) = &test {
            output::print("\nthe test segment\n")?;
            output::print(&output::vault_report(test, &dataset.bars))?;
        }
    }
    Ok(if found.judgement().verdict == Verdict::Robust { Exit::Fine } else { Exit::No })
}

fn benchmark(text: &str) -> Result<Benchmark, bartune::Error> {
    Ok(match text {
        "flat" => Benchmark::Flat,
        "hold" => Benchmark::Held,
        champion => Benchmark::Champion(Box::new(read_study(Path::new(champion), &[])?)),
    })
}

/// Judge a trial, or the winner, with a bar that says how far it is.
pub(super) fn judged(
    subject: (&Evaluator<'_>, &Dataset),
    session: &Session<'_>,
    trial: Option<u64>,
    (options, control): (&ValidationOptions, &Control),
) -> Result<Validation, bartune::Error> {
    let bar = output::stage_bar();
    let mut observe = |what: &str, share: f64| output::show_stage(&bar, what, share);
    let found = validate(subject, session, trial, options, (control, &mut observe));
    bar.finish_and_clear();
    found
}

/// Judge the winner of a run that has ended, with what it was given; `None` if there is none, or no time for it. What
/// stands in the way is told: the study itself is complete.
pub(super) fn after_run(
    (evaluator, dataset): (&Evaluator<'_>, &Dataset),
    session: &Session<'_>,
    (given, control): (&Resources, &Control),
) -> Result<Option<Validation>, bartune::Error> {
    let left = given.cache.bytes().saturating_sub(evaluator.cache_stats().bytes);
    let options = ValidationOptions::at_the_end(session.trial_count(), given.workers, CacheBudget::of_bytes(left));
    match judged((evaluator, dataset), session, None, (&options, control)) {
        Err(bartune::Error::NoWinner { .. }) => Ok(None),
        Ok(_) if control.is_stopped() => {
            output::tell("no verdict: interrupted; `bartune validate` judges the winner");
            Ok(None)
        }
        Ok(found) => Ok(Some(found)),
        Err(error @ bartune::Error::Storage(_)) => Err(error),
        Err(error) => {
            output::tell(&format!("no verdict: {error}"));
            Ok(None)
        }
    }
}
