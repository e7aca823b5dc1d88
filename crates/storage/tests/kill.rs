//! `kill -9` in the middle of writing: after it, whole batches are there and nothing else.
//!
//! The test starts this very binary as the writer, hence its own `main`. Each round kills at another
//! moment, opens the survivor, and writes on.

use std::path::Path;
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, Instant};

use bartune_search::storage::Storage;
use bartune_search::trial::StudyDirection;
use bartune_storage::{SqliteStorage, testing};

/// The argument that makes this binary the writer.
const WRITER: &str = "--write-until-killed";

/// Trials a batch.
const BATCH: u64 = 40;

/// How many writers are killed.
const ROUNDS: u64 = 12;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [flag, path] if flag == WRITER => write_until_killed(path),
        // A test runner that asks for the ignored tests gets none.
        [flag, rest @ ..] if flag == "--list" => {
            if !rest.iter().any(|word| word == "--ignored") {
                println!("only_whole_batches_survive_a_kill: test");
            }
        }
        _ => only_whole_batches_survive_a_kill(),
    }
}

fn write_until_killed(path: &str) {
    let mut storage = SqliteStorage::open(path).expect("the file can be opened");
    let id = storage.study("killed").expect("it can be read").expect("the study exists").id;
    let kinds = testing::sample_records();
    let batch: Vec<_> = kinds.iter().cycle().take(BATCH as usize).cloned().collect();
    for first in (storage.history(id).expect("it can be read").len() as u64..).step_by(BATCH as usize) {
        storage.append(id, &testing::renumbered(batch.clone(), first)).expect("the batch is sound");
    }
}

fn only_whole_batches_survive_a_kill() {
    let folder = tempfile::tempdir().expect("there is room for temporary files");
    let path = folder.path().join("killed.db");
    let location = path.to_str().expect("the folder's name is UTF-8");
    let mut storage = SqliteStorage::open(location).expect("it is created");
    let id = storage.create_study("killed", &[StudyDirection::Maximize]).expect("it is new").id;
    drop(storage);
    let mut before = 0;
    for round in 0..ROUNDS {
        let mut writer = start_writer(location);
        wait_for_growth(&mut writer, location, before);
        sleep(Duration::from_micros(round * 1_703));
        writer.kill().expect("it runs");
        writer.wait().expect("it was started here");
        assert_eq!(integrity(&path), "ok");
        let storage = SqliteStorage::open(location).expect("it opens after the kill");
        let trials = storage.trials(id).expect("it reads after the kill");
        let count = trials.len() as u64;
        assert!(count > before, "round {round}: nothing was written");
        assert_eq!(count % BATCH, 0, "round {round}: a batch was torn");
        let kinds = testing::sample_records();
        let expected = kinds.iter().cycle().take(BATCH as usize).cloned().collect();
        let last = trials.len() - BATCH as usize;
        testing::assert_same(&trials[last..], &testing::renumbered(expected, last as u64));
        before = count;
    }
    println!("{ROUNDS} writers killed, {before} trials whole");
}

fn start_writer(location: &str) -> Child {
    let myself = std::env::current_exe().expect("it is running");
    let mut command = Command::new(myself);
    command.args([WRITER, location]).spawn().expect("it can be started again")
}

/// Wait until the writer has added a batch, so that every kill hits it at work.
fn wait_for_growth(writer: &mut Child, location: &str, before: u64) {
    let deadline = Instant::now() + Duration::from_secs(60);
    let reader = SqliteStorage::open_read_only(location).expect("the file is there");
    let count = || reader.study("killed").expect("readers never fail").expect("it exists").trials;
    while count() <= before {
        assert!(Instant::now() < deadline, "the writer wrote nothing in a minute");
        let ended = writer.try_wait().expect("it was started here");
        assert!(ended.is_none(), "the writer ended by itself: {ended:?}");
        sleep(Duration::from_millis(1));
    }
}

fn integrity(path: &Path) -> String {
    let connection = rusqlite::Connection::open(path).expect("it opens after the kill");
    let check = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0));
    check.expect("it can be checked")
}
