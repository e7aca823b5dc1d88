//! The parameter space: names, distributions, conditions and relations.
//!
//! | file | job |
//! |---|---|
//! | [`distribution`](Distribution) | members, counts, draws, internal and canonical values |
//! | `json` | Optuna's JSON form of a distribution |
//! | `structure` | the order of evaluation, and which parameters depend on which |
//! | `region` | draws that satisfy the relations |
//! | `size` | the exact number of points, and the enumeration behind it |
//!
//! **Conditions.** A parameter whose `when` does not hold is *inactive*: absent from every
//! assignment. Parameters are decided in an order in which each comes after all that its `when`
//! reads; ties keep the order of declaration. A predicate is asked only about active parameters.
//!
//! **Relations** (`require`) are solved before sampling: they never cost a trial.
//!
//! **Where it differs from Optuna.** Optuna learns a space from what an objective happened to ask
//! for; here it is declared. A list of choices that are equal in Python (`1`, `1.0`, `True`) is
//! refused, because Optuna would read the second back as the first.

mod decimal;
mod distribution;
mod error;
mod json;
pub mod python_json;
mod region;
mod size;
mod structure;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

pub use error::{DistributionError, SpaceError};
pub use size::SpaceSize;
use structure::Structure;

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
        f.debug_struct("Predicate").field("text", &self.text).field("reads", &self.reads).finish_non_exhaustive()
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

/// A validated space: parameters in declaration order, and relations each sampled assignment must
/// satisfy.
#[derive(Debug, Clone, Default)]
pub struct Space {
    params: IndexMap<String, Param>,
    require: Vec<Predicate>,
    structure: Structure,
}

impl Space {
    /// A space of these parameters and relations; upper bounds are lowered to their grids.
    ///
    /// # Errors
    ///
    /// [`SpaceError::Distribution`] for a range that is none, [`SpaceError::UnknownParam`] for a
    /// predicate that reads a name which is not a parameter, [`SpaceError::Cycle`] for conditions
    /// that wait for each other.
    pub fn try_new(mut params: IndexMap<String, Param>, require: Vec<Predicate>) -> Result<Self, SpaceError> {
        for (name, param) in &mut params {
            let distribution = param.distribution.clone().validated();
            param.distribution =
                distribution.map_err(|source| SpaceError::Distribution { name: name.clone(), source })?;
        }
        let structure = Structure::try_new(&params, &require)?;
        Ok(Self { params, require, structure })
    }

    /// The parameters, in declaration order.
    #[must_use]
    pub fn params(&self) -> &IndexMap<String, Param> {
        &self.params
    }

    /// The relations.
    #[must_use]
    pub fn require(&self) -> &[Predicate] {
        &self.require
    }

    /// Number of parameters.
    #[must_use]
    pub fn len(&self) -> usize {
        self.params.len()
    }

    /// Whether there are no parameters.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.params.is_empty()
    }

    /// A parameter's distribution.
    #[must_use]
    pub fn distribution(&self, name: &str) -> Option<&Distribution> {
        self.params.get(name).map(|param| &param.distribution)
    }

    /// The positions of the parameters, each after all that its condition reads.
    #[must_use]
    pub fn order(&self) -> &[usize] {
        self.structure.order()
    }

    /// The names of the parameters that are active in an assignment, in declaration order. Values
    /// of inactive and unknown parameters count for nothing.
    #[must_use]
    pub fn active<'a>(&'a self, assignment: &Assignment) -> Vec<&'a str> {
        let mut decided = Assignment::new();
        let mut active = vec![false; self.len()];
        for &index in self.order() {
            let (name, _) = self.param(index);
            active[index] = self.is_active(index, &decided);
            if let (true, Some(value)) = (active[index], assignment.get(name)) {
                decided.insert(name.to_owned(), value.clone());
            }
        }
        let names = self.params.keys().zip(active);
        names.filter_map(|(name, active)| active.then_some(name.as_str())).collect()
    }

    /// The assignment that a trial is run with and known by: inactive and unknown parameters
    /// dropped, values canonical (see [`Distribution::canonical`]).
    #[must_use]
    pub fn normalize(&self, assignment: &Assignment) -> Assignment {
        let mut normal = Assignment::new();
        for &index in self.order() {
            let (name, param) = self.param(index);
            if !self.is_active(index, &normal) {
                continue;
            }
            if let Some(value) = assignment.get(name) {
                normal.insert(name.to_owned(), param.distribution.canonical(value));
            }
        }
        normal
    }

    /// Whether the assignment is a point of the space: exactly the active parameters, each value in
    /// its distribution, every relation satisfied.
    #[must_use]
    pub fn is_member(&self, assignment: &Assignment) -> bool {
        let active = self.active(assignment);
        active.len() == assignment.len()
            && active.iter().all(|&name| {
                let distribution = self.distribution(name);
                let value = assignment.get(name);
                distribution.zip(value).is_some_and(|(distribution, value)| distribution.contains(value))
            })
            && self.require.iter().all(|predicate| (predicate.holds)(assignment))
    }

    /// Name and parameter at a position of the declaration order.
    pub(crate) fn param(&self, index: usize) -> (&str, &Param) {
        let (name, param) = self.params.get_index(index).expect("positions come from this space");
        (name, param)
    }

    /// Whether the parameter at a position is active, given all that its condition reads.
    pub(crate) fn is_active(&self, index: usize, decided: &Assignment) -> bool {
        holds(self.param(index).1.when.as_ref(), decided)
    }

    /// Which parameters and relations depend on which.
    pub(crate) fn structure(&self) -> &Structure {
        &self.structure
    }
}

fn holds(when: Option<&Predicate>, decided: &Assignment) -> bool {
    when.is_none_or(|predicate| (predicate.holds)(decided))
}

#[cfg(test)]
mod tests;
