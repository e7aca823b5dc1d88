//! Strategies written in Python, run by warm worker processes.
//!
//! | module | job |
//! |---|---|
//! | `interpreter` | which Python runs them |
//! | `launch` | how a worker is started, and how its end is told |
//! | `worker` | one process: questions, answers, time limits |
//! | `pool` | as many workers as there are questions at once, kept from one to the next |
//! | `message` | what goes over the socket |
//! | `here` | the same questions, answered by the Python that this program is a part of |
//!
//! The worker's own half is `python/bartune/_worker.py`, which is compiled into this program: the interpreter needs numpy,
//! and nothing of Bartune's. It maps the bars that [`SharedBars`](super::SharedBars) point to, so that any number of workers
//! hold them once.
//!
//! **What breaks:** an exception is its trial's failure. A worker that ends, hangs or says what cannot be understood is killed
//! with all the processes it started, and another takes its place. Workers end with this program, however that ends.
//!
//! **Determinism:** a reason is the same wherever and whenever it is told: no paths of this machine, no addresses, nothing that
//! an earlier trial printed. Hashes of Python are seeded, numerical libraries get one thread.

mod here;
mod interpreter;
mod launch;
mod message;
mod pool;
mod worker;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};

pub use here::Answers;
use here::Here;
pub use interpreter::{INTERPRETER_VARIABLE, set_default_interpreter};
use launch::Launch;
use pool::Pool;
use worker::Fault;

use super::column::{ColumnStrategy, Columns, Question, Refusal};

/// How long a trial may take that nothing is said of.
const DEFAULT_LIMIT: Duration = Duration::from_secs(60);
/// The module of what is defined in a program or a notebook itself.
const PROGRAM: &str = "__main__";
/// How long a worker may take to import the strategy.
const START_LIMIT: Duration = Duration::from_secs(120);

/// What a study file says of a strategy in Python.
#[derive(Debug, Clone)]
pub struct PythonSpec<'a> {
    /// `FILE.py:CALLABLE` or `MODULE:CALLABLE`.
    pub callable: &'a str,
    /// The study file's folder: files are looked for from there, modules in it first.
    pub folder: &'a Path,
    /// The interpreter, if the study names one.
    pub interpreter: Option<&'a str>,
    /// Bars that are needed before the first decision.
    pub lookback: usize,
}

/// A strategy in Python.
pub struct PythonStrategy {
    name: String,
    version: String,
    lookback: usize,
    runner: Runner,
}

/// Who answers.
enum Runner {
    Workers(Pool),
    Here(Here),
}

/// Why a strategy in Python cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CannotStart {
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl fmt::Debug for PythonStrategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PythonStrategy")
            .field("name", &self.name)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

impl PythonStrategy {
    /// Start a first worker, which imports the strategy and tells what it depends on.
    ///
    /// # Errors
    ///
    /// No interpreter, no numpy, no such file or callable, or an exception as it is imported.
    pub fn start(spec: &PythonSpec<'_>) -> Result<Self, CannotStart> {
        let strategy = Self::launch(spec.callable, launch_of(spec)?)?;
        Ok(Self { lookback: spec.lookback, ..strategy })
    }

    /// Start a first worker for a callable that a Python program hands over: by the name that `strategy.python` has, and
    /// with what a worker is told of it, as `_worker.py` has it.
    ///
    /// # Errors
    ///
    /// As of [`start`](Self::start).
    pub fn start_callable(name: &str, spec: Map<String, Value>) -> Result<Self, CannotStart> {
        Self::launch(name, Launch { interpreter: interpreter::own(), spec })
    }

    /// A strategy that the Python which this program is a part of answers for; `hello` is what a worker says first.
    ///
    /// # Errors
    ///
    /// What it says is a failure, or nothing that can be understood.
    pub fn here(name: &str, hello: &[u8], answers: Arc<dyn Answers>) -> Result<Self, CannotStart> {
        let wrong = |message: String| CannotStart { message, help: None };
        match message::answer(hello, 0) {
            Some(message::Answer::Hello(hello)) => {
                let runner = Runner::Here(Here::new(answers));
                Ok(Self { name: name.to_owned(), version: hello.version(), lookback: 0, runner })
            }
            Some(message::Answer::Failed(reason)) => Err(wrong(unusable(&reason))),
            _ => Err(wrong("the strategy does not tell what it depends on".to_owned())),
        }
    }

    fn launch(name: &str, launch: Launch) -> Result<Self, CannotStart> {
        let (worker, hello) =
            worker::Worker::start(&launch, START_LIMIT).map_err(|fault| cannot_start(fault, &launch))?;
        let version = hello.version();
        let runner = Runner::Workers(Pool::new(launch, worker, version.clone()));
        Ok(Self { name: name.to_owned(), version, lookback: 0, runner })
    }

    /// Process ids of the workers that wait for a question.
    #[must_use]
    pub fn idle_workers(&self) -> Vec<u32> {
        match &self.runner {
            Runner::Workers(pool) => pool.idle(),
            Runner::Here(_) => Vec::new(),
        }
    }

    /// Time that all callables have taken, and how often one was called.
    #[must_use]
    pub fn time_inside(&self) -> (Duration, u64) {
        match &self.runner {
            Runner::Workers(pool) => pool.time_inside(),
            Runner::Here(here) => here.time_inside(),
        }
    }

    fn ask(&self, question: &Question<'_>, from: pool::From) -> Result<Columns, Refusal> {
        let request = message::request(question).map_err(Refusal::Broken)?;
        let limit = question.limit.unwrap_or(DEFAULT_LIMIT);
        match &self.runner {
            Runner::Workers(pool) => pool.ask(&request, question.bars.len(), limit, from),
            Runner::Here(here) => here.ask(&request, question.bars.len(), limit),
        }
    }
}

impl ColumnStrategy for PythonStrategy {
    fn name(&self) -> &str {
        &self.name
    }

    fn version(&self) -> &str {
        &self.version
    }

    fn lookback(&self) -> usize {
        self.lookback
    }

    fn decide(&self, question: &Question<'_>) -> Result<Columns, Refusal> {
        self.ask(question, pool::From::Any)
    }

    fn decide_afresh(&self, question: &Question<'_>) -> Result<Columns, Refusal> {
        self.ask(question, pool::From::New)
    }
}

fn launch_of(spec: &PythonSpec<'_>) -> Result<Launch, CannotStart> {
    let help = "write `python = \"FILE.py:FUNCTION\"`, or \"MODULE:FUNCTION\"";
    let wrong = |message: String| CannotStart { message, help: Some(help.to_owned()) };
    let parts = spec.callable.rsplit_once(':').filter(|(place, callable)| !place.is_empty() && !callable.is_empty());
    let (place, callable) = parts.ok_or_else(|| wrong(format!("`{}` names no function in a file", spec.callable)))?;
    if place == PROGRAM {
        let message = format!("`{callable}` is a function of the program or notebook that made this study");
        let help = "run the study there, or move the function into a file and write `python = \"FILE.py:FUNCTION\"`";
        return Err(CannotStart { message, help: Some(help.to_owned()) });
    }
    let absolute = |path: PathBuf| std::path::absolute(&path).unwrap_or(path);
    let study_folder = absolute(spec.folder.to_owned());
    let is_file = Path::new(place).extension().is_some_and(|end| end == "py");
    let (folder, file) = if is_file {
        let file = absolute(spec.folder.join(place));
        if !file.is_file() {
            return Err(wrong(format!("there is no file {}", file.display())));
        }
        (file.parent().map_or(study_folder, Path::to_owned), Some(file))
    } else {
        (study_folder, None)
    };
    let told =
        [("folder", json!(folder)), ("file", json!(file)), ("module", json!(place)), ("callable", json!(callable))];
    let told = told.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Ok(Launch { interpreter: interpreter::choose(spec.interpreter, spec.folder), spec: told })
}

fn unusable(reason: &str) -> String {
    format!("the strategy cannot be used: {reason}")
}

fn cannot_start(fault: Fault, launch: &Launch) -> CannotStart {
    let python = launch.interpreter.display();
    let other = format!("name another interpreter with `strategy.interpreter` or {INTERPRETER_VARIABLE}");
    match fault {
        Fault::Refused(reason) => CannotStart { message: unusable(&reason), help: None },
        Fault::Late => {
            let message = format!("the strategy was not imported within {} s", START_LIMIT.as_secs());
            CannotStart { message, help: Some("let what is at the top of its file take less time".to_owned()) }
        }
        Fault::Ended(reason) => {
            let message = format!("no worker can be started with {python}: {reason}");
            CannotStart { message, help: Some(other) }
        }
    }
}
