//! What a validation found, as a page shows it.

use bartune_search::space::Assignment;
use serde::Serialize;

use super::axis::Axis;
use super::thin::{short, shorts, spread};
use super::words::day_text;
use super::{Part, borrowed};
use crate::config::Plan;
use crate::evaluator::Evaluator;
use crate::statistics::{StationaryBootstrap, block_length};
use crate::validation::{Plateau, Validation, WalkForward};

/// Resamples of a fan.
const RESAMPLES: usize = 500;
/// Days of a fan that are shown.
const FAN_POINTS: usize = 120;
/// The shares of the resamples below each line of a fan.
const LINES: [f64; 5] = [0.05, 0.25, 0.5, 0.75, 0.95];

/// What a validation found.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Judged {
    pub(super) verdict: &'static str,
    pub(super) weakest: Option<&'static str>,
    pub(super) criteria: Vec<CriterionRow>,
    pub(super) walk: Part<Walk>,
    /// Sharpe ratios of the paths of combinatorial cross-validation.
    pub(super) paths: Part<Paths>,
    pub(super) fan: Part<Fan>,
    pub(super) sensitivities: Part<Vec<SensitivityRow>>,
    #[serde(skip)]
    pub(super) found: Validation,
}

/// One thing that is asked.
#[derive(Debug, Clone, Serialize)]
pub(super) struct CriterionRow {
    pub(super) name: &'static str,
    pub(super) value: Option<f64>,
    pub(super) threshold: f64,
    pub(super) is_limit: bool,
    pub(super) holds: bool,
}

/// The pieces of the walk-forward.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Walk {
    pub(super) folds: Vec<FoldRow>,
}

/// One piece.
#[derive(Debug, Clone, Serialize)]
pub(super) struct FoldRow {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) searched_days: usize,
    pub(super) inside: Option<f64>,
    pub(super) outside: Option<f64>,
    pub(super) total_return: f64,
    pub(super) trades: usize,
    pub(super) params: String,
}

/// Paths of cross-validation.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Paths {
    pub(super) sharpes: Vec<f64>,
    pub(super) overfitting: f64,
    pub(super) trials: usize,
}

/// Quantiles of resampled growth, day by day.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Fan {
    pub(super) is_out_of_sample: bool,
    pub(super) days: Vec<usize>,
    /// One a share of [`LINES`].
    pub(super) lines: Vec<Vec<f64>>,
}

/// The objective around the winner, along one parameter.
#[derive(Debug, Clone, Serialize)]
pub(super) struct SensitivityRow {
    pub(super) name: String,
    /// Value in words and objective.
    pub(super) moves: Vec<(String, Option<f64>)>,
}

impl Judged {
    pub(super) fn of(plan: &Plan, evaluator: &Evaluator<'_>, found: &Validation, own: &[f64]) -> Self {
        let judgement = found.judgement();
        let name = |index: usize| judgement.criteria[index].name;
        let cross = found.cross_validation.as_ref();
        Self {
            verdict: judgement.verdict.name(),
            weakest: judgement.weakest.map(name),
            criteria: judgement
                .criteria
                .iter()
                .map(|criterion| CriterionRow {
                    name: criterion.name,
                    value: criterion.value.map(short),
                    threshold: criterion.threshold,
                    is_limit: criterion.is_limit,
                    holds: criterion.holds(),
                })
                .collect(),
            walk: borrowed(found.walk_forward.as_ref()).map(|walk| folds(plan, evaluator, walk)),
            paths: borrowed(cross).map(|cross| Paths {
                sharpes: shorts(cross.combinatorial.sharpes.iter().copied()),
                overfitting: cross.overfitting.probability,
                trials: cross.trials,
            }),
            fan: fan(plan, found, own),
            sensitivities: borrowed(found.plateau.as_ref()).map(|plateau| sensitivities(plan, plateau)),
            found: found.clone(),
        }
    }
}

fn folds(plan: &Plan, evaluator: &Evaluator<'_>, walk: &WalkForward) -> Walk {
    let day = |bar: usize| day_text(evaluator.bars().calendar().day[bar]);
    let row = |fold: &crate::validation::Fold| FoldRow {
        from: day(fold.out_of_sample.start),
        to: day(fold.out_of_sample.end - 1),
        searched_days: evaluator.calendar(fold.in_sample.clone()).0.days().len(),
        inside: fold.in_sample_sharpe.map(short),
        outside: fold.out_of_sample_sharpe.map(short),
        total_return: short(fold.out_of_sample_return),
        trades: fold.trades,
        params: fold.params.as_ref().map_or_else(|| "no feasible trial".to_owned(), |params| in_words(plan, params)),
    };
    Walk { folds: walk.folds.iter().map(row).collect() }
}

fn in_words(plan: &Plan, params: &Assignment) -> String {
    let params = plan.parameters.to_params(params);
    let is_free = |name: &str| plan.parameters.space.distribution(name).is_some_and(|d| !d.is_single());
    let decls = plan.parameters.decls().iter().filter(|decl| is_free(&decl.name));
    let words: Vec<String> = decls
        .filter_map(|decl| Some(format!("{}={}", decl.name, super::value_text(params.get(&decl.name)?))))
        .collect();
    words.join(" ")
}

fn sensitivities(plan: &Plan, plateau: &Plateau) -> Vec<SensitivityRow> {
    let rows = plateau.sensitivities.iter().filter_map(|row| {
        let axis = Axis::of(&row.name, plan.parameters.space.distribution(&row.name)?);
        let moves = row.moves.iter().map(|(value, objective)| (axis.text(Axis::place(value)), objective.map(short)));
        Some(SensitivityRow { name: row.name.clone(), moves: moves.collect() })
    });
    rows.collect()
}

/// Growth resampled in blocks of days: the walk-forward's, where there is one, else the winner's own.
fn fan(plan: &Plan, found: &Validation, own: &[f64]) -> Part<Fan> {
    if let Err(why) = &found.monte_carlo {
        return Part::missing(why);
    }
    let walk = found.walk_forward.as_ref().ok();
    let returns = walk.map_or(own, |walk| &walk.returns);
    if returns.is_empty() {
        return Part::missing("there are no days");
    }
    let days: Vec<usize> = spread(returns.len(), FAN_POINTS);
    let mut bootstrap = StationaryBootstrap::new(returns.len(), block_length(returns), plan.search.seed);
    let mut indices = Vec::new();
    let mut at: Vec<Vec<f64>> = vec![Vec::with_capacity(RESAMPLES); days.len()];
    for _ in 0..RESAMPLES {
        bootstrap.draw(&mut indices);
        let mut growth = 1.0;
        let path: Vec<f64> = indices
            .iter()
            .map(|&day| {
                growth *= 1.0 + returns[day];
                growth - 1.0
            })
            .collect();
        days.iter().zip(&mut at).for_each(|(&day, values)| values.push(path[day]));
    }
    at.iter_mut().for_each(|values| values.sort_by(f64::total_cmp));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of the resamples")]
    let quantile = |values: &Vec<f64>, share: f64| values[((values.len() - 1) as f64 * share).round() as usize];
    Part::Found(Fan {
        is_out_of_sample: walk.is_some(),
        days: days.iter().map(|day| day + 1).collect(),
        lines: LINES.iter().map(|&share| shorts(at.iter().map(|values| quantile(values, share)))).collect(),
    })
}
