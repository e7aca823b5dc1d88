//! The same work for each of some items, on all cores, answers in the items' order.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Each core takes the next item that none has taken. A panic of `work` is one here.
pub(crate) fn map<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let cores = thread::available_parallelism().map_or(1, usize::from).min(items.len());
    if cores < 2 {
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
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(take)).collect();
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
    fn answers_are_in_the_order_of_the_items() {
        let items: Vec<u64> = (0..1_000).collect();
        // The first items take longest, so that others overtake them.
        let square = |item: &u64| (0..(1_000 - item) * 50).fold(*item, |sum, _| std::hint::black_box(sum)) * item;
        assert_eq!(map(&items, square), items.iter().map(|item| item * item).collect::<Vec<_>>());
        assert_eq!(map(&[], square), Vec::<u64>::new());
    }
}
