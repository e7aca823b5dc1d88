//! `bartune trials`: the trials of a study, best first.

use anyhow::Result;
use bartune::study::Session;

use super::study::{open_data, read_plan, storage_url};
use crate::args::TrialsArgs;
use crate::exit::Exit;
use crate::output;

pub(crate) fn run(args: &TrialsArgs) -> Result<Exit> {
    let plan = read_plan(&args.study, &[])?;
    let dataset = open_data(&plan)?;
    let session = Session::open(&plan, &dataset, &storage_url(&args.storage, &args.study.study))?;
    let records = session.load()?;
    for path in args.csv.iter().chain(&args.parquet) {
        bartune::table::trials(&plan, &records).write(path)?;
        eprintln!("{} trials written to {}", records.len(), path.display());
    }
    if args.csv.is_none() && args.parquet.is_none() {
        output::print(&output::trials_table(&plan, &records, args.top))?;
    }
    Ok(Exit::Fine)
}
