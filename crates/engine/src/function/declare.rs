//! The one-line form in which catalogue entries are written.
//!
//! ```text
//! functions! { "Moving averages", Number;
//!     "sma", SERIES, (length: period(1) = 20), [""], length - 1, series(Sma::new(length)), "Arithmetic mean.";
//! }
//! ```
//!
//! In order: name, inputs, arguments with bounds and default, outputs, lookback, kernel, doc line. In the
//! lookback and the kernel each argument is a variable: a `period` a `usize`, a `real` an `f64`.

use super::{Arg, ArgKind, BarColumn, Input, InvalidArguments, MAX_PERIOD};

/// One number series.
pub(super) const SERIES: &[Input] = &[Input::Series];
/// Two number series.
pub(super) const PAIR: &[Input] = &[Input::Series, Input::Series];
/// One condition series.
pub(super) const CONDITION: &[Input] = &[Input::Condition];
/// A number series at the bars of a condition.
pub(super) const CONDITION_AND_SERIES: &[Input] = &[Input::Condition, Input::Series];
/// A number series and the volume.
pub(super) const SERIES_AND_VOLUME: &[Input] = &[Input::Series, Input::Column(BarColumn::Volume)];
/// High and low.
pub(super) const HL: &[Input] = &[Input::Column(BarColumn::High), Input::Column(BarColumn::Low)];
/// Open and close.
pub(super) const OC: &[Input] = &[Input::Column(BarColumn::Open), Input::Column(BarColumn::Close)];
/// High, low and close.
pub(super) const HLC: &[Input] =
    &[Input::Column(BarColumn::High), Input::Column(BarColumn::Low), Input::Column(BarColumn::Close)];
/// Open, high, low and close.
pub(super) const OHLC: &[Input] = &[
    Input::Column(BarColumn::Open),
    Input::Column(BarColumn::High),
    Input::Column(BarColumn::Low),
    Input::Column(BarColumn::Close),
];
/// High, low and volume.
pub(super) const HLV: &[Input] =
    &[Input::Column(BarColumn::High), Input::Column(BarColumn::Low), Input::Column(BarColumn::Volume)];
/// High, low, close and volume.
pub(super) const HLCV: &[Input] = &[
    Input::Column(BarColumn::High),
    Input::Column(BarColumn::Low),
    Input::Column(BarColumn::Close),
    Input::Column(BarColumn::Volume),
];
/// Close and volume.
pub(super) const CV: &[Input] = &[Input::Column(BarColumn::Close), Input::Column(BarColumn::Volume)];
/// The volume alone.
pub(super) const VOLUME: &[Input] = &[Input::Column(BarColumn::Volume)];
/// High, low, close, volume and open time.
pub(super) const HLCV_TIME: &[Input] = &[
    Input::Column(BarColumn::High),
    Input::Column(BarColumn::Low),
    Input::Column(BarColumn::Close),
    Input::Column(BarColumn::Volume),
    Input::Column(BarColumn::Time),
];

/// A whole number of bars, at least `min`.
pub(super) const fn period(min: usize) -> ArgKind {
    ArgKind::Period { min }
}

/// A real number in `[min, max]`.
pub(super) const fn real(min: f64, max: f64) -> ArgKind {
    ArgKind::Real { min, max }
}

/// How each kind of argument becomes the variable that an entry's expressions use.
pub(super) mod bind {
    use super::MAX_PERIOD;

    /// A checked period; clamped, so that a lookback can be asked of any number without overflow.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "saturates, NaN becomes 0, then clamped"
    )]
    pub(in super::super) fn period(value: f64, min: usize) -> usize {
        (value as usize).clamp(min, MAX_PERIOD)
    }

    /// A checked real number, as it is.
    pub(in super::super) const fn real(value: f64, _min: f64, _max: f64) -> f64 {
        value
    }
}

/// The default as written in an entry, if one was.
pub(super) const fn default_of(written: &[f64]) -> Option<f64> {
    match written {
        [value, ..] => Some(*value),
        [] => None,
    }
}

/// Whether each value fits its argument. The language has checked already and says it better; this
/// keeps a kernel from panicking or allocating without bound when the crate is called directly.
///
/// # Errors
///
/// The first argument that does not fit, with its bounds.
pub(super) fn check(args: &[Arg], values: &[f64]) -> Result<(), InvalidArguments> {
    if args.len() != values.len() {
        return Err(InvalidArguments(format!("{} arguments given, {} needed", values.len(), args.len())));
    }
    for (arg, &value) in args.iter().zip(values) {
        check_one(arg, value)
            .map_err(|why| InvalidArguments(format!("`{}` is {value}, but must be {why}", arg.name)))?;
    }
    Ok(())
}

fn check_one(arg: &Arg, value: f64) -> Result<(), String> {
    match arg.kind {
        ArgKind::Period { min } => {
            let fits = value.fract() == 0.0 && value >= min as f64 && value <= MAX_PERIOD as f64;
            fits.then_some(()).ok_or_else(|| format!("a whole number from {min} to {MAX_PERIOD}"))
        }
        ArgKind::Real { min, max } => {
            (value >= min && value <= max).then_some(()).ok_or_else(|| format!("from {min} to {max}"))
        }
    }
}

/// Catalogue entries of one group and kind; see the module's documentation.
macro_rules! functions {
    ($group:literal, $kind:ident; $(
        $name:literal, $inputs:expr,
        ($($arg:ident: $argkind:ident($($bound:expr),*) $(= $default:expr)?),*),
        $outputs:expr, $lookback:expr, $make:expr, $doc:literal;
    )*) => {
        /// The entries of this group.
        pub(super) fn functions() -> Vec<$crate::function::Function> {
            #[allow(unused_imports, reason = "some groups have no arguments")]
            use $crate::function::declare::{bind, check, default_of};
            use $crate::function::{Arg, Function, OutputKind};
            vec![$({
                const ARGS: &[Arg] = &[$(Arg {
                    name: stringify!($arg),
                    kind: $crate::function::declare::$argkind($($bound),*),
                    default: default_of(&[$($default as f64)?]),
                }),*];
                Function {
                    name: $name,
                    group: $group,
                    inputs: $inputs,
                    args: ARGS,
                    outputs: &$outputs,
                    kind: OutputKind::$kind,
                    #[allow(unused_variables, unused_mut, unused_assignments, reason = "not every lookback needs every argument")]
                    lookback: |values| {
                        let mut values = values.iter().copied();
                        $(let $arg = bind::$argkind(values.next().unwrap_or(f64::NAN), $($bound),*);)*
                        $lookback
                    },
                    lookback_formula: stringify!($lookback),
                    doc: $doc,
                    #[allow(unused_variables, unused_mut, reason = "some functions have no arguments")]
                    make: |values| {
                        check(ARGS, values)?;
                        let mut values = values.iter().copied();
                        $(let $arg = bind::$argkind(values.next().unwrap_or(f64::NAN), $($bound),*);)*
                        $make
                    },
                }
            }),*]
        }
    };
}
pub(super) use functions;
