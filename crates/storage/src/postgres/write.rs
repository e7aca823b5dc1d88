//! The statements that change a database. Each function works inside its caller's transaction.

use std::sync::LazyLock;

use bartune_search::storage::{Abridgement, StudyId, TrialRecord, VaultOpening};
use bartune_search::trial::StudyDirection;
use serde_json::Value;

use super::connection::Link;
use super::read;
use crate::assemble::readable;
use crate::codec;
use crate::error::{Fault, StorageError};
use crate::keys::{ABRIDGED_LAYOUT, KeyTable, Keys};
use crate::pack::{Extent, Layout, Metrics};
use crate::record::{self, CONSTRAINTS, DUPLICATE_OF, REASON};
use crate::returns;

/// The segment under which an opening of the vault keeps its metrics.
const VAULT_SEGMENT: &str = "test";

/// Signs of life.
const HEARTBEATS: &str = "trial_heartbeats";

/// Tables of what belongs to a trial.
const CHILD_TABLES: [&str; 9] = [
    "trial_user_attributes",
    "trial_system_attributes",
    "trial_params",
    "trial_values",
    "trial_intermediate_values",
    HEARTBEATS,
    "bartune_trials",
    "bartune_metrics",
    "bartune_returns",
];

/// Optuna's tables of what belongs to a study, other than trials.
const STUDY_TABLES: [&str; 3] = ["study_directions", "study_user_attributes", "study_system_attributes"];

/// Inserts what belongs to trials, whose ids and numbers the common table `t` has. One row a line of
/// the arrays from `$6` on, in the order of the arrays.
const CHILDREN: &str = "
p AS (INSERT INTO trial_params (trial_id, param_name, param_value, distribution_json)
    SELECT t.trial_id, r.name, r.value, r.json
    FROM unnest($6::int[], $7::text[], $8::float8[], $9::text[]) WITH ORDINALITY r (number, name, value, json, place)
    JOIN t USING (number) ORDER BY r.place),
v AS (INSERT INTO trial_values (trial_id, objective, value, value_type)
    SELECT t.trial_id, r.objective, r.value, r.kind::trialvaluetype
    FROM unnest($10::int[], $11::int[], $12::float8[], $13::text[]) WITH ORDINALITY r (number, objective, value, kind, place)
    JOIN t USING (number) ORDER BY r.place),
i AS (INSERT INTO trial_intermediate_values (trial_id, step, intermediate_value, intermediate_value_type)
    SELECT t.trial_id, r.step, r.value, r.kind::trialintermediatevaluetype
    FROM unnest($14::int[], $15::int[], $16::float8[], $17::text[]) WITH ORDINALITY r (number, step, value, kind, place)
    JOIN t USING (number) ORDER BY r.place),
u AS (INSERT INTO trial_user_attributes (trial_id, key, value_json)
    SELECT t.trial_id, r.key, r.json
    FROM unnest($18::int[], $19::text[], $20::text[]) WITH ORDINALITY r (number, key, json, place)
    JOIN t USING (number) ORDER BY r.place),
s AS (INSERT INTO trial_system_attributes (trial_id, key, value_json)
    SELECT t.trial_id, r.key, r.json
    FROM unnest($21::int[], $22::text[], $23::text[]) WITH ORDINALITY r (number, key, json, place)
    JOIN t USING (number) ORDER BY r.place),
b AS (INSERT INTO bartune_trials (trial_id, identity, constraint_keys_id)
    SELECT t.trial_id, r.identity, r.keys_id
    FROM unnest($24::int[], $25::bytea[], $26::bigint[]) r (number, identity, keys_id) JOIN t USING (number)),
m AS (INSERT INTO bartune_metrics (trial_id, keys_id, packed)
    SELECT t.trial_id, r.keys_id, r.packed
    FROM unnest($27::int[], $28::bigint[], $29::bytea[]) r (number, keys_id, packed) JOIN t USING (number)),
d AS (INSERT INTO bartune_returns (trial_id, packed)
    SELECT t.trial_id, r.packed FROM unnest($30::int[], $31::bytea[]) r (number, packed) JOIN t USING (number))
SELECT count(*) FROM t";

/// New trials with all that belongs to them.
static APPEND: LazyLock<String> = LazyLock::new(|| {
    format!(
        "WITH t AS (INSERT INTO trials (number, study_id, state, datetime_start, datetime_complete)
            SELECT r.number, $1, r.state::trialstate, r.started::timestamp, r.finished::timestamp
            FROM unnest($2::int[], $3::text[], $4::text[], $5::text[]) WITH ORDINALITY
                r (number, state, started, finished, place)
            ORDER BY r.place RETURNING trial_id, number),{CHILDREN}"
    )
});

/// Trials that are there, with all that belongs to them, of which nothing is there any more.
static REPLACE: LazyLock<String> = LazyLock::new(|| {
    format!(
        "WITH t AS (UPDATE trials SET state = r.state::trialstate, datetime_start = r.started::timestamp,
            datetime_complete = r.finished::timestamp
            FROM unnest($2::int[], $3::text[], $4::text[], $5::text[]) r (number, state, started, finished)
            WHERE study_id = $1 AND trials.number = r.number RETURNING trial_id, trials.number),{CHILDREN}"
    )
});

impl KeyTable for &mut Link {
    fn id_of(&mut self, list: &str) -> Result<i64, Fault> {
        let insert = self.statement("INSERT INTO bartune_keys (keys_json) VALUES ($1) ON CONFLICT DO NOTHING")?;
        self.client.execute(&insert, &[&list])?;
        let select = self.statement("SELECT keys_id FROM bartune_keys WHERE md5(keys_json) = md5($1)")?;
        Ok(self.client.query_one(&select, &[&list])?.try_get(0)?)
    }

    fn newest_layout(&mut self, extent: Extent) -> Result<Option<(i64, String)>, Fault> {
        let select = self.statement(
            "SELECT keys_id, keys_json FROM bartune_keys
             WHERE keys_json LIKE '{%' AND (keys_json LIKE $1) = $2 ORDER BY keys_id DESC LIMIT 1",
        )?;
        let row = self.client.query_opt(&select, &[&ABRIDGED_LAYOUT, &(extent == Extent::Abridged)])?;
        Ok(row.map(|row| Ok::<_, postgres::Error>((row.try_get(0)?, row.try_get(1)?))).transpose()?)
    }
}

/// Make a waiting trial running; whether it was waiting.
pub(super) fn claim_waiting(link: &mut Link, (id, number): (StudyId, u64), started_ms: i64) -> Result<bool, Fault> {
    let Ok(number) = i32::try_from(number) else { return Ok(false) };
    let statement = link.statement(
        "UPDATE trials SET state = 'RUNNING', datetime_start = $3::text::timestamp
         WHERE study_id = $1 AND number = $2 AND state = 'WAITING'",
    )?;
    let started = codec::datetime_text(started_ms);
    Ok(link.client.execute(&statement, &[&read::key(id)?, &number, &started])? == 1)
}

/// A new study's row; the name must be free.
pub(super) fn create_study(link: &mut Link, name: &str, directions: &[StudyDirection]) -> Result<(), Fault> {
    let inserted = link.client.query_opt(
        "INSERT INTO studies (study_name) VALUES ($1) ON CONFLICT DO NOTHING RETURNING study_id",
        &[&name],
    )?;
    let row = inserted.ok_or_else(|| StorageError::StudyExists { name: name.to_owned() })?;
    let id: i32 = row.try_get(0)?;
    let statement = link.statement(
        "INSERT INTO study_directions (direction, study_id, objective) VALUES ($1::text::studydirection, $2, $3)",
    )?;
    for (objective, direction) in (0_i32..).zip(directions) {
        link.client.execute(&statement, &[&codec::direction_name(*direction), &id, &objective])?;
    }
    Ok(())
}

/// Delete a study and all that belongs to it. Our own rows go by their foreign keys.
pub(super) fn delete_study(link: &mut Link, id: StudyId) -> Result<(), Fault> {
    let id = read::key(id)?;
    read::directions(link, id)?;
    for table in &CHILD_TABLES {
        let sql = format!("DELETE FROM {table} WHERE trial_id IN (SELECT trial_id FROM trials WHERE study_id = $1)");
        link.client.execute(&sql, &[&id])?;
    }
    for table in ["trials"].iter().chain(&STUDY_TABLES).chain(&["studies"]) {
        link.client.execute(&format!("DELETE FROM {table} WHERE study_id = $1"), &[&id])?;
    }
    Ok(())
}

/// Set or replace an attribute of a study in one of the two tables for them.
pub(super) fn set_study_attribute(
    link: &mut Link,
    table: &str,
    id: StudyId,
    (key, value): (&str, &Value),
) -> Result<(), Fault> {
    let id = read::key(id)?;
    read::directions(link, id)?;
    let sql = format!(
        "INSERT INTO {table} (study_id, key, value_json) VALUES ($1, $2, $3)
         ON CONFLICT (study_id, key) DO UPDATE SET value_json = excluded.value_json"
    );
    link.client.execute(&sql, &[&id, &key, &codec::json_text(value)])?;
    Ok(())
}

/// Append a batch to its study.
pub(super) fn append(link: &mut Link, keys: &mut Keys, id: StudyId, batch: &[TrialRecord]) -> Result<(), Fault> {
    let study = read::key(id)?;
    let objectives = read::directions(link, study)?.len();
    record::check_numbers(batch, read::next_number(link, study)?)?;
    record::check_records(batch, objectives)?;
    if batch.is_empty() {
        return Ok(());
    }
    Rows::of(link, keys, batch)?.send(link, &APPEND, study)
}

/// Keep less of trials that are there.
pub(super) fn abridge(link: &mut Link, keys: &mut Keys, id: StudyId, abridgement: &Abridgement) -> Result<(), Fault> {
    if abridgement.numbers.is_empty() {
        return Ok(());
    }
    let study = read::key(id)?;
    let lists = read::key_lists(link)?;
    let numbers: Vec<i32> = abridgement.numbers.iter().filter_map(|number| i32::try_from(*number).ok()).collect();
    let select = link.statement(
        "SELECT t.trial_id, m.keys_id, m.packed FROM trials t JOIN bartune_metrics m USING (trial_id)
         WHERE t.study_id = $1 AND t.number = ANY($2)",
    )?;
    let (mut ids, mut layouts, mut blobs) = (Vec::new(), Vec::new(), Vec::new());
    for row in &link.client.query(&select, &[&study, &numbers])? {
        let trial_id: i32 = row.try_get(0)?;
        let unpacked = lists.unpack(row.try_get(1)?, row.try_get(2)?);
        let mut metrics = readable("bartune_metrics", i64::from(trial_id), unpacked)?;
        metrics.values_mut().for_each(|metrics| metrics.retain(|name, _| abridgement.kept.contains(name)));
        let (keys_id, layout) = keys.layout_for(&mut &mut *link, (Extent::Abridged, &metrics))?;
        ids.push(trial_id);
        layouts.push(keys_id);
        blobs.push(layout.pack(&metrics));
    }
    let change = link.statement(
        "UPDATE bartune_metrics m SET keys_id = r.keys_id, packed = r.packed
         FROM unnest($1::int[], $2::bigint[], $3::bytea[]) r (trial_id, keys_id, packed) WHERE m.trial_id = r.trial_id",
    )?;
    link.client.execute(&change, &[&ids, &layouts, &blobs])?;
    let forget = link.statement("DELETE FROM bartune_returns WHERE trial_id = ANY($1)")?;
    link.client.execute(&forget, &[&ids])?;
    Ok(())
}

/// Replace unfinished trials by the records of the same numbers.
pub(super) fn replace_unfinished(
    link: &mut Link,
    keys: &mut Keys,
    id: StudyId,
    batch: &[TrialRecord],
) -> Result<(), Fault> {
    let study = read::key(id)?;
    let objectives = read::directions(link, study)?.len();
    record::check_records(batch, objectives)?;
    let numbers: Vec<i32> = batch.iter().map(number).collect();
    let select =
        link.statement("SELECT number, trial_id, state::text FROM trials WHERE study_id = $1 AND number = ANY($2)")?;
    let rows = link.client.query(&select, &[&study, &numbers])?;
    let mut ids: Vec<i32> = Vec::with_capacity(batch.len());
    for record in batch {
        let number = number(record);
        let found = rows.iter().find(|row| row.try_get::<_, i32>(0).is_ok_and(|found| found == number));
        let problem = match found {
            None => "the study has no trial of that number",
            Some(row) if codec::parse_state(row.try_get(2)?).is_ok_and(record::is_unfinished) => {
                ids.push(row.try_get(1)?);
                continue;
            }
            Some(_) => "it is finished",
        };
        return Err(StorageError::NotReplaceable { number: record.trial.number, problem }.into());
    }
    if batch.is_empty() {
        return Ok(());
    }
    // A sign of life is not of what the trial holds.
    for table in CHILD_TABLES.into_iter().filter(|&table| table != HEARTBEATS) {
        let delete = link.statement(&format!("DELETE FROM {table} WHERE trial_id = ANY($1)"))?;
        link.client.execute(&delete, &[&ids])?;
    }
    Rows::of(link, keys, batch)?.send(link, &REPLACE, study)
}

/// Record an opening of the vault.
pub(super) fn record_vault_opening(
    link: &mut Link,
    keys: &mut Keys,
    id: StudyId,
    opening: &VaultOpening,
) -> Result<(), Fault> {
    let study = read::key(id)?;
    read::directions(link, study)?;
    // A layout of its own, so that the vault's metrics do not become a segment of every trial.
    let metrics = Metrics::from([(VAULT_SEGMENT.to_owned(), opening.metrics.clone())]);
    let layout = Layout::default().extended(&metrics);
    let keys_id = keys.intern(&mut &mut *link, &layout.to_json())?;
    let number = i64::try_from(opening.trial_number).unwrap_or(i64::MAX);
    link.client.execute(
        "INSERT INTO bartune_vault (study_id, opened_ms, trial_number, keys_id, packed) VALUES ($1, $2, $3, $4, $5)",
        &[&study, &opening.opened_ms, &number, &keys_id, &layout.pack(&metrics)],
    )?;
    Ok(())
}

/// No study has 2^31 trials; a number beyond is refused as not contiguous.
fn number(record: &TrialRecord) -> i32 {
    i32::try_from(record.trial.number).unwrap_or(i32::MAX)
}

type Blob = Vec<u8>;

/// The trials' numbers, and three columns beside them.
#[derive(Default)]
struct Columns<A, B, C>(Vec<i32>, Vec<A>, Vec<B>, Vec<C>);

/// The rows of a batch in columns, table by table; each begins with the trials' numbers.
#[derive(Default)]
struct Rows<'a> {
    trials: Columns<&'static str, Option<String>, Option<String>>,
    params: Columns<&'a str, Option<f64>, String>,
    values: Columns<i32, Option<f64>, &'static str>,
    steps: Columns<i32, Option<f64>, &'static str>,
    user_attributes: (Vec<i32>, Vec<&'a str>, Vec<String>),
    system_attributes: (Vec<i32>, Vec<&'a str>, Vec<String>),
    identities: (Vec<i32>, Vec<Option<Blob>>, Vec<Option<i64>>),
    metrics: (Vec<i32>, Vec<i64>, Vec<Blob>),
    returns: (Vec<i32>, Vec<Blob>),
}

impl<'a> Rows<'a> {
    fn of(link: &mut Link, keys: &mut Keys, batch: &'a [TrialRecord]) -> Result<Self, Fault> {
        let mut rows = Self::default();
        for record in batch {
            rows.add_trial(record);
            rows.add_params(record);
            rows.add_numbers(record);
            rows.add_attributes(record);
            rows.add_ours(link, keys, record)?;
        }
        Ok(rows)
    }

    fn add_trial(&mut self, record: &TrialRecord) {
        let trial = &record.trial;
        self.trials.0.push(number(record));
        self.trials.1.push(codec::state_name(trial.state));
        self.trials.2.push(trial.started_ms.and_then(codec::datetime_text));
        self.trials.3.push(trial.finished_ms.and_then(codec::datetime_text));
    }

    fn add_params(&mut self, record: &'a TrialRecord) {
        for (name, distribution) in &record.trial.distributions {
            self.params.0.push(number(record));
            self.params.1.push(name);
            self.params.2.push(record.trial.params.get(name).and_then(codec::internal_value));
            self.params.3.push(distribution.to_short_json());
        }
    }

    fn add_numbers(&mut self, record: &TrialRecord) {
        let number = number(record);
        for (objective, value) in (0_i32..).zip(&record.trial.values) {
            let (value, kind) = codec::stored_float(*value);
            self.values.0.push(number);
            self.values.1.push(objective);
            self.values.2.push(value);
            self.values.3.push(kind);
        }
        for (step, value) in &record.trial.intermediate_values {
            let (value, kind) = codec::stored_float(*value);
            self.steps.0.push(number);
            // Steps beyond were refused with the record.
            self.steps.1.push(i32::try_from(*step).unwrap_or(i32::MAX));
            self.steps.2.push(value);
            self.steps.3.push(kind);
        }
    }

    fn add_attributes(&mut self, record: &'a TrialRecord) {
        let (number, trial) = (number(record), &record.trial);
        let reason = record.reason.as_ref().map(|reason| (REASON, codec::json_text(&Value::from(reason.as_str()))));
        let original = trial.duplicate_of.map(|original| (DUPLICATE_OF, original.to_string()));
        let given = trial.user_attrs.iter().map(|(key, value)| (key.as_str(), codec::json_text(value)));
        for (key, json) in given.chain(reason).chain(original) {
            self.user_attributes.0.push(number);
            self.user_attributes.1.push(key);
            self.user_attributes.2.push(json);
        }
        let constraints = (!trial.constraints.is_empty())
            .then(|| (CONSTRAINTS, codec::float_list_text(trial.constraints.values().copied())));
        let given = trial.system_attrs.iter().map(|(key, value)| (key.as_str(), codec::json_text(value)));
        for (key, json) in constraints.into_iter().chain(given) {
            self.system_attributes.0.push(number);
            self.system_attributes.1.push(key);
            self.system_attributes.2.push(json);
        }
    }

    fn add_ours(&mut self, link: &mut Link, keys: &mut Keys, record: &TrialRecord) -> Result<(), Fault> {
        let number = number(record);
        let identity = codec::identity_bytes(&record.identity);
        let constraints = &record.trial.constraints;
        if identity.is_some() || !constraints.is_empty() {
            let names = || constraints.keys().map(String::as_str).collect::<Value>();
            let names_id = (!constraints.is_empty()).then(|| keys.intern(&mut &mut *link, &names())).transpose()?;
            self.identities.0.push(number);
            self.identities.1.push(identity.map(|identity| identity.to_vec()));
            self.identities.2.push(names_id);
        }
        if !record.metrics.is_empty() {
            let wanted = (Extent::of(record.is_abridged), &record.metrics);
            let (keys_id, layout) = keys.layout_for(&mut &mut *link, wanted)?;
            self.metrics.0.push(number);
            self.metrics.1.push(keys_id);
            self.metrics.2.push(layout.pack(&record.metrics));
        }
        if !record.daily_returns.is_empty() {
            self.returns.0.push(number);
            self.returns.1.push(returns::pack(&record.daily_returns));
        }
        Ok(())
    }

    fn send(&self, link: &mut Link, sql: &str, study: i32) -> Result<(), Fault> {
        let statement = link.statement(sql)?;
        let (trials, params, values, steps) = (&self.trials, &self.params, &self.values, &self.steps);
        let (user, system) = (&self.user_attributes, &self.system_attributes);
        let (identities, metrics, returns) = (&self.identities, &self.metrics, &self.returns);
        let row = link.client.query_one(
            &statement,
            &[
                &study,
                &trials.0,
                &trials.1,
                &trials.2,
                &trials.3,
                &params.0,
                &params.1,
                &params.2,
                &params.3,
                &values.0,
                &values.1,
                &values.2,
                &values.3,
                &steps.0,
                &steps.1,
                &steps.2,
                &steps.3,
                &user.0,
                &user.1,
                &user.2,
                &system.0,
                &system.1,
                &system.2,
                &identities.0,
                &identities.1,
                &identities.2,
                &metrics.0,
                &metrics.1,
                &metrics.2,
                &returns.0,
                &returns.1,
            ],
        )?;
        let written: i64 = row.try_get(0)?;
        debug_assert_eq!(usize::try_from(written).ok(), Some(trials.0.len()), "every trial has its row");
        Ok(())
    }
}
