//! The next bar on which a decision may matter.
//!
//! It errs towards bars on which nothing happens in the end: both entries at once, an entry outside its session or
//! with an undefined distance, an exit beside an entry.

use crate::simulator::{Side, Signals};

/// The bars on which a strategy's conditions hold, as a position meets them.
pub(super) struct Agenda<'a> {
    /// First bar with decisions (D1).
    warmup: usize,
    /// What matters while flat: entries.
    flat: Cursor<'a>,
    /// What matters while long: its exit, and an entry that reverses.
    long: Cursor<'a>,
    /// What matters while short.
    short: Cursor<'a>,
}

impl<'a> Agenda<'a> {
    pub(super) fn new(signals: &'a Signals) -> Self {
        let (long_entry, long_exit) = (signals.long_entry.words(), signals.long_exit.words());
        let (short_entry, short_exit) = (signals.short_entry.words(), signals.short_exit.words());
        Self {
            warmup: signals.warmup,
            flat: Cursor::new(long_entry, short_entry),
            long: Cursor::new(long_exit, short_entry),
            short: Cursor::new(short_exit, long_entry),
        }
    }

    /// The first bar at or after `t` whose decision may enter; `usize::MAX` if there is none.
    pub(super) fn next_entry(&mut self, t: usize) -> usize {
        self.flat.seek(t.max(self.warmup))
    }

    /// The first bar at or after `t` whose decision may end or reverse a position of this side; `usize::MAX` if
    /// there is none.
    pub(super) fn next_decision(&mut self, side: Side, t: usize) -> usize {
        let t = t.max(self.warmup);
        match side {
            Side::Long => self.long.seek(t),
            Side::Short => self.short.seek(t),
        }
    }
}

/// The next bar on which one of two conditions holds. What was found is kept: a bar is looked for from many
/// positions that a stop ends long before it, and each word is read once.
struct Cursor<'a> {
    words: [&'a [u64]; 2],
    /// Between `from` and `found` there is nothing.
    from: usize,
    found: usize,
}

impl<'a> Cursor<'a> {
    fn new(first: &'a [u64], second: &'a [u64]) -> Self {
        // Nothing is known yet, which an empty span says.
        Self { words: [first, second], from: 1, found: 0 }
    }

    fn seek(&mut self, t: usize) -> usize {
        if !(self.from..=self.found).contains(&t) {
            self.from = t;
            self.found = next_set(self.words, t);
        }
        self.found
    }
}

/// The first bar at or after `start` that is set in either mask; `usize::MAX` if there is none.
fn next_set(masks: [&[u64]; 2], start: usize) -> usize {
    let words = masks[0].len().max(masks[1].len());
    let word = |index: usize| masks.iter().fold(0, |word, mask| word | mask.get(index).copied().unwrap_or(0));
    let mut unseen = u64::MAX << (start % 64);
    for index in start / 64..words {
        let word = word(index) & unseen;
        if word != 0 {
            return index * 64 + word.trailing_zeros() as usize;
        }
        unseen = u64::MAX;
    }
    usize::MAX
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Mask;

    #[test]
    fn either_mask_answers_and_an_empty_one_never_does() {
        let (first, second) = (Mask::from_fn(200, |t| t == 130), Mask::from_fn(200, |t| t == 5 || t == 199));
        let mut cursor = Cursor::new(first.words(), second.words());
        let found: Vec<usize> = [0, 3, 5, 6, 131, 199, 200, 10_000].map(|t| cursor.seek(t)).to_vec();
        assert_eq!(found, [5, 5, 5, 130, 199, 199, usize::MAX, usize::MAX]);
        assert_eq!(cursor.seek(6), 130, "a cursor may go back");
        assert_eq!(Cursor::new(first.words(), &[]).seek(0), 130);
        assert_eq!(Cursor::new(&[], &[]).seek(0), usize::MAX);
    }
}
