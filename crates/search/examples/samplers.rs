//! Milliseconds a proposal of each sampler, at several history lengths.
//!
//! `cargo run --release -p bartune-search --example samplers`. 8 parameters, 15 trials in flight, as in a
//! study; the objective costs nothing. Each figure is the mean over 25 consecutive trials of one long-lived
//! sampler, the cost of learning from them included, in the fastest of seven such batches; beside it, what
//! a resumed study pays once to catch up with its history. Names as arguments measure only those samplers.

use std::hint::black_box;
use std::ops::Range;
use std::time::Instant;

use bartune_search::history::History;
use bartune_search::sampler::cmaes::{Cmaes, CmaesOptions, Covariance};
use bartune_search::sampler::fixed::Fixed;
use bartune_search::sampler::grid::Grid;
use bartune_search::sampler::halton::Halton;
use bartune_search::sampler::random::Random;
use bartune_search::sampler::sobol::Sobol;
use bartune_search::sampler::{Request, Sampler};
use bartune_search::space::{Assignment, Param, Space, SpaceError};
use bartune_search::testing::space::{always, choice, float, int, less, number, space};
use bartune_search::testing::study::{Outcome, Study};
use bartune_search::trial::StudyDirection;

const LAG: usize = 16;
const TRIALS: usize = 100_200;
const LENGTHS: [usize; 3] = [1_000, 10_000, 100_000];
/// Long enough for two generations of CMA-ES.
const BATCH: usize = 25;
const BATCHES: usize = 7;

fn mixed() -> Vec<(&'static str, Param)> {
    let floats = ["a", "b", "c", "d", "e", "f"].map(|name| (name, always(float(-5.0, 5.0))));
    let others = [("period", always(int(2, 200))), ("kind", always(choice(&["x", "y", "z"])))];
    [&floats[..], &others[..]].concat()
}

/// A finite space with a relation, of 8 parameters.
fn finite() -> Vec<(&'static str, Param)> {
    let ints = ["a", "b", "c", "d", "e", "f", "fast", "slow"];
    ints.map(|name| (name, always(int(1, 200)))).to_vec()
}

fn value(params: &Assignment) -> f64 {
    params.keys().filter_map(|name| number(params, name)).map(|x| (x - 1.0) * (x - 1.0)).sum()
}

/// A study by its own sampler, and the history of it.
fn studied(space: &Space, sampler: &mut dyn Sampler) -> (History, Vec<Assignment>) {
    let evaluate = |_, params: &Assignment| Outcome::complete(value(params));
    let study = Study { space, direction: StudyDirection::Minimize, seed: 1, lag: LAG as u64, evaluate: &evaluate };
    let trials = study.run(sampler, Vec::new(), TRIALS as u64).expect("the space has points");
    let history = History::from_trials(space, 1, &trials).expect("numbers count up");
    (history, trials.into_iter().map(|trial| trial.params).collect())
}

fn measure(name: &str, space: &Space, make: &dyn Fn() -> Box<dyn Sampler>) {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    if !wanted.is_empty() && !wanted.iter().any(|wanted| wanted == name) {
        return;
    }
    let (history, params) = studied(space, &mut *make());
    let propose = |sampler: &mut dyn Sampler, number: usize| {
        let seen = number + 1 - LAG;
        let request = Request {
            space,
            directions: &[StudyDirection::Minimize],
            view: history.view(seen as u64),
            pending: &params[seen..number],
            seed: 1,
            number: number as u64,
            attempt: 0,
        };
        black_box(sampler.propose(&request)).expect("the space has points");
    };
    print!("{name:>16}");
    for length in LENGTHS {
        let mut sampler = make();
        let mut clock = |numbers: Range<usize>| {
            let (start, count) = (Instant::now(), numbers.len() as f64);
            numbers.for_each(|number| propose(&mut *sampler, number));
            start.elapsed().as_secs_f64() * 1e3 / count
        };
        let caught_up = clock(length..length + 1);
        let batches = (0..BATCHES).map(|batch| length + 1 + batch * BATCH);
        let each = batches.map(|first| clock(first..first + BATCH)).fold(f64::INFINITY, f64::min);
        print!(" {each:>9.4} ({caught_up:>8.2})");
    }
    println!();
}

fn main() -> Result<(), SpaceError> {
    let mixed = space(&mixed(), vec![])?;
    let finite = space(&finite(), vec![less("fast", "slow")])?;
    println!("{:>16} {:>20} {:>20} {:>20}   ms a proposal (ms to catch up)", "trials", "1,000", "10,000", "100,000");
    measure("random", &mixed, &|| Box::new(Random));
    measure("grid", &finite, &|| Box::new(Grid::default()));
    measure("sobol", &mixed, &|| Box::new(Sobol::default()));
    measure("halton", &mixed, &|| Box::new(Halton::default()));
    measure("cmaes", &mixed, &|| Box::new(Cmaes::default()));
    let separable = CmaesOptions { covariance: Covariance::Separable, ..CmaesOptions::default() };
    let separable = || Cmaes::try_new(separable.clone()).expect("the options are valid");
    measure("cmaes, separable", &mixed, &|| Box::new(separable()));
    measure("fixed (cmaes)", &mixed, &|| {
        let pinned = mixed.params().get_index(0).map(|(name, param)| (name.clone(), param.distribution.at_share(0.5)));
        let fixed = Fixed::try_new(&mixed, pinned.into_iter().collect(), Box::new(Cmaes::default()));
        Box::new(fixed.expect("the middle of a parameter is one of its values"))
    });
    Ok(())
}
