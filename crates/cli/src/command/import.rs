//! `bartune import`: trials that were made elsewhere.

use std::time::Instant;

use anyhow::Result;
use bartune::import::{ImportOptions, ImportReport, UnknownParams, import};
use bartune::study::Session;
use serde_json::json;

use super::study::{open_data, read_plan, storage_url};
use crate::args::ImportArgs;
use crate::exit::Exit;
use crate::output;

pub(crate) fn run(args: &ImportArgs) -> Result<Exit> {
    let mut plan = read_plan(&args.study, &[])?;
    let dataset = open_data(&mut plan, &args.study)?;
    let url = storage_url(&args.storage, &args.study.study);
    let mut session = Session::open_or_create(&plan, &dataset, &url)?;
    let options = ImportOptions {
        unknown: if args.ignore_unknown { UnknownParams::Ignore } else { UnknownParams::Refuse },
        penalties: args.penalties.clone(),
    };
    let began = Instant::now();
    let report = import(&mut session, &args.sources, &options)?;
    let elapsed = began.elapsed();
    for refusal in &report.refused {
        output::tell(&format!("{}: {}", refusal.source, refusal.reason));
    }
    if args.json {
        let refused =
            |refusal: &bartune::import::Refusal| json!({ "source": refusal.source, "reason": refusal.reason });
        output::print_json(&json!({
            "study": plan.name,
            "storage": output::shown(&url),
            "imported": report.imported,
            "present": report.present,
            "unfinished": report.unfinished,
            "refused": report.refused.iter().map(refused).collect::<Vec<_>>(),
            "seconds": elapsed.as_secs_f64(),
        }))?;
    } else {
        let words = in_words(&report);
        let place = output::shown(&url);
        output::print(&format!("{words}\nstudy `{}` in {place}, {}\n", plan.name, output::duration(elapsed)))?;
    }
    Ok(if report.refused.is_empty() { Exit::Fine } else { Exit::No })
}

fn in_words(report: &ImportReport) -> String {
    let mut words = format!("{} trials imported", report.imported);
    for (count, what) in [
        (report.present, "there already"),
        (report.unfinished, "never finished"),
        (report.refused.len() as u64, "refused"),
    ] {
        if count > 0 {
            words.push_str(&format!(", {count} {what}"));
        }
    }
    words
}
