//! Probe trials: points of the space as the random sampler draws them, evaluated on the train segment.

use bartune_engine::Params;
use bartune_engine::simulator::Backtest;
use bartune_search::space::Assignment;
use bartune_search::stream::RandomStream;

use crate::config::Plan;
use crate::error::Error;
use crate::evaluator::{Evaluator, SegmentName};
use crate::parallel;

/// Bars that all probes together run over, about.
const BARS: usize = 6_000_000;
/// In place of the fills of a trial that failed.
const BROKEN: u64 = 1;
/// Seed of the probes: a constant, so that a study file always finds the same.
const SEED: u64 = 0;

/// One probe trial.
#[derive(Debug, Clone)]
pub(super) struct Probe {
    pub(super) assignment: Assignment,
    pub(super) params: Params,
    /// First bar at which every rule is defined.
    pub(super) warmup: usize,
    pub(super) trades: usize,
    /// What its fills are; equal for equal fills.
    pub(super) fills: u64,
    /// Why it has no value or is infeasible, if so.
    pub(super) reason: Option<String>,
    /// Whether its strategy failed.
    pub(super) is_broken: bool,
}

/// How the probe trials went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probes {
    /// How many there were.
    pub count: usize,
    /// How many made at least one trade.
    pub trading: usize,
    /// How many had a value and violated no constraint.
    pub feasible: usize,
    /// The longest warm-up, in bars.
    pub longest_warmup: usize,
}

impl Probe {
    pub(super) fn trades(&self) -> bool {
        self.trades > 0
    }
}

impl Probes {
    pub(super) fn of(probes: &[Probe]) -> Self {
        Self {
            count: probes.len(),
            trading: probes.iter().filter(|probe| probe.trades()).count(),
            feasible: probes.iter().filter(|probe| probe.reason.is_none()).count(),
            longest_warmup: probes.iter().map(|probe| probe.warmup).max().unwrap_or(0),
        }
    }
}

/// How many probes a train segment of so many bars gets.
pub(super) fn count(bars: usize) -> usize {
    (BARS / bars.max(1)).clamp(8, 64)
}

/// The defaults, and random points up to `count`.
pub(super) fn run(plan: &Plan, evaluator: &Evaluator<'_>, count: usize) -> Result<Vec<Probe>, Error> {
    let space = &plan.parameters.space;
    let mut assignments = Vec::with_capacity(count);
    assignments.extend(plan.parameters.to_assignment(&plan.parameters.defaults()).ok());
    assignments.retain(|assignment| space.is_member(assignment));
    for number in 0..count.saturating_sub(assignments.len()) {
        let mut stream = RandomStream::new(SEED, number as u64, 0);
        assignments.push(space.sample_uniform(&mut stream).map_err(bartune_search::sampler::SamplerError::from)?);
    }
    parallel::map(&assignments, |assignment| probe(plan, evaluator, assignment)).into_iter().collect()
}

fn probe(plan: &Plan, evaluator: &Evaluator<'_>, assignment: &Assignment) -> Result<Probe, Error> {
    let params = plan.parameters.to_params(assignment);
    let warmup = plan.strategy.bind(&params)?.warmup();
    let run = match evaluator.backtest(&params, SegmentName::Train) {
        Err(error) if is_the_strategys(&error) => {
            let (assignment, reason) = (assignment.clone(), Some(error.to_string()));
            return Ok(Probe { assignment, params, warmup, trades: 0, fills: BROKEN, reason, is_broken: true });
        }
        run => run?,
    };
    let outcome = evaluator.outcome_of(&run.metrics);
    Ok(Probe {
        warmup,
        is_broken: false,
        trades: run.backtest.trades.len(),
        fills: fills(&run.backtest),
        reason: outcome.reason(),
        assignment: assignment.clone(),
        params,
    })
}

/// The fills of one point, for comparing it with another.
pub(super) fn fills_of(plan: &Plan, evaluator: &Evaluator<'_>, assignment: &Assignment) -> Result<u64, Error> {
    let params = plan.parameters.to_params(assignment);
    match evaluator.backtest(&params, SegmentName::Train) {
        Err(error) if is_the_strategys(&error) => Ok(BROKEN),
        run => Ok(fills(&run?.backtest)),
    }
}

/// Whether it fails this trial, and perhaps no other.
fn is_the_strategys(error: &Error) -> bool {
    matches!(error, Error::Strategy { .. } | Error::Worker { .. } | Error::TrialTimeout { .. })
}

/// A hash over where, at what price and in what size each trade began and ended (FNV-1a over words).
fn fills(backtest: &Backtest) -> u64 {
    let words = backtest.trades.iter().flat_map(|trade| {
        [
            trade.entry_bar as u64,
            trade.exit_bar as u64,
            trade.entry_price.to_bits(),
            trade.exit_price.to_bits(),
            trade.size.to_bits(),
        ]
    });
    words.fold(0xCBF2_9CE4_8422_2325, |hash, word| (hash ^ word).wrapping_mul(0x0000_0100_0000_01B3).rotate_left(23))
}
