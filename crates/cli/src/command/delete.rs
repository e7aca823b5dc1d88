//! `bartune delete`: a study, with everything in it.

use anyhow::{Result, bail};
use bartune::export::{StoredStudy, delete};

use super::study::{open_store, open_store_to_read, stored_study};
use crate::args::DeleteArgs;
use crate::exit::Exit;
use crate::output;

pub(crate) fn run(args: &DeleteArgs) -> Result<Exit> {
    let (name, url) = stored_study(&args.study)?;
    let place = output::shown(&url);
    // Looking first: a store that is not there must not be made by deleting from it.
    let trials = StoredStudy::find(&*open_store_to_read(&url, &name)?, &place, &name)?.info().trials;
    if !args.yes {
        bail!("study `{name}` in {place} has {trials} trials; to delete them, repeat the command with `--yes`");
    }
    let deleted = delete(&mut *open_store(&url)?, &place, &name)?;
    output::tell(&format!("study `{name}` in {place} is deleted, with its {deleted} trials"));
    Ok(Exit::Fine)
}
