//! A trial on a share of the train segment's bars, for pruners to judge.
//!
//! Blocks of a rung are bars of their own: their series are warmed by a quarter of a block's length of bars before it (as far
//! as there are any), not by all of them, because that is what makes a rung cheap. Each block starts flat with the
//! account's cash; what they made is put one after the other, and the objective is that of the whole: one market with a
//! share of the bars. So an average over trades has as many of them as there are, not a few at a time.
//!
//! Where the composite counts absolutely (its net profit's bounds, the trades of a full score), it is told how much shorter
//! that market is. A rung's value differs from that of the same bars within the whole all the same; it is compared with
//! other trials on the same rung only.

use std::ops::Range;

use bartune_engine::Params;
use bartune_engine::metric::{Calendar, CompositeOptions, Outline};
use bartune_engine::simulator::{Backtest, Trade, fast};

use super::{Evaluator, Market, Measured, Prepared, regime};
use crate::config::{Placement, Plan, Pruning};
use crate::error::Error;

/// Blocks of a rung that is spread.
const BLOCKS: usize = 4;

/// A share of the train bars.
#[derive(Debug)]
pub(super) struct Rung {
    blocks: Vec<Block>,
    /// Days of all blocks' bars.
    calendar: Calendar,
    /// The composite for a market that is so much shorter.
    composite: CompositeOptions,
}

#[derive(Debug)]
struct Block {
    market: Market,
    segment: Prepared,
}

/// The rungs of a plan, in the order in which trials climb them.
pub(super) fn rungs(plan: &Plan, whole: &Market, train: &Range<usize>) -> Vec<Rung> {
    let pruning = &plan.search.pruning;
    pruning.rungs.iter().map(|&share| rung(plan, whole, train, share)).collect()
}

fn rung(plan: &Plan, whole: &Market, train: &Range<usize>, share: f64) -> Rung {
    let block = block_bars(&plan.search.pruning, train.len(), share);
    let count = blocks(&plan.search.pruning);
    // Each block ends where its part of the segment does.
    let ends = (1..=count).map(|part| train.start + part * train.len() / count);
    let ranges: Vec<Range<usize>> = match plan.search.pruning.placement {
        Placement::Regimes => regime::blocks(whole.bars.close(), train, share),
        Placement::Recent | Placement::Spread => ends.map(|end| end - block..end).collect(),
    };
    let days: Vec<i32> = ranges.iter().flat_map(|range| &whole.bars.calendar().day[range.clone()]).copied().collect();
    let block_at = |range: Range<usize>| {
        let lead = (range.len() / 4).min(range.start);
        let market = whole.part(plan, range.start - lead..range.end);
        Block { segment: Prepared::new(&market.bars, lead..lead + range.len()), market }
    };
    Rung {
        composite: shorter(&plan.objective.composite, days.len() as f64 / train.len() as f64),
        calendar: Calendar::new(&days),
        blocks: ranges.into_iter().map(block_at).collect(),
    }
}

/// The composite of a market with this share of the bars: so much less profit and so many fewer trades are as good.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a count")]
fn shorter(composite: &CompositeOptions, share: f64) -> CompositeOptions {
    let mut composite = composite.clone();
    composite.net_profit.worst *= share;
    composite.net_profit.best *= share;
    composite.full_score_trades = (f64::from(composite.full_score_trades) * share).ceil() as u32;
    composite
}

/// Bars of each block of a rung.
pub(crate) fn block_bars(pruning: &Pruning, train: usize, share: f64) -> usize {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a count")]
    let bars = (train as f64 * share) as usize;
    match pruning.placement {
        Placement::Recent => bars.clamp(2, train),
        Placement::Spread | Placement::Regimes => (bars / blocks(pruning)).max(2),
    }
}

/// Blocks of each rung.
fn blocks(pruning: &Pruning) -> usize {
    match pruning.placement {
        Placement::Spread => BLOCKS,
        Placement::Regimes => regime::BLOCKS,
        Placement::Recent => 1,
    }
}

/// Bars of a rung, what warms its blocks left out.
pub(crate) fn rung_bars(pruning: &Pruning, train: usize, share: f64) -> usize {
    blocks(pruning) * block_bars(pruning, train, share)
}

impl Evaluator<'_> {
    /// What a trial reports at a rung: its objective over all blocks; NaN where it is undefined.
    ///
    /// # Errors
    ///
    /// [`Error::Bind`], [`Error::Simulation`].
    pub fn report(&self, params: &Params, rung: usize) -> Result<f64, Error> {
        let mut workspace = self.workspaces.take();
        let reported = self.report_in(params, &self.rungs[rung], &mut workspace);
        self.workspaces.give_back(workspace);
        reported
    }

    fn report_in(&self, params: &Params, rung: &Rung, workspace: &mut fast::Workspace) -> Result<f64, Error> {
        let deadline = self.deadline();
        let bound = self.plan.strategy.bind(params)?;
        let mut whole = Backtest { cash: self.plan.account.cash, ..Backtest::default() };
        for block in &rung.blocks {
            let decisions = self.decisions(&bound, &block.market, &deadline)?;
            self.simulate((&block.market, &decisions, &block.segment.range), &deadline, workspace)?;
            append(&mut whole, workspace.backtest());
        }
        let close = |block: &Block, bar: usize| block.market.bars.close()[bar];
        let ends =
            rung.blocks.first().zip(rung.blocks.last()).map(|(first, last)| {
                (close(first, first.segment.range.start), close(last, last.segment.range.end - 1))
            });
        let (first_close, last_close) = ends.unwrap_or((1.0, 1.0));
        let measured = Measured {
            backtest: &whole,
            calendar: &rung.calendar,
            closes: (first_close, last_close),
            composite: &rung.composite,
        };
        Ok(self.judge(&self.metrics(&measured, &Outline::of(&whole, &rung.calendar))).first().unwrap_or(f64::NAN))
    }
}

/// Put what a block made behind what those before it did, as if it had gone on with the money they left.
fn append(whole: &mut Backtest, block: &Backtest) {
    let (bars, earned) = (whole.equity.len(), whole.equity.last().map_or(0.0, |last| last - whole.cash));
    let moved = |bar: usize| bars + bar.saturating_sub(block.segment.start);
    whole.equity.extend(block.equity.iter().map(|equity| equity + earned));
    whole.trades.extend(block.trades.iter().map(|trade| Trade {
        entry_bar: moved(trade.entry_bar),
        exit_bar: moved(trade.exit_bar),
        ..trade.clone()
    }));
    whole.segment = 0..whole.equity.len();
    whole.bars_in_market += block.bars_in_market;
    whole.ambiguous_bars += block.ambiguous_bars;
    whole.bankrupt_at = whole.bankrupt_at.or(block.bankrupt_at.map(moved));
    whole.unaffordable_entries += block.unaffordable_entries;
    whole.undefined_entries += block.undefined_entries;
    whole.late_entries += block.late_entries;
    // Each block is an account of its own: its headroom is kept, how the last one ended is told.
    whole.account = match (whole.account.take(), &block.account) {
        (Some(mut before), Some(now)) => {
            before.headroom.extend(&now.headroom);
            before.days_traded += now.days_traded;
            before.days_stopped += now.days_stopped;
            before.outcome = now.outcome;
            Some(before)
        }
        (before, now) => before.or_else(|| now.clone()),
    };
}

#[cfg(test)]
mod tests {
    use bartune_engine::simulator::{ExitReason, Side};

    use super::*;

    fn block(equity: &[f64], entry_bar: usize, pnl: f64) -> Backtest {
        let trade = Trade {
            side: Side::Long,
            size: 1.0,
            entry_bar,
            entry_price: 10.0,
            exit_bar: entry_bar + 1,
            exit_price: 10.0 + pnl,
            exit_reason: ExitReason::Rule,
            pnl,
            commission: 0.0,
            slippage: 0.0,
            max_adverse: 0.0,
            max_favorable: 0.0,
            ambiguous: false,
        };
        let segment = 5..5 + equity.len();
        let (equity, trades) = (equity.to_vec(), vec![trade]);
        Backtest { segment, cash: 100.0, trades, equity, bars_in_market: 2, ..Backtest::default() }
    }

    #[test]
    fn blocks_are_put_one_after_the_other_with_their_money() {
        let mut whole = Backtest { cash: 100.0, ..Backtest::default() };
        append(&mut whole, &block(&[100.0, 103.0, 103.0], 6, 3.0));
        append(&mut whole, &block(&[100.0, 98.0], 5, -2.0));
        assert_eq!(whole.equity, [100.0, 103.0, 103.0, 103.0, 101.0]);
        let bars: Vec<(usize, usize)> = whole.trades.iter().map(|trade| (trade.entry_bar, trade.exit_bar)).collect();
        assert_eq!((bars, whole.bars_in_market, whole.segment), (vec![(1, 2), (3, 4)], 4, 0..5));
        // Money is what the trades made.
        assert_eq!(whole.equity.last(), Some(&(100.0 + whole.trades.iter().map(|trade| trade.pnl).sum::<f64>())));
    }

    #[test]
    fn a_tenth_of_the_bars_is_a_full_score_with_a_tenth_of_trades_and_profit() {
        let tenth = shorter(&CompositeOptions::default(), 0.1);
        assert_eq!(tenth.full_score_trades, 3);
        assert!((tenth.net_profit.best - 0.015).abs() < 1e-12 && (tenth.net_profit.worst + 0.005).abs() < 1e-12);
        assert_eq!(tenth.sortino, CompositeOptions::default().sortino);
    }
}
