//! Champions: a trial made into a study file of its own, complete, with where it came from.
//!
//! A champion file is the study file it was found with, its comments included, in which every parameter is
//! fixed (`[search.fixed]`), the bars are named so that the file can lie anywhere, and a `[champion]` table
//! holds the trial's metrics and provenance. All commands take it as they take any study file; `bartune
//! check` tells whether bars and engine still give what was promoted.

use std::path::Path;

use bartune_engine::Value;
use bartune_search::storage::TrialRecord;
use toml_edit::{DocumentMut, Item, Table, value};

use crate::config::{Plan, StudyText};
use crate::data::Dataset;
use crate::error::Error;

/// What a champion file says of the trial it was made from.
#[derive(Debug, Clone, PartialEq)]
pub struct Champion {
    /// The study it was found in.
    pub study: String,
    /// Its number there.
    pub trial: u64,
    /// Hash of the bars it was found on.
    pub data_hash: String,
    /// Its train metrics.
    pub train: std::collections::BTreeMap<String, f64>,
}

/// Where a champion comes from, beside its trial.
#[derive(Debug, Clone, Copy)]
pub struct Provenance<'a> {
    /// The command that promotes it.
    pub command: &'a str,
    /// When, in milliseconds since 1970 UTC.
    pub promoted_ms: i64,
}

/// The champion file of one trial.
///
/// # Errors
///
/// [`Error::Read`] when the study file is gone, [`Error::Params`] when it is no TOML any more.
pub fn promote(
    text: &StudyText,
    plan: &Plan,
    dataset: &Dataset,
    (record, provenance): (&TrialRecord, Provenance<'_>),
) -> Result<String, Error> {
    let mut document = document(text)?;
    document["name"] = value(format!("{}-champion", plan.name));
    let bars = std::path::absolute(&plan.data.path).unwrap_or_else(|_| plan.data.path.clone());
    document["data"]["path"] = value(bars.display().to_string());
    let search = document.entry("search").or_insert_with(|| Item::Table(Table::new()));
    search["fixed"] = Item::Table(fixed(plan, record));
    document["champion"] = Item::Table(champion(plan, dataset, (record, provenance)));
    Ok(document.to_string())
}

/// The study file with what the command line changed in it.
fn document(text: &StudyText) -> Result<DocumentMut, Error> {
    let broken = |error: toml_edit::TomlError| Error::Params(format!("{}: {}", text.path.display(), error.message()));
    let mut document: DocumentMut = text.text.parse().map_err(broken)?;
    for line in &text.overrides {
        let over: DocumentMut = line.parse().map_err(broken)?;
        merge(document.as_table_mut(), over.as_table());
    }
    Ok(document)
}

fn merge(base: &mut Table, over: &Table) {
    for (key, item) in over {
        match (base.get_mut(key), item) {
            (Some(Item::Table(base)), Item::Table(over)) => merge(base, over),
            (Some(base), Item::Table(over)) if base.is_inline_table() => {
                for (key, item) in over {
                    base[key] = item.clone();
                }
            }
            _ => base[key] = item.clone(),
        }
    }
}

fn fixed(plan: &Plan, record: &TrialRecord) -> Table {
    let mut table = Table::new();
    for (name, drawn) in plan.parameters.to_params(&record.trial.params) {
        table[&name] = match drawn {
            Value::Bool(flag) => value(flag),
            Value::Int(number) => value(number),
            Value::Float(number) => value(number),
            Value::Text(text) => value(text),
        };
    }
    table
}

fn champion(plan: &Plan, dataset: &Dataset, (record, provenance): (&TrialRecord, Provenance<'_>)) -> Table {
    let mut table = Table::new();
    table["study"] = value(&plan.name);
    table["trial"] = value(i64::try_from(record.trial.number).unwrap_or(i64::MAX));
    table["values"] = value(record.trial.values.iter().copied().collect::<toml_edit::Array>());
    table["identity"] = value(&record.identity);
    table["data_hash"] = value(dataset.bars.content_hash());
    table["plan_hash"] = value(crate::identity::plan_hash(plan, dataset));
    table["seed"] = value(i64::try_from(plan.search.seed).unwrap_or(i64::MAX));
    table["bartune"] = value(env!("CARGO_PKG_VERSION"));
    table["command"] = value(provenance.command);
    if let Ok(moment) = jiff::Timestamp::from_millisecond(provenance.promoted_ms) {
        table["promoted"] = value(moment.to_string());
    }
    let mut metrics = Table::new();
    metrics.set_implicit(true);
    for (segment, of_segment) in &record.metrics {
        let mut rows = Table::new();
        for (name, number) in of_segment.iter().filter(|(_, number)| number.is_finite()) {
            rows[name] = value(*number);
        }
        metrics[segment] = Item::Table(rows);
    }
    table["metrics"] = Item::Table(metrics);
    table
}

/// Write a champion file, whole or not at all; one that is there is kept unless `replace` says so.
///
/// # Errors
///
/// [`Error::Write`].
pub fn write(path: &Path, text: &str, replace: Replace) -> Result<(), Error> {
    let failed = |source: std::io::Error| Error::Write { path: path.to_owned(), source };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    std::io::Write::write_all(&mut file, text.as_bytes()).map_err(failed)?;
    match replace {
        Replace::Keep => file.persist_noclobber(path).map_err(|error| failed(error.error))?,
        Replace::Overwrite => file.persist(path).map_err(|error| failed(error.error))?,
    };
    Ok(())
}

/// What to do with a file that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replace {
    /// Refuse.
    Keep,
    /// Overwrite it.
    Overwrite,
}
