//! The parameter space: names, distributions, conditions and relations.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// One value of a categorical distribution (Optuna's `CategoricalChoiceType`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Choice {
    /// Python's `None`.
    Null,
    /// A switch.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A real number.
    Float(f64),
    /// A text.
    Text(String),
}

/// The set a parameter's value comes from, with Optuna's meaning of every field.
#[derive(Debug, Clone, PartialEq)]
pub enum Distribution {
    /// Real numbers in `[low, high]`; with a step, `low + k * step`.
    Float {
        /// Smallest value.
        low: f64,
        /// Largest value.
        high: f64,
        /// Grid step, counted from `low`.
        step: Option<f64>,
        /// Sampled in the logarithm.
        log: bool,
    },
    /// Whole numbers `low + k * step` in `[low, high]`.
    Int {
        /// Smallest value.
        low: i64,
        /// Largest value.
        high: i64,
        /// Grid step, counted from `low`; 1 with `log`.
        step: i64,
        /// Sampled in the logarithm.
        log: bool,
    },
    /// One of a list; a switch is `[false, true]`.
    Categorical {
        /// The choices, in the order that their internal index counts.
        choices: Vec<Choice>,
    },
}

/// One parameter's value.
#[derive(Debug, Clone, PartialEq)]
pub enum ParamValue {
    /// From [`Distribution::Float`].
    Float(f64),
    /// From [`Distribution::Int`].
    Int(i64),
    /// From [`Distribution::Categorical`]: the index of the choice.
    Choice(usize),
}

/// A trial's parameter values by name; inactive parameters are absent.
pub type Assignment = BTreeMap<String, ParamValue>;

/// A named yes/no question about an assignment: a `when` or a `require`.
///
/// A predicate is asked only once every parameter it reads has been decided. A parameter that is
/// inactive is absent from the assignment; what that means is the predicate's own business.
#[derive(Clone)]
pub struct Predicate {
    /// The text a person wrote, for messages.
    pub text: String,
    /// Names of the parameters it reads.
    pub reads: Vec<String>,
    /// The question.
    pub holds: Arc<dyn Fn(&Assignment) -> bool + Send + Sync>,
}

impl fmt::Debug for Predicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Predicate")
            .field("text", &self.text)
            .field("reads", &self.reads)
            .finish_non_exhaustive()
    }
}

/// One parameter.
#[derive(Debug, Clone)]
pub struct Param {
    /// Where its value comes from.
    pub distribution: Distribution,
    /// Sampled only when this holds; otherwise the parameter is inactive and absent.
    pub when: Option<Predicate>,
}

/// A validated space: parameters in declaration order (a `when` may read only earlier-resolvable
/// ones: no cycles), and relations each sampled assignment must satisfy.
#[derive(Debug, Clone, Default)]
pub struct Space {
    params: IndexMap<String, Param>,
    require: Vec<Predicate>,
}
