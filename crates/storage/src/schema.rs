//! The tables, and what an existing file must be to be opened.
//!
//! Optuna's tables are those of its Alembic revision `v3.2.0.a`, which Optuna 3.2 to 5 create, read
//! and write; an interop test compares them with a database that Optuna made. Ours begin with
//! `bartune_` and hang on Optuna's keys:
//!
//! | table | one row a | holds |
//! |---|---|---|
//! | `bartune_schema` | database | the version of these tables |
//! | `bartune_keys` | list of names | names of metrics by segment, or of constraints, as JSON, kept once |
//! | `bartune_trials` | trial | its identity, and the list with its constraints' names |
//! | `bartune_metrics` | trial | its metrics of all segments, packed |
//! | `bartune_returns` | trial whose daily returns are kept | those of all segments, compressed |
//! | `bartune_vault` | opening | the openings of the test segment |
//! | `bartune_lease` | study that is being written | who writes it |
//!
//! Optuna deletes studies without knowing our tables, and SQLite then reuses the keys; so triggers
//! delete our rows together with Optuna's.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};

use crate::error::{Fault, StorageError};

/// Which of our tables there are: none in a database that only Optuna has written, read by a
/// read-only connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tables {
    /// Optuna's only.
    Optuna,
    /// Optuna's, and ours of an earlier version: no daily returns.
    Older,
    /// Optuna's and ours.
    OptunaAndBartune,
}

/// The Alembic revision read and written.
pub(crate) const OPTUNA_REVISION: &str = "v3.2.0.a";

/// The version of the `bartune_*` tables.
pub(crate) const BARTUNE_VERSION: i64 = 3;

/// Revisions that `optuna storage upgrade` can lift to [`OPTUNA_REVISION`].
const OLDER_REVISIONS: [&str; 9] =
    ["v0.9.0.a", "v1.2.0.a", "v1.3.0.a", "v2.4.0.a", "v2.6.0.a", "v3.0.0.a", "v3.0.0.b", "v3.0.0.c", "v3.0.0.d"];

/// Optuna's tables, column by column as SQLAlchemy declares them. 12 and 5.0.0 are what Optuna 5.0
/// writes into `version_info`; only its error messages read them.
const OPTUNA_TABLES: &str = r#"
CREATE TABLE studies (
    study_id INTEGER NOT NULL,
    study_name VARCHAR(512) NOT NULL,
    PRIMARY KEY (study_id)
);
CREATE UNIQUE INDEX ix_studies_study_name ON studies (study_name);
CREATE TABLE version_info (
    version_info_id INTEGER NOT NULL,
    schema_version INTEGER,
    library_version VARCHAR(256),
    PRIMARY KEY (version_info_id),
    CHECK (version_info_id=1)
);
CREATE TABLE study_directions (
    study_direction_id INTEGER NOT NULL,
    direction VARCHAR(8) NOT NULL,
    study_id INTEGER NOT NULL,
    objective INTEGER NOT NULL,
    PRIMARY KEY (study_direction_id),
    UNIQUE (study_id, objective),
    FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
CREATE TABLE study_user_attributes (
    study_user_attribute_id INTEGER NOT NULL,
    study_id INTEGER,
    "key" VARCHAR(512),
    value_json TEXT,
    PRIMARY KEY (study_user_attribute_id),
    UNIQUE (study_id, "key"),
    FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
CREATE TABLE study_system_attributes (
    study_system_attribute_id INTEGER NOT NULL,
    study_id INTEGER,
    "key" VARCHAR(512),
    value_json TEXT,
    PRIMARY KEY (study_system_attribute_id),
    UNIQUE (study_id, "key"),
    FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
CREATE TABLE trials (
    trial_id INTEGER NOT NULL,
    number INTEGER,
    study_id INTEGER,
    state VARCHAR(8) NOT NULL,
    datetime_start DATETIME,
    datetime_complete DATETIME,
    PRIMARY KEY (trial_id),
    FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
CREATE INDEX ix_trials_study_id ON trials (study_id);
CREATE TABLE trial_user_attributes (
    trial_user_attribute_id INTEGER NOT NULL,
    trial_id INTEGER,
    "key" VARCHAR(512),
    value_json TEXT,
    PRIMARY KEY (trial_user_attribute_id),
    UNIQUE (trial_id, "key"),
    FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
CREATE TABLE trial_system_attributes (
    trial_system_attribute_id INTEGER NOT NULL,
    trial_id INTEGER,
    "key" VARCHAR(512),
    value_json TEXT,
    PRIMARY KEY (trial_system_attribute_id),
    UNIQUE (trial_id, "key"),
    FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
CREATE TABLE trial_params (
    param_id INTEGER NOT NULL,
    trial_id INTEGER,
    param_name VARCHAR(512),
    param_value FLOAT,
    distribution_json TEXT,
    PRIMARY KEY (param_id),
    UNIQUE (trial_id, param_name),
    FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
CREATE TABLE trial_values (
    trial_value_id INTEGER NOT NULL,
    trial_id INTEGER NOT NULL,
    objective INTEGER NOT NULL,
    value FLOAT,
    value_type VARCHAR(7) NOT NULL,
    PRIMARY KEY (trial_value_id),
    UNIQUE (trial_id, objective),
    FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
CREATE TABLE trial_intermediate_values (
    trial_intermediate_value_id INTEGER NOT NULL,
    trial_id INTEGER NOT NULL,
    step INTEGER NOT NULL,
    intermediate_value FLOAT,
    intermediate_value_type VARCHAR(7) NOT NULL,
    PRIMARY KEY (trial_intermediate_value_id),
    UNIQUE (trial_id, step),
    FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
CREATE TABLE trial_heartbeats (
    trial_heartbeat_id INTEGER NOT NULL,
    trial_id INTEGER NOT NULL,
    heartbeat DATETIME NOT NULL,
    PRIMARY KEY (trial_heartbeat_id),
    UNIQUE (trial_id),
    FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
CREATE TABLE alembic_version (
    version_num VARCHAR(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO version_info VALUES (1, 12, '5.0.0');
INSERT INTO alembic_version VALUES ('v3.2.0.a');
"#;

/// Our own tables.
const BARTUNE_TABLES: &str = "
CREATE TABLE bartune_schema (version INTEGER NOT NULL);
CREATE TABLE bartune_keys (
    keys_id INTEGER PRIMARY KEY,
    keys_json TEXT NOT NULL UNIQUE
);
CREATE TABLE bartune_trials (
    trial_id INTEGER PRIMARY KEY REFERENCES trials (trial_id),
    identity BLOB,
    constraint_keys_id INTEGER REFERENCES bartune_keys (keys_id)
);
CREATE INDEX bartune_trials_identity ON bartune_trials (identity);
CREATE TABLE bartune_metrics (
    trial_id INTEGER PRIMARY KEY REFERENCES trials (trial_id),
    keys_id INTEGER NOT NULL REFERENCES bartune_keys (keys_id),
    packed BLOB NOT NULL
);
CREATE TABLE bartune_vault (
    opening_id INTEGER PRIMARY KEY,
    study_id INTEGER NOT NULL REFERENCES studies (study_id),
    opened_ms INTEGER NOT NULL,
    trial_number INTEGER NOT NULL,
    keys_id INTEGER NOT NULL REFERENCES bartune_keys (keys_id),
    packed BLOB NOT NULL
);
CREATE INDEX bartune_vault_study_id ON bartune_vault (study_id);
CREATE TRIGGER bartune_trial_deleted AFTER DELETE ON trials BEGIN
    DELETE FROM bartune_trials WHERE trial_id = OLD.trial_id;
    DELETE FROM bartune_metrics WHERE trial_id = OLD.trial_id;
END;
CREATE TRIGGER bartune_study_deleted AFTER DELETE ON studies BEGIN
    DELETE FROM bartune_vault WHERE study_id = OLD.study_id;
END;
";

/// What version 2 added to ours: the lease.
const BARTUNE_TABLES_2: &str = "
CREATE TABLE bartune_lease (
    study_id INTEGER PRIMARY KEY REFERENCES studies (study_id),
    token TEXT NOT NULL,
    host TEXT NOT NULL,
    place TEXT NOT NULL,
    pid INTEGER NOT NULL,
    process_start TEXT NOT NULL,
    since_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    renewals INTEGER NOT NULL
);
CREATE TRIGGER bartune_leased_study_deleted AFTER DELETE ON studies BEGIN
    DELETE FROM bartune_lease WHERE study_id = OLD.study_id;
END;
";

/// What version 3 added: daily returns.
const BARTUNE_TABLES_3: &str = "
CREATE TABLE bartune_returns (
    trial_id INTEGER PRIMARY KEY REFERENCES trials (trial_id),
    packed BLOB NOT NULL
);
CREATE TRIGGER bartune_trial_with_returns_deleted AFTER DELETE ON trials BEGIN
    DELETE FROM bartune_returns WHERE trial_id = OLD.trial_id;
END;
";

/// What a file holds.
enum Content {
    /// No table at all.
    Nothing,
    /// Optuna's tables only.
    OptunaOnly,
    /// Optuna's tables and ours, of this version.
    Both(i64),
}

/// Make the database ready for writing: create what is missing, refuse what we cannot keep.
pub(crate) fn prepare(connection: &mut Connection, path: &Path) -> Result<(), Fault> {
    if matches!(inspect(connection, path)?, Content::Both(BARTUNE_VERSION)) {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have created the tables while this one waited for the lock.
    match inspect(&transaction, path)? {
        Content::Both(BARTUNE_VERSION) => {}
        Content::Both(version) => {
            if version < 2 {
                transaction.execute_batch(BARTUNE_TABLES_2)?;
            }
            transaction.execute_batch(BARTUNE_TABLES_3)?;
            transaction.execute("UPDATE bartune_schema SET version = ?1", [BARTUNE_VERSION])?;
        }
        Content::OptunaOnly => create_bartune_tables(&transaction)?,
        Content::Nothing => {
            transaction.execute_batch(OPTUNA_TABLES)?;
            create_bartune_tables(&transaction)?;
        }
    }
    transaction.commit()?;
    Ok(())
}

/// Check a database that is only read; which tables it has.
pub(crate) fn check(connection: &Connection, path: &Path) -> Result<Tables, Fault> {
    match inspect(connection, path)? {
        Content::Both(BARTUNE_VERSION) => Ok(Tables::OptunaAndBartune),
        // It has not been opened for writing since; what it lacks, readers do without.
        Content::Both(_) => Ok(Tables::Older),
        Content::OptunaOnly => Ok(Tables::Optuna),
        Content::Nothing => Err(foreign(path, Vec::new())),
    }
}

/// Check that a database is empty or holds studies that we can keep.
pub(crate) fn check_or_empty(connection: &Connection, path: &Path) -> Result<(), Fault> {
    inspect(connection, path).map(drop)
}

fn create_bartune_tables(transaction: &Transaction<'_>) -> Result<(), Fault> {
    transaction.execute_batch(BARTUNE_TABLES)?;
    transaction.execute_batch(BARTUNE_TABLES_2)?;
    transaction.execute_batch(BARTUNE_TABLES_3)?;
    transaction.execute("INSERT INTO bartune_schema VALUES (?1)", [BARTUNE_VERSION])?;
    Ok(())
}

fn inspect(connection: &Connection, path: &Path) -> Result<Content, Fault> {
    let tables = tables(connection)?;
    let has = |name: &str| tables.iter().any(|table| table == name);
    if tables.is_empty() {
        return Ok(Content::Nothing);
    }
    if !has("studies") || !has("trials") || !has("version_info") {
        return Err(foreign(path, tables));
    }
    let found = revision(connection, has("alembic_version"))?;
    check_revision(found, &shown(path), &format!("sqlite:///{}", path.display()))?;
    if !has("bartune_schema") {
        return Ok(Content::OptunaOnly);
    }
    let found: i64 = connection.query_row("SELECT max(version) FROM bartune_schema", [], |row| row.get(0))?;
    if found > BARTUNE_VERSION {
        return Err(StorageError::NewerBartuneSchema { store: shown(path), found, supported: BARTUNE_VERSION }.into());
    }
    Ok(Content::Both(found))
}

fn tables(connection: &Connection) -> Result<Vec<String>, Fault> {
    let mut statement = connection.prepare(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
             AND name NOT LIKE 'bartune_guard%' ORDER BY name",
    )?;
    let names = statement.query_map([], |row| row.get(0))?;
    Ok(names.collect::<Result<_, _>>()?)
}

fn foreign(path: &Path, tables: Vec<String>) -> Fault {
    StorageError::ForeignDatabase {
        store: shown(path),
        tables: if tables.is_empty() { vec!["none".to_owned()] } else { tables },
    }
    .into()
}

/// The Alembic revision; databases from before Optuna used Alembic count as its first one.
fn revision(connection: &Connection, has_alembic: bool) -> Result<String, Fault> {
    let found = if has_alembic {
        connection.query_row("SELECT version_num FROM alembic_version", [], |row| row.get(0)).optional()?
    } else {
        None
    };
    Ok(revision_or_oldest(found))
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// A database without a revision is from before Optuna used Alembic.
pub(crate) fn revision_or_oldest(found: Option<String>) -> String {
    found.unwrap_or_else(|| OLDER_REVISIONS[0].to_owned())
}

/// Check the revision of a store, whose upgrade is told with its `url`.
pub(crate) fn check_revision(found: String, store: &str, url: &str) -> Result<(), Fault> {
    if found == OPTUNA_REVISION {
        return Ok(());
    }
    let (store, supported) = (store.to_owned(), OPTUNA_REVISION);
    Err(if OLDER_REVISIONS.contains(&found.as_str()) {
        StorageError::OlderOptunaSchema { store, url: url.to_owned(), found, supported }.into()
    } else {
        StorageError::NewerOptunaSchema { store, found, supported }.into()
    })
}
