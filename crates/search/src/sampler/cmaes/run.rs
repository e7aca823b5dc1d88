//! One run from a start to a stop, and which run follows.
//!
//! A run stops when one of these holds after a generation; the values are those of a search in
//! `[0, 1]ⁿ` whose parameters keep 10 significant decimals.
//!
//! | criterion | value |
//! |---|---|
//! | best and worst of the last `10 + 30 n / population` generations nearly the same | 10⁻¹², absolutely or relatively |
//! | deviations and path below | the option `tolerance` |
//! | a deviation above | 10⁴ |
//! | a fifth of a deviation no longer changes the mean | |
//! | longest axis over shortest | 10¹⁴ |
//! | the distribution is not finite any more | |
//!
//! Stepped coordinates do not count for the second and fourth: their margin keeps them apart.
//!
//! # Source
//!
//! A. Auger, N. Hansen, "A Restart CMA Evolution Strategy With Increasing Population Size", CEC 2005 (IPOP);
//! N. Hansen, "Benchmarking a BI-Population CMA-ES on the BBOB-2009 Function Testbed", GECCO 2009 (BIPOP).

use super::gaussian::{Degenerate, Gaussian};
use super::margin::Margin;
use super::options::{CmaesOptions, Covariance, Restart};
use super::rates::default_population;
use crate::stream::RandomStream;

/// Up to so many dimensions all covariances are adapted.
const FULL_DIMENSIONS: usize = 40;
/// Populations do not grow beyond this.
const POPULATION_MAX: usize = 100_000;
/// Marks the random streams of starts: no proposal has so many attempts.
const START_ATTEMPT: u64 = u64::MAX;

const TOLERANCE_VALUES: f64 = 1e-12;
const DEVIATION_MAX: f64 = 1e4;
const CONDITION_MAX: f64 = 1e14;

/// What a run draws from.
#[derive(Debug, Clone)]
pub(super) struct Search {
    pub(super) gaussian: Gaussian,
    pub(super) margin: Margin,
}

/// The runs so far.
#[derive(Debug, Clone)]
pub(super) struct Runs {
    /// Number of the current run, from 0.
    pub(super) current: u32,
    kind: Kind,
    /// Trials told to runs of each kind (BIPOP).
    large_trials: u64,
    small_trials: u64,
    large_runs: u32,
    /// Best and worst value of the last generations of the current run.
    extremes: Vec<(f64, f64)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Large,
    Small,
}

impl Runs {
    /// Before the first run.
    pub(super) fn new() -> Self {
        Self { current: 0, kind: Kind::Large, large_trials: 0, small_trials: 0, large_runs: 0, extremes: Vec::new() }
    }

    /// Note a generation's best and worst value; whether the run is over.
    pub(super) fn is_over(
        &mut self,
        search: &Search,
        options: &CmaesOptions,
        updated: Result<(), Degenerate>,
        (best, worst): (f64, f64),
    ) -> bool {
        let gaussian = &search.gaussian;
        let population = gaussian.rates.population;
        match self.kind {
            Kind::Large => self.large_trials += population as u64,
            Kind::Small => self.small_trials += population as u64,
        }
        let generations = 10 + (30 * gaussian.rates.n).div_ceil(population);
        self.extremes.push((best, worst));
        if self.extremes.len() > generations {
            self.extremes.remove(0);
        }
        updated.is_err()
            || (gaussian.generation > generations && self.is_flat())
            || has_converged(search, options.tolerance)
            || has_diverged(gaussian)
    }

    fn is_flat(&self) -> bool {
        let least = self.extremes.iter().map(|(best, _)| *best).fold(f64::INFINITY, f64::min);
        let most = self.extremes.iter().map(|(_, worst)| *worst).fold(f64::NEG_INFINITY, f64::max);
        most - least < TOLERANCE_VALUES * f64::max(1.0, least.abs())
    }

    /// The search that the current run starts with.
    pub(super) fn start(&self, options: &CmaesOptions, stepped: &[(usize, u64)], n: usize, seed: u64) -> Search {
        let first = options.population.unwrap_or_else(|| default_population(n));
        let mut stream = RandomStream::new(seed, u64::from(self.current), START_ATTEMPT);
        let growth = (options.population_growth as f64).powi(i32::try_from(self.large_runs).unwrap_or(i32::MAX));
        let (factor, sigma_factor) = match self.kind {
            Kind::Large => (growth, 1.0),
            Kind::Small => {
                let (u, v) = (stream.uniform(), stream.uniform());
                (libm::pow(growth / 2.0, u * u), libm::pow(10.0, -2.0 * v))
            }
        };
        let population = ((first as f64 * factor).min(POPULATION_MAX as f64) as usize).max(first);
        let mean = if self.current == 0 { vec![0.5; n] } else { (0..n).map(|_| stream.uniform()).collect() };
        let sigma = options.sigma * sigma_factor;
        let gaussian = if is_full(options.covariance, n) {
            Gaussian::full(mean, sigma, population)
        } else {
            Gaussian::separable(mean, sigma, population)
        };
        let margin = options.margin.unwrap_or(1.0 / (n * population) as f64);
        Search { gaussian, margin: Margin::new(stepped, margin) }
    }

    /// Go on to the next run.
    pub(super) fn advance(&mut self, restart: Restart) {
        self.current += 1;
        self.extremes.clear();
        let is_small = restart == Restart::Bipop && self.large_runs > 0 && self.small_trials < self.large_trials;
        self.kind = if is_small { Kind::Small } else { Kind::Large };
        if !is_small {
            self.large_runs += 1;
        }
    }
}

fn is_full(covariance: Covariance, n: usize) -> bool {
    match covariance {
        Covariance::Automatic => n <= FULL_DIMENSIONS,
        Covariance::Full => true,
        // One dimension has nothing to separate.
        Covariance::Separable => n < 2,
    }
}

fn has_converged(Search { gaussian, margin }: &Search, tolerance: f64) -> bool {
    let mut smooth = (0..gaussian.rates.n).filter(|&index| !margin.is_stepped(index)).peekable();
    if smooth.peek().is_none() {
        return false;
    }
    let deviation = |index: usize| gaussian.sigma * gaussian.variance(index).sqrt();
    let is_small =
        |index: usize| deviation(index) < tolerance && (gaussian.sigma * gaussian.path_c[index]).abs() < tolerance;
    let stands_still = |index: usize| {
        let mean = gaussian.mean[index];
        mean == mean + 0.2 * deviation(index)
    };
    smooth.clone().all(is_small) || smooth.any(stands_still)
}

fn has_diverged(gaussian: &Gaussian) -> bool {
    let longest = gaussian.lengths().iter().copied().fold(0.0, f64::max);
    let shortest = gaussian.lengths().iter().copied().fold(f64::INFINITY, f64::min);
    gaussian.sigma * longest > DEVIATION_MAX || longest / shortest > CONDITION_MAX
}
