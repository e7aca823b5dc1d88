//! `bartune importance`: which parameters a study's results depend on.

use anyhow::Result;
use bartune::search::history::History;
use bartune::search::importance::{Evaluator, FanovaOptions, Importances, PedAnovaOptions, Question, importance};
use bartune::study::Session;
use serde_json::json;

use super::study::{open_data, read_plan, storage_url};
use crate::args::{EvaluatorArg, ImportanceArgs};
use crate::exit::Exit;
use crate::output::{self, Table};

pub(crate) fn run(args: &ImportanceArgs) -> Result<Exit> {
    let mut plan = read_plan(&args.study, &[])?;
    let dataset = open_data(&mut plan, &args.study)?;
    let session = Session::open(&plan, &dataset, &storage_url(&args.storage, &args.study.study))?;
    let (space, directions) = (&plan.parameters.space, plan.objective.directions());
    let records = session.history()?;
    let history = History::from_trials(space, directions.len(), records.iter().map(|record| &record.trial))?;
    let question = Question {
        evaluator: match args.evaluator {
            EvaluatorArg::PedAnova => Evaluator::PedAnova(PedAnovaOptions::default()),
            EvaluatorArg::Fanova => Evaluator::Fanova(FanovaOptions::default()),
        },
        directions: &directions,
        objective: args.objective.map(|number| number.saturating_sub(1)),
        seed: plan.search.seed,
    };
    let found = importance(&history.view(history.len()), space, &question)?;
    if args.json {
        let shares: serde_json::Map<_, _> =
            found.shares().into_iter().map(|(name, share)| (name, json!(share))).collect();
        output::print_json(&json!({ "study": plan.name, "trials": records.len(), "importance": shares }))?;
    } else {
        output::print(&table(&found))?;
    }
    Ok(Exit::Fine)
}

fn table(found: &Importances) -> String {
    const WIDTH: f64 = 30.0;
    let mut table = Table::new(["parameter", "share", ""]).ending_in_words();
    for (name, share) in found.shares() {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of thirty")]
        let bar = "█".repeat((share * WIDTH).round() as usize);
        table.row([name, output::percent(share), bar]);
    }
    table.render()
}
