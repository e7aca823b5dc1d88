//! The study file: text → tree → options (as typed, places kept) → [`Plan`] (resolved).
//!
//! Every problem is collected and reported in one go; unknown keys are errors.

mod account;
mod budget;
mod expression;
mod fold;
mod instrument;
mod large;
mod logic;
mod objective;
mod options;
mod plan;
mod pruner;
mod quantity;
mod sampler;
mod section;
mod space;
mod split;
mod tree;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use budget::Budget;
pub(crate) use budget::UNCOUNTED_TRIALS;
pub use fold::Folds;
pub use large::{Large, LargeData};
pub(crate) use logic::Brought;
pub use objective::{Objective, Target};
pub use plan::{DataPlan, Plan, ReturnsPlan, SearchPlan};
pub use pruner::{Placement, PrunerPlan, Pruning};
pub use sampler::SamplerPlan;
pub use space::{Parameters, describe};
pub use split::{SegmentPlan, SplitPlan};

use crate::diagnostic::{Diagnostics, Sources};
use crate::error::Error;
use crate::strategy::{ColumnStrategy, Strategy};
use section::Problems;
use tree::Node;

/// Read and resolve a study file. Each of `overrides` is `key=value`, as in `search.trials=5`; what is no
/// TOML value is taken as a text, so that `execution.fill=close` needs no quotes.
///
/// # Errors
///
/// [`Error::Read`], or every problem found, each with its place and remedy.
pub fn read_study(path: &Path, overrides: &[String]) -> Result<Plan, Error> {
    StudyText::read(path, overrides)?.plan()
}

/// A study file as it was written, with what the command line changes in it.
#[derive(Debug, Clone)]
pub struct StudyText {
    /// The file.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
    /// Lines of TOML that replace what it says.
    pub overrides: Vec<String>,
}

impl StudyText {
    /// Read a file; `overrides` are as for [`read_study`].
    ///
    /// # Errors
    ///
    /// [`Error::Read`], [`Error::Params`] for an override that is none.
    pub fn read(path: &Path, overrides: &[String]) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
        let overrides = overrides.iter().map(|line| override_line(line)).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { path: path.to_owned(), text, overrides })
    }

    /// Resolve it.
    ///
    /// # Errors
    ///
    /// Every problem found, each with its place and remedy.
    pub fn plan(&self) -> Result<Plan, Error> {
        Ok(plan_of((&self.path.display().to_string(), &self.text), self.folder(), &self.overrides, None)?)
    }

    /// Resolve it, its decisions being taken by this strategy, which `strategy.code` names.
    ///
    /// # Errors
    ///
    /// Every problem found, each with its place and remedy.
    pub fn plan_with(&self, strategy: Arc<dyn Strategy>) -> Result<Plan, Error> {
        self.plan_brought(Brought::Bars(strategy))
    }

    /// As [`plan_with`](Self::plan_with), of a strategy that answers for all bars at once; `strategy.python` may name it, too.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn plan_with_columns(&self, strategy: Arc<dyn ColumnStrategy>) -> Result<Plan, Error> {
        self.plan_brought(Brought::Columns(strategy))
    }

    fn plan_brought(&self, strategy: Brought) -> Result<Plan, Error> {
        let text = (&*self.path.display().to_string(), &*self.text);
        Ok(plan_of(text, self.folder(), &self.overrides, Some(strategy))?)
    }

    fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }
}

/// `key=value` as a line of TOML.
fn override_line(line: &str) -> Result<String, Error> {
    let (key, value) = line
        .split_once('=')
        .ok_or_else(|| Error::Params(format!("`{line}` changes nothing: write --set key=value")))?;
    let (key, value) = (key.trim(), value.trim());
    let is_toml = toml::de::DeValue::parse(value).is_ok();
    Ok(if is_toml { format!("{key} = {value}") } else { format!("{key} = {}", toml::Value::String(value.to_owned())) })
}

/// `"09:30-16:00"` as the hours of a synthetic market.
///
/// # Errors
///
/// A sentence that says what would be right.
pub fn parse_hours(text: &str) -> Result<bartune_engine::bars::Hours, String> {
    quantity::session(text).map(plan::hours)
}

/// An IANA timezone name.
///
/// # Errors
///
/// A sentence that says what would be right.
pub fn parse_timezone(name: &str) -> Result<jiff::tz::TimeZone, String> {
    jiff::tz::TimeZone::get(name)
        .map_err(|_| format!("there is no timezone `{name}`; use an IANA name, such as UTC or America/New_York"))
}

/// Read and resolve a study file's text. `name` is shown in messages, `folder` is what relative
/// paths in it start from, and each of `overrides` is a line of TOML (`search.trials = 5`) that
/// replaces what the file says.
///
/// # Errors
///
/// Every problem found, each with its place and remedy.
pub fn parse_study(name: &str, text: &str, folder: &Path, overrides: &[String]) -> Result<Plan, Diagnostics> {
    plan_of((name, text), folder, overrides, None)
}

/// As [`parse_study`], the decisions being taken by a strategy in Rust, which `strategy.code` names.
///
/// # Errors
///
/// Every problem found, each with its place and remedy.
pub fn parse_study_with(
    (name, text): (&str, &str),
    folder: &Path,
    overrides: &[String],
    strategy: Arc<dyn Strategy>,
) -> Result<Plan, Diagnostics> {
    plan_of((name, text), folder, overrides, Some(Brought::Bars(strategy)))
}

/// A sampler by its name and its options, as the lines of its table in a study file (`candidates = 32`).
///
/// # Errors
///
/// Every problem found.
pub fn parse_sampler(name: &str, options: &str) -> Result<SamplerPlan, Diagnostics> {
    let table = if options.trim().is_empty() { String::new() } else { format!("[{name}]\n{options}") };
    let text = format!("sampler = \"{name}\"\n{table}");
    let (mut sources, mut syntax) = (Sources::default(), Vec::new());
    let source = sources.add("options", &*text);
    let root = tree::parse(source, &text, &mut syntax);
    let problems = Problems::default();
    let read = sampler::read(&section::Section::new("search", &root, &problems));
    syntax.extend(problems.into_inner());
    Diagnostics::collect(sources, syntax).map_or(Ok(read.plan), Err)
}

fn plan_of(
    (name, text): (&str, &str),
    folder: &Path,
    overrides: &[String],
    code: Option<Brought>,
) -> Result<Plan, Diagnostics> {
    let (plan, sources, problems) = read((name, text), folder, overrides, code);
    match (plan, Diagnostics::collect(sources.clone(), problems)) {
        (_, Some(diagnostics)) => Err(diagnostics),
        (Some(plan), None) => Ok(plan),
        (None, None) => Err(unexplained(sources)),
    }
}

fn read(
    (name, text): (&str, &str),
    folder: &Path,
    overrides: &[String],
    code: Option<Brought>,
) -> (Option<Plan>, Sources, Vec<crate::diagnostic::Diagnostic>) {
    let mut sources = Sources::default();
    let mut syntax = Vec::new();
    let source = sources.add(name, text);
    let mut root = tree::parse(source, text, &mut syntax);
    for line in overrides {
        let source = sources.add(format!("--set {line}"), line);
        let over = tree::parse(source, line, &mut syntax);
        if let (Node::Table(base), Node::Table(over)) = (&mut root.node, over.node) {
            tree::merge(base, over);
        }
    }
    if !syntax.is_empty() {
        return (None, sources, syntax);
    }
    let problems = Problems::default();
    let options = options::read(&root, &problems);
    let plan = plan::resolve(&options, folder, (&sources, &problems), code);
    (plan, sources, problems.into_inner())
}

/// A plan that could not be made without any problem being named would be our own mistake; say so
/// instead of panicking.
fn unexplained(sources: Sources) -> Diagnostics {
    let problem = crate::diagnostic::Diagnostic {
        code: "E100",
        message: "the study could not be resolved".to_owned(),
        span: crate::diagnostic::Span::default(),
        help: Some("please report this file".to_owned()),
    };
    Diagnostics::collect(sources, vec![problem]).expect("one problem was given")
}
