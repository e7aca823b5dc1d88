//! Observations sorted by position, then by rank, that grow and shrink one by one.
//!
//! Sorted blocks of at most 256 entries: finding is two binary searches, inserting moves at most one block.
//! How entries are spread over blocks depends on the order in which they came; what the
//! list answers does not.

use std::cmp::Ordering;

const BLOCK: usize = 256;

/// Position and rank of an observation.
type Entry = (f64, u32);

/// The entries beside a place.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Beside {
    pub(super) left: Option<Entry>,
    pub(super) right: Option<Entry>,
}

/// A sorted list.
#[derive(Debug, Clone, Default)]
pub(super) struct Order {
    /// None of them is empty.
    blocks: Vec<Vec<Entry>>,
}

fn compare(left: &Entry, right: &Entry) -> Ordering {
    left.0.total_cmp(&right.0).then(left.1.cmp(&right.1))
}

impl Order {
    /// Insert an entry that is not there yet. Answers its neighbours.
    pub(super) fn insert(&mut self, entry: Entry) -> Beside {
        if self.blocks.is_empty() {
            self.blocks.push(vec![entry]);
            return Beside::default();
        }
        let (mut block, mut index) = self.place(&entry);
        if block == self.blocks.len() {
            block -= 1;
            index = self.blocks[block].len();
        }
        let beside = Beside { left: self.before(block, index), right: self.at(block, index) };
        self.blocks[block].insert(index, entry);
        if self.blocks[block].len() > BLOCK {
            let upper = self.blocks[block].split_off(BLOCK / 2);
            self.blocks.insert(block + 1, upper);
        }
        beside
    }

    /// Remove an entry, if it is there. Answers the entries that were beside it.
    pub(super) fn remove(&mut self, entry: Entry) -> Beside {
        let (block, index) = self.place(&entry);
        let beside = Beside { left: self.before(block, index), right: self.at(block, index + 1) };
        if block < self.blocks.len() && self.blocks[block].get(index) == Some(&entry) {
            self.blocks[block].remove(index);
            if self.blocks[block].is_empty() {
                self.blocks.remove(block);
            }
        }
        beside
    }

    /// The neighbours of an entry that is there.
    pub(super) fn beside(&self, entry: Entry) -> Beside {
        let (block, index) = self.place(&entry);
        Beside { left: self.before(block, index), right: self.at(block, index + 1) }
    }

    /// The last entry at or below a position, and the first one above it.
    pub(super) fn around(&self, position: f64) -> Beside {
        let (block, index) = self.place(&(position, u32::MAX));
        Beside { left: self.before(block, index), right: self.at(block, index) }
    }

    /// All entries in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.blocks.iter().flatten()
    }

    /// Block and index of the first entry that is not below this one.
    fn place(&self, entry: &Entry) -> (usize, usize) {
        let is_below = |other: &Entry| compare(other, entry) == Ordering::Less;
        let block = self.blocks.partition_point(|block| block.last().is_some_and(is_below));
        let index = self.blocks.get(block).map_or(0, |block| block.partition_point(is_below));
        (block, index)
    }

    /// The entry at a place; `index` may be one past its block.
    fn at(&self, block: usize, index: usize) -> Option<Entry> {
        let block_there = self.blocks.get(block)?;
        block_there.get(index).or_else(|| self.blocks.get(block + 1)?.first()).copied()
    }

    fn before(&self, block: usize, index: usize) -> Option<Entry> {
        match index.checked_sub(1) {
            Some(index) => self.blocks[block].get(index).copied(),
            None => self.blocks.get(block.checked_sub(1)?)?.last().copied(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn neighbours_of_equal_positions_go_by_rank() {
        let mut order = Order::default();
        for rank in [2, 0, 1] {
            order.insert((5.0, rank));
        }
        assert_eq!(order.beside((5.0, 1)), Beside { left: Some((5.0, 0)), right: Some((5.0, 2)) });
        assert_eq!(order.around(5.0), Beside { left: Some((5.0, 2)), right: None });
        assert_eq!(order.around(4.0), Beside { left: None, right: Some((5.0, 0)) });
        assert_eq!(order.remove((5.0, 0)), Beside { left: None, right: Some((5.0, 1)) });
    }

    proptest! {
        #[test]
        fn it_answers_as_a_sorted_vector_does(
            positions in prop::collection::vec(0_u8..60, 1..1_200),
            removed in prop::collection::vec(any::<prop::sample::Index>(), 0..600),
        ) {
            let mut order = Order::default();
            let mut sorted: Vec<Entry> = Vec::new();
            for (rank, &position) in positions.iter().enumerate() {
                let entry = (f64::from(position), rank as u32);
                let index = sorted.partition_point(|other| compare(other, &entry) == Ordering::Less);
                let left = index.checked_sub(1).map(|left| sorted[left]);
                prop_assert_eq!(order.insert(entry), Beside { left, right: sorted.get(index).copied() });
                sorted.insert(index, entry);
            }
            for index in removed {
                if sorted.is_empty() {
                    break;
                }
                let index = index.index(sorted.len());
                let entry = sorted[index];
                let left = index.checked_sub(1).map(|left| sorted[left]);
                let expected = Beside { left, right: sorted.get(index + 1).copied() };
                prop_assert_eq!(order.beside(entry), expected);
                prop_assert_eq!(order.remove(entry), expected);
                sorted.remove(index);
            }
            prop_assert_eq!(order.iter().copied().collect::<Vec<_>>(), sorted);
        }
    }
}
