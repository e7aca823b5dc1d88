//! Best values that samplers find on the problems of `benches/quality`, as CSV lines.
//!
//! `cargo run --release -p bartune-search --example quality -- SEEDS TRIALS SAMPLER:LAG ... [PROBLEM ...]`
//!
//! Samplers: `tpe`, `cmaes`, `nsga2`, `gp`, `random`, `auto`, `tpe-univariate` and `tpe-optuna` (its options are Optuna's). A line has the sampler, the lag, the problem, its dimension, the
//! trials, the seed and the best value (nothing if no trial was feasible). As in a study, a point that is known is proposed
//! anew, eight times by the sampler and eight times at random, and costs no trial if it is known still.

mod backtests;
mod problems;

use std::collections::BTreeMap;

use bartune_search::history::History;
use bartune_search::sampler::auto::Auto;
use bartune_search::sampler::cmaes::Cmaes;
use bartune_search::sampler::gp::Gp;
use bartune_search::sampler::nsga2::Nsga2;
use bartune_search::sampler::random::Random;
use bartune_search::sampler::tpe::{Multivariate, Tpe, TpeOptions};
use bartune_search::sampler::{Request, Sampler, SamplerError};
use bartune_search::space::Assignment;
use bartune_search::testing::study::trial_of;
use bartune_search::trial::{StudyDirection, Trial};
use problems::{Judgement, Problem};

const SAMPLER_ATTEMPTS: u64 = 8;
const UNIFORM_ATTEMPTS: u64 = 8;

/// One run of a sampler on a problem.
struct Run<'a> {
    problem: &'a Problem,
    sampler: Box<dyn Sampler>,
    seed: u64,
    lag: u64,
    history: History,
    trials: Vec<Trial>,
    /// Numbers of the trials by what they tried.
    known: BTreeMap<String, u64>,
}

impl<'a> Run<'a> {
    fn new(problem: &'a Problem, sampler: Box<dyn Sampler>, (seed, lag): (u64, u64)) -> Self {
        let history = History::new(&problem.space, problem.objectives());
        Self { problem, sampler, seed, lag, history, trials: Vec::new(), known: BTreeMap::new() }
    }

    /// The best value after so many distinct trials.
    fn best(mut self, budget: u64) -> Result<Option<f64>, SamplerError> {
        while (self.known.len() as u64) < budget {
            let params = match self.propose() {
                Err(SamplerError::Exhausted { .. }) => break,
                params => params?,
            };
            let number = self.trials.len() as u64;
            let duplicate_of = self.known.get(&text(&params)).copied();
            self.known.entry(text(&params)).or_insert(number);
            let Judgement { objectives, violation, .. } = self.problem.judge(&params);
            let trial = Trial {
                values: objectives,
                constraints: violation.map(|value| ("limit".to_owned(), value)).into_iter().collect(),
                duplicate_of,
                ..trial_of(&self.problem.space, number, params)
            };
            self.history.append(&trial).expect("numbers count up");
            self.trials.push(trial);
        }
        let results: Vec<Judgement> = self.trials.iter().map(|trial| self.problem.judge(&trial.params)).collect();
        Ok(self.problem.score(&results))
    }

    /// Parameters that are not known yet, if some tries find them.
    fn propose(&mut self) -> Result<Assignment, SamplerError> {
        let number = self.trials.len() as u64;
        let seen = (number + 1).saturating_sub(self.lag);
        let pending: Vec<Assignment> = self.trials[seen as usize..].iter().map(|trial| trial.params.clone()).collect();
        let directions = vec![StudyDirection::Minimize; self.problem.objectives()];
        let mut attempt = 0;
        loop {
            let request = Request {
                space: &self.problem.space,
                directions: &directions,
                view: self.history.view(seen),
                pending: &pending,
                seed: self.seed,
                number,
                attempt,
            };
            let sampler: &mut dyn Sampler = if attempt < SAMPLER_ATTEMPTS { &mut *self.sampler } else { &mut Random };
            let params = sampler.propose(&request)?;
            attempt += 1;
            if attempt == SAMPLER_ATTEMPTS + UNIFORM_ATTEMPTS || !self.known.contains_key(&text(&params)) {
                return Ok(params);
            }
        }
    }
}

fn text(params: &Assignment) -> String {
    format!("{params:?}")
}

fn sampler(name: &str, problem: &Problem, budget: u64) -> Result<Box<dyn Sampler>, Box<dyn std::error::Error>> {
    Ok(match name {
        "tpe" => Box::new(Tpe::default()),
        "tpe-univariate" => {
            Box::new(Tpe::try_new(TpeOptions { multivariate: Multivariate::Independent, ..TpeOptions::default() })?)
        }
        "tpe-optuna" => Box::new(Tpe::try_new(TpeOptions::optuna())?),
        "cmaes" => Box::new(Cmaes::default()),
        "nsga2" => Box::new(Nsga2::default()),
        "gp" => Box::new(Gp::default()),
        "random" => Box::new(Random),
        "auto" => Box::new(Auto::new(&problem.space, problem.objectives(), budget)),
        other => return Err(format!("there is no sampler '{other}' here").into()),
    })
}

/// As in `run_optuna.py`: CMA-ES on numbers only, it and the Gaussian process with one objective.
fn takes(name: &str, problem: &Problem) -> bool {
    match name {
        "cmaes" => problem.objectives() == 1 && problem.is_numeric(),
        "gp" => problem.objectives() == 1,
        "nsga2" => problem.objectives() > 1,
        _ => true,
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [seeds, trials, wanted @ ..] = &arguments[..] else {
        return Err("SEEDS TRIALS SAMPLER:LAG ... [PROBLEM ...]".into());
    };
    let (samplers, names): (Vec<&String>, Vec<&String>) = wanted.iter().partition(|word| word.contains(':'));
    let is_wanted = |problem: &Problem| names.is_empty() || names.iter().any(|name| *name == problem.name);
    let (seeds, trials): (u64, u64) = (seeds.parse()?, trials.parse()?);
    println!("sampler,lag,problem,dimension,trials,seed,best");
    for (index, problem) in (0_u64..).zip(&Problem::all()).filter(|(_, problem)| is_wanted(problem)) {
        for choice in &samplers {
            let (name, lag) = choice.split_once(':').unwrap_or((choice.as_str(), "1"));
            let lag: u64 = lag.parse()?;
            for seed in (0..seeds).filter(|_| takes(name, problem)) {
                // One seed for all problems would start all of them at the same points, lucky or not.
                let run = Run::new(problem, sampler(name, problem, trials)?, (1_000 * index + seed, lag));
                let best = run.best(trials)?.map_or_else(String::new, |best| best.to_string());
                println!("{name},{lag},{},{},{trials},{seed},{best}", problem.name, problem.dimension);
            }
        }
    }
    Ok(())
}
