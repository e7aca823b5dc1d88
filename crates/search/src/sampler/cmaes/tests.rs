use std::path::Path;

use serde::Deserialize;

use super::gaussian::{Gaussian, Shape};
use super::margin::Margin;
use super::*;
use crate::history::History;
use crate::sampler::random::Random;
use crate::space::{ParamValue, Space};
use crate::testing::objective;
use crate::testing::space::{always, choice, float, int, less, log_float, number, space, stepped, switch};
use crate::testing::study::{Outcome, Study};
use crate::trial::{StudyDirection, Trial};

#[derive(Deserialize)]
struct Oracle {
    full: Vec<Case>,
    separable: Vec<Case>,
    margin: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    n: usize,
    population: usize,
    #[serde(default)]
    steps: Vec<u64>,
    generations: Vec<Generation>,
}

#[derive(Deserialize)]
struct Generation {
    points: Vec<Vec<f64>>,
    #[serde(default)]
    encoded: Vec<Vec<f64>>,
    #[serde(default)]
    factors: Vec<f64>,
    mean: Vec<f64>,
    sigma: f64,
    path_sigma: Vec<f64>,
    path_c: Vec<f64>,
    covariance: Vec<f64>,
}

fn oracle() -> Oracle {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/search/cmaes.json");
    let text = std::fs::read_to_string(path).expect("the oracle is committed");
    serde_json::from_str(&text).expect("the script's form")
}

fn assert_near(got: &[f64], expected: &[f64], what: &str) {
    assert_eq!(got.len(), expected.len(), "{what}");
    let size = expected.iter().fold(0.0_f64, |size, x| size.max(x.abs()));
    for (got, expected) in got.iter().zip(expected) {
        assert!((got - expected).abs() <= 1e-9 * size.max(1e-300), "{what}: {got}, not {expected}");
    }
}

fn assert_state(gaussian: &Gaussian, expected: &Generation, what: &str) {
    assert_near(&gaussian.mean, &expected.mean, &format!("{what}: mean"));
    assert_near(&[gaussian.sigma], &[expected.sigma], &format!("{what}: sigma"));
    assert_near(&gaussian.path_sigma, &expected.path_sigma, &format!("{what}: path of sigma"));
    assert_near(&gaussian.path_c, &expected.path_c, &format!("{what}: path of C"));
    let (Shape::Full { covariance, .. } | Shape::Separable { variances: covariance, .. }) = &gaussian.shape;
    assert_near(covariance, &expected.covariance, &format!("{what}: C"));
}

#[test]
fn updates_follow_the_cmaes_package_step_by_step() {
    let oracle = oracle();
    let full = oracle.full.iter().map(|case| (case, Gaussian::full(vec![0.5; case.n], 1.0 / 6.0, case.population)));
    let separable =
        oracle.separable.iter().map(|case| (case, Gaussian::separable(vec![0.5; case.n], 1.0 / 6.0, case.population)));
    for (case, mut gaussian) in full.chain(separable) {
        for (index, generation) in case.generations.iter().enumerate() {
            gaussian.tell(&generation.points).expect("the oracle's stay finite");
            assert_state(&gaussian, generation, &format!("n = {}, generation {index}", case.n));
        }
    }
}

#[test]
fn margins_follow_the_cmaes_package_step_by_step() {
    for case in oracle().margin {
        let stepped: Vec<(usize, u64)> =
            case.steps.iter().copied().enumerate().filter(|(_, values)| *values > 0).collect();
        let mut gaussian = Gaussian::full(vec![0.5; case.n], 1.0 / 6.0, case.population);
        let mut margin = Margin::new(&stepped, 1.0 / (case.n * case.population) as f64);
        for (index, generation) in case.generations.iter().enumerate() {
            for (raw, encoded) in generation.points.iter().zip(&generation.encoded) {
                assert_near(&margin.encoded(raw, &gaussian.mean), encoded, "the point evaluated");
            }
            gaussian.tell(&generation.points).expect("the oracle's stay finite");
            margin.correct(&mut gaussian);
            let what = format!("{:?}, generation {index}", case.steps);
            assert_near(&margin.factors(), &generation.factors, &format!("{what}: factors"));
            assert_state(&gaussian, generation, &what);
        }
    }
}

fn cmaes(options: CmaesOptions) -> Cmaes {
    Cmaes::try_new(options).expect("valid")
}

fn best(trials: &[Trial]) -> f64 {
    trials.iter().filter_map(|trial| trial.values.first()).copied().fold(f64::INFINITY, f64::min)
}

fn run(
    space: &Space,
    sampler: &mut dyn Sampler,
    (seed, lag, total): (u64, u64, u64),
    value: fn(&Assignment) -> f64,
) -> Vec<Trial> {
    let evaluate = |_, params: &Assignment| Outcome::complete(value(params));
    let study = Study { space, direction: StudyDirection::Minimize, seed, lag, evaluate: &evaluate };
    study.run(sampler, Vec::new(), total).expect("the space has points")
}

/// The median over seeds of the best value.
fn median_best(space: &Space, make: &dyn Fn() -> Box<dyn Sampler>, lag: u64, value: fn(&Assignment) -> f64) -> f64 {
    let mut bests: Vec<f64> = (0..7).map(|seed| best(&run(space, &mut *make(), (seed, lag, 400), value))).collect();
    bests.sort_by(f64::total_cmp);
    bests[3]
}

#[test]
fn a_smooth_function_is_solved_whatever_is_in_flight() {
    let problem = objective::all().swap_remove(0);
    let median = |lag| median_best(&problem.space, &|| Box::new(Cmaes::default()), lag, problem.value);
    let (one, sixteen) = (median(1), median(16));
    let random = median_best(&problem.space, &|| Box::new(Random), 1, problem.value);
    assert!(one < 1e-4, "{one}");
    assert!(sixteen < 1e-2, "{sixteen}");
    assert!(random > 0.1, "{random}");
}

#[test]
fn a_parabola_finds_what_draws_come_near_whatever_is_in_flight() {
    let problem = objective::all().swap_remove(0);
    let median = |lag, parabola| {
        let make = || -> Box<dyn Sampler> { Box::new(cmaes(CmaesOptions { parabola, ..CmaesOptions::default() })) };
        median_best(&problem.space, &make, lag, problem.value)
    };
    for lag in [1, 16] {
        let (with, without) = (median(lag, 0.2), median(lag, 0.0));
        assert!(with < 1e-12 && without > 1e-10, "lag {lag}: {with}, {without}");
    }
}

/// Eight stepped parameters, each with a best value of its own.
fn steps(params: &Assignment) -> f64 {
    params
        .iter()
        .enumerate()
        .map(|(index, (name, _))| {
            let distance = number(params, name).unwrap_or(0.0) - (10 + 3 * index) as f64;
            distance * distance
        })
        .sum()
}

#[test]
fn whole_numbers_are_found_exactly() {
    let names = ["a", "b", "c", "d", "e", "f"].map(|name| (name, always(int(0, 60))));
    let space = space(&names, vec![]).expect("valid");
    let median = median_best(&space, &|| Box::new(Cmaes::default()), 4, steps);
    assert!(median <= 1.0, "{median}");
}

#[test]
fn switches_and_choices_are_learned() {
    let params = [
        ("x", always(float(0.0, 1.0))),
        ("rate", always(log_float(1e-4, 1.0))),
        ("on", always(switch())),
        ("kind", always(choice(&["a", "b", "c", "d", "e"]))),
    ];
    let space = space(&params, vec![]).expect("valid");
    let value = |params: &Assignment| {
        let wrong = f64::from(u8::from(params["on"] != ParamValue::Choice(1)))
            + f64::from(u8::from(params["kind"] != ParamValue::Choice(3)));
        let x = number(params, "x").unwrap_or(0.0) - 0.3;
        let rate = libm::log10(number(params, "rate").unwrap_or(1.0)) + 2.0;
        wrong + x * x + rate * rate
    };
    let trials = run(&space, &mut Cmaes::default(), (1, 8, 300), value);
    let late = &trials[200..];
    let share = |name: &str, index| {
        late.iter().filter(|trial| trial.params[name] == ParamValue::Choice(index)).count() as f64 / late.len() as f64
    };
    assert!(share("on", 1) > 0.7, "{}", share("on", 1));
    assert!(share("kind", 3) > 0.5, "{}", share("kind", 3));
    assert!(best(&trials) < 1e-2, "{}", best(&trials));
}

#[test]
fn relations_are_respected_at_the_best_point() {
    let params = [("fast", always(float(0.0, 10.0))), ("slow", always(float(0.0, 10.0)))];
    let space = space(&params, vec![less("fast", "slow")]).expect("valid");
    // The best point without the relation, (6, 4), is excluded; with it, (5, 5) is the limit.
    let value = |params: &Assignment| {
        let (fast, slow) = (number(params, "fast").unwrap_or(0.0), number(params, "slow").unwrap_or(0.0));
        (fast - 6.0) * (fast - 6.0) + (slow - 4.0) * (slow - 4.0)
    };
    let trials = run(&space, &mut Cmaes::default(), (1, 4, 300), value);
    assert!(trials.iter().all(|trial| space.is_member(&trial.params)));
    assert!((best(&trials) - 2.0).abs() < 1e-3, "{}", best(&trials));
}

#[test]
fn a_search_that_is_stuck_starts_anew_elsewhere() {
    // Two wells; the one nearer to the centre is worse.
    fn value(params: &Assignment) -> f64 {
        let well = |centre: f64, depth: f64| {
            let names = ["x", "y"];
            let squares = names.map(|name| number(params, name).unwrap_or(0.0) - centre).map(|d| d * d * 400.0);
            squares.iter().sum::<f64>() - depth
        };
        well(0.6, 1.0).min(well(0.25, 2.0))
    }
    let space = space(&["x", "y"].map(|name| (name, always(float(0.0, 1.0)))), vec![]).expect("valid");
    let solved = |restart| {
        let options = CmaesOptions { restart, sigma: 0.05, tolerance: 1e-3, ..CmaesOptions::default() };
        let found = |seed: &u64| best(&run(&space, &mut cmaes(options.clone()), (*seed, 4, 1_500), value)) < -1.9;
        (0..6).filter(found).count()
    };
    let (never, ipop, bipop) = (solved(Restart::Never), solved(Restart::Ipop), solved(Restart::Bipop));
    assert!(never == 0 && ipop >= 3 && bipop >= 3, "never {never}, IPOP {ipop}, BIPOP {bipop} of 6");
}

#[test]
fn trials_from_elsewhere_do_not_blow_the_search_up() {
    let problem = objective::all().swap_remove(0);
    let evaluate = |_, params: &Assignment| Outcome::complete((problem.value)(params));
    let study =
        Study { space: &problem.space, direction: StudyDirection::Minimize, seed: 1, lag: 4, evaluate: &evaluate };
    let mut sampler = Cmaes::default();
    let mut trials = study.run(&mut sampler, Vec::new(), 300).expect("points");
    // Ten random trials in the middle of a search that has almost converged.
    for number in 300..310 {
        let stranger =
            problem.space.sample_uniform(&mut crate::stream::RandomStream::new(9, number, 9)).expect("points");
        trials.push(study.trial(number, stranger));
    }
    let trials = study.run(&mut sampler, trials, 450).expect("points");
    let late = best(&trials[400..]);
    assert!(late < 1e-3, "{late}");
}

#[test]
fn maximising_is_minimising_the_negative() {
    let problem = objective::all().swap_remove(0);
    let least = |_, params: &Assignment| Outcome::complete((problem.value)(params));
    let most = |_, params: &Assignment| Outcome::complete(-(problem.value)(params));
    let study = Study { space: &problem.space, direction: StudyDirection::Minimize, seed: 1, lag: 4, evaluate: &least };
    let mirrored = Study { direction: StudyDirection::Maximize, evaluate: &most, ..study };
    let left = study.run(&mut Cmaes::default(), Vec::new(), 100).expect("points");
    let right = mirrored.run(&mut Cmaes::default(), Vec::new(), 100).expect("points");
    assert!(left.iter().zip(&right).all(|(left, right)| left.params == right.params));
}

#[test]
fn several_objectives_are_refused() {
    let space = space(&[("x", always(stepped(0.0, 1.0, 0.5)))], vec![]).expect("valid");
    let history = History::new(&space, 2);
    let request = Request {
        space: &space,
        directions: &[StudyDirection::Minimize; 2],
        view: history.view(0),
        pending: &[],
        seed: 1,
        number: 0,
        attempt: 0,
    };
    let error = Cmaes::default().propose(&request);
    assert_eq!(error, Err(SamplerError::Objectives { sampler: "cmaes", objectives: 2 }));
}
