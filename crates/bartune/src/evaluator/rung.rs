//! A trial on a share of the train segment's bars, for pruners to judge.
//!
//! Blocks of a rung are bars of their own: their series are warmed by a quarter of a block's length of bars
//! before it (as far as there are any), not by all of them, because that is what makes a rung cheap. So a rung's
//! value differs from that of the same bars within the whole; it is compared with other trials on the same
//! rung only.

use bartune_engine::Params;

use super::{Evaluator, Market, Prepared, regime};
use crate::config::{Placement, Plan, Pruning};
use crate::error::Error;

/// Blocks of a rung that is spread.
const BLOCKS: usize = 4;

/// A share of the train bars.
#[derive(Debug)]
pub(super) struct Rung {
    blocks: Vec<Block>,
}

#[derive(Debug)]
struct Block {
    market: Market,
    segment: Prepared,
}

/// The rungs of a plan, in the order in which trials climb them.
pub(super) fn rungs(plan: &Plan, whole: &Market, train: &std::ops::Range<usize>) -> Vec<Rung> {
    let pruning = &plan.search.pruning;
    pruning.rungs.iter().map(|&share| rung(plan, whole, train, share)).collect()
}

fn rung(plan: &Plan, whole: &Market, train: &std::ops::Range<usize>, share: f64) -> Rung {
    let block = block_bars(&plan.search.pruning, train.len(), share);
    let count = blocks(&plan.search.pruning);
    // Each block ends where its part of the segment does.
    let ends = (1..=count).map(|part| train.start + part * train.len() / count);
    let ranges: Vec<std::ops::Range<usize>> = match plan.search.pruning.placement {
        Placement::Regimes => regime::blocks(whole.bars.close(), train, share),
        Placement::Recent | Placement::Spread => ends.map(|end| end - block..end).collect(),
    };
    let block_at = |range: std::ops::Range<usize>| {
        let lead = (range.len() / 4).min(range.start);
        let market = Market::new(plan, whole.bars.slice(range.start - lead..range.end));
        Block { segment: Prepared::new(&market.bars, lead..lead + range.len()), market }
    };
    Rung { blocks: ranges.into_iter().map(block_at).collect() }
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
    /// What a trial reports at a rung: its objective there, the mean over the blocks; NaN where any is undefined.
    ///
    /// # Errors
    ///
    /// [`Error::Bind`], [`Error::Simulation`].
    pub fn report(&self, params: &Params, rung: usize) -> Result<f64, Error> {
        let deadline = self.deadline();
        let bound = self.plan.strategy.bind(params)?;
        let mut workspace = self.workspaces.take();
        let blocks = &self.rungs[rung].blocks;
        let mut sum = 0.0;
        for block in blocks {
            let decisions = self.decisions(&bound, &block.market)?;
            let metrics = self.measure((&block.market, &decisions, &block.segment), &deadline, &mut workspace)?;
            sum += self.judge(&metrics).first().unwrap_or(f64::NAN);
        }
        self.workspaces.give_back(workspace);
        Ok(sum / blocks.len() as f64)
    }
}
