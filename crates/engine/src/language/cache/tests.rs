use super::*;
use crate::language::key::KeyBuilder;

/// A series of so many numbers that says which key it belongs to.
fn series(number: i64, len: usize) -> CachedSeries {
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let values = vec![number as f64; len];
    CachedSeries { value: SeriesValue::Number(values.into()), warmup: 0 }
}

fn key(number: i64) -> SeriesKey {
    SeriesKey::new([7; 32], KeyBuilder::new("test").integer(number).finish())
}

fn first(series: &CachedSeries) -> f64 {
    match &series.value {
        SeriesValue::Number(column) => column[0],
        _ => panic!("numbers were put"),
    }
}

/// Bytes of an entry of `series(_, 100)`: 800 of values and the allowance.
const ENTRY: usize = 800 + 256;

#[test]
fn what_was_put_is_found_under_its_key_only() {
    let cache = MemoryCache::new(1 << 20);
    cache.put(key(1), &series(1, 100));
    assert_eq!(first(&cache.get(&key(1)).unwrap()), 1.0);
    assert!(cache.get(&key(2)).is_none());
    assert!(cache.get(&SeriesKey { data: [8; 32], ..key(1) }).is_none());
    let stats = cache.stats();
    assert_eq!((stats.hits, stats.misses, stats.evictions, stats.bytes), (1, 2, 0, ENTRY));
    assert_eq!(stats.hit_rate(), Some(1.0 / 3.0));
}

#[test]
fn past_a_quarter_of_the_budget_a_series_is_kept_from_its_second_showing() {
    let cache = MemoryCache::new(8 * ENTRY);
    (0..2).for_each(|number| cache.put(key(number), &series(number, 100)));
    assert_eq!(cache.stats().bytes, 2 * ENTRY);
    cache.put(key(9), &series(9, 100));
    assert!(cache.get(&key(9)).is_none());
    cache.put(key(9), &series(9, 100));
    assert_eq!(first(&cache.get(&key(9)).unwrap()), 9.0);
    assert_eq!(cache.stats().bytes, 3 * ENTRY);
}

#[test]
fn putting_twice_counts_once() {
    let cache = MemoryCache::new(1 << 20);
    (0..3).for_each(|_| cache.put(key(1), &series(1, 100)));
    assert_eq!(cache.stats().bytes, ENTRY);
}

#[test]
fn what_is_asked_for_stays_and_what_is_not_goes() {
    let cache = MemoryCache::new(10 * ENTRY);
    let put = |number| (0..2).for_each(|_| cache.put(key(number), &series(number, 100)));
    (0..10).for_each(put);
    assert_eq!(cache.stats().bytes, 10 * ENTRY);
    for number in 10..200 {
        assert!((0..5).all(|wanted| cache.get(&key(wanted)).is_some()), "lost one at {number}");
        put(number);
    }
    let stats = cache.stats();
    assert_eq!((stats.evictions, stats.bytes), (190, 10 * ENTRY));
    assert!((5..10).all(|number| cache.get(&key(number)).is_none()));
}

#[test]
fn shrinking_takes_what_nobody_asked_for_lately_and_leaves_room_to_grow() {
    let cache = MemoryCache::new(40 * ENTRY);
    (0..10).for_each(|number| cache.put(key(number), &series(number, 100)));
    (6..10).for_each(|number| assert!(cache.get(&key(number)).is_some()));
    cache.shrink(4 * ENTRY);
    assert_eq!((cache.stats().bytes, cache.stats().evictions), (4 * ENTRY, 6));
    assert!((6..10).all(|number| cache.get(&key(number)).is_some()));
    cache.put(key(20), &series(20, 100));
    assert_eq!(cache.stats().bytes, 5 * ENTRY);
    cache.shrink(0);
    assert_eq!(cache.stats().bytes, 0);
}

#[test]
fn when_all_are_wanted_one_goes_all_the_same() {
    let cache = MemoryCache::new(3 * ENTRY);
    let put = |number| (0..2).for_each(|_| cache.put(key(number), &series(number, 100)));
    (0..3).for_each(put);
    assert!((0..3).all(|number| cache.get(&key(number)).is_some()));
    put(3);
    assert!(cache.get(&key(3)).is_some());
    assert_eq!(cache.stats().evictions, 1);
}

#[test]
fn a_series_larger_than_the_budget_is_let_be_and_forgets_nothing() {
    let cache = MemoryCache::new(4 * ENTRY);
    cache.put(key(1), &series(1, 100));
    (0..2).for_each(|_| cache.put(key(2), &series(2, 1000)));
    assert!(cache.get(&key(1)).is_some() && cache.get(&key(2)).is_none());
    assert!(MemoryCache::new(0).is_disabled() && !cache.is_disabled());
}

#[test]
fn bytes_are_those_allocated_and_not_those_used() {
    let mut values = Vec::with_capacity(1000);
    values.push(1.0);
    let number = CachedSeries { value: SeriesValue::Number(values.into()), warmup: 0 };
    assert_eq!(number.bytes(), 8000);
    let mask = CachedSeries { value: SeriesValue::Condition(Mask::falses(65)), warmup: 0 };
    assert_eq!(mask.bytes(), 16);
    let outputs = [vec![1.0; 10].into(), vec![2.0; 10].into()];
    assert_eq!(CachedSeries { value: SeriesValue::Outputs(outputs.into()), warmup: 0 }.bytes(), 160);
}

#[test]
fn threads_together_never_pass_the_budget_nor_mix_keys() {
    let cache = MemoryCache::new(20 * ENTRY);
    std::thread::scope(|scope| {
        for thread in 0..4_i64 {
            let cache = &cache;
            scope.spawn(move || {
                for step in 0..4000 {
                    let number = (step * (thread + 3) + step / 7) % 60;
                    match cache.get(&key(number)) {
                        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
                        Some(found) => assert_eq!(first(&found), number as f64),
                        None => cache.put(key(number), &series(number, 100)),
                    }
                    assert!(cache.stats().bytes <= 20 * ENTRY);
                }
            });
        }
    });
    let held: usize = (0..60).filter(|number| cache.get(&key(*number)).is_some()).count();
    assert_eq!(cache.stats().bytes, held * ENTRY);
    assert!(cache.stats().evictions > 0 && cache.stats().hits > 0);
}
