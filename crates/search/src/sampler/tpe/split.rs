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
use crate::pareto::{self, Points};
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
        directions: &[StudyDirection],
        good: impl FnOnce(usize) -> usize,
    ) {
        self.learned += learned.len();
        let good = good(self.learned).min(self.learned);
        match directions {
            [direction] if good == self.best.len() && learned.len() < self.learned => {
                learned.iter().for_each(|&row| self.place(view, row, *direction));
            }
            [direction] => self.best = best(ranks(view, *direction), good),
            _ => self.best = best_of_several(view, directions, good),
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

/// The places of all trials that are learned from.
fn ranks(view: &View<'_>, direction: StudyDirection) -> Vec<Rank> {
    (0..view.len() as u32).filter_map(|row| Rank::of_row(view, row, direction)).collect()
}

/// The best ones, best first. Linear in the trials.
fn best(mut ranks: Vec<Rank>, good: usize) -> Vec<Rank> {
    if 0 < good && good < ranks.len() {
        ranks.select_nth_unstable_by(good - 1, Rank::compare);
    }
    ranks.truncate(good);
    ranks.sort_unstable_by(Rank::compare);
    ranks
}

/// With several objectives: complete trials by fronts, all others as with one objective.
fn best_of_several(view: &View<'_>, directions: &[StudyDirection], good: usize) -> Vec<Rank> {
    let [first, ..] = directions else { return Vec::new() };
    let (mut complete, others): (Vec<Rank>, Vec<Rank>) =
        ranks(view, *first).into_iter().partition(|rank| rank.group == 0);
    let missing = good.saturating_sub(complete.len());
    if good < complete.len() {
        let points = Points::losses(view, complete.iter().map(|rank| rank.row as usize), directions);
        complete = best_points(&points, good).into_iter().map(|place| complete[place]).collect();
    }
    complete.extend(best(others, missing));
    complete
}

/// Places of the first fronts, and of those of the next one that together dominate most.
fn best_points(points: &Points, good: usize) -> Vec<usize> {
    let ranks = pareto::ranks(points);
    let mut chosen = Vec::with_capacity(good);
    for rank in 0.. {
        let front: Vec<usize> = (0..points.len()).filter(|&place| ranks[place] == rank).collect();
        let room = good - chosen.len();
        if front.len() > room {
            let candidates = points.select(&front);
            let subset = pareto::hypervolume_subset(&candidates, room, &reference(&candidates));
            chosen.extend(subset.into_iter().map(|place| front[place]));
            return chosen;
        }
        chosen.extend(front);
        if chosen.len() == good {
            return chosen;
        }
    }
    chosen
}

/// A point a tenth worse than the worst in each objective, and never 0.
fn reference(points: &Points) -> Vec<f64> {
    let worse = points.worst().into_iter().map(|worst| (1.1 * worst).max(0.9 * worst));
    worse.map(|value| if value == 0.0 { 1e-12 } else { value }).collect()
}
