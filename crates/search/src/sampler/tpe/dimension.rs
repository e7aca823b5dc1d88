//! A parameter as the estimator sees it: categories, or an interval of a real line.

use crate::space::Distribution;

/// One parameter of an estimator. Observations are *positions*: the logarithm of the internal value
/// on a logarithmic range, the internal value otherwise.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Dimension {
    /// Choices by index.
    Categorical {
        /// How many.
        choices: usize,
    },
    /// Numbers.
    Numerical(Interval),
}

/// The range of a numerical parameter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Interval {
    /// Smallest internal value.
    pub(super) low: f64,
    /// Largest internal value.
    pub(super) high: f64,
    /// Distance of grid points in internal values; `None` for a continuous range.
    pub(super) step: Option<f64>,
    /// Whether positions are logarithms.
    pub(super) is_log: bool,
    /// Position of the lower end; on a grid, half a step below `low`.
    pub(super) start: f64,
    /// Position of the upper end; on a grid, half a step above `high`.
    pub(super) end: f64,
}

impl Dimension {
    pub(crate) fn of(distribution: &Distribution) -> Self {
        match distribution {
            Distribution::Categorical { choices } => Self::Categorical { choices: choices.len() },
            Distribution::Float { low, high, step, log } => {
                Self::Numerical(Interval::new(*low, *high, *step, IsLog(*log)))
            }
            Distribution::Int { low, high, step, log } => {
                Self::Numerical(Interval::new(*low as f64, *high as f64, Some(*step as f64), IsLog(*log)))
            }
        }
    }

    /// Position of an internal value.
    pub(crate) fn position(&self, internal: f64) -> f64 {
        match self {
            Self::Numerical(interval) => interval.position(internal),
            Self::Categorical { .. } => internal,
        }
    }
}

struct IsLog(bool);

impl Interval {
    fn new(low: f64, high: f64, step: Option<f64>, IsLog(is_log): IsLog) -> Self {
        let half = step.unwrap_or(0.0) / 2.0;
        let mut interval = Self { low, high, step, is_log, start: 0.0, end: 0.0 };
        interval.start = interval.position(low - half);
        interval.end = interval.position(high + half);
        interval
    }

    /// Position of an internal value.
    #[inline]
    pub(super) fn position(&self, internal: f64) -> f64 {
        if self.is_log { libm::log(internal) } else { internal }
    }

    /// The internal value nearest to a position.
    pub(super) fn internal(&self, position: f64) -> f64 {
        let internal = if self.is_log { libm::exp(position) } else { position };
        let internal = match self.step {
            Some(step) => self.low + ((internal - self.low) / step).round() * step,
            None => internal,
        };
        internal.max(self.low).min(self.high)
    }

    /// Positions of the ends of the cell around a value: the value's own, where there is no grid.
    pub(super) fn cell(&self, internal: f64) -> (f64, f64) {
        let half = self.step.unwrap_or(0.0) / 2.0;
        if half == 0.0 {
            let position = self.position(internal);
            return (position, position);
        }
        (self.position(internal - half), self.position(internal + half))
    }

    /// Width in positions.
    pub(super) fn width(&self) -> f64 {
        self.end - self.start
    }
}
