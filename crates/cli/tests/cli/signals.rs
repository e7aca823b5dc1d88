//! A run that is told to end, in each way that a system has: what is stored is whole, the last line says how to go on,
//! and going on gives the study that was never ended.

use std::io::Read;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::store;
use crate::support::{Sandbox, command};

const STUDY: &str = "examples/sp500_trend.toml";
const DATABASE: &str = "examples/sp500_trend.db";

/// Start a long run, send it this signal at work; exit code and what it printed last.
fn ended_by(sandbox: &Sandbox, signal: &str) -> (Option<i32>, String) {
    let line = format!("run {STUDY} --trials 1000000 --no-progress");
    let mut child = command(sandbox.folder(), &line)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    let deadline = Instant::now() + Duration::from_secs(120);
    while store::count(&sandbox.path(DATABASE)) == 0 {
        assert!(Instant::now() < deadline, "the run stored nothing in two minutes");
        sleep(Duration::from_millis(1));
    }
    let sent = Command::new("kill").args([signal, &child.id().to_string()]).status().expect("kill is there");
    assert!(sent.success());
    let mut printed = String::new();
    child.stdout.take().expect("it is piped").read_to_string(&mut printed).expect("it is text");
    (child.wait().expect("it was started here").code(), printed)
}

#[test]
fn told_to_end_it_leaves_a_study_that_goes_on() {
    for signal in ["-TERM", "-HUP", "-INT"] {
        let sandbox = Sandbox::new();
        let (code, printed) = ended_by(&sandbox, signal);
        assert_eq!(code, Some(130), "{signal}: {printed}");
        let words = "interrupted; the study is intact, run the same command again to continue";
        assert!(printed.contains(words), "{signal}: {printed}");
        let total = store::count(&sandbox.path(DATABASE)) + 20;
        sandbox.run(&format!("run {STUDY} --trials {total} --json")).exits(0);
        let whole = Sandbox::new();
        whole.run(&format!("run {STUDY} --trials {total} --json")).exits(0);
        store::assert_same(&store::trials(&sandbox.path(DATABASE)), &store::trials(&whole.path(DATABASE)));
    }
}
