//! Whether decisions depend on bars that come after them.
//!
//! The winner runs over the bars up to a few cuts. Every trade that was over before a cut must be the very same trade as
//! in the run over all of the bars: what differs was decided by what came later. A strategy that answers in columns is asked
//! for its decisions again as well, at more cuts: a decision that no trade came of is compared, too.

use bartune_engine::Params;

use super::Subject;
use crate::data::{Dataset, Segments};
use crate::error::Error;
use crate::evaluator::{BacktestRun, Evaluator, SegmentName};
use crate::strategy::leak;

/// Where the bars are cut, as shares of those before the vault.
const CUTS: [f64; 3] = [0.35, 0.6, 0.85];

/// Of the places of further cuts.
const SEED: u64 = 1;

/// What cutting the bars showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeakCheck {
    /// Cuts that were tried.
    pub cuts: usize,
    /// Trades that were compared.
    pub trades: usize,
    /// First bar of the first trade that differs, or the first bar that is decided otherwise.
    pub first_difference: Option<usize>,
    /// When that bar opened, on the clock of the bars' timezone.
    pub first_difference_time: Option<String>,
}

/// Check a trial, whose run over all of the bars is given.
pub(super) fn check(subject: &Subject<'_>, (params, whole): (&Params, &BacktestRun)) -> Result<LeakCheck, Error> {
    let range = whole.segment.clone();
    let mut found = LeakCheck { cuts: 0, trades: 0, first_difference: None, first_difference_time: None };
    for share in CUTS {
        let cut = range.start + (range.len() as f64 * share) as usize;
        if cut < range.start + 2 {
            continue;
        }
        let dataset = Dataset {
            bars: subject.dataset.bars.prefix(cut),
            loaded: subject.dataset.loaded.clone(),
            segments: Segments { train: range.start..cut, validate: None, test: None },
        };
        let part = Evaluator::new(subject.plan, &dataset).backtest(params, SegmentName::Train)?;
        found.cuts += 1;
        // The last bar closes what is open, which the whole run does not.
        let over = |run: &BacktestRun| {
            let trades = run.backtest.trades.iter().filter(|trade| trade.exit_bar + 1 < cut);
            trades.cloned().collect::<Vec<_>>()
        };
        let (part, whole) = (over(&part), over(whole));
        found.trades += whole.len();
        let differs = (0..part.len().max(whole.len())).find(|&index| part.get(index) != whole.get(index));
        if let (Some(index), None) = (differs, found.first_difference) {
            found.first_difference = whole.get(index).or_else(|| part.get(index)).map(|trade| trade.entry_bar);
        }
    }
    if let Some(code) = subject.plan.strategy.columns() {
        let decided = leak::cut_check(&code.bind(params), &subject.evaluator.shared_bars(range.end), SEED)?;
        found.cuts += decided.cuts;
        let bar = decided.leak.map(|leak| leak.bar);
        found.first_difference = [found.first_difference, bar].into_iter().flatten().min();
    }
    found.first_difference_time = found.first_difference.map(|bar| leak::time_of(&subject.dataset.bars, bar));
    Ok(found)
}
