//! `bartune stream` against `bartune backtest`: the real binary over real bars.
#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests as well")]

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

const BARTUNE: &str = env!("CARGO_BIN_EXE_bartune");

fn study() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/sp500_trend.toml")
}

/// The example's bars as CSV lines, the heading first.
fn csv_lines(folder: &TempDir) -> Vec<String> {
    let bars = study().with_file_name("data/sp500_daily.parquet");
    let csv = folder.path().join("bars.csv");
    let arguments =
        ["data", "convert", bars.to_str().unwrap(), csv.to_str().unwrap(), "--timezone", "America/New_York"];
    assert!(Command::new(BARTUNE).args(arguments).output().unwrap().status.success());
    std::fs::read_to_string(csv).unwrap().lines().map(str::to_owned).collect()
}

fn text_of(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn spawn(arguments: &[&str]) -> Child {
    let mut command = Command::new(BARTUNE);
    command.arg("stream").arg(study()).args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Streams a text; bars are written from another thread, so that neither side waits for the other.
fn stream(arguments: &[&str], text: String) -> Output {
    let mut child = spawn(arguments);
    let mut stdin = child.stdin.take().unwrap();
    // The reader may have gone away: that is what some tests are about.
    let writer = std::thread::spawn(move || drop(stdin.write_all(text.as_bytes())));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

fn lines_of(output: &Output) -> Vec<Value> {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The rows of a CSV file by column.
fn table(path: &Path) -> Vec<Vec<(String, String)>> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines = text.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
    let names = lines.next().unwrap();
    lines.map(|cells| names.iter().cloned().zip(cells).collect()).collect()
}

fn cell<'a>(row: &'a [(String, String)], name: &str) -> &'a str {
    &row.iter().find(|(column, _)| column == name).unwrap().1
}

/// A backtest's trades and equity.
fn backtest(segment: &str, folder: &TempDir) -> [Vec<Vec<(String, String)>>; 2] {
    let (trades, equity) = (folder.path().join("trades.csv"), folder.path().join("equity.csv"));
    let output = Command::new(BARTUNE)
        .args(["backtest", study().to_str().unwrap(), "--segment", segment, "--params", "fast=12,slow=60", "--json"])
        .args(["--trades", trades.to_str().unwrap(), "--equity", equity.to_str().unwrap()])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    [table(&trades), table(&equity)]
}

fn same_trades(lines: &[Value], trades: &[Vec<(String, String)>]) {
    let closed: Vec<_> = trades.iter().filter(|row| cell(row, "exit_reason") != "segment_end").collect();
    let streamed: Vec<&Value> = lines.iter().filter_map(|line| line.get("trade")).collect();
    assert!(closed.len() > 3);
    assert_eq!(streamed.len(), closed.len());
    for (trade, row) in streamed.iter().zip(closed) {
        for name in
            ["size", "entry_price", "exit_price", "pnl", "commission", "slippage", "max_adverse", "max_favorable"]
        {
            let expected: f64 = cell(row, name).parse().unwrap();
            assert_eq!(trade[name].as_f64().unwrap().to_bits(), expected.to_bits(), "{name} of {trade}");
        }
        for name in ["side", "exit_reason"] {
            assert_eq!(trade[name].as_str().unwrap(), cell(row, name));
        }
        // Where a bar's number leads to its line, its time is the trade's.
        for (bar, time) in [("entry_bar", "entry_time"), ("exit_bar", "exit_time")] {
            let line = lines.iter().find(|line| line.get("decision").is_some() && line["bar"] == trade[bar]).unwrap();
            assert_eq!(line["time"].as_str().unwrap(), cell(row, time));
        }
    }
    let open = trades.len() - streamed.len();
    assert_eq!(lines.last().unwrap()["position"].is_object(), open == 1, "{}", lines.last().unwrap());
}

#[test]
fn a_file_streamed_is_the_file_backtested() {
    let folder = TempDir::new().unwrap();
    let lines = csv_lines(&folder);
    for segment in ["train", "validate"] {
        let [trades, equity] = backtest(segment, &folder);
        let first = lines.iter().position(|line| line.starts_with(cell(&equity[0], "time"))).unwrap();
        let history = folder.path().join("history.csv");
        std::fs::write(&history, text_of(&lines[..first])).unwrap();
        let live = format!("{}\n{}", lines[0], text_of(&lines[first..first + equity.len()]));
        let mut arguments = vec!["--params", "fast=12,slow=60"];
        if first > 1 {
            arguments.extend(["--history", history.to_str().unwrap()]);
        }
        let streamed = lines_of(&stream(&arguments, live));
        same_trades(&streamed, &trades);
        let marks: Vec<u64> = streamed
            .iter()
            .filter(|line| line.get("decision").is_some())
            .map(|line| line["equity"].as_f64().unwrap().to_bits())
            .collect();
        assert_eq!(marks.len(), equity.len());
        // A backtest's last close is after the closing trade's costs.
        for (mark, row) in marks.iter().zip(&equity[..equity.len() - 1]) {
            assert_eq!(*mark, cell(row, "equity").parse::<f64>().unwrap().to_bits());
        }
    }
}

/// A CSV line as a JSON object.
fn as_json(line: &str) -> String {
    let cells: Vec<&str> = line.split(',').collect();
    let [time, open, high, low, close, volume] = cells[..] else { panic!("{line}") };
    format!(r#"{{"time":"{time}","open":{open},"high":{high},"low":{low},"close":{close},"volume":{volume}}}"#)
}

#[test]
fn a_run_cut_anywhere_and_restored_writes_what_one_run_writes() {
    let folder = TempDir::new().unwrap();
    let lines = csv_lines(&folder);
    let whole = stream(&["--params", "slow=40"], text_of(&lines[..700]));
    let whole = String::from_utf8(whole.stdout).unwrap();
    let state = folder.path().join("live.state");
    let state = state.to_str().unwrap();
    let mut pieces = String::new();
    // In three parts, the last one as JSON lines.
    for (range, format) in [(1..300, "csv"), (300..301, "csv"), (301..700, "json")] {
        let text = match format {
            "json" => lines[range].iter().map(|line| as_json(line) + "\n").collect(),
            _ => format!("{}\n{}", lines[0], text_of(&lines[range])),
        };
        let output = stream(&["--params", "slow=40", "--state", state, "--format", format], text);
        assert!(output.status.success(), "{}", stderr(&output));
        let text = String::from_utf8(output.stdout).unwrap();
        let (bars, end) = text.trim_end().rsplit_once('\n').unwrap();
        assert!(end.starts_with("{\"position\":"));
        pieces.push_str(bars);
        pieces.push('\n');
    }
    assert!(whole.starts_with(&pieces) && whole[pieces.len()..].lines().count() == 1);
}

#[test]
fn a_bad_line_is_named_and_what_came_before_it_is_kept() {
    let folder = TempDir::new().unwrap();
    let lines = csv_lines(&folder);
    let state = folder.path().join("live.state");
    let arguments = ["--state", state.to_str().unwrap()];
    let bad = format!("{}2024-01-02T05:00:00Z,1,2,3,4,5\n", text_of(&lines[..100]));
    let output = stream(&arguments, bad);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("line 101") && stderr(&output).contains("high 2 is below low 3"),
        "{}",
        stderr(&output)
    );
    let kept = std::fs::read_to_string(&state).unwrap();
    assert_eq!(kept.lines().count(), 1 + 100);
    // The bar after the last one kept is welcome, the last one itself is not.
    let again = stream(&arguments, format!("{}\n{}\n", lines[0], lines[99]));
    assert_eq!(again.status.code(), Some(2));
    assert!(stderr(&again).contains("repeats the row above"), "{}", stderr(&again));
    assert!(stream(&arguments, format!("{}\n{}\n", lines[0], lines[100])).status.success());
    let other = stream(&["--state", state.to_str().unwrap(), "--params", "fast=9"], String::new());
    assert_eq!(other.status.code(), Some(2));
    assert!(stderr(&other).contains("params.fast"), "{}", stderr(&other));
}

#[test]
fn a_reader_that_goes_away_ends_the_run_in_peace() {
    let folder = TempDir::new().unwrap();
    let lines = csv_lines(&folder);
    let state = folder.path().join("live.state");
    let mut child = spawn(&["--state", state.to_str().unwrap()]);
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().unwrap();
    let text = text_of(&lines);
    let writer = std::thread::spawn(move || drop(stdin.write_all(text.as_bytes())));
    assert_eq!(child.wait().unwrap().code(), Some(0));
    writer.join().unwrap();
    assert!(state.exists());
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_waiting_run_with_its_state_saved() {
    let folder = TempDir::new().unwrap();
    let lines = csv_lines(&folder);
    let state = folder.path().join("live.state");
    let mut child = spawn(&["--state", state.to_str().unwrap()]);
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(text_of(&lines[..11]).as_bytes()).unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
    // The tenth bar has been answered; stdin stays open.
    let answered = |line: &String| serde_json::from_str::<Value>(line).unwrap()["bar"] == 9;
    assert!(output.by_ref().map(Result::unwrap).any(|line| answered(&line)));
    let signalled = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(signalled.success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(output.map(Result::unwrap).any(|line| line.starts_with("{\"position\":")));
    assert_eq!(std::fs::read_to_string(&state).unwrap().lines().count(), 2 + 10);
    drop(stdin);
}
