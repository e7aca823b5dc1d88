//! The process against scikit-learn (`scripts/oracles/gp.py`), gradients against differences, whole studies.

use serde::Deserialize;

use super::data::Data;
use super::improvement::{
    ln_h, ln_improvement, ln_improvement_with_gradient, ln_mass, ln_probability, ln_probability_with_gradient,
};
use super::regression::Regression;
use super::*;
use crate::history::History;
use crate::sampler::random::Random;
use crate::testing::objective;
use crate::testing::space::{always, float, int, space};
use crate::testing::study::{Outcome, Study};
use crate::testing::{self};
use crate::trial::StudyDirection;

const ORACLE: &str = include_str!("../../../../../testdata/search/gp.json");

#[derive(Deserialize)]
struct Oracle {
    processes: Vec<Process>,
    ln_h: Vec<[f64; 2]>,
    ln_mass: Vec<[f64; 2]>,
}

#[derive(Deserialize)]
struct Process {
    rows: Vec<Vec<f64>>,
    targets: Vec<f64>,
    choices: Vec<bool>,
    weights: Vec<f64>,
    scale: f64,
    noise: f64,
    loss: f64,
    gradient: Vec<f64>,
    queries: Vec<Vec<f64>>,
    means: Vec<f64>,
    variances: Vec<f64>,
    best_loss: f64,
}

impl Process {
    fn data(&self) -> Data {
        Data { rows: self.rows.clone(), targets: self.targets.clone(), choices: self.choices.clone() }
    }

    fn fit(&self) -> Fit {
        Fit { weights: self.weights.clone(), scale: self.scale, noise: self.noise }
    }
}

fn oracle() -> Oracle {
    serde_json::from_str(ORACLE).expect("the oracle is JSON")
}

fn assert_close(ours: f64, theirs: f64, what: &str) {
    assert!((ours - theirs).abs() <= 1e-8 * theirs.abs().max(1.0), "{what}: {ours} {theirs}");
}

#[test]
fn likelihood_and_gradient_are_scikit_learns() {
    for (index, case) in oracle().processes.iter().enumerate() {
        let (loss, gradient) = case.fit().loss(&case.data(), false);
        assert_close(loss, case.loss, &format!("loss of case {index}"));
        for (ours, theirs) in gradient.iter().zip(&case.gradient) {
            assert_close(*ours, *theirs, &format!("gradient of case {index}"));
        }
    }
}

#[test]
fn means_and_variances_are_scikit_learns() {
    for (index, case) in oracle().processes.iter().enumerate() {
        let model = Regression::of(&case.data(), &case.fit());
        for (query, (mean, variance)) in case.queries.iter().zip(case.means.iter().zip(&case.variances)) {
            let belief = model.belief(query);
            assert_close(belief.mean, *mean, &format!("mean of case {index}"));
            assert_close(belief.variance, *variance, &format!("variance of case {index}"));
            assert_eq!(model.belief_with_gradients(query).0, belief);
        }
    }
}

#[test]
fn the_fit_is_as_good_as_scipys() {
    for (index, case) in oracle().processes.iter().enumerate() {
        let fit = Fit::of(&case.data(), false);
        let loss = fit.loss(&case.data(), false).0;
        assert!(loss < case.best_loss + 0.01, "case {index}: {loss} {}", case.best_loss);
        let (_, gradient) = Fit::of(&case.data(), true).loss(&case.data(), true);
        assert_eq!(gradient.last(), Some(&0.0), "without noise there is none to fit");
    }
}

#[test]
fn ln_h_is_right_from_tail_to_tail() {
    for [z, expected] in oracle().ln_h {
        let (ours, mass, density) = ln_h(z);
        assert!((ours - expected).abs() < 1e-9 * expected.abs().max(1.0), "{z}: {ours} {expected}");
        assert!((density + z * mass - 1.0).abs() < 1e-6 * z.abs().max(1.0).powi(2), "h = φ + z Φ at {z}");
    }
}

#[test]
fn ln_mass_is_right_from_tail_to_tail() {
    for [z, expected] in oracle().ln_mass {
        let (ours, ratio) = ln_mass(z);
        // ln Φ of a large z is -Φ(-z), which a sum near 1 does not hold.
        assert!((ours - expected).abs() < 1e-9 * expected.abs().max(1e-6), "{z}: {ours} {expected}");
        let difference = (ln_mass(z + 1e-5).0 - ln_mass(z - 1e-5).0) / 2e-5;
        assert!((ratio - difference).abs() < 1e-5 * ratio.abs().max(1e-3), "{z}: {ratio} {difference}");
    }
}

#[test]
fn gradients_are_differences() {
    type Value = fn(&Regression, &[f64], f64) -> f64;
    type WithGradient = fn(&Regression, &[f64], f64) -> (f64, Vec<f64>);
    let functions: [(Value, WithGradient); 2] =
        [(ln_improvement, ln_improvement_with_gradient), (ln_probability, ln_probability_with_gradient)];
    for case in oracle().processes.iter().filter(|case| case.rows.len() <= 25) {
        let model = Regression::of(&case.data(), &case.fit());
        let best = case.targets.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        for (query, (of, with_gradient)) in case.queries.iter().flat_map(|query| functions.map(|both| (query, both))) {
            let (value, gradient) = with_gradient(&model, query, best);
            assert_eq!(value, of(&model, query, best));
            for axis in (0..query.len()).filter(|&axis| !case.choices[axis]) {
                let at = |shift: f64| {
                    let mut point = query.clone();
                    point[axis] += shift;
                    of(&model, &point, best)
                };
                let difference = (at(1e-5) - at(-1e-5)) / 2e-5;
                let error = (gradient[axis] - difference).abs();
                assert!(error < 1e-4 * difference.abs().max(1.0), "{} {difference}", gradient[axis]);
            }
        }
    }
}

#[test]
fn trials_in_flight_leave_the_mean_and_lower_the_variance() {
    let case = &oracle().processes[1];
    let before = Regression::of(&case.data(), &case.fit());
    let mut after = before.clone();
    after.believe(&case.queries[..2]);
    let mut data = case.data();
    for query in &case.queries[..2] {
        data.rows.push(query.clone());
        data.targets.push(before.belief(query).mean);
    }
    let whole = Regression::of(&data, &case.fit());
    for query in &case.queries {
        let (before, after, whole) = (before.belief(query), after.belief(query), whole.belief(query));
        assert!((after.mean - before.mean).abs() < 1e-9, "what is expected teaches nothing");
        assert!(after.variance <= before.variance + 1e-12);
        assert!((after.variance - whole.variance).abs() < 1e-9);
    }
    let seen = after.belief(&case.queries[0]).variance;
    assert!(seen < case.noise, "a point in flight is almost known: {seen}");
}

#[test]
fn milestones_are_every_trial_then_a_twentieth_apart() {
    assert_eq!([1, 9, 39].map(milestone), [1, 9, 39]);
    assert_eq!([40, 41, 79, 80, 83, 84].map(milestone), [40, 40, 78, 80, 80, 84]);
    assert_eq!([199, 200, 207].map(milestone), [192, 200, 200]);
}

#[test]
fn gp_conforms() {
    testing::check(&|| {
        let options = GpOptions { startup_trials: 2, candidates: 4, starts: 1, trials: 5, deterministic: false };
        Box::new(Gp::try_new(options).expect("the options are valid"))
    });
}

#[test]
fn forty_trials_beat_two_hundred_random_ones() {
    for objective::Problem { name, space, value } in objective::all() {
        let evaluate = |_, params: &Assignment| Outcome::complete((value)(params));
        let best = |sampler: &mut dyn Sampler, trials| {
            let study =
                Study { space: &space, direction: StudyDirection::Minimize, seed: 4, lag: 2, evaluate: &evaluate };
            let trials = study.run(sampler, Vec::new(), trials).expect("the space has points");
            trials.iter().map(|trial| trial.values[0]).fold(f64::INFINITY, f64::min)
        };
        let (ours, random) = (best(&mut Gp::default(), 40), best(&mut Random, 200));
        assert!(ours < random, "{name}: {ours} {random}");
    }
}

/// Rises with `x`; a constraint bounds the sum.
fn bounded(limit: f64) -> impl Fn(u64, &Assignment) -> Outcome {
    move |_, params| {
        let [x, y] = ["x", "y"].map(|name| testing::space::number(params, name).expect("both are always there"));
        Outcome { constraint: Some(x + y - limit), ..Outcome::complete(x - (y - 0.2).powi(2)) }
    }
}

#[test]
fn the_best_on_the_right_side_of_a_constraint_is_found() {
    let space = space(&[("x", always(float(0.0, 1.0))), ("y", always(float(0.0, 1.0)))], vec![]).expect("valid");
    let best = |sampler: &mut dyn Sampler, limit: f64| {
        let evaluate = bounded(limit);
        let study = Study { space: &space, direction: StudyDirection::Maximize, seed: 2, lag: 1, evaluate: &evaluate };
        let trials = study.run(sampler, Vec::new(), 40).expect("the space has points");
        let feasible = trials.iter().filter(|trial| trial.is_feasible());
        feasible.map(|trial| trial.values[0]).reduce(f64::max)
    };
    // On x + y = 0.8 it is at y = 0.2 - 0.5, so at 0: x = 0.8.
    let ours = best(&mut Gp::default(), 0.8).expect("half of the space is feasible");
    assert!(ours > 0.759 && ours <= 0.76 + 1e-12, "{ours}");
    // A corner that random trials miss.
    assert_eq!(best(&mut Random, 0.02), None);
    let corner = best(&mut Gp::default(), 0.02).expect("the constraint's process leads there");
    assert!(corner > -0.04, "{corner}");
}

#[test]
fn a_small_grid_is_walked_without_repeats() {
    let space = space(&[("x", always(int(0, 5))), ("y", always(int(0, 3)))], vec![]).expect("the space is valid");
    let evaluate = |_, params: &Assignment| Outcome::complete(testing::space::number(params, "x").unwrap_or(0.0));
    let study = Study { space: &space, direction: StudyDirection::Maximize, seed: 1, lag: 1, evaluate: &evaluate };
    let options = GpOptions { startup_trials: 1, ..GpOptions::default() };
    let trials = study.run(&mut Gp::try_new(options).expect("valid"), Vec::new(), 24).expect("the space has points");
    let mut points: Vec<_> = trials.iter().map(|trial| format!("{:?}", trial.params)).collect();
    points.sort();
    points.dedup();
    assert_eq!(points.len(), 24, "all points of the grid");
}

#[test]
fn several_objectives_are_refused() {
    let space = space(&[("x", always(float(0.0, 1.0)))], vec![]).expect("the space is valid");
    let history = History::new(&space, 2);
    let request = Request {
        space: &space,
        directions: &[StudyDirection::Minimize, StudyDirection::Minimize],
        view: history.view(0),
        pending: &[],
        seed: 0,
        number: 0,
        attempt: 0,
    };
    let error = Gp::default().propose(&request).expect_err("two objectives");
    assert_eq!(error, SamplerError::Objectives { sampler: "gp", objectives: 2 });
    assert!(Gp::try_new(GpOptions { starts: 0, ..GpOptions::default() }).is_err());
}
