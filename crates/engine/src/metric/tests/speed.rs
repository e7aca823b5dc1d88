//! A trial must cost microseconds here, also on years of ten-minute bars.

use std::time::Instant;

use super::Case;
use crate::metric::{Calendar, compute};

/// Five years of ten-minute bars and 3,800 trades. The bound is some thirty times what an optimised
/// build needs, so that only a change of the order of growth can break it.
#[test]
fn metrics_of_five_years_of_ten_minute_bars_are_cheap() {
    let bars = 262_782_i32;
    let wave: Vec<f64> =
        (0..bars).map(|bar| 100_000.0 + 10_000.0 * (f64::from(bar) / 9_000.0).sin() + f64::from(bar) * 0.1).collect();
    let pnls: Vec<f64> = (0..3_800).map(|i| (f64::from(i) * 0.7).sin() * 100.0).collect();
    let mut case = Case::daily(100_000.0, &wave).with_pnls(&pnls);
    let days: Vec<i32> = (0..bars).map(|bar| bar / 144).collect();
    case.calendar = Calendar::new(&days);
    let fastest = (0..20)
        .map(|_| {
            let start = Instant::now();
            assert!(compute(&case.input()).get("sharpe").is_some());
            start.elapsed().as_secs_f64()
        })
        .fold(f64::INFINITY, f64::min);
    println!("all metrics: {:.3} ms", fastest * 1e3);
    assert!(fastest < 0.02, "{fastest} s");
}
