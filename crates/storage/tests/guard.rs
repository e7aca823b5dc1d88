//! The guards that need no server, against their contract.

use bartune_storage::guard::{MemoryGuard, SqliteGuard, testing};

#[test]
fn memory_keeps_the_contract() {
    testing::run(|_| Ok(MemoryGuard::new()));
}

#[test]
fn sqlite_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:///{}", folder.path().join("guards.db").display());
    testing::run(|name| SqliteGuard::open(&url, name));
    testing::run_shared(|name| SqliteGuard::open(&url, name));
}

#[test]
fn a_guard_may_live_beside_studies() {
    use bartune_search::storage::Storage;
    use bartune_search::trial::StudyDirection;
    use bartune_storage::SqliteStorage;
    use bartune_storage::guard::{Guard, Signature};

    let folder = tempfile::tempdir().unwrap();
    for (index, guard_comes_first) in [true, false].into_iter().enumerate() {
        let path = folder.path().join(format!("{index}.db"));
        let location = path.to_str().unwrap();
        let add = || SqliteGuard::open(location, "both").unwrap().add(&Signature::of_text("a")).unwrap();
        let create = || SqliteStorage::open(location).unwrap().create_study("both", &[StudyDirection::Maximize]);
        if guard_comes_first {
            assert!(add());
            create().unwrap();
        } else {
            create().unwrap();
            assert!(add());
        }
        assert!(!add());
        assert_eq!(SqliteStorage::open_read_only(location).unwrap().studies().unwrap().len(), 1);
    }
}
