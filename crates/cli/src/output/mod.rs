//! All printing: numbers, tables, JSON, the progress line.

mod choices;
mod comparison;
mod contract;
mod format;
mod live;
mod preflight;
mod progress;
mod report;
mod table;
mod validation;

use std::io::{self, Write};

use anyhow::Result;

pub(crate) use bartune::json::{metrics as metrics_json, params as params_json};
pub(crate) use choices::{choices, resources_line};
pub(crate) use comparison::{comparison_report, comparison_trades};
pub(crate) use contract::contracts_table;
pub(crate) use format::{duration, number, percent};
pub(crate) use live::{live_bar, live_end};
pub(crate) use preflight::{finding_text, preflight_report};
pub(crate) use progress::LiveView;
pub(crate) use report::{TOP, backtest_report, data_info, params_line, run_report, trials_table, vault_report};
pub(crate) use table::Table;
pub(crate) use validation::{show_stage, stage_bar, validation_report, verdict_in_short};

/// A store's URL as it may be shown.
pub(crate) fn shown(url: &str) -> String {
    bartune::storage::url::redacted(url)
}

/// Print on stdout.
pub(crate) fn print(text: &str) -> Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    Ok(stdout.flush()?)
}

/// Tell something on stderr. That it has gone away (`2>&1 | head`) is no reason to stop working.
pub(crate) fn tell(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// Print one JSON object on stdout.
pub(crate) fn print_json(value: &serde_json::Value) -> Result<()> {
    print(&format!("{}\n", serde_json::to_string_pretty(value)?))
}

/// `name  value` lines, names padded to one width.
pub(crate) fn key_values(rows: &[(String, String)]) -> String {
    let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    rows.iter().map(|(name, value)| format!("{name:<width$}  {value}\n")).collect()
}

/// The most memory this process has held, in MB; `None` where the system does not tell.
pub(crate) fn peak_rss_mb() -> Option<f64> {
    status_mb("VmHWM:")
}

/// The memory that this process holds, in MB; `None` where the system does not tell.
pub(crate) fn rss_mb() -> Option<f64> {
    status_mb("VmRSS:")
}

fn status_mb(key: &str) -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(key))?;
    let kilobytes: f64 = line.trim().trim_end_matches(" kB").trim().parse().ok()?;
    Some(kilobytes / 1024.0)
}
