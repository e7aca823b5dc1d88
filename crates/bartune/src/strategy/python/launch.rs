//! How a worker process is started, and how its end is told.

use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::WaitIdStatus;
use serde_json::{Map, Value};

/// The worker's half, in Python.
const SOURCE: &str = include_str!("../../../../../python/bartune/_worker.py");
/// Bytes of a worker's last words that are kept.
const MOST_WORDS: usize = 4096;
/// Lines of them that are told.
const LINES_TOLD: usize = 12;
/// How long they are waited for.
const WAIT: Duration = Duration::from_millis(200);
/// One thread each for what computes in parallel by itself: there is a worker for each core already.
const ONE_THREAD: [&str; 5] =
    ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "NUMBA_NUM_THREADS"];
/// How much freed memory a worker's allocator (the GNU C library's) keeps, and up to which size it takes memory from what it
/// keeps. By itself it gives a column's memory back to the kernel and gets it page by page at the next trial: of an
/// answer's time that was most, and much of a callable's.
const KEPT_MEMORY: [(&str, &str); 2] = [("MALLOC_TRIM_THRESHOLD_", "67108864"), ("MALLOC_MMAP_THRESHOLD_", "33554432")];

/// What a worker is started with.
#[derive(Debug, Clone)]
pub(super) struct Launch {
    pub(super) interpreter: PathBuf,
    /// What the worker is told first: where the strategy is, as `_worker.py` has it.
    pub(super) spec: Map<String, Value>,
}

/// What a process has written to its error output, the end of it.
#[derive(Debug, Clone, Default)]
pub(super) struct LastWords(Arc<Words>);

#[derive(Debug, Default)]
struct Words {
    kept: Mutex<Vec<u8>>,
    /// Whether there will be no more.
    is_over: AtomicBool,
}

impl Launch {
    /// Start a process, its end of a socket being its standard input.
    pub(super) fn spawn(&self) -> io::Result<(Child, UnixStream, LastWords)> {
        let (ours, theirs) = UnixStream::pair()?;
        let mut command = Command::new(&self.interpreter);
        command.arg("-c").arg(SOURCE).arg(self.shown());
        command.stdin(Stdio::from(OwnedFd::from(theirs))).stdout(Stdio::null()).stderr(Stdio::piped());
        // A group of its own: Ctrl-C is this program's affair, and killing the group ends what the strategy started.
        command.process_group(0);
        let defaults = ONE_THREAD.into_iter().map(|name| (name, "1")).chain(KEPT_MEMORY);
        command.envs(defaults.filter(|(name, _)| std::env::var_os(name).is_none()));
        // The order of sets of texts depends on it.
        command.env("PYTHONHASHSEED", "0");
        let mut child = spawn_for_good(command)?;
        let words = LastWords::default();
        if let Some(output) = child.stderr.take() {
            let kept = words.clone();
            thread::Builder::new().name("worker output".to_owned()).spawn(move || kept.listen(output))?;
        }
        Ok((child, ours, words))
    }

    /// What a list of processes says of it.
    fn shown(&self) -> String {
        let text = |key: &str| self.spec.get(key).and_then(Value::as_str);
        let place = text("file").map_or_else(|| text("folder").unwrap_or_default().to_owned(), str::to_owned);
        [&*place, text("module").unwrap_or_default(), text("callable").unwrap_or_default()].join(" ")
    }

    /// What the worker is told, with this process for it to end with.
    pub(super) fn told(&self) -> Vec<u8> {
        let mut spec = self.spec.clone();
        spec.insert("parent".to_owned(), std::process::id().into());
        Value::Object(spec).to_string().into_bytes()
    }
}

/// Start a process from a thread that never ends: on Linux a worker asks to be killed with its parent, and the parent is
/// the thread that has started it.
fn spawn_for_good(command: Command) -> io::Result<Child> {
    type Wish = (Command, Sender<io::Result<Child>>);
    static STARTER: OnceLock<Mutex<Option<Sender<Wish>>>> = OnceLock::new();
    let starter = STARTER.get_or_init(|| {
        let (wishes, heard) = channel::<Wish>();
        let serve = move || heard.into_iter().for_each(|(mut command, done)| drop(done.send(command.spawn())));
        let thread = thread::Builder::new().name("worker starter".to_owned()).spawn(serve);
        Mutex::new(thread.ok().map(|_| wishes))
    });
    let (done, started) = channel();
    let gone = || io::Error::other("no thread can be started");
    let wishes = starter.lock().unwrap_or_else(PoisonError::into_inner).clone().ok_or_else(gone)?;
    wishes.send((command, done)).map_err(|_| gone())?;
    started.recv().map_err(|_| gone())?
}

impl LastWords {
    fn listen(&self, mut output: impl Read) {
        let mut part = [0; 4096];
        while let Ok(length) = output.read(&mut part) {
            if length == 0 {
                break;
            }
            let mut words = self.lock();
            words.extend_from_slice(&part[..length]);
            let excess = words.len().saturating_sub(MOST_WORDS);
            words.drain(..excess);
        }
        self.0.is_over.store(true, Ordering::Release);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forget what an earlier trial has said.
    pub(super) fn clear(&self) {
        self.lock().clear();
    }

    /// The last lines of a process that has ended, with what introduces them; nothing if there are none. Another process
    /// that it has started may hold its output, so they are not waited for long.
    pub(super) fn told(&self) -> String {
        let began = Instant::now();
        while !self.0.is_over.load(Ordering::Acquire) && began.elapsed() < WAIT {
            thread::sleep(Duration::from_millis(1));
        }
        let words = self.lock();
        let text = String::from_utf8_lossy(&words);
        let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        let last = &lines[lines.len().saturating_sub(LINES_TOLD)..];
        if last.is_empty() { String::new() } else { format!("; its last words:\n  {}", last.join("\n  ")) }
    }
}

/// How a process ended, in words.
pub(super) fn ending(status: &WaitIdStatus) -> String {
    let name = |signal: i32| match signal {
        4 => " (illegal instruction)",
        6 => " (abort)",
        7 => " (bus error)",
        8 => " (arithmetic error)",
        9 => " (killed, as when memory runs out)",
        11 => " (segmentation fault)",
        15 => " (terminated)",
        _ => "",
    };
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => format!("the worker process ended with exit status {code}"),
        (None, Some(signal)) => format!("the worker process was ended by signal {signal}{}", name(signal)),
        (None, None) => "the worker process ended".to_owned(),
    }
}
