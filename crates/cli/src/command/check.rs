//! `bartune check`: every problem of file and data, then the plan in words.

use anyhow::Result;
use bartune::study::plan_in_words;
use serde_json::json;

use super::study::{open_data, read_plan};
use crate::args::CheckArgs;
use crate::exit::Exit;
use crate::output;

pub(crate) fn run(args: &CheckArgs) -> Result<Exit> {
    let plan = read_plan(&args.study, &[])?;
    let dataset = open_data(&plan, &args.study)?;
    let words = plan_in_words(&plan, &dataset);
    if args.json {
        output::print_json(&json!({ "study": plan.name, "plan": words, "warnings": plan.warnings }))?;
    } else {
        output::print(&output::key_values(&words))?;
        plan.warnings.iter().try_for_each(|warning| output::print(&format!("warning: {warning}\n")))?;
    }
    Ok(if plan.warnings.is_empty() { Exit::Fine } else { Exit::No })
}
