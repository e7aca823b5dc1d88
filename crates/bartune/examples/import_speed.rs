//! Measures an import: `import_speed [FILES]`.
//!
//! Writes FILES (10,000) `trial_*.json` of eight parameters and twenty metrics to a temporary folder, then
//! imports them into a new study, and once more, when they are all there already.

use std::time::Instant;

use bartune::config::parse_study;
use bartune::import::{ImportOptions, import};
use bartune::study::Session;
use serde_json::{Map, Value, json};

type Failure = Box<dyn std::error::Error>;

const STUDY: &str = r#"
name = "imported"
[data]
path = "bars.parquet"
synth = { bars = 2000, timeframe = "1h", seed = 1 }
[params]
fast = { int = [5, 60] }
slow = { int = [61, 300] }
stop = { float = [0.5, 5.0], step = 0.25 }
target = { float = [1.0, 9.0] }
filter = { bool = true }
rsi_max = { float = [50, 90] }
rsi_bars = { int = [2, 22] }
exit = { choice = ["cross", "target"] }
[strategy]
long_entry = "cross_above(sma(close, fast), sma(close, slow)) and (not filter or rsi(close, rsi_bars) < rsi_max)"
long_exit = "exit == 'cross' and cross_below(sma(close, fast), sma(close, slow))"
stop_loss = "stop * atr(14)"
take_profit = "target * atr(14)"
[objective]
maximize = "sharpe"
"#;

fn main() -> Result<(), Failure> {
    let files = std::env::args().nth(1).map_or(Ok(10_000), |text| text.parse::<u64>())?;
    let folder = tempfile::tempdir()?;
    let trials = folder.path().join("trials");
    std::fs::create_dir(&trials)?;
    for number in 0..files {
        std::fs::write(trials.join(format!("trial_{number}.json")), trial(number).to_string())?;
    }
    let plan = parse_study("study.toml", STUDY, folder.path(), &[])?;
    let dataset = bartune::data::open(&plan.data, &plan.split, None)?;
    let url = format!("sqlite:///{}", folder.path().join("study.db").display());
    for round in ["new trials", "trials that were there"] {
        let mut session = Session::open_or_create(&plan, &dataset, &url)?;
        let start = Instant::now();
        let report = import(&mut session, std::slice::from_ref(&trials), &ImportOptions::default())?;
        let seconds = start.elapsed().as_secs_f64();
        assert_eq!((report.imported + report.present, report.refused.len()), (files, 0));
        println!("{files} files, {round}: {seconds:.3} s");
    }
    Ok(())
}

/// Parameters that no other number has.
fn trial(number: u64) -> Value {
    let metrics: Map<String, Value> =
        (0..20).map(|index| (format!("metric_{index}"), json!((number * 31 + index) as f64 / 7.0))).collect();
    json!({
        "trial_id": number,
        "parameters": {
            "fast": 5 + number % 56,
            "slow": 61 + number / 56 % 240,
            "stop": 0.5 + (number % 19) as f64 * 0.25,
            "target": 1.0 + number as f64 / 1e6,
            "filter": number.is_multiple_of(2),
            "rsi_max": 50.0 + (number % 400) as f64 / 10.0,
            "rsi_bars": 2 + number % 21,
            "exit": if number.is_multiple_of(3) { "cross" } else { "target" },
        },
        "score": { "score": number as f64 / 1e4, "metrics": metrics },
    })
}
