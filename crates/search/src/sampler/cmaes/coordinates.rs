//! Which parameters CMA-ES moves, and where their values lie in `[0, 1]`.
//!
//! | parameter | coordinate |
//! |---|---|
//! | float | linear in the value, or in its logarithm |
//! | whole numbers, a float with a step, two choices | evenly spaced values from 0 to 1, with margin |
//! | whole numbers on a logarithmic range | linear in the logarithm, over half a number more on both sides |
//! | one value; three choices and more; anything with a condition | none: see [`apart`](super::apart) |

use crate::space::{Distribution, Space};

/// One coordinate.
#[derive(Debug, Clone)]
pub(super) struct Coordinate {
    /// Position of the parameter in the space.
    pub(super) param: usize,
    distribution: Distribution,
    /// Values at 0 and at 1, logarithms taken.
    low: f64,
    high: f64,
    is_log: bool,
    /// The number of values, where they are evenly spaced.
    values: Option<u64>,
}

/// The coordinates of a space, in the order of declaration.
pub(super) fn coordinates(space: &Space) -> Vec<Coordinate> {
    let params = space.params().values().enumerate();
    let coordinates = params.filter(|(_, param)| param.when.is_none());
    coordinates.filter_map(|(index, param)| Coordinate::of(index, &param.distribution)).collect()
}

impl Coordinate {
    fn of(param: usize, distribution: &Distribution) -> Option<Self> {
        if distribution.is_single() {
            return None;
        }
        let (low, high) = distribution.range();
        let (low, high, is_log) = match distribution {
            Distribution::Categorical { choices } if choices.len() > 2 => return None,
            Distribution::Int { log: true, .. } => (libm::log(low - 0.5), libm::log(high + 0.5), true),
            Distribution::Float { log: true, .. } => (libm::log(low), libm::log(high), true),
            _ => (low, high, false),
        };
        let values = if is_log { None } else { distribution.cardinality() };
        Some(Self { param, distribution: distribution.clone(), low, high, is_log, values })
    }

    /// The number of values, where they are evenly spaced.
    pub(super) fn values(&self) -> Option<u64> {
        self.values
    }

    /// The distribution of the parameter.
    pub(super) fn distribution(&self) -> &Distribution {
        &self.distribution
    }

    /// Where an internal value lies; outside the range counts as its end.
    pub(super) fn position(&self, internal: f64) -> f64 {
        let value = if self.is_log { libm::log(internal) } else { internal };
        ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }

    /// The internal value at a position, before it is made one of the parameter's values.
    pub(super) fn internal(&self, position: f64) -> f64 {
        let value = self.low + position * (self.high - self.low);
        if self.is_log { libm::exp(value) } else { value }
    }
}
