//! How good the best of so many trials would look without any skill.
//!
//! The search chose on train, so the ratio to be deflated is that of the train days. Trials of one search resemble each
//! other; their average correlation says how many independent ones they amount to.
//!
//! # Source
//!
//! As named in [`statistics`](crate::statistics): Bailey and López de Prado (2012, 2014), White (2000), Hansen (2005).

use std::iter;
use std::time::{Duration, Instant};

use super::Subject;
use super::returns::Sample;
use crate::error::Error;
use crate::parallel;
use crate::statistics::{
    BATCH, Moments, RealityCheck, average_correlation, effective_trials, expected_maximum, reality_check,
};

/// What the number of trials does to the winner's Sharpe ratio.
#[derive(Debug, Clone)]
pub struct Selection {
    /// The winner's Sharpe ratio a year on the days of train.
    pub sharpe: f64,
    /// Median Sharpe ratio a year of the trials over train and validate: what the search finds without choosing the best.
    pub typical: f64,
    /// How likely its true ratio is above 0, if it had been the only trial.
    pub probabilistic: f64,
    /// How likely its true ratio is above what the best of the trials would show without skill.
    pub deflated: f64,
    /// What the best of the trials would show without skill, a year.
    pub expected_maximum: f64,
    /// Distinct trials of the study.
    pub trials: u64,
    /// Independent trials that they amount to.
    pub effective_trials: f64,
    /// Average correlation between daily returns of trials.
    pub correlation: f64,
    /// Days until a ratio like this one is above 0 with 95 % confidence; `None` where it is not above 0.
    pub minimum_track_record_days: Option<f64>,
    /// Days there were.
    pub days: usize,
    /// How likely the ratio is above 0 by the days of validate alone, on which nothing was chosen.
    pub validate: Option<f64>,
    /// Whether the best trial beats doing nothing, with all the sampled ones accounted for.
    pub reality_check: Option<RealityCheck>,
    /// The same against the benchmark that was asked for, with its name.
    pub benchmark: Option<(String, RealityCheck)>,
}

/// Confidence of the minimum track record.
const CONFIDENCE: f64 = 0.95;
/// Trials and batches of resamples by which the tests are timed: each case so often, twice at least, while patience lasts.
const TIMED: (usize, usize) = (2, 24);
const BATCHES: usize = 24;
const ROUNDS: usize = 3;
const PATIENCE: Duration = Duration::from_millis(100);

/// Time of the tests of so many `sampled` trials that look like `series`, told from few of them and few resamples.
///
/// Each trial takes a time of its own, each batch of resamples one, and each trial of each batch one.
pub(super) fn time(subject: &Subject<'_>, series: &[Vec<f64>], sampled: f64) -> Result<Duration, Error> {
    let Some(days) = series.first().map(Vec::len) else { return Ok(Duration::ZERO) };
    let all: Vec<&[f64]> = series.iter().map(Vec::as_slice).cycle().take(TIMED.1).collect();
    let held = subject.options.benchmark.returns(subject)?;
    let flat = vec![0.0; days];
    let benchmarks: Vec<&[f64]> = iter::once(flat.as_slice()).chain(held.as_deref()).collect();
    let time = |trials: usize, batches: usize| {
        let test = |days: &&[f64]| reality_check(&all[..trials], days, (batches * BATCH, 0)).ok();
        let began = Instant::now();
        drop(parallel::map_on(subject.options.workers, &benchmarks, test));
        began.elapsed().as_secs_f64()
    };
    let cases = [(TIMED.0, 1), (TIMED.1, 1), (TIMED.0, 1 + BATCHES), (TIMED.1, 1 + BATCHES)];
    let mut least = [f64::INFINITY; 4];
    let began = Instant::now();
    for round in 0..ROUNDS {
        if round < 2 || began.elapsed() < PATIENCE {
            least
                .iter_mut()
                .zip(cases)
                .for_each(|(least, (trials, batches))| *least = least.min(time(trials, batches)));
        }
    }
    let batches = (subject.options.resamples as f64 / BATCH as f64).ceil();
    Ok(Duration::from_secs_f64(Costs::of(least).seconds(sampled, batches)))
}

/// What a test takes, in seconds.
#[derive(Debug, PartialEq)]
struct Costs {
    /// Of each trial.
    own: f64,
    /// Of each batch of resamples.
    batch: f64,
    /// Of each trial in each batch.
    each: f64,
}

impl Costs {
    /// By the times of few and more trials with one batch, and of the same with more batches.
    fn of([few, many, few_longer, many_longer]: [f64; 4]) -> Self {
        let more = (TIMED.1 - TIMED.0) as f64;
        let [of_few, of_many] = [few_longer - few, many_longer - many].map(|time| (time / BATCHES as f64).max(0.0));
        let each = ((of_many - of_few) / more).max(0.0);
        let own = ((many - few) / more - each).max(0.0);
        Self { own, batch: (of_few - each * TIMED.0 as f64).max(0.0), each }
    }

    fn seconds(&self, trials: f64, batches: f64) -> f64 {
        self.own * trials + batches * (self.batch + self.each * trials)
    }
}

pub(super) fn of(subject: &Subject<'_>, sample: &Sample) -> Result<Selection, String> {
    let benchmark = &subject.options.benchmark;
    let held = benchmark.returns(subject).map_err(|error| format!("{}: {error}", benchmark.name()))?;
    let year = subject.days_per_year.sqrt();
    let train = sample.train().next().unwrap_or_default();
    let moments = Moments::of(train).map_err(|error| format!("the winner's train days: {error}"))?;
    let ratios: Vec<f64> = sample.train().filter_map(|days| Moments::of(days).ok()).map(|m| m.sharpe).collect();
    if ratios.len() < 2 {
        return Err("fewer than two trials have returns to be compared".to_owned());
    }
    let mean = ratios.iter().sum::<f64>() / ratios.len() as f64;
    let variance = ratios.iter().map(|ratio| (ratio - mean).powi(2)).sum::<f64>() / (ratios.len() - 1) as f64;
    let correlation = average_correlation(sample.train()).unwrap_or(0.0);
    let effective = effective_trials(sample.distinct as f64, correlation);
    let flat = vec![0.0; sample.winner().len()];
    let benchmarks: Vec<&[f64]> = iter::once(flat.as_slice()).chain(held.as_deref()).collect();
    let resampling = (subject.options.resamples, subject.plan.search.seed);
    let tests = parallel::map_on(subject.options.workers, &benchmarks, |days| {
        reality_check(&sample.all(), days, resampling).ok()
    });
    let mut whole: Vec<f64> = sample.all().iter().filter_map(|days| Moments::of(days).ok()).map(|m| m.sharpe).collect();
    whole.sort_by(f64::total_cmp);
    Ok(Selection {
        typical: whole.get(whole.len() / 2).copied().unwrap_or(0.0) * year,
        sharpe: moments.sharpe * year,
        probabilistic: moments.probability_above(0.0),
        deflated: moments.deflated(effective, variance),
        expected_maximum: expected_maximum(effective, variance) * year,
        trials: sample.distinct,
        effective_trials: effective,
        correlation,
        minimum_track_record_days: moments.minimum_track_record(0.0, CONFIDENCE),
        days: train.len(),
        validate: Moments::of(&sample.winner()[sample.train_days..]).ok().map(|m| m.probability_above(0.0)),
        reality_check: tests[0],
        benchmark: tests.get(1).copied().flatten().map(|check| (benchmark.name().to_owned(), check)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_a_test_is_told_by_four_short_ones() {
        let costs = Costs { own: 0.25, batch: 0.5, each: 0.125 };
        let (few, many) = (TIMED.0 as f64, TIMED.1 as f64);
        let longer = 1.0 + BATCHES as f64;
        let times = [(few, 1.0), (many, 1.0), (few, longer), (many, longer)].map(|(n, b)| costs.seconds(n, b));
        assert_eq!(Costs::of(times), costs);
        // 256 trials of 63 batches: 64 + 63 * (0.5 + 32).
        assert_eq!(costs.seconds(256.0, 63.0), 2_111.5);
    }
}
