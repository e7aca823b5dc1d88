//! The machine and the shell.

use std::path::PathBuf;

use clap::Args as Group;

#[derive(Debug, Group)]
pub(crate) struct BenchArgs {
    /// Bar file [default: 262,782 synthetic ten-minute bars]
    #[arg(long, value_name = "FILE")]
    pub(crate) bars: Option<PathBuf>,

    /// Store to measure besides a SQLite file, as in postgresql://USER@HOST/DATABASE
    #[arg(long, value_name = "URL")]
    pub(crate) storage: Option<String>,

    /// The stores alone: writing, opening 100,000 trials, guards, importing; besides a SQLite file, these
    #[arg(long, value_name = "URL", num_args = 0.., conflicts_with_all = ["bars", "storage", "peers", "scale"])]
    pub(crate) store: Option<Vec<String>>,

    /// Python with vectorbt, raptorbt, optuna or rustuna, to time them beside
    #[arg(long, value_name = "PYTHON")]
    pub(crate) peers: Option<PathBuf>,

    /// Few bars and few repeats: to see that it works, not how fast it is
    #[arg(long)]
    pub(crate) quick: bool,

    /// Backtests over 10,000 to 10 million synthetic bars too; takes some 2 GB of memory
    #[arg(long)]
    pub(crate) scale: bool,

    /// Print one JSON object on stdout
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Group)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, Group)]
pub(crate) struct ManArgs {
    /// A command, as in `bartune man run`
    pub(crate) command: Option<String>,
}
