//! How often the 95 % intervals of `bartune compare` hold the true difference, on simulated pairs of daily returns
//! whose true statistics are known:
//!
//!     cargo run --release -p bartune --example interval_coverage -- [PAIRS]

use bartune::search::stream::RandomStream;
use bartune::statistics::{Ratio, paired_intervals};

/// A market: days, correlation of the two series, persistence from day to day.
const MARKETS: [(usize, f64, f64); 5] =
    [(250, 0.0, 0.0), (750, 0.5, 0.0), (750, 0.9, 0.0), (750, 0.5, 0.15), (1500, 0.5, 0.15)];
/// Daily mean and deviation of the first and of the second series.
const SERIES: [(f64, f64); 2] = [(0.000_4, 0.010), (0.000_7, 0.012)];
const RESAMPLES: usize = 1_000;
const DAYS_A_YEAR: f64 = 252.0;

fn main() {
    let pairs: u64 = std::env::args().nth(1).and_then(|pairs| pairs.parse().ok()).unwrap_or(1_000);
    println!("{pairs} pairs, {RESAMPLES} resamples each; share of 95 % intervals that hold the truth\n");
    println!(
        "{:>5} {:>12} {:>12} {:>12} {:>12} {:>12}",
        "days", "correlation", "persistence", "mean_return", "volatility", "sharpe"
    );
    for market in MARKETS {
        let mut held = [0_u64; 3];
        for pair in 0..pairs {
            let [first, second] = simulate(market, pair);
            let intervals = paired_intervals(&first, &second, DAYS_A_YEAR, (RESAMPLES, pair)).expect("the series vary");
            for (held, (ratio, truth)) in held.iter_mut().zip(truths()) {
                let interval = intervals.iter().find(|interval| interval.ratio == ratio).expect("it is one of them");
                *held += u64::from((interval.low..=interval.high).contains(&truth));
            }
        }
        let share = |count: u64| format!("{:.1} %", 100.0 * count as f64 / pairs as f64);
        let [mean, volatility, sharpe] = held.map(share);
        println!("{:>5} {:>12} {:>12} {mean:>12} {volatility:>12} {sharpe:>12}", market.0, market.1, market.2);
    }
}

/// The true differences, second less first.
fn truths() -> [(Ratio, f64); 3] {
    let [(mean, deviation), (other_mean, other_deviation)] = SERIES;
    let root = DAYS_A_YEAR.sqrt();
    [
        (Ratio::MeanReturn, (other_mean - mean) * DAYS_A_YEAR),
        (Ratio::Volatility, (other_deviation - deviation) * root),
        (Ratio::Sharpe, (other_mean / other_deviation - mean / deviation) * root),
    ]
}

/// Two series of one market; each keeps its mean and deviation whatever the persistence.
fn simulate((days, correlation, persistence): (usize, f64, f64), seed: u64) -> [Vec<f64>; 2] {
    let mut stream = RandomStream::new(seed, 0, 1);
    let fresh = (1.0 - persistence * persistence).sqrt();
    let own = (1.0_f64 - correlation * correlation).sqrt();
    let mut state = [normal(&mut stream), normal(&mut stream)];
    let mut series = [Vec::with_capacity(days), Vec::with_capacity(days)];
    for _ in 0..days {
        let common = normal(&mut stream);
        let shocks = [common, correlation * common + own * normal(&mut stream)];
        for ((state, shock), (series, (mean, deviation))) in
            state.iter_mut().zip(shocks).zip(series.iter_mut().zip(SERIES))
        {
            *state = persistence * *state + fresh * shock;
            series.push(mean + deviation * *state);
        }
    }
    series
}

/// A standard normal number (Box and Muller).
fn normal(stream: &mut RandomStream) -> f64 {
    let radius = (-2.0 * (1.0 - stream.uniform()).ln()).sqrt();
    radius * (std::f64::consts::TAU * stream.uniform()).cos()
}
