//! Milliseconds a proposal of `nsga2`, `nsga3` and `gp`: 8 parameters (6 floats, 1 int, 1 choice).
//!
//! `cargo run --release -p bartune-search --example proposal_cost`. Each figure is the fastest and the mean
//! over consecutive trials with 15 trials in flight, as in a study; the objectives cost nothing.
//! `first` is what a fresh sampler needs to take in the whole history, once.

use std::hint::black_box;
use std::time::Instant;

use bartune_search::history::History;
use bartune_search::sampler::gp::Gp;
use bartune_search::sampler::nsga2::Nsga2;
use bartune_search::sampler::nsga3::Nsga3;
use bartune_search::sampler::{Request, Sampler};
use bartune_search::space::{Assignment, Space};
use bartune_search::stream::RandomStream;
use bartune_search::testing::space::{always, choice, float, int, number, space};
use bartune_search::testing::study::trial_of;
use bartune_search::trial::{StudyDirection, Trial};

const LAG: usize = 16;

/// Milliseconds.
struct Cost {
    first: f64,
    fastest: f64,
    mean: f64,
}

fn eight_parameters() -> Space {
    let floats = ["a", "b", "c", "d", "e", "f"].map(|name| (name, always(float(-5.0, 5.0))));
    let others = [("period", always(int(2, 200))), ("kind", always(choice(&["x", "y", "z"])))];
    space(&[&floats[..], &others[..]].concat(), vec![]).expect("the space is valid")
}

/// Squared distances to as many points as there are objectives.
fn values(params: &Assignment, objectives: usize) -> Vec<f64> {
    let numbers: Vec<f64> = params.keys().filter_map(|name| number(params, name)).collect();
    let distance = |centre: usize| numbers.iter().map(|x| (x - centre as f64) * (x - centre as f64)).sum();
    (0..objectives).map(distance).collect()
}

fn cost(sampler: &mut dyn Sampler, objectives: usize, length: usize, repeats: usize) -> Cost {
    let space = eight_parameters();
    let trials: Vec<Trial> = (0..(length + repeats) as u64)
        .map(|number| {
            let params = space.sample_uniform(&mut RandomStream::new(1, number, 0)).expect("the space has points");
            let values = values(&params, objectives);
            Trial { values, ..trial_of(&space, number, params) }
        })
        .collect();
    let history = History::from_trials(&space, objectives, &trials).expect("numbers count up");
    let params: Vec<Assignment> = trials.into_iter().map(|trial| trial.params).collect();
    let directions = vec![StudyDirection::Minimize; objectives];
    let mut propose = |number: usize| {
        let seen = number + 1 - LAG;
        let request = Request {
            space: &space,
            directions: &directions,
            view: history.view(seen as u64),
            pending: &params[seen..number],
            seed: 1,
            number: number as u64,
            attempt: 0,
        };
        let start = Instant::now();
        black_box(sampler.propose(&request)).expect("the space has points");
        start.elapsed().as_secs_f64() * 1e3
    };
    let first = propose(length - 1);
    let costs: Vec<f64> = (length..length + repeats).map(propose).collect();
    let mean = costs.iter().sum::<f64>() / repeats as f64;
    Cost { first, fastest: costs.into_iter().fold(f64::INFINITY, f64::min), mean }
}

fn main() {
    println!("{:<8} {:>10} {:>8} {:>10} {:>10} {:>10}", "sampler", "objectives", "trials", "fastest", "mean", "first");
    let row = |name: &str, objectives: usize, trials: usize, cost: Cost| {
        let Cost { first, fastest, mean } = cost;
        println!("{name:<8} {objectives:>10} {trials:>8} {fastest:>10.4} {mean:>10.4} {first:>10.2}");
    };
    for trials in [1_000, 10_000, 100_000] {
        row("nsga2", 2, trials, cost(&mut Nsga2::default(), 2, trials, 500));
        row("nsga3", 3, trials, cost(&mut Nsga3::default(), 3, trials, 500));
    }
    for trials in [50, 100, 200, 400] {
        row("gp", 1, trials, cost(&mut Gp::default(), 1, trials, 40));
    }
}
