//! The strategy language: text into one graph, the graph with parameters into signals.
//!
//! ```text
//! text ─ lexer ─ parser ─► tree ─ lower ─► Graph ─ bind(params) ─► Bound ─ evaluate(bars) ─► Signals
//!                          (kinds and names checked)   (constants folded, dead branches gone)
//! ```
//!
//! | module | job |
//! |---|---|
//! | `lexer`, `parser`, `printer` | spelling; parse∘print = id |
//! | `lower`, `condition`, `call` | names, kinds and arguments checked; tree into nodes |
//! | `graph` | hash-consed nodes, parameters symbolic; canonical text |
//! | `bind`, `bound` | parameters put in, constants folded, a content key for each node |
//! | `evaluate`, `column`, `fusion` | whole columns, each node once; what is cheap, where it is read |
//! | `stream` | the same graph bar by bar, live |
//! | `gate` | the parts of a rule that must all hold |
//! | `predicate`, `formula` | scalar expressions over parameters and over metrics |
//!
//! The language as its users see it is described in `guide.md`.
//!
//! **NaN policy:** a number is NaN where it is undefined. Comparisons with NaN are false, `!=` included;
//! arithmetic is IEEE. **Warm-up:** every node knows its first defined bar; a condition is false before
//! it, so that `not (close > sma(close, 200))` is not true for want of bars. **Causality:** every node at
//! bar `t` is computed from bars `0..=t`; negative lags do not exist and `on` sees completed bars only.
//!
//! **Invariant:** text of any content neither panics nor overflows a stack: nesting and length are
//! bounded, and every pass over a graph is a loop.

mod bind;
mod bind_error;
mod bound;
mod cache;
mod call;
mod column;
mod condition;
mod diagnostic;
mod evaluate;
mod formula;
mod fusion;
mod gate;
mod graph;
mod key;
mod kind;
mod lexer;
mod lower;
mod parser;
mod predicate;
mod printer;
mod scalar;
mod strategy;
mod stream;
mod syntax;

#[cfg(test)]
mod tests;

use std::fmt;

pub use bind_error::BindError;
pub use bound::BoundStrategy;
pub use cache::{CacheStats, CachedSeries, MemoryCache, NoCache, SeriesCache, SeriesKey, SeriesValue};
pub use diagnostic::{Code, Diagnostic, Place, Span};
pub use formula::{Constraint, Formula, compile_constraint, compile_formula};
pub use gate::Gate;
pub use key::NodeKey;
pub use predicate::{Inactive, Predicate, compile_predicate};
pub use strategy::{Strategy, compile, suggest_rule};
pub use stream::StreamState;

/// What a strategy is made of, as it was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StrategySource {
    /// Named parts, in the order of the source; the order has no meaning.
    pub lets: Vec<(String, String)>,
    /// Rules.
    pub rules: Vec<(RuleName, String)>,
}

/// A place where a strategy has an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RuleName {
    /// Condition: enter long.
    LongEntry,
    /// Condition: leave a long position.
    LongExit,
    /// Condition: enter short.
    ShortEntry,
    /// Condition: leave a short position.
    ShortExit,
    /// Price distance of the stop.
    StopLoss,
    /// Price distance of the target.
    TakeProfit,
    /// Price distance of the trailing stop.
    TrailingStop,
    /// Longest position, in bars.
    MaxBars,
    /// Pause after a position, in bars.
    Cooldown,
}

impl RuleName {
    /// Every rule, in the order of the documentation.
    pub const ALL: [Self; 9] = [
        Self::LongEntry,
        Self::LongExit,
        Self::ShortEntry,
        Self::ShortExit,
        Self::StopLoss,
        Self::TakeProfit,
        Self::TrailingStop,
        Self::MaxBars,
        Self::Cooldown,
    ];

    /// The key in the study file, such as `long_entry`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LongEntry => "long_entry",
            Self::LongExit => "long_exit",
            Self::ShortEntry => "short_entry",
            Self::ShortExit => "short_exit",
            Self::StopLoss => "stop_loss",
            Self::TakeProfit => "take_profit",
            Self::TrailingStop => "trailing_stop",
            Self::MaxBars => "max_bars",
            Self::Cooldown => "cooldown",
        }
    }

    /// The rule of this key.
    #[must_use]
    pub fn find(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.as_str() == key)
    }
}

impl fmt::Display for RuleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A parameter as the language needs to know it.
#[derive(Debug, Clone, PartialEq)]
pub struct ParamDecl {
    /// Its name.
    pub name: String,
    /// What its values are.
    pub kind: ParamKind,
}

/// The values a parameter can take.
#[derive(Debug, Clone, PartialEq)]
pub enum ParamKind {
    /// True or false.
    Bool,
    /// Whole numbers.
    Int {
        /// Smallest.
        low: i64,
        /// Largest.
        high: i64,
    },
    /// Real numbers.
    Float {
        /// Smallest.
        low: f64,
        /// Largest.
        high: f64,
    },
    /// Texts.
    Choice(Vec<String>),
}
