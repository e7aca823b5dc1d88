use super::*;
use crate::history::History;
use crate::sampler::random::Random;
use crate::space::ParamValue;
use crate::testing::space::{always, float, int, less, space, stepped};
use crate::testing::study::{Outcome, Study};
use crate::trial::{StudyDirection, Trial};

fn study(space: &Space, seed: u64, lag: u64) -> Study<'_> {
    Study { space, direction: StudyDirection::Minimize, seed, lag, evaluate: &|_, _| Outcome::complete(0.0) }
}

fn texts(trials: &[Trial]) -> BTreeSet<String> {
    trials.iter().map(|trial| format!("{:?}", trial.params)).collect()
}

fn pairs() -> Space {
    space(
        &[("a", always(int(1, 12))), ("b", always(int(1, 12))), ("c", always(stepped(0.0, 0.5, 0.5)))],
        vec![less("a", "b")],
    )
    .expect("valid")
}

#[test]
fn every_point_comes_once_and_then_no_more() {
    for lag in [1, 16] {
        let space = pairs();
        let trials = study(&space, 5, lag).run(&mut Grid::default(), Vec::new(), 1_000).expect("finite");
        assert_eq!(trials.len(), 66 * 2);
        assert_eq!(texts(&trials).len(), 66 * 2);
        assert!(trials.iter().all(|trial| space.is_member(&trial.params)));
    }
}

#[test]
fn the_order_depends_on_the_seed_and_not_on_the_lag() {
    let space = pairs();
    let run = |seed, lag| study(&space, seed, lag).run(&mut Grid::default(), Vec::new(), 132).expect("finite");
    let first = run(5, 1);
    assert!(first.iter().zip(run(5, 16)).all(|(left, right)| left.params == right.params));
    let moved = first.iter().zip(run(6, 1)).filter(|(left, right)| left.params != right.params).count();
    assert!(moved > 100, "{moved} of 132 points moved");
}

#[test]
fn trials_that_came_from_elsewhere_are_not_repeated() {
    let space = pairs();
    let elsewhere = study(&space, 1, 1).run(&mut Random, Vec::new(), 40).expect("there are points");
    let distinct = texts(&elsewhere).len();
    let all = study(&space, 5, 8).run(&mut Grid::default(), elsewhere, 1_000).expect("finite");
    assert_eq!(all.len(), 40 + 132 - distinct);
    assert_eq!(texts(&all).len(), 132);
}

#[test]
fn another_attempt_is_another_point() {
    let space = pairs();
    let history = History::new(&space, 1);
    let propose = |attempt| {
        let request = Request {
            space: &space,
            directions: &[StudyDirection::Minimize],
            view: history.view(0),
            pending: &[],
            seed: 5,
            number: 0,
            attempt,
        };
        Grid::default().propose(&request)
    };
    let points: BTreeSet<String> =
        (0..132).map(|attempt| format!("{:?}", propose(attempt).expect("a point"))).collect();
    assert_eq!(points.len(), 132);
    assert_eq!(propose(132), Err(SamplerError::Exhausted { sampler: "grid" }));
}

#[test]
fn a_grid_too_large_to_list_costs_nothing_to_start() {
    let wide = ["a", "b", "c", "d", "e"].map(|name| (name, always(int(1, 1_000_000))));
    let space = space(&wide, vec![]).expect("valid");
    let trials = study(&space, 5, 4).run(&mut Grid::default(), Vec::new(), 200).expect("finite");
    assert_eq!(texts(&trials).len(), 200);
    let high = trials.iter().filter(|trial| matches!(trial.params["c"], ParamValue::Int(c) if c > 500_000)).count();
    assert!((70..130).contains(&high), "{high} of 200 lie in the upper half");
}

#[test]
fn points_between_gaps_are_found_until_there_are_none() {
    // Too large to walk through: 1,002,001 points of which 1,001 satisfy the relation.
    let params = [("a", always(int(0, 1_000))), ("b", always(int(0, 1_000)))];
    let equal = crate::testing::space::predicate("a == b", &["a", "b"], |params| params["a"] == params["b"]);
    let space = space(&params, vec![equal]).expect("valid");
    let trials = study(&space, 5, 2).run(&mut Grid::default(), Vec::new(), 2_000).expect("finite");
    assert_eq!(texts(&trials).len(), 1_001);
    assert_eq!(trials.len(), 1_001);
}

#[test]
fn continuous_parameters_and_empty_regions_are_refused() {
    let refused = |params: &[_], require| {
        let space = space(params, require).expect("valid");
        study(&space, 1, 1).run(&mut Grid::default(), Vec::new(), 1).expect_err("refused").to_string()
    };
    let continuous = refused(&[("n", always(int(1, 2))), ("x", always(float(0.0, 1.0)))], vec![]);
    assert_eq!(
        continuous,
        "the sampler 'grid' needs finite parameters and 'x' is continuous: give it a step, or use 'sobol'"
    );
    let empty = refused(&[("a", always(int(1, 2))), ("b", always(int(1, 2)))], vec![less("a", "b"), less("b", "a")]);
    assert!(empty.contains("a < b"), "{empty}");
}
