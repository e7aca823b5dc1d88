//! Stores that are not there, are not ours, or cannot be written; readers that go away.

use std::process::Stdio;

use crate::store;
use crate::support::{Sandbox, command};

const STUDY: &str = "examples/sp500_trend.toml";
const DATABASE: &str = "examples/sp500_trend.db";

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let sandbox = Sandbox::new();
    sandbox.run(&format!("run {STUDY} --trials 40 --json")).exits(0);
    for line in [format!("trials {STUDY}"), format!("check {STUDY}"), format!("backtest {STUDY} --json")] {
        let (reader, writer) = std::io::pipe().expect("a pipe can be made");
        drop(reader);
        let output = command(sandbox.folder(), &line).stdout(writer).output().expect("the binary starts");
        assert_eq!(output.status.code(), Some(0), "{line}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{line}");
    }
}

#[test]
fn a_reader_of_messages_that_goes_away_changes_nothing() {
    let sandbox = Sandbox::new();
    let (reader, writer) = std::io::pipe().expect("a pipe can be made");
    drop(reader);
    let mut synth = command(sandbox.folder(), "data synth bars.csv --bars 100");
    let status = synth.stderr(writer).stdout(Stdio::null()).status().expect("the binary starts");
    assert_eq!(status.code(), Some(0));
    assert!(sandbox.path("bars.csv").exists());
}

#[test]
fn a_place_that_is_no_database_is_refused_and_left_alone() {
    let sandbox = Sandbox::new();
    sandbox.write("garbage.db", "this is no database");
    let run = |url: &str| sandbox.run(&format!("run {STUDY} --trials 5 --storage {url}")).exits(2);
    run("sqlite:///garbage.db").says("`garbage.db` is not a SQLite database");
    run("sqlite:///examples").says("cannot open `examples`");
    run("sqlite:///nowhere/study.db").says("check that its folder exists");
    run("sqlite:///").says("names no database file");
    assert_eq!(std::fs::read_to_string(sandbox.path("garbage.db")).expect("it is there"), "this is no database");
}

#[test]
fn commands_that_read_never_make_a_database() {
    let sandbox = Sandbox::new();
    for line in ["trials", "test", "backtest --trial 1"] {
        let (command, more) = line.split_once(' ').unwrap_or((line, ""));
        sandbox.run(&format!("{command} {STUDY} {more}")).exits(2).says("start it with `bartune run`");
    }
    assert!(!sandbox.path(DATABASE).exists());
}

#[test]
fn a_database_that_may_only_be_read_is_read_and_not_written() {
    let sandbox = Sandbox::new();
    sandbox.run(&format!("run {STUDY} --trials 20 --json")).exits(0);
    let path = sandbox.path(DATABASE);
    let mut permissions = std::fs::metadata(&path).expect("it is there").permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(&path, permissions).expect("they can be changed");
    sandbox.run(&format!("trials {STUDY}")).exits(0);
    // The system's administrator may write whatever the permissions say.
    let is_writable = std::fs::OpenOptions::new().append(true).open(&path).is_ok();
    let ran = sandbox.run(&format!("run {STUDY} --trials 40 --json"));
    if is_writable {
        ran.exits(0);
    } else {
        assert_ne!(ran.code, Some(0), "{ran}");
        assert_eq!(store::count(&path), 20);
    }
}

#[test]
fn a_study_that_another_program_made_goes_on_where_it_fits_and_is_refused_where_not() {
    let sandbox = Sandbox::new();
    sandbox.run(&format!("run {STUDY} --trials 20 --json")).exits(0);
    // What Optuna leaves: the study and its trials, without our attributes.
    let optunas = "DELETE FROM study_user_attributes; DELETE FROM bartune_trials; DELETE FROM bartune_metrics;";
    store::execute(&sandbox.path(DATABASE), optunas);
    let spoilt = "UPDATE trial_params SET param_name = 'quick' WHERE param_name = 'fast';";
    store::execute(&sandbox.path(DATABASE), spoilt);
    for line in ["run", "trials", "test"] {
        let ran = sandbox.run(&format!("{line} {STUDY}")).exits(2);
        ran.says("quick: the study file has no such parameter").says("run under another name with `--as NAME`");
    }
    assert_eq!(store::count(&sandbox.path(DATABASE)), 20);
    sandbox.run(&format!("run {STUDY} --as other --trials 5 --json")).exits(0);
    assert_eq!(store::count(&sandbox.path(DATABASE)), 25);
    let mended = "UPDATE trial_params SET param_name = 'fast' WHERE param_name = 'quick';";
    store::execute(&sandbox.path(DATABASE), mended);
    let ran = sandbox.run(&format!("run {STUDY} --trials 30 --json")).exits(0).json();
    assert_eq!(ran["trials"]["total"].as_u64().map(|total| total >= 30), Some(true), "{ran}");
    sandbox.run(&format!("verify {STUDY}")).exits(0);
}

#[test]
fn enqueued_trials_are_run_first_with_what_was_fixed() {
    let sandbox = Sandbox::new();
    sandbox.run(&format!("run {STUDY} --trials 5 --json")).exits(0);
    let path = sandbox.path(DATABASE);
    let enqueue = |number: u64, fixed: &str| {
        let sql = format!(
            "INSERT INTO trials (number, study_id, state) VALUES ({number}, 1, 'WAITING');
             INSERT INTO trial_system_attributes (trial_id, key, value_json)
             VALUES (last_insert_rowid(), 'fixed_params', '{fixed}');"
        );
        store::execute(&path, &sql);
    };
    let next: u64 = store::count(&path);
    enqueue(next, r#"{"fast": 7, "slow": 123, "filter": false}"#);
    enqueue(next + 1, r#"{"fast": "many"}"#);
    sandbox.run(&format!("run {STUDY} --trials 20 --json")).exits(0);
    let sql = format!(
        "SELECT state || ' ' || group_concat(param_name || '=' || param_value, ' ') FROM trials
         JOIN (SELECT * FROM trial_params ORDER BY param_name) USING (trial_id)
         WHERE number = {next} AND param_name IN ('fast', 'slow', 'filter', 'rsi_max')"
    );
    assert_eq!(store::rows(&path, &sql), ["COMPLETE fast=7.0 filter=0.0 slow=123.0"]);
    let failed = format!(
        "SELECT state || ' ' || value_json FROM trials JOIN trial_user_attributes USING (trial_id)
         WHERE number = {}",
        next + 1
    );
    assert_eq!(store::rows(&path, &failed), ["FAIL \"the enqueued parameter `fast` cannot be \\\"many\\\"\""]);
    sandbox.run(&format!("verify {STUDY}")).exits(0);
}

#[test]
fn a_second_writer_is_told_who_the_first_one_is() {
    let sandbox = Sandbox::new();
    sandbox.run(&format!("run {STUDY} --trials 5 --json")).exits(0);
    let mut first = sandbox.start(&format!("run {STUDY} --trials 1000000 --no-progress"));
    let lease = || store::rows(&sandbox.path(DATABASE), "SELECT pid FROM bartune_lease");
    for _ in 0..600 {
        if !lease().is_empty() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert_eq!(lease(), [first.id().to_string()]);
    for line in ["run", "run --fresh sp500-trend"] {
        let (command, more) = line.split_once(' ').unwrap_or((line, ""));
        let second = sandbox.run(&format!("{command} {STUDY} {more} --trials 50 --json"));
        second.exits(2).says(&format!("another process is writing this study: pid {}", first.id()));
    }
    // Readers are not asked.
    sandbox.run(&format!("trials {STUDY}")).exits(0);
    first.kill().expect("it runs");
    first.wait().expect("it was started here");
    // The dead owner's lease is taken over at once, and given back in the end.
    let trials = store::count(&sandbox.path(DATABASE)) + 20;
    sandbox.run(&format!("run {STUDY} --trials {trials} --json")).exits(0);
    assert!(lease().is_empty());
}

#[test]
fn the_store_may_be_named_by_the_environment() {
    let sandbox = Sandbox::new();
    let mut command = crate::support::command(sandbox.folder(), &format!("run {STUDY} --trials 5 --json"));
    let output = command.env("BARTUNE_STORAGE", "sqlite:///named.db").output().expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(store::count(&sandbox.path("named.db")), 5);
    assert!(!sandbox.path(DATABASE).exists());
}

#[test]
fn studies_of_several_names_share_a_database() {
    let sandbox = Sandbox::new();
    sandbox.run(&format!("run {STUDY} --trials 20 --json --storage all.db")).exits(0);
    sandbox.run(&format!("run {STUDY} --trials 30 --json --storage all.db --set name=other")).exits(0);
    assert_eq!(store::count(&sandbox.path("all.db")), 50);
    sandbox.run(&format!("run {STUDY} --trials 20 --json --storage all.db --fresh sp500-trend --seed 9")).exits(0);
    assert_eq!(
        store::rows(&sandbox.path("all.db"), "SELECT study_name FROM studies ORDER BY 1"),
        ["other", "sp500-trend"]
    );
    assert_eq!(store::count(&sandbox.path("all.db")), 50);
}

#[test]
fn openings_of_the_vault_are_recorded_and_warned_of_from_the_second_on() {
    let sandbox = Sandbox::new();
    sandbox.run(&format!("run {STUDY} --trials 40 --json")).exits(0);
    let openings =
        || store::rows(&sandbox.path(DATABASE), "SELECT trial_number FROM bartune_vault ORDER BY opening_id");
    let first = sandbox.run(&format!("test {STUDY} --trial 3")).exits(0);
    assert_eq!(first.stderr, "", "the first look is unbiased");
    assert_eq!(openings(), ["3"]);
    sandbox.run(&format!("test {STUDY}")).exits(0).says("the vault was opened 1 time before");
    sandbox.run(&format!("test {STUDY}")).exits(0).says("the vault was opened 2 times before");
    assert_eq!(openings().len(), 3);
    sandbox.run(&format!("test {STUDY} --trial 999")).exits(2).says("has no trial 999");
    assert_eq!(openings().len(), 3, "what was not looked at is not recorded");
}
