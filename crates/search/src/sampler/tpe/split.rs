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

/// Rows of the view, each part in number order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Split {
    /// The good trials.
    pub(crate) good: Vec<u32>,
    /// The others that are learned from.
    pub(crate) rest: Vec<u32>,
}

/// A trial's place in the ranking: smaller is better.
#[derive(Debug, Clone, Copy)]
struct Rank {
    group: u8,
    first: f64,
    second: f64,
    row: u32,
}

impl Rank {
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

impl Split {
    /// Divide a view so that `good(n)` of the `n` trials learned from are good. Linear in the trials.
    pub(crate) fn of(view: &View<'_>, direction: StudyDirection, good: impl FnOnce(usize) -> usize) -> Self {
        let mut ranks: Vec<Rank> = Vec::with_capacity(view.learned());
        for (row, lesson) in view.lessons().enumerate() {
            let value = view.values(row).first().copied().unwrap_or(f64::NAN);
            if let Some(rank) = Rank::of(lesson, value, direction) {
                ranks.push(Rank { row: row as u32, ..rank });
            }
        }
        let good = good(ranks.len()).min(ranks.len());
        if 0 < good && good < ranks.len() {
            ranks.select_nth_unstable_by(good - 1, Rank::compare);
        }
        let rows = |part: &[Rank]| {
            let mut rows: Vec<u32> = part.iter().map(|rank| rank.row).collect();
            rows.sort_unstable();
            rows
        };
        Self { good: rows(&ranks[..good]), rest: rows(&ranks[good..]) }
    }
}
