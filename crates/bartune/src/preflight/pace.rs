//! How a search goes on, told from its first second.
//!
//! A trial takes what it would take if all its series were in memory, time for each series that is not, and its share of what
//! only one worker does at a time: proposals. The first is measured on the pilot's last trials, run once more; the second is what
//! is left of the pilot's later trials. Series that are asked for and not found become rarer, as new words do in a text: their
//! number grows as a power of the trials' (Heaps's law), which the pilot's halves tell; once the cache is full, as fast as it did then.
//! Proposals become dearer as the history grows, each by as much as the one before it: as the pilot's halves tell, or as the sampler asked again does ([`growth`](super::growth)), whichever is
//! more.
//!
//! **The system's own time** does not count: in a pilot it is that of getting memory, which later trials do not, and which takes as
//! long as a virtual machine's host likes.

use std::num::NonZeroUsize;
use std::time::Duration;

use crate::processor::Processor;
use crate::study::Progress;

/// Parts that the trials after the pilot are counted in.
const PARTS: u32 = 32;

/// How far the pilot was at one moment.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Mark {
    pub(super) elapsed: Duration,
    pub(super) evaluated: u64,
    /// Train bars that trials were run on.
    pub(super) bars: u64,
    /// Seconds of proposals.
    proposing: f64,
    /// Bytes of computed series.
    cached: f64,
    /// Series asked for and not found.
    misses: f64,
    /// Processor time of this process.
    processor: Processor,
}

/// The pilot's course, and what one of its last trials takes when it is run once more.
#[derive(Debug, Clone)]
pub(super) struct Pace {
    marks: Vec<Mark>,
    pub(super) middle: Mark,
    pub(super) last: Mark,
    /// The part of the time of proposals that evaluations lose: one worker's.
    lost: f64,
    /// Wall time of a trial's evaluation whose series are all there, with all workers, in seconds.
    warm: f64,
    /// Seconds more for each series that is not.
    series: f64,
    /// What whoever proposes does besides, in seconds a trial.
    besides: f64,
    /// Seconds of a proposal at the pilot's end, and by how much each takes longer than the one before it.
    proposal: f64,
    dearer: f64,
    /// Bytes of series that there is room for.
    room: f64,
}

impl Mark {
    /// Before anything has been run.
    pub(super) fn start() -> Self {
        Self { processor: Processor::now().unwrap_or_default(), ..Self::default() }
    }

    pub(super) fn of(progress: &Progress) -> Self {
        Self {
            elapsed: progress.elapsed,
            evaluated: progress.evaluated,
            bars: progress.bars_spent,
            proposing: progress.proposing.as_secs_f64(),
            cached: progress.cache.bytes as f64,
            misses: progress.cache.misses as f64,
            processor: Processor::now().unwrap_or_default(),
        }
    }
}

/// The marks as if the system had taken no time: of each span, what as many processors as were busy took for it.
fn without_system(marks: &[Mark]) -> Vec<Mark> {
    let mut own = marks.to_vec();
    for (index, pair) in marks.windows(2).enumerate() {
        let span = (pair[1].elapsed - pair[0].elapsed).as_secs_f64();
        let left = pair[1].processor.own_part(pair[0].processor, span);
        own[index + 1].elapsed = own[index].elapsed + Duration::from_secs_f64(left);
    }
    own
}

/// Seconds of a proposal between these marks, the median over their spans.
fn median_proposal(marks: impl Iterator<Item = Mark>) -> f64 {
    let marks: Vec<Mark> = marks.collect();
    let spans = marks.windows(2).filter(|pair| pair[1].evaluated > pair[0].evaluated);
    let took = |pair: &[Mark]| (pair[1].proposing - pair[0].proposing) / (pair[1].evaluated - pair[0].evaluated) as f64;
    let mut rates: Vec<f64> = spans.map(took).collect();
    rates.sort_by(f64::total_cmp);
    match rates.len() {
        0 => 0.0,
        count => f64::midpoint(rates[(count - 1) / 2], rates[count / 2]),
    }
}

impl Pace {
    /// Of a pilot with these marks, whose last trials took `again` each when they were run once more. Each trial makes a
    /// proposal dearer by so great a part of it, as far as that is known.
    pub(super) fn of(
        marks: &[Mark],
        again: Duration,
        growth: Option<f64>,
        (workers, room): (NonZeroUsize, usize),
    ) -> Self {
        let marks = without_system(marks);
        let lost = 1.0 / workers.get() as f64;
        let last = marks.last().copied().unwrap_or_default();
        let half = last.elapsed / 2;
        let middle = marks.iter().copied().min_by_key(|mark| mark.elapsed.abs_diff(half)).unwrap_or_default();
        let done = (last.evaluated - middle.evaluated).max(1) as f64;
        let later = (last.elapsed - middle.elapsed).as_secs_f64() / done;
        let later_proposal = (last.proposing - middle.proposing) / done;
        let misses = (last.misses - middle.misses) / done;
        let warm = again.as_secs_f64().min((later - lost * later_proposal).max(0.0));
        // By medians: a moment in which the host took the processor away would pass for growth.
        let halves: [&dyn Fn(&Mark) -> bool; 2] =
            [&|mark| mark.elapsed <= middle.elapsed, &|mark| mark.elapsed >= middle.elapsed];
        let [early, late] = halves.map(|half| median_proposal(marks.iter().copied().filter(half)));
        // Proposals that are drawn again count in the pilot's own times alone; none grows faster than its history.
        let told = (late - early) / (last.evaluated as f64 / 2.0).max(1.0);
        let most = later_proposal / (last.evaluated as f64 * 0.75).max(1.0);
        let dearer = told.clamp(0.0, most).max(growth.unwrap_or(0.0) * later_proposal);
        let proposal = later_proposal + dearer * done / 2.0;
        let (series, besides) = (0.0, 0.0);
        let pace = Self { marks, middle, last, lost, warm, series, besides, proposal, dearer, room: room as f64 };
        let left = (later - pace.wall(warm, later_proposal)).max(0.0);
        if later_proposal > warm + lost * later_proposal {
            Self { besides: left, ..pace }
        } else if misses > 0.0 {
            Self { series: left / misses, ..pace }
        } else {
            Self { warm: warm + left, ..pace }
        }
    }

    /// Wall time of evaluations that take so much with all workers, and of proposals, which one at a time makes.
    fn wall(&self, evaluation: f64, proposing: f64) -> f64 {
        (evaluation + self.lost * proposing).max(proposing)
    }

    /// Train bars of a trial, once the pilot had warmed up.
    pub(super) fn bars(&self) -> f64 {
        let done = (self.last.evaluated - self.middle.evaluated).max(1) as f64;
        (self.last.bars - self.middle.bars) as f64 / done
    }

    /// Seconds of the first so many trials.
    pub(super) fn seconds(&self, trials: f64) -> f64 {
        let last = self.last.evaluated as f64;
        if trials <= last {
            return self.told(trials);
        }
        let part = (trials - last) / f64::from(PARTS);
        let parts = (0..PARTS).map(|index| {
            let from = last + part * f64::from(index);
            let grown = |quantity: &dyn Fn(f64) -> f64| quantity(from + part) - quantity(from);
            let evaluation = self.warm * part + self.series * grown(&|n| self.misses(n));
            self.wall(evaluation, grown(&|n| self.proposals(n - last)) + self.besides * part)
        });
        self.told(last) + parts.sum::<f64>()
    }

    /// Seconds of the first so many of the pilot's own trials.
    fn told(&self, trials: f64) -> f64 {
        let next = self.marks.iter().position(|mark| mark.evaluated as f64 >= trials).unwrap_or(0);
        let (after, before) = (self.marks[next], self.marks[next.saturating_sub(1)]);
        let share = (trials - before.evaluated as f64) / (after.evaluated - before.evaluated).max(1) as f64;
        before.elapsed.as_secs_f64() + share * (after.elapsed - before.elapsed).as_secs_f64()
    }

    /// Seconds of the proposals of the first so many trials.
    pub(super) fn proposing(&self, trials: f64) -> f64 {
        self.last.proposing + self.proposals((trials - self.last.evaluated as f64).max(0.0))
    }

    /// Seconds of the proposals of so many trials after the pilot.
    fn proposals(&self, more: f64) -> f64 {
        more * (self.proposal + self.dearer * more / 2.0)
    }

    /// Bytes of computed series that so many trials leave.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "bytes, far below 2^53, never negative"
    )]
    pub(super) fn cached(&self, trials: f64) -> u64 {
        self.after(|mark| mark.cached, trials) as u64
    }

    /// Series asked for and not found in so many trials.
    fn misses(&self, trials: f64) -> f64 {
        let misses = |mark: &Mark| mark.misses;
        let (held, last) = (self.last.cached, self.last.evaluated.max(1) as f64);
        let power = self.power(|mark| mark.cached);
        let full = match power > 0.0 && held > 0.0 {
            true => last * (self.room / held).max(1.0).powf(1.0 / power),
            false => f64::INFINITY,
        };
        let before = self.after(misses, trials.min(full));
        before + (trials - full).max(0.0) * self.power(misses) * before / full
    }

    /// The power of the number of trials that a quantity grows with.
    fn power(&self, quantity: impl Fn(&Mark) -> f64) -> f64 {
        let (before, after) = (quantity(&self.middle), quantity(&self.last));
        let trials = self.last.evaluated as f64 / self.middle.evaluated.max(1) as f64;
        if before > 0.0 && trials > 1.0 { ((after / before).ln() / trials.ln()).clamp(0.0, 1.0) } else { 1.0 }
    }

    /// What a quantity that grows with new series will be after so many trials.
    fn after(&self, quantity: impl Fn(&Mark) -> f64, trials: f64) -> f64 {
        let (first, all) = (self.middle.evaluated.max(1) as f64, self.last.evaluated.max(1) as f64);
        let (before, after) = (quantity(&self.middle), quantity(&self.last));
        if trials <= first {
            before * trials / first
        } else if trials <= all {
            before + (after - before) * (trials - first) / (all - first)
        } else {
            after * (trials / all).powf(self.power(quantity))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(evaluated: u64, seconds: f64, misses: f64) -> Mark {
        let elapsed = Duration::from_secs_f64(seconds);
        Mark { elapsed, evaluated, bars: 10 * evaluated, cached: 8.0 * misses, misses, ..Mark::default() }
    }

    /// With two workers.
    fn growing(marks: [Mark; 2], again: f64, growth: Option<f64>) -> Pace {
        let workers = NonZeroUsize::new(2).expect("it is not zero");
        let again = Duration::from_secs_f64(again);
        Pace::of(&[Mark::default(), marks[0], marks[1]], again, growth, (workers, 1 << 30))
    }

    fn pace(marks: [Mark; 2], again: f64) -> Pace {
        growing(marks, again, None)
    }

    #[test]
    fn series_that_become_rarer_are_not_extrapolated_in_a_line() {
        // 100 series in the first hundred trials, 25 in the second: a quarter more with each doubling.
        let rarer = pace([mark(100, 0.4, 100.0), mark(200, 0.8, 125.0)], 0.001);
        assert_eq!(rarer.cached(800.0), 1_562);
        assert_eq!(rarer.cached(400.0), 1_250);
        assert_eq!(rarer.cached(150.0), 900);
        assert_eq!(rarer.cached(50.0), 400);
        // With room for those of 400 trials the rate stays what it is then: log2(1.25) of 156.25 in 400.
        let bounded = Pace { room: 1_250.0, ..rarer };
        let rate = 1.25_f64.log2() * 156.25 / 400.0;
        assert!((bounded.misses(400.0) - 156.25).abs() < 1e-9);
        assert!((bounded.misses(1_400.0) - 156.25 - 1_000.0 * rate).abs() < 1e-9, "{}", bounded.misses(1_400.0));
        // As many again in each half: a line.
        let steady = pace([mark(100, 0.4, 100.0), mark(200, 0.8, 200.0)], 0.001);
        assert_eq!(steady.cached(400.0), 3_200);
        assert_eq!(pace([Mark::default(), Mark::default()], 0.0).cached(400.0), 0);
    }

    #[test]
    fn time_is_that_of_warm_trials_and_of_missing_series() {
        // 4 ms a trial, 1 of them warm, a quarter of a series each: 12 ms a series.
        let rarer = pace([mark(100, 0.4, 100.0), mark(200, 0.8, 125.0)], 0.001);
        assert!((rarer.seconds(100.0) - 0.4).abs() < 1e-12);
        let expected = 0.8 + 0.001 * 600.0 + 0.012 * (195.3125 - 125.0);
        assert!((rarer.seconds(800.0) - expected).abs() < 1e-9, "{}", rarer.seconds(800.0));
        // Without missing series all the time is the trials' own, whatever running them again took.
        let warm = pace([mark(100, 0.4, 0.0), mark(200, 0.8, 0.0)], 0.001);
        assert!((warm.seconds(1_000.0) - 4.0).abs() < 1e-9);
    }

    #[test]
    fn a_slow_moment_is_no_growth() {
        // A millisecond a proposal, nine in one of the last tenths.
        let took = |tenth: u64| 0.1 * tenth as f64 + if tenth >= 8 { 0.8 } else { 0.0 };
        let at = |tenth: u64| Mark { proposing: took(tenth), ..mark(100 * tenth, 4.0 * took(tenth), 0.0) };
        let marks: Vec<Mark> = (0..=10).map(at).collect();
        let workers = NonZeroUsize::new(2).expect("it is not zero");
        let pace = Pace::of(&marks, Duration::from_millis(1), None, (workers, 1 << 30));
        assert!(pace.dearer.abs() < 1e-12, "{pace:?}");
    }

    #[test]
    fn proposals_become_dearer_and_hold_up_what_takes_less() {
        // 2 ms of evaluation; 0.05 s of proposals, then 0.15: the square of their number.
        let proposing = |mark: Mark, proposing| Mark { proposing, ..mark };
        let marks = |seconds: [f64; 2]| {
            [proposing(mark(100, seconds[0], 0.0), 0.05), proposing(mark(200, seconds[1], 0.0), 0.2)]
        };
        // 1.5 ms in the second hundred, by a hundredth of a millisecond each.
        let dearer = growing(marks([0.225, 0.5]), 0.002, Some(0.01 / 1.5));
        assert!((pace(marks([0.225, 0.5]), 0.002).dearer - 1e-5).abs() < 1e-12);
        assert!((dearer.dearer - 1e-5).abs() < 1e-12 && (dearer.warm - 0.002).abs() < 1e-12, "{dearer:?}");
        // Half of them on top until each takes 4 ms (400 trials), from then on all of them instead.
        let until = 0.5 + 0.4 + 0.3;
        assert!((dearer.seconds(400.0) - until).abs() < 1e-9, "{}", dearer.seconds(400.0));
        let rest = 0.2 * (25.0 - 4.0);
        assert!((dearer.seconds(1_000.0) - until - rest).abs() < 0.02, "{}", dearer.seconds(1_000.0));
        assert!((dearer.proposing(400.0) - 0.8).abs() < 1e-9);
    }

    #[test]
    fn what_the_system_takes_on_busy_processors_is_left_out() {
        let at = |elapsed, own, system| Mark { processor: Processor { own, system }, ..mark(0, elapsed, 0.0) };
        // Two processors busy for 0.1 s, half of it the system's; one for a fifth of 0.1 s; nothing told.
        let marks = [at(0.0, 0.0, 0.0), at(0.1, 0.1, 0.1), at(0.2, 0.11, 0.11), at(0.3, 0.11, 0.11)];
        let left: Vec<f64> = without_system(&marks).iter().map(|mark| mark.elapsed.as_secs_f64()).collect();
        for (found, expected) in left.iter().zip([0.0, 0.05, 0.14, 0.24]) {
            assert!((found - expected).abs() < 1e-8, "{left:?}");
        }
        assert!(!cfg!(target_os = "linux") || Processor::now().is_some());
    }

    #[test]
    fn the_first_trials_are_those_of_the_pilot() {
        let early = pace([mark(100, 0.6, 100.0), mark(400, 0.9, 110.0)], 0.001);
        for (trials, seconds) in [(0.0, 0.0), (50.0, 0.3), (100.0, 0.6), (250.0, 0.75), (400.0, 0.9)] {
            assert!((early.seconds(trials) - seconds).abs() < 1e-9, "{trials}: {}", early.seconds(trials));
        }
    }
}
