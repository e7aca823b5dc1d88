//! A run that is told to end, in each way that a system has: what is stored is whole, the last line says how to go on,
//! and going on gives the study that was never ended.

use std::fs::File;
use std::io::Read;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::store;
use crate::support::{Sandbox, command};

const STUDY: &str = "examples/sp500_trend.toml";
const DATABASE: &str = "examples/sp500_trend.db";

/// Wait until the run is at work, doing `meanwhile` all the time.
fn wait_for_trials(sandbox: &Sandbox, mut meanwhile: impl FnMut()) {
    let deadline = Instant::now() + Duration::from_secs(120);
    while store::count(&sandbox.path(DATABASE)) == 0 {
        meanwhile();
        assert!(Instant::now() < deadline, "the run stored nothing in two minutes");
        sleep(Duration::from_millis(1));
    }
}

/// Go on for some trials more; the study is the one that was never ended.
fn goes_on(sandbox: &Sandbox) {
    let total = store::count(&sandbox.path(DATABASE)) + 20;
    sandbox.run(&format!("run {STUDY} --trials {total} --json")).exits(0);
    let whole = Sandbox::new();
    whole.run(&format!("run {STUDY} --trials {total} --json")).exits(0);
    store::assert_same(&store::trials(&sandbox.path(DATABASE)), &store::trials(&whole.path(DATABASE)));
}

/// Start a long run, send it this signal at work; exit code and what it printed last.
fn ended_by(sandbox: &Sandbox, signal: &str) -> (Option<i32>, String) {
    let line = format!("run {STUDY} --trials 1000000 --no-progress");
    let mut child = command(sandbox.folder(), &line)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    wait_for_trials(sandbox, || {});
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
        goes_on(&sandbox);
    }
}

/// A terminal of its own is closed under a run that shows itself on it: what it prints from then on fails, and it is told.
#[cfg(target_os = "linux")]
#[test]
fn a_terminal_that_is_closed_takes_the_run_with_it_and_nothing_of_the_study() {
    use rustix::fs::{OFlags, fcntl_setfl};
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

    let sandbox = Sandbox::new();
    let terminal =
        openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).expect("the system has terminals");
    grantpt(&terminal).expect("it is ours");
    unlockpt(&terminal).expect("it is ours");
    let name = ptsname(&terminal, Vec::new()).expect("it has a name");
    let side =
        File::options().read(true).write(true).open(name.to_str().expect("a path of the system")).expect("it opens");
    let copy = || side.try_clone().expect("a file can be shared");
    let run = command(sandbox.folder(), &format!("run {STUDY} --trials 1000000"));
    let mut child = Command::new("setsid")
        .args(["--ctty".as_ref(), run.get_program()])
        .args(run.get_args())
        .current_dir(sandbox.folder())
        .stdin(copy())
        .stdout(copy())
        .stderr(copy())
        .spawn()
        .expect("util-linux is there");
    drop(side);
    fcntl_setfl(&terminal, OFlags::NONBLOCK).expect("it is ours");
    let mut terminal = File::from(terminal);
    // A terminal that nobody reads would hold the run up.
    let (mut shown, mut part) = (0, [0; 4096]);
    wait_for_trials(&sandbox, || shown += terminal.read(&mut part).unwrap_or(0));
    assert!(shown > 0, "the run shows itself");
    drop(terminal);
    assert_eq!(child.wait().expect("it was started here").code(), Some(130));
    goes_on(&sandbox);
}
