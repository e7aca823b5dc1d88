//! What can be wrong with a space.

use thiserror::Error;

/// Why a distribution is not one.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum DistributionError {
    /// A bound or a step is infinite or not a number, or the range is too wide for a float.
    #[error("bounds and step must be finite, got low {low}, high {high}")]
    NotFinite {
        /// Lower bound.
        low: f64,
        /// Upper bound.
        high: f64,
    },
    /// The bounds are in the wrong order.
    #[error("low must not exceed high, got low {low}, high {high}")]
    LowAboveHigh {
        /// Lower bound.
        low: f64,
        /// Upper bound.
        high: f64,
    },
    /// A step of zero or less.
    #[error("step must be above 0, got {step}")]
    StepNotPositive {
        /// The step.
        step: f64,
    },
    /// A logarithm of a number without one.
    #[error("a logarithmic range must start {least}, got low {low}", least = if *.whole { "at 1 or above" } else { "above 0" })]
    LogOfNonPositive {
        /// Lower bound.
        low: f64,
        /// Whether the range is one of whole numbers.
        whole: bool,
    },
    /// A step on a logarithmic range.
    #[error("a logarithmic range takes no step, got step {step}: drop the step or the logarithm")]
    StepWithLog {
        /// The step.
        step: f64,
    },
    /// A whole number that a float cannot hold exactly.
    #[error("whole numbers must lie within ±2^53, got {value}")]
    IntTooLarge {
        /// The number.
        value: i64,
    },
    /// A list without choices.
    #[error("the list of choices is empty")]
    NoChoices,
    /// Two choices that are equal, as Python compares (`1 == 1.0 == True`).
    #[error("choices {first} and {second} (counted from 0) are equal")]
    DuplicateChoice {
        /// Index of the first.
        first: usize,
        /// Index of the second.
        second: usize,
    },
    /// A choice that is infinite or not a number.
    #[error("choice {index} (counted from 0) is not a finite number")]
    ChoiceNotFinite {
        /// Its index.
        index: usize,
    },
    /// Text that is not a distribution in Optuna's JSON.
    #[error("not a distribution in Optuna's JSON form: {reason}")]
    Json {
        /// What is wrong with it.
        reason: String,
    },
}

/// What can be wrong with a space.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum SpaceError {
    /// A parameter's distribution is invalid.
    #[error("parameter '{name}': {source}")]
    Distribution {
        /// The parameter.
        name: String,
        /// What is wrong with it.
        source: DistributionError,
    },
    /// A predicate reads a parameter that does not exist.
    #[error("'{predicate}' reads '{name}', which is not a parameter")]
    UnknownParam {
        /// The predicate's text.
        predicate: String,
        /// The unknown name.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// Conditions that wait for each other.
    #[error("the conditions (`when`) of {} wait for each other", names.join(", "))]
    Cycle {
        /// The parameters that cannot be ordered.
        names: Vec<String>,
    },
    /// The relations exclude every point: proven by enumeration.
    #[error("no point of the space satisfies {}: relax a relation or widen a range", relations.join(" and "))]
    EmptyRegion {
        /// The relations' texts.
        relations: Vec<String>,
    },
    /// No point that satisfies the relations was found, and the region cannot be enumerated.
    #[error("no point that satisfies {} was found in {tries} tries: relax a relation or narrow the ranges around it", relations.join(" and "))]
    RegionNotFound {
        /// The relations' texts.
        relations: Vec<String>,
        /// How many points were tried.
        tries: u32,
    },
}
