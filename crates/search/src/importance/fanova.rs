//! fANOVA: the share of a forest's variance that each parameter causes alone.
//!
//! A forest of regression trees, each grown from a bootstrap sample of the trials, predicts the value over the
//! whole space, evenly weighted (also where a parameter is logarithmic, as in Optuna). A parameter's
//! importance is the mean over the trees of the variance of its marginal, over the variance of the tree. What
//! parameters cause together is no one's.
//!
//! Parameters that some trial lacks are left out, as in Optuna. Choices are weighted evenly; Optuna encodes them
//! as one column each and also weights combinations that do not exist.
//!
//! # Source
//!
//! Hutter, Hoos, Leyton-Brown, "An Efficient Approach for Assessing Hyperparameter Importance", ICML 2014.

use super::tree::{Feature, Growth, Samples, Tree};
use super::{ImportanceError, Importances, Trials};
use crate::space::Distribution;
use crate::stream::RandomStream;

/// The attempt of a tree's random numbers: no trial's own attempts reach it.
const FOREST_ATTEMPT: u64 = u64::MAX - 1;

/// The options of fANOVA.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FanovaOptions {
    /// Number of trees, at least 1. Default 64.
    pub trees: usize,
    /// The most splits from root to leaf, at least 1. Default 64.
    pub max_depth: usize,
}

impl Default for FanovaOptions {
    fn default() -> Self {
        Self { trees: 64, max_depth: 64 }
    }
}

pub(super) fn evaluate(trials: &Trials<'_>, options: FanovaOptions, seed: u64) -> Result<Importances, ImportanceError> {
    for (option, got) in [("trees", options.trees), ("max_depth", options.max_depth)] {
        if got == 0 {
            return Err(ImportanceError::Option { option, expected: "at least 1", got: got.to_string() });
        }
    }
    let mut importances = Vec::new();
    let (mut names, mut features, mut columns) = (Vec::new(), Vec::new(), Vec::new());
    for (index, (name, param)) in trials.space.params().iter().enumerate() {
        let column: Vec<f64> = trials.rows.iter().map(|&row| trials.view.column(index)[row]).collect();
        if column.iter().any(|value| value.is_nan()) {
            continue;
        }
        if param.distribution.is_single() {
            importances.push((name.clone(), 0.0));
            continue;
        }
        let (feature, column) = feature(&param.distribution, column);
        names.push(name.clone());
        features.push(feature);
        columns.push(column);
    }
    let targets: Vec<f64> = trials.rows.iter().map(|&row| trials.view.values(row)[trials.explained.start]).collect();
    let samples = Samples { columns: &columns, targets: &scaled(targets) };
    let shares = forest_shares(&features, &samples, options, seed);
    importances.extend(names.into_iter().zip(shares));
    Ok(Importances::new(importances))
}

/// A feature, and its values kept inside it.
fn feature(distribution: &Distribution, column: Vec<f64>) -> (Feature, Vec<f64>) {
    let (low, high) = match distribution {
        Distribution::Categorical { choices } => return (Feature::Choice { count: choices.len() }, column),
        Distribution::Float { low, high, .. } => (*low, *high),
        Distribution::Int { low, high, .. } => (*low as f64, *high as f64),
    };
    (Feature::Number { low, high }, column.into_iter().map(|value| value.clamp(low, high)).collect())
}

/// Targets divided by the largest: shares of variance do not change, and nothing overflows.
fn scaled(targets: Vec<f64>) -> Vec<f64> {
    let largest = targets.iter().fold(0.0_f64, |largest, target| largest.max(target.abs()));
    if largest == 0.0 { targets } else { targets.into_iter().map(|target| target / largest).collect() }
}

/// Each feature's share, averaged over the trees that have any variance; 0 where none has.
fn forest_shares(features: &[Feature], samples: &Samples<'_>, options: FanovaOptions, seed: u64) -> Vec<f64> {
    let count = samples.targets.len();
    let mut sums = vec![0.0; features.len()];
    let mut trees = 0;
    for tree in 0..options.trees as u64 {
        let mut stream = RandomStream::new(seed, tree, FOREST_ATTEMPT);
        let rows = (0..count).map(|_| stream.below(count as u64) as usize).collect();
        let tree = Tree::grow(features, samples, rows, Growth { max_depth: options.max_depth });
        let (variance, marginals) = tree.variances();
        if variance > 0.0 {
            trees += 1;
            sums.iter_mut().zip(marginals).for_each(|(sum, marginal)| *sum += marginal / variance);
        }
    }
    sums.into_iter().map(|sum| if trees == 0 { 0.0 } else { sum / f64::from(trees) }).collect()
}
