//! The guard in Redis, on a real server that goes away, forgets and is restarted.
//!
//! `BARTUNE_TEST_REDIS` is the URL of a server whose data nobody needs, `BARTUNE_TEST_REDIS_RESTART` a command
//! that restarts it without them; `scripts/redis` starts one and sets both.
#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests as well")]

use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bartune_storage::StorageError;
use bartune_storage::guard::{Guard, GuardError, RedisGuard, Signature, testing};

/// Flushing and restarting disturb the others that use the server.
fn alone() -> MutexGuard<'static, ()> {
    static SERVER: Mutex<()> = Mutex::new(());
    SERVER.lock().unwrap_or_else(PoisonError::into_inner)
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("scripts/redis sets {name}"))
}

/// A name that no other run has used.
fn unique(name: &str) -> String {
    format!("{name} {} {:?}", std::process::id(), std::time::SystemTime::now())
}

#[test]
fn redis_keeps_the_contract() {
    let _alone = alone();
    let url = variable("BARTUNE_TEST_REDIS");
    let run = unique("run");
    testing::run(|name| RedisGuard::open(&url, &format!("{run} {name}")));
    testing::run_shared(|name| RedisGuard::open(&url, &format!("{run} {name}")));
}

#[test]
fn redis_cuts_the_connection_and_the_guard_comes_back() {
    let _alone = alone();
    let url = variable("BARTUNE_TEST_REDIS");
    let mut guard = RedisGuard::open(&url, &unique("cut")).unwrap();
    let all = testing::signatures("cut", 20);
    assert_eq!(guard.add_batch(&all[..10]).unwrap(), 10);
    let mut admin = redis::Client::open(url.as_str()).unwrap().get_connection().unwrap();
    let killed: i64 = redis::cmd("CLIENT").arg(&["KILL", "TYPE", "normal", "SKIPME", "yes"]).query(&mut admin).unwrap();
    assert!(killed >= 1, "the guard has a connection to cut");
    assert_eq!(guard.add_batch(&all).unwrap(), 10);
    assert_eq!(guard.len().unwrap(), 20);
}

#[test]
fn redis_without_its_data_is_an_error_and_never_an_empty_guard() {
    let _alone = alone();
    let url = variable("BARTUNE_TEST_REDIS");
    let name = unique("flushed");
    let a = Signature::of_text("a");
    let mut guard = RedisGuard::open(&url, &name).unwrap();
    assert!(guard.add(&a).unwrap());
    let mut admin = redis::Client::open(url.as_str()).unwrap().get_connection().unwrap();
    let (): () = redis::cmd("FLUSHALL").query(&mut admin).unwrap();
    for _ in 0..2 {
        assert!(matches!(guard.add(&a), Err(GuardError::Lost { .. })));
        assert!(matches!(guard.contains(&a), Err(GuardError::Lost { .. })));
        assert!(matches!(guard.len(), Err(GuardError::Lost { .. })));
        assert!(matches!(guard.clear(), Err(GuardError::Lost { .. })));
    }
    assert!(RedisGuard::open(&url, &name).unwrap().add(&a).unwrap(), "opened again, it begins anew");
}

#[test]
fn redis_that_was_restarted_without_its_data_is_an_error() {
    let _alone = alone();
    let url = variable("BARTUNE_TEST_REDIS");
    let mut guard = RedisGuard::open(&url, &unique("restarted")).unwrap();
    assert!(guard.add(&Signature::of_text("a")).unwrap());
    let status = Command::new("sh").args(["-c", &variable("BARTUNE_TEST_REDIS_RESTART")]).status().unwrap();
    assert!(status.success());
    let error = guard.add(&Signature::of_text("a")).unwrap_err();
    assert!(matches!(error, GuardError::Lost { .. }), "{error:?}");
}

#[test]
fn a_server_that_is_not_there_is_named_without_its_password() {
    let error = RedisGuard::open("redis://me:hunter2@127.0.0.1:1/0", "s").unwrap_err();
    assert!(matches!(error, GuardError::Store(StorageError::Unreachable { .. })), "{error:?}");
    assert!(error.to_string().contains("127.0.0.1:1"), "{error}");
    assert!(!format!("{error:?} {error}").contains("hunter2"));
}
