//! Memory and SQLite against the one contract; PostgreSQL, which needs a server, is in `postgres.rs`.

use std::sync::atomic::{AtomicU64, Ordering};

use bartune_storage::{MemoryStorage, SqliteStorage, testing};

#[test]
fn memory_keeps_the_contract() {
    testing::run(MemoryStorage::new);
}

#[test]
fn sqlite_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let count = AtomicU64::new(0);
    testing::run(|| {
        let name = format!("{}.db", count.fetch_add(1, Ordering::Relaxed));
        SqliteStorage::open(folder.path().join(name).to_str().unwrap()).unwrap()
    });
}

#[test]
fn sqlite_notes_who_is_alive() {
    let folder = tempfile::tempdir().unwrap();
    testing::check_heartbeats(SqliteStorage::open(folder.path().join("studies.db").to_str().unwrap()).unwrap());
}

#[test]
fn sqlite_holds_after_reopening_what_it_held() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:///{}", folder.path().join("studies.db").display());
    testing::check_reopening(|| SqliteStorage::open(&url).unwrap());
}

#[test]
fn a_writer_whose_lease_was_taken_over_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("studies.db");
    testing::check_fencing(
        || SqliteStorage::open(path.to_str().unwrap()).unwrap(),
        |id| {
            let connection = rusqlite::Connection::open(&path).unwrap();
            connection.execute("UPDATE bartune_lease SET token = 'stolen' WHERE study_id = ?1", [id.0]).unwrap();
        },
    );
}
