//! The tables in PostgreSQL, and what a database must be to be used.
//!
//! Optuna's are those that SQLAlchemy makes there for revision `v3.2.0.a`, types, sequences and names
//! of constraints included; a test compares the two dumps. Ours hang on Optuna's keys and go with
//! them (`ON DELETE CASCADE`). Tables of other programs may stand beside them.

use crate::error::{Fault, StorageError};
use crate::postgres::connection::Link;
use crate::schema::{BARTUNE_VERSION, Tables, check_revision, revision_or_oldest};

/// Held while tables are made, so that two processes do not make them both.
const PREPARING: &str = "SELECT pg_advisory_xact_lock(1650553451, 0)";

/// Optuna's tables, as SQLAlchemy declares them for PostgreSQL.
const OPTUNA_TABLES: &str = "
CREATE TYPE studydirection AS ENUM ('NOT_SET', 'MINIMIZE', 'MAXIMIZE');
CREATE TYPE trialstate AS ENUM ('RUNNING', 'COMPLETE', 'PRUNED', 'FAIL', 'WAITING');
CREATE TYPE trialvaluetype AS ENUM ('FINITE', 'INF_POS', 'INF_NEG');
CREATE TYPE trialintermediatevaluetype AS ENUM ('FINITE', 'INF_POS', 'INF_NEG', 'NAN');
CREATE TABLE studies (
    study_id SERIAL NOT NULL PRIMARY KEY,
    study_name VARCHAR(512) NOT NULL
);
CREATE UNIQUE INDEX ix_studies_study_name ON studies (study_name);
CREATE TABLE version_info (
    version_info_id INTEGER NOT NULL PRIMARY KEY,
    schema_version INTEGER,
    library_version VARCHAR(256),
    CHECK (version_info_id = 1)
);
CREATE TABLE study_directions (
    study_direction_id SERIAL NOT NULL PRIMARY KEY,
    direction studydirection NOT NULL,
    study_id INTEGER NOT NULL,
    objective INTEGER NOT NULL,
    UNIQUE (study_id, objective),
    FOREIGN KEY (study_id) REFERENCES studies (study_id)
);
CREATE TABLE study_user_attributes (
    study_user_attribute_id SERIAL NOT NULL PRIMARY KEY,
    study_id INTEGER,
    key VARCHAR(512),
    value_json TEXT,
    UNIQUE (study_id, key),
    FOREIGN KEY (study_id) REFERENCES studies (study_id)
);
CREATE TABLE study_system_attributes (
    study_system_attribute_id SERIAL NOT NULL PRIMARY KEY,
    study_id INTEGER,
    key VARCHAR(512),
    value_json TEXT,
    UNIQUE (study_id, key),
    FOREIGN KEY (study_id) REFERENCES studies (study_id)
);
CREATE TABLE trials (
    trial_id SERIAL NOT NULL PRIMARY KEY,
    number INTEGER,
    study_id INTEGER,
    state trialstate NOT NULL,
    datetime_start TIMESTAMP WITHOUT TIME ZONE,
    datetime_complete TIMESTAMP WITHOUT TIME ZONE,
    FOREIGN KEY (study_id) REFERENCES studies (study_id)
);
CREATE INDEX ix_trials_study_id ON trials (study_id);
CREATE TABLE trial_user_attributes (
    trial_user_attribute_id SERIAL NOT NULL PRIMARY KEY,
    trial_id INTEGER,
    key VARCHAR(512),
    value_json TEXT,
    UNIQUE (trial_id, key),
    FOREIGN KEY (trial_id) REFERENCES trials (trial_id)
);
CREATE TABLE trial_system_attributes (
    trial_system_attribute_id SERIAL NOT NULL PRIMARY KEY,
    trial_id INTEGER,
    key VARCHAR(512),
    value_json TEXT,
    UNIQUE (trial_id, key),
    FOREIGN KEY (trial_id) REFERENCES trials (trial_id)
);
CREATE TABLE trial_params (
    param_id SERIAL NOT NULL PRIMARY KEY,
    trial_id INTEGER,
    param_name VARCHAR(512),
    param_value DOUBLE PRECISION,
    distribution_json TEXT,
    UNIQUE (trial_id, param_name),
    FOREIGN KEY (trial_id) REFERENCES trials (trial_id)
);
CREATE TABLE trial_values (
    trial_value_id SERIAL NOT NULL PRIMARY KEY,
    trial_id INTEGER NOT NULL,
    objective INTEGER NOT NULL,
    value DOUBLE PRECISION,
    value_type trialvaluetype NOT NULL,
    UNIQUE (trial_id, objective),
    FOREIGN KEY (trial_id) REFERENCES trials (trial_id)
);
CREATE TABLE trial_intermediate_values (
    trial_intermediate_value_id SERIAL NOT NULL PRIMARY KEY,
    trial_id INTEGER NOT NULL,
    step INTEGER NOT NULL,
    intermediate_value DOUBLE PRECISION,
    intermediate_value_type trialintermediatevaluetype NOT NULL,
    UNIQUE (trial_id, step),
    FOREIGN KEY (trial_id) REFERENCES trials (trial_id)
);
CREATE TABLE trial_heartbeats (
    trial_heartbeat_id SERIAL NOT NULL PRIMARY KEY,
    trial_id INTEGER NOT NULL,
    heartbeat TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    UNIQUE (trial_id),
    FOREIGN KEY (trial_id) REFERENCES trials (trial_id)
);
CREATE TABLE alembic_version (
    version_num VARCHAR(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO version_info VALUES (1, 12, '5.0.0');
INSERT INTO alembic_version VALUES ('v3.2.0.a');
";

/// Our own tables. Lists of names can be longer than a B-tree entry, hence their hash.
const BARTUNE_TABLES: &str = "
CREATE TABLE bartune_schema (version BIGINT NOT NULL);
CREATE TABLE bartune_keys (
    keys_id BIGSERIAL PRIMARY KEY,
    keys_json TEXT NOT NULL
);
CREATE UNIQUE INDEX bartune_keys_text ON bartune_keys (md5(keys_json));
CREATE TABLE bartune_trials (
    trial_id INTEGER PRIMARY KEY REFERENCES trials (trial_id) ON DELETE CASCADE,
    identity BYTEA,
    constraint_keys_id BIGINT
);
CREATE INDEX bartune_trials_identity ON bartune_trials (identity);
CREATE TABLE bartune_metrics (
    trial_id INTEGER PRIMARY KEY REFERENCES trials (trial_id) ON DELETE CASCADE,
    keys_id BIGINT NOT NULL,
    packed BYTEA NOT NULL
);
CREATE TABLE bartune_vault (
    opening_id BIGSERIAL PRIMARY KEY,
    study_id INTEGER NOT NULL REFERENCES studies (study_id) ON DELETE CASCADE,
    opened_ms BIGINT NOT NULL,
    trial_number BIGINT NOT NULL,
    keys_id BIGINT NOT NULL,
    packed BYTEA NOT NULL
);
CREATE INDEX bartune_vault_study_id ON bartune_vault (study_id);
CREATE TABLE bartune_lease (
    study_id INTEGER PRIMARY KEY REFERENCES studies (study_id) ON DELETE CASCADE,
    token TEXT NOT NULL,
    host TEXT NOT NULL,
    place TEXT NOT NULL,
    pid BIGINT NOT NULL,
    process_start TEXT NOT NULL,
    since_ms BIGINT NOT NULL,
    expires_ms BIGINT NOT NULL,
    renewals BIGINT NOT NULL
);
";

/// What version 3 of ours added: daily returns. (PostgreSQL began with version 2.)
const BARTUNE_TABLES_3: &str = "
CREATE TABLE bartune_returns (
    trial_id INTEGER PRIMARY KEY REFERENCES trials (trial_id) ON DELETE CASCADE,
    packed BYTEA NOT NULL
);
ALTER TABLE bartune_returns ALTER COLUMN packed SET STORAGE EXTERNAL;
";

/// What a database holds.
enum Content {
    /// No table of ours or Optuna's.
    Nothing,
    /// Optuna's only.
    OptunaOnly,
    /// Optuna's and ours, of this version.
    Both(i64),
}

/// Make the database ready for writing: create what is missing, refuse what we cannot keep.
pub(super) fn prepare(link: &mut Link, server: &str) -> Result<(), Fault> {
    if matches!(inspect(link, server)?, Content::Both(BARTUNE_VERSION)) {
        return Ok(());
    }
    link.transact(|link| {
        link.client.batch_execute(PREPARING)?;
        match inspect(link, server)? {
            Content::Both(BARTUNE_VERSION) => return Ok(()),
            Content::Both(_) => {
                link.client.batch_execute(BARTUNE_TABLES_3)?;
                link.client.execute("UPDATE bartune_schema SET version = $1", &[&BARTUNE_VERSION])?;
                return Ok(());
            }
            Content::OptunaOnly => {}
            Content::Nothing => link.client.batch_execute(OPTUNA_TABLES)?,
        }
        link.client.batch_execute(BARTUNE_TABLES)?;
        link.client.batch_execute(BARTUNE_TABLES_3)?;
        link.client.execute("INSERT INTO bartune_schema VALUES ($1)", &[&BARTUNE_VERSION])?;
        Ok(())
    })
}

/// Check a database that is only read; which tables it has.
pub(super) fn check(link: &mut Link, server: &str) -> Result<Tables, Fault> {
    match inspect(link, server)? {
        Content::Both(BARTUNE_VERSION) => Ok(Tables::OptunaAndBartune),
        Content::Both(_) => Ok(Tables::Older),
        Content::OptunaOnly => Ok(Tables::Optuna),
        Content::Nothing => Err(StorageError::Missing { path: server.into() }.into()),
    }
}

fn inspect(link: &mut Link, server: &str) -> Result<Content, Fault> {
    let rows = link.client.query(
        "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema()
         AND tablename NOT LIKE 'bartune_guard%' ORDER BY 1",
        &[],
    )?;
    let tables: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    let has = |name: &str| tables.iter().any(|table| table == name);
    if !has("studies") && !has("trials") {
        return Ok(Content::Nothing);
    }
    if !has("studies") || !has("trials") || !has("version_info") {
        return Err(StorageError::ForeignDatabase { store: server.to_owned(), tables }.into());
    }
    let found = if has("alembic_version") {
        let row = link.client.query_opt("SELECT version_num FROM alembic_version", &[])?;
        row.map(|row| row.get(0))
    } else {
        None
    };
    check_revision(revision_or_oldest(found), server, server)?;
    if !has("bartune_schema") {
        return Ok(Content::OptunaOnly);
    }
    let row = link.client.query_one("SELECT max(version) FROM bartune_schema", &[])?;
    let found: i64 = row.try_get(0)?;
    if found > BARTUNE_VERSION {
        let store = server.to_owned();
        return Err(StorageError::NewerBartuneSchema { store, found, supported: BARTUNE_VERSION }.into());
    }
    Ok(Content::Both(found))
}
