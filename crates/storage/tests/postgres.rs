//! The PostgreSQL store against the one contract, on a real server.
//!
//! `BARTUNE_TEST_POSTGRES` is the URL of a database in which schemas may be made; `scripts/test` starts
//! a server of its own and says it. Each test works in a schema of its own.
#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests as well")]

use std::sync::atomic::{AtomicU64, Ordering};

use bartune_search::storage::{Lease, Storage, StudyId};
use bartune_search::trial::StudyDirection;
use bartune_storage::{PostgresStorage, StorageError, lease, testing};
use postgres::{Client, NoTls};

fn server() -> String {
    std::env::var("BARTUNE_TEST_POSTGRES").expect("scripts/test sets BARTUNE_TEST_POSTGRES to the URL of a server")
}

/// Plain access to the server.
fn admin() -> Client {
    Client::connect(&server(), NoTls).unwrap()
}

/// The URL of a new, empty schema.
fn schema() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let name = format!("test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    admin().batch_execute(&format!("CREATE SCHEMA {name}")).unwrap();
    url_of(&name)
}

fn url_of(schema: &str) -> String {
    let url = server();
    let mark = if url.contains('?') { '&' } else { '?' };
    format!("{url}{mark}options=-csearch_path%3D{schema}")
}

fn schema_of(url: &str) -> &str {
    let rest = url.split("%3D").nth(1).unwrap();
    rest.split('&').next().unwrap()
}

/// A study of all sample trials, in a schema of its own.
fn sample() -> (String, PostgresStorage, StudyId) {
    let url = schema();
    let mut storage = PostgresStorage::open(&url).unwrap();
    let id = storage.create_study("sample", &[StudyDirection::Maximize]).unwrap().id;
    storage.append(id, &testing::sample_records()).unwrap();
    (url, storage, id)
}

/// End the sessions that this store's schema was last used in, as a restart of the server would.
fn cut(url: &str) {
    let mark = format!("bartune {}", schema_of(url));
    let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1";
    assert!(admin().execute(sql, &[&mark]).unwrap() > 0, "there is a session to end");
}

#[test]
fn postgres_keeps_the_contract() {
    testing::run(|| PostgresStorage::open(&schema()).unwrap());
}

#[test]
fn postgres_notes_who_is_alive() {
    testing::check_heartbeats(PostgresStorage::open(&schema()).unwrap());
}

#[test]
fn postgres_holds_after_reopening_what_it_held() {
    let url = schema();
    testing::check_reopening(|| PostgresStorage::open(&url).unwrap());
}

#[test]
fn long_studies_between_each_other_are_read_whole_and_in_order() {
    let url = schema();
    let mut storage = PostgresStorage::open(&url).unwrap();
    let rare = storage.create_study("rare", &[StudyDirection::Maximize]).unwrap().id;
    let frequent = storage.create_study("frequent", &[StudyDirection::Maximize]).unwrap().id;
    let many = |trials: u64| -> Vec<_> {
        let sample = testing::sample_records();
        let batches = (0..trials.div_ceil(sample.len() as u64)).map(|batch| batch * sample.len() as u64);
        batches.flat_map(|first| testing::renumbered(testing::sample_records(), first)).collect()
    };
    // More than are asked for at a time; and the rare study's are fewer than a quarter of what lies between them.
    let (rare_trials, frequent_trials) = (many(4_100), many(4_100 * 5));
    for (few, five) in rare_trials.chunks(500).zip(frequent_trials.chunks(2_500)) {
        storage.append(rare, few).unwrap();
        storage.append(frequent, five).unwrap();
    }
    for (id, written) in [(rare, &rare_trials), (frequent, &frequent_trials)] {
        testing::assert_same(&storage.trials(id).unwrap(), written);
    }
}

#[test]
fn a_writer_whose_lease_was_taken_over_writes_nothing() {
    let url = schema();
    testing::check_fencing(
        || PostgresStorage::open(&url).unwrap(),
        |id| {
            let sql =
                format!("UPDATE {}.bartune_lease SET token = 'stolen' WHERE study_id = {}", schema_of(&url), id.0);
            admin().batch_execute(&sql).unwrap();
        },
    );
}

#[test]
fn a_lease_row_without_its_owners_session_is_not_enough_to_be_locked_out() {
    let (url, mut storage, id) = sample();
    lease::claim(&mut storage, id).unwrap();
    let mut second = PostgresStorage::open(&url).unwrap();
    let found = second.lease(id).unwrap().unwrap();
    let mine = Lease { token: "second".to_owned(), ..found.clone() };
    // The row would allow it, but the owner's session is there.
    assert!(!second.swap_lease(id, Some(&found.token), Some(&mine)).unwrap());
    drop(storage);
    let mut is_taken = false;
    for _ in 0..100 {
        is_taken = second.swap_lease(id, Some(&found.token), Some(&mine)).unwrap();
        if is_taken {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert!(is_taken, "the server gives the lock back when the session ends");
}

#[test]
fn a_cut_connection_is_made_again_and_the_lease_with_it() {
    let url = schema();
    let url = format!("{url}&application_name=bartune%20{}", schema_of(&url));
    let mut storage = PostgresStorage::open(&url).unwrap();
    let id = storage.create_study("cut", &[StudyDirection::Maximize]).unwrap().id;
    storage.append(id, &testing::sample_records()).unwrap();
    lease::claim(&mut storage, id).unwrap();
    let count = testing::sample_records().len() as u64;
    for round in 1..4 {
        cut(&url);
        let more = testing::renumbered(testing::sample_records(), round * count);
        // The session was ended while nobody looked, so the first write may be the one that notices.
        let written = storage.append(id, &more).or_else(|error| match error {
            StorageError::Unreachable { .. } => storage.append(id, &more),
            other => Err(other),
        });
        written.unwrap();
        let all = storage.trials(id).unwrap();
        assert_eq!(all.len() as u64, (round + 1) * count);
    }
    let mut second = PostgresStorage::open(&url).unwrap();
    assert!(matches!(lease::claim(&mut second, id), Err(StorageError::Owned { .. })), "the lock came back too");
}

#[test]
fn optunas_deleting_takes_our_rows_along() {
    let (url, mut storage, id) = sample();
    storage.delete_study(id).unwrap();
    let schema = schema_of(&url);
    let mut client = admin();
    let tables = client.query("SELECT tablename::text FROM pg_tables WHERE schemaname = $1", &[&schema]).unwrap();
    assert!(tables.len() > 15);
    let lasting = ["version_info", "alembic_version", "bartune_schema", "bartune_keys"];
    for row in &tables {
        let table: &str = row.get(0);
        if !lasting.contains(&table) {
            let rows: i64 = client.query_one(&format!("SELECT count(*) FROM {schema}.{table}"), &[]).unwrap().get(0);
            assert_eq!(rows, 0, "{table}");
        }
    }
}

#[test]
fn a_database_without_studies_is_not_changed_by_reading() {
    let url = schema();
    let refused = PostgresStorage::open_read_only(&url);
    assert!(matches!(refused, Err(StorageError::Missing { .. })), "{refused:?}");
    let (url, _storage, id) = sample();
    let mut reader = PostgresStorage::open_read_only(&url).unwrap();
    let refused = reader.append(id, &testing::renumbered(testing::sample_records(), 9));
    assert!(matches!(refused, Err(StorageError::ReadOnly { .. })), "{refused:?}");
}

#[test]
fn an_older_optuna_schema_names_the_upgrade() {
    let (url, storage, _) = sample();
    drop(storage);
    let sql = format!("UPDATE {}.alembic_version SET version_num = 'v3.0.0.d'", schema_of(&url));
    admin().batch_execute(&sql).unwrap();
    let error = PostgresStorage::open(&url).unwrap_err().to_string();
    assert!(error.contains("optuna storage upgrade --storage postgresql://"), "{error}");
}

#[test]
fn a_wrong_database_is_named_and_the_password_is_not() {
    let url = server();
    let address = url.rsplit_once('@').unwrap().1.split('/').next().unwrap();
    let error = PostgresStorage::open(&format!("postgresql://postgres:hunter2@{address}/nowhere")).unwrap_err();
    assert!(matches!(error, StorageError::Refused { .. }), "{error:?}");
    assert!(error.to_string().contains("nowhere"), "{error}");
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}

/// Whether the session that a store opened is encrypted, as the server sees it.
fn is_encrypted(name: &str) -> bool {
    let sql = "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = $1";
    admin().query_one(sql, &[&name]).unwrap().get(0)
}

/// One test, since it turns the server's TLS off and on again.
#[test]
fn tls_keeps_to_the_words_of_sslmode() {
    let folder: String = admin().query_one("SHOW data_directory", &[]).unwrap().get(0);
    // scripts/postgres makes them beside the data.
    let authority = |name: &str| std::path::Path::new(&folder).with_file_name(name).display().to_string();
    let (right, wrong) = (authority("ca.pem"), authority("other-ca.pem"));
    let open = |mode: &str, host: &str| {
        let url = server().replace("127.0.0.1", host);
        let name = format!("tls {}", std::process::id());
        let url = format!("{url}?{mode}&application_name={}", name.replace(' ', "%20"));
        PostgresStorage::open(&url).map(|storage| {
            let is_encrypted = is_encrypted(&name);
            drop(storage);
            // The server forgets a session a moment after it ended.
            let sql = "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1";
            while admin().query_one(sql, &[&name]).unwrap().get::<_, i64>(0) > 0 {
                std::thread::sleep(std::time::Duration::from_millis(10));
            }
            is_encrypted
        })
    };
    let refused = |mode: &str, host: &str, words: &str| {
        let error = open(mode, host).unwrap_err();
        assert!(matches!(error, StorageError::Refused { .. }), "{mode} at {host}: {error:?}");
        assert!(error.to_string().contains(words), "{mode} at {host}: {error}");
    };
    assert!(open(&format!("sslmode=verify-full&sslrootcert={right}"), "127.0.0.1").unwrap());
    assert!(open("sslmode=require", "127.0.0.1").unwrap());
    assert!(open("sslmode=prefer", "127.0.0.1").unwrap());
    assert!(!open("sslmode=disable", "127.0.0.1").unwrap());
    refused(&format!("sslmode=verify-full&sslrootcert={wrong}"), "127.0.0.1", "UnknownIssuer");
    refused(&format!("sslmode=verify-ca&sslrootcert={wrong}"), "127.0.0.1", "UnknownIssuer");
    // The certificate is for the number, not for the name: the chain is good, and whose it is is not.
    refused(&format!("sslmode=verify-full&sslrootcert={right}"), "localhost", "not valid for name");
    assert!(open(&format!("sslmode=verify-ca&sslrootcert={right}"), "localhost").unwrap());
    let switch = |to: &str| {
        admin().batch_execute(&format!("ALTER SYSTEM SET ssl = {to}")).unwrap();
        admin().batch_execute("SELECT pg_reload_conf()").unwrap();
        while admin().query_one("SHOW ssl", &[]).unwrap().get::<_, String>(0) != to {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    };
    switch("off");
    let (plain, required) = (open("sslmode=prefer", "127.0.0.1"), open("sslmode=require", "127.0.0.1"));
    switch("on");
    assert!(!plain.unwrap(), "what prefers TLS does without");
    let error = required.unwrap_err();
    assert!(matches!(error, StorageError::Refused { .. }), "{error:?}");
    assert!(error.to_string().contains("TLS"), "{error}");
}
