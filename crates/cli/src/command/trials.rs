//! `bartune trials`: the trials of a study, best first.

use anyhow::Result;
use bartune::study::{Session, summarize};

use super::study::{open_data, read_plan, storage_url};
use crate::args::TrialsArgs;
use crate::exit::Exit;
use crate::output;

pub(crate) fn run(args: &TrialsArgs) -> Result<Exit> {
    if let Some(numbers) = &args.why {
        return super::why::run(args, numbers);
    }
    let mut plan = read_plan(&args.study, &[])?;
    let dataset = open_data(&mut plan, &args.study)?;
    let session = Session::open(&plan, &dataset, &storage_url(&args.storage, &args.study.study))?;
    let files: Vec<_> = args.csv.iter().chain(&args.parquet).collect();
    if files.is_empty() {
        output::print(&output::trials_table(&plan, &summarize(&session, args.top)?.top))?;
        return Ok(Exit::Fine);
    }
    let table = bartune::table::trials(&session)?;
    for path in files {
        table.write(path)?;
        output::tell(&format!("{} trials written to {}", table.rows(), path.display()));
    }
    Ok(Exit::Fine)
}
