//! What the sampler keeps of a history from one proposal to the next.
//!
//! **Invariant:** it is a function of the history seen and nothing else: sets, sorted lists, and sums of whole
//! numbers, which forget the order of their making. It is used only while the view's fingerprint shows that it
//! extends what was learned from; otherwise it is made anew. So a sampler made just now proposes
//! the same as one that has followed the whole study.

use super::dimension::Dimension;
use super::group::Group;
use super::group_memory::GroupMemory;
use super::options::TpeOptions;
use super::split::Ranking;
use super::valley::Valley;
use crate::history::{Lesson, View};
use crate::space::Space;
use crate::trial::StudyDirection;

/// The groups of a space and the good trials.
#[derive(Debug, Clone, Default)]
pub(super) struct Memory {
    rows: usize,
    fingerprint: u64,
    directions: Vec<StudyDirection>,
    ranking: Ranking,
    groups: Vec<GroupMemory>,
    /// By group.
    valleys: Vec<Valley>,
}

impl Memory {
    /// Bring the memory up to a view of a space with these groups.
    pub(super) fn update(
        &mut self,
        view: &View<'_>,
        (space, groups): (&Space, Vec<Group>),
        directions: &[StudyDirection],
        options: &TpeOptions,
    ) {
        let extends = self.rows <= view.len()
            && view.fingerprint(self.rows) == self.fingerprint
            && self.directions == directions
            && self.groups.iter().map(|memory| &memory.group).eq(&groups);
        if !extends {
            let dimensions: Vec<_> = space.params().values().map(|param| Dimension::of(&param.distribution)).collect();
            let new = |group: Group| GroupMemory::new(group, &dimensions, (options, directions.len()));
            *self = Self {
                valleys: groups.iter().map(|group| Valley::new(group, group.dimensions(&dimensions))).collect(),
                groups: groups.into_iter().map(new).collect(),
                directions: directions.to_vec(),
                ..Self::default()
            };
        }
        let learned: Vec<u32> =
            (self.rows..view.len()).filter(|&row| view.lesson(row) != Lesson::Nothing).map(|row| row as u32).collect();
        self.ranking.update(view, &learned, directions, |trials| options.gamma.good(trials, directions.len()));
        for group in &mut self.groups {
            group.update(view, &learned, self.ranking.good());
        }
        if let [direction] = *directions
            && options.parabola > 0.0
        {
            self.valleys.iter_mut().for_each(|valley| valley.update(view, &learned, direction));
        }
        self.rows = view.len();
        self.fingerprint = view.fingerprint(self.rows);
    }

    /// The groups, in an order in which each comes after all that its condition reads.
    pub(super) fn groups(&self) -> &[GroupMemory] {
        &self.groups
    }

    /// The valleys of the groups, in the same order.
    pub(super) fn valleys(&self) -> &[Valley] {
        &self.valleys
    }

    /// Rows of the good trials, in the order of their numbers.
    #[cfg(test)]
    pub(super) fn good(&self) -> &[u32] {
        self.ranking.good()
    }
}
