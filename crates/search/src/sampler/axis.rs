//! Parameters as coordinates of the unit cube.
//!
//! A number lies at its share of the range, in the logarithm where the parameter is logarithmic. A grid's
//! range is half a step wider at both ends, so that each point has an equal share of the axis. Choices
//! have no order and stay what they are: their index.

use crate::space::{Distribution, ParamValue};

/// How one parameter is laid out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Axis {
    /// One value only: nothing to decide.
    Single,
    /// An index below `count`.
    Choice {
        /// Number of choices.
        count: usize,
    },
    /// A number.
    Number {
        /// Coordinates are logarithms.
        is_log: bool,
        /// Values lie on a grid.
        is_grid: bool,
        /// The lower end, in the logarithm if it is one.
        low: f64,
        /// The length of the range, above 0.
        width: f64,
    },
}

impl Axis {
    pub(super) fn of(distribution: &Distribution) -> Self {
        if distribution.is_single() {
            return Self::Single;
        }
        let number = |is_log: bool, is_grid, low: f64, high: f64| {
            let (low, high) = if is_log { (libm::log(low), libm::log(high)) } else { (low, high) };
            Self::Number { is_log, is_grid, low, width: high - low }
        };
        match distribution {
            Distribution::Categorical { choices } => Self::Choice { count: choices.len() },
            Distribution::Float { low, high, step, log } => {
                let half = step.unwrap_or(0.0) / 2.0;
                number(*log, step.is_some(), low - half, high + half)
            }
            Distribution::Int { low, high, step, log } => {
                let half = *step as f64 / 2.0;
                number(*log, true, *low as f64 - half, *high as f64 + half)
            }
        }
    }

    /// Where an internal value lies; values outside the range are moved to its ends.
    pub(super) fn coordinate(self, internal: f64) -> f64 {
        match self {
            Self::Single => 0.5,
            Self::Choice { .. } => internal,
            Self::Number { is_log, low, width, .. } => {
                let place = if is_log { libm::log(internal) } else { internal };
                ((place - low) / width).clamp(0.0, 1.0)
            }
        }
    }

    /// The value nearest to a coordinate.
    pub(super) fn value(self, coordinate: f64, distribution: &Distribution) -> ParamValue {
        match self {
            Self::Single | Self::Choice { .. } => distribution.nearest(coordinate),
            Self::Number { is_log, low, width, .. } => {
                let place = low + coordinate * width;
                distribution.nearest(if is_log { libm::exp(place) } else { place })
            }
        }
    }

    /// Whether a coordinate has to be kept inside by the caller; on a grid the nearest point is taken.
    pub(super) fn is_outside(self, coordinate: f64) -> bool {
        matches!(self, Self::Number { is_grid: false, .. }) && !(0.0..=1.0).contains(&coordinate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::space::{float, int, log_int, stepped};

    #[test]
    fn grid_points_share_the_axis_equally() {
        let axis = Axis::of(&int(1, 4));
        let places = [1.0, 2.0, 3.0, 4.0].map(|value| axis.coordinate(value));
        assert_eq!(places, [0.125, 0.375, 0.625, 0.875]);
        assert_eq!(axis.value(0.26, &int(1, 4)), ParamValue::Int(2));
        assert_eq!(axis.value(7.0, &int(1, 4)), ParamValue::Int(4), "beyond the end is the end");
        assert!(!axis.is_outside(7.0));
    }

    #[test]
    fn coordinates_and_values_undo_each_other() {
        for (distribution, value) in [
            (float(-2.0, 6.0), ParamValue::Float(0.5)),
            (stepped(0.5, 5.0, 0.25), ParamValue::Float(1.75)),
            (log_int(1, 1_000), ParamValue::Int(31)),
        ] {
            let axis = Axis::of(&distribution);
            let coordinate = axis.coordinate(distribution.to_internal(&value));
            assert_eq!(axis.value(coordinate, &distribution), value);
        }
        assert!(Axis::of(&float(0.0, 1.0)).is_outside(1.01));
        assert_eq!(Axis::of(&float(2.0, 2.0)), Axis::Single);
    }
}
