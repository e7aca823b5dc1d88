//! How much of a result hangs on the order of its days, on costs, on the moment of entry and on noise in prices.
//!
//! Days are resampled in blocks (stationary bootstrap), never one by one: single days would tear streaks apart and make
//! drawdowns look small. The walk-forward's days are resampled where there are some, since nothing was chosen on them.
//!
//! Stresses run the winner's strategy again over train and validate: with its costs doubled, with every decision a bar late,
//! and over bars whose prices are wrong by up to a tenth of each bar's range.

use bartune_engine::Params;
use bartune_engine::bars::{BarColumns, Bars, Checks};
use bartune_engine::simulator::{Commission, Slippage};
use bartune_search::stream::RandomStream;

use super::Subject;
use super::returns::daily;
use super::walk_forward::WalkForward;
use crate::data::Dataset;
use crate::error::Error;
use crate::evaluator::{BacktestRun, Evaluator, SegmentName};
use crate::statistics::{StationaryBootstrap, block_length};

/// A drawdown that counts as ruin, as a fraction of the highest equity.
pub(super) const RUIN: f64 = 0.5;
/// Fewer trades have too few orders.
const FEWEST_TRADES: usize = 10;
/// Noisy copies of the bars; the middle one by Sharpe ratio is shown.
pub(super) const NOISY_COPIES: u64 = 7;
/// Largest error of a noisy price, as a share of its bar's range.
const NOISE: f64 = 0.1;

/// The 5 %, 50 % and 95 % quantiles of a resampled figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantiles {
    /// A twentieth of the resamples is below it.
    pub low: f64,
    /// The median.
    pub middle: f64,
    /// A twentieth is above it.
    pub high: f64,
}

/// Resampled and stressed results.
#[derive(Debug, Clone)]
pub struct MonteCarlo {
    /// Whether the days are the walk-forward's; otherwise they are the winner's own on train and validate.
    pub is_out_of_sample: bool,
    /// Days that were resampled.
    pub days: usize,
    /// Mean length of a block in days.
    pub block_days: f64,
    /// Largest drawdown as a fraction.
    pub max_drawdown: Quantiles,
    /// Return over all days as a fraction.
    pub total_return: Quantiles,
    /// Share of resamples that lose half of their highest equity at some time.
    pub ruin: f64,
    /// Share of resamples that end with a loss.
    pub loss: f64,
    /// Largest drawdown from trade to trade with the winner's trades in another order, as a fraction; `None` with fewer
    /// than ten.
    pub reordered_drawdown: Option<Quantiles>,
    /// The winner under worse conditions.
    pub stresses: Vec<Stress>,
}

/// The winner under one worse condition, over train and validate.
#[derive(Debug, Clone, PartialEq)]
pub struct Stress {
    /// What was made worse.
    pub name: &'static str,
    /// Sharpe ratio a year, where defined.
    pub sharpe: Option<f64>,
    /// Return as a fraction.
    pub total_return: Option<f64>,
}

/// Name of the stress that doubles costs.
pub(super) const COSTS: &str = "costs doubled";

pub(super) fn of(
    subject: &Subject<'_>,
    walk_forward: &Result<WalkForward, String>,
    whole: &BacktestRun,
) -> Result<Result<MonteCarlo, String>, Error> {
    let (calendar, _) = subject.evaluator.calendar(whole.segment.clone());
    let own = daily(whole, &calendar);
    let (returns, is_out_of_sample) = match walk_forward {
        Ok(found) => (&found.returns, true),
        Err(_) => (&own, false),
    };
    if returns.len() < 20 || returns.iter().all(|day| *day == 0.0) {
        return Ok(Err(format!("{} days without a move cannot be resampled", returns.len())));
    }
    let stresses = stresses(subject, whole)?;
    let block_days = block_length(returns);
    let mut bootstrap = StationaryBootstrap::new(returns.len(), block_days, subject.plan.search.seed);
    let (mut drawdowns, mut totals, mut indices) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..subject.options.resamples.max(20) {
        bootstrap.draw(&mut indices);
        let (drawdown, total) = path(indices.iter().map(|&day| returns[day]));
        drawdowns.push(drawdown);
        totals.push(total);
    }
    let share = |values: &[f64], holds: &dyn Fn(f64) -> bool| {
        values.iter().filter(|value| holds(**value)).count() as f64 / values.len() as f64
    };
    Ok(Ok(MonteCarlo {
        is_out_of_sample,
        days: returns.len(),
        block_days,
        ruin: share(&drawdowns, &|drawdown| drawdown >= RUIN),
        loss: share(&totals, &|total| total < 0.0),
        max_drawdown: quantiles(drawdowns),
        total_return: quantiles(totals),
        reordered_drawdown: reordered(whole, (subject.options.resamples, subject.plan.search.seed)),
        stresses,
    }))
}

/// Largest drawdown and total return of a series of returns.
fn path(returns: impl Iterator<Item = f64>) -> (f64, f64) {
    let (mut equity, mut highest, mut drawdown) = (1.0_f64, 1.0_f64, 0.0_f64);
    for day in returns {
        equity *= 1.0 + day;
        highest = highest.max(equity);
        drawdown = drawdown.max(1.0 - equity / highest);
    }
    (drawdown, equity - 1.0)
}

/// Drawdowns of the trades in random orders, each earning the share of the account that it did.
fn reordered(whole: &BacktestRun, (resamples, seed): (usize, u64)) -> Option<Quantiles> {
    let mut equity = whole.backtest.cash;
    let mut shares: Vec<f64> = Vec::with_capacity(whole.backtest.trades.len());
    for trade in &whole.backtest.trades {
        shares.push(trade.pnl / equity);
        equity += trade.pnl;
        if equity <= 0.0 {
            return None;
        }
    }
    if shares.len() < FEWEST_TRADES {
        return None;
    }
    let mut stream = RandomStream::new(seed, 0, 12);
    let drawdowns = (0..resamples.max(20)).map(|_| {
        // R. A. Fisher, F. Yates (1938), as by R. Durstenfeld (1964).
        for last in (1..shares.len()).rev() {
            shares.swap(last, stream.below(last as u64 + 1) as usize);
        }
        path(shares.iter().copied()).0
    });
    Some(quantiles(drawdowns.collect()))
}

fn quantiles(mut values: Vec<f64>) -> Quantiles {
    values.sort_by(f64::total_cmp);
    let at = |share: f64| values[((values.len() - 1) as f64 * share).round() as usize];
    Quantiles { low: at(0.05), middle: at(0.5), high: at(0.95) }
}

fn stresses(subject: &Subject<'_>, whole: &BacktestRun) -> Result<Vec<Stress>, Error> {
    let params = subject.plan.parameters.to_params(&subject.winner.trial.params);
    let stress = |name, run: &BacktestRun| Stress {
        name,
        sharpe: run.metrics.get("sharpe"),
        total_return: run.metrics.get("total_return"),
    };
    let costly = costly(subject, &params)?;
    let late = subject.evaluator.backtest_late(&params, SegmentName::All, 1)?;
    let mut noisy = Vec::new();
    for copy in 0..NOISY_COPIES {
        noisy.push(self::noisy(subject, &params, copy)?);
    }
    let sharpe = |run: &BacktestRun| run.metrics.get("sharpe").unwrap_or(f64::NEG_INFINITY);
    noisy.sort_by(|a, b| sharpe(a).total_cmp(&sharpe(b)));
    let mut stresses = vec![stress("as it is", whole), stress(COSTS, &costly)];
    stresses.extend(late.map(|late| stress("a bar late", &late)));
    stresses.push(stress("noisy prices", &noisy[noisy.len() / 2]));
    Ok(stresses)
}

/// A trial over train and validate with its costs doubled.
pub(super) fn costly(subject: &Subject<'_>, params: &Params) -> Result<BacktestRun, Error> {
    let mut plan = subject.plan.clone();
    let execution = &mut plan.execution;
    execution.commission = match execution.commission {
        Commission::Fraction(fraction) => Commission::Fraction((2.0 * fraction).min(0.5)),
        Commission::PerContract(money) => Commission::PerContract(2.0 * money),
    };
    execution.slippage = match execution.slippage {
        Slippage::Fraction(fraction) => Slippage::Fraction((2.0 * fraction).min(0.5)),
        Slippage::Ticks(ticks) => Slippage::Ticks(2.0 * ticks),
    };
    Evaluator::new(&plan, subject.dataset).backtest(params, SegmentName::All)
}

/// A trial over train and validate of a noisy copy of the bars.
pub(super) fn noisy(subject: &Subject<'_>, params: &Params, copy: u64) -> Result<BacktestRun, Error> {
    let dataset = noisy_bars(subject, copy)?;
    Evaluator::new(subject.plan, &dataset).backtest(params, SegmentName::All)
}

/// The bars before the vault, with every price wrong by a random part of a tenth of the bar's range.
fn noisy_bars(subject: &Subject<'_>, copy: u64) -> Result<Dataset, Error> {
    let bars = subject.evaluator.bars();
    let mut stream = RandomStream::new(subject.plan.search.seed, copy, 11);
    let mut columns =
        BarColumns { time: bars.time().to_vec(), volume: bars.volume().to_vec(), ..BarColumns::default() };
    for t in 0..bars.len() {
        let (high, low) = (bars.high()[t], bars.low()[t]);
        let mut wrong = |price: f64| price + (2.0 * stream.uniform() - 1.0) * NOISE * (high - low);
        let (open, close) = (wrong(bars.open()[t]), wrong(bars.close()[t]));
        let (high, low) = (wrong(high).max(open).max(close), wrong(low).min(open).min(close));
        columns.open.push(open);
        columns.high.push(high);
        columns.low.push(low);
        columns.close.push(close);
    }
    let checks = Checks { timeframe_ns: Some(bars.timeframe_ns()), ..Checks::default() };
    let noisy = Bars::try_new(columns, bars.timezone().clone(), checks)?;
    let mut segments = subject.dataset.segments.clone();
    segments.test = None;
    Ok(Dataset { bars: noisy, loaded: subject.dataset.loaded.clone(), segments })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_knows_its_drawdown_and_its_end() {
        let (drawdown, total) = path([0.5, -0.5, 0.2].into_iter());
        assert!((drawdown - 0.5).abs() < 1e-12);
        assert!((total - (1.5 * 0.5 * 1.2 - 1.0)).abs() < 1e-12);
    }

    #[test]
    fn quantiles_are_those_of_the_sorted_values() {
        let found = quantiles((0..=100).rev().map(f64::from).collect());
        assert_eq!(found, Quantiles { low: 5.0, middle: 50.0, high: 95.0 });
    }
}
