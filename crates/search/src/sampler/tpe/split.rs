//! Dividing the trials seen into good ones (for `l`) and the others (for `g`).
//!
//! Ranked, best first: complete trials by value; pruned ones by the last step reached (later is
//! better), then by the value there; pruned ones that reported nothing; infeasible ones by the sum
//! of their violations. Ties go to the smaller number. The first `gamma(n)` are good.
//!
//! # Source
//!
//! Optuna 5.0, `TPESampler`: the order in which its `_split_trials` fills the lower part.

use std::cmp::Ordering;

use crate::history::{Lesson, View};
use crate::trial::StudyDirection;

/// A trial's place in the ranking: smaller is better.
#[derive(Debug, Clone, Copy)]
struct Rank {
    group: u8,
    first: f64,
    second: f64,
    row: u32,
}

impl Rank {
    fn of_row(view: &View<'_>, row: u32, direction: StudyDirection) -> Option<Self> {
        let value = view.values(row as usize).first().copied().unwrap_or(f64::NAN);
        Self::of(view.lesson(row as usize), value, direction).map(|rank| Self { row, ..rank })
    }

    fn of(lesson: Lesson, value: f64, direction: StudyDirection) -> Option<Self> {
        let loss = |value: f64| match direction {
            StudyDirection::Minimize => value,
            StudyDirection::Maximize => -value,
        };
        let (group, first, second) = match lesson {
            Lesson::Nothing => return None,
            Lesson::Complete => (0, loss(value), 0.0),
            Lesson::Pruned { last: Some((step, value)) } if value.is_nan() => (1, -(step as f64), f64::INFINITY),
            Lesson::Pruned { last: Some((step, value)) } => (1, -(step as f64), loss(value)),
            // Below every step from -1 on, which is where Optuna puts it too.
            Lesson::Pruned { last: None } => (1, 1.0, 0.0),
            Lesson::Infeasible { violation } => (2, violation, 0.0),
        };
        // Adding 0 makes -0.0 equal to 0.0 under `total_cmp`.
        Some(Self { group, first: first + 0.0, second: second + 0.0, row: 0 })
    }

    fn compare(&self, other: &Self) -> Ordering {
        self.group
            .cmp(&other.group)
            .then_with(|| self.first.total_cmp(&other.first))
            .then_with(|| self.second.total_cmp(&other.second))
            .then_with(|| self.row.cmp(&other.row))
    }
}

/// The good trials of a history that grows.
#[derive(Debug, Clone, Default)]
pub(super) struct Ranking {
    learned: usize,
    /// Best first.
    best: Vec<Rank>,
    /// Rows of the good trials, ascending.
    good: Vec<u32>,
}

impl Ranking {
    /// Rows of the good trials, in the order of their numbers.
    pub(super) fn good(&self) -> &[u32] {
        &self.good
    }

    /// Learn from more rows, so that `good(n)` of all `n` trials learned from are good.
    pub(super) fn update(
        &mut self,
        view: &View<'_>,
        learned: &[u32],
        direction: StudyDirection,
        good: impl FnOnce(usize) -> usize,
    ) {
        self.learned += learned.len();
        let good = good(self.learned).min(self.learned);
        if good == self.best.len() && learned.len() < self.learned {
            learned.iter().for_each(|&row| self.place(view, row, direction));
        } else {
            self.best = best(view, direction, good);
        }
        self.good = self.best.iter().map(|rank| rank.row).collect();
        self.good.sort_unstable();
    }

    /// Let a row take the place of the worst good one, if it is better.
    fn place(&mut self, view: &View<'_>, row: u32, direction: StudyDirection) {
        let Some(rank) = Rank::of_row(view, row, direction) else { return };
        let place = self.best.partition_point(|other| other.compare(&rank) == Ordering::Less);
        if place < self.best.len() {
            self.best.pop();
            self.best.insert(place, rank);
        }
    }
}

/// The best of a view's trials, best first. Linear in the trials.
fn best(view: &View<'_>, direction: StudyDirection, good: usize) -> Vec<Rank> {
    let rows = 0..view.len() as u32;
    let mut ranks: Vec<Rank> = rows.filter_map(|row| Rank::of_row(view, row, direction)).collect();
    if 0 < good && good < ranks.len() {
        ranks.select_nth_unstable_by(good - 1, Rank::compare);
    }
    ranks.truncate(good);
    ranks.sort_unstable_by(Rank::compare);
    ranks
}
