//! Bar files and contracts.

use std::path::PathBuf;

use clap::{Args as Group, Subcommand};

#[derive(Debug, Group)]
pub(crate) struct InstrumentsArgs {
    /// Show this contract only, with its source
    #[arg(value_name = "SYMBOL")]
    pub(crate) symbol: Option<String>,

    /// Print one JSON object on stdout
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DataCommand {
    /// Describe a bar file: rows, span, timeframe, gaps, problems, content hash
    Info(InfoArgs),
    /// Make seeded synthetic bars with fat tails and clustered volatility
    Synth(SynthArgs),
    /// Convert between Parquet, CSV (.gz, .zst) and Arrow, and to a longer timeframe
    Convert(ConvertArgs),
}

/// How to read a bar file.
#[derive(Debug, Group)]
pub(crate) struct LoadArgs {
    /// Timezone of the days, and of timestamps that name none
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    pub(crate) timezone: String,

    /// Bars are stamped at their close
    #[arg(long)]
    pub(crate) stamped_at_close: bool,

    /// Sort bars and drop exact duplicates instead of refusing the file
    #[arg(long)]
    pub(crate) repair: bool,

    /// Accept prices of zero and below
    #[arg(long)]
    pub(crate) allow_nonpositive: bool,
}

#[derive(Debug, Group)]
pub(crate) struct InfoArgs {
    /// Bar file
    pub(crate) file: PathBuf,

    #[command(flatten)]
    pub(crate) load: LoadArgs,

    /// Print one JSON object on stdout
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Group)]
pub(crate) struct SynthArgs {
    /// File to write; its ending chooses the format
    pub(crate) file: PathBuf,

    /// Number of bars
    #[arg(long, default_value_t = 100_000)]
    pub(crate) bars: usize,

    /// Timeframe, as in 1m, 10m, 1h, 1d
    #[arg(long, default_value = "10m")]
    pub(crate) timeframe: String,

    /// Seed
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,

    /// Trade only in this window of weekdays, as in 09:30-16:00 [default: around the clock]
    #[arg(long)]
    pub(crate) session: Option<String>,

    /// Timezone of the session
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    pub(crate) timezone: String,
}

#[derive(Debug, Group)]
pub(crate) struct ConvertArgs {
    /// Bar file to read
    pub(crate) from: PathBuf,

    /// Bar file to write; its ending chooses the format
    pub(crate) to: PathBuf,

    #[command(flatten)]
    pub(crate) load: LoadArgs,

    /// Resample to this longer timeframe, as in 1h
    #[arg(long, value_name = "T")]
    pub(crate) timeframe: Option<String>,
}
