//! A strategy in Rust with its series compiled, bound, and asked bar by bar.
//!
//! Each series is compiled as the one number that a strategy of the language has, its stop distance: so it is checked,
//! computed, cached and warmed up as every other series, and the language needs to know nothing of it.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bartune_engine::bars::{Bars, Column};
use bartune_engine::language::{self, BindError, BoundStrategy, ParamDecl, RuleName, SeriesCache, StrategySource};
use bartune_engine::simulator::{Backtest, Decision, SimulationInput, Standing, stepwise};
use bartune_engine::{Params, Pointwise};

use super::{Decide, Moment, Strategy};
use crate::error::Error;
use crate::evaluator::Deadline;
use crate::study::panic_text;

/// A [`Strategy`] with its series checked against a study's parameters.
#[derive(Debug, Clone)]
pub struct Code {
    strategy: Arc<dyn Strategy>,
    series: Vec<language::Strategy>,
    parameters: Vec<String>,
}

/// Code with a trial's parameters put in.
#[derive(Debug)]
pub(crate) struct BoundCode {
    strategy: Arc<dyn Strategy>,
    params: Params,
    series: Vec<BoundStrategy>,
}

/// Bound code with its series on some bars.
#[derive(Debug)]
pub(crate) struct Asking<'a> {
    code: &'a BoundCode,
    bars: &'a Bars,
    columns: Vec<Column<f64>>,
    /// First bar at which every series is defined.
    warmup: usize,
}

impl Code {
    /// Compile its series. What is wrong with one is told by its name.
    pub(crate) fn compile(
        strategy: Arc<dyn Strategy>,
        lets: &[(String, String)],
        params: &[ParamDecl],
    ) -> Result<Self, Vec<String>> {
        let (mut series, mut problems) = (Vec::new(), Vec::new());
        for (name, text) in strategy.series() {
            let rules = vec![(RuleName::LongEntry, "false".to_owned()), (RuleName::StopLoss, text.to_owned())];
            match language::compile(&StrategySource { lets: lets.to_vec(), rules }, params) {
                Ok(compiled) => series.push(compiled),
                Err(found) => {
                    let told = found.iter().map(|problem| format!("series `{name}` = `{text}`: {}", problem.message));
                    problems.extend(told);
                }
            }
        }
        let parameters = params.iter().map(|param| param.name.clone()).collect();
        if problems.is_empty() { Ok(Self { strategy, series, parameters }) } else { Err(problems) }
    }

    /// The strategy.
    #[must_use]
    pub fn strategy(&self) -> &dyn Strategy {
        &*self.strategy
    }

    pub(super) fn parameters(&self) -> &[String] {
        &self.parameters
    }

    pub(super) fn canonical(&self) -> String {
        let head = format!("code {:?} version {:?}", self.strategy.name(), self.strategy.version());
        self.series.iter().fold(head, |text, series| format!("{text}\n{}", series.canonical()))
    }

    pub(super) fn bind(&self, params: &Params) -> Result<BoundCode, BindError> {
        let series = self.series.iter().map(|series| series.bind(params)).collect::<Result<_, _>>()?;
        Ok(BoundCode { strategy: Arc::clone(&self.strategy), params: params.clone(), series })
    }
}

impl BoundCode {
    pub(super) fn warmup(&self) -> usize {
        self.series.iter().map(BoundStrategy::warmup).max().unwrap_or(0)
    }

    pub(super) fn series_count(&self) -> usize {
        self.series.iter().map(BoundStrategy::node_count).sum()
    }

    /// Compute its series over bars, or find them in the cache.
    pub(crate) fn over<'a>(&'a self, bars: &'a Bars, cache: &dyn SeriesCache) -> Result<Asking<'a>, Error> {
        let (mut columns, mut warmup) = (Vec::with_capacity(self.series.len()), 0);
        for series in &self.series {
            let found = series.signals(bars, cache)?;
            warmup = warmup.max(found.warmup);
            // A series that folds to `none` is one that is never defined.
            let undefined = || Pointwise::constant(f64::NAN, bars.len());
            columns.push(found.stop_distance.unwrap_or_else(undefined).into_column());
        }
        Ok(Asking { code: self, bars, columns, warmup })
    }

    fn failed(&self, reason: impl Into<String>) -> Error {
        Error::Strategy { name: self.strategy.name().to_owned(), reason: reason.into() }
    }
}

impl Asking<'_> {
    /// One backtest. `heard` is told each answer. A panic of the strategy is its error.
    pub(crate) fn simulate(
        &self,
        input: &SimulationInput<'_>,
        deadline: &Deadline,
        heard: &mut dyn FnMut(Decision),
    ) -> Result<Backtest, Error> {
        let run = || self.run(input, deadline, heard);
        catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| Err(self.code.failed(panic_text(&*panic))))
    }

    fn run(
        &self,
        input: &SimulationInput<'_>,
        deadline: &Deadline,
        heard: &mut dyn FnMut(Decision),
    ) -> Result<Backtest, Error> {
        let mut state = self.code.strategy.start(&self.code.params).map_err(|reason| self.code.failed(reason))?;
        self.lead(&mut *state, input);
        let ask = |standing: Standing<'_>| {
            // Reading the clock costs as much as a bar does.
            if standing.bar.is_multiple_of(1024) && deadline.has_passed() {
                return ControlFlow::Break(());
            }
            let decision = match standing.bar < self.warmup {
                true => Decision::default(),
                false => state.decide(&Moment::new(self.bars, &self.columns, standing)),
            };
            heard(decision);
            ControlFlow::Continue(decision)
        };
        stepwise::simulate(input, ask).ok_or_else(|| deadline.error())
    }

    /// Let the state settle on the bars before the segment.
    fn lead(&self, state: &mut dyn Decide, input: &SimulationInput<'_>) {
        let first = input.segment().start;
        let lead = self.code.strategy.lead_bars(&self.code.params);
        for bar in first.saturating_sub(lead).max(self.warmup)..first {
            let standing = Standing { bar, position: None, last_trade: None, equity: input.account().cash };
            let _ = state.decide(&Moment::new(self.bars, &self.columns, standing));
        }
    }
}
