//! How the cost of a backtest grows: with the bars, and with the conditions of a strategy.
//!
//! Bars are synthetic, so that there are enough of them. Conditions are comparisons with averages of different lengths,
//! no two alike: cold each is one more series, again each is one more entry of the cache.

use std::path::Path;

use bartune_engine::bars::{self, LoadOptions, Loaded, SynthOptions};

use super::strategy::{SMA_CROSS, cold_and_warm};
use super::{BenchOptions, Row};
use crate::error::Error;

/// One minute.
const MINUTE_NS: i64 = 60_000_000_000;

/// Numbers of conditions that are measured.
const CONDITIONS: [usize; 5] = [1, 2, 5, 10, 20];

/// A crossing of averages over so many synthetic bars of one minute, which go by way of this file.
pub(super) fn bars(count: usize, file: &Path, options: &BenchOptions) -> Result<Vec<Row>, Error> {
    // Ten million bars of ten minutes would leave the calendar.
    let options_of_bars = SynthOptions { bars: count, timeframe_ns: MINUTE_NS, ..SynthOptions::default() };
    bars::write(file, &bars::synth(&options_of_bars)?)?;
    let loaded = bars::load(file, &LoadOptions::default())?;
    let what = format!("SMA cross, {count} bars");
    cold_and_warm((&format!("bars_{count}"), &what), SMA_CROSS, &loaded, options)
}

/// Strategies of one to twenty conditions over the same bars.
pub(super) fn conditions(loaded: &Loaded, options: &BenchOptions) -> Result<Vec<Row>, Error> {
    let rows = CONDITIONS.map(|count| {
        let what = format!("{count} condition{}", if count == 1 { "" } else { "s" });
        cold_and_warm((&format!("conditions_{count}"), &what), &study(count), loaded, options)
    });
    Ok(rows.into_iter().collect::<Result<Vec<_>, Error>>()?.concat())
}

/// Long while the close is above all of so many averages.
fn study(conditions: usize) -> String {
    let above: Vec<String> = (0..conditions).map(|index| format!("close > sma(close, {})", 20 + 10 * index)).collect();
    format!(
        r#"
name = "conditions"
data.path = "bars.parquet"
params.n = {{ int = [5, 30], default = 14 }}
objective.maximize = "composite"
[strategy]
long_entry = "{}"
long_exit = "cross_below(close, sma(close, n))"
[execution]
commission = "1bps"
"#,
        above.join(" and ")
    )
}
