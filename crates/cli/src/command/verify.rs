//! `bartune verify`: does the store say what the engine says?

use std::time::Instant;

use anyhow::Result;
use bartune::study::Session;
use bartune::verify::{Difference, Verification, VerifyScope, verify};
use bartune::{Engine, Evaluator};

use super::study::{open_data, read_plan, storage_url};
use crate::args::{EngineArg, VerifyArgs};
use crate::exit::Exit;
use crate::output;

pub(crate) fn run(args: &VerifyArgs) -> Result<Exit> {
    let mut plan = read_plan(&args.study, &[])?;
    let dataset = open_data(&mut plan, &args.study)?;
    let session = Session::open(&plan, &dataset, &storage_url(&args.storage, &args.study.study))?;
    let engine = match args.engine {
        EngineArg::Reference => Engine::Reference,
        EngineArg::Fast => Engine::Fast,
    };
    let evaluator = Evaluator::new(&plan, &dataset).with_engine(engine);
    let began = Instant::now();
    let found = verify(&session, &evaluator, args.trials.map_or(VerifyScope::All, VerifyScope::Spread))?;
    let elapsed = began.elapsed();
    if args.json {
        output::print_json(&bartune::json::verification(&plan.name, &found, elapsed))?;
    } else {
        output::print(&format!("{}in {}\n", report(&found), output::duration(elapsed)))?;
    }
    Ok(if found.difference.is_none() { Exit::Fine } else { Exit::No })
}

fn report(found: &Verification) -> String {
    let mut text = match &found.difference {
        None => format!("all equal: {} of {} trials re-run, {} numbers", found.checked, found.trials, found.compared),
        Some(difference) => format!(
            "trial {} differs\n{}\n{} of {} trials re-run, {} numbers",
            difference.trial,
            output::key_values(&[
                ("  what".to_owned(), place(difference)),
                ("  stored".to_owned(), difference.stored.clone()),
                ("  recomputed".to_owned(), difference.recomputed.clone()),
            ]),
            found.checked,
            found.trials,
            found.compared
        ),
    };
    if found.skipped > 0 {
        text.push_str(&format!(", {} skipped (unfinished, or not bartune's)", found.skipped));
    }
    text.push(' ');
    text
}

fn place(difference: &Difference) -> String {
    match &difference.segment {
        Some(segment) => format!("{} of {segment}", difference.item),
        None => difference.item.clone(),
    }
}
