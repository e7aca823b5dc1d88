//! Columns of results, written as CSV or Parquet: trades, equity, trials.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, TimestampNanosecondArray};
use bartune_engine::bars::Bars;
use bartune_engine::simulator::{ExitReason, Side, Trade};
use bartune_search::trial::TrialState;
use parquet::arrow::ArrowWriter;

use crate::error::Error;
use crate::evaluator::BacktestRun;

mod trials;

pub(crate) use trials::TrialColumns;
pub use trials::trials;

/// Named columns of one length.
#[derive(Debug, Default)]
pub struct Table {
    columns: Vec<(String, Column)>,
}

#[derive(Debug)]
pub(crate) enum Column {
    Number(Vec<Option<f64>>),
    Integer(Vec<Option<i64>>),
    Text(Vec<Option<String>>),
    /// Nanoseconds since 1970 UTC.
    Time(Vec<Option<i64>>),
}

/// Round trips, one a row, in the order of their exits.
#[must_use]
pub fn trades(run: &BacktestRun, bars: &Bars) -> Table {
    let trades = &run.backtest.trades;
    let number = |of: fn(&Trade) -> f64| Column::Number(trades.iter().map(|trade| Some(of(trade))).collect());
    let text =
        |of: fn(&Trade) -> &'static str| Column::Text(trades.iter().map(|trade| Some(of(trade).to_owned())).collect());
    let time =
        |of: fn(&Trade) -> usize| Column::Time(trades.iter().map(|trade| Some(bars.time()[of(trade)])).collect());
    Table::default()
        .with("side", text(|trade| side_name(trade.side)))
        .with("size", number(|trade| trade.size))
        .with("entry_time", time(|trade| trade.entry_bar))
        .with("entry_price", number(|trade| trade.entry_price))
        .with("exit_time", time(|trade| trade.exit_bar))
        .with("exit_price", number(|trade| trade.exit_price))
        .with("exit_reason", text(|trade| exit_name(trade.exit_reason)))
        .with("pnl", number(|trade| trade.pnl))
        .with("commission", number(|trade| trade.commission))
        .with("slippage", number(|trade| trade.slippage))
        .with("max_adverse", number(|trade| trade.max_adverse))
        .with("max_favorable", number(|trade| trade.max_favorable))
        .with("ambiguous", Column::Integer(trades.iter().map(|trade| Some(i64::from(trade.ambiguous))).collect()))
}

/// Equity at each bar's close, with the bar's open time.
#[must_use]
pub fn equity(run: &BacktestRun, bars: &Bars) -> Table {
    Table::default()
        .with("time", Column::Time(bars.time()[run.segment.clone()].iter().copied().map(Some).collect()))
        .with("close", Column::Number(bars.close()[run.segment.clone()].iter().copied().map(Some).collect()))
        .with("equity", Column::Number(run.backtest.equity.iter().copied().map(Some).collect()))
}

impl Table {
    pub(crate) fn with(mut self, name: impl Into<String>, column: Column) -> Self {
        self.columns.push((name.into(), column));
        self
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, |(_, column)| column.len())
    }

    /// The columns as one batch of Arrow arrays.
    #[must_use]
    pub fn batch(&self) -> RecordBatch {
        let arrays = self.columns.iter().map(|(name, column)| (name.as_str(), column.array(), true));
        RecordBatch::try_from_iter_with_nullable(arrays).expect("columns of one length, with their own types")
    }

    /// Write to a `.csv` or `.parquet` file.
    ///
    /// # Errors
    ///
    /// [`Error::Write`] when the file cannot be written or has another ending.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        let failed = |source: std::io::Error| Error::Write { path: path.to_owned(), source };
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("csv") => self.write_csv(path).map_err(|error| failed(error.into())),
            Some("parquet") => self.write_parquet(path).map_err(|error| failed(std::io::Error::other(error))),
            _ => Err(failed(std::io::Error::new(
                std::io::ErrorKind::InvalidInput,
                "the name must end in .csv or .parquet",
            ))),
        }
    }

    fn write_csv(&self, path: &Path) -> Result<(), csv::Error> {
        let mut writer = csv::Writer::from_path(path)?;
        writer.write_record(self.columns.iter().map(|(name, _)| name))?;
        for row in 0..self.rows() {
            writer.write_record(self.columns.iter().map(|(_, column)| column.text(row)))?;
        }
        Ok(writer.flush()?)
    }

    fn write_parquet(&self, path: &Path) -> Result<(), parquet::errors::ParquetError> {
        let batch = self.batch();
        let mut writer = ArrowWriter::try_new(File::create(path)?, batch.schema(), None)?;
        writer.write(&batch)?;
        writer.close()?;
        Ok(())
    }
}

impl Column {
    fn len(&self) -> usize {
        match self {
            Self::Number(values) => values.len(),
            Self::Integer(values) => values.len(),
            Self::Text(values) => values.len(),
            Self::Time(values) => values.len(),
        }
    }

    fn text(&self, row: usize) -> String {
        let shown = match self {
            Self::Number(values) => values[row].map(|value| value.to_string()),
            Self::Integer(values) => values[row].map(|value| value.to_string()),
            Self::Text(values) => values[row].clone(),
            Self::Time(values) => values[row].and_then(time_text),
        };
        shown.unwrap_or_default()
    }

    fn array(&self) -> ArrayRef {
        match self {
            Self::Number(values) => Arc::new(Float64Array::from(values.clone())),
            Self::Integer(values) => Arc::new(Int64Array::from(values.clone())),
            Self::Text(values) => Arc::new(StringArray::from(values.clone())),
            Self::Time(values) => Arc::new(TimestampNanosecondArray::from(values.clone()).with_timezone("UTC")),
        }
    }
}

/// A moment in nanoseconds since 1970 UTC as text.
fn time_text(time: i64) -> Option<String> {
    jiff::Timestamp::from_nanosecond(i128::from(time)).ok().map(|time| time.to_string())
}

/// How a side is written in every output.
#[must_use]
pub fn side_name(side: Side) -> &'static str {
    match side {
        Side::Long => "long",
        Side::Short => "short",
    }
}

/// How a reason to leave is written in every output.
#[must_use]
pub fn exit_name(reason: ExitReason) -> &'static str {
    match reason {
        ExitReason::StopLoss => "stop_loss",
        ExitReason::TrailingStop => "trailing_stop",
        ExitReason::TakeProfit => "take_profit",
        ExitReason::Rule => "rule",
        ExitReason::Reversal => "reversal",
        ExitReason::MaxBars => "max_bars",
        ExitReason::FlatBy => "flat_by",
        ExitReason::AccountRule => "account_rule",
        ExitReason::MarginCall => "margin_call",
        ExitReason::SegmentEnd => "segment_end",
        ExitReason::Bankrupt => "bankrupt",
    }
}

/// How a state is written in every output: as Optuna has it.
#[must_use]
pub fn state_name(state: TrialState) -> &'static str {
    match state {
        TrialState::Running => "RUNNING",
        TrialState::Complete => "COMPLETE",
        TrialState::Pruned => "PRUNED",
        TrialState::Fail => "FAIL",
        TrialState::Waiting => "WAITING",
    }
}
