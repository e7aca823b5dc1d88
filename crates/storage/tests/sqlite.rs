//! What a SQLite file must be to be opened, and what becomes of it.
#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests as well")]

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bartune_search::storage::{Storage, StudyId};
use bartune_search::trial::StudyDirection;
use bartune_storage::sqlite::Access;
use bartune_storage::{SqliteOptions, SqliteStorage, StorageError, testing};
use rusqlite::Connection;
use tempfile::TempDir;

fn file(name: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    (folder, path)
}

fn open(path: &Path) -> Result<SqliteStorage, StorageError> {
    SqliteStorage::open(path.to_str().unwrap())
}

/// A database with one study of all sample trials.
fn sample(name: &str) -> (TempDir, PathBuf) {
    let (folder, path) = file(name);
    let mut storage = open(&path).unwrap();
    let id = storage.create_study("sample", &[StudyDirection::Maximize]).unwrap().id;
    storage.append(id, &testing::sample_records()).unwrap();
    (folder, path)
}

/// The message with the folder's name replaced, for comparing it as a whole.
fn message(error: &StorageError, path: &Path) -> String {
    error.to_string().replace(path.to_str().unwrap(), "FILE")
}

#[test]
fn a_missing_file_is_created_unless_it_is_only_read() {
    let (_folder, path) = file("new.db");
    let error = SqliteStorage::open_read_only(path.to_str().unwrap()).unwrap_err();
    assert_eq!(message(&error, &path), "there is no database at `FILE`; check the path, or run a study to create it");
    assert!(!path.exists());
    assert!(open(&path).unwrap().studies().unwrap().is_empty());
    assert!(SqliteStorage::open_read_only(path.to_str().unwrap()).is_ok());
}

#[test]
fn a_missing_folder_is_named() {
    let (_folder, path) = file("no/such/folder/new.db");
    let error = open(&path).unwrap_err();
    assert!(matches!(error, StorageError::CannotOpen { .. }), "{error:?}");
    assert!(message(&error, &path).starts_with("cannot open `FILE`: "), "{error}");
}

#[test]
fn a_file_of_another_kind_is_refused_and_left_alone() {
    let (_folder, path) = file("notes.txt");
    let text = "This is no database, though it is long enough to hold a header. ".repeat(40);
    std::fs::write(&path, &text).unwrap();
    for error in [open(&path).unwrap_err(), SqliteStorage::open_read_only(path.to_str().unwrap()).unwrap_err()] {
        assert_eq!(message(&error, &path), "`FILE` is not a SQLite database; choose another path for the study");
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn another_programs_database_is_refused_and_left_alone() {
    let (_folder, path) = file("books.db");
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch("CREATE TABLE books (title TEXT); CREATE TABLE readers (name TEXT)").unwrap();
    drop(connection);
    let before = std::fs::read(&path).unwrap();
    let error = open(&path).unwrap_err();
    assert_eq!(
        message(&error, &path),
        "`FILE` is a database of another program: it holds no Optuna studies (its tables: books, readers); \
         choose another"
    );
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn an_older_optuna_schema_names_the_upgrade() {
    let (_folder, path) = sample("older.db");
    let connection = Connection::open(&path).unwrap();
    connection.execute("UPDATE alembic_version SET version_num = 'v3.0.0.d'", []).unwrap();
    let error = open(&path).unwrap_err();
    assert_eq!(
        message(&error, &path),
        "`FILE` has the older Optuna schema v3.0.0.d, and v3.2.0.a is needed; upgrade it with \
         `optuna storage upgrade --storage sqlite:///FILE`"
    );
}

#[test]
fn newer_schemas_ask_for_an_update() {
    let (_folder, path) = sample("newer.db");
    let connection = Connection::open(&path).unwrap();
    connection.execute("UPDATE bartune_schema SET version = 99", []).unwrap();
    let error = open(&path).unwrap_err();
    assert_eq!(
        message(&error, &path),
        "`FILE` was written by a newer Bartune (its tables are version 99, this one knows 3); update \
         Bartune"
    );
    connection.execute("UPDATE alembic_version SET version_num = 'v9.0.0.a'", []).unwrap();
    let error = open(&path).unwrap_err();
    assert!(matches!(error, StorageError::NewerOptunaSchema { .. }), "{error:?}");
}

#[test]
fn tables_of_the_first_version_get_what_they_lack_when_opened_for_writing() {
    let (_folder, path) = sample("first.db");
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch("DROP TRIGGER bartune_leased_study_deleted; DROP TABLE bartune_lease").unwrap();
    let id = from_an_earlier_version(&path, 1);
    bartune_storage::lease::claim(&mut open(&path).unwrap(), id).unwrap();
}

#[test]
fn tables_of_the_second_version_get_daily_returns_when_opened_for_writing() {
    let (_folder, path) = sample("second.db");
    from_an_earlier_version(&path, 2);
}

/// Take away the daily returns, which versions 1 and 2 had not, and see a reader do without and a writer make
/// their place; the study's key.
fn from_an_earlier_version(path: &Path, version: i64) -> StudyId {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch("DROP TRIGGER bartune_trial_with_returns_deleted; DROP TABLE bartune_returns").unwrap();
    connection.execute("UPDATE bartune_schema SET version = ?1", [version]).unwrap();
    let mut without_returns = testing::sample_records();
    without_returns.iter_mut().for_each(|record| record.daily_returns.clear());
    let reader = SqliteStorage::open_read_only(path.to_str().unwrap()).unwrap();
    let id = reader.study("sample").unwrap().unwrap().id;
    testing::assert_same(&reader.trials(id).unwrap(), &without_returns);
    let mut storage = open(path).unwrap();
    let found: i64 = connection.query_row("SELECT version FROM bartune_schema", [], |row| row.get(0)).unwrap();
    assert_eq!(found, 3);
    let more = testing::renumbered(testing::sample_records(), without_returns.len() as u64);
    storage.append(id, &more).unwrap();
    testing::assert_same(&storage.trials(id).unwrap(), &[without_returns, more].concat());
    id
}

#[test]
fn a_store_that_is_only_read_refuses_every_change() {
    let (_folder, path) = sample("read.db");
    let mut storage = SqliteStorage::open_read_only(path.to_str().unwrap()).unwrap();
    let id = storage.study("sample").unwrap().unwrap().id;
    testing::assert_same(&storage.trials(id).unwrap(), &testing::sample_records());
    let more = testing::renumbered(testing::sample_records(), 9);
    for error in [
        storage.append(id, &more).unwrap_err(),
        storage.delete_study(id).unwrap_err(),
        storage.create_study("another", &[StudyDirection::Maximize]).unwrap_err(),
    ] {
        assert_eq!(
            message(&error, &path),
            "`FILE` cannot be written: it is read-only; check the permissions of the file and its \
             folder, or give another path"
        );
    }
}

#[test]
fn a_locked_database_is_waited_for_and_then_named() {
    let (_folder, path) = sample("locked.db");
    let other = Connection::open(&path).unwrap();
    let mut storage = SqliteStorage::open_with(
        path.to_str().unwrap(),
        &SqliteOptions { access: Access::ReadWrite, busy_timeout: Duration::from_millis(50) },
    )
    .unwrap();
    let id = storage.study("sample").unwrap().unwrap().id;
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let more = testing::renumbered(testing::sample_records(), 9);
    let start = Instant::now();
    let error = storage.append(id, &more).unwrap_err();
    assert!(start.elapsed() >= Duration::from_millis(50));
    assert_eq!(
        message(&error, &path),
        "`FILE` is locked by another process, for longer than the 50 ms that were waited; end that \
         process, or try again when it is done"
    );
    // A reader does not mind.
    assert_eq!(storage.trials(id).unwrap().len(), 9);
    other.execute_batch("ROLLBACK").unwrap();
    storage.append(id, &more).unwrap();
}

#[test]
fn a_row_that_makes_no_sense_is_named() {
    let (_folder, path) = sample("spoilt.db");
    let connection = Connection::open(&path).unwrap();
    connection.execute("UPDATE trial_params SET distribution_json = '{}' WHERE trial_id = 3", []).unwrap();
    let storage = open(&path).unwrap();
    let id = storage.study("sample").unwrap().unwrap().id;
    let error = storage.trials(id).unwrap_err();
    assert_eq!(
        error.to_string(),
        "table `trial_params`, trial or study id 3: `{}` is not a distribution that Bartune knows"
    );
}

#[test]
fn deleting_a_study_leaves_no_row_of_it_in_any_table() {
    let (_folder, path) = sample("deleted.db");
    let mut storage = open(&path).unwrap();
    let id = storage.study("sample").unwrap().unwrap().id;
    storage.set_study_attr(id, "key", &serde_json::Value::Null).unwrap();
    storage.delete_study(id).unwrap();
    let connection = Connection::open(&path).unwrap();
    let tables: Vec<String> = connection
        .prepare("SELECT name FROM sqlite_master WHERE type = 'table'")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert!(tables.len() > 15);
    // Versions, and the lists of names, which are shared by all studies, stay.
    let lasting = ["version_info", "alembic_version", "bartune_schema", "bartune_keys"];
    for table in tables.iter().filter(|table| !lasting.contains(&table.as_str())) {
        let sql = format!("SELECT count(*) FROM {table}");
        let rows: i64 = connection.query_row(&sql, [], |row| row.get(0)).unwrap();
        assert_eq!(rows, 0, "{table}");
    }
}

#[test]
fn a_writer_at_full_speed_and_a_reader_do_not_disturb_each_other() {
    let (_folder, path) = file("busy.db");
    let mut writer = open(&path).unwrap();
    let id = writer.create_study("busy", &[StudyDirection::Maximize]).unwrap().id;
    let is_done = AtomicBool::new(false);
    let sample = testing::sample_records()[0].clone();
    let reads = std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            // No waiting at all: a reader that met a lock would fail.
            let options = SqliteOptions { access: Access::ReadOnly, busy_timeout: Duration::ZERO };
            let reader = SqliteStorage::open_with(path.to_str().unwrap(), &options).unwrap();
            let (mut reads, mut seen) = (0, 0);
            while !is_done.load(Ordering::Acquire) {
                let trials = reader.trials(id).unwrap();
                assert_eq!(trials.len() % 16, 0, "a batch is seen whole or not at all");
                assert!(trials.len() >= seen, "what was seen stays");
                seen = trials.len();
                reads += 1;
            }
            reads
        });
        for first in (0..4_000).step_by(16) {
            let batch = testing::renumbered(vec![sample.clone(); 16], first);
            writer.append(id, &batch).unwrap();
        }
        is_done.store(true, Ordering::Release);
        reader.join().unwrap()
    });
    assert_eq!(writer.study("busy").unwrap().unwrap().trials, 4_000);
    assert!(reads > 0);
}

#[test]
fn a_change_of_another_connection_is_seen_in_the_mark_and_ones_own_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let location = folder.path().join("marked.db");
    let mut first = SqliteStorage::open(location.to_str().unwrap()).unwrap();
    let mut second = SqliteStorage::open(location.to_str().unwrap()).unwrap();
    let before = first.change_mark().unwrap();
    first.create_study("mine", &[StudyDirection::Minimize]).unwrap();
    assert_eq!(first.change_mark().unwrap(), before);
    second.create_study("theirs", &[StudyDirection::Minimize]).unwrap();
    assert_ne!(first.change_mark().unwrap(), before);
}
