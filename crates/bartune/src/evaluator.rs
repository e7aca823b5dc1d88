//! A trial is a pure function: parameter values in, metrics of each segment out.

use std::collections::BTreeMap;
use std::ops::Range;

use bartune_engine::Params;
use bartune_engine::bars::Bars;
use bartune_engine::language::{BoundStrategy, NoCache};
use bartune_engine::metric::{self, MetricInput, Metrics};
use bartune_engine::simulator::{Backtest, Signals, SimulationInput, reference};
use indexmap::IndexMap;

use crate::config::Plan;
use crate::data::{Dataset, Segments};
use crate::error::Error;
use crate::outcome::{Outcome, SegmentMetrics, Verdict};

/// Which part of the bars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SegmentName {
    /// In-sample.
    Train,
    /// Out-of-sample.
    Validate,
    /// The vault.
    Test,
    /// Train's first bar to validate's last: everything but the vault.
    All,
}

/// One backtest with everything it left behind.
#[derive(Debug, Clone)]
pub struct BacktestRun {
    /// The segment's bars, as indices into the dataset's.
    pub segment: Range<usize>,
    /// Trades, equity and counters.
    pub backtest: Backtest,
    /// Its metrics.
    pub metrics: Metrics,
}

/// Evaluates trials of one plan on one dataset. Shared by all workers; it holds no mutable state.
///
/// **Invariant:** a searching evaluator's bars end where the vault begins.
#[derive(Debug)]
pub struct Evaluator<'a> {
    plan: &'a Plan,
    bars: Bars,
    segments: &'a Segments,
    trading_days_per_year: f64,
}

impl SegmentName {
    /// Its key in stored metrics and in output.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validate => "validate",
            Self::Test => "test",
            Self::All => "all",
        }
    }
}

impl<'a> Evaluator<'a> {
    /// An evaluator that cannot see the vault.
    #[must_use]
    pub fn new(plan: &'a Plan, dataset: &'a Dataset) -> Self {
        Self::over(plan, dataset, dataset.segments.searchable_bars())
    }

    /// An evaluator that sees every bar, the vault's too.
    #[must_use]
    pub fn with_vault(plan: &'a Plan, dataset: &'a Dataset) -> Self {
        Self::over(plan, dataset, dataset.bars.len())
    }

    fn over(plan: &'a Plan, dataset: &'a Dataset, bars: usize) -> Self {
        let bars = dataset.bars.prefix(bars);
        let trading_days_per_year = metric::trading_days_per_year(bars.calendar().days(), bars.time());
        Self { plan, bars, segments: &dataset.segments, trading_days_per_year }
    }

    /// The bars it sees.
    #[must_use]
    pub fn bars(&self) -> &Bars {
        &self.bars
    }

    /// Where a segment lies.
    ///
    /// # Errors
    ///
    /// [`Error::NoSegment`] when the study has none of this name.
    pub fn range(&self, name: SegmentName) -> Result<Range<usize>, Error> {
        let missing = || Error::NoSegment { name: name.key() };
        match name {
            SegmentName::Train => Ok(self.segments.train.clone()),
            SegmentName::Validate => self.segments.validate.clone().ok_or_else(missing),
            SegmentName::Test => self.segments.test.clone().ok_or_else(missing),
            SegmentName::All => Ok(self.segments.train.start..self.segments.searchable_bars()),
        }
    }

    /// Evaluate one trial on train and validate. Never fails: what breaks becomes the verdict.
    #[must_use]
    pub fn evaluate(&self, params: &Params) -> Outcome {
        match self.plan.strategy.bind(params) {
            Ok(bound) => self.evaluate_bound(&bound),
            Err(error) => Outcome::failed(error.to_string()),
        }
    }

    fn evaluate_bound(&self, bound: &BoundStrategy) -> Outcome {
        let signals = self.signals(bound);
        let train = self.simulate(&signals, self.segments.train.clone());
        let validate = self.segments.validate.clone().map(|range| self.simulate(&signals, range));
        let mut metrics = SegmentMetrics::new();
        metrics.insert(SegmentName::Train.key().to_owned(), defined(&train.metrics));
        if let Some(validate) = &validate {
            metrics.insert(SegmentName::Validate.key().to_owned(), defined(&validate.metrics));
        }
        Outcome { verdict: self.judge(&train.metrics), constraints: self.constraints(&train.metrics), metrics }
    }

    /// One backtest of one segment.
    ///
    /// # Errors
    ///
    /// [`Error::NoSegment`], or [`Error::Bind`] when the strategy cannot run with these parameters.
    pub fn backtest(&self, params: &Params, name: SegmentName) -> Result<BacktestRun, Error> {
        let range = self.range(name)?;
        let bound = self.plan.strategy.bind(params)?;
        Ok(self.simulate(&self.signals(&bound), range))
    }

    fn signals(&self, bound: &BoundStrategy) -> Signals {
        let mut signals = bound.signals(&self.bars, &NoCache);
        signals.rules.session = self.plan.time_rules.session;
        signals.rules.flat_by = self.plan.time_rules.flat_by;
        signals
    }

    fn simulate(&self, signals: &Signals, segment: Range<usize>) -> BacktestRun {
        let backtest = reference::simulate(&SimulationInput {
            bars: &self.bars,
            segment: segment.clone(),
            signals,
            execution: &self.plan.execution,
            account: &self.plan.account,
        });
        let metrics = metric::compute(&MetricInput {
            backtest: &backtest,
            days: &self.bars.calendar().days()[segment.clone()],
            close: &self.bars.close()[segment.clone()],
            trading_days_per_year: self.trading_days_per_year,
            composite: &self.plan.objective.composite,
        });
        BacktestRun { segment, backtest, metrics }
    }

    fn judge(&self, metrics: &Metrics) -> Verdict {
        let formula = &self.plan.objective.formula;
        match formula.value(&|name| metrics.get(name)) {
            Some(value) if value.is_finite() => Verdict::Valued(value),
            _ => Verdict::Undefined(undefined(formula.reads(), metrics)),
        }
    }

    fn constraints(&self, metrics: &Metrics) -> IndexMap<String, f64> {
        let violation = |name: &str| metrics.get(name);
        self.plan
            .objective
            .constraints
            .iter()
            .map(|constraint| {
                let violation = constraint.violation(&violation).filter(|violation| violation.is_finite());
                (constraint.text().to_owned(), violation.unwrap_or(UNDEFINED_VIOLATION))
            })
            .collect()
    }
}

/// How far a constraint on an undefined metric counts as violated.
const UNDEFINED_VIOLATION: f64 = 1.0;

fn undefined<'n>(names: impl IntoIterator<Item = &'n String>, metrics: &Metrics) -> String {
    let reason = names.into_iter().find(|name| metrics.get(name).is_none()).map(|name| {
        let why = metrics.undefined_reason(name).map_or_else(|| "undefined".to_owned(), |reason| reason.to_string());
        format!("{name}: {why}")
    });
    reason.unwrap_or_else(|| "the objective is not a finite number".to_owned())
}

fn defined(metrics: &Metrics) -> BTreeMap<String, f64> {
    metrics.iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}
