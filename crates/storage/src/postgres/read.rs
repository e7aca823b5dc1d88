//! The queries: trials table by table, each in ordered queries over thousands of trials, never a query per trial.
//!
//! Opening a study is the longest of them: 100,000 trials of eight parameters are over a million rows.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::mpsc;
use std::thread;

use bartune_search::storage::{Lease, StudyId, StudyInfo, TrialRecord, VaultOpening};
use bartune_search::trial::StudyDirection;
use postgres::Row;
use serde_json::Value;

use super::connection::Link;
use crate::assemble::{
    Assembly, KnownDistributions, TrialRow, add_identity, add_metrics, add_param, add_step, add_system_attribute,
    add_user_attribute, add_value, readable,
};
use crate::codec::{self, Problem};
use crate::error::{Fault, StorageError};
use crate::keys::KeyLists;
use crate::read::{Detail, unsigned};
use crate::returns;
use crate::schema::Tables;

/// A table whose rows belong to trials: its name, its primary key, and the columns wanted.
struct Child(&'static str, &'static str, &'static str);

const VALUES: Child = Child("trial_values", "trial_value_id", "c.objective, c.value, c.value_type::text");
const STEPS: Child = Child(
    "trial_intermediate_values",
    "trial_intermediate_value_id",
    "c.step, c.intermediate_value, c.intermediate_value_type::text",
);
const PARAMS: Child = Child("trial_params", "param_id", "c.param_name, c.param_value, c.distribution_json");
const USER_ATTRIBUTES: Child = Child("trial_user_attributes", "trial_user_attribute_id", "c.key, c.value_json");
const SYSTEM_ATTRIBUTES: Child = Child("trial_system_attributes", "trial_system_attribute_id", "c.key, c.value_json");
const IDENTITIES: Child = Child("bartune_trials", "trial_id", "c.identity, c.constraint_keys_id");
const METRICS: Child = Child("bartune_metrics", "trial_id", "c.keys_id, c.packed");
const RETURNS: Child = Child("bartune_returns", "trial_id", "c.packed");

/// Trials whose rows are asked for at a time.
const TRIALS_A_QUERY: usize = 4_096;

/// Milliseconds of a time; finer digits are cut off.
const MILLISECONDS: &str = "round(extract(epoch FROM date_trunc('milliseconds', {})) * 1000)::bigint";

/// The study's key as Optuna's columns hold it; no study has one beyond.
pub(super) fn key(id: StudyId) -> Result<i32, Fault> {
    i32::try_from(id.0).map_err(|_| StorageError::UnknownStudy { id: id.0 }.into())
}

/// All studies, by name, or the one of this name.
pub(super) fn studies(link: &mut Link, name: Option<&str>) -> Result<Vec<StudyInfo>, Fault> {
    // By bytes, as in every other store, whatever the database's collation.
    let statement = link.statement(
        "SELECT study_id, study_name, (SELECT count(*) FROM trials t WHERE t.study_id = s.study_id)
         FROM studies s WHERE $1::text IS NULL OR study_name = $1 ORDER BY study_name COLLATE \"C\"",
    )?;
    let rows = link.client.query(&statement, &[&name])?;
    let study = |row: &Row| {
        let id: i32 = row.try_get(0)?;
        Ok(StudyInfo {
            id: StudyId(i64::from(id)),
            name: row.try_get(1)?,
            directions: directions(link, id)?,
            user_attrs: attributes(link, "study_user_attributes", id)?,
            system_attrs: attributes(link, "study_system_attributes", id)?,
            trials: unsigned(row.try_get(2)?),
        })
    };
    rows.iter().map(study).collect()
}

/// A study's directions; an error if there is no such study.
pub(super) fn directions(link: &mut Link, id: i32) -> Result<Vec<StudyDirection>, Fault> {
    let statement =
        link.statement("SELECT direction::text FROM study_directions WHERE study_id = $1 ORDER BY objective")?;
    let rows = link.client.query(&statement, &[&id])?;
    let mut directions = Vec::with_capacity(rows.len());
    for row in &rows {
        directions.push(readable("study_directions", i64::from(id), codec::parse_direction(row.try_get(0)?))?);
    }
    if directions.is_empty() {
        return Err(StorageError::UnknownStudy { id: i64::from(id) }.into());
    }
    Ok(directions)
}

fn attributes(link: &mut Link, table: &'static str, id: i32) -> Result<BTreeMap<String, Value>, Fault> {
    let statement = link.statement(&format!("SELECT key, value_json FROM {table} WHERE study_id = $1"))?;
    let mut attributes = BTreeMap::new();
    for row in &link.client.query(&statement, &[&id])? {
        let value = readable(table, i64::from(id), codec::parse_attribute(row.try_get(1)?))?;
        attributes.insert(row.try_get(0)?, value);
    }
    Ok(attributes)
}

/// The number that the study's next trial gets. Numbers follow the ids, as in Optuna.
pub(super) fn next_number(link: &mut Link, id: i32) -> Result<u64, Fault> {
    let statement = link.statement("SELECT number FROM trials WHERE study_id = $1 ORDER BY trial_id DESC LIMIT 1")?;
    let row = link.client.query_opt(&statement, &[&id])?;
    Ok(row.map_or(Ok(0), |row| row.try_get(0).map(|number: i32| unsigned(i64::from(number)) + 1))?)
}

/// Who may write a study.
pub(super) fn lease(link: &mut Link, tables: Tables, id: StudyId) -> Result<Option<Lease>, Fault> {
    let id = key(id)?;
    directions(link, id)?;
    if tables == Tables::Optuna {
        return Ok(None);
    }
    let statement = link.statement(
        "SELECT token, host, place, pid, process_start, since_ms, expires_ms, renewals FROM bartune_lease
         WHERE study_id = $1",
    )?;
    let row = link.client.query_opt(&statement, &[&id])?;
    let lease = |row: Row| -> Result<Lease, postgres::Error> {
        Ok(Lease {
            token: row.try_get(0)?,
            host: row.try_get(1)?,
            place: row.try_get(2)?,
            pid: u32::try_from(row.try_get::<_, i64>(3)?).unwrap_or(0),
            process_start: row.try_get(4)?,
            since_ms: row.try_get(5)?,
            expires_ms: row.try_get(6)?,
            renewals: unsigned(row.try_get(7)?),
        })
    };
    Ok(row.map(lease).transpose()?)
}

/// The trials whose numbers lie in a range, in number order.
pub(super) fn trials(
    link: &mut Link,
    tables: Tables,
    (id, numbers): (StudyId, Range<u64>),
    detail: Detail,
) -> Result<Vec<TrialRecord>, Fault> {
    let objectives = directions(link, key(id)?)?.len();
    let mut selection = Selection::read(link, key(id)?, &numbers)?;
    selection.each(link, &VALUES, |record, _, row| {
        let objective: i32 = row.try_get(1)?;
        Ok(add_value(record, (i64::from(objective), objectives), (row.try_get(2)?, row.try_get(3)?))?)
    })?;
    selection.assembly.check_values()?;
    selection.each(link, &USER_ATTRIBUTES, |record, _, row| {
        Ok(add_user_attribute(record, row.try_get(1)?, row.try_get(2)?)?)
    })?;
    selection.each(link, &SYSTEM_ATTRIBUTES, |record, _, row| {
        Ok(add_system_attribute(record, row.try_get(1)?, row.try_get(2)?)?)
    })?;
    if detail == Detail::Results {
        return Ok(selection.assembly.into_records());
    }
    selection.each(link, &STEPS, |record, _, row| {
        let step: i32 = row.try_get(1)?;
        Ok(add_step(record, i64::from(step), (row.try_get(2)?, row.try_get(3)?))?)
    })?;
    selection.each(link, &PARAMS, |record, distributions, row| {
        Ok(add_param(record, distributions, row.try_get(1)?, (row.try_get(2)?, row.try_get(3)?))?)
    })?;
    if tables != Tables::Optuna {
        let lists = key_lists(link)?;
        selection.each(link, &IDENTITIES, |record, _, row| {
            Ok(add_identity(record, row.try_get(1)?, row.try_get(2)?, &lists)?)
        })?;
        if detail == Detail::Complete {
            selection.each(link, &METRICS, |record, _, row| {
                Ok(add_metrics(record, (row.try_get(1)?, row.try_get(2)?), &lists)?)
            })?;
        }
    }
    if tables == Tables::OptunaAndBartune && detail == Detail::Complete {
        selection.each(link, &RETURNS, |record, _, row| {
            record.daily_returns = returns::unpack(row.try_get(1)?)?;
            Ok(())
        })?;
    }
    Ok(selection.assembly.into_records())
}

/// Whether the very trials of a batch are there: their identities, or their states where they have
/// none.
pub(super) fn is_there(link: &mut Link, id: StudyId, batch: &[TrialRecord]) -> Result<bool, Fault> {
    let (Some(first), Some(last)) = (batch.first(), batch.last()) else { return Ok(false) };
    let numbers = first.trial.number..last.trial.number + 1;
    let mut found = trials(link, Tables::OptunaAndBartune, (id, numbers), Detail::WithoutMetrics)?;
    // Replaced trials need not follow each other.
    found.retain(|record| batch.binary_search_by_key(&record.trial.number, |given| given.trial.number).is_ok());
    let same = |(found, given): (&TrialRecord, &TrialRecord)| {
        found.identity == given.identity
            && found.trial.state == given.trial.state
            && found.trial.params == given.trial.params
    };
    Ok(found.len() == batch.len() && found.iter().zip(batch).all(same))
}

/// All openings of the vault, oldest first.
pub(super) fn vault_openings(link: &mut Link, tables: Tables, id: StudyId) -> Result<Vec<VaultOpening>, Fault> {
    let study = key(id)?;
    directions(link, study)?;
    if tables == Tables::Optuna {
        return Ok(Vec::new());
    }
    let lists = key_lists(link)?;
    let statement = link.statement(
        "SELECT opened_ms, trial_number, keys_id, packed FROM bartune_vault WHERE study_id = $1 ORDER BY opening_id",
    )?;
    let mut openings = Vec::new();
    for row in &link.client.query(&statement, &[&study])? {
        let metrics = readable("bartune_vault", id.0, lists.unpack(row.try_get(2)?, row.try_get(3)?))?;
        openings.push(VaultOpening {
            opened_ms: row.try_get(0)?,
            trial_number: unsigned(row.try_get(1)?),
            metrics: metrics.into_values().next().unwrap_or_default(),
        });
    }
    Ok(openings)
}

pub(super) fn key_lists(link: &mut Link) -> Result<KeyLists, Fault> {
    let mut lists = KeyLists::default();
    let statement = link.statement("SELECT keys_id, keys_json FROM bartune_keys")?;
    for row in &link.client.query(&statement, &[])? {
        let id = row.try_get(0)?;
        readable("bartune_keys", id, lists.add(id, row.try_get(1)?))?;
    }
    Ok(lists)
}

/// The trials being read.
///
/// Their rows in a table are read part by part through its index on trials: from a part's first trial to its last one if
/// the study's trials are most of those in between, and by a list of their ids otherwise. Rows that belong to none of them
/// are skipped.
struct Selection {
    assembly: Assembly,
    /// Whether they are most of those between the first and the last.
    is_most: bool,
}

impl Selection {
    fn read(link: &mut Link, study: i32, numbers: &Range<u64>) -> Result<Self, Fault> {
        let bound = |number| i32::try_from(number).unwrap_or(i32::MAX);
        let statement = link.statement(&format!(
            "SELECT trial_id, number, state::text, {}, {} FROM trials
             WHERE study_id = $1 AND number >= $2 AND number < $3 ORDER BY trial_id",
            MILLISECONDS.replace("{}", "datetime_start"),
            MILLISECONDS.replace("{}", "datetime_complete"),
        ))?;
        let rows = link.client.query(&statement, &[&study, &bound(numbers.start), &bound(numbers.end)])?;
        let mut assembly = Assembly::with_capacity(rows.len());
        for row in rows {
            let (id, number): (i32, i32) = (row.try_get(0)?, row.try_get(1)?);
            assembly.push(&TrialRow {
                id: i64::from(id),
                number: unsigned(i64::from(number)),
                state: row.try_get(2)?,
                started_ms: row.try_get(3)?,
                finished_ms: row.try_get(4)?,
            })?;
        }
        let (first, last) = assembly.span().unwrap_or_default();
        let is_most = assembly.len() >= usize::try_from((last - first) / 4).unwrap_or(usize::MAX);
        if is_most {
            // Left to itself, a server without statistics sorts what its index has in order.
            link.client.batch_execute("SET LOCAL enable_sort = off")?;
        }
        Ok(Self { assembly, is_most })
    }

    /// Show `visit` every row of `child` that belongs to one of the trials: trial by trial, and a trial's rows in order of
    /// insertion. A problem it reports is worded with the table and the trial.
    fn each(
        &mut self,
        link: &mut Link,
        child: &Child,
        mut visit: impl FnMut(&mut TrialRecord, &mut KnownDistributions, &Row) -> Result<(), RowFault>,
    ) -> Result<(), Fault> {
        let Child(table, key, columns) = child;
        let condition = if self.is_most { "BETWEEN $1 AND $2" } else { "= ANY($1)" };
        let statement = link.statement(&format!(
            "SELECT c.trial_id, {columns}, c.{key} FROM {table} c WHERE c.trial_id {condition} ORDER BY c.trial_id"
        ))?;
        let parts = self.parts();
        let client = &mut link.client;
        let query = |part: &Part| match part {
            Part::Between(first, last) => client.query(&statement, &[first, last]),
            Part::Listed(ids) => client.query(&statement, &[ids]),
        };
        in_parallel(&parts, query, |rows| self.show(table, rows?, &mut visit))
    }

    /// Ids of trials that are asked for at a time.
    fn parts(&self) -> Vec<Part> {
        // Ids come from an INTEGER column.
        let id = |&id: &i64| i32::try_from(id).unwrap_or(i32::MAX);
        let part = |ids: &[i64]| match (ids.first(), ids.last()) {
            (Some(first), Some(last)) if self.is_most => Part::Between(id(first), id(last)),
            _ => Part::Listed(ids.iter().map(id).collect()),
        };
        self.assembly.ids().chunks(TRIALS_A_QUERY).map(part).collect()
    }

    fn show(
        &mut self,
        table: &'static str,
        rows: Vec<Row>,
        visit: &mut impl FnMut(&mut TrialRecord, &mut KnownDistributions, &Row) -> Result<(), RowFault>,
    ) -> Result<(), Fault> {
        let keyed = |row: Row| Ok::<_, postgres::Error>((row.try_get::<_, i32>(0)?, row.try_get(row.len() - 1)?, row));
        let mut rows: Vec<(i32, i32, Row)> = rows.into_iter().map(keyed).collect::<Result<_, _>>()?;
        for rows in rows.chunk_by_mut(|a, b| a.0 == b.0) {
            let id = i64::from(rows[0].0);
            let Some((record, distributions)) = self.assembly.find(id) else { continue };
            rows.sort_unstable_by_key(|(_, key, _)| *key);
            for (_, _, row) in rows {
                visit(record, distributions, row).map_err(|fault| match fault {
                    RowFault::Postgres(error) => Fault::from(error),
                    RowFault::Problem(problem) => StorageError::UnreadableRow { table, id, problem }.into(),
                })?;
            }
        }
        Ok(())
    }
}

/// Trials whose rows are asked for at a time.
enum Part {
    Between(i32, i32),
    Listed(Vec<i32>),
}

/// Ask for part after part, and take in the answer of one while the next is under way.
fn in_parallel<P: Sync, T: Send>(
    parts: &[P],
    mut ask: impl FnMut(&P) -> T + Send,
    mut take: impl FnMut(T) -> Result<(), Fault>,
) -> Result<(), Fault> {
    if let [part] = parts {
        return take(ask(part));
    }
    thread::scope(|scope| {
        let (answers, queue) = mpsc::sync_channel(1);
        // Whoever takes in stops at the first problem, and so does this.
        scope.spawn(move || parts.iter().try_for_each(|part| answers.send(ask(part))));
        queue.into_iter().try_for_each(&mut take)
    })
}

/// A failure in a row of a child table.
enum RowFault {
    Problem(Problem),
    Postgres(postgres::Error),
}

impl From<Problem> for RowFault {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<postgres::Error> for RowFault {
    fn from(error: postgres::Error) -> Self {
        Self::Postgres(error)
    }
}
