//! Two strategies on the same bars: what differs, and whether the difference could be chance.
//!
//! Both sides are run on one segment of one set of bars, whatever each was searched on; costs and account
//! are each side's own. Metrics are compared one by one; daily returns by a paired bootstrap; trades by
//! where they begin and end.

use std::collections::BTreeMap;

use bartune_engine::metric::{self, Calendar};
use bartune_engine::simulator::{Side, Trade};

use crate::evaluator::BacktestRun;
use crate::statistics::{Interval, RatioError, paired_intervals};

/// Resamples of the bootstrap.
const RESAMPLES: usize = 2_000;
/// Its seed: a constant, so that the same comparison always prints the same.
const SEED: u64 = 0;

/// One metric on both sides.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricPair {
    /// Its name in the catalogue.
    pub name: &'static str,
    /// On the first side, where it is defined.
    pub first: Option<f64>,
    /// On the second side, where it is defined.
    pub second: Option<f64>,
}

/// What two runs have in common and what not.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// Every metric that is defined on either side.
    pub metrics: Vec<MetricPair>,
    /// Differences of the daily returns' statistics with 95 % intervals, or why there are none.
    pub intervals: Result<Vec<Interval>, RatioError>,
    /// Trades that begin and end at the same bars on the same side in both runs.
    pub common_trades: usize,
    /// Trades of the first run that the second does not have, by position.
    pub only_first: Vec<usize>,
    /// Trades of the second run that the first does not have, by position.
    pub only_second: Vec<usize>,
}

impl Comparison {
    /// Whether both runs are the same in every metric and trade.
    #[must_use]
    pub fn is_equal(&self) -> bool {
        self.only_first.is_empty()
            && self.only_second.is_empty()
            && self.metrics.iter().all(|pair| pair.first.map(f64::to_bits) == pair.second.map(f64::to_bits))
    }
}

/// Compare two runs over the same bars.
///
/// # Panics
///
/// If they ran over different bars.
#[must_use]
pub fn compare(first: &BacktestRun, second: &BacktestRun, calendar: &Calendar, days_per_year: f64) -> Comparison {
    assert_eq!(first.segment, second.segment, "both sides run on one segment");
    let returns =
        |run: &BacktestRun| metric::daily_returns(run.backtest.cash, &metric::daily_equity(&run.backtest, calendar));
    let pair = |metric: &'static metric::Metric| MetricPair {
        name: metric.name,
        first: first.metrics.get(metric.name),
        second: second.metrics.get(metric.name),
    };
    let metrics = metric::catalogue().iter().map(pair).filter(|pair| pair.first.is_some() || pair.second.is_some());
    let (common_trades, only_first, only_second) = match_trades(&first.backtest.trades, &second.backtest.trades);
    Comparison {
        metrics: metrics.collect(),
        intervals: paired_intervals(&returns(first), &returns(second), days_per_year, (RESAMPLES, SEED)),
        common_trades,
        only_first,
        only_second,
    }
}

fn match_trades(first: &[Trade], second: &[Trade]) -> (usize, Vec<usize>, Vec<usize>) {
    let key = |trade: &Trade| (trade.entry_bar, trade.exit_bar, matches!(trade.side, Side::Long));
    // Several trades may share one bar, so that each is matched once.
    let mut open: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (index, trade) in second.iter().enumerate().rev() {
        open.entry(key(trade)).or_default().push(index);
    }
    let only_first: Vec<usize> =
        (0..first.len()).filter(|&index| open.get_mut(&key(&first[index])).and_then(Vec::pop).is_none()).collect();
    let mut only_second: Vec<usize> = open.into_values().flatten().collect();
    only_second.sort_unstable();
    (first.len() - only_first.len(), only_first, only_second)
}
