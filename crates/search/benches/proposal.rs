//! Milliseconds a proposal: 8 parameters (6 floats, 1 int, 1 choice), at several history lengths.
//!
//! `cargo bench -p bartune-search`. Each figure is the median over consecutive trials of one
//! sampler, with 15 trials in flight, as in a study; the objective costs nothing.

use std::hint::black_box;
use std::time::Instant;

use bartune_search::history::History;
use bartune_search::sampler::random::Random;
use bartune_search::sampler::tpe::{Multivariate, Tpe, TpeOptions};
use bartune_search::sampler::{Request, Sampler};
use bartune_search::space::{Assignment, Space, SpaceError};
use bartune_search::testing::space::{always, choice, float, int, number, space};
use bartune_search::testing::study::{Outcome, Study};
use bartune_search::trial::StudyDirection;

const LAG: usize = 16;

fn eight_parameters() -> Result<Space, SpaceError> {
    let floats = ["a", "b", "c", "d", "e", "f"].map(|name| (name, always(float(-5.0, 5.0))));
    let others = [("period", always(int(2, 200))), ("kind", always(choice(&["x", "y", "z"])))];
    space(&[&floats[..], &others[..]].concat(), vec![])
}

fn value(params: &Assignment) -> f64 {
    params.keys().filter_map(|name| number(params, name)).map(|x| (x - 1.0) * (x - 1.0)).sum()
}

/// Median milliseconds of `repeats` proposals after `length` trials.
fn milliseconds(space: &Space, sampler: &mut dyn Sampler, length: usize, repeats: usize) -> f64 {
    let evaluate = |_, params: &Assignment| Outcome::complete(value(params));
    let direction = StudyDirection::Minimize;
    let study = Study { space, direction, seed: 1, lag: LAG as u64, evaluate: &evaluate };
    let total = (length + repeats) as u64;
    let trials = study.run(&mut Random, Vec::new(), total).expect("the space has points");
    let history = History::from_trials(space, 1, &trials).expect("numbers count up");
    let params: Vec<Assignment> = trials.into_iter().map(|trial| trial.params).collect();
    let mut propose = |number: usize| {
        let seen = number + 1 - LAG;
        let request = Request {
            space,
            directions: &[direction],
            view: history.view(seen as u64),
            pending: &params[seen..number],
            seed: 1,
            number: number as u64,
            attempt: 0,
        };
        black_box(sampler.propose(&request)).expect("the space has points");
    };
    propose(length - 1);
    let mut costs: Vec<f64> = (length..length + repeats)
        .map(|number| {
            let start = Instant::now();
            propose(number);
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    costs.sort_by(f64::total_cmp);
    costs[repeats / 2]
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let space = eight_parameters()?;
    let independent = TpeOptions { multivariate: Multivariate::Independent, ..TpeOptions::default() };
    println!("{:>8} {:>10} {:>10} {:>16}", "trials", "random", "tpe", "tpe independent");
    for (length, repeats) in [(250, 200), (1_000, 200), (10_000, 100)] {
        println!(
            "{length:>8} {:>10.4} {:>10.4} {:>16.4}",
            milliseconds(&space, &mut Random, length, repeats),
            milliseconds(&space, &mut Tpe::default(), length, repeats),
            milliseconds(&space, &mut Tpe::try_new(independent.clone())?, length, repeats),
        );
    }
    Ok(())
}
