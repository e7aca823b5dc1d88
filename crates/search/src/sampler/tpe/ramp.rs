//! The weights of a mixture as a straight line that ends in a flat piece.

use super::options::{TpeOptions, Weights};

/// How many of the youngest observations have the weight 1.
pub(super) const FLAT: usize = 25;

/// Weights of observations by age, oldest first: `first + slope · i`, and 1 from `flat_from` on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Ramp {
    pub(super) first: f64,
    pub(super) slope: f64,
    pub(super) flat_from: usize,
    /// Of all observations and the prior.
    pub(super) total: f64,
}

impl Ramp {
    /// The ramp over more than [`FLAT`] + 1 observations.
    pub(super) fn new(observations: usize, options: &TpeOptions) -> Self {
        let count = observations as f64;
        match options.weights {
            Weights::Equal => Self { first: 1.0, slope: 0.0, flat_from: 0, total: count + options.prior_weight },
            Weights::Ramp => {
                let flat_from = observations - FLAT;
                let first = 1.0 / count;
                let total = flat_from as f64 * (first + 1.0) / 2.0 + FLAT as f64 + options.prior_weight;
                Self { first, slope: (1.0 - first) / (flat_from - 1) as f64, flat_from, total }
            }
        }
    }

    /// The weight of observation `index`.
    pub(super) fn weight(&self, index: usize) -> f64 {
        if index >= self.flat_from { 1.0 } else { self.straight(index) }
    }

    /// What the straight line has in place of the weight.
    pub(super) fn straight(&self, index: usize) -> f64 {
        self.first + self.slope * index as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_has_the_weights_of_the_option() {
        for weights in [Weights::Ramp, Weights::Equal] {
            let options = TpeOptions { weights, prior_weight: 0.5, ..TpeOptions::default() };
            for observations in [27, 98, 1_234] {
                let ramp = Ramp::new(observations, &options);
                let mut total = 0.5;
                for index in 0..observations {
                    assert!((ramp.weight(index) - weights.weight(index, observations)).abs() < 1e-14);
                    total += ramp.weight(index);
                }
                assert!((ramp.total - total).abs() < 1e-11 * total, "{observations}");
            }
        }
    }
}
