//! Opening the vault: the test segment is run once, for one trial, and the opening is recorded.

use bartune_search::storage::{TrialRecord, VaultOpening};
use jiff::Timestamp;

use super::session::Session;
use crate::error::Error;
use crate::evaluator::{BacktestRun, Evaluator, SegmentName};

/// A test of one trial on the vault.
#[derive(Debug)]
pub struct VaultTest {
    /// The trial tested.
    pub record: TrialRecord,
    /// Its run on the test segment.
    pub run: BacktestRun,
    /// Earlier openings, oldest first. The first look is the only unbiased one.
    pub earlier: Vec<VaultOpening>,
}

/// Run `record`'s trial on the test segment with an evaluator that sees it, and record that it was.
/// The opening is recorded before its result is returned.
///
/// # Errors
///
/// [`Error::NoSegment`], [`Error::Bind`], [`Error::Storage`].
pub fn open_vault(
    session: &mut Session<'_>,
    evaluator: &Evaluator<'_>,
    record: TrialRecord,
) -> Result<VaultTest, Error> {
    let params = session.plan().parameters.to_params(&record.trial.params);
    let run = evaluator.backtest(&params, SegmentName::Test)?;
    let earlier = session.vault_openings()?;
    let opening = VaultOpening {
        opened_ms: Timestamp::now().as_millisecond(),
        trial_number: record.trial.number,
        metrics: run.metrics.to_map(),
    };
    session.record_vault_opening(&opening)?;
    Ok(VaultTest { record, run, earlier })
}
