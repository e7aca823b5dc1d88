//! The cache of series under loom, which runs its threads in every order that counts.
//!
//! `cache/memory.rs` and `cache/doorkeeper.rs` are the engine's own, copied by `scripts/sanitize` with loom's locks and
//! atomics in the place of std's, and two shards instead of 64. What they need of their neighbours is written here
//! small: keys that say their shard, series of one number.
//!
//! Reference: B. Norris, B. Demsky, "CDSchecker: checking concurrent data structures written with C/C++ atomics" (2013).

pub mod cache {
    use std::sync::Arc;

    mod doorkeeper;
    mod memory;
    pub use memory::MemoryCache;

    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub struct SeriesKey(pub u64);

    impl SeriesKey {
        /// The number's lowest bit names the shard, the rest the doorkeeper's place.
        fn fingerprint(&self) -> u64 {
            (self.0 & 1) << 56 | (self.0 + 1)
        }
    }

    #[derive(Debug, Clone)]
    pub struct CachedSeries(pub Arc<u64>);

    impl CachedSeries {
        pub fn bytes(&self) -> usize {
            8
        }
    }

    pub trait SeriesCache: Sync {
        fn get(&self, key: &SeriesKey) -> Option<CachedSeries>;
        fn put(&self, key: SeriesKey, series: &CachedSeries);
        fn is_disabled(&self) -> bool;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use super::cache::*;

    /// Bytes of one series and the allowance for its entry.
    const ENTRY: usize = 8 + 256;

    /// Computes what is not there, as a worker does.
    fn work(cache: &MemoryCache, keys: &[u64]) {
        for &key in keys {
            match cache.get(&SeriesKey(key)) {
                Some(found) => assert_eq!(*found.0, key, "an answer under another key"),
                None => cache.put(SeriesKey(key), &CachedSeries(Arc::new(key))),
            }
            assert!(cache.stats().bytes <= cache.stats().max_bytes, "past the budget");
        }
    }

    /// Two workers on a store of so many entries; the second showing of a key is what admits it.
    fn model(entries: usize, first: &'static [u64], second: &'static [u64]) {
        let mut checker = loom::model::Builder::new();
        checker.preemption_bound = Some(3);
        checker.check(move || {
            let cache = loom::sync::Arc::new(MemoryCache::new(entries * ENTRY));
            for &key in first.iter().chain(second).collect::<BTreeSet<_>>() {
                cache.put(SeriesKey(key), &CachedSeries(Arc::new(key)));
            }
            let other = cache.clone();
            let worker = loom::thread::spawn(move || work(&other, second));
            work(&cache, first);
            worker.join().expect("the worker's assertions hold");
            let held = (0..8).filter(|key| cache.get(&SeriesKey(*key)).is_some()).count();
            assert_eq!(cache.stats().bytes, held * ENTRY, "what is counted is what is held");
        });
    }

    #[test]
    fn two_workers_that_put_the_same_series_keep_one() {
        model(2, &[0], &[0]);
    }

    #[test]
    fn two_workers_that_need_each_others_room_neither_pass_the_budget_nor_lose_count() {
        model(1, &[0], &[1]);
    }

    #[test]
    fn a_worker_that_forgets_what_another_asks_for() {
        model(1, &[0, 1], &[0]);
    }
}
