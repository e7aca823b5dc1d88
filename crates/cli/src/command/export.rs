//! `bartune export`: a study as a file, or in another store.

use anyhow::{Result, bail};
use bartune::export::{StoredStudy, copy};

use super::study::{open_store, open_store_to_read, stored_study};
use crate::args::ExportArgs;
use crate::exit::Exit;
use crate::output;

pub(crate) fn run(args: &ExportArgs) -> Result<Exit> {
    let (name, url) = stored_study(&args.study)?;
    let storage = open_store_to_read(&url, &name)?;
    let place = output::shown(&url);
    let study = StoredStudy::find(&*storage, &place, &name)?;
    if let Some(path) = &args.destination.output {
        let trials = study.write(path)?;
        output::tell(&format!("{trials} trials written to {}", path.display()));
    }
    if let Some(to) = &args.destination.to {
        let target = args.name.as_ref().unwrap_or(&name);
        if *to == url && *target == name {
            bail!("this is where the study is; name another store, or another study with `--as NAME`");
        }
        let mut store = open_store(to)?;
        let there = output::shown(to);
        let copied = copy(&study, &mut *store, (&there, target))?;
        let present = match copied.present {
            0 => String::new(),
            present => format!(" ({present} were there from an earlier copy)"),
        };
        output::tell(&format!("{} trials copied to study `{target}` in {there}{present}", copied.trials));
    }
    Ok(Exit::Fine)
}
