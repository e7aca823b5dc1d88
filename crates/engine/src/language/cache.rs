//! Series that were computed once, kept for the next trial.
//!
//! | module | job |
//! |---|---|
//! | this one | what a store is, what it holds, and the store that holds nothing |
//! | `memory` | a store within a number of bytes, shared by threads |
//! | `doorkeeper` | which keys were seen before |
//!
//! A key covers the bars' content, timezone and timeframe as well as the node, so that one cache can serve
//! many data sets without ever answering with another one's series.
//!
//! **Invariant:** a store never changes a result. It answers with what was put under the very key, or not
//! at all; what it forgets, and when, only costs time.

mod doorkeeper;
mod memory;

use std::sync::Arc;

use super::NodeKey;
use crate::Mask;
use crate::bars::Column;

pub use memory::{CacheStats, MemoryCache};

/// Which series of which bars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeriesKey {
    // Before `data`, which is the same for most keys: comparisons end at the first bytes.
    node: NodeKey,
    data: [u8; 32],
}

impl SeriesKey {
    /// The series of the node over bars with this [`series_hash`](crate::bars::Bars::series_hash).
    pub(super) fn new(data: [u8; 32], node: NodeKey) -> Self {
        Self { node, data }
    }

    /// Eight bytes of the node's hash, as evenly spread as the hash itself.
    fn fingerprint(&self) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = *self.node.as_bytes();
        u64::from_le_bytes([a, b, c, d, e, f, g, h])
    }
}

/// One node's values; clones share the memory.
#[derive(Debug, Clone)]
pub enum SeriesValue {
    /// A number for each bar.
    Number(Column<f64>),
    /// A condition for each bar.
    Condition(Mask),
    /// Every output of a function.
    Outputs(Arc<[Column<f64>]>),
}

/// One node's values and where they begin.
#[derive(Debug, Clone)]
pub struct CachedSeries {
    /// The values.
    pub value: SeriesValue,
    /// First bar at which they are defined.
    pub warmup: usize,
}

impl CachedSeries {
    /// Bytes of memory that the values hold, room that was allocated and not used included.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match &self.value {
            SeriesValue::Number(column) => column.allocated_bytes(),
            SeriesValue::Condition(mask) => mask.words().len() * 8,
            SeriesValue::Outputs(columns) => columns.iter().map(Column::allocated_bytes).sum(),
        }
    }
}

/// A store of computed series, shared by threads. It may forget anything at any time; it must never
/// answer with what was put under another key.
pub trait SeriesCache: Sync {
    /// What was put under the key, if it is still there.
    fn get(&self, key: &SeriesKey) -> Option<CachedSeries>;

    /// Keeps a series, if the store wants to.
    fn put(&self, key: SeriesKey, series: &CachedSeries);

    /// Whether the store keeps nothing, so that no key need be made.
    fn is_disabled(&self) -> bool {
        false
    }
}

/// Keeps nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoCache;

impl SeriesCache for NoCache {
    fn get(&self, _key: &SeriesKey) -> Option<CachedSeries> {
        None
    }

    fn put(&self, _key: SeriesKey, _series: &CachedSeries) {}

    fn is_disabled(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests;
