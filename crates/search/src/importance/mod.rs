//! Which parameters the results depend on.
//!
//! | evaluator | asks | file |
//! |---|---|---|
//! | PED-ANOVA | which parameters set the best trials apart from the others? | `ped_anova`, `density` |
//! | fANOVA | how much of a forest's variance over the whole space is due to each parameter alone? | `fanova`, `tree` |
//!
//! PED-ANOVA is the default, as in Optuna 5: it needs no model of the objective, takes conditional parameters
//! and several objectives, and costs milliseconds.
//!
//! - **Which trials count**: complete ones with finite values, feasible or not; duplicates do not.
//! - **Scale**: importances are not negative; [`Importances::shares`] makes their sum 1.
//! - **Ties** keep the order of declaration.
//! - A parameter with one value has importance 0.
//!
//! # Source
//!
//! Watanabe, Bansal, Hutter, "PED-ANOVA", IJCAI 2023; Hutter, Hoos, Leyton-Brown, "An Efficient Approach for
//! Assessing Hyperparameter Importance", ICML 2014. PED-ANOVA equals Optuna 5's to 1e-9; the variances
//! of a given tree do too, while the forest is grown from random numbers of our own.

mod density;
mod fanova;
mod ped_anova;
mod tree;

use thiserror::Error;

use crate::history::View;
use crate::space::Space;
use crate::trial::StudyDirection;

pub use fanova::FanovaOptions;
pub use ped_anova::PedAnovaOptions;

/// How importance is measured.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Evaluator {
    /// By what sets the best trials apart.
    PedAnova(PedAnovaOptions),
    /// By the variance of a forest.
    Fanova(FanovaOptions),
}

impl Default for Evaluator {
    fn default() -> Self {
        Self::PedAnova(PedAnovaOptions::default())
    }
}

/// What is to be explained.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Question<'a> {
    /// How importance is measured.
    pub evaluator: Evaluator,
    /// One direction an objective.
    pub directions: &'a [StudyDirection],
    /// The objective to explain. `None`: the only one; with several, and PED-ANOVA, the Pareto front.
    pub objective: Option<usize>,
    /// The seed of the forest.
    pub seed: u64,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum ImportanceError {
    /// Too few trials count.
    #[error("importance needs 2 complete trials with finite values, there are {found}")]
    TooFewTrials {
        /// How many count.
        found: usize,
    },
    /// The study has no such objective.
    #[error("there is no objective {objective}: the study has {objectives}, counted from 0")]
    UnknownObjective {
        /// What was asked for.
        objective: usize,
        /// How many there are.
        objectives: usize,
    },
    /// The evaluator explains one objective.
    #[error("fanova explains one objective, the study has {objectives}: name one, or use ped-anova")]
    SeveralObjectives {
        /// How many there are.
        objectives: usize,
    },
    /// The history was made for other parameters or objectives.
    #[error("the history was made for another study: build it from this study's space and directions")]
    OtherStudy,
    /// An option is out of its range.
    #[error("option '{option}' must be {expected}, got {got}")]
    Option {
        /// The option.
        option: &'static str,
        /// What it must be.
        expected: &'static str,
        /// What it is.
        got: String,
    },
}

/// Importances by parameter, largest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Importances(Vec<(String, f64)>);

impl Importances {
    fn new(mut values: Vec<(String, f64)>) -> Self {
        values.sort_by(|a, b| b.1.total_cmp(&a.1));
        Self(values)
    }

    /// As the evaluator measures them.
    #[must_use]
    pub fn values(&self) -> &[(String, f64)] {
        &self.0
    }

    /// As shares of their sum; equal ones where the sum is 0.
    #[must_use]
    pub fn shares(&self) -> Vec<(String, f64)> {
        let sum: f64 = self.0.iter().map(|(_, value)| value).sum();
        let share = |value: f64| if sum > 0.0 { value / sum } else { 1.0 / self.0.len() as f64 };
        self.0.iter().map(|(name, value)| (name.clone(), share(*value))).collect()
    }
}

/// The importances of a space's parameters for what has been seen.
///
/// PED-ANOVA answers for every parameter that some trial has, fANOVA for those that all trials have.
///
/// # Errors
///
/// Every variant of [`ImportanceError`].
pub fn importance(view: &View<'_>, space: &Space, question: &Question<'_>) -> Result<Importances, ImportanceError> {
    let objectives = question.directions.len();
    if !view.is_of(space) || view.objectives() != objectives {
        return Err(ImportanceError::OtherStudy);
    }
    if let Some(objective) = question.objective.filter(|&objective| objective >= objectives) {
        return Err(ImportanceError::UnknownObjective { objective, objectives });
    }
    let explained = match question.objective {
        Some(objective) => objective..objective + 1,
        None => 0..objectives,
    };
    let is_finite = |row: usize| view.values(row)[explained.clone()].iter().all(|value| value.is_finite());
    let rows: Vec<usize> = (0..view.len()).filter(|&row| view.is_complete(row) && is_finite(row)).collect();
    if rows.len() < 2 {
        return Err(ImportanceError::TooFewTrials { found: rows.len() });
    }
    let trials = Trials { view, space, rows, explained };
    match question.evaluator {
        Evaluator::PedAnova(options) => ped_anova::evaluate(&trials, question.directions, options),
        Evaluator::Fanova(_) if trials.explained.len() != 1 => Err(ImportanceError::SeveralObjectives { objectives }),
        Evaluator::Fanova(options) => fanova::evaluate(&trials, options, question.seed),
    }
}

/// The trials that count.
struct Trials<'a> {
    view: &'a View<'a>,
    space: &'a Space,
    rows: Vec<usize>,
    /// The objectives to explain.
    explained: std::ops::Range<usize>,
}

#[cfg(test)]
mod tests;
