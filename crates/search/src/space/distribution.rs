//! What a distribution contains, counts, draws, and how its values become numbers.
//!
//! **Internal values** are Optuna's: the number itself, or the index of a choice. They are what the
//! history's columns hold.
//!
//! **Grids** are counted from `low`: point `k` is `low + k * step` in one multiplication and one
//! addition, never rounded to a multiple of the step, and the last point is not above `high`. A
//! `high` that is not on the grid is lowered to the last point, as Optuna does, with the steps
//! counted in decimal (`0..0.3` by `0.1` has four points).
//!
//! **Canonical values** are what a trial is run with and known by: a grid's own point, or a float
//! rounded to 10 significant decimals and kept inside the bounds; `-0.0` becomes `0.0`.

use super::decimal::last_grid_point;
use super::{Choice, Distribution, DistributionError, ParamValue};
use crate::stream::RandomStream;

/// The largest whole number up to which every whole number is a float: 2⁵³.
const LARGEST_EXACT_INT: i64 = 1 << 53;

/// How far from a grid point, in steps, a float may lie and still be that point (as in Optuna).
const GRID_TOLERANCE: f64 = 1e-8;

impl Distribution {
    /// The same distribution, checked, with `high` lowered to the last grid point.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong with it.
    pub fn validated(self) -> Result<Self, DistributionError> {
        match self {
            Self::Float { low, high, step, log } => validated_float(low, high, step, log),
            Self::Int { low, high, step, log } => validated_int(low, high, step, log),
            Self::Categorical { choices } => validated_choices(choices),
        }
    }

    /// Whether the value belongs to the distribution. A value of another kind does not; a float
    /// belongs to a grid when it lies within 10⁻⁸ steps of a point.
    #[must_use]
    pub fn contains(&self, value: &ParamValue) -> bool {
        match (self, value) {
            (Self::Float { low, high, step, .. }, ParamValue::Float(value)) => {
                (*low..=*high).contains(value) && step.is_none_or(|step| is_on_grid(*value, *low, step))
            }
            (Self::Int { low, high, step, .. }, ParamValue::Int(value)) => {
                (*low..=*high).contains(value)
                    && (i128::from(*value) - i128::from(*low)) % i128::from(*step).max(1) == 0
            }
            (Self::Categorical { choices }, ParamValue::Choice(index)) => *index < choices.len(),
            _ => false,
        }
    }

    /// Whether there is only one value.
    #[must_use]
    pub fn is_single(&self) -> bool {
        self.cardinality() == Some(1)
    }

    /// How many values there are; `None` for a continuous range and beyond 2⁶⁴ − 1.
    #[must_use]
    pub fn cardinality(&self) -> Option<u64> {
        match self {
            Self::Float { low, high, step: None, .. } => (low == high).then_some(1),
            Self::Float { low, high, step: Some(step), .. } => {
                last_grid_point(*low, *high, *step).map(|(steps, _)| steps + 1)
            }
            Self::Int { low, high, step, .. } => {
                let width = i128::from(*high) - i128::from(*low);
                u64::try_from(width / i128::from(*step).max(1) + 1).ok()
            }
            Self::Categorical { choices } => Some(choices.len() as u64),
        }
    }

    /// Optuna's internal value of a value: the number, or the index of the choice. NaN for a value
    /// of another kind, which never belongs to the distribution.
    #[must_use]
    pub fn to_internal(&self, value: &ParamValue) -> f64 {
        match (self, value) {
            (Self::Categorical { .. }, ParamValue::Choice(index)) => *index as f64,
            (Self::Float { .. } | Self::Int { .. }, ParamValue::Float(value)) => *value,
            (Self::Float { .. } | Self::Int { .. }, ParamValue::Int(value)) => *value as f64,
            _ => f64::NAN,
        }
    }

    /// The value of an internal value. Whole numbers are cut off as Optuna does; an index past the
    /// end is the last choice.
    #[must_use]
    pub fn from_internal(&self, internal: f64) -> ParamValue {
        match self {
            Self::Float { .. } => ParamValue::Float(internal),
            Self::Int { .. } => ParamValue::Int(internal as i64),
            Self::Categorical { choices } => {
                ParamValue::Choice((internal as usize).min(choices.len().saturating_sub(1)))
            }
        }
    }

    /// The value at a position, counted from 0 in increasing order; `None` for a continuous range
    /// and past the end.
    #[must_use]
    pub fn nth(&self, position: u64) -> Option<ParamValue> {
        if position >= self.cardinality()? {
            return None;
        }
        Some(match self {
            Self::Float { low, high, step, .. } => {
                ParamValue::Float(grid_point(position as f64, *low, *high, step.unwrap_or(0.0)))
            }
            Self::Int { low, step, .. } => {
                let value = i128::from(*low) + i128::from(position) * i128::from(*step);
                ParamValue::Int(i64::try_from(value).unwrap_or(i64::MAX))
            }
            Self::Categorical { .. } => ParamValue::Choice(position as usize),
        })
    }

    /// The position of a value, counted from 0 in increasing order: the inverse of [`nth`](Self::nth).
    /// `None` for a continuous range and for a value that does not belong to the distribution.
    #[must_use]
    pub fn position(&self, value: &ParamValue) -> Option<u64> {
        let count = self.cardinality()?;
        if !self.contains(value) {
            return None;
        }
        let position = match (self, value) {
            (Self::Float { low, step, .. }, ParamValue::Float(value)) => {
                step.map_or(0, |step| ((value - low) / step).round() as u64)
            }
            (Self::Int { low, step, .. }, ParamValue::Int(value)) => ((value - low) / step) as u64,
            (_, ParamValue::Choice(index)) => *index as u64,
            _ => return None,
        };
        (position < count).then_some(position)
    }

    /// The value below which the given share of [`draw`](Self::draw)'s values lies, canonical; shares
    /// outside `[0, 1)` count as its ends.
    ///
    /// ```
    /// use bartune_search::space::{Distribution, ParamValue};
    ///
    /// let rate = Distribution::Float { low: 0.01, high: 100.0, step: None, log: true };
    /// assert_eq!(rate.at_share(0.5), ParamValue::Float(1.0));
    /// let period = Distribution::Int { low: 10, high: 40, step: 10, log: false };
    /// assert_eq!([0.0, 0.3, 0.99].map(|share| period.at_share(share)), [10, 20, 40].map(ParamValue::Int));
    /// ```
    #[must_use]
    pub fn at_share(&self, share: f64) -> ParamValue {
        let share = if share > 0.0 { share.min(1.0 - f64::EPSILON / 2.0) } else { 0.0 };
        let logarithmic = |low: f64, high: f64| {
            let (low, high) = (libm::log(low), libm::log(high));
            self.nearest(libm::exp(low + share * (high - low)))
        };
        match self {
            Self::Int { low, high, log: true, .. } => logarithmic(*low as f64 - 0.5, *high as f64 + 0.5),
            Self::Float { low, high, log: true, .. } if low < high => logarithmic(*low, *high),
            _ => match self.cardinality() {
                Some(count) => {
                    let position = ((share * count as f64) as u64).min(count - 1);
                    self.nth(position).unwrap_or_else(|| self.nearest(f64::NAN))
                }
                None => {
                    let (low, high) = self.range();
                    self.nearest(low + share * (high - low))
                }
            },
        }
    }

    /// Smallest and largest internal value.
    pub(crate) fn range(&self) -> (f64, f64) {
        match self {
            Self::Float { low, high, .. } => (*low, *high),
            Self::Int { low, high, .. } => (*low as f64, *high as f64),
            Self::Categorical { choices } => (0.0, choices.len().saturating_sub(1) as f64),
        }
    }

    /// The nearest value to an internal value, canonical; NaN counts as `low`.
    #[must_use]
    pub fn nearest(&self, internal: f64) -> ParamValue {
        match self {
            Self::Float { low, high, step, .. } => ParamValue::Float(match step {
                Some(step) => grid_point(((internal - low) / step).round().max(0.0), *low, *high, *step),
                None => canonical_float(internal.max(*low).min(*high), *low, *high),
            }),
            Self::Int { low, high, step, .. } => {
                let internal = internal.max(*low as f64).min(*high as f64);
                let steps = ((internal - *low as f64) / *step as f64).round().max(0.0);
                let value = i128::from(*low) + steps as i128 * i128::from(*step);
                ParamValue::Int(i64::try_from(value).unwrap_or(*high).clamp(*low, *high))
            }
            Self::Categorical { .. } => self.from_internal(internal.max(0.0).round()),
        }
    }

    /// The canonical form of a value (see the module's header); a value that does not belong to the
    /// distribution keeps its number, so that two different ones never become one.
    #[must_use]
    pub fn canonical(&self, value: &ParamValue) -> ParamValue {
        match (self, value) {
            (Self::Float { low, high, step, .. }, ParamValue::Float(_) | ParamValue::Int(_)) => {
                let number = self.to_internal(value);
                ParamValue::Float(match step {
                    Some(step) if is_on_grid(number, *low, *step) && (*low..=*high).contains(&number) => {
                        grid_point(((number - low) / step).round(), *low, *high, *step)
                    }
                    _ => canonical_float(number, *low, *high),
                })
            }
            // 2⁵³ bounds every valid range, so that the cast cannot lose a digit of a member.
            (Self::Int { .. }, ParamValue::Float(number))
                if number.fract() == 0.0 && number.abs() <= LARGEST_EXACT_INT as f64 =>
            {
                ParamValue::Int(*number as i64)
            }
            _ => value.clone(),
        }
    }

    /// A draw with Optuna's meaning of "uniform": over the range, over its logarithm, or over the
    /// points of the grid, each equally likely. Whole numbers on a logarithmic range are rounded
    /// draws from `[ln(low - 1/2), ln(high + 1/2)]`.
    pub fn draw(&self, stream: &mut RandomStream) -> ParamValue {
        match self {
            Self::Int { low, high, log: true, .. } => {
                let (low, high) = (libm::log(*low as f64 - 0.5), libm::log(*high as f64 + 0.5));
                self.nearest(libm::exp(low + stream.uniform() * (high - low)))
            }
            Self::Float { low, high, log: true, .. } if low < high => {
                let (low, high) = (libm::log(*low), libm::log(*high));
                self.nearest(libm::exp(low + stream.uniform() * (high - low)))
            }
            Self::Float { low, high, .. } if self.cardinality().is_none() => {
                self.nearest(low + stream.uniform() * (high - low))
            }
            _ => {
                let position = stream.below(self.cardinality().unwrap_or(u64::MAX));
                self.nth(position).unwrap_or_else(|| self.nearest(f64::NAN))
            }
        }
    }
}

fn validated_float(low: f64, high: f64, step: Option<f64>, log: bool) -> Result<Distribution, DistributionError> {
    if !(high - low).is_finite() || step.is_some_and(|step| !step.is_finite()) {
        return Err(DistributionError::NotFinite { low, high });
    }
    if low > high {
        return Err(DistributionError::LowAboveHigh { low, high });
    }
    match step {
        Some(step) if log => return Err(DistributionError::StepWithLog { step }),
        Some(step) if step <= 0.0 => return Err(DistributionError::StepNotPositive { step }),
        _ => {}
    }
    if log && low <= 0.0 {
        return Err(DistributionError::LogOfNonPositive { low, whole: false });
    }
    let high = step.and_then(|step| last_grid_point(low, high, step)).map_or(high, |(_, last)| last);
    Ok(Distribution::Float { low, high, step, log })
}

fn validated_int(low: i64, high: i64, step: i64, log: bool) -> Result<Distribution, DistributionError> {
    for value in [low, high] {
        if value.unsigned_abs() > LARGEST_EXACT_INT.unsigned_abs() {
            return Err(DistributionError::IntTooLarge { value });
        }
    }
    if low > high {
        return Err(DistributionError::LowAboveHigh { low: low as f64, high: high as f64 });
    }
    if step <= 0 {
        return Err(DistributionError::StepNotPositive { step: step as f64 });
    }
    if log && step != 1 {
        return Err(DistributionError::StepWithLog { step: step as f64 });
    }
    if log && low < 1 {
        return Err(DistributionError::LogOfNonPositive { low: low as f64, whole: true });
    }
    // No overflow: both bounds lie within ±2⁵³.
    let high = low + (high - low) / step * step;
    Ok(Distribution::Int { low, high, step, log })
}

fn validated_choices(choices: Vec<Choice>) -> Result<Distribution, DistributionError> {
    if choices.is_empty() {
        return Err(DistributionError::NoChoices);
    }
    for (second, choice) in choices.iter().enumerate() {
        if matches!(choice, Choice::Float(value) if !value.is_finite()) {
            return Err(DistributionError::ChoiceNotFinite { index: second });
        }
        if let Some(first) = choices[..second].iter().position(|other| equals_in_python(other, choice)) {
            return Err(DistributionError::DuplicateChoice { first, second });
        }
    }
    Ok(Distribution::Categorical { choices })
}

/// Whether Python's `==` holds. Optuna finds the index of a stored choice with it, so that of two
/// such choices only the first could ever be read back.
fn equals_in_python(left: &Choice, right: &Choice) -> bool {
    let number = |choice: &Choice| match choice {
        Choice::Bool(value) => Some(f64::from(*value)),
        Choice::Int(value) => Some(*value as f64),
        Choice::Float(value) => Some(*value),
        Choice::Null | Choice::Text(_) => None,
    };
    match (left, right) {
        (Choice::Int(left), Choice::Int(right)) => left == right,
        _ => left == right || number(left).is_some_and(|left| number(right) == Some(left)),
    }
}

fn is_on_grid(value: f64, low: f64, step: f64) -> bool {
    let steps = (value - low) / step;
    (steps - steps.round()).abs() < GRID_TOLERANCE
}

/// Point `steps` of the grid. The last one may come out above `high` by one rounding.
fn grid_point(steps: f64, low: f64, high: f64, step: f64) -> f64 {
    (low + steps * step).min(high) + 0.0
}

/// Ten significant decimals, kept inside the bounds if the value was; `+ 0.0` turns −0.0 into 0.0.
fn canonical_float(value: f64, low: f64, high: f64) -> f64 {
    let rounded: f64 = format!("{value:.9e}").parse().unwrap_or(value);
    let kept = if (low..=high).contains(&value) { rounded.clamp(low, high) } else { rounded };
    kept + 0.0
}

#[cfg(test)]
mod tests;
