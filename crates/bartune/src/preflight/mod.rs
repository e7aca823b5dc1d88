//! What can be known before a search: whether it can work at all, and what it will cost.
//!
//! A few probe trials are drawn as the random sampler draws them and evaluated on the train segment.
//! From them: whether the strategy trades, which part of an entry rule stands in the way, whether moving
//! a parameter changes any fill, how long the warm-up is. A pilot, a search of its own on the first
//! bars of its budget, tells the cost of the rest.
//!
//! **Never:** the vault. Probes run on the train segment only, and nothing here is stored.
//! **Determinism:** findings depend on the plan and the bars alone; only the estimate has a clock in it.

mod alive;
mod champion;
mod code;
mod columns;
mod estimate;
mod gates;
mod growth;
mod memory;
mod pace;
mod probe;
mod quality;

use std::num::NonZeroUsize;

pub use champion::outside;
pub use estimate::Estimate;
pub use gates::{GateShare, RuleGates};
pub use probe::Probes;

use crate::config::{Plan, PrunerPlan};
use crate::data::Dataset;
use crate::error::Error;
use crate::evaluator::{CacheBudget, Evaluator, rung_block};
use crate::resources::Resources;
use estimate::Probed;
use probe::Probe;

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Running is pointless until it is mended.
    Stop,
    /// A part of the budget would be wasted.
    Warning,
    /// Worth knowing.
    Note,
}

/// Something found before the run.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// How much it weighs.
    pub severity: Severity,
    /// A word for programs: `dead-parameter`, `no-trades`, …
    pub code: &'static str,
    /// What is so.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
}

/// What a run will have.
#[derive(Debug, Clone, Copy)]
pub struct Pilot {
    /// Memory for computed series.
    pub cache: CacheBudget,
    /// Worker threads.
    pub workers: NonZeroUsize,
    /// The most that a trial holds while it runs, in bytes.
    pub trial_bytes: u64,
}

impl Pilot {
    /// With what a run is given.
    #[must_use]
    pub fn of(given: &Resources) -> Self {
        Self { cache: given.cache, workers: given.workers, trial_bytes: given.trial_bytes }
    }
}

/// How much is looked at.
#[derive(Debug, Clone, Copy)]
pub struct PreflightOptions {
    /// Probe trials; `None` chooses by the number of bars.
    pub probes: Option<NonZeroUsize>,
    /// A pilot that measures the cost of the run.
    pub pilot: Option<Pilot>,
}

/// All that was found.
#[derive(Debug, Clone)]
pub struct Preflight {
    /// What is wrong or worth knowing, the gravest first.
    pub findings: Vec<Finding>,
    /// How the probe trials went.
    pub probes: Probes,
    /// How often each part of each entry rule holds.
    pub gates: Vec<RuleGates>,
    /// What the run will cost, if it was asked for and can be said.
    pub estimate: Option<Estimate>,
}

impl Preflight {
    /// Whether running is pointless.
    #[must_use]
    pub fn is_pointless(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Stop)
    }
}

impl Finding {
    fn new(severity: Severity, code: &'static str, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { severity, code, message: message.into(), remedy: remedy.into() }
    }
}

/// Look at a plan and its bars before they are searched, with an evaluator of the plan: what it has computed
/// then serves the search.
///
/// # Errors
///
/// [`Error::Bind`] or [`Error::Simulation`] when the strategy cannot run at all, [`Error::Sampler`] when the
/// space has no point.
pub fn preflight(
    plan: &Plan,
    dataset: &Dataset,
    evaluator: &Evaluator<'_>,
    options: &PreflightOptions,
) -> Result<Preflight, Error> {
    // Memory that is new to the process takes as long as the host likes: what probes leave is the pilot's.
    let own = options.pilot.map(|pilot| Evaluator::new(plan, dataset).with_cache(pilot.cache));
    let (given, evaluator) = (evaluator, own.as_ref().unwrap_or(evaluator));
    let count = options.probes.map_or_else(|| probe::count(dataset.segments.train.len()), NonZeroUsize::get);
    let probes = probe::run(plan, evaluator, count)?;
    let mut findings: Vec<Finding> = unread(plan);
    findings.extend(quality::findings(dataset));
    findings.extend(warmup(dataset, &probes));
    findings.extend(short_rung(plan, dataset, &probes));
    findings.extend(short_folds(plan, dataset));
    findings.extend(many_bars(plan, dataset));
    findings.extend(memory::finding(plan, evaluator.bars().len()));
    findings.extend(champion::still_holds(plan, dataset, evaluator)?);
    let gates = gates::measure(plan, evaluator, &probes)?;
    findings.extend(broken(&probes));
    findings.extend(trading(&probes, &gates));
    if probes.iter().any(Probe::trades) {
        findings.extend(alive::findings(plan, evaluator, &probes)?);
    }
    findings.extend(code::findings(plan, evaluator, &probes)?);
    findings.extend(columns::findings(plan, evaluator, &probes)?);
    let probed =
        Probed { kept: given.cache_stats().bytes, freed: own.as_ref().map_or(0, |own| own.cache_stats().bytes) };
    drop(own);
    let pointless = findings.iter().any(|finding| finding.severity == Severity::Stop);
    let pilot = options.pilot.filter(|_| !pointless);
    let estimate = pilot.map(|pilot| estimate::measure(plan, dataset, probed, pilot)).transpose()?;
    findings.sort_by_key(|finding| finding.severity);
    Ok(Preflight { findings, probes: Probes::of(&probes), gates, estimate })
}

/// What reading the study file warned of.
fn unread(plan: &Plan) -> Vec<Finding> {
    let finding = |warning: &String| {
        let (message, remedy) = warning.split_once(": ").unwrap_or((warning, ""));
        Finding::new(Severity::Warning, "unread", message, remedy)
    };
    plan.warnings.iter().map(finding).collect()
}

/// Whether indicators are defined early enough to leave something to trade on.
fn warmup(dataset: &Dataset, probes: &[Probe]) -> Option<Finding> {
    let longest = probes.iter().map(|probe| probe.warmup).max()?;
    let train = dataset.segments.train.len();
    let remedy = "shorten the longest periods, or give the search more bars";
    if longest >= train {
        let message = format!("the strategy needs {longest} bars to warm up, and the train segment has {train}");
        return Some(Finding::new(Severity::Stop, "short-segment", message, remedy));
    }
    let share = longest as f64 / train as f64;
    let message =
        format!("warming up takes {longest} of the {train} bars of the train segment ({:.0} %)", share * 100.0);
    (share > 0.25).then(|| Finding::new(Severity::Warning, "long-warm-up", message, remedy))
}

/// Whether the strategy is defined on every rung that trials are stopped at.
fn short_rung(plan: &Plan, dataset: &Dataset, probes: &[Probe]) -> Option<Finding> {
    let longest = probes.iter().map(|probe| probe.warmup).max()?;
    let share = *plan.search.pruning.rungs.first()?;
    let block = rung_block(&plan.search.pruning, dataset.segments.train.len(), share);
    let message = format!(
        "the strategy needs {longest} bars to warm up, and the first rung ({share} of the bars) has blocks of {block}"
    );
    let remedy = "give the first stage or rung more bars, or write `rung_bars = \"recent\"` for one block";
    (longest >= block).then(|| Finding::new(Severity::Stop, "short-rung", message, remedy))
}

/// Whether stages would spare most of the bars, where the study says nothing of them.
fn many_bars(plan: &Plan, dataset: &Dataset) -> Option<Finding> {
    let is_open = plan.search.large_data.is_none() && plan.search.pruning.pruner == PrunerPlan::Never;
    let train = dataset.segments.train.len();
    let stages = is_open.then(|| plan.stages_for(train).0).flatten()?;
    let message = format!("each trial runs on all {train} train bars");
    let shares: Vec<String> = stages.rungs.iter().map(|share| format!("{:.0} %", share * 100.0)).collect();
    let shares = shares.join(" and ");
    let remedy =
        format!("`search.large_data = \"auto\"` looks at {shares} of them first (\"off\" says that all is meant)");
    Some(Finding::new(Severity::Note, "many-bars", message, remedy))
}

/// Whether each part of the train segment that the objective reads has enough bars to be one.
fn short_folds(plan: &Plan, dataset: &Dataset) -> Option<Finding> {
    let folds = plan.objective.folds.as_ref()?;
    let (train, least) = (dataset.segments.train.len(), 2 * folds.count);
    let message = format!("the train segment has {train} bars, too few for {} folds", folds.count);
    (train < least).then(|| Finding::new(Severity::Stop, "short-folds", message, "use fewer folds, or more bars"))
}

/// Whether code fails with the parameters of probe trials.
fn broken(probes: &[Probe]) -> Option<Finding> {
    let mut failed = probes.iter().filter(|probe| probe.is_broken);
    let first = failed.next()?;
    let count = 1 + failed.count();
    let severity = if count == probes.len() { Severity::Stop } else { Severity::Warning };
    let reason = first.reason.as_deref().unwrap_or_default();
    let message = format!("{count} of {} probe trials fail; the first one: {reason}", probes.len());
    Some(Finding::new(severity, "failing-strategy", message, "mend it, or forbid these parameters with `require`"))
}

/// Whether probe trials trade, and what keeps them from it.
fn trading(probes: &[Probe], gates: &[RuleGates]) -> Vec<Finding> {
    let trading = probes.iter().filter(|probe| probe.trades()).count();
    let mut findings = Vec::new();
    if probes.iter().all(|probe| probe.is_broken) {
        return findings;
    }
    for rule in gates {
        let Some(blocking) = rule.blocking() else { continue };
        let severity = if trading == 0 { Severity::Stop } else { Severity::Warning };
        let message = match blocking {
            Some(gate) => format!(
                "`{}` never holds: `{}` is true on none of the {} bars of any of {} probe trials",
                rule.rule,
                gate.text,
                rule.bars,
                probes.len()
            ),
            None => format!(
                "`{}` never holds: each of its parts is true somewhere, never all of them on one bar, in {} probe trials",
                rule.rule,
                probes.len()
            ),
        };
        findings.push(Finding::new(severity, "impossible-condition", message, "loosen it, or mend it"));
    }
    let remedy = "see how often each part of the entry rules holds, below";
    if trading == 0 && findings.is_empty() {
        let message = format!("none of {} probe trials trades: entries are signalled, but never filled", probes.len());
        let remedy =
            "see whether cash pays for one entry, and whether `session`, `cooldown` or account rules forbid it";
        findings.push(Finding::new(Severity::Stop, "no-trades", message, remedy));
    } else if trading > 0 && trading * 4 < probes.len() {
        let message = format!("only {trading} of {} probe trials trade at all", probes.len());
        findings.push(Finding::new(Severity::Warning, "few-trades", message, remedy));
    }
    findings.extend(unvalued(probes));
    findings
}

/// Whether trials that trade can be valued and are feasible.
fn unvalued(probes: &[Probe]) -> Option<Finding> {
    let trading: Vec<&Probe> = probes.iter().filter(|probe| probe.trades()).collect();
    let reason = trading.iter().find_map(|probe| probe.reason.as_deref())?;
    let feasible = trading.iter().filter(|probe| probe.reason.is_none()).count();
    if feasible > 0 {
        return None;
    }
    let message = format!("none of the {} probe trials that trade is feasible; the first one: {reason}", trading.len());
    Some(Finding::new(Severity::Warning, "infeasible", message, "see whether the constraints can be met"))
}

#[cfg(test)]
mod tests;
