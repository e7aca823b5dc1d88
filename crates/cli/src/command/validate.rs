//! `bartune validate`: is the winner skill or luck?

use anyhow::Result;
use bartune::study::{Control, RunOptions, Session};
use bartune::validation::{ValidationOptions, Verdict, Window, validate};

use super::study::{open_data, read_plan, storage_url};
use crate::args::ValidateArgs;
use crate::exit::Exit;
use crate::output;

pub(crate) fn run(args: &ValidateArgs) -> Result<Exit> {
    let mut plan = read_plan(&args.study, &[])?;
    let dataset = open_data(&mut plan, &args.study)?;
    let session = Session::open(&plan, &dataset, &storage_url(&args.storage, &args.study.study))?;
    let options = ValidationOptions {
        folds: args.folds.get(),
        window: if args.rolling { Window::Rolling } else { Window::Anchored },
        fold_trials: args.fold_trials.get(),
        workers: args.workers.unwrap_or(RunOptions::of(&plan).workers),
        ..ValidationOptions::default()
    };
    let control = Control::default();
    let bar = output::stage_bar();
    let mut observe = |what: &str, share: f64| output::show_stage(&bar, what, share);
    let found = validate((&plan, &dataset), &session, args.trial, &options, (&control, &mut observe))?;
    bar.finish_and_clear();
    if args.json {
        output::print_json(&bartune::json::validation(&plan.name, &found))?;
    } else {
        output::print(&output::validation_report(&plan.name, &found))?;
    }
    Ok(if found.judgement().verdict == Verdict::Robust { Exit::Fine } else { Exit::No })
}
