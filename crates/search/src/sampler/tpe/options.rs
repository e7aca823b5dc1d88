//! The options of TPE. [`TpeOptions::optuna`] has Optuna 5's defaults; ours differ where that finds better values.

use super::super::SamplerError;

/// How many of the trials form the good density `l`.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Gamma {
    /// Optuna's for the number of objectives: for one `min(⌈0.1 n⌉, 25)`, for several `⌈0.1 n⌉`.
    Automatic,
    /// `min(⌈fraction · n⌉, limit)`: Optuna's, with 0.1 and 25.
    Linear {
        /// Share of the trials.
        fraction: f64,
        /// Not more than this.
        limit: usize,
    },
    /// `min(⌈factor · √n⌉, limit)`: hyperopt's, with 0.25 and 25.
    SquareRoot {
        /// Factor of the root.
        factor: f64,
        /// Not more than this.
        limit: usize,
    },
}

impl Gamma {
    /// How many of `trials` trials are good, with so many objectives.
    #[must_use]
    pub fn good(self, trials: usize, objectives: usize) -> usize {
        let (share, limit) = match self {
            Self::Automatic => (0.1 * trials as f64, if objectives > 1 { usize::MAX } else { 25 }),
            Self::Linear { fraction, limit } => (fraction * trials as f64, limit),
            Self::SquareRoot { factor, limit } => (factor * (trials as f64).sqrt(), limit),
        };
        (share.ceil() as usize).min(limit).min(trials)
    }
}

/// The weights of a density's trials, oldest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Weights {
    /// 1 for the newest 25; before them a ramp from `1/n` to 1. Optuna's.
    Ramp,
    /// 1 for each.
    Equal,
}

impl Weights {
    /// The weight of trial `index` of `trials`.
    pub(super) fn weight(self, index: usize, trials: usize) -> f64 {
        const FLAT: usize = 25;
        let ramp = trials.saturating_sub(FLAT);
        if self == Self::Equal || index >= ramp {
            return 1.0;
        }
        let first = 1.0 / trials as f64;
        match ramp - 1 {
            0 => first,
            // The ramp reaches 1 exactly at its end; the formula could miss it by a rounding.
            last if index == last => 1.0,
            last => index as f64 * ((1.0 - first) / last as f64) + first,
        }
    }
}

/// Which parameters share a density.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Multivariate {
    /// [`Joint`](Self::Joint) for one objective, [`Independent`](Self::Independent) for several.
    Automatic,
    /// Parameters that are active together share one density.
    Joint,
    /// Each parameter has a density of its own.
    Independent,
}

/// Where the first trials are, before there is something to learn from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Startup {
    /// Points of the scrambled [`Sobol`](crate::sampler::sobol) sequence, which leave no part of the space unseen.
    Sobol,
    /// Uniform draws. Optuna's.
    Random,
}

/// The options of [`Tpe`](super::Tpe).
#[derive(Debug, Clone, PartialEq)]
pub struct TpeOptions {
    /// Trials that are not proposed from densities: until so many are learned from. Default 10.
    pub startup_trials: usize,
    /// Where those are. Default: Sobol's points; Optuna draws them at random.
    pub startup: Startup,
    /// How many times narrower than Optuna's the kernels of `l` may be, at least 1: from five trials a parameter on,
    /// times the number of trials in flight; and no narrower than a step of the parameter's grid. Default 3;
    /// Optuna's are 1.
    pub sharpness: f64,
    /// With one objective and joint densities: the share of proposals that are the lowest point of a parabola through the
    /// best trials, while that explains them. Default 0.25; Optuna has none.
    pub parabola: f64,
    /// Candidates drawn from `l`, the best of which is proposed. Default 12; Optuna draws 24.
    pub candidates: usize,
    /// How many trials are good. Default: automatic.
    pub gamma: Gamma,
    /// The weights of the trials. Default: ramp.
    pub weights: Weights,
    /// Weight of the prior: one wide kernel over the whole range. Default 1.
    pub prior_weight: f64,
    /// Which parameters share a density. Default: automatic.
    pub multivariate: Multivariate,
    /// Trials in flight count as bad ones, so that proposals keep apart. Default: yes.
    pub constant_liar: bool,
    /// Kernels are at least `range / min(100, n + 1)` wide. Default: yes.
    pub magic_clip: bool,
    /// The ends of the range count as neighbours of the outermost trials. Default: no.
    pub endpoints: bool,
    /// Densities kernel by kernel, at a cost that grows with the history, instead of from sums that
    /// differ by less than 10⁻⁶ in the logarithm. Default: no.
    pub exact: bool,
}

impl Default for TpeOptions {
    fn default() -> Self {
        Self {
            startup_trials: 10,
            startup: Startup::Sobol,
            sharpness: 3.0,
            parabola: 0.25,
            candidates: 12,
            gamma: Gamma::Automatic,
            weights: Weights::Ramp,
            prior_weight: 1.0,
            multivariate: Multivariate::Automatic,
            constant_liar: true,
            magic_clip: true,
            endpoints: false,
            exact: false,
        }
    }
}

impl TpeOptions {
    /// The defaults of Optuna 5: random first trials, 24 candidates, kernels of `l` as wide as those of `g`, and no
    /// parabola.
    #[must_use]
    pub fn optuna() -> Self {
        Self { startup: Startup::Random, sharpness: 1.0, parabola: 0.0, candidates: 24, ..Self::default() }
    }

    /// Check every option.
    ///
    /// # Errors
    ///
    /// [`SamplerError::Option`] for the first one out of its range.
    pub fn validated(self) -> Result<Self, SamplerError> {
        let error = |option, expected, got: String| Err(SamplerError::Option { sampler: "tpe", option, expected, got });
        if self.candidates == 0 {
            return error("candidates", "at least 1", self.candidates.to_string());
        }
        // Zero would give a choice that was never seen a density of 0 and its logarithm no value.
        if !(self.prior_weight > 0.0 && self.prior_weight.is_finite()) {
            return error("prior_weight", "above 0 and finite", self.prior_weight.to_string());
        }
        if !(self.sharpness >= 1.0 && self.sharpness.is_finite()) {
            return error("sharpness", "at least 1 and finite", self.sharpness.to_string());
        }
        if !(0.0..=1.0).contains(&self.parabola) {
            return error("parabola", "between 0 and 1", self.parabola.to_string());
        }
        let share = match self.gamma {
            Gamma::Automatic => 0.1,
            Gamma::Linear { fraction: share, .. } | Gamma::SquareRoot { factor: share, .. } => share,
        };
        if !(share > 0.0 && share.is_finite()) {
            return error("gamma", "above 0 and finite", share.to_string());
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_of_the_trials_is_good_up_to_25() {
        let gamma = TpeOptions::default().gamma;
        let good: Vec<usize> = [0, 1, 10, 11, 30, 250, 251, 10_000].map(|n| gamma.good(n, 1)).to_vec();
        assert_eq!(good, [0, 1, 1, 2, 3, 25, 25, 25]);
        assert_eq!(gamma.good(10_000, 2), 1_000);
        assert_eq!(Gamma::Linear { fraction: 0.1, limit: 25 }.good(10_000, 2), 25);
        assert_eq!(Gamma::SquareRoot { factor: 0.25, limit: 25 }.good(100, 1), 3);
    }

    #[test]
    fn the_newest_25_weigh_1_and_the_ramp_ends_at_1() {
        let weights = |n| (0..n).map(|i| Weights::Ramp.weight(i, n)).collect::<Vec<_>>();
        assert_eq!(weights(3), [1.0; 3]);
        assert_eq!(weights(26)[..2], [1.0 / 26.0, 1.0]);
        let of_28 = weights(28);
        assert_eq!(of_28[0], 1.0 / 28.0);
        assert!((of_28[1] - (1.0 + 1.0 / 28.0) / 2.0).abs() < 1e-15);
        assert_eq!(of_28[2..], [1.0; 26]);
    }

    #[test]
    fn options_out_of_range_are_named() {
        let wrong = TpeOptions { candidates: 0, ..TpeOptions::default() };
        let message = wrong.validated().unwrap_err().to_string();
        assert_eq!(message, "option 'candidates' of the sampler 'tpe' must be at least 1, got 0");
        let wrong = TpeOptions { prior_weight: f64::NAN, ..TpeOptions::default() };
        assert!(wrong.validated().is_err());
        let wrong = TpeOptions { sharpness: 0.5, ..TpeOptions::default() };
        assert!(wrong.validated().is_err());
        let wrong = TpeOptions { parabola: 1.5, ..TpeOptions::default() };
        assert!(wrong.validated().is_err());
    }
}
