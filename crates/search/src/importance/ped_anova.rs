//! PED-ANOVA: the Pearson divergence between where the best trials are and where all are.
//!
//! For each parameter two densities are estimated on a grid: of the best `target_quantile` of the trials and of
//! the best `region_quantile`. The importance is `(γ'/γ)² Σ_regimes α²/β Σ_x p(x) (q(x)/p(x) - 1)²`, where `α` and `β` are
//! the shares of the best and of the region's trials that have the parameter.
//!
//! **Quantiles**: all trials as good as the one at the quantile count as best. With several objectives
//! whole ranks do, and of the rank that does not fit the trials that dominate most.
//!
//! # Source
//!
//! Watanabe, Bansal, Hutter, IJCAI 2023, arXiv:2304.10255, theorem 1; conditional parameters:
//! arXiv:2601.20800, theorem 4.2. Constants as in Optuna 5.

use super::density::{Grid, pearson_divergence};
use super::{ImportanceError, Importances, Trials};
use crate::pareto::{Points, best_points};
use crate::trial::StudyDirection;

/// A parameter that fewer trials have is not assessed.
const LEAST_TRIALS: usize = 2;

/// The options of PED-ANOVA.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PedAnovaOptions {
    /// Which share of the trials is the best: above 0 and below `region_quantile`. Default 0.1.
    pub target_quantile: f64,
    /// Which share they are compared with, up to 1, the default.
    pub region_quantile: f64,
    /// Compare with the trials (the default), not with an even density over the space.
    pub local: bool,
}

impl Default for PedAnovaOptions {
    fn default() -> Self {
        Self { target_quantile: 0.1, region_quantile: 1.0, local: true }
    }
}

pub(super) fn evaluate(
    trials: &Trials<'_>,
    directions: &[StudyDirection],
    options: PedAnovaOptions,
) -> Result<Importances, ImportanceError> {
    let PedAnovaOptions { target_quantile, region_quantile, local } = options;
    if !(0.0 < target_quantile && target_quantile < region_quantile && region_quantile <= 1.0) {
        let got = format!("{target_quantile} and {region_quantile}");
        let expected = "0 < target_quantile < region_quantile <= 1";
        return Err(ImportanceError::Option { option: "quantiles", expected, got });
    }
    let target = best(trials, directions, target_quantile);
    let region = best(trials, directions, region_quantile);
    let quantile = target.len() as f64 / region.len() as f64;
    let mut importances = Vec::new();
    for (index, (name, param)) in trials.space.params().iter().enumerate() {
        let column = trials.view.column(index);
        let present = |rows: &[usize]| -> Vec<f64> {
            rows.iter().map(|&row| column[row]).filter(|value| !value.is_nan()).collect()
        };
        if present(&trials.rows).is_empty() {
            continue;
        }
        let (top, all) = (present(&target), present(&region));
        let mut value = 0.0;
        if !param.distribution.is_single() && all.len() >= LEAST_TRIALS && !top.is_empty() {
            let (alpha, beta) = (top.len() as f64 / target.len() as f64, all.len() as f64 / region.len() as f64);
            let grid = Grid::of(&param.distribution);
            let divergence = pearson_divergence(&grid, &top, local.then_some(all.as_slice()));
            value = quantile * quantile * alpha * alpha / beta * divergence;
        }
        importances.push((name.clone(), value));
    }
    Ok(Importances::new(importances))
}

/// Rows of the best share of the trials.
fn best(trials: &Trials<'_>, directions: &[StudyDirection], quantile: f64) -> Vec<usize> {
    let rows = &trials.rows;
    if quantile == 1.0 {
        return rows.clone();
    }
    // Of the fewest trials one is the best.
    let count = ((quantile * rows.len() as f64).ceil() as usize).clamp(1, rows.len());
    let losses = Points::losses(trials.view, rows.iter().copied(), directions);
    if trials.explained.len() > 1 {
        return best_points(&losses, count).into_iter().map(|position| rows[position]).collect();
    }
    let loss = |position: usize| losses.row(position)[trials.explained.start];
    let mut sorted: Vec<f64> = (0..rows.len()).map(loss).collect();
    sorted.sort_by(f64::total_cmp);
    let worst = sorted[count - 1];
    (0..rows.len()).filter(|&position| loss(position) <= worst).map(|position| rows[position]).collect()
}
