//! The function catalogue: everything the strategy language can call.
//!
//! One [`Function`] entry gives a name, inputs, arguments, outputs, lookback and a doc line, and
//! makes a [`Kernel`]: a small state machine that is fed one bar at a time and so cannot look ahead.
//! Whole columns go through the same machine ([`Kernel::batch`]), so batch and stream agree bit for bit.
//!
//! The indicators come from `wickra-core`; where its convention differs from TA-Lib's, which is the
//! standard here, or where it offers none, the kernel is our own (`kernel/`). What this module does
//! not do: parse calls, broadcast scalars to series or cache results; that is [`language`](crate::language).
//!
//! **NaN policy:** a kernel writes NaN where its value is undefined (warm-up, or an undefined input).
//! An undefined input (NaN or infinite) is skipped: it does not enter the kernel's state. Where a
//! function means something else by it (`cross_above`, `bars_since`, …) its own file says so.
//!
//! **Adding one** takes a line in the `catalogue/` file of its group; the tests of this module then
//! hold its lookback, its batch and its causality to the contract, and the documentation lists it.

mod adapter;
mod catalogue;
mod declare;
mod kernel;
mod reference;

#[cfg(test)]
mod tests;

pub(crate) use adapter::are_finite;
pub use catalogue::{catalogue, find, names};
pub use kernel::scalar;
pub use reference::reference;

/// Largest period a call may ask for: 1,048,576 bars, about two years of minutes. It bounds what a
/// mistyped period can allocate.
pub const MAX_PERIOD: usize = 1 << 20;

/// What a function reads from one of its call's series positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// A number series given in the call, as `close` in `ema(close, 20)`.
    Series,
    /// A condition series given in the call (0 or 1 for each bar).
    Condition,
    /// A column of the bars, read without being written in the call, as in `atr(14)`.
    Column(BarColumn),
}

/// A column of the bars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "named after the columns")]
pub enum BarColumn {
    Open,
    High,
    Low,
    Close,
    Volume,
    /// Open time in nanoseconds since 1970 UTC; exact to ~200 ns as a number.
    Time,
}

/// What an argument (a scalar in the call) may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ArgKind {
    /// A whole number of bars, at least `min`.
    Period {
        /// Smallest allowed.
        min: usize,
    },
    /// A real number in `[min, max]`.
    Real {
        /// Smallest allowed.
        min: f64,
        /// Largest allowed.
        max: f64,
    },
}

/// One scalar argument.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Arg {
    /// Name, usable as a keyword in a call.
    pub name: &'static str,
    /// Kind and bounds.
    pub kind: ArgKind,
    /// Value when the call leaves it out.
    pub default: Option<f64>,
}

/// Whether an output is a number or a condition series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputKind {
    /// Numbers.
    Number,
    /// Conditions, 0 or 1.
    Condition,
}

/// One entry of the catalogue.
///
/// ```
/// use bartune_engine::function::find;
///
/// let sma = find("sma").expect("it is in the catalogue");
/// assert_eq!((sma.lookback)(&[3.0]), 2);
/// let mut kernel = (sma.make)(&[3.0])?;
/// let mut output = [Vec::new()];
/// kernel.batch(&[&[1.0, 2.0, 6.0, 4.0]], &mut output);
/// assert!(output[0][1].is_nan());
/// assert_eq!(output[0][2..], [3.0, 4.0]);
/// # Ok::<(), bartune_engine::function::InvalidArguments>(())
/// ```
pub struct Function {
    /// Name in the language.
    pub name: &'static str,
    /// Heading it is documented under.
    pub group: &'static str,
    /// Series it reads, in call order; columns are not written in the call.
    pub inputs: &'static [Input],
    /// Scalars it takes, after the series.
    pub args: &'static [Arg],
    /// Names of its outputs; a single unnamed output is `[""]`. `macd(close).signal` picks one; a call
    /// without a pick means the first.
    pub outputs: &'static [&'static str],
    /// Kind of the outputs.
    pub kind: OutputKind,
    /// Leading undefined values of the output, given the arguments and inputs defined from bar 0.
    pub lookback: fn(&[f64]) -> usize,
    /// The lookback as a formula over the arguments' names, for the documentation.
    pub lookback_formula: &'static str,
    /// One line for the documentation.
    pub doc: &'static str,
    /// A new instance for these arguments, which are checked against `args` once more.
    pub make: fn(&[f64]) -> Made,
}

/// A running instance, or why there is none.
pub type Made = Result<Box<dyn Kernel>, InvalidArguments>;

/// Arguments that each fit but not together, such as `macd(close, 26, 12, 9)`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidArguments(pub String);

/// One running instance of a function.
pub trait Kernel: Send {
    /// Feed one bar: `input[i]` is the i-th input's value, `output[j]` receives the j-th output's.
    fn update(&mut self, input: &[f64], output: &mut [f64]);

    /// Feed a whole stretch of bars, column by column; all inputs are equally long. Each output is
    /// replaced by as many values (what it held before does not matter, its allocation is reused).
    /// Must equal a replay of [`update`](Self::update) bit for bit, and leave the same state behind.
    fn batch(&mut self, inputs: &[&[f64]], outputs: &mut [Vec<f64>]);
}
