//! A validation as JSON.

use serde_json::{Value, json};

use crate::statistics::RealityCheck;
use crate::validation::{
    AccountOdds, Evidence, MonteCarlo, Period, Plateau, Quantiles, Selection, Survivor, Validation, WalkForward,
};

/// What a validation of a study found.
#[must_use]
pub fn validation(study: &str, found: &Validation) -> Value {
    let judgement = found.judgement();
    let criteria: Vec<Value> = judgement
        .criteria
        .iter()
        .map(|criterion| {
            let is_limit = criterion.is_limit;
            let bound = if is_limit { "at most" } else { "at least" };
            json!({
                "name": criterion.name, "value": criterion.value, "bound": bound,
                "threshold": criterion.threshold, "holds": criterion.holds(),
            })
        })
        .collect();
    let weakest = judgement.weakest.map(|index| judgement.criteria[index].name);
    json!({
        "study": study,
        "trial": found.winner.trial.number,
        "verdict": judgement.verdict.name(),
        "weakest": weakest,
        "criteria": criteria,
        "sharpe": { "train": found.sharpe[0], "validate": found.sharpe[1] },
        "distinct_trials": found.distinct_trials,
        "evidence": evidence_json(&Evidence::of(found)),
        "walk_forward": found.walk_forward.as_ref().map_or_else(|why| json!({ "missing": why }), walk_forward_json),
        "selection": found.selection.as_ref().map_or_else(|why| json!({ "missing": why }), selection_json),
        "cross_validation": found.cross_validation.as_ref().map_or_else(
            |why| json!({ "missing": why }),
            |cross| json!({
                "overfitting_probability": cross.overfitting.probability,
                "loss_probability": cross.overfitting.loss,
                "trials": cross.trials,
                "path_sharpes": cross.combinatorial.sharpes,
                "embargo_days": cross.combinatorial.embargo_days,
            }),
        ),
        "monte_carlo": found.monte_carlo.as_ref().map_or_else(|why| json!({ "missing": why }), monte_carlo_json),
        "plateau": found.plateau.as_ref().map_or_else(|why| json!({ "missing": why }), plateau_json),
        "survivors": found.survivors.iter().map(survivor_json).collect::<Vec<_>>(),
        "account": found.account.as_ref().map(account_json),
        "years": found.regimes.years.iter().map(period_json).collect::<Vec<_>>(),
        "markets": found.regimes.markets.iter().map(period_json).collect::<Vec<_>>(),
        "leak": {
            "cuts": found.leak.cuts, "trades": found.leak.trades, "first_difference_bar": found.leak.first_difference,
            "first_difference_time": found.leak.first_difference_time,
        },
    })
}

fn evidence_json(found: &Evidence) -> Value {
    json!({
        "mean": found.mean(), "walk_forward": found.walk_forward, "deflated": found.deflated,
        "superior": found.superior, "validate": found.validate,
    })
}

fn survivor_json(found: &Survivor) -> Value {
    json!({
        "trial": found.number,
        "objective": found.objective,
        "sharpe": { "train": found.sharpe[0], "validate": found.sharpe[1] },
        "return_with_costs_doubled": found.costly_return,
        "profitable_neighbours": found.profitable_neighbours,
        "is_causal": found.is_causal,
    })
}

fn account_json(found: &AccountOdds) -> Value {
    json!({
        "starts": found.starts, "passed": found.passed, "failed": found.failed, "running": found.running,
        "median_days_to_pass": found.median_days,
    })
}

fn walk_forward_json(found: &WalkForward) -> Value {
    let folds: Vec<Value> = found
        .folds
        .iter()
        .map(|fold| {
            json!({
                "searched_bars": [fold.in_sample.start, fold.in_sample.end],
                "traded_bars": [fold.out_of_sample.start, fold.out_of_sample.end],
                "in_sample_sharpe": fold.in_sample_sharpe,
                "out_of_sample_sharpe": fold.out_of_sample_sharpe,
                "out_of_sample_return": fold.out_of_sample_return,
                "trades": fold.trades,
            })
        })
        .collect();
    json!({
        "sharpe": found.sharpe, "probability": found.probability, "efficiency": found.efficiency,
        "days": found.returns.len(), "trades": found.trades, "fold_trials": found.fold_trials, "folds": folds,
        "drift": found.drift.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
    })
}

fn selection_json(found: &Selection) -> Value {
    json!({
        "sharpe": found.sharpe, "probabilistic_sharpe": found.probabilistic, "deflated_sharpe": found.deflated,
        "typical_sharpe": found.typical, "expected_maximum_sharpe": found.expected_maximum, "trials": found.trials,
        "effective_trials": found.effective_trials, "average_correlation": found.correlation,
        "minimum_track_record_days": found.minimum_track_record_days, "days": found.days,
        "validate_probabilistic_sharpe": found.validate,
        "reality_check": found.reality_check.as_ref().map(reality_json),
        "benchmark": found.benchmark.as_ref().map(|(name, check)| json!({ "name": name, "check": reality_json(check) })),
    })
}

fn reality_json(check: &RealityCheck) -> Value {
    json!({
        "white": check.white, "spa_lower": check.lower, "spa_consistent": check.consistent, "spa_upper": check.upper,
    })
}

fn monte_carlo_json(found: &MonteCarlo) -> Value {
    let quantiles = |q: Quantiles| json!({ "5%": q.low, "50%": q.middle, "95%": q.high });
    let stresses: Vec<Value> = found
        .stresses
        .iter()
        .map(|stress| json!({ "name": stress.name, "sharpe": stress.sharpe, "total_return": stress.total_return }))
        .collect();
    json!({
        "out_of_sample": found.is_out_of_sample, "days": found.days, "block_days": found.block_days,
        "max_drawdown": quantiles(found.max_drawdown), "total_return": quantiles(found.total_return),
        "ruin_probability": found.ruin, "loss_probability": found.loss,
        "reordered_drawdown": found.reordered_drawdown.map(quantiles), "stresses": stresses,
    })
}

fn plateau_json(found: &Plateau) -> Value {
    json!({
        "peak": found.peak, "neighbour_median": found.joint_median, "neighbours": found.neighbours,
        "profitable_share": found.profitable,
        "robust_trial": found.robust.map(|(number, _)| number),
        "edges": found.edges.iter().map(|edge| json!({ "name": edge.name, "end": if edge.is_high { "high" } else { "low" } })).collect::<Vec<_>>(),
    })
}

fn period_json(period: &Period) -> Value {
    json!({ "name": period.name, "days": period.days, "sharpe": period.sharpe, "total_return": period.total_return })
}
