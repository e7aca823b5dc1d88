//! From `wickra-core` indicators and from our own steps to [`Kernel`]s.
//!
//! **NaN policy:** a bar with an undefined input is not fed to the state machine and gives NaN. A
//! stretch whose first inputs are undefined (the warm-up of what it is computed from) is fed from the
//! first defined bar on, so that the exact batch formulations still apply to the rest.

use wickra_core::{Candle, Error, Indicator};

use super::{InvalidArguments, Kernel, Made};
use crate::wide::{Wide, widely};

impl From<Error> for InvalidArguments {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        Self(text.strip_prefix("invalid period: ").unwrap_or(&text).to_owned())
    }
}

/// A state machine of `I` inputs and `O` outputs, fed one bar at a time. It sees every bar, also those
/// with undefined inputs, and writes NaN where it has no value.
pub(super) trait Step<const I: usize, const O: usize>: Send {
    /// Feed one bar.
    fn step(&mut self, input: [f64; I]) -> [f64; O];

    /// Feed a stretch of bars, all columns of one length. Whoever has a faster way than bar by bar says so here: the
    /// values must be those of [`step`](Self::step) to the last bit, and the state that is left behind as well.
    #[inline(always)]
    fn stretch(&mut self, inputs: [&[f64]; I], outputs: [&mut [f64]; O])
    where
        Self: Sized,
    {
        each_bar(self, inputs, outputs);
    }
}

/// A stretch bar by bar, in a loop that the compiler sees through.
pub(super) fn each_bar<S: Step<I, O>, const I: usize, const O: usize>(
    step: &mut S,
    inputs: [&[f64]; I],
    outputs: [&mut [f64]; O],
) {
    let bars = inputs[0].len();
    // Slices of one known length leave no bound to be checked in the loop.
    let inputs = inputs.map(|column| &column[..bars]);
    let mut outputs = outputs.map(|column| &mut column[..bars]);
    for t in 0..bars {
        let values = step.step(std::array::from_fn(|i| inputs[i][t]));
        for (column, value) in outputs.iter_mut().zip(values) {
            column[t] = value;
        }
    }
}

/// Whether no value is NaN or infinite.
#[inline(always)]
pub(crate) fn are_finite(values: &[f64]) -> bool {
    // Without a way out of the inner loop the compiler compares several values at once.
    values.chunks(1024).all(|block| block.iter().fold(true, |all, x| all & x.is_finite()))
}

/// A kernel from a step: batch is the same step in a loop that the compiler sees through.
struct Stepped<S, const I: usize, const O: usize>(S);

/// A kernel from one of our own steps.
pub(super) fn step<const I: usize, const O: usize>(step: impl Step<I, O> + 'static) -> Made {
    Ok(Box::new(Stepped(step)))
}

impl<S: Step<I, O>, const I: usize, const O: usize> Kernel for Stepped<S, I, O> {
    fn update(&mut self, input: &[f64], output: &mut [f64]) {
        let input = std::array::from_fn(|i| input[i]);
        output.copy_from_slice(&self.0.step(input));
    }

    fn batch(&mut self, inputs: &[&[f64]], outputs: &mut [Vec<f64>]) {
        let bars = inputs[0].len();
        outputs.iter_mut().for_each(|output| output.resize(bars, 0.0));
        let columns: [&[f64]; I] = std::array::from_fn(|i| &inputs[i][..bars]);
        let Ok(written) = <[&mut [f64]; O]>::try_from(outputs.iter_mut().map(Vec::as_mut_slice).collect::<Vec<_>>())
        else {
            unreachable!("the caller gives one vector for each output");
        };
        widely(Batch { step: &mut self.0, columns, written });
    }
}

/// Whole columns through a step.
struct Batch<'a, S, const I: usize, const O: usize> {
    step: &'a mut S,
    columns: [&'a [f64]; I],
    written: [&'a mut [f64]; O],
}

impl<S: Step<I, O>, const I: usize, const O: usize> Wide for Batch<'_, S, I, O> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        self.step.stretch(self.columns, self.written);
    }
}

/// One series in, one number out: keeps the indicator's own exact batch.
struct Single<T>(T);

/// A kernel from an indicator of one series with one output.
pub(super) fn series<T>(indicator: Result<T, Error>) -> Made
where
    T: Indicator<Input = f64, Output = f64> + Send + 'static,
{
    Ok(Box::new(Single(indicator?)))
}

impl<T: Indicator<Input = f64, Output = f64> + Send> Kernel for Single<T> {
    fn update(&mut self, input: &[f64], output: &mut [f64]) {
        output[0] = defined(input).map_or(f64::NAN, |[x]| self.0.update(x).unwrap_or(f64::NAN));
    }

    fn batch(&mut self, inputs: &[&[f64]], outputs: &mut [Vec<f64>]) {
        let (input, output) = (inputs[0], &mut outputs[0]);
        output.resize(input.len(), 0.0);
        let start = input.iter().position(|x| x.is_finite()).unwrap_or(input.len());
        output[..start].fill(f64::NAN);
        self.0.batch_nan_into(&input[start..], &mut output[start..]);
    }
}

/// The inputs of a bar if all are finite.
#[inline]
fn defined<const I: usize>(input: &[f64]) -> Option<[f64; I]> {
    let input: [f64; I] = std::array::from_fn(|i| input[i]);
    input.iter().all(|x| x.is_finite()).then_some(input)
}

/// An indicator between a bar's inputs and its outputs.
struct Mapped<T, F, G> {
    indicator: T,
    enter: F,
    leave: G,
}

impl<T, F, G, const I: usize, const O: usize> Step<I, O> for Mapped<T, F, G>
where
    T: Indicator + Send,
    F: Fn([f64; I]) -> T::Input + Send,
    G: Fn(T::Output) -> [f64; O] + Send,
{
    #[inline]
    fn step(&mut self, input: [f64; I]) -> [f64; O] {
        defined(&input)
            .and_then(|input| self.indicator.update((self.enter)(input)))
            .map_or([f64::NAN; O], |value| (self.leave)(value).map(finite_or_nan))
    }
}

#[inline]
fn finite_or_nan(value: f64) -> f64 {
    if value.is_finite() { value } else { f64::NAN }
}

/// A kernel from an indicator with several inputs or outputs: `enter` builds what it takes from a
/// bar's inputs, `leave` lays its value out as outputs.
pub(super) fn mapped<T, const I: usize, const O: usize>(
    indicator: Result<T, Error>,
    enter: impl Fn([f64; I]) -> T::Input + Send + 'static,
    leave: impl Fn(T::Output) -> [f64; O] + Send + 'static,
) -> Made
where
    T: Indicator + Send + 'static,
{
    step(Mapped { indicator: indicator?, enter, leave })
}

/// One value as the only output.
pub(super) fn one(value: f64) -> [f64; 1] {
    [value]
}

/// One series, as it is.
pub(super) fn value([value]: [f64; 1]) -> f64 {
    value
}

/// Two series.
pub(super) fn pair([a, b]: [f64; 2]) -> (f64, f64) {
    (a, b)
}

// Candles with only the fields that an indicator reads; the others repeat one of them. Bars are checked
// when they are loaded, so that nothing is checked again for each bar.

/// High and low.
pub(super) fn hl([high, low]: [f64; 2]) -> Candle {
    Candle::new_unchecked(low, high, low, low, 0.0, 0)
}

/// Open and close.
pub(super) fn oc([open, close]: [f64; 2]) -> Candle {
    Candle::new_unchecked(open, open.max(close), open.min(close), close, 0.0, 0)
}

/// High, low and close.
pub(super) fn hlc([high, low, close]: [f64; 3]) -> Candle {
    Candle::new_unchecked(close, high, low, close, 0.0, 0)
}

/// Open, high, low and close.
pub(super) fn ohlc([open, high, low, close]: [f64; 4]) -> Candle {
    Candle::new_unchecked(open, high, low, close, 0.0, 0)
}

/// High, low and volume.
pub(super) fn hlv([high, low, volume]: [f64; 3]) -> Candle {
    Candle::new_unchecked(low, high, low, low, volume, 0)
}

/// High, low, close and volume.
pub(super) fn hlcv([high, low, close, volume]: [f64; 4]) -> Candle {
    Candle::new_unchecked(close, high, low, close, volume, 0)
}

/// A price (the close, or any series) and volume.
pub(super) fn cv([close, volume]: [f64; 2]) -> Candle {
    Candle::new_unchecked(close, close, close, close, volume, 0)
}

/// One series in place of all prices.
pub(super) fn price([x]: [f64; 1]) -> Candle {
    Candle::new_unchecked(x, x, x, x, 0.0, 0)
}

/// Volume alone.
pub(super) fn volume([volume]: [f64; 1]) -> Candle {
    Candle::new_unchecked(1.0, 1.0, 1.0, 1.0, volume, 0)
}
