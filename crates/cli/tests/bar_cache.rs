//! Decoded bars are shared by processes, and switched off by `--no-cache`.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests as well")]

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, SystemTime};

const STUDY: &str = r#"
name = "shared"

[data]
path = "bars.csv"

[split]
train = 0.5
validate = 0.5

[params]
length = { int = [2, 30] }

[strategy]
long_entry = "close > sma(close, length)"
long_exit = "close < sma(close, length)"

[search]
trials = 20
seed = 1

[objective]
maximize = "total_return"
"#;

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    /// A study and its bars, which have been left alone for an hour.
    fn new() -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        std::fs::write(place.path("study.toml"), STUDY).unwrap();
        let bars = place.path("bars.csv");
        let made = place.command(&["data", "synth", bars.to_str().unwrap(), "--bars", "2000"]).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let time = SystemTime::now() - Duration::from_secs(3600);
        File::options().write(true).open(&bars).unwrap().set_modified(time).unwrap();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bartune"));
        command.args(arguments).current_dir(self.folder.path()).env("BARTUNE_CACHE_DIR", self.path("cache"));
        command
    }

    fn backtest(&self, more: &[&str]) -> Command {
        self.command(&[&["backtest", "study.toml", "--json", "--params", "length=9"], more].concat())
    }

    /// Files in the cache, temporary ones too.
    fn copies(&self) -> Vec<PathBuf> {
        let Ok(entries) = std::fs::read_dir(self.path("cache/bars")) else { return vec![] };
        entries.map(|entry| entry.unwrap().path()).collect()
    }
}

/// What was computed; how long it took is left out.
fn result(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    json.as_object_mut().unwrap().remove("seconds");
    json.to_string()
}

fn result_of(mut command: Command) -> String {
    result(&command.output().unwrap())
}

fn is_read_only(path: &Path) -> bool {
    path.metadata().unwrap().permissions().readonly()
}

#[test]
fn processes_that_start_at_once_give_one_result_and_leave_one_copy() {
    let place = Place::new();
    let plain = result_of(place.backtest(&["--no-cache"]));
    assert!(place.copies().is_empty());
    let processes: Vec<_> =
        (0..6).map(|_| place.backtest(&[]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()).collect();
    for process in processes {
        let output = process.wait_with_output().unwrap();
        assert_eq!(result(&output), plain);
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    }
    let copies = place.copies();
    assert_eq!(copies.len(), 1, "{copies:?}");
    assert!(is_read_only(&copies[0]));
}

#[test]
fn a_copy_cut_short_is_made_anew() {
    let place = Place::new();
    let plain = result_of(place.backtest(&[]));
    let copy = &place.copies()[0];
    let whole = std::fs::read(copy).unwrap();
    std::fs::remove_file(copy).unwrap();
    std::fs::write(copy, &whole[..whole.len() / 3]).unwrap();
    assert_eq!(result_of(place.backtest(&[])), plain);
    assert_eq!(std::fs::read(copy).unwrap(), whole);
}

#[test]
fn a_cache_that_cannot_be_written_costs_a_note() {
    let place = Place::new();
    let plain = result_of(place.backtest(&["--no-cache"]));
    let mut command = place.backtest(&[]);
    let output = command.env("BARTUNE_CACHE_DIR", place.path("study.toml")).output().unwrap();
    assert_eq!(result(&output), plain);
    let note = String::from_utf8_lossy(&output.stderr);
    assert!(note.contains("note: ") && note.contains("--no-cache"), "{note}");
}

#[test]
fn memory_for_series_is_an_option_of_run_and_told_in_its_summary() {
    let place = Place::new();
    let run = |memory: &str, name: &str| {
        let database = format!("sqlite:///{}", place.path(name).display());
        let arguments = ["run", "study.toml", "--json", "--memory", memory, "--storage", &database];
        let output = place.command(&arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
    };
    let (without, with) = (run("0", "a.db"), run("16MB", "b.db"));
    assert_eq!(without["best"], with["best"]);
    assert_eq!(without["cache"]["hits"], 0);
    // Series have what the trials in flight leave.
    let for_series = with["cache"]["max_bytes"].as_u64().unwrap();
    assert!((8_000_000..16_000_000).contains(&for_series), "{for_series}");
    assert!(with["cache"]["misses"].as_u64().unwrap() > 0);
    assert!(with["cache"]["bytes"].as_u64().unwrap() > 0);
    let refused = place.command(&["run", "study.toml", "--memory", "plenty"]).output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("512MB"));
}
