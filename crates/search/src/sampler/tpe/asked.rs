//! Where candidates lie on one axis.

use super::dimension::Dimension;

/// Candidates on one axis.
#[derive(Debug, Clone)]
pub(super) enum Asked {
    /// A continuous range: the position of each.
    Spread(Vec<f64>),
    /// A grid, or choices: the values that occur, and which of them each candidate has.
    Stepped {
        /// Internal values, each once.
        values: Vec<f64>,
        /// By candidate.
        of: Vec<usize>,
    },
}

impl Asked {
    /// On each axis. Candidates are internal values by axis.
    pub(super) fn by_axis(dimensions: &[Dimension], candidates: &[Vec<f64>]) -> Vec<Self> {
        let on = |axis: usize| candidates.iter().map(move |candidate| candidate[axis]);
        let axes = dimensions.iter().enumerate().map(|(axis, dimension)| match dimension {
            Dimension::Numerical(interval) if interval.step.is_none() => {
                Self::Spread(on(axis).map(|value| interval.position(value)).collect())
            }
            _ => {
                let mut values: Vec<f64> = Vec::new();
                let of = on(axis).map(|value| {
                    let known = values.iter().position(|known| *known == value);
                    known.unwrap_or_else(|| {
                        values.push(value);
                        values.len() - 1
                    })
                });
                Self::Stepped { of: of.collect(), values }
            }
        });
        axes.collect()
    }
}
