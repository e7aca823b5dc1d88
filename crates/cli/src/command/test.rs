//! `bartune test`: open the vault.

use anyhow::Result;
use bartune::Evaluator;
use bartune::config::Plan;
use bartune::data::Dataset;
use bartune::search::storage::TrialRecord;
use bartune::study::{Session, VaultTest, open_vault};
use serde_json::{Value, json};

use super::study::{open_data, read_plan, storage_url, stored_trial};
use crate::args::TestArgs;
use crate::exit::Exit;
use crate::output;

pub(crate) fn run(args: &TestArgs) -> Result<Exit> {
    let mut plan = read_plan(&args.study, &[])?;
    let dataset = open_data(&mut plan, &args.study)?;
    let url = storage_url(&args.storage, &args.study.study);
    let session = Session::open_to_test(&plan, &dataset, &url)?;
    let record = stored_trial(&session, &plan, args.trial)?;
    let test = tested(session, (&plan, &dataset), record)?;
    if args.json {
        output::print_json(&to_json(&plan, &test))?;
    } else {
        let params = plan.parameters.to_params(&test.record.trial.params);
        output::print(&format!("trial {}: {}\n\n", test.record.trial.number, output::params_line(&plan, &params)))?;
        output::print(&output::vault_report(&test, &dataset.bars))?;
    }
    Ok(Exit::Fine)
}

/// Open the vault for a trial. Says so if it was open before.
pub(super) fn tested(
    mut session: Session<'_>,
    (plan, dataset): (&Plan, &Dataset),
    record: TrialRecord,
) -> Result<VaultTest> {
    let test = open_vault(&mut session, &Evaluator::with_vault(plan, dataset), record)?;
    if !test.earlier.is_empty() {
        let times = test.earlier.len();
        output::tell(&format!(
            "warning: the vault was opened {times} time{} before; only the first look was unbiased, and choosing by what it showed makes it in-sample",
            if times == 1 { "" } else { "s" }
        ));
    }
    Ok(test)
}

pub(super) fn to_json(plan: &Plan, test: &VaultTest) -> Value {
    let params = plan.parameters.to_params(&test.record.trial.params);
    json!({
        "study": plan.name,
        "number": test.record.trial.number,
        "params": output::params_json(&params),
        "opening": test.earlier.len() + 1,
        "bars": test.run.segment.len(),
        "trades": test.run.backtest.trades.len(),
        "metrics": { "train": test.record.metrics.get("train"), "validate": test.record.metrics.get("validate"), "test": output::metrics_json(&test.run.metrics) },
    })
}
