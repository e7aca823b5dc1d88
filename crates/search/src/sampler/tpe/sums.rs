//! Weighted sums over all kernels of a density, kept up to date kernel by kernel.
//!
//! A kernel is spread over a few *slots* in whole-number parts (a category: one part of 1 in the slot of
//! its choice). Its weight in the mixture is `first + slope · i`, where `i` counts the older kernels, so that
//! two sums a slot give the weighted sum for any `first` and `slope`: of the parts, and of `i · part`.
//!
//! `i` changes for all younger kernels when a trial moves between the good ones and the rest. With `r` the trial's
//! rank among all trials, each good trial therefore keeps the sum over the kernels *after* it: exactly
//! what `Σ i · part` gains when it leaves the good ones.
//!
//! **Invariant:** whole numbers only. Sums do not depend on the order in which kernels came and went, so
//! that a sampler made just now and one that has followed the whole study hold the same bits.

/// A kernel's parts, from slot `start` on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parts<const N: usize> {
    pub(super) start: usize,
    pub(super) parts: [i64; N],
}

/// Whether a kernel comes or goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Comes,
    Goes,
}

/// The sums.
#[derive(Debug, Clone, Default)]
pub(super) struct Sums {
    all: Vec<i64>,
    by_index: Vec<i128>,
    /// For each good trial, in the order of ranks: the sums over the kernels of greater rank.
    after: Vec<(u32, Vec<i64>)>,
}

impl Sums {
    pub(super) fn new(slots: usize) -> Self {
        Self { all: vec![0; slots], by_index: vec![0; slots], after: Vec::new() }
    }

    /// The kernel of the trial of this rank comes or goes.
    pub(super) fn change<const N: usize>(&mut self, rank: u32, kernel: &Parts<N>, change: Change) {
        let sign = if change == Change::Comes { 1 } else { -1 };
        let older = self.after.partition_point(|&(good, _)| good < rank);
        let index = i128::from(rank) - older as i128;
        let slots = kernel.start..kernel.start + N;
        let by_index = &mut self.by_index[slots.clone()];
        for ((all, by_index), part) in self.all[slots.clone()].iter_mut().zip(by_index).zip(kernel.parts) {
            *all += sign * part;
            *by_index += index * i128::from(sign * part);
        }
        for (_, after) in &mut self.after[..older] {
            for (after, part) in after[slots.clone()].iter_mut().zip(kernel.parts) {
                *after += sign * part;
            }
        }
    }

    /// The trial of this rank becomes good. `younger` are the kernels of greater rank; that of the trial
    /// itself has gone already.
    pub(super) fn enter<const N: usize>(&mut self, rank: u32, younger: impl Iterator<Item = Parts<N>>) {
        let mut after = vec![0; self.all.len()];
        for kernel in younger {
            let slots = after[kernel.start..kernel.start + N].iter_mut();
            slots.zip(kernel.parts).for_each(|(slot, part)| *slot += part);
        }
        self.by_index.iter_mut().zip(&after).for_each(|(sum, &after)| *sum -= i128::from(after));
        let place = self.after.partition_point(|&(good, _)| good < rank);
        self.after.insert(place, (rank, after));
    }

    /// The trial of this rank is good no longer. Its kernel has still to come.
    pub(super) fn leave(&mut self, rank: u32) {
        let Ok(place) = self.after.binary_search_by_key(&rank, |&(good, _)| good) else {
            return;
        };
        let (_, after) = self.after.remove(place);
        self.by_index.iter_mut().zip(after).for_each(|(sum, after)| *sum += i128::from(after));
    }

    /// `Σ (first + slope · i) · part` by slot.
    pub(super) fn weighted(&self, first: f64, slope: f64) -> Vec<f64> {
        let slots = self.all.iter().zip(&self.by_index);
        slots.map(|(&all, &by_index)| first * all as f64 + slope * to_float(by_index)).collect()
    }
}

/// A sum as a float; faster than the conversion of 128 bits that the platform has. Sums are not negative.
fn to_float(number: i128) -> f64 {
    const TWO_TO_64: f64 = 18_446_744_073_709_551_616.0;
    (number >> 64) as i64 as f64 * TWO_TO_64 + number as u64 as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(slot: usize) -> Parts<1> {
        Parts { start: slot, parts: [1] }
    }

    #[test]
    fn indices_follow_trials_that_enter_and_leave() {
        // Ranks 0 to 3 in slots 0 to 3; rank 1 is good: the others have the indices 0, 1, 2.
        let mut sums = Sums::new(4);
        sums.change(0, &part(0), Change::Comes);
        sums.enter::<1>(1, std::iter::empty());
        sums.change(2, &part(2), Change::Comes);
        sums.change(3, &part(3), Change::Comes);
        assert_eq!(sums.weighted(0.0, 1.0), [0.0, 0.0, 1.0, 2.0]);
        sums.leave(1);
        sums.change(1, &part(1), Change::Comes);
        assert_eq!(sums.weighted(0.0, 1.0), [0.0, 1.0, 2.0, 3.0]);
        assert_eq!(sums.weighted(1.0, 0.5), [1.0, 1.5, 2.0, 2.5]);
        sums.change(0, &part(0), Change::Goes);
        sums.enter(0, [1, 2, 3].map(part).into_iter());
        assert_eq!(sums.weighted(0.0, 1.0), [0.0, 0.0, 1.0, 2.0]);
        assert_eq!(sums.weighted(1.0, 0.0), [0.0, 1.0, 1.0, 1.0]);
    }

    #[test]
    fn large_whole_numbers_become_floats() {
        for number in [0, 1, 1 << 53, 1 << 70, (1 << 100) + (1 << 60), i128::from(i64::MAX)] {
            assert_eq!(to_float(number), number as f64, "{number}");
        }
    }
}
