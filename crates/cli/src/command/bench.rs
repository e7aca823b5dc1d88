//! `bartune bench`: how long things take here, beside the peers if there are any.

use std::path::PathBuf;

use anyhow::{Context, Result};
use bartune::bench::peer::{self, Effort, Peer};
use bartune::bench::{BenchOptions, BenchReport, Row, StoreOptions, measure, measure_stores};
use serde_json::json;

use crate::args::BenchArgs;
use crate::exit::Exit;
use crate::output::{self, Table};

pub(crate) fn run(args: &BenchArgs) -> Result<Exit> {
    if let Some(locations) = &args.store {
        return stores(args, locations);
    }
    let amount = if args.quick { BenchOptions::quick() } else { BenchOptions::full() };
    let amount = if args.scale { amount.with_scale() } else { amount };
    let options = BenchOptions { bars: args.bars.clone(), storage: args.storage.clone(), ..amount };
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let bars_file: PathBuf = folder.path().join("bars.parquet");
    let report = measure(&options, &bars_file, |row| {
        tell(row);
    })?;
    let peak_rss_mb = output::peak_rss_mb();
    let effort = if args.quick { Effort::Quick } else { Effort::Full };
    let peers = args.peers.as_deref().map(|python| peer::run(python, &bars_file, effort)).unwrap_or_default();
    print(args, (&report, &peers), peak_rss_mb)
}

/// The stores alone.
fn stores(args: &BenchArgs, locations: &[String]) -> Result<Exit> {
    let amount = if args.quick { StoreOptions::quick() } else { StoreOptions::full() };
    let report = measure_stores(&StoreOptions { locations: locations.to_vec(), ..amount }, tell)?;
    print(args, (&report, &[]), output::peak_rss_mb())
}

fn tell(row: &Row) {
    output::tell(&format!("{}: {} ms", row.id, milliseconds(row.timing.median_ms)));
}

fn print(args: &BenchArgs, (report, peers): (&BenchReport, &[Peer]), peak_rss_mb: Option<f64>) -> Result<Exit> {
    if args.json {
        output::print_json(&report_json(report, peers, peak_rss_mb))?;
    } else {
        output::print(&report_text(report, peers, peak_rss_mb))?;
    }
    Ok(Exit::Fine)
}

fn report_json(report: &BenchReport, peers: &[Peer], peak_rss_mb: Option<f64>) -> serde_json::Value {
    json!({
        "machine": { "processor": report.processor, "cores": report.cores },
        "version": env!("CARGO_PKG_VERSION"),
        "optimised": !cfg!(debug_assertions),
        "bars": report.bars,
        "source": report.source,
        "rows": report.rows.iter().map(row_json).collect::<Vec<_>>(),
        "peers": peers.iter().map(|peer| peer_json(peer, report)).collect::<Vec<_>>(),
        "peak_rss_mb": peak_rss_mb,
    })
}

fn row_json(row: &Row) -> serde_json::Value {
    json!({
        "id": row.id,
        "what": row.what,
        "median_ms": row.timing.median_ms,
        "low_ms": row.timing.low_ms,
        "high_ms": row.timing.high_ms,
        "repeats": row.timing.repeats,
        "ns_per_bar": row.ns_per_bar(),
        "per_second": row.per_second(),
        "result": row.result,
    })
}

fn peer_json(peer: &Peer, report: &BenchReport) -> serde_json::Value {
    json!({
        "peer": peer.peer,
        "what": peer.what,
        "against": peer.against,
        "median_ms": peer.ms,
        "low_ms": peer.low_ms,
        "high_ms": peer.high_ms,
        "ratio": peer.ratio(report),
        "result": peer.result,
        "missing": peer.missing,
    })
}

fn report_text(report: &BenchReport, peers: &[Peer], peak_rss_mb: Option<f64>) -> String {
    let bars =
        if report.bars == 0 { report.source.clone() } else { format!("{} bars ({})", report.bars, report.source) };
    let mut text = format!(
        "{bars}, {}, {} threads, bartune {}{}\n\n",
        report.processor,
        report.cores,
        env!("CARGO_PKG_VERSION"),
        if cfg!(debug_assertions) { ", NOT optimised: build with --release for figures worth quoting" } else { "" },
    );
    text.push_str(&rows_table(report));
    if !peers.is_empty() {
        text.push_str(&format!("\n{}", peers_table(report, peers)));
    }
    if let Some(megabytes) = peak_rss_mb {
        text.push_str(&format!("\npeak memory {megabytes:.0} MB\n"));
    }
    text
}

fn rows_table(report: &BenchReport) -> String {
    let mut table = Table::new(["", "ms", "quartiles", "ns/bar", "per second", "× floor", "result"]).ending_in_words();
    let floor = report.row("floor").map(|row| row.timing.median_ms);
    for row in &report.rows {
        let times_floor = floor.filter(|_| row.bars.is_some()).map(|floor| row.timing.median_ms / floor);
        table.row([
            row.what.clone(),
            milliseconds(row.timing.median_ms),
            spread(row.timing.low_ms, row.timing.high_ms),
            row.ns_per_bar().map_or_else(String::new, |ns| format!("{ns:.2}")),
            format!("{:.0}", row.per_second()),
            times_floor.map_or_else(String::new, |times| format!("{times:.1}")),
            row.result.clone(),
        ]);
    }
    table.render()
}

/// Peers with how many times our time they take, and those that are not there.
fn peers_table(report: &BenchReport, peers: &[Peer]) -> String {
    let mut table = Table::new(["peer", "what", "ms", "quartiles", "against", "ratio", "result"]).ending_in_words();
    for peer in peers.iter().filter(|peer| peer.missing.is_none()) {
        table.row([
            peer.peer.clone(),
            peer.what.clone(),
            peer.ms.map_or_else(String::new, milliseconds),
            peer.low_ms.zip(peer.high_ms).map_or_else(String::new, |(low, high)| spread(low, high)),
            peer.against.clone(),
            peer.ratio(report).map_or_else(String::new, |ratio| format!("{ratio:.1}×")),
            peer.result.clone(),
        ]);
    }
    let gaps =
        peers.iter().filter_map(|peer| Some(format!("{}: not measured: {}\n", peer.peer, peer.missing.as_ref()?)));
    table.render() + &gaps.collect::<String>()
}

fn spread(low: f64, high: f64) -> String {
    format!("{} to {}", milliseconds(low), milliseconds(high))
}

/// Three significant digits below 100.
fn milliseconds(value: f64) -> String {
    match value {
        _ if value >= 100.0 => format!("{value:.0}"),
        _ if value >= 10.0 => format!("{value:.1}"),
        _ if value >= 1.0 => format!("{value:.2}"),
        _ if value >= 0.1 => format!("{value:.3}"),
        _ => format!("{value:.4}"),
    }
}
