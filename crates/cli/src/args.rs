//! The command line.

use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;

use bartune::CacheBudget;
use clap::{Args as Group, Parser, Subcommand, ValueEnum};

/// Find trading-strategy parameters on years of bars, in seconds.
///
/// A study file (TOML) says which bars, which strategy, which parameters and costs, how the bars are
/// split, and what to optimise. `bartune run` searches on the train segment, shows the validate
/// segment beside it, and never reads the test segment: that is `bartune test`, and each opening is
/// recorded.
#[derive(Debug, Parser)]
#[command(
    name = "bartune",
    version,
    max_term_width = 100,
    after_help = "Start with: bartune run examples/sp500_trend.toml"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Search for the best parameters, or continue a search
    Run(RunArgs),
    /// Run the strategy once and show its metrics
    Backtest(BacktestArgs),
    /// Open the vault: run the winner on the test segment, and record that it was
    Test(TestArgs),
    /// Check a study file and its data, and say in words what would be run
    Check(CheckArgs),
    /// Make a trial into a study file of its own, with its metrics and where it came from
    Promote(PromoteArgs),
    /// Run two strategies on the same bars and say what differs, and whether it could be chance
    Compare(CompareArgs),
    /// Run the strategy live: bars from stdin, decisions, orders and fills to stdout
    Stream(StreamArgs),
    /// Say whether the winner is skill or luck: walk-forward, selection, costs, neighbours
    Validate(ValidateArgs),
    /// Re-run stored trials through the reference engine and compare every number
    Verify(VerifyArgs),
    /// Measure how long backtests, proposals and storing take on this machine
    Bench(BenchArgs),
    /// List the trials of a study, best first, or say why two of them are or are not one
    Trials(TrialsArgs),
    /// List the studies of a store
    Studies(StudiesArgs),
    /// Write a study to a file, or copy it into another store
    Export(ExportArgs),
    /// Take trials that were made elsewhere into a study
    Import(ImportArgs),
    /// Delete a study with everything in it
    Delete(DeleteArgs),
    /// Say which parameters the results of a study depend on
    Importance(ImportanceArgs),
    /// Look at, make and convert bar files
    #[command(subcommand)]
    Data(DataCommand),
    /// Print the completions of a shell, to be put where it looks for them
    Completions(CompletionsArgs),
    /// Print the manual page of bartune, or of one of its commands
    Man(ManArgs),
    /// List the futures contracts that a study can name, with tick size, tick value and source
    Instruments(InstrumentsArgs),
}

/// The study file and what the command line changes in it.
#[derive(Debug, Group)]
pub(crate) struct StudyArgs {
    /// Study file
    #[arg(value_name = "STUDY.toml")]
    pub(crate) study: PathBuf,

    /// Replace a value of the study file, as in --set search.lag=4 or --set execution.fill=close
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) overrides: Vec<String>,

    /// Name of the study in the store, in place of the file's
    #[arg(long = "as", value_name = "NAME")]
    pub(crate) as_name: Option<String>,

    /// Read the bars from their file, and keep no decoded copy for the next time
    #[arg(long)]
    pub(crate) no_cache: bool,
}

#[derive(Debug, Group)]
pub(crate) struct StorageArgs {
    /// Database of the study: a file, sqlite:///FILE or postgresql://USER@HOST/DATABASE
    /// [default: $BARTUNE_STORAGE, else sqlite:///STUDY.db, beside the study file]
    #[arg(long, value_name = "URL")]
    pub(crate) storage: Option<String>,
}

#[derive(Debug, Group)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) study: StudyArgs,

    #[command(flatten)]
    pub(crate) storage: StorageArgs,

    /// Distinct trials the study is to have in the end
    #[arg(long, value_name = "N")]
    pub(crate) trials: Option<u64>,

    /// Seed of all randomness
    #[arg(long, value_name = "S")]
    pub(crate) seed: Option<u64>,

    /// Worker threads [default: as many as are measured to pay, one a core at most]; any number gives the same study
    #[arg(long, value_name = "W")]
    pub(crate) workers: Option<NonZeroUsize>,

    /// Memory for trials in flight and, with what they leave, for computed series, as in 512MB or 2GB; 0 computes
    /// all series anew in each trial; any size gives the same study [default: for series a quarter of the free
    /// memory, at most 384MiB]
    #[arg(long, value_name = "SIZE")]
    pub(crate) memory: Option<CacheBudget>,

    /// Stop proposing trials after this long, as in 90s, 10m or 8h; the study can be continued
    #[arg(long, value_name = "T")]
    pub(crate) timeout: Option<String>,

    /// A champion file to beat: it must lie in the space, and is compared with the winner at the end
    #[arg(long, value_name = "CHAMPION.toml")]
    pub(crate) baseline: Option<PathBuf>,

    /// Run without looking first whether the study can work at all
    #[arg(long)]
    pub(crate) no_check: bool,

    /// Delete the trials of this study and start over; NAME must be the study's name
    #[arg(long, value_name = "NAME")]
    pub(crate) fresh: Option<String>,

    /// Print one JSON object on stdout, everything else on stderr
    #[arg(long)]
    pub(crate) json: bool,

    /// Append progress to a file, one JSON object a line, about ten a second
    #[arg(long, value_name = "FILE")]
    pub(crate) log_json: Option<PathBuf>,

    /// Show no progress
    #[arg(long)]
    pub(crate) no_progress: bool,
}

#[derive(Debug, Group)]
pub(crate) struct ChoiceArgs {
    /// Parameter values, as in --params fast=10,slow=50; the rest take their defaults
    #[arg(long, value_name = "K=V,…", value_delimiter = ',', conflicts_with = "trial")]
    pub(crate) params: Vec<String>,

    /// The parameters of this trial of the stored study
    #[arg(long, value_name = "N")]
    pub(crate) trial: Option<u64>,
}

#[derive(Debug, Group)]
pub(crate) struct BacktestArgs {
    #[command(flatten)]
    pub(crate) study: StudyArgs,

    #[command(flatten)]
    pub(crate) choice: ChoiceArgs,

    #[command(flatten)]
    pub(crate) storage: StorageArgs,

    /// Part of the bars
    #[arg(long, value_enum, default_value = "train")]
    pub(crate) segment: SegmentArg,

    /// Write the trades to a CSV or Parquet file
    #[arg(long, value_name = "FILE")]
    pub(crate) trades: Option<PathBuf>,

    /// Write the equity at each bar to a CSV or Parquet file
    #[arg(long, value_name = "FILE")]
    pub(crate) equity: Option<PathBuf>,

    /// Print one JSON object on stdout
    #[arg(long)]
    pub(crate) json: bool,
}

/// The segments that need no opening.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum SegmentArg {
    /// In-sample
    Train,
    /// Out-of-sample
    Validate,
    /// Everything but the test segment
    All,
}

impl From<SegmentArg> for bartune::SegmentName {
    fn from(segment: SegmentArg) -> Self {
        match segment {
            SegmentArg::Train => Self::Train,
            SegmentArg::Validate => Self::Validate,
            SegmentArg::All => Self::All,
        }
    }
}

#[derive(Debug, Group)]
pub(crate) struct TestArgs {
    #[command(flatten)]
    pub(crate) study: StudyArgs,

    #[command(flatten)]
    pub(crate) storage: StorageArgs,

    /// Test this trial [default: the winner]
    #[arg(long, value_name = "N")]
    pub(crate) trial: Option<u64>,

    /// Print one JSON object on stdout
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Group)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) study: StudyArgs,

    /// Probe trials to look at [default: by the number of bars, 8 to 64]
    #[arg(long, value_name = "N")]
    pub(crate) probes: Option<usize>,

    /// A champion file that the space is to contain
    #[arg(long, value_name = "CHAMPION.toml")]
    pub(crate) baseline: Option<PathBuf>,

    /// Skip the pilot that measures what the run will take
    #[arg(long)]
    pub(crate) no_estimate: bool,

    /// Print one JSON object on stdout
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Group)]
pub(crate) struct PromoteArgs {
    #[command(flatten)]
    pub(crate) study: StudyArgs,

    #[command(flatten)]
    pub(crate) storage: StorageArgs,

    /// The trial to promote [default: the winner]
    #[arg(long, value_name = "N")]
    pub(crate) trial: Option<u64>,

    /// The file to write
    #[arg(long, value_name = "CHAMPION.toml")]
    pub(crate) to: PathBuf,

    /// Replace the file if it is there
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Group)]
pub(crate) struct CompareArgs {
    /// A champion file, or a study file: its winner, or FILE@N for trial N
    #[arg(value_name = "A")]
    pub(crate) first: String,

    /// What to compare it with, in the same form; it runs on the bars of the first
    #[arg(value_name = "B")]
    pub(crate) second: String,

    #[command(flatten)]
    pub(crate) storage: StorageArgs,

    /// Part of the bars, as the first one's study file divides them
    #[arg(long, value_enum, default_value = "validate")]
    pub(crate) segment: SegmentArg,

    /// List the trades that only one of them makes
    #[arg(long)]
    pub(crate) trades: bool,

    /// Read the bars from their file, and keep no decoded copy for the next time
    #[arg(long)]
    pub(crate) no_cache: bool,

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

#[derive(Debug, Group)]
pub(crate) struct StreamArgs {
    #[command(flatten)]
    pub(crate) study: StudyArgs,

    #[command(flatten)]
    pub(crate) choice: ChoiceArgs,

    #[command(flatten)]
    pub(crate) storage: StorageArgs,

    /// Warm the indicators on the bars of this file; no orders come of them
    #[arg(long, value_name = "FILE")]
    pub(crate) history: Option<PathBuf>,

    /// Keep the run in this file, and go on from it if it is there
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,

    /// How bars are written on stdin, one a line
    #[arg(long, value_enum, default_value = "csv")]
    pub(crate) format: FormatArg,
}

/// How bars are written, one a line.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum FormatArg {
    /// Delimited text with a heading
    Csv,
    /// JSON objects
    Json,
}

#[derive(Debug, Group)]
pub(crate) struct TrialsArgs {
    #[command(flatten)]
    pub(crate) study: StudyArgs,

    #[command(flatten)]
    pub(crate) storage: StorageArgs,

    /// Show this many, best first
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) top: usize,

    /// Write all trials with parameters and metrics to a CSV file
    #[arg(long, value_name = "FILE")]
    pub(crate) csv: Option<PathBuf>,

    /// Write all trials with parameters and metrics to a Parquet file
    #[arg(long, value_name = "FILE")]
    pub(crate) parquet: Option<PathBuf>,

    /// Say what makes trials A and B one trial or two: parameters, strategy, data, segments, execution,
    /// account, version
    #[arg(long, num_args = 2, value_names = ["A", "B"], conflicts_with_all = ["csv", "parquet", "top"])]
    pub(crate) why: Option<Vec<u64>>,

    /// B is a trial of this study: a study file, or a name in the same store
    #[arg(long, value_name = "STUDY", requires = "why")]
    pub(crate) with: Option<String>,
}

#[derive(Debug, Group)]
pub(crate) struct StudiesArgs {
    /// Database [default: $BARTUNE_STORAGE]
    #[arg(value_name = "URL")]
    pub(crate) storage: Option<String>,

    /// Print one JSON object on stdout
    #[arg(long)]
    pub(crate) json: bool,
}

/// A study by its file, or by its name in a store.
#[derive(Debug, Group)]
pub(crate) struct StoredStudyArgs {
    /// Study file, or the name of a study in --storage
    #[arg(value_name = "STUDY")]
    pub(crate) study: String,

    /// Database of the study [default: sqlite:///STUDY.db, beside the study file, or $BARTUNE_STORAGE]
    #[arg(long, value_name = "URL")]
    pub(crate) storage: Option<String>,
}

#[derive(Debug, Group)]
#[group(required = true, multiple = true, id = "destination")]
pub(crate) struct DestinationArgs {
    /// File to write: .csv, .parquet or .json
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Database to copy the study into, with everything and the same numbers
    #[arg(long, value_name = "URL")]
    pub(crate) to: Option<String>,
}

#[derive(Debug, Group)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    pub(crate) study: StoredStudyArgs,

    #[command(flatten)]
    pub(crate) destination: DestinationArgs,

    /// Name of the copy [default: the study's]
    #[arg(long = "as", value_name = "NAME", requires = "to")]
    pub(crate) name: Option<String>,
}

#[derive(Debug, Group)]
pub(crate) struct ImportArgs {
    #[command(flatten)]
    pub(crate) study: StudyArgs,

    /// Folders of trial_*.json, and .json, .csv or .parquet files
    #[arg(value_name = "PATH", required = true)]
    pub(crate) sources: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) storage: StorageArgs,

    /// Leave away parameters that the study does not have, instead of refusing their trials
    #[arg(long)]
    pub(crate) ignore_unknown: bool,

    /// Scores that stand for no result, as in --penalties=-100,-1e6: such trials are infeasible
    #[arg(long, value_name = "SCORE,…", value_delimiter = ',', allow_negative_numbers = true)]
    pub(crate) penalties: Vec<f64>,

    /// Print one JSON object on stdout
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Group)]
pub(crate) struct DeleteArgs {
    #[command(flatten)]
    pub(crate) study: StoredStudyArgs,

    /// Yes, delete it
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Debug, Group)]
pub(crate) struct ImportanceArgs {
    #[command(flatten)]
    pub(crate) study: StudyArgs,

    #[command(flatten)]
    pub(crate) storage: StorageArgs,

    /// How it is measured
    #[arg(long, value_enum, default_value = "ped-anova")]
    pub(crate) evaluator: EvaluatorArg,

    /// With several objectives: the one to explain, counted from 1 [default: the Pareto front]
    #[arg(long, value_name = "N")]
    pub(crate) objective: Option<usize>,

    /// Print one JSON object on stdout
    #[arg(long)]
    pub(crate) json: bool,
}

/// How importance is measured.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum EvaluatorArg {
    /// By what sets the best trials apart
    PedAnova,
    /// By the variance that each parameter causes over the whole space
    Fanova,
}

#[derive(Debug, Group)]
pub(crate) struct ValidateArgs {
    #[command(flatten)]
    pub(crate) study: StudyArgs,

    #[command(flatten)]
    pub(crate) storage: StorageArgs,

    /// Trial to judge [default: the winner]
    #[arg(long, value_name = "N")]
    pub(crate) trial: Option<u64>,

    /// Out-of-sample pieces of the walk-forward
    #[arg(long, value_name = "N", default_value = "6")]
    pub(crate) folds: NonZeroUsize,

    /// Search as many bars before each piece as before the first, not all of them
    #[arg(long)]
    pub(crate) rolling: bool,

    /// Most trials of each fold's search
    #[arg(long, value_name = "N", default_value = "300")]
    pub(crate) fold_trials: NonZeroU64,

    /// Worker threads [default: the study file's, or one a core]
    #[arg(long, value_name = "N")]
    pub(crate) workers: Option<NonZeroUsize>,

    /// Print one JSON object on stdout
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Group)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    pub(crate) study: StudyArgs,

    #[command(flatten)]
    pub(crate) storage: StorageArgs,

    /// Re-run this many, spread evenly over the study, the winner among them [default: all]
    #[arg(long, value_name = "N")]
    pub(crate) trials: Option<NonZeroUsize>,

    /// Engine to re-run them on
    #[arg(long, value_enum, default_value = "reference")]
    pub(crate) engine: EngineArg,

    /// Print one JSON object on stdout
    #[arg(long)]
    pub(crate) json: bool,
}

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

/// The engines there are.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum EngineArg {
    /// The plain bar-by-bar model
    Reference,
    /// The one that searches run on
    Fast,
}

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
