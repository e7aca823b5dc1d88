//! The same work for each of some items, on several threads, answers in the items' order.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// On all cores. A panic of `work` is one here.
pub(crate) fn map<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    map_on(thread::available_parallelism().unwrap_or(NonZeroUsize::MIN), items, work)
}

/// Each of so many threads takes the next item that none has taken. A panic of `work` is one here.
pub(crate) fn map_on<T: Sync, R: Send>(threads: NonZeroUsize, items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let count = threads.get().min(items.len());
    if count < 2 {
        return items.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let take = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else { return done };
            done.push((index, work(item)));
        }
    };
    let mut done: Vec<(usize, R)> = thread::scope(|scope| {
        let threads: Vec<_> = (0..count).map(|_| scope.spawn(take)).collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, answer)| answer).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_keep_their_order_whatever_the_number_of_threads() {
        let items: Vec<u32> = (0..103).collect();
        for threads in [1, 2, 7, 200] {
            let threads = NonZeroUsize::new(threads).expect("it is not zero");
            assert_eq!(map_on(threads, &items, |x| x * 2), items.iter().map(|x| x * 2).collect::<Vec<_>>());
        }
        assert!(map_on(NonZeroUsize::MIN, &[] as &[u32], |x| *x).is_empty());
    }

    #[test]
    fn answers_are_in_the_order_of_the_items() {
        let items: Vec<u64> = (0..1_000).collect();
        // The first items take longest, so that others overtake them.
        let square = |item: &u64| (0..(1_000 - item) * 50).fold(*item, |sum, _| std::hint::black_box(sum)) * item;
        assert_eq!(map(&items, square), items.iter().map(|item| item * item).collect::<Vec<_>>());
        assert_eq!(map(&[], square), Vec::<u64>::new());
    }
}
