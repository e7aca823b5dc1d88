//! `bartune validate`: is the winner skill or luck?

use std::path::Path;
use std::time::Instant;

use anyhow::Result;
use bartune::config::read_study;
use bartune::data::Dataset;
use bartune::resources::Resources;
use bartune::study::{Control, RunOptions, Session};
use bartune::validation::{Benchmark, Observe, Validation, ValidationOptions, Verdict, Window, validate};
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
    observed(subject, session, trial, (options, control), &mut |_, _| {})
}

fn observed(
    subject: (&Evaluator<'_>, &Dataset),
    session: &Session<'_>,
    trial: Option<u64>,
    (options, control): (&ValidationOptions, &Control),
    observe: Observe<'_>,
) -> Result<Validation, bartune::Error> {
    let bar = output::stage_bar();
    let mut observe = |what: &str, share: f64| {
        observe(what, share);
        output::show_stage(&bar, what, share);
    };
    let found = validate(subject, session, trial, options, (control, &mut observe));
    bar.finish_and_clear();
    found
}

/// A verdict, and what it took.
pub(super) struct Judged {
    pub(super) found: Validation,
    /// Seconds of each stage by its name, in order; pieces of a walk-forward are one.
    pub(super) stages: Vec<(String, f64)>,
}

impl Judged {
    /// Its stages by name.
    pub(super) fn stages_json(&self) -> serde_json::Value {
        self.stages.iter().map(|(name, seconds)| (name.clone(), serde_json::Value::from(*seconds))).collect()
    }
}

/// Seconds from each beginning to the next, those of one name in a row together.
fn stages(begun: &[(String, Instant)]) -> Vec<(String, f64)> {
    let mut stages: Vec<(String, f64)> = Vec::new();
    for pair in begun.windows(2) {
        let took = (pair[1].1 - pair[0].1).as_secs_f64();
        match stages.last_mut() {
            Some((name, seconds)) if *name == pair[0].0 => *seconds += took,
            _ => stages.push((pair[0].0.clone(), took)),
        }
    }
    stages
}

/// Judge the winner of a run that has ended, with what it was given; `None` if there is none, or no time for it. What
/// stands in the way is told: the study itself is complete.
pub(super) fn after_run(
    (evaluator, dataset): (&Evaluator<'_>, &Dataset),
    session: &Session<'_>,
    (given, control): (&Resources, &Control),
) -> Result<Option<Judged>, bartune::Error> {
    let mut begun = vec![("winner".to_owned(), Instant::now())];
    let mut observe = |what: &str, _| {
        // "walk-forward 2 of 6"
        let name = what.split(|letter: char| letter.is_ascii_digit()).next().unwrap_or(what).trim_end();
        begun.push((name.to_owned(), Instant::now()));
    };
    evaluator.shrink_cache(ValidationOptions::kept_of_search(given.cache));
    let left = given.cache.bytes().saturating_sub(evaluator.cache_stats().bytes);
    let options = ValidationOptions::at_the_end(session.trial_count(), given.workers, CacheBudget::of_bytes(left));
    match observed((evaluator, dataset), session, None, (&options, control), &mut observe) {
        Err(bartune::Error::NoWinner { .. }) => Ok(None),
        Ok(_) if control.is_stopped() => {
            output::tell("no verdict: interrupted; `bartune validate` judges the winner");
            Ok(None)
        }
        Ok(found) => Ok(Some(Judged { found, stages: stages(&begun) })),
        Err(error @ bartune::Error::Storage(_)) => Err(error),
        Err(error) => {
            output::tell(&format!("no verdict: {error}"));
            Ok(None)
        }
    }
}
