//! What a proposal costs once the study is so long, on a history made up from the pilot's trials.
//!
//! A search gathers around its best trial; so do the made-up trials, half of them. Their values are the pilot's.

use std::time::{Duration, Instant};

use bartune_search::history::History;
use bartune_search::sampler::{Request, SamplerError};
use bartune_search::space::{Assignment, Space};
use bartune_search::storage::TrialRecord;
use bartune_search::stream::RandomStream;
use bartune_search::trial::Trial;

use crate::config::{Plan, SamplerPlan};
use crate::error::Error;
use crate::validation::moved_by;

/// Proposals that are timed, after one that has the sampler read the history.
const PROPOSALS: usize = 7;
/// Longer histories cost hardly more, and would take long to make up.
const LONGEST: u64 = 20_000;
/// How far trials near the best one are from it, as a share of the range: from the one to the other, the logarithm evenly.
const NEAR: (f64, f64) = (0.001, 0.1);

/// What proposals are made up from.
pub(super) struct Proposals<'a> {
    pub(super) plan: &'a Plan,
    pub(super) sampler: SamplerPlan,
    /// The pilot's trials.
    pub(super) records: &'a [TrialRecord],
    /// The best of them, if one is feasible.
    pub(super) best: Option<&'a TrialRecord>,
}

impl Proposals<'_> {
    /// Median time of a proposal after so many trials; zero where the sampler proposes nothing any more.
    pub(super) fn after(&self, trials: u64) -> Result<Duration, Error> {
        let plan = self.plan;
        let space = &plan.parameters.space;
        let mut history = History::new(space, plan.objective.targets.len());
        let trials = trials.min(LONGEST);
        for (number, record) in (0..trials).zip(self.records.iter().cycle()) {
            let mut trial = Trial { number, ..record.trial.clone() };
            let mut stream = RandomStream::new(plan.search.seed, number, 0);
            let drawn = space.sample_uniform(&mut stream).map_err(SamplerError::from)?;
            trial.params = match self.best {
                Some(best) if number % 2 == 1 => near(space, &best.trial.params, &mut stream),
                _ => drawn,
            };
            history.append(&trial)?;
        }
        self.timed(&history, trials)
    }

    fn timed(&self, history: &History, trials: u64) -> Result<Duration, Error> {
        let (plan, space) = (self.plan, &self.plan.parameters.space);
        let mut sampler = self.sampler.build()?;
        let directions = plan.objective.directions();
        let times: Result<Vec<Duration>, SamplerError> = (0..=PROPOSALS as u64)
            .map(|ahead| {
                let began = Instant::now();
                let proposed = sampler.propose(&Request {
                    space,
                    directions: &directions,
                    view: history.view(trials),
                    pending: &[],
                    number: trials + ahead,
                    seed: plan.search.seed,
                    attempt: 0,
                });
                proposed.map(|_| began.elapsed())
            })
            .collect();
        let Ok(mut times) = times else { return Ok(Duration::ZERO) };
        times[1..].sort();
        Ok(times[1 + PROPOSALS / 2])
    }
}

/// A point around another one: numbers moved by a part of their range, choices as they are.
fn near(space: &Space, best: &Assignment, stream: &mut RandomStream) -> Assignment {
    let moved = best.iter().map(|(name, value)| {
        let share = NEAR.0 * (NEAR.1 / NEAR.0).powf(stream.uniform());
        let share = if stream.uniform() < 0.5 { share } else { -share };
        let moved = space.distribution(name).and_then(|distribution| moved_by(distribution, value, share));
        (name.clone(), moved.unwrap_or_else(|| value.clone()))
    });
    space.normalize(&moved.collect())
}
