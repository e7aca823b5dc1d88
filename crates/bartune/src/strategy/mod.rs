//! Strategies written in Rust, for what the language cannot say: a next decision that depends on how the last trade
//! ended, a state machine, a counter that only an exit resets.
//!
//! A [`Strategy`] is asked at the close of each bar and answers with a [`Decision`]. Fills, costs, metrics, splits,
//! rungs, identity, storage and checks are those of every other study; only `[strategy]` holds `code = "NAME"` in place
//! of rules. Indicators are expressions of the language ([`Strategy::series`]), computed once for all trials.
//!
//! **Causality:** a [`Moment`] reaches back, never ahead. **Warm-up:** nothing is asked before every series is defined.
//! **Purity:** a decision is a function of the parameters and of the moments since [`Strategy::start`]; no clock, no
//! randomness, nothing shared between trials. `preflight` tries both on probe trials, and on bars that are cut off.
//!
//! It does not load code at run time: a study with `code` is run by the program that the strategy is compiled into.
//! See `docs/rust-strategies.md` and `examples/reentry.rs`.
//!
//! A [`ColumnStrategy`] answers for all bars at once. Those in Python are such ([`python`]): see `docs/python-strategies.md`.

mod code;
mod column;
pub(crate) mod leak;
mod moment;
#[cfg(unix)]
pub mod python;
mod shared;

use std::collections::BTreeSet;
use std::fmt;

use bartune_engine::Params;
use bartune_engine::language::{self, BindError};
use bartune_engine::simulator::Decision;

pub use code::Code;
pub(crate) use code::{Asking, BoundCode};
pub(crate) use column::BoundColumns;
pub use column::{ColumnCode, ColumnStrategy, Columns, Question, Refusal};
pub use moment::Moment;
pub use shared::SharedBars;

/// A strategy in Rust.
pub trait Strategy: fmt::Debug + Send + Sync {
    /// What `strategy.code` in the study file calls it. A part of each trial's identity.
    fn name(&self) -> &str;

    /// To be changed whenever the same parameters may decide differently than before: it is a part of each trial's
    /// identity, and keeps results of another version from being taken for this one's.
    fn version(&self) -> &str;

    /// The series it reads: names for messages, and expressions of the strategy language, as in
    /// `("trend", "ema(close, slow)")`. They may read the study's parameters and `[strategy.let]`.
    fn series(&self) -> Vec<(&str, &str)> {
        Vec::new()
    }

    /// Bars before a segment's first at which it is asked as well, its answers being dropped: for state that has to
    /// settle. The account is flat there.
    fn lead_bars(&self, _params: &Params) -> usize {
        0
    }

    /// A fresh state for one segment of one trial.
    ///
    /// # Errors
    ///
    /// Why these parameters make no sense: the trial fails with this reason.
    fn start(&self, params: &Params) -> Result<Box<dyn Decide>, String>;
}

/// The state of a [`Strategy`] on its way through a segment.
pub trait Decide {
    /// What to do, known at the close of a bar; asked once a bar, in order.
    fn decide(&mut self, moment: &Moment<'_>) -> Decision;
}

/// Columns that an answer in columns holds at once, about.
const COLUMNS_OF_AN_ANSWER: usize = 4;

/// What takes a study's decisions.
#[derive(Debug, Clone)]
pub enum Logic {
    /// The study file's rules.
    Rules(language::Strategy),
    /// A strategy in Rust that is asked bar by bar.
    Code(Code),
    /// A strategy that answers for all bars at once.
    Columns(ColumnCode),
}

/// What takes a trial's decisions.
#[derive(Debug)]
pub(crate) enum Bound {
    Rules(language::BoundStrategy),
    Code(BoundCode),
    Columns(BoundColumns),
}

impl Logic {
    /// It in one canonical text, for its identity.
    #[must_use]
    pub fn canonical(&self) -> String {
        match self {
            Self::Rules(rules) => rules.canonical(),
            Self::Code(code) => code.canonical(),
            Self::Columns(code) => code.canonical(),
        }
    }

    /// The name of the code that decides; `None` for rules.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Rules(_) => None,
            Self::Code(code) => Some(code.strategy().name()),
            Self::Columns(code) => Some(code.strategy().name()),
        }
    }

    /// The rules, unless it is code.
    #[must_use]
    pub fn rules(&self) -> Option<&language::Strategy> {
        match self {
            Self::Rules(rules) => Some(rules),
            Self::Code(_) | Self::Columns(_) => None,
        }
    }

    /// The code that is asked bar by bar, if it is some.
    #[must_use]
    pub fn code(&self) -> Option<&Code> {
        match self {
            Self::Code(code) => Some(code),
            Self::Rules(_) | Self::Columns(_) => None,
        }
    }

    /// The code that answers for all bars at once, if it is some.
    #[must_use]
    pub fn columns(&self) -> Option<&ColumnCode> {
        match self {
            Self::Columns(code) => Some(code),
            Self::Rules(_) | Self::Code(_) => None,
        }
    }

    /// Names of the parameters that it may read: those that rules read, and all of the study where it is code, whose
    /// reading no one can see.
    #[must_use]
    pub fn reads(&self) -> BTreeSet<String> {
        match self {
            Self::Rules(rules) => rules.reads(),
            Self::Code(code) => code.parameters().iter().cloned().collect(),
            Self::Columns(code) => code.parameters().iter().cloned().collect(),
        }
    }

    /// Put a trial's parameters in.
    pub(crate) fn bind(&self, params: &Params) -> Result<Bound, BindError> {
        Ok(match self {
            Self::Rules(rules) => Bound::Rules(rules.bind(params)?),
            Self::Code(code) => Bound::Code(code.bind(params)?),
            Self::Columns(code) => Bound::Columns(code.bind(params)),
        })
    }
}

impl Bound {
    /// How many series it computes.
    pub(crate) fn series(&self) -> usize {
        match self {
            Self::Rules(rules) => rules.node_count(),
            Self::Code(code) => code.series_count(),
            Self::Columns(_) => COLUMNS_OF_AN_ANSWER,
        }
    }

    /// First bar at which a decision may be taken.
    pub(crate) fn warmup(&self) -> usize {
        match self {
            Self::Rules(rules) => rules.warmup(),
            Self::Code(code) => code.warmup(),
            Self::Columns(code) => code.warmup(),
        }
    }
}
