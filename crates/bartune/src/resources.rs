//! How many workers a run gets and how much memory: by the cores, by what a trial needs, by what is free, and by what
//! another worker was measured to bring.
//!
//! None of it changes a study: any number of workers and any memory give the same trials.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use bartune_engine::Params;
use bartune_search::stream::RandomStream;

use crate::config::Plan;
use crate::evaluator::{CacheBudget, Evaluator, free_memory};
use crate::processor::Watch;
use crate::study::evaluate_guarded;

/// A run that is expected to be shorter is not worth measuring how it scales.
const WORTH_MEASURING: Duration = Duration::from_secs(5);
/// How long each number of workers is tried, unless a trial takes longer.
const TRY: Duration = Duration::from_millis(50);
/// How often each number of workers is tried.
const TURNS: usize = 2;
/// Points that are tried, over and over.
const POINTS: u64 = 8;
/// More workers are taken only for so much more speed.
const WORTH_A_WORKER: f64 = 1.05;
/// Columns of a trial beside its series: equity and what the simulator and the metrics keep of each bar.
const OTHER_COLUMNS: u64 = 4;

/// What the user asked for; the rest is chosen.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wish {
    /// Worker threads.
    pub workers: Option<NonZeroUsize>,
    /// Memory for computed series and for trials in flight together.
    pub memory: Option<CacheBudget>,
}

/// What a run is given.
#[derive(Debug, Clone, PartialEq)]
pub struct Resources {
    /// Worker threads, or the most of them until [`measure`] has been asked.
    pub workers: NonZeroUsize,
    /// Memory for computed series.
    pub cache: CacheBudget,
    /// The most that a trial holds while it runs, in bytes.
    pub trial_bytes: u64,
    /// Why so many workers.
    pub reason: String,
}

/// Divide cores and memory. `bars` are those that the evaluator sees.
#[must_use]
pub fn divide(plan: &Plan, bars: usize, wish: &Wish) -> Resources {
    let cores = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let host = Host { cores, free: free_memory() };
    share(host, trial_bytes(plan, bars), &Wish { workers: wish.workers.or(plan.search.workers), ..*wish })
}

/// What a run can be given at most.
#[derive(Debug, Clone, Copy)]
struct Host {
    cores: NonZeroUsize,
    free: Option<u64>,
}

fn share(host: Host, trial_bytes: u64, wish: &Wish) -> Resources {
    let (most, reason) = match wish.workers {
        Some(workers) => (workers, "as asked for".to_owned()),
        None => (host.cores, "one a core".to_owned()),
    };
    // Asked for no memory to keep series in, a run still has to hold its trials.
    let pinned = wish.memory.map(|memory| memory.bytes() as u64).filter(|&bytes| bytes > 0);
    let room = pinned.or(host.free.map(|free| free / 2));
    let fitting = room.map_or(u64::MAX, |room| room / trial_bytes.max(1)).max(1);
    let fitting = NonZeroUsize::new(usize::try_from(fitting).unwrap_or(usize::MAX)).unwrap_or(NonZeroUsize::MIN);
    let (workers, reason) = match wish.workers {
        None if fitting < most => {
            (fitting, format!("a trial takes up to {} MB, and no more fit", megabytes(trial_bytes)))
        }
        _ => (most, reason),
    };
    let in_flight = trial_bytes.saturating_mul(workers.get() as u64);
    let cache = match (wish.memory, pinned) {
        (_, Some(bytes)) => {
            CacheBudget::of_bytes(usize::try_from(bytes.saturating_sub(in_flight)).unwrap_or(usize::MAX))
        }
        (Some(none), None) => none,
        (None, None) => CacheBudget::of_host(),
    };
    Resources { workers, cache, trial_bytes, reason }
}

fn megabytes(bytes: u64) -> u64 {
    bytes.div_ceil(1_000_000)
}

/// The most that a trial holds: a column for each series, as if none were shared.
fn trial_bytes(plan: &Plan, bars: usize) -> u64 {
    let series =
        points(plan).into_iter().filter_map(|params| plan.strategy.bind(&params).ok()).map(|bound| bound.series());
    let columns = series.max().unwrap_or(0) as u64 + OTHER_COLUMNS;
    columns * bars as u64 * size_of::<f64>() as u64
}

/// Some points of the space, always the same.
fn points(plan: &Plan) -> Vec<Params> {
    let space = &plan.parameters.space;
    let drawn = (0..POINTS).filter_map(|number| space.sample_uniform(&mut RandomStream::new(0, number, 0)).ok());
    drawn.map(|assignment| plan.parameters.to_params(&assignment)).collect()
}

/// Choose among one worker, half of them and all by how much faster more of them are on some trials; nothing is measured
/// where the number was asked for, or where so many trials are over soon. What other programs take of the machine does not
/// count, nor whether the evaluator has been used: the choice is for the machine, not for a moment of it.
#[must_use]
pub fn measure(plan: &Plan, evaluator: &Evaluator<'_>, resources: Resources, trials_left: u64) -> Resources {
    let most = resources.workers.get();
    let is_asked = resources.reason == "as asked for";
    let points = points(plan);
    if most == 1 || is_asked || points.is_empty() {
        return resources;
    }
    let is_short = |trials_a_second: f64| trials_left as f64 / trials_a_second < WORTH_MEASURING.as_secs_f64();
    // What is computed here serves the search, and no candidate pays for it.
    let watch = Watch::start();
    points.iter().for_each(|params| drop(evaluate_guarded(evaluator, params)));
    if is_short(points.len() as f64 / watch.seconds()) {
        return resources;
    }
    let alone = speed(evaluator, &points, 1);
    if is_short(alone) {
        return resources;
    }
    // Workers of another kind are started when they are first needed, which is not their speed.
    if plan.strategy.columns().is_some() {
        speed(evaluator, &points, most);
    }
    let counts: Vec<usize> = if most > 3 { vec![1, most / 2, most] } else { vec![1, most] };
    // In turns, and the best of each, since a moment's other work on the host is not their speed.
    let mut speeds: Vec<(usize, f64)> = counts.into_iter().map(|count| (count, 0.0)).collect();
    speeds[0].1 = alone;
    for turn in 0..TURNS {
        for (count, best) in speeds.iter_mut().skip(usize::from(turn == 0)) {
            *best = best.max(speed(evaluator, &points, *count));
        }
    }
    let (workers, speed) = fastest(&speeds);
    // One alone can have had the worse of the turns.
    let times = (speed / speeds[0].1.max(f64::MIN_POSITIVE)).min(workers as f64);
    let reason = format!("{times:.1} times as fast as one, measured");
    Resources { workers: NonZeroUsize::new(workers).unwrap_or(NonZeroUsize::MIN), reason, ..resources }
}

/// The fewest workers that no larger number beats by much.
fn fastest(speeds: &[(usize, f64)]) -> (usize, f64) {
    speeds
        .iter()
        .copied()
        .reduce(|best, next| if next.1 > best.1 * WORTH_A_WORKER { next } else { best })
        .unwrap_or((1, 1.0))
}

/// Trials a second with so many threads that nobody keeps waiting: of each what it did in the time that it had.
fn speed(evaluator: &Evaluator<'_>, points: &[Params], threads: usize) -> f64 {
    let stop = AtomicBool::new(false);
    let (began, stop) = (Instant::now(), &stop);
    thread::scope(|scope| {
        let work = |first: usize| {
            let (watch, mut done) = (Watch::start(), 0);
            for params in points.iter().cycle().skip(first) {
                let _ = evaluate_guarded(evaluator, params);
                done += 1;
                if stop.load(Ordering::Relaxed) || began.elapsed() >= TRY {
                    stop.store(true, Ordering::Relaxed);
                    break;
                }
            }
            f64::from(done) / watch.seconds()
        };
        let threads: Vec<_> = (0..threads).map(|first| scope.spawn(move || work(first))).collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).sum()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MB: u64 = 1_000_000;

    fn host(cores: usize, free: Option<u64>) -> Host {
        Host { cores: NonZeroUsize::new(cores).expect("at least one"), free }
    }

    fn memory(bytes: u64) -> Wish {
        Wish { memory: Some(CacheBudget::of_bytes(usize::try_from(bytes).expect("it is small"))), ..Wish::default() }
    }

    #[test]
    fn memory_is_for_trials_first_and_for_series_with_what_is_left() {
        let given = share(host(4, Some(16_000 * MB)), 20 * MB, &memory(100 * MB));
        assert_eq!((given.workers.get(), given.cache.bytes() as u64), (4, 20 * MB));
        let tight = share(host(4, Some(16_000 * MB)), 20 * MB, &memory(45 * MB));
        assert_eq!((tight.workers.get(), tight.cache.bytes() as u64), (2, 5 * MB));
        assert!(tight.reason.contains("20 MB"), "{tight:?}");
        // A trial that does not fit is run all the same, alone.
        let none = share(host(4, Some(16_000 * MB)), 20 * MB, &memory(10 * MB));
        assert_eq!((none.workers.get(), none.cache.bytes()), (1, 0));
        let no_cache = share(host(4, Some(16_000 * MB)), 20 * MB, &memory(0));
        assert_eq!((no_cache.workers.get(), no_cache.cache.bytes()), (4, 0));
    }

    #[test]
    fn a_host_without_room_gets_fewer_workers_unless_they_were_asked_for() {
        assert_eq!(share(host(8, Some(400 * MB)), 50 * MB, &Wish::default()).workers.get(), 4);
        assert_eq!(share(host(8, None), 50 * MB, &Wish::default()).workers.get(), 8);
        let asked = Wish { workers: NonZeroUsize::new(6), memory: None };
        assert_eq!(share(host(8, Some(400 * MB)), 50 * MB, &asked).workers.get(), 6);
    }

    #[test]
    fn more_workers_are_taken_only_where_they_are_faster() {
        assert_eq!(fastest(&[(1, 100.0), (4, 300.0), (8, 310.0)]).0, 4);
        assert_eq!(fastest(&[(1, 100.0), (2, 180.0)]).0, 2);
        assert_eq!(fastest(&[(1, 100.0), (2, 90.0)]).0, 1);
    }
}
