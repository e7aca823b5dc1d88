//! The guard in PostgreSQL, on a real server.
//!
//! `BARTUNE_TEST_POSTGRES` is the URL of a database in which schemas may be made; `scripts/test` starts a
//! server of its own and says it.
#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests as well")]

use std::sync::atomic::{AtomicU64, Ordering};

use bartune_storage::guard::{Guard, GuardError, PostgresGuard, Signature, testing};
use postgres::{Client, NoTls};

/// The URL of a new, empty schema.
fn schema() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let url = std::env::var("BARTUNE_TEST_POSTGRES").expect("scripts/test sets BARTUNE_TEST_POSTGRES");
    let name = format!("guard_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    Client::connect(&url, NoTls).unwrap().batch_execute(&format!("CREATE SCHEMA {name}")).unwrap();
    let mark = if url.contains('?') { '&' } else { '?' };
    format!("{url}{mark}options=-csearch_path%3D{name}")
}

#[test]
fn postgres_keeps_the_contract() {
    let url = schema();
    testing::run(|name| PostgresGuard::open(&url, name));
    testing::run_shared(|name| PostgresGuard::open(&url, name));
}

#[test]
fn postgres_cuts_the_connection_and_the_guard_comes_back() {
    let name = format!("cut-{}", std::process::id());
    let url = schema();
    let mut guard = PostgresGuard::open(&format!("{url}&application_name={name}"), "cut").unwrap();
    let all = testing::signatures("cut", 20);
    assert_eq!(guard.add_batch(&all[..10]).unwrap(), 10);
    let mut admin = Client::connect(&url, NoTls).unwrap();
    let its = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1";
    assert!(!admin.query(its, &[&name]).unwrap().is_empty(), "the guard has a connection to cut");
    assert_eq!(guard.add_batch(&all).unwrap(), 10);
    assert_eq!(guard.len().unwrap(), 20);
}

#[test]
fn a_postgres_guard_that_was_dropped_is_an_error() {
    let url = schema();
    let mut guard = PostgresGuard::open(&url, "dropped").unwrap();
    let mut admin = Client::connect(&url, NoTls).unwrap();
    admin.batch_execute("DELETE FROM bartune_guards").unwrap();
    assert!(matches!(guard.add(&Signature::of_text("a")), Err(GuardError::Lost { .. })));
    admin.batch_execute("DROP TABLE bartune_guard_signatures, bartune_guards").unwrap();
    assert!(matches!(guard.add(&Signature::of_text("a")), Err(GuardError::Store(_))));
}
