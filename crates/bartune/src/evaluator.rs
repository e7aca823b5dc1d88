//! A trial is a pure function: parameter values in, metrics of each segment out.

mod budget;
mod deadline;
mod decisions;
mod fold;
mod market;
mod regime;
mod rung;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bartune_engine::Params;
use bartune_engine::bars::Bars;
use bartune_engine::language::{BoundStrategy, CacheStats, Constraint, MemoryCache, RuleName};
use bartune_engine::metric::{self, Calendar, CompositeOptions, MetricInput, Metrics, Outline};
use bartune_engine::simulator::{Backtest, SimulationInput, fast, reference};
use bartune_search::storage::DailyReturns;
use indexmap::IndexMap;

use crate::config::{Plan, ReturnsPlan};
use crate::data::{Dataset, Segments};
use crate::error::Error;
use crate::outcome::{Outcome, SegmentMetrics, Verdict};
use crate::strategy::SharedBars;

pub use budget::CacheBudget;
pub(crate) use budget::free_memory;
pub(crate) use deadline::Deadline;
use decisions::Decisions;
use market::Market;
use rung::Rung;
pub(crate) use rung::{block_bars as rung_block, rung_bars};

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

/// Which simulator runs the backtests. All agree in every bit; they differ in speed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Engine {
    /// From event to event; what searches run on.
    #[default]
    Fast,
    /// The plain bar-by-bar model, written to be read; what `bartune verify` trusts.
    Reference,
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

/// Evaluates trials of one plan on one dataset. Shared by all workers. What it keeps from one trial to
/// the next are computed series, if [`with_cache`](Self::with_cache) says how many; they change no result.
///
/// **Invariant:** a searching evaluator's bars end where the vault begins.
#[derive(Debug)]
pub struct Evaluator<'a> {
    plan: &'a Plan,
    engine: Engine,
    market: Market,
    rungs: Vec<Rung>,
    segments: &'a Segments,
    cache: MemoryCache,
    workspaces: Workspaces,
    train: Prepared,
    /// Parts of train that the objective is valued by.
    folds: Vec<Prepared>,
    validate: Option<Prepared>,
    trading_days_per_year: f64,
}

/// A segment with the calendar of its bars, made once and used by every trial.
#[derive(Debug)]
struct Prepared {
    range: Range<usize>,
    calendar: Calendar,
}

/// A backtest with what its metrics need beside it.
#[derive(Debug)]
struct Measured<'a> {
    backtest: &'a Backtest,
    calendar: &'a Calendar,
    /// The first bar's close, and the last one's.
    closes: (f64, f64),
    composite: &'a CompositeOptions,
}

/// Memory of backtests, handed from trial to trial: a worker finds what the one before it has left.
#[derive(Debug, Default)]
struct Workspaces(Mutex<Vec<fast::Workspace>>);

impl Workspaces {
    fn take(&self) -> fast::Workspace {
        self.lock().pop().unwrap_or_default()
    }

    fn give_back(&self, workspace: fast::Workspace) {
        self.lock().push(workspace);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<fast::Workspace>> {
        // What is kept are allocations; no step under the lock leaves them half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Prepared {
    fn new(bars: &Bars, range: Range<usize>) -> Self {
        Self { calendar: Calendar::new(&bars.calendar().day[range.clone()]), range }
    }
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
        let segments = &dataset.segments;
        let market = Market::new(plan, bars.clone());
        Self {
            plan,
            engine: Engine::default(),
            rungs: rung::rungs(plan, &market, &segments.train),
            train: Prepared::new(&bars, segments.train.clone()),
            folds: fold::prepared(plan, &bars, &segments.train),
            validate: segments.validate.clone().map(|range| Prepared::new(&bars, range)),
            trading_days_per_year: Calendar::new(&bars.calendar().day).trading_days_per_year(),
            segments,
            cache: MemoryCache::new(CacheBudget::NONE.bytes()),
            workspaces: Workspaces::default(),
            market,
        }
    }

    /// The same evaluator on another engine.
    #[must_use]
    pub fn with_engine(mut self, engine: Engine) -> Self {
        self.engine = engine;
        self
    }

    /// Keeps computed series for later trials, within the budget. Without it each trial computes all of
    /// its own, which is right for a single backtest.
    #[must_use]
    pub fn with_cache(mut self, budget: CacheBudget) -> Self {
        self.cache = MemoryCache::new(budget.bytes());
        self
    }

    /// Forgets computed series until they hold no more than so much; as before it may keep as much as it was given.
    pub fn shrink_cache(&self, budget: CacheBudget) {
        self.cache.shrink(budget.bytes());
    }

    /// What the cache of computed series has done and holds.
    #[must_use]
    pub fn cache_stats(&self) -> CacheStats {
        self.cache.stats()
    }

    /// The bars it sees.
    #[must_use]
    pub fn bars(&self) -> &Bars {
        &self.market.bars
    }

    /// The first of the bars it sees, for those that are asked about them.
    pub(crate) fn shared_bars(&self, count: usize) -> SharedBars {
        self.market.shared.slice(0..count)
    }

    /// The calendar of a range of its bars, and the trading days a year of all of them, for statistics of
    /// daily returns.
    #[must_use]
    pub fn calendar(&self, range: Range<usize>) -> (Calendar, f64) {
        (Calendar::new(&self.market.bars.calendar().day[range]), self.trading_days_per_year)
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
        self.try_evaluate(params).unwrap_or_else(|error| Outcome::failed(error.to_string()))
    }

    fn try_evaluate(&self, params: &Params) -> Result<Outcome, Error> {
        let mut workspace = self.workspaces.take();
        let outcome = self.evaluate_in(params, &mut workspace);
        self.workspaces.give_back(workspace);
        outcome
    }

    fn evaluate_in(&self, params: &Params, workspace: &mut fast::Workspace) -> Result<Outcome, Error> {
        let deadline = self.deadline();
        let bound = self.plan.strategy.bind(params)?;
        let decisions = self.decisions(&bound, &self.market, &deadline)?;
        let (train, outline) = self.measure((&self.market, &decisions, &self.train), &deadline, workspace)?;
        let mut metrics = SegmentMetrics::new();
        let mut daily_returns = DailyReturns::new();
        metrics.insert(SegmentName::Train.key().to_owned(), train.to_map());
        self.add_returns(&mut daily_returns, SegmentName::Train, &outline);
        if let Some(validate) = &self.validate {
            let (measured, outline) = self.measure((&self.market, &decisions, validate), &deadline, workspace)?;
            metrics.insert(SegmentName::Validate.key().to_owned(), measured.to_map());
            self.add_returns(&mut daily_returns, SegmentName::Validate, &outline);
        }
        let verdict = match &self.plan.objective.folds {
            Some(folds) => self.judge_folds((&decisions, folds), (&deadline, workspace), &mut metrics)?,
            None => self.judge(&train),
        };
        Ok(Outcome { verdict, constraints: self.constraints(&train), reports: BTreeMap::new(), metrics, daily_returns })
    }

    /// The daily returns of a segment, if the plan keeps any.
    #[expect(clippy::cast_possible_truncation, reason = "24 bits tell a return to a ten-millionth of itself")]
    fn add_returns(&self, returns: &mut DailyReturns, name: SegmentName, outline: &Outline) {
        if self.plan.search.returns == ReturnsPlan::None {
            return;
        }
        let daily = metric::daily_returns(self.plan.account.cash, outline.daily_equity());
        returns.insert(name.key().to_owned(), daily.into_iter().map(|value| value as f32).collect());
    }

    /// One backtest of one segment.
    ///
    /// # Errors
    ///
    /// [`Error::NoSegment`]; [`Error::Bind`] or [`Error::Simulation`] when the strategy cannot run with
    /// these parameters.
    pub fn backtest(&self, params: &Params, name: SegmentName) -> Result<BacktestRun, Error> {
        let segment = Prepared::new(&self.market.bars, self.range(name)?);
        let bound = self.plan.strategy.bind(params)?;
        let deadline = Deadline::default();
        let decisions = self.decisions(&bound, &self.market, &deadline)?;
        let mut workspace = fast::Workspace::default();
        let metrics = self.backtest_into((&decisions, &segment), &deadline, &mut workspace)?;
        Ok(BacktestRun { segment: segment.range, backtest: workspace.into_backtest(), metrics })
    }

    /// As [`backtest`](Self::backtest), with every decision taken so many bars late; `None` for code that is asked
    /// bar by bar, which decides by what it holds.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn backtest_late(&self, params: &Params, name: SegmentName, bars: usize) -> Result<Option<BacktestRun>, Error> {
        let segment = Prepared::new(&self.market.bars, self.range(name)?);
        let bound = self.plan.strategy.bind(params)?;
        let mut decisions = self.decisions(&bound, &self.market, &Deadline::default())?;
        let Decisions::Columns(signals) = &mut decisions else { return Ok(None) };
        for mask in [&mut signals.long_entry, &mut signals.long_exit, &mut signals.short_entry, &mut signals.short_exit]
        {
            *mask = mask.delayed(bars);
        }
        let mut workspace = fast::Workspace::default();
        let metrics = self.backtest_into((&decisions, &segment), &Deadline::default(), &mut workspace)?;
        Ok(Some(BacktestRun { segment: segment.range, backtest: workspace.into_backtest(), metrics }))
    }

    /// What a trial with these train metrics comes to, its verdict and constraints; no metrics are kept.
    pub(crate) fn outcome_of(&self, train: &Metrics) -> Outcome {
        let (verdict, constraints) = (self.judge(train), self.constraints(train));
        Outcome { constraints, ..Outcome::of(verdict) }
    }

    /// Bars of the train segment.
    pub(crate) fn train_bars(&self) -> usize {
        self.train.range.len()
    }

    /// The share of the train segment's bars on which a condition holds.
    pub(crate) fn share_true(&self, bound: &BoundStrategy, rule: RuleName) -> Result<f64, Error> {
        let signals = bound.signals(&self.market.bars, &self.cache)?;
        let mask = match rule {
            RuleName::LongExit => &signals.long_exit,
            RuleName::ShortEntry => &signals.short_entry,
            RuleName::ShortExit => &signals.short_exit,
            _ => &signals.long_entry,
        };
        let held = self.train.range.clone().filter(|&bar| mask.get(bar)).count();
        Ok(held as f64 / self.train.range.len() as f64)
    }

    /// Simulate a segment and measure it. The workspace's backtest may be left without its equity, which is outlined.
    fn measure(
        &self,
        (market, decisions, segment): (&Market, &Decisions<'_>, &Prepared),
        deadline: &Deadline,
        workspace: &mut fast::Workspace,
    ) -> Result<(Metrics, Outline), Error> {
        let outline = match (decisions, self.engine) {
            (Decisions::Columns(_), Engine::Fast) => {
                deadline.check()?;
                metric::trace(&self.input((market, decisions, &segment.range))?, &segment.calendar, workspace)
            }
            _ => {
                self.simulate((market, decisions, &segment.range), deadline, workspace)?;
                Outline::of(workspace.backtest(), &segment.calendar)
            }
        };
        Ok((self.metrics(&self.measured(market, segment, workspace), &outline), outline))
    }

    /// Simulate a segment into the workspace, equity and all, and measure it.
    fn backtest_into(
        &self,
        (decisions, segment): (&Decisions<'_>, &Prepared),
        deadline: &Deadline,
        workspace: &mut fast::Workspace,
    ) -> Result<Metrics, Error> {
        self.simulate((&self.market, decisions, &segment.range), deadline, workspace)?;
        let outline = Outline::of(workspace.backtest(), &segment.calendar);
        Ok(self.metrics(&self.measured(&self.market, segment, workspace), &outline))
    }

    fn measured<'m>(&'m self, market: &Market, segment: &'m Prepared, workspace: &'m fast::Workspace) -> Measured<'m> {
        let close = market.bars.close();
        Measured {
            backtest: workspace.backtest(),
            calendar: &segment.calendar,
            closes: (close[segment.range.start], close[segment.range.end - 1]),
            composite: &self.plan.objective.composite,
        }
    }

    fn input<'i>(
        &'i self,
        (market, decisions, range): (&'i Market, &'i Decisions<'_>, &Range<usize>),
    ) -> Result<SimulationInput<'i>, Error> {
        let (execution, account) = (&self.plan.execution, &self.plan.account);
        Ok(SimulationInput::try_new(market.view()?, range.clone(), decisions.signals(), execution, account)?)
    }

    fn simulate(
        &self,
        (market, decisions, range): (&Market, &Decisions<'_>, &Range<usize>),
        deadline: &Deadline,
        workspace: &mut fast::Workspace,
    ) -> Result<(), Error> {
        deadline.check()?;
        let input = self.input((market, decisions, range))?;
        match (decisions, self.engine) {
            (Decisions::Columns(_), Engine::Fast) => {
                fast::simulate_into(&input, workspace);
            }
            (Decisions::Columns(_), Engine::Reference) => {
                *workspace = fast::Workspace::from(reference::simulate(&input));
            }
            (Decisions::Asked(asking, _), _) => {
                *workspace = fast::Workspace::from(asking.simulate(&input, deadline, &mut |_| {})?);
            }
        }
        Ok(())
    }

    fn metrics(&self, of: &Measured<'_>, outline: &Outline) -> Metrics {
        let headroom = of.backtest.account.as_ref().map(|account| account.headroom.as_slice());
        let input = MetricInput {
            backtest: of.backtest,
            calendar: of.calendar,
            trading_days_per_year: self.trading_days_per_year,
            point_value: self.plan.execution.instrument.point_value,
            first_close: of.closes.0,
            last_close: of.closes.1,
            headroom: headroom.filter(|days| !days.is_empty()),
            composite: of.composite,
        };
        metric::compute_outlined(&input, outline)
    }

    fn judge(&self, metrics: &Metrics) -> Verdict {
        let mut values = Vec::with_capacity(self.plan.objective.targets.len());
        for target in &self.plan.objective.targets {
            match target.formula.value(|name| metrics.get(name)) {
                Some(value) => values.push(value),
                None => return Verdict::Undefined(undefined(target.formula.reads(), metrics)),
            }
        }
        Verdict::Valued(values)
    }

    fn constraints(&self, metrics: &Metrics) -> IndexMap<String, f64> {
        let violation =
            |constraint: &Constraint| constraint.violation(|name| metrics.get(name)).min(UNDEFINED_VIOLATION);
        self.plan
            .objective
            .constraints
            .iter()
            .map(|constraint| (constraint.text().to_owned(), violation(constraint)))
            .collect()
    }
}

/// How far a constraint on an undefined metric counts as violated: finite, so that every reader of the
/// store can take it, and beyond what metrics reach.
const UNDEFINED_VIOLATION: f64 = 1e12;

fn undefined<'n>(names: impl IntoIterator<Item = &'n String>, metrics: &Metrics) -> String {
    let reason = names.into_iter().find(|name| metrics.get(name).is_none()).map(|name| {
        let why = metrics.undefined_reason(name).map_or_else(|| "undefined".to_owned(), |reason| reason.to_string());
        format!("{name}: {why}")
    });
    reason.unwrap_or_else(|| "the objective is not a finite number".to_owned())
}
