//! A store of series within a number of bytes, shared by threads.
//!
//! **Locks.** Keys are spread over shards by their hash, each with its own lock, held for a lookup in a
//! small ordered map and never while a series is computed or freed. Two workers may compute one series at
//! the same time; one of the two results is kept, and they are equal.
//!
//! **Admission.** Up to a quarter of the budget everything is kept, so that a small study is warm at
//! once. Beyond that a series is kept from the second time it was computed ([`Doorkeeper`]).
//!
//! **Eviction** is the clock algorithm (F. J. Corbató, "A paging experiment with the Multics system",
//! 1968): a hand goes round the entries of one shard after the other; one that was asked for since it last
//! passed is spared once, the first that was not goes.
//!
//! **Memory.** What counts is what was allocated for the values, and an allowance for each entry. The sum
//! is reserved before an entry is made, so that it never passes the budget. Not counted: the
//! doorkeepers (256 KiB in all), and series in use by a worker, which live until it is done with them.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::doorkeeper::Doorkeeper;
use super::{CachedSeries, SeriesCache, SeriesKey};

const SHARDS: usize = 64;

/// Allowance for an entry beside its values: key, map node, counters, allocator.
const ENTRY_BYTES: usize = 256;

/// One part in so many of the budget is filled without asking the doorkeeper.
const OPEN_SHARE: usize = 4;

/// Keeps series within a number of bytes.
pub struct MemoryCache {
    max_bytes: usize,
    used_bytes: AtomicUsize,
    shards: Box<[Mutex<Shard>]>,
    /// The shard in which the clock's hand is, counted on without end.
    hand: AtomicUsize,
    hits: AtomicU64,
    misses: AtomicU64,
    evictions: AtomicU64,
}

/// What a store has done and holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CacheStats {
    /// Series found.
    pub hits: u64,
    /// Series asked for and not found.
    pub misses: u64,
    /// Series forgotten to make room.
    pub evictions: u64,
    /// Bytes held.
    pub bytes: usize,
    /// Bytes it may hold.
    pub max_bytes: usize,
}

impl CacheStats {
    /// Share of the series asked for that were found; `None` if none was asked for.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a share to be shown")]
    pub fn hit_rate(&self) -> Option<f64> {
        let asked = self.hits + self.misses;
        (asked > 0).then(|| self.hits as f64 / asked as f64)
    }
}

#[derive(Default)]
struct Shard {
    entries: BTreeMap<SeriesKey, Entry>,
    /// Where the clock's hand stands: past this key, or before the first.
    hand: Option<SeriesKey>,
    doorkeeper: Doorkeeper,
}

struct Entry {
    series: CachedSeries,
    bytes: usize,
    /// Whether it was asked for since the hand last passed.
    is_wanted: bool,
}

impl MemoryCache {
    /// An empty store of at most so many bytes; of none, it is disabled.
    #[must_use]
    pub fn new(max_bytes: usize) -> Self {
        Self {
            max_bytes,
            used_bytes: AtomicUsize::new(0),
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hand: AtomicUsize::new(0),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
            evictions: AtomicU64::new(0),
        }
    }

    /// What it has done and holds. While workers use it, the figures are of slightly different moments.
    #[must_use]
    pub fn stats(&self) -> CacheStats {
        CacheStats {
            hits: self.hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
            evictions: self.evictions.load(Ordering::Relaxed),
            bytes: self.used_bytes.load(Ordering::Relaxed),
            max_bytes: self.max_bytes,
        }
    }

    /// Forgets series until it holds no more than so many bytes: those first that nobody has asked for lately.
    pub fn shrink(&self, bytes: usize) {
        while self.used_bytes.load(Ordering::Relaxed) > bytes && self.evict() {}
    }

    fn shard(&self, key: &SeriesKey) -> MutexGuard<'_, Shard> {
        // The high bits: the doorkeeper uses the low ones.
        self.lock((key.fingerprint() >> 56) as usize)
    }

    fn lock(&self, shard: usize) -> MutexGuard<'_, Shard> {
        // No step under the lock leaves a shard half changed.
        self.shards[shard % SHARDS].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn admits(&self, key: &SeriesKey, bytes: usize) -> bool {
        let is_open = self.used_bytes.load(Ordering::Relaxed) + bytes <= self.max_bytes / OPEN_SHARE;
        let mut shard = self.shard(key);
        let has_seen = shard.doorkeeper.has_seen(key.fingerprint());
        (is_open || has_seen) && !shard.entries.contains_key(key)
    }

    /// Counts bytes as used, making room for them; false if there is nothing left to forget.
    fn reserve(&self, bytes: usize) -> bool {
        let fit = |used: usize| used.checked_add(bytes).filter(|sum| *sum <= self.max_bytes);
        while self.used_bytes.try_update(Ordering::Relaxed, Ordering::Relaxed, fit).is_err() {
            if !self.evict() {
                return false;
            }
        }
        true
    }

    fn release(&self, bytes: usize) {
        self.used_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Forgets the next series that nobody wants. Two rounds find one: the first takes all marks away.
    fn evict(&self) -> bool {
        for _ in 0..=2 * SHARDS {
            let shard = self.hand.load(Ordering::Relaxed);
            let evicted = self.lock(shard).turn_hand();
            if let Some(entry) = evicted {
                self.release(entry.bytes);
                self.evictions.fetch_add(1, Ordering::Relaxed);
                return true;
            }
            // If another thread has moved it on, so much the better.
            let _ = self.hand.compare_exchange(shard, shard.wrapping_add(1), Ordering::Relaxed, Ordering::Relaxed);
        }
        false
    }
}

impl Shard {
    /// Moves the hand to the next entry that nobody wants and takes it out; `None` at the shard's end.
    fn turn_hand(&mut self) -> Option<Entry> {
        loop {
            let from = self.hand.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
            let Some((key, entry)) = self.entries.range_mut((from, Bound::Unbounded)).next() else {
                self.hand = None;
                return None;
            };
            let key = *key;
            let was_wanted = std::mem::take(&mut entry.is_wanted);
            self.hand = Some(key);
            if !was_wanted {
                return self.entries.remove(&key);
            }
        }
    }
}

impl SeriesCache for MemoryCache {
    fn get(&self, key: &SeriesKey) -> Option<CachedSeries> {
        let found = self.shard(key).entries.get_mut(key).map(|entry| {
            entry.is_wanted = true;
            entry.series.clone()
        });
        let counter = if found.is_some() { &self.hits } else { &self.misses };
        counter.fetch_add(1, Ordering::Relaxed);
        found
    }

    fn put(&self, key: SeriesKey, series: &CachedSeries) {
        let bytes = series.bytes() + ENTRY_BYTES;
        if bytes > self.max_bytes || !self.admits(&key, bytes) || !self.reserve(bytes) {
            return;
        }
        let entry = Entry { series: series.clone(), bytes, is_wanted: false };
        let replaced = self.shard(&key).entries.insert(key, entry);
        // Another worker has put the same series in the meantime.
        if let Some(replaced) = replaced {
            self.release(replaced.bytes);
        }
    }

    fn is_disabled(&self) -> bool {
        self.max_bytes == 0
    }
}

impl fmt::Debug for MemoryCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryCache").field("stats", &self.stats()).finish_non_exhaustive()
    }
}
