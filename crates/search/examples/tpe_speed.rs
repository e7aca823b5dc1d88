//! Milliseconds a TPE proposal takes, at several history lengths.
//!
//! `cargo run --release -p bartune-search --example tpe_speed -- [LENGTH ...] [joint] [search]`
//!
//! Three spaces: 8 parameters (6 floats, 1 int, 1 choice), the 12 of a strategy (7 ints, 3 steps, 1 float, 1 choice), and the
//! 6 of `examples/large.toml` (3 ints, 2 steps, 1 float, 1 relation). 15 trials in flight, one thread, an objective that costs nothing. Two histories: `random` draws, and the trials of a
//! `search` by TPE itself, which crowd around the optimum. A figure is the median of consecutive proposals of one
//! sampler, then the least. Every proposal sees one trial more than the one before, as in a study. `exact` is kernel by
//! kernel, up to 10,000 trials. `joint` measures nothing else, `search` no random histories; `eight`, `strategy`
//! and `study` name the only space.

use std::hint::black_box;
use std::time::Instant;

use bartune_search::history::History;
use bartune_search::sampler::random::Random;
use bartune_search::sampler::tpe::{Multivariate, Tpe, TpeOptions};
use bartune_search::sampler::{Request, Sampler};
use bartune_search::space::{Assignment, Distribution, Space, SpaceError};
use bartune_search::testing::space::{always, choice, float, int, less, log_int, number, space, stepped};
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

fn strategy() -> Result<Space, SpaceError> {
    let periods = ["fast", "slow", "trend", "range", "rsi", "atr"].map(|name| (name, always(int(2, 200))));
    let steps = ["stop", "target", "trail"].map(|name| (name, always(stepped(0.5, 16.0, 0.25))));
    let others = [
        ("hold", always(log_int(1, 1_000))),
        ("level", always(float(50.0, 90.0))),
        ("kind", always(choice(&["x", "y", "z"]))),
    ];
    space(&[&periods[..], &steps[..], &others[..]].concat(), vec![])
}

fn study() -> Result<Space, SpaceError> {
    let params = [
        ("fast", always(int(5, 100))),
        ("slow", always(log_int(20, 400))),
        ("rsi_period", always(int(7, 28))),
        ("rsi_max", always(float(50.0, 90.0))),
        ("stop", always(stepped(1.0, 8.0, 0.25))),
        ("target", always(stepped(1.0, 16.0, 0.5))),
    ];
    space(&params, vec![less("fast", "slow")])
}

/// Squared distances, in units of a twentieth of the ranges, from points well inside.
fn value(space: &Space, params: &Assignment) -> f64 {
    let squares = space.params().iter().filter_map(|(name, param)| {
        let x = number(params, name)?;
        let z = match param.distribution {
            Distribution::Float { low, high, .. } => (x - low) / (high - low),
            Distribution::Int { low, high, .. } => (x - low as f64) / (high - low) as f64,
            Distribution::Categorical { .. } => return Some(0.0),
        };
        Some((20.0 * z - 7.0) * (20.0 * z - 7.0))
    });
    squares.sum()
}

/// The trials of a study of this sampler.
fn trials(space: &Space, sampler: &mut dyn Sampler, total: usize) -> Vec<Trial> {
    let evaluate = |_, params: &Assignment| Outcome::complete(value(space, params));
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

/// A row for each history and length of a space.
fn measure(name: &str, space: &Space, lengths: &[usize], words: &[String]) -> Result<(), Box<dyn std::error::Error>> {
    let is_asked = |word: &str| words.iter().any(|given| given == word);
    let options = |multivariate, exact| TpeOptions { multivariate, exact, ..TpeOptions::default() };
    let joint = options(Multivariate::Joint, false);
    let independent = options(Multivariate::Independent, false);
    let all = [
        independent.clone(),
        joint.clone(),
        options(Multivariate::Independent, true),
        options(Multivariate::Joint, true),
    ];
    let total = lengths.last().copied().unwrap_or(0) + REPEATS;
    let searched = |options: &TpeOptions| Tpe::try_new(options.clone()).map(|mut tpe| trials(space, &mut tpe, total));
    let random = || trials(space, &mut Random, total);
    let by = |options: &TpeOptions, wanted: bool| if wanted { searched(options) } else { Ok(Vec::new()) };
    let mut histories = vec![("search", by(&independent, !is_asked("joint"))?, searched(&joint)?)];
    if !is_asked("search") {
        histories.insert(0, ("random", random(), random()));
    }
    for (history, of_independent, of_joint) in &histories {
        for &length in lengths {
            let figure = |options: &TpeOptions| {
                let is_joint = options.multivariate == Multivariate::Joint;
                if is_asked("joint") && *options != joint || options.exact && length > 10_000 {
                    return String::new();
                }
                let trials = if is_joint { of_joint } else { of_independent };
                let (median, least) = milliseconds(space, &trials[..length + REPEATS], options, length);
                format!("{median:.4} {least:.4}")
            };
            let [independent, joint, exact_independent, exact_joint] = all.each_ref().map(figure);
            println!(
                "{name:>8} {history:>8} {length:>8} {independent:>16} {joint:>16} {exact_independent:>18} {exact_joint:>18}"
            );
        }
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (lengths, words): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|word| word.starts_with(|first: char| first.is_ascii_digit()));
    let mut lengths = lengths.iter().map(|text| text.parse()).collect::<Result<Vec<usize>, _>>()?;
    if lengths.is_empty() {
        lengths = vec![100, 500, 1_000, 10_000, 100_000];
    }
    lengths.sort_unstable();
    println!(
        "{:>8} {:>8} {:>8} {:>16} {:>16} {:>18} {:>18}",
        "space", "history", "trials", "independent", "joint", "exact independent", "exact joint"
    );
    let spaces = [("eight", eight_parameters()?), ("strategy", strategy()?), ("study", study()?)];
    let is_named = |name: &str| words.iter().any(|word| word == name);
    let names_any = spaces.iter().any(|(name, _)| is_named(name));
    for (name, space) in spaces.iter().filter(|(name, _)| !names_any || is_named(name)) {
        measure(name, space, &lengths, &words)?;
    }
    Ok(())
}
