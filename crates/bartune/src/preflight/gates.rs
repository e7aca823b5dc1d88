//! How often each part of each entry rule holds, so that a rule that never fires names its culprit.

use bartune_engine::language::{Gate, RuleName};

use super::probe::Probe;
use crate::config::Plan;
use crate::error::Error;
use crate::evaluator::Evaluator;
use crate::parallel;

/// One entry rule, part by part, on the train segment.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleGates {
    /// `long_entry` or `short_entry`.
    pub rule: &'static str,
    /// Bars looked at in each probe trial.
    pub bars: usize,
    /// The share of bars on which all parts hold, averaged over the probe trials.
    pub share: f64,
    /// Each part, in the order of the text.
    pub gates: Vec<GateShare>,
}

/// One part of a rule.
#[derive(Debug, Clone, PartialEq)]
pub struct GateShare {
    /// As it was written.
    pub text: String,
    /// The share of bars on which it holds, averaged over the probe trials; 0 only if it never does.
    pub share: f64,
}

impl RuleGates {
    /// `None` if the rule fires in some probe trial; else the part that never holds, if it is one part.
    pub(super) fn blocking(&self) -> Option<Option<&GateShare>> {
        (self.share == 0.0).then(|| self.gates.iter().find(|gate| gate.share == 0.0))
    }
}

pub(super) fn measure(plan: &Plan, evaluator: &Evaluator<'_>, probes: &[Probe]) -> Result<Vec<RuleGates>, Error> {
    let mut rules = Vec::new();
    let Some(strategy) = plan.strategy.rules() else { return Ok(rules) };
    for rule in [RuleName::LongEntry, RuleName::ShortEntry] {
        let parts = strategy.gates(rule);
        let mut sums = vec![0.0; parts.len()];
        let mut whole = 0.0;
        let shares = |probe: &Probe| -> Result<(Vec<f64>, f64), Error> {
            let of_part = |part: &Gate| evaluator.share_true(&part.strategy.bind(&probe.params)?, RuleName::LongEntry);
            let each = parts.iter().map(of_part).collect::<Result<_, _>>()?;
            Ok((each, evaluator.share_true(&strategy.bind(&probe.params)?, rule)?))
        };
        // Summed in the order of the probes, whoever was first.
        for shares in parallel::map(probes, shares) {
            let (each, all) = shares?;
            sums.iter_mut().zip(each).for_each(|(sum, share)| *sum += share);
            whole += all;
        }
        let count = probes.len().max(1) as f64;
        if !parts.is_empty() {
            let shares = parts.into_iter().zip(sums);
            rules.push(RuleGates {
                rule: rule.as_str(),
                bars: evaluator.train_bars(),
                share: whole / count,
                gates: shares.map(|(part, sum)| GateShare { text: part.text, share: sum / count }).collect(),
            });
        }
    }
    Ok(rules)
}
