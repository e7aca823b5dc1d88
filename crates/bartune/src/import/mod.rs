//! Trials that were made elsewhere, as the beginning of a study's history or a part of it.
//!
//! | file | job |
//! |---|---|
//! | `candidate` | what was read of one trial, before anyone looks at the study |
//! | `json` | folders of `trial_*.json`, single files, and our own JSON export |
//! | `table` | CSV and Parquet: Optuna's `trials_dataframe`, our own exports, tables of one's own |
//! | `fit` | a candidate against the study's space: a trial, or the reason why not |
//!
//! An imported trial has the user attribute `bartune:imported` (the file it came from) and no identity:
//! nobody knows what its result depended on, so `bartune verify` does not re-run it. Its parameters count
//! as tried all the same, and samplers learn from it. It costs no budget.
//!
//! **Order.** Trials are numbered in the order of the sources as given; within a folder by file name,
//! numbers in it compared as numbers; within a table by row. The same sources always give the same
//! history, whatever the number of threads.
//!
//! **Importing again** changes nothing: a trial whose parameters the study has already with the same
//! result is passed over, one with another result is refused.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bartune_search::storage::{Abridgement, TrialRecord};
use bartune_search::trial::TrialState;

use crate::error::Error;
use crate::identity::Sha256Digest;
use crate::study::Session;

mod candidate;
mod fit;
mod json;
mod table;

use candidate::Candidate;
use fit::Fit;

/// The user attribute of an imported trial: the file it came from.
pub const IMPORTED: &str = "bartune:imported";

/// Trials stored in one transaction.
const BATCH: usize = 2_000;

/// Whether a trial was imported.
#[must_use]
pub fn is_imported(record: &TrialRecord) -> bool {
    record.trial.user_attrs.contains_key(IMPORTED)
}

/// What to do with a parameter that the study does not have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum UnknownParams {
    /// Refuse the trial: its result depended on something that the study cannot express.
    #[default]
    Refuse,
    /// Leave the parameter away.
    Ignore,
}

/// How to import.
#[derive(Debug, Clone, Default)]
pub struct ImportOptions {
    /// What to do with a parameter that the study does not have.
    pub unknown: UnknownParams,
    /// Scores that stand for "no result" (−100, −1e6, …): such a trial is infeasible, without a value.
    pub penalties: Vec<f64>,
}

/// What came of an import.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ImportReport {
    /// Trials stored.
    pub imported: u64,
    /// Trials that the study had already, with the same result.
    pub present: u64,
    /// Trials that never finished; they have nothing to import.
    pub unfinished: u64,
    /// What could not be imported, in order, with the reason.
    pub refused: Vec<Refusal>,
}

/// Something that could not be imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The file, with the row or trial in it.
    pub source: String,
    /// Why.
    pub reason: String,
}

/// Import every trial of these files and folders into a study. What cannot be imported is in the report;
/// the rest is stored.
///
/// # Errors
///
/// [`Error::Import`] for a source that is not there or of no known kind, before anything is stored;
/// [`Error::Storage`].
pub fn import(session: &mut Session<'_>, sources: &[PathBuf], options: &ImportOptions) -> Result<ImportReport, Error> {
    let space_names: Vec<&str> = session.plan().parameters.decls().iter().map(|decl| decl.name.as_str()).collect();
    let mut candidates = Vec::new();
    for source in sources {
        candidates.extend(read(source, &space_names)?);
    }
    let mut importer = Importer::of(session)?;
    for (place, candidate) in candidates {
        importer.take(place, candidate, options);
    }
    let Importer { batch, report, .. } = importer;
    for part in batch.chunks(BATCH) {
        session.append(part, &Abridgement::default())?;
    }
    Ok(report)
}

/// A trial as read, or why it cannot be, with its place.
type Read = (String, Result<Candidate, String>);

fn read(source: &Path, params: &[&str]) -> Result<Vec<Read>, Error> {
    let problem = |problem: &str| Error::Import { path: source.to_path_buf(), problem: problem.to_owned() };
    if source.is_dir() {
        return json::folder(source);
    }
    match source.extension().and_then(|extension| extension.to_str()) {
        Some("json") => json::file(source),
        Some("csv") => table::csv(source, params),
        Some("parquet") => table::parquet(source, params),
        _ => Err(problem("give a folder of trial_*.json, or a .json, .csv or .parquet file")),
    }
}

/// Trials that fit, and what is known of those before them.
struct Importer<'a> {
    fit: Fit<'a>,
    /// By identity: number, state and value.
    known: BTreeMap<Sha256Digest, (u64, TrialState, Option<f64>)>,
    next: u64,
    batch: Vec<TrialRecord>,
    report: ImportReport,
}

impl<'a> Importer<'a> {
    fn of(session: &Session<'a>) -> Result<Self, Error> {
        let fit = Fit::new(session.plan(), session.identity());
        let stored = session.history()?;
        let mut known = BTreeMap::new();
        for record in stored.iter().filter(|record| record.trial.duplicate_of.is_none()) {
            let trial = &record.trial;
            known.insert(fit.identity(&trial.params), (trial.number, trial.state, trial.values.first().copied()));
        }
        Ok(Self { fit, known, next: stored.len() as u64, batch: Vec::new(), report: ImportReport::default() })
    }

    fn take(&mut self, source: String, candidate: Result<Candidate, String>, options: &ImportOptions) {
        let fitted = candidate.and_then(|candidate| {
            if candidate.is_unfinished() {
                return Ok(None);
            }
            self.fit.record(candidate, (&source, self.next), options).map(Some)
        });
        match fitted {
            Ok(Some(record)) => self.add(source, record),
            Ok(None) => self.report.unfinished += 1,
            Err(reason) => self.report.refused.push(Refusal { source, reason }),
        }
    }

    fn add(&mut self, source: String, record: TrialRecord) {
        let trial = &record.trial;
        let identity = self.fit.identity(&trial.params);
        let result = (trial.state, trial.values.first().copied());
        match self.known.get(&identity) {
            Some(&(_, state, value)) if is_same(result, (state, value)) => self.report.present += 1,
            Some(&(number, state, value)) => {
                let reason = format!(
                    "its parameters are those of trial {number}, with another result: {}, not {}",
                    result_text((state, value)),
                    result_text(result)
                );
                self.report.refused.push(Refusal { source, reason });
            }
            None => {
                self.known.insert(identity, (self.next, result.0, result.1));
                self.next += 1;
                self.report.imported += 1;
                self.batch.push(record);
            }
        }
    }
}

/// Results are the same number, zero of either sign.
fn is_same(left: (TrialState, Option<f64>), right: (TrialState, Option<f64>)) -> bool {
    left == right
}

fn result_text((state, value): (TrialState, Option<f64>)) -> String {
    value.map_or_else(|| crate::table::state_name(state).to_owned(), |value| value.to_string())
}

#[cfg(test)]
mod tests;
