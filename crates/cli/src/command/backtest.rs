//! `bartune backtest`: run the strategy once.

use std::time::Instant;

use anyhow::Result;
use bartune::{Evaluator, SegmentName};
use serde_json::json;

use super::study::{chosen_params, open_data, read_plan, storage_url};
use crate::args::BacktestArgs;
use crate::exit::Exit;
use crate::output;

pub(crate) fn run(args: &BacktestArgs) -> Result<Exit> {
    let mut plan = read_plan(&args.study, &[])?;
    let dataset = open_data(&mut plan, &args.study)?;
    let url = storage_url(&args.storage, &args.study.study);
    let params = chosen_params(&args.choice, &plan, &dataset, &url)?;
    let segment = SegmentName::from(args.segment);
    let evaluator = Evaluator::new(&plan, &dataset);
    let began = Instant::now();
    let run = evaluator.backtest(&params, segment)?;
    let seconds = began.elapsed().as_secs_f64();
    if let Some(path) = &args.trades {
        bartune::table::trades(&run, evaluator.bars()).write(path)?;
    }
    if let Some(path) = &args.equity {
        bartune::table::equity(&run, evaluator.bars()).write(path)?;
    }
    if args.json {
        output::print_json(&json!({
            "params": output::params_json(&params),
            "segment": segment.key(),
            "bars": run.segment.len(),
            "trades": run.backtest.trades.len(),
            "metrics": output::metrics_json(&run.metrics),
            "seconds": seconds,
        }))?;
    } else {
        output::print(&format!("{}\n\n", output::params_line(&plan, &params)))?;
        output::print(&output::backtest_report(segment.key(), &run, evaluator.bars()))?;
    }
    Ok(Exit::Fine)
}
