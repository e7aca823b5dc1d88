//! Series that were computed once, kept for the next trial.
//!
//! A key covers the bars' content, timezone and timeframe as well as the node, so that one cache can serve
//! many data sets without ever answering with another one's series.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};

use super::NodeKey;
use crate::Mask;
use crate::bars::{Bars, Column};

/// Which series of which bars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeriesKey {
    data: [u8; 32],
    node: NodeKey,
}

impl SeriesKey {
    /// The series of the node over bars with this [`data_key`].
    pub(super) fn new(data: [u8; 32], node: NodeKey) -> Self {
        Self { data, node }
    }
}

/// What tells bars apart for a series: content, timezone and timeframe.
pub(super) fn data_key(bars: &Bars) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(bars.content_hash().as_bytes());
    hasher.update(bars.timeframe_ns().to_le_bytes());
    hasher.update(format!("{:?}", bars.timezone()).as_bytes());
    hasher.finalize().into()
}

/// One node's values; clones share the memory.
#[derive(Debug, Clone)]
pub enum SeriesValue {
    /// A number for each bar.
    Number(Column<f64>),
    /// A condition for each bar.
    Condition(Arc<Mask>),
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
    /// Bytes of memory that the values hold.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match &self.value {
            SeriesValue::Number(column) => column.len() * 8,
            SeriesValue::Condition(mask) => mask.words().len() * 8,
            SeriesValue::Outputs(columns) => columns.iter().map(|column| column.len() * 8).sum(),
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

/// Keeps series until a number of bytes is reached, and nothing new after that.
pub struct MemoryCache {
    max_bytes: usize,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    series: BTreeMap<SeriesKey, CachedSeries>,
    bytes: usize,
}

impl MemoryCache {
    /// An empty store of at most so many bytes of values.
    #[must_use]
    pub fn new(max_bytes: usize) -> Self {
        Self { max_bytes, kept: Mutex::default() }
    }

    /// Bytes of values kept.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).bytes
    }
}

impl fmt::Debug for MemoryCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryCache").field("max_bytes", &self.max_bytes).field("bytes", &self.bytes()).finish()
    }
}

impl SeriesCache for MemoryCache {
    fn get(&self, key: &SeriesKey) -> Option<CachedSeries> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).series.get(key).cloned()
    }

    fn put(&self, key: SeriesKey, series: &CachedSeries) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = series.bytes();
        if kept.bytes + bytes <= self.max_bytes && !kept.series.contains_key(&key) {
            kept.bytes += bytes;
            kept.series.insert(key, series.clone());
        }
    }
}
