//! A trial's decisions: columns where they are rules or answered at once, one at a time where code is asked bar by bar.

use bartune_engine::simulator::{Decision, Signals, SimulationInput, Size};
use bartune_engine::{Params, Pointwise};

use super::{Deadline, Evaluator, Market, SegmentName};
use crate::error::Error;
use crate::strategy::{Asking, Bound};

/// What is decided on some bars.
pub(super) enum Decisions<'a> {
    /// By rules, or by code for all bars at once, before any fill.
    Columns(Signals),
    /// By code, bar by bar; with the rules on time, and no decisions.
    Asked(Asking<'a>, Signals),
}

impl Decisions<'_> {
    pub(super) fn signals(&self) -> &Signals {
        match self {
            Self::Columns(signals) | Self::Asked(_, signals) => signals,
        }
    }
}

impl Evaluator<'_> {
    pub(super) fn deadline(&self) -> Deadline {
        Deadline::from_now(self.plan.search.trial_timeout)
    }

    pub(super) fn decisions<'b>(
        &self,
        bound: &'b Bound,
        market: &'b Market,
        deadline: &Deadline,
    ) -> Result<Decisions<'b>, Error> {
        let mut decisions = match bound {
            Bound::Rules(bound) => Decisions::Columns(bound.signals(&market.bars, &self.cache)?),
            Bound::Columns(code) => Decisions::Columns(code.over(&market.shared, deadline)?),
            Bound::Code(code) => Decisions::Asked(code.over(&market.bars, &self.cache)?, self.no_decisions(market)),
        };
        let (Decisions::Columns(signals) | Decisions::Asked(_, signals)) = &mut decisions;
        signals.rules.session = self.plan.time_rules.session;
        signals.rules.flat_by = self.plan.time_rules.flat_by;
        Ok(decisions)
    }

    /// What code decides of a segment at each close, over the first `bars` of the evaluator's bars.
    pub(crate) fn trace(&self, params: &Params, name: SegmentName, bars: usize) -> Result<Vec<Decision>, Error> {
        let bound = self.plan.strategy.bind(params)?;
        let market = self.market.part(self.plan, 0..bars.min(self.market.bars.len()));
        let decisions = self.decisions(&bound, &market, &Deadline::default())?;
        let segment = self.range(name)?;
        let segment = segment.start..segment.end.min(market.bars.len());
        let (execution, account) = (&self.plan.execution, &self.plan.account);
        let input = SimulationInput::try_new(market.view()?, segment, decisions.signals(), execution, account)?;
        let mut heard = Vec::new();
        if let Decisions::Asked(asking, _) = &decisions {
            asking.simulate(&input, &Deadline::default(), &mut |decision| heard.push(decision))?;
        }
        Ok(heard)
    }

    /// A size by risk needs a stop; whether code rests one is known at each entry only.
    fn no_decisions(&self, market: &Market) -> Signals {
        let by_risk = matches!(self.plan.execution.size, Size::Risk(_));
        let stop_distance = by_risk.then(|| Pointwise::constant(f64::NAN, market.bars.len()));
        Signals { stop_distance, ..Signals::default() }
    }
}
