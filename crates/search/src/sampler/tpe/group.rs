//! Which parameters are modelled together.
//!
//! A group is a set of parameters that are always active together: all without a condition, or all
//! with the same condition. Each group has a joint density over the trials that have its parameters.
//! The groups follow from the space itself, so that they are right from the first trial on.
//!
//! **Where it differs from Optuna:** for a space without conditions there is one group, which is
//! Optuna's default. With conditions Optuna's default models the parameters that all trials share
//! jointly and the rest one by one; its `group=True` looks for these groups in the trials seen.

use super::dimension::Dimension;
use crate::space::{Assignment, Space};

/// Parameters that are active together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Group {
    /// Positions in the space of the parameters with more than one value.
    pub(super) params: Vec<usize>,
    /// Positions of the parameters with a single value, which need no density.
    pub(super) singles: Vec<usize>,
    /// Relations that can be asked once this group is decided.
    pub(super) due: Vec<usize>,
}

/// Whether parameters share a density.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sharing {
    Joint,
    Independent,
}

/// The groups of a space, in an order in which each comes after all that its condition reads.
pub(super) fn groups(space: &Space, sharing: Sharing) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut group_of = vec![0; space.len()];
    for &index in space.order() {
        let together = |group: &Group| {
            let first = group.params.first().or(group.singles.first());
            first.is_some_and(|&first| have_same_condition(space, first, index))
        };
        let known = match sharing {
            Sharing::Joint => groups.iter().position(together),
            Sharing::Independent => None,
        };
        let home = known.unwrap_or_else(|| {
            groups.push(Group::default());
            groups.len() - 1
        });
        group_of[index] = home;
        let is_single = space.param(index).1.distribution.is_single();
        let group = &mut groups[home];
        if is_single { group.singles.push(index) } else { group.params.push(index) }
    }
    for require in 0..space.require().len() {
        let reads = space.structure().require_reads(require);
        let last = reads.iter().map(|&read| group_of[read]).max().unwrap_or(0);
        if let Some(group) = groups.get_mut(last) {
            group.due.push(require);
        }
    }
    groups
}

fn have_same_condition(space: &Space, left: usize, right: usize) -> bool {
    let text = |index| space.param(index).1.when.as_ref().map(|when| when.text.as_str());
    text(left) == text(right) && space.structure().when_reads(left) == space.structure().when_reads(right)
}

impl Group {
    /// Whether the group's condition holds, given all groups before it.
    pub(super) fn is_active(&self, space: &Space, decided: &Assignment) -> bool {
        let first = self.params.first().or(self.singles.first());
        first.is_some_and(|&first| space.is_active(first, decided))
    }

    /// The estimator's dimensions.
    pub(super) fn dimensions(&self, all: &[Dimension]) -> Vec<Dimension> {
        self.params.iter().map(|&index| all[index].clone()).collect()
    }

    /// Put the single values into an assignment.
    pub(super) fn decide_singles(&self, space: &Space, decided: &mut Assignment) {
        for &index in &self.singles {
            let (name, param) = space.param(index);
            if let Some(value) = param.distribution.nth(0) {
                decided.insert(name.to_owned(), param.distribution.canonical(&value));
            }
        }
    }

    /// Put a candidate (internal values of `params`) into an assignment.
    pub(super) fn decide(&self, space: &Space, candidate: &[f64], decided: &mut Assignment) {
        for (&index, &internal) in self.params.iter().zip(candidate) {
            let (name, param) = space.param(index);
            let value = param.distribution.nearest(internal);
            match decided.get_mut(name) {
                Some(known) => *known = value,
                None => _ = decided.insert(name.to_owned(), value),
            }
        }
    }

    /// Whether every relation that is due holds.
    pub(super) fn is_allowed(&self, space: &Space, decided: &Assignment) -> bool {
        self.due.iter().all(|&require| (space.require()[require].holds)(decided))
    }
}
