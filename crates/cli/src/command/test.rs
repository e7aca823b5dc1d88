//! `bartune test`: open the vault.

use anyhow::Result;
use bartune::Evaluator;
use bartune::study::{Session, open_vault};
use serde_json::json;

use super::study::{open_data, read_plan, storage_url, stored_trial};
use crate::args::TestArgs;
use crate::exit::Exit;
use crate::output;

pub(crate) fn run(args: &TestArgs) -> Result<Exit> {
    let mut plan = read_plan(&args.study, &[])?;
    let dataset = open_data(&mut plan, &args.study)?;
    let url = storage_url(&args.storage, &args.study.study);
    let mut session = Session::open_to_test(&plan, &dataset, &url)?;
    let record = stored_trial(&session, &plan, args.trial)?;
    let evaluator = Evaluator::with_vault(&plan, &dataset);
    let test = open_vault(&mut session, &evaluator, record)?;
    if !test.earlier.is_empty() {
        let times = test.earlier.len();
        output::tell(&format!(
            "warning: the vault was opened {times} time{} before; only the first look was unbiased, and choosing by what it showed makes it in-sample",
            if times == 1 { "" } else { "s" }
        ));
    }
    let params = plan.parameters.to_params(&test.record.trial.params);
    if args.json {
        output::print_json(&json!({
            "study": plan.name,
            "number": test.record.trial.number,
            "params": output::params_json(&params),
            "opening": test.earlier.len() + 1,
            "bars": test.run.segment.len(),
            "trades": test.run.backtest.trades.len(),
            "metrics": { "train": test.record.metrics.get("train"), "validate": test.record.metrics.get("validate"), "test": output::metrics_json(&test.run.metrics) },
        }))?;
    } else {
        output::print(&format!("trial {}: {}\n\n", test.record.trial.number, output::params_line(&plan, &params)))?;
        output::print(&output::vault_report(&test, evaluator.bars()))?;
    }
    Ok(Exit::Fine)
}
