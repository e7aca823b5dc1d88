//! Why parameters do not fit a strategy.

use super::RuleName;

/// Why a strategy cannot run with these parameters.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// A parameter is missing although something reads it.
    #[error(
        "{rule} reads the parameter `{name}`, which is inactive here; guard it with the same condition as its `when`"
    )]
    InactiveParameter {
        /// The rule that reads it.
        rule: RuleName,
        /// The parameter.
        name: String,
    },
    /// A value of the wrong type, or a text that is none of the choices.
    #[error("the parameter `{name}` cannot be {value}; it is {expected}")]
    WrongValue {
        /// The parameter.
        name: String,
        /// The value given.
        value: String,
        /// What it is declared as.
        expected: String,
    },
    /// An argument out of its bounds.
    #[error("{rule}: `{argument}` of `{function}` is {value}; it must be {expected}")]
    ArgumentRange {
        /// The rule that reads the call.
        rule: RuleName,
        /// The function.
        function: &'static str,
        /// The argument.
        argument: &'static str,
        /// Its value.
        value: f64,
        /// What fits.
        expected: String,
    },
    /// Arguments that fit each by itself but not together.
    #[error("{rule}: `{function}` does not work with these arguments: {reason}")]
    ArgumentsTogether {
        /// The rule that reads the call.
        rule: RuleName,
        /// The function.
        function: &'static str,
        /// Why.
        reason: String,
    },
    /// A lag that is negative or no whole number.
    #[error("{rule}: a lag of {value} bars; it must be a whole number, 0 or more")]
    Lag {
        /// The rule that reads it.
        rule: RuleName,
        /// Its value.
        value: f64,
    },
    /// `max_bars` or `cooldown` that is no number of bars.
    #[error("{rule} is {value}; it must be a whole number of bars, at least {least}")]
    Count {
        /// Which of the two.
        rule: RuleName,
        /// Its value.
        value: f64,
        /// Smallest allowed.
        least: u32,
    },
}
