//! Whether a strategy that decides in columns is pure, and whether it looks ahead.
//!
//! *Pure*: the same parameters have the same decisions when asked again, in another order, and of one that has answered
//! nothing before. *Causal*: on bars that are cut off, the decisions up to the cut are the same. The cuts are after bars
//! at which something begins or ends, where a decision that knew the next bar has lost it, after some silent ones, and at
//! a few shares of the bars, where a mean over all of them has become another.
//!
//! **Tolerance:** conditions are compared exactly; price distances to a billionth of themselves where the bars were cut, since
//! sums may be taken in another order then.

use std::ops::Range;

use bartune_engine::Mask;
use bartune_engine::bars::Bars;
use bartune_search::stream::RandomStream;
use jiff::Timestamp;

use super::SharedBars;
use super::column::{Ask, BoundColumns, Columns};
use crate::error::Error;
use crate::evaluator::Deadline;

/// Where the bars are cut whatever is decided, as shares of them.
const SHARES: [f64; 3] = [0.337, 0.619, 0.913];
/// Cuts after bars of each kind: those at which a condition holds, and silent ones.
const CUTS_OF_A_KIND: usize = 2;
/// No cut leaves less than this share of the bars: a strategy may need some to say anything.
const LEAST_SHARE: f64 = 0.1;
/// By how much of itself a price distance may differ on fewer bars.
const TOLERANCE: f64 = 1e-9;

/// Decisions that were other when later bars were missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Leak {
    /// The first of them.
    pub(crate) bar: usize,
    /// Where the bars were cut.
    pub(crate) cut: usize,
}

/// What cutting the bars showed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct CutCheck {
    /// Cuts with an answer to compare.
    pub(crate) cuts: usize,
    pub(crate) leak: Option<Leak>,
    /// Why there was no answer at the last cut that had none.
    pub(crate) unanswered: Option<String>,
}

/// Ask again on bars that are cut off, up to the first cut that shows something.
pub(crate) fn cut_check(bound: &BoundColumns, bars: &SharedBars, seed: u64) -> Result<CutCheck, Error> {
    let whole = bound.columns(bars, &Deadline::default(), Ask::AsEver)?;
    let mut found = CutCheck::default();
    for cut in cuts(&whole, bars.len(), seed) {
        match bound.columns(&bars.slice(0..cut), &Deadline::default(), Ask::AsEver) {
            Ok(part) => {
                found.cuts += 1;
                if let Some(bar) = part.difference(&whole, cut, TOLERANCE) {
                    found.leak = Some(Leak { bar, cut });
                    return Ok(found);
                }
            }
            Err(error) => found.unanswered = Some(error.to_string()),
        }
    }
    Ok(found)
}

/// The first of some trials, and its first bar, whose decisions depend on when or where they are asked for.
pub(crate) fn impurity(trials: &[BoundColumns], bars: &SharedBars) -> Result<Option<(usize, usize)>, Error> {
    let ask = |bound: &BoundColumns, ask: Ask| bound.columns(bars, &Deadline::default(), ask);
    let first = trials.iter().map(|bound| ask(bound, Ask::AsEver)).collect::<Result<Vec<_>, _>>()?;
    // One that has answered nothing is asked once: it may take a while to make.
    let again = trials.iter().enumerate().rev().map(|(trial, bound)| (trial, bound, Ask::AsEver));
    let afresh = trials.first().map(|bound| (0, bound, Ask::Afresh));
    for (trial, bound, way) in again.chain(afresh) {
        if let Some(bar) = ask(bound, way)?.difference(&first[trial], bars.len(), 0.0) {
            return Ok(Some((trial, bar)));
        }
    }
    Ok(None)
}

/// When a bar opened, on the clock of its timezone.
pub(crate) fn time_of(bars: &Bars, bar: usize) -> String {
    let time = bars.time().get(bar).and_then(|&time| Timestamp::from_nanosecond(i128::from(time)).ok());
    time.map_or_else(String::new, |time| time.to_zoned(bars.timezone().clone()).strftime("%Y-%m-%d %H:%M").to_string())
}

/// Numbers of bars to be left, ascending.
fn cuts(whole: &Columns, bars: usize, seed: u64) -> Vec<usize> {
    let least = share(bars, LEAST_SHARE).max(2);
    let range = least.min(bars)..bars.saturating_sub(1);
    let mut cuts: Vec<usize> = SHARES.iter().map(|&part| share(bars, part).max(2)).collect();
    let kinds = [&whole.long_entry, &whole.long_exit, &whole.short_entry, &whole.short_exit];
    let silent = Mask::from_fn(bars, |t| !kinds.iter().any(|kind| kind.get(t)));
    for (number, kind) in kinds.into_iter().chain([&silent]).enumerate() {
        let mut stream = RandomStream::new(seed, number as u64, 0);
        let chosen = (0..CUTS_OF_A_KIND).filter_map(|_| some_bar(kind, &range, stream.uniform()));
        // The bar itself is the last that is left.
        cuts.extend(chosen.map(|bar| bar + 1));
    }
    cuts.retain(|&cut| cut < bars);
    cuts.sort_unstable();
    cuts.dedup();
    cuts
}

/// The first bar of a mask from a place in a range on, or else from its start on.
fn some_bar(mask: &Mask, range: &Range<usize>, place: f64) -> Option<usize> {
    let from = range.start + share(range.len(), place);
    let found = |from: usize| mask.next_set(from).filter(|bar| range.contains(bar));
    found(from).or_else(|| found(range.start))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a count")]
fn share(count: usize, share: f64) -> usize {
    (count as f64 * share) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_come_after_each_kind_of_decision() {
        let positions: Vec<i8> = (0..1_000).map(|t| [0, 1, 1, -1, 0][t / 20 % 5]).collect();
        let whole = Columns::of_positions(&positions);
        let cuts = cuts(&whole, 1_000, 7);
        let last_bars: Vec<usize> = cuts.iter().map(|cut| cut - 1).collect();
        for kind in [&whole.long_entry, &whole.long_exit, &whole.short_entry, &whole.short_exit] {
            assert!(last_bars.iter().any(|&bar| kind.get(bar)), "{cuts:?}");
        }
        assert!(cuts.len() > 8 && cuts.is_sorted() && cuts.iter().all(|&cut| (100..1_000).contains(&cut)), "{cuts:?}");
    }
}
