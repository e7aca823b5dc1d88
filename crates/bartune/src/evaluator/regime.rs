//! Blocks of a rung drawn evenly from the market's regimes.
//!
//! The train segment is cut into chunks of one length. Each has a volatility (variance of the returns from close to
//! close) and a trend (return over the chunk). Chunks are ordered by the tercile of their volatility and, within it, by
//! trend, and every k-th of that order is taken: quiet and wild, falling and rising parts are in a rung in the
//! proportions in which they are in the segment. Ties are broken by time.
//!
//! Only products, quotients and sums: the choice is the same on every machine.

use std::ops::Range;

/// Blocks of a rung.
pub(super) const BLOCKS: usize = 8;

/// Where the blocks of a rung with this share of the bars lie, in the order of time.
pub(super) fn blocks(close: &[f64], train: &Range<usize>, share: f64) -> Vec<Range<usize>> {
    let chunks = chunks(train, share);
    let taken = BLOCKS.min(chunks.len());
    let ordered = by_regime(close, &chunks);
    let count = ordered.len();
    let mut blocks: Vec<Range<usize>> =
        (0..taken).map(|index| ordered[(2 * index + 1) * count / (2 * taken)].clone()).collect();
    blocks.sort_by_key(|block| block.start);
    blocks
}

/// The segment in so many parts that [`BLOCKS`] of them are the share.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share is above 0 and below 1")]
fn chunks(train: &Range<usize>, share: f64) -> Vec<Range<usize>> {
    let count = ((BLOCKS as f64 / share).round() as usize).clamp(BLOCKS, (train.len() / 2).max(BLOCKS));
    let length = (train.len() / count).max(2);
    let first = train.end.saturating_sub(count * length).max(train.start);
    (0..count).map(|index| first + index * length..(first + (index + 1) * length).min(train.end)).collect()
}

/// Chunks by tercile of volatility, and by trend within each.
fn by_regime(close: &[f64], chunks: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut ranked: Vec<(f64, f64, Range<usize>)> = chunks
        .iter()
        .map(|chunk| (volatility(&close[chunk.clone()]), trend(&close[chunk.clone()]), chunk.clone()))
        .collect();
    ranked.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.2.start.cmp(&b.2.start)));
    let count = ranked.len();
    for tercile in 0..3 {
        let part = &mut ranked[tercile * count / 3..(tercile + 1) * count / 3];
        part.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.2.start.cmp(&b.2.start)));
    }
    ranked.into_iter().map(|(.., chunk)| chunk).collect()
}

fn volatility(close: &[f64]) -> f64 {
    let returns: Vec<f64> = close.windows(2).map(|pair| pair[1] / pair[0] - 1.0).collect();
    let count = returns.len().max(1) as f64;
    let mean = returns.iter().sum::<f64>() / count;
    returns.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / count
}

fn trend(close: &[f64]) -> f64 {
    match (close.first(), close.last()) {
        (Some(first), Some(last)) => last / first - 1.0,
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Calm, rising, calm, wild, each of 100 bars, over and over.
    fn closes() -> Vec<f64> {
        let mut close = vec![100.0];
        for t in 1..1600 {
            let step = match t / 100 % 4 {
                1 => 1.002,
                3 if t % 2 == 0 => 1.03,
                3 => 1.0 / 1.03,
                _ if t % 2 == 0 => 1.001,
                _ => 1.0 / 1.001,
            };
            close.push(close[t - 1] * step);
        }
        close
    }

    #[test]
    fn every_regime_is_there_in_its_proportion() {
        let close = closes();
        // Half of the bars: 16 chunks of 100, of which four rise and four are wild.
        let blocks = blocks(&close, &(0..1600), 0.5);
        let kinds: Vec<usize> = blocks.iter().map(|block| block.start / 100 % 4).collect();
        let count = |kind| kinds.iter().filter(|&&found| found == kind).count();
        assert_eq!((blocks.len(), count(1), count(3), count(0) + count(2)), (8, 2, 2, 4), "{kinds:?}");
        assert!(blocks.windows(2).all(|pair| pair[0].end <= pair[1].start), "in order and apart");
    }

    #[test]
    fn blocks_lie_in_the_segment_whatever_the_share() {
        let close = closes();
        for train in [0..1600, 300..1600, 700..760] {
            for share in [0.01, 0.1, 0.33, 0.9] {
                let blocks = blocks(&close, &train, share);
                let bars: usize = blocks.iter().map(ExactSizeIterator::len).sum();
                assert!(blocks.iter().all(|block| block.start >= train.start && block.end <= train.end));
                assert!(blocks.iter().all(|block| block.len() >= 2), "{train:?} {share} {blocks:?}");
                // Whole bars: exact only where blocks have many.
                assert!(
                    train.len() < 1000 || share < 0.1 || (bars as f64 / train.len() as f64 / share - 1.0).abs() < 0.15
                );
            }
        }
    }
}
