//! Sums against kernel by kernel, on random histories.

use proptest::prelude::*;

use super::*;
use crate::history::History;
use crate::space::{Distribution, Param};
use crate::stream::RandomStream;
use crate::testing::space::{always, choice, float, int, log_float, log_int, space, stepped, when};
use crate::testing::study::{Outcome, Study};
use crate::trial::{StudyDirection, Trial, TrialState};

/// Allowed difference of log densities.
const TOLERANCE: f64 = 1e-6;

fn params() -> Vec<(&'static str, Param)> {
    vec![
        ("float", always(float(-5.0, 5.0))),
        ("rate", always(log_float(1e-6, 10.0))),
        ("stop", always(stepped(0.5, 5.0, 0.25))),
        ("fast", always(int(2, 200))),
        ("slow", always(log_int(1, 300))),
        ("large", always(int(0, 100_000))),
        ("large_log", always(log_int(1, 1_000_000))),
        ("kind", always(choice(&["a", "b", "c"]))),
        ("gain", when(float(0.0, 1.0), "kind", 1)),
        ("level", when(int(1, 9), "kind", 1)),
    ]
}

/// Parameters around a point: histories of a search are dense in places and thin in others.
struct Shape {
    seed: u64,
    /// 0: uniform; 1: all in a thousandth of the range.
    tightness: f64,
    /// Every so many trials is a copy of an earlier one.
    copies: u64,
}

impl Shape {
    fn params(&self, space: &Space, number: u64) -> Assignment {
        let number = if number % self.copies == self.copies - 1 { number / 2 } else { number };
        let mut stream = RandomStream::new(self.seed, number, 0);
        let uniform = space.sample_uniform(&mut stream).expect("no relations");
        let tightness = self.tightness * stream.uniform();
        let shrink = |(name, value): (String, _)| {
            let distribution = space.distribution(&name).expect("its own").clone();
            let value = match &distribution {
                Distribution::Categorical { .. } => value,
                Distribution::Float { low, high, log, .. } => {
                    narrow(&distribution, distribution.to_internal(&value), (*low, *high, *log), tightness)
                }
                Distribution::Int { low, high, log, .. } => {
                    let ends = (*low as f64, *high as f64, *log);
                    narrow(&distribution, distribution.to_internal(&value), ends, tightness)
                }
            };
            (name, value)
        };
        uniform.into_iter().map(shrink).collect()
    }

    fn outcome(&self, number: u64) -> Outcome {
        let mut stream = RandomStream::new(self.seed, number, 1);
        let value = (stream.uniform() * 20.0).round();
        match stream.below(12) {
            0 => Outcome { state: Some(TrialState::Fail), ..Outcome::default() },
            1 => Outcome { state: Some(TrialState::Pruned), intermediate: Some((3, value)), ..Outcome::default() },
            2 => Outcome { constraint: Some(value), ..Outcome::complete(value) },
            3 => Outcome::complete(f64::NAN),
            _ => Outcome::complete(value),
        }
    }
}

fn narrow(
    distribution: &Distribution,
    internal: f64,
    (low, high, is_log): (f64, f64, bool),
    tightness: f64,
) -> crate::space::ParamValue {
    let to = |x: f64| if is_log { x.ln() } else { x };
    let middle = to(low) + 0.3 * (to(high) - to(low));
    let narrowed = middle + (to(internal) - middle) * (1.0 - 0.999 * tightness);
    distribution.nearest(if is_log { narrowed.exp() } else { narrowed })
}

fn history(space: &Space, shape: &Shape, trials: u64) -> History {
    let evaluate = |number, _: &Assignment| shape.outcome(number);
    let study = Study { space, direction: StudyDirection::Minimize, seed: 0, lag: 1, evaluate: &evaluate };
    let trials: Vec<Trial> = (0..trials).map(|number| study.trial(number, shape.params(space, number))).collect();
    History::from_trials(space, 1, &trials).expect("numbers count up")
}

/// Compare all groups of a space; the number of densities compared.
fn compare(space: &Space, options: &TpeOptions, shape: &Shape, trials: u64, pending: u64) -> usize {
    let history = history(space, shape, trials);
    let mut grown = Tpe::try_new(options.clone()).expect("valid");
    let directions = [StudyDirection::Minimize];
    let steps = [trials / 3, trials / 2, trials - 2, trials - 1, trials];
    for seen in steps {
        let groups = groups(space, grown.sharing(1));
        grown.memory.update(&history.view(seen), (space, groups), &directions, options);
    }
    let mut fresh = Memory::default();
    fresh.update(&history.view(trials), (space, groups(space, grown.sharing(1))), &directions, options);
    let pending: Vec<Assignment> = (trials..trials + pending).map(|number| shape.params(space, number)).collect();
    let mut compared = 0;
    for (index, group) in fresh.groups().iter().enumerate() {
        let model =
            Model { space, options, in_flight: 0, bottoms: 0.0, sharp_share: 1.0, pending: &pending, memory: &fresh };
        let positions = model.pending_positions(group);
        let mut stream = RandomStream::new(shape.seed, trials, 0);
        let mut candidates: Vec<Vec<f64>> =
            (0..12).map(|_| group.good_density(Kernels::Sharp).estimator.sample(&mut stream)).collect();
        for number in 0..12 {
            let params = shape.params(space, trials + 1_000 + number);
            let named = group.group.params.iter().map(|&param| {
                let (name, param) = space.param(param);
                params.get(name).map(|value| param.distribution.to_internal(value))
            });
            candidates.extend(named.collect::<Option<Vec<f64>>>());
        }
        if !group.is_summed() {
            continue;
        }
        let exact = group.rest_density(&positions).ln_density(&candidates);
        let fast = Rest::new(group, &positions, options).ln_density(&candidates, None);
        let again = Rest::new(&grown.memory.groups()[index], &positions, options).ln_density(&candidates, None);
        assert_eq!(fast, again, "{:?}: a memory that grew differs from one made at once", group.group.params);
        // Where only the best candidate is asked for, it is the same one, and its density is complete.
        let good = model.good_ln_density(group, group.good_density(Kernels::Sharp), &candidates);
        let partial = Rest::new(group, &positions, options).ln_density(&candidates, Some(&good));
        let best = |rest: &[f64]| {
            let scores = good.iter().zip(rest).map(|(good, rest)| good - rest).enumerate();
            scores.max_by(|left, right| left.1.total_cmp(&right.1)).expect("there are candidates")
        };
        let ((of_all, score), (of_some, same)) = (best(&fast), best(&partial));
        assert!(of_all == of_some && (score - same).abs() < TOLERANCE, "{of_all}: {score}, {of_some}: {same}");
        assert!(partial.iter().zip(&fast).all(|(partial, fast)| *partial <= fast + TOLERANCE));
        for ((exact, fast), candidate) in exact.iter().zip(&fast).zip(&candidates) {
            let params = &group.group.params;
            assert!((exact - fast).abs() <= TOLERANCE, "{params:?} at {candidate:?}: exact {exact}, fast {fast}");
            compared += 1;
        }
    }
    compared
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn sums_equal_kernel_by_kernel(
        seed in any::<u64>(),
        trials in 180_u64..700,
        pending in 0_u64..40,
        tightness in prop::sample::select(vec![0.0, 0.5, 0.9, 1.0]),
        copies in prop::sample::select(vec![2_u64, 7, 1_000_000]),
        endpoints in any::<bool>(),
        weights in prop::sample::select(vec![Weights::Ramp, Weights::Equal]),
        multivariate in prop::sample::select(vec![Multivariate::Joint, Multivariate::Independent]),
    ) {
        let space = space(&params(), vec![]).expect("valid");
        let options = TpeOptions { endpoints, weights, multivariate, ..TpeOptions::default() };
        let shape = Shape { seed, tightness, copies };
        prop_assert!(compare(&space, &options, &shape, trials, pending) > 0);
    }
}

#[test]
fn sums_equal_kernel_by_kernel_in_a_long_history() {
    let space = space(&params(), vec![]).expect("valid");
    for multivariate in [Multivariate::Joint, Multivariate::Independent] {
        for tightness in [0.0, 1.0] {
            let options = TpeOptions { multivariate, ..TpeOptions::default() };
            let shape = Shape { seed: 5, tightness, copies: 50 };
            assert!(compare(&space, &options, &shape, 6_000, 15) > 20);
        }
    }
}

#[test]
fn a_fresh_sampler_proposes_what_one_does_that_followed_a_long_study() {
    let space = space(&params(), vec![]).expect("valid");
    let shape = Shape { seed: 9, tightness: 0.5, copies: 1_000_000 };
    let evaluate = |number, params: &Assignment| match shape.outcome(number) {
        // Values follow from the parameters, so that good trials come and go.
        outcome if outcome == Outcome::complete(outcome.value.unwrap_or(0.0)) => {
            Outcome::complete(crate::testing::space::number(params, "float").unwrap_or(0.0).abs())
        }
        outcome => outcome,
    };
    for multivariate in [Multivariate::Joint, Multivariate::Independent] {
        let options = TpeOptions { multivariate, ..TpeOptions::default() };
        let make = || Tpe::try_new(options.clone()).expect("valid");
        let study = Study { space: &space, direction: StudyDirection::Minimize, seed: 2, lag: 4, evaluate: &evaluate };
        let trials = study.run(&mut make(), Vec::new(), 320).expect("the space has points");
        for stop in [150, 233, 319] {
            let resumed = study.run(&mut make(), trials[..stop].to_vec(), stop as u64 + 1);
            let resumed = resumed.expect("the space has points");
            assert_eq!(resumed[stop].params, trials[stop].params, "{multivariate:?} at trial {stop}");
        }
    }
}
