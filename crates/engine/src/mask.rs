//! A condition series: one bit a bar.

use std::sync::Arc;

/// One bit for each bar, 64 bars a word; bit `t % 64` of word `t / 64` is bar `t`. Bits past `len`
/// are zero, so that searches for the next set bit need no bound check. Clones share the words until one is written to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mask {
    words: Arc<Vec<u64>>,
    len: usize,
}

impl Mask {
    /// A mask of `len` bars, all false.
    #[must_use]
    pub fn falses(len: usize) -> Self {
        Self { words: Arc::new(vec![0; len.div_ceil(64)]), len }
    }

    /// A mask whose bar `t` is `condition(t)`.
    #[must_use]
    pub fn from_fn(len: usize, mut condition: impl FnMut(usize) -> bool) -> Self {
        let mut mask = Self::falses(len);
        for (index, word) in mask.words_mut().iter_mut().enumerate() {
            let start = index * 64;
            for bit in 0..64.min(len - start) {
                *word |= u64::from(condition(start + bit)) << bit;
            }
        }
        mask
    }

    /// Number of bars.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no bars.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The condition at bar `t`; false past the end.
    #[inline]
    #[must_use]
    pub fn get(&self, t: usize) -> bool {
        self.words.get(t / 64).is_some_and(|word| word >> (t % 64) & 1 == 1)
    }

    /// How many bars are true.
    #[must_use]
    pub fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// The words, lowest bar first.
    #[must_use]
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// The words, to be written in place. Bits past `len` must stay zero.
    pub fn words_mut(&mut self) -> &mut [u64] {
        let words: &mut Vec<u64> = Arc::make_mut(&mut self.words);
        words
    }

    /// The mask so many bars ago; false where there is none.
    #[must_use]
    pub fn delayed(&self, bars: usize) -> Self {
        let mut delayed = Self::falses(self.len);
        let (skip, shift) = (bars / 64, bars % 64);
        let tail = self.len % 64;
        let words = delayed.words_mut();
        for (index, word) in words.iter_mut().enumerate().skip(skip) {
            let from = index - skip;
            let carried = if shift > 0 && from > 0 { self.words[from - 1] >> (64 - shift) } else { 0 };
            *word = (self.words[from] << shift) | carried;
        }
        if let (true, Some(last)) = (tail > 0, words.last_mut()) {
            *last &= (1 << tail) - 1;
        }
        delayed
    }

    /// The first true bar at or after `start`, if any.
    #[must_use]
    pub fn next_set(&self, start: usize) -> Option<usize> {
        let mut index = start / 64;
        let mut word = *self.words.get(index)? & (u64::MAX << (start % 64));
        while word == 0 {
            index += 1;
            word = *self.words.get(index)?;
        }
        Some(index * 64 + word.trailing_zeros() as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_set_crosses_words_and_ends() {
        let mask = Mask::from_fn(200, |t| t == 3 || t == 130);
        assert_eq!(mask.next_set(0), Some(3));
        assert_eq!(mask.next_set(3), Some(3));
        assert_eq!(mask.next_set(4), Some(130));
        assert_eq!(mask.next_set(131), None);
        assert_eq!(mask.next_set(10_000), None);
        assert_eq!(mask.count(), 2);
        assert!(mask.get(130) && !mask.get(131) && !mask.get(10_000));
    }
}
