//! Milliseconds a TPE proposal takes, at several history lengths.
//!
//! `cargo run --release -p bartune-search --example tpe_speed [LONGEST]`
//!
//! 8 parameters (6 floats, 1 int, 1 choice), 15 trials in flight, one thread, an objective that costs nothing. Two
//! histories: `random` draws, and the trials of a `search` by TPE itself, which crowd around
//! the optimum. A figure is the median of consecutive proposals of one sampler, then the least. Every proposal
//! sees one trial more than the one before, as in a study. `exact` is kernel by kernel.

use std::hint::black_box;
use std::time::Instant;

use bartune_search::history::History;
use bartune_search::sampler::random::Random;
use bartune_search::sampler::tpe::{Multivariate, Tpe, TpeOptions};
use bartune_search::sampler::{Request, Sampler};
use bartune_search::space::{Assignment, Space, SpaceError};
use bartune_search::testing::space::{always, choice, float, int, number, space};
use bartune_search::testing::study::{Outcome, Study};
use bartune_search::trial::{StudyDirection, Trial};

const LAG: usize = 16;
const REPEATS: usize = 60;
const DIRECTION: StudyDirection = StudyDirection::Minimize;

fn eight_parameters() -> Result<Space, SpaceError> {
    let floats = ["a", "b", "c", "d", "e", "f"].map(|name| (name, always(float(-5.0, 5.0))));
    let others = [("period", always(int(2, 200))), ("kind", always(choice(&["x", "y", "z"])))];
    space(&[&floats[..], &others[..]].concat(), vec![])
}

fn value(params: &Assignment) -> f64 {
    let squares = params.keys().filter_map(|name| {
        let x = number(params, name)?;
        let x = if name == "period" { (x - 60.0) / 20.0 } else { x };
        Some((x - 1.0) * (x - 1.0))
    });
    squares.sum()
}

/// The trials of a study of this sampler.
fn trials(space: &Space, sampler: &mut dyn Sampler, total: usize) -> Vec<Trial> {
    let evaluate = |_, params: &Assignment| Outcome::complete(value(params));
    let study = Study { space, direction: DIRECTION, seed: 1, lag: LAG as u64, evaluate: &evaluate };
    study.run(sampler, Vec::new(), total as u64).expect("the space has points")
}

/// Median and least milliseconds of proposals after `length` trials.
fn milliseconds(space: &Space, trials: &[Trial], options: &TpeOptions, length: usize) -> (f64, f64) {
    let history = History::from_trials(space, 1, trials).expect("numbers count up");
    let params: Vec<Assignment> = trials.iter().map(|trial| trial.params.clone()).collect();
    let mut sampler = Tpe::try_new(options.clone()).expect("valid options");
    let mut propose = |number: usize| {
        let seen = number + 1 - LAG;
        let request = Request {
            space,
            directions: &[DIRECTION],
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
    propose(length - 1);
    let mut costs: Vec<f64> = (length..length + REPEATS).map(&mut propose).collect();
    costs.sort_by(f64::total_cmp);
    (costs[REPEATS / 2], costs[0])
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let longest = std::env::args().nth(1).map_or(Ok(100_000), |text| text.parse())?;
    let space = eight_parameters()?;
    let independent = TpeOptions { multivariate: Multivariate::Independent, ..TpeOptions::default() };
    let joint = TpeOptions { multivariate: Multivariate::Joint, ..TpeOptions::default() };
    let exact = |options: &TpeOptions| TpeOptions { exact: true, ..options.clone() };
    let lengths: Vec<usize> = [100, 1_000, 10_000, 100_000].into_iter().filter(|&length| length <= longest).collect();
    let total = lengths.last().copied().unwrap_or(0) + REPEATS;
    let searched = |options: &TpeOptions| Tpe::try_new(options.clone()).map(|mut tpe| trials(&space, &mut tpe, total));
    let histories = [
        ("random", trials(&space, &mut Random, total), trials(&space, &mut Random, total)),
        ("search", searched(&independent)?, searched(&joint)?),
    ];
    println!(
        "{:>8} {:>8} {:>18} {:>18} {:>18} {:>18}",
        "history", "trials", "independent", "joint", "exact ind.", "exact joint"
    );
    for (name, of_independent, of_joint) in &histories {
        for &length in &lengths {
            let figure = |trials: &[Trial], options: &TpeOptions| {
                let (median, least) = milliseconds(&space, &trials[..length + REPEATS], options, length);
                format!("{median:.4} {least:.4}")
            };
            println!(
                "{name:>8} {length:>8} {:>18} {:>18} {:>18} {:>18}",
                figure(of_independent, &independent),
                figure(of_joint, &joint),
                figure(of_independent, &exact(&independent)),
                figure(of_joint, &exact(&joint)),
            );
        }
    }
    Ok(())
}
