//! Whether the winner stands on a plateau or on a peak: its neighbours, re-evaluated on train.
//!
//! Two neighbourhoods. *Alone*: one parameter at a time moves a step (or a tenth of its range) down and up, a choice to
//! each other choice. *Jointly*: every number moves by up to a tenth of its range, at random, choices staying.
//! Numbers on a logarithmic range move in their logarithm. Neighbours that relations forbid are left out.
//!
//! The most robust of the best trials, by the mean of its joint neighbours, is named beside the winner: its own value is
//! lower, and more of it is likely to be left.

use bartune_search::space::{Assignment, Distribution, ParamValue, Space};
use bartune_search::storage::TrialRecord;
use bartune_search::stream::RandomStream;
use bartune_search::trial::StudyDirection;

use super::{Subject, ranked};
use crate::config::Plan;
use crate::parallel;

/// How far a neighbour is away, as a share of the range.
const REACH: f64 = 0.1;
/// Joint neighbours of the winner, and of each other candidate.
pub(super) const JOINT: u64 = 64;
const JOINT_OF_OTHERS: u64 = 16;
/// Candidates for the robust winner.
const CANDIDATES: usize = 12;

/// The winner's neighbourhood.
#[derive(Debug, Clone)]
pub struct Plateau {
    /// The winner's objective on train.
    pub peak: f64,
    /// Median objective of the joint neighbours that have one.
    pub joint_median: f64,
    /// Joint neighbours that were evaluated.
    pub neighbours: usize,
    /// Share of them that earn something on train.
    pub profitable: f64,
    /// One row a parameter.
    pub sensitivities: Vec<Sensitivity>,
    /// Parameters at an end of their range.
    pub edges: Vec<EdgeParameter>,
    /// Number of the best trial by the mean objective of its joint neighbours, and that mean.
    pub robust: Option<(u64, f64)>,
    /// The same mean for the winner.
    pub winner_mean: Option<f64>,
}

/// What moving one parameter does.
#[derive(Debug, Clone)]
pub struct Sensitivity {
    /// The parameter.
    pub name: String,
    /// Its moves, each with the objective there, where it is defined.
    pub moves: Vec<(ParamValue, Option<f64>)>,
}

/// A parameter whose best value is the last one allowed.
#[derive(Debug, Clone, PartialEq)]
pub struct EdgeParameter {
    /// The parameter.
    pub name: String,
    /// Whether it is the upper end.
    pub is_high: bool,
}

/// What a neighbour came to.
struct Measured {
    objective: Option<f64>,
    is_profitable: bool,
}

pub(super) fn of(subject: &Subject<'_>, history: &[TrialRecord]) -> Result<Plateau, String> {
    let space = &subject.plan.parameters.space;
    let winner = &subject.winner.trial.params;
    let peak = subject.winner.trial.values.first().copied().ok_or("the winner has no objective value")?;
    let joint = joint(space, winner, JOINT, subject.plan.search.seed);
    if joint.is_empty() {
        return Err(
            "the winner has no neighbours: every parameter has one value, or relations forbid them all".to_owned()
        );
    }
    let measured = measure(subject, &joint);
    let mut objectives: Vec<f64> = measured.iter().filter_map(|neighbour| neighbour.objective).collect();
    objectives.sort_by(f64::total_cmp);
    let profitable = profitable(&measured);
    let winner_mean = mean(&objectives, measured.len());
    Ok(Plateau {
        peak,
        joint_median: objectives.get(objectives.len() / 2).copied().unwrap_or(f64::NAN),
        neighbours: measured.len(),
        profitable,
        sensitivities: sensitivities(subject, space, winner),
        edges: edges(space, winner),
        robust: robust(subject, history, winner_mean),
        winner_mean,
    })
}

/// Evaluations that it takes, at most.
pub(super) fn work(plan: &Plan) -> usize {
    let alone = 2 * plan.parameters.space.len();
    usize::try_from(JOINT + CANDIDATES as u64 * JOINT_OF_OTHERS).unwrap_or(usize::MAX) + alone
}

/// Share of the joint neighbours of a trial that earn something on train; `None` where it has none.
pub(super) fn profitable_neighbours(subject: &Subject<'_>, params: &Assignment) -> Option<f64> {
    let joint = joint(&subject.plan.parameters.space, params, JOINT, subject.plan.search.seed);
    (!joint.is_empty()).then(|| profitable(&measure(subject, &joint)))
}

fn profitable(measured: &[Measured]) -> f64 {
    measured.iter().filter(|neighbour| neighbour.is_profitable).count() as f64 / measured.len() as f64
}

/// The mean, if most of the neighbours have a value.
fn mean(objectives: &[f64], of: usize) -> Option<f64> {
    (objectives.len() * 2 > of).then(|| objectives.iter().sum::<f64>() / objectives.len() as f64)
}

fn measure(subject: &Subject<'_>, points: &[Assignment]) -> Vec<Measured> {
    parallel::map_on(subject.options.workers, points, |point| {
        let outcome = subject.evaluator.evaluate(&subject.plan.parameters.to_params(point));
        let earned = outcome.metrics.get("train").and_then(|train| train.get("total_return"));
        Measured { objective: outcome.verdict.first(), is_profitable: earned.is_some_and(|earned| *earned > 0.0) }
    })
}

/// Every number a random part of a tenth of its range away.
fn joint(space: &Space, from: &Assignment, count: u64, seed: u64) -> Vec<Assignment> {
    let mut points = Vec::new();
    for index in 0..4 * count {
        let mut stream = RandomStream::new(seed, index, 7);
        let mut point = from.clone();
        for (name, value) in &mut point {
            let Some(distribution) = space.distribution(name) else { continue };
            if let Some(moved) = moved_by(distribution, value, (2.0 * stream.uniform() - 1.0) * REACH) {
                *value = moved;
            }
        }
        let point = space.normalize(&point);
        if point != *from && space.is_member(&point) && !points.contains(&point) {
            points.push(point);
        }
        if points.len() as u64 == count {
            break;
        }
    }
    points
}

/// A number moved by a share of its range; `None` for choices and single values.
fn moved_by(distribution: &Distribution, value: &ParamValue, share: f64) -> Option<ParamValue> {
    let now = distribution.to_internal(value);
    let (low, high, is_log) = match distribution {
        Distribution::Float { low, high, log, .. } => (*low, *high, *log),
        Distribution::Int { low, high, log, .. } => (*low as f64, *high as f64, *log),
        Distribution::Categorical { .. } => return None,
    };
    if low >= high {
        return None;
    }
    let moved = if is_log { now * (high / low).powf(share) } else { now + share * (high - low) };
    Some(distribution.nearest(moved))
}

fn sensitivities(subject: &Subject<'_>, space: &Space, winner: &Assignment) -> Vec<Sensitivity> {
    let mut found = Vec::new();
    for (name, value) in winner {
        let Some(distribution) = space.distribution(name).filter(|distribution| !distribution.is_single()) else {
            continue;
        };
        let mut values = Vec::new();
        let mut points = Vec::new();
        for moved in alone(distribution, value) {
            let mut point = winner.clone();
            point.insert(name.clone(), moved.clone());
            let point = space.normalize(&point);
            if moved != *value && space.is_member(&point) && !values.contains(&moved) {
                values.push(moved);
                points.push(point);
            }
        }
        let objectives = measure(subject, &points).into_iter().map(|neighbour| neighbour.objective);
        found.push(Sensitivity { name: name.clone(), moves: values.into_iter().zip(objectives).collect() });
    }
    found
}

/// A step, or a tenth of the range where that is more, down and up; every choice.
fn alone(distribution: &Distribution, value: &ParamValue) -> Vec<ParamValue> {
    if let Distribution::Categorical { choices } = distribution {
        return (0..choices.len()).map(ParamValue::Choice).collect();
    }
    let by_share = [-REACH, REACH].into_iter().filter_map(|share| moved_by(distribution, value, share));
    let by_step = distribution.position(value).map_or_else(Vec::new, |position| {
        let steps = [position.checked_sub(1), position.checked_add(1)];
        steps.into_iter().flatten().filter_map(|position| distribution.nth(position)).collect()
    });
    let moved: Vec<ParamValue> = by_share.filter(|moved| moved != value).collect();
    if moved.is_empty() { by_step } else { moved }
}

fn edges(space: &Space, winner: &Assignment) -> Vec<EdgeParameter> {
    let mut edges = Vec::new();
    for (name, value) in winner {
        let Some(distribution) = space.distribution(name).filter(|distribution| !distribution.is_single()) else {
            continue;
        };
        let now = distribution.to_internal(value);
        let (low, high) = match distribution {
            Distribution::Float { low, high, .. } => (*low, *high),
            Distribution::Int { low, high, .. } => (*low as f64, *high as f64),
            Distribution::Categorical { .. } => continue,
        };
        if now <= low || now >= high {
            edges.push(EdgeParameter { name: name.clone(), is_high: now >= high });
        }
    }
    edges
}

/// The best of the best trials by its neighbours' mean; nothing where the winner has the best neighbours itself.
fn robust(subject: &Subject<'_>, history: &[TrialRecord], winner_mean: Option<f64>) -> Option<(u64, f64)> {
    let space = &subject.plan.parameters.space;
    let is_maximized = subject.plan.objective.directions().first() == Some(&StudyDirection::Maximize);
    let is_better = |a: f64, b: f64| if is_maximized { a > b } else { a < b };
    let mut best = winner_mean.map(|mean| (subject.winner.trial.number, mean));
    for record in ranked(subject.plan, history).into_iter().take(CANDIDATES) {
        if record.trial.number == subject.winner.trial.number {
            continue;
        }
        let points = joint(space, &record.trial.params, JOINT_OF_OTHERS, subject.plan.search.seed);
        let measured = measure(subject, &points);
        let objectives: Vec<f64> = measured.iter().filter_map(|neighbour| neighbour.objective).collect();
        let Some(mean) = mean(&objectives, measured.len()) else { continue };
        if best.is_none_or(|(_, of_best)| is_better(mean, of_best)) {
            best = Some((record.trial.number, mean));
        }
    }
    best
}

/// How far two values are apart, as a share of the range; two different choices are 1 apart.
pub(super) fn distance(distribution: &Distribution, a: &ParamValue, b: &ParamValue) -> f64 {
    let (from, to) = (distribution.to_internal(a), distribution.to_internal(b));
    let share = |low: f64, high: f64, is_log: bool| {
        if low >= high {
            0.0
        } else if is_log {
            ((to / from).ln() / (high / low).ln()).abs()
        } else {
            ((to - from) / (high - low)).abs()
        }
    };
    match distribution {
        Distribution::Float { low, high, log, .. } => share(*low, *high, *log),
        Distribution::Int { low, high, log, .. } => share(*low as f64, *high as f64, *log),
        Distribution::Categorical { .. } => f64::from(u8::from(a != b)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTH: Distribution = Distribution::Int { low: 10, high: 110, step: 10, log: false };
    const RATE: Distribution = Distribution::Float { low: 0.01, high: 100.0, step: None, log: true };

    #[test]
    fn a_neighbour_is_a_tenth_of_the_range_away_in_the_ranges_own_measure() {
        assert_eq!(moved_by(&LENGTH, &ParamValue::Int(50), 0.1), Some(ParamValue::Int(60)));
        // Four powers of ten: a tenth of the range is a factor of 10^0.4.
        let Some(ParamValue::Float(moved)) = moved_by(&RATE, &ParamValue::Float(1.0), 0.1) else { panic!("a number") };
        assert!((moved - 10.0_f64.powf(0.4)).abs() < 1e-9);
    }

    #[test]
    fn moving_alone_goes_at_least_one_step() {
        let coarse = Distribution::Int { low: 1, high: 3, step: 1, log: false };
        assert_eq!(alone(&coarse, &ParamValue::Int(2)), [ParamValue::Int(1), ParamValue::Int(3)]);
        assert_eq!(alone(&LENGTH, &ParamValue::Int(10)), [ParamValue::Int(20)]);
    }

    #[test]
    fn distances_are_shares_of_the_range() {
        assert_eq!(distance(&LENGTH, &ParamValue::Int(10), &ParamValue::Int(60)), 0.5);
        assert!((distance(&RATE, &ParamValue::Float(0.1), &ParamValue::Float(10.0)) - 0.5).abs() < 1e-12);
    }
}
