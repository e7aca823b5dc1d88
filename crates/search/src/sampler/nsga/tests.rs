//! Selection, crossovers and mutation against Optuna 5 (`scripts/oracles/nsga.py`); whole studies.

use serde::Deserialize;

use super::crossover::{Draws, Settings};
use super::evolution::Crowd;
use super::*;
use crate::history::History;
use crate::pareto::{Points, hypervolume};
use crate::sampler::Sampler;
use crate::sampler::nsga2::Nsga2;
use crate::sampler::nsga3::{Nsga3, Nsga3Options};
use crate::sampler::random::Random;
use crate::space::{Assignment, Space};
use crate::testing::space::{always, choice, float, number, space, when};
use crate::testing::study::trial_of;
use crate::testing::{self, study};
use crate::trial::{StudyDirection, Trial, TrialState};

const ORACLE: &str = include_str!("../../../../../testdata/search/nsga.json");

#[derive(Deserialize)]
struct Oracle {
    selections: Vec<OracleSelection>,
    directions: Vec<Vec<f64>>,
    crossovers: Vec<OracleCrossover>,
    mutations: Vec<OracleMutation>,
}

#[derive(Deserialize)]
struct OracleSelection {
    values: Vec<Vec<Number>>,
    violations: Vec<f64>,
    size: usize,
    crowded: Vec<usize>,
    niches: Option<Vec<usize>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Finite(f64),
    Infinite(String),
}

impl Number {
    fn value(&self) -> f64 {
        match self {
            Self::Finite(value) => *value,
            Self::Infinite(text) => text.parse().expect("inf or -inf"),
        }
    }
}

#[derive(Deserialize)]
struct OracleCrossover {
    crossover: String,
    parents: Vec<Vec<f64>>,
    draws: Vec<f64>,
    child: Vec<f64>,
}

#[derive(Deserialize)]
struct OracleMutation {
    gene: f64,
    eta: f64,
    u: f64,
    value: f64,
}

fn oracle() -> Oracle {
    serde_json::from_str(ORACLE).expect("the oracle is JSON")
}

struct Recorded(std::vec::IntoIter<f64>);

impl Draws for Recorded {
    fn uniform(&mut self) -> f64 {
        self.0.next().expect("no more numbers are drawn than Optuna drew")
    }

    fn normal(&mut self) -> f64 {
        unreachable!("no recorded crossover is normal")
    }
}

#[test]
fn survivors_are_optunas() {
    let mut niched = 0;
    for (index, case) in oracle().selections.iter().enumerate() {
        let rows: Vec<Vec<f64>> = case.values.iter().map(|row| row.iter().map(Number::value).collect()).collect();
        let values = Points::of(rows[0].len(), &rows);
        let crowd = Crowd { losses: values.clone(), values, violations: case.violations.clone() };
        assert_eq!(crowded::survivors(&crowd, case.size), case.crowded, "case {index}");
        if let Some(expected) = &case.niches {
            let niches = Niches::Even { divisions: 3 };
            assert_eq!(niches.survivors(&crowd, case.size, &mut |_| {}), *expected, "case {index}");
            niched += 1;
        }
    }
    assert!(niched >= 8, "{niched} cases of NSGA-III");
}

#[test]
fn even_directions_are_das_and_dennis() {
    assert_eq!(niche::even_directions(4, 3), oracle().directions);
    assert_eq!(niche::even_directions(2, 2), [[2.0, 0.0], [1.0, 1.0], [0.0, 2.0]]);
    assert_eq!(niche::even_directions(1, 3), [[3.0]]);
}

#[test]
fn children_are_optunas_for_the_same_random_numbers() {
    let settings = Settings { objectives: 2, swapping_probability: 0.3 };
    for case in oracle().crossovers {
        let crossover = match case.crossover.as_str() {
            "uniform" => Crossover::Uniform,
            "blx_alpha" => Crossover::BlxAlpha { alpha: 0.5 },
            "spx" => Crossover::Spx { epsilon: None },
            "sbx" => Crossover::Sbx { eta: Some(3.0), uniform_probability: 0.4, child_probability: 0.6 },
            _ => Crossover::VSbx { eta: Some(3.0), uniform_probability: 0.4, child_probability: 0.6 },
        };
        let mut draws = Recorded(case.draws.into_iter());
        let child = crossover.cross(&case.parents, settings, &mut draws);
        for (ours, theirs) in child.iter().zip(&case.child) {
            assert!((ours - theirs).abs() < 1e-9, "{}: {child:?} {:?}", case.crossover, case.child);
        }
        assert_eq!(draws.0.len(), 0, "{}: all numbers are used", case.crossover);
    }
}

#[test]
fn mutants_are_optunas_for_the_same_random_numbers() {
    for case in oracle().mutations {
        let ours = child::moved(case.gene, case.eta, case.u);
        assert!((ours - case.value.clamp(0.0, 1.0)).abs() < 1e-12, "{ours} {}", case.value);
    }
}

#[test]
fn undx_is_normal_along_and_across_the_parents_line() {
    let parents = [vec![0.2, 0.5, 0.5], vec![0.6, 0.5, 0.5], vec![0.4, 0.8, 0.5]];
    let crossover = Crossover::Undx { sigma_xi: 0.5, sigma_eta: Some(0.2) };
    let settings = Settings { objectives: 1, swapping_probability: 0.5 };
    let mut stream = crate::stream::RandomStream::new(1, 2, 3);
    let count = 20_000;
    let children: Vec<Vec<f64>> = (0..count).map(|_| crossover.cross(&parents, settings, &mut stream)).collect();
    // Along: 0.5 of the distance 0.4. Across: 0.2 of the third parent's distance 0.3.
    for (axis, mean, deviation) in [(0, 0.4, 0.2), (1, 0.5, 0.06), (2, 0.5, 0.06)] {
        let own = children.iter().map(|child| child[axis]).sum::<f64>() / count as f64;
        let square = children.iter().map(|child| (child[axis] - own).powi(2)).sum::<f64>() / count as f64;
        assert!((own - mean).abs() < 0.05 * deviation, "axis {axis}: mean {own}");
        assert!((square.sqrt() / deviation - 1.0).abs() < 0.03, "axis {axis}: deviation {}", square.sqrt());
    }
}

/// A study with several objectives, in the order of events that the engine promises.
struct Multi<'a> {
    space: &'a Space,
    directions: &'a [StudyDirection],
    seed: u64,
    lag: u64,
    values: fn(&Assignment) -> Vec<f64>,
}

impl Multi<'_> {
    fn run(&self, sampler: &mut dyn Sampler, mut trials: Vec<Trial>, total: u64) -> Vec<Trial> {
        let mut history = History::from_trials(self.space, self.directions.len(), &trials).expect("numbers count up");
        for number in trials.len() as u64..total {
            let seen = (number + 1).saturating_sub(self.lag);
            let pending: Vec<Assignment> = trials[seen as usize..].iter().map(|trial| trial.params.clone()).collect();
            let request = Request {
                space: self.space,
                directions: self.directions,
                view: history.view(seen),
                pending: &pending,
                seed: self.seed,
                number,
                attempt: 0,
            };
            let params = sampler.propose(&request).expect("the space has points");
            let values = (self.values)(&params);
            let mut trial = Trial { values, ..trial_of(self.space, number, params) };
            if number % 11 == 5 {
                trial.constraints.insert("limit".to_owned(), 1.0 + (number % 3) as f64);
            }
            if number % 13 == 7 {
                trial.state = TrialState::Fail;
            }
            history.append(&trial).expect("numbers count up");
            trials.push(trial);
        }
        trials
    }
}

/// ZDT1, whose front is `1 - √x` over the first parameter.
fn zdt1(params: &Assignment) -> Vec<f64> {
    let x = |name| number(params, name).unwrap_or(0.0);
    let names = ["x1", "x2", "x3", "x4", "x5"];
    let g = 1.0 + 9.0 * names.iter().map(|name| x(name)).sum::<f64>() / names.len() as f64;
    vec![x("x0"), g * (1.0 - (x("x0") / g).sqrt())]
}

fn zdt1_space() -> Space {
    let params = ["x0", "x1", "x2", "x3", "x4", "x5"].map(|name| (name, always(float(0.0, 1.0))));
    space(&params, vec![]).expect("the space is valid")
}

fn nsga3() -> Nsga3 {
    let common = NsgaOptions { population: 20, ..NsgaOptions::default() };
    Nsga3::try_new(Nsga3Options { common, divisions: 12, directions: Vec::new() }).expect("valid")
}

fn nsga2(options: NsgaOptions) -> Nsga2 {
    Nsga2::try_new(NsgaOptions { population: 20, ..options }).expect("valid")
}

const BOTH: [StudyDirection; 2] = [StudyDirection::Minimize, StudyDirection::Minimize];

#[test]
fn both_samplers_cover_a_front_far_better_than_chance() {
    let space = zdt1_space();
    let volume = |sampler: &mut dyn Sampler| {
        let study = Multi { space: &space, directions: &BOTH, seed: 3, lag: 16, values: zdt1 };
        let trials = study.run(sampler, Vec::new(), 1_000);
        let valid = trials.iter().filter(|trial| trial.is_feasible() && trial.state == TrialState::Complete);
        hypervolume(&Points::of(2, valid.map(|trial| &trial.values)), &[1.1, 6.0])
    };
    // The whole front dominates 6 - 1/3 over [0, 1] and 6 over [1, 1.1].
    let all = 17.0 / 3.0 + 0.6;
    let random = volume(&mut Random);
    for ours in [volume(&mut nsga2(NsgaOptions::default())), volume(&mut nsga3())] {
        assert!(ours - random > 0.6 * (all - random), "{ours} of {all}, {random} at random");
    }
}

#[test]
fn a_resumed_or_long_lived_sampler_proposes_the_same() {
    let conditional = [
        ("kind", always(choice(&["line", "curve"]))),
        ("x0", always(float(0.0, 1.0))),
        ("x1", when(float(0.0, 1.0), "kind", 1)),
        ("x2", when(float(0.0, 1.0), "kind", 0)),
    ];
    let space = space(&conditional, vec![]).expect("the space is valid");
    let directions = [StudyDirection::Minimize, StudyDirection::Maximize];
    let study = Multi { space: &space, directions: &directions, seed: 5, lag: 6, values: zdt1 };
    let makes: [fn() -> Box<dyn Sampler>; 2] = [|| Box::new(nsga2(NsgaOptions::default())), || Box::new(nsga3())];
    for make in makes {
        let trials = study.run(&mut *make(), Vec::new(), 150);
        assert!(trials.iter().all(|trial| space.is_member(&trial.params)));
        let resumed = study.run(&mut *make(), trials[..71].to_vec(), 150);
        assert_eq!(resumed, trials);
        let mut sampler = make();
        Multi { seed: 6, ..study }.run(&mut *sampler, Vec::new(), 90);
        assert_eq!(study.run(&mut *sampler, Vec::new(), 150), trials);
    }
}

#[test]
fn a_generation_begins_with_what_is_seen_of_the_one_before() {
    let space = zdt1_space();
    let study = Multi { space: &space, directions: &BOTH, seed: 3, lag: 6, values: zdt1 };
    let trials = study.run(&mut nsga2(NsgaOptions::default()), Vec::new(), 100);
    let history = History::from_trials(&space, 2, &trials).expect("numbers count up");
    let parents = |seen: u64, in_flight: u64| {
        let request = Request {
            space: &space,
            directions: &BOTH,
            view: history.view(seen),
            pending: &[],
            seed: 3,
            number: seen + in_flight,
            attempt: 0,
        };
        let mut evolution = Evolution::default();
        evolution.advance(&request, 20, &Selection::Crowded);
        evolution.parents().to_vec()
    };
    let counted: Vec<usize> = (0..100).filter(|row| row % 13 != 7).collect();
    let seen = |count: usize| counted[count - 1] as u64 + 1;
    let all = parents(seen(20), 0);
    assert_eq!(parents(seen(34), 5), all, "six in flight are not seen");
    let early = parents(seen(35), 5);
    assert!(early != all && early.iter().all(|row| counted[..35].contains(row)), "{early:?}");
    assert_eq!(parents(seen(39), 5), early);
    assert_eq!(parents(seen(39), 0), all, "without trials in flight generations are whole");
    assert_eq!(parents(seen(40), 5), parents(seen(40), 0));
    assert!(parents(seen(15), 5).is_empty(), "there are no parents before the first generation");
}

#[test]
fn every_crossover_and_mutation_conforms() {
    let eta = None;
    let (uniform_probability, child_probability) = (0.5, 0.5);
    for (crossover, mutation) in [
        (Crossover::Uniform, Mutation::Redraw),
        (Crossover::BlxAlpha { alpha: 0.5 }, Mutation::Redraw),
        (Crossover::Spx { epsilon: None }, Mutation::Redraw),
        (Crossover::Sbx { eta, uniform_probability, child_probability }, Mutation::Polynomial { eta: 20.0 }),
        (Crossover::VSbx { eta, uniform_probability, child_probability }, Mutation::Redraw),
        (Crossover::Undx { sigma_xi: 0.5, sigma_eta: None }, Mutation::Redraw),
    ] {
        let options = NsgaOptions { population: 5, crossover, mutation, ..NsgaOptions::default() };
        testing::check(&|| Box::new(Nsga2::try_new(options.clone()).expect("valid")));
    }
}

#[test]
fn nsga3_conforms() {
    testing::check(&|| {
        let common = NsgaOptions { population: 5, ..NsgaOptions::default() };
        Box::new(Nsga3::try_new(Nsga3Options { common, ..Nsga3Options::default() }).expect("valid"))
    });
}

#[test]
fn a_single_objective_is_optimised_as_well() {
    let space = zdt1_space();
    let evaluate = |_, params: &Assignment| study::Outcome::complete(zdt1(params)[1]);
    let study =
        study::Study { space: &space, direction: StudyDirection::Minimize, seed: 1, lag: 16, evaluate: &evaluate };
    let best = |sampler: &mut dyn Sampler| {
        let trials = study.run(sampler, Vec::new(), 600).expect("the space has points");
        trials.iter().map(|trial| trial.values[0]).fold(f64::INFINITY, f64::min)
    };
    let (random, ours) = (best(&mut Random), best(&mut nsga2(NsgaOptions::default())));
    assert!(ours < random / 2.0, "{ours} {random}");
}

#[test]
fn options_out_of_range_are_named() {
    let wrong = |options| Nsga2::try_new(options).expect_err("the options are wrong").to_string();
    let default = NsgaOptions::default;
    assert_eq!(
        wrong(NsgaOptions { population: 2, crossover: Crossover::Spx { epsilon: None }, ..default() }),
        "option 'population' of the sampler 'nsga2' must be at least 2, or 3 with 'spx' and 'undx', got 2"
    );
    assert!(wrong(NsgaOptions { mutation_probability: Some(f64::NAN), ..default() }).contains("mutation_probability"));
    assert!(wrong(NsgaOptions { crossover: Crossover::BlxAlpha { alpha: -1.0 }, ..default() }).contains("alpha"));
    for directions in [vec![vec![0.0, 0.0]], vec![vec![1.0], vec![1.0, 2.0]], vec![vec![-1.0, 2.0]]] {
        assert!(Nsga3::try_new(Nsga3Options { directions, ..Nsga3Options::default() }).is_err());
    }
}

#[test]
fn a_history_of_other_objectives_is_refused() {
    let space = zdt1_space();
    let history = History::new(&space, 1);
    let request = Request {
        space: &space,
        directions: &BOTH,
        view: history.view(0),
        pending: &[],
        seed: 0,
        number: 0,
        attempt: 0,
    };
    let error = Nsga2::default().propose(&request).expect_err("one objective is not two");
    assert_eq!(error, SamplerError::OtherObjectives { history: 1, study: 2 });
}
