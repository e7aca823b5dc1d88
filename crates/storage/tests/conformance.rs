//! Both backends against the one contract.

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
fn sqlite_holds_after_reopening_what_it_held() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:///{}", folder.path().join("studies.db").display());
    testing::check_reopening(|| SqliteStorage::open(&url).unwrap());
}
