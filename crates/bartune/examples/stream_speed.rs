//! What a bar costs live, strategy and account, without reading and writing:
//!
//! ```sh
//! cargo run --release -p bartune --example stream_speed [STUDY.toml]
//! ```

use std::path::PathBuf;
use std::time::Instant;

use bartune::live::Live;
use bartune::{Error, config, data};

/// Runs over the bars; the fastest counts.
const RUNS: usize = 7;

fn main() -> Result<(), Error> {
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/sp500_trend.toml");
    let study = std::env::args_os().nth(1).map_or_else(|| PathBuf::from(example), PathBuf::from);
    let plan = config::read_study(&study, &[])?;
    let bars = data::open(&plan.data, &plan.split, None)?.bars;
    let params = plan.parameters.defaults();
    let mut fastest = f64::INFINITY;
    let mut equity = 0.0;
    for _ in 0..RUNS {
        let mut live = Live::new(&plan, &params, bars.timeframe_ns())?;
        let began = Instant::now();
        for t in 0..bars.len() {
            equity = live.update(&bars.bar(t)).equity;
        }
        fastest = fastest.min(began.elapsed().as_secs_f64() / bars.len() as f64);
    }
    println!("{}: {:.0} ns a bar over {} bars (equity {equity:.2})", plan.name, fastest * 1e9, bars.len());
    Ok(())
}
