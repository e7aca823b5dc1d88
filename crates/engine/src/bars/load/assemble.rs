//! From raw cells to checked bars: times placed, stamps moved to the open, small faults repaired.

use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;

use super::super::check::{Checks, Problems};
use super::super::clock::{LocalClock, Reading};
use super::super::{BarColumns, Bars, DataError, NANOS_PER_DAY, resample, timeframe};
use super::report::{Gaps, LoadReport, Repairs};
use super::table::Table;
use super::time_text::{RawTime, compact_date};
use super::{FileFormat, LoadOptions, Loaded, OnError, Stamp};

/// Makes bars of a table.
pub(super) fn assemble(
    (path, format): (&Path, FileFormat),
    table: Table,
    options: &LoadOptions,
) -> Result<Loaded, DataError> {
    let rows_read = table.time.len();
    let place = Place { path: path.to_owned(), lines: table.lines };
    if table.problems.total > 0 {
        return Err(place.refuse(table.problems, rows_read, None));
    }
    let times = place_times(&table.time, &options.timezone);
    let mut columns = columns_of(times.instants, table.values);
    let (mut repairs, mut order) = (Repairs::default(), None);
    if options.on_error == OnError::Repair {
        (repairs, order) = repair(&mut columns);
    }
    if options.stamp == Stamp::Close {
        move_to_open(&mut columns.time, &options.timezone);
    }
    let checks = Checks { allow_nonpositive: options.allow_nonpositive, timeframe_ns: None };
    let bars = Bars::try_new(columns, options.timezone.clone(), checks)
        .map_err(|error| place.locate(error, rows_read, order.as_deref()))?;
    let report = LoadReport {
        path: place.path,
        format,
        rows_read,
        columns: table.columns,
        repairs,
        gaps: Gaps::of(&bars),
        repeated_local_times: times.repeated,
        skipped_local_times: times.skipped,
        file_timeframe_ns: bars.timeframe_ns(),
        notes: table.notes,
    };
    let bars = match options.timeframe_ns {
        Some(timeframe_ns) if timeframe_ns != bars.timeframe_ns() => resample(&bars, timeframe_ns)?,
        _ => bars,
    };
    Ok(Loaded { bars, report })
}

/// Where rows are in the file.
struct Place {
    path: PathBuf,
    lines: Vec<u64>,
}

impl Place {
    /// Adds file, rows and lines to what the checks found. `order` is the file's row of each bar.
    fn locate(&self, error: DataError, rows: usize, order: Option<&[usize]>) -> DataError {
        match error {
            DataError::Problems(problems) => self.refuse(*problems, rows, order),
            DataError::NoRows { .. } => DataError::NoRows { path: Some(self.path.clone()) },
            other => other,
        }
    }

    fn refuse(&self, mut problems: Problems, rows: usize, order: Option<&[usize]>) -> DataError {
        problems.path = Some(self.path.clone());
        problems.rows = rows;
        for problem in &mut problems.first {
            let index = problem.row - 1;
            let row = order.and_then(|order| order.get(index)).copied().unwrap_or(index);
            problem.row = row + 1;
            problem.line = self.lines.get(row).copied();
        }
        DataError::Problems(Box::new(problems))
    }
}

fn columns_of(time: Vec<i64>, values: [Vec<f64>; 5]) -> BarColumns {
    let [open, high, low, close, volume] = values;
    BarColumns { volume: if volume.is_empty() { vec![0.0; time.len()] } else { volume }, time, open, high, low, close }
}

/// Times as instants, and how many local ones had no or two meanings.
struct PlacedTimes {
    instants: Vec<i64>,
    repeated: usize,
    skipped: usize,
}

fn place_times(raw: &[RawTime], timezone: &TimeZone) -> PlacedTimes {
    let unit = EpochUnit::of(raw);
    let locals = raw.iter().filter_map(|time| unit.local(*time));
    let (first, last) = locals.fold((i64::MAX, i64::MIN), |(first, last), local| (first.min(local), last.max(local)));
    let clock = LocalClock::new(timezone, first.min(last), last.max(first));
    let mut placed = PlacedTimes { instants: Vec::with_capacity(raw.len()), repeated: 0, skipped: 0 };
    for time in raw {
        let instant = match unit.local(*time) {
            None => unit.instant(*time),
            Some(local) => match clock.read(local) {
                Reading::Once(instant) => instant,
                Reading::Skipped(instant) => {
                    placed.skipped += 1;
                    instant
                }
                Reading::Twice { earlier, later } => {
                    placed.repeated += 1;
                    let is_passed = placed.instants.last().is_some_and(|above| *above >= earlier);
                    if is_passed { later } else { earlier }
                }
            },
        };
        placed.instants.push(instant);
    }
    placed
}

/// What whole numbers in a time column mean: one unit for the whole column, by its largest value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EpochUnit {
    /// Dates such as 20240131.
    CompactDate,
    /// Epochs in units of so many nanoseconds.
    Nanoseconds(i64),
}

impl EpochUnit {
    /// Seconds reach to the year 5138, milliseconds and microseconds begin in 1973 and end there, too.
    pub(super) fn of(raw: &[RawTime]) -> Self {
        let mut largest = 0.0_f64;
        let (mut numbers, mut dates) = (0, 0);
        for time in raw {
            let number = match time {
                #[expect(clippy::cast_precision_loss, reason = "only the magnitude matters")]
                RawTime::Epoch(number) => *number as f64,
                RawTime::EpochFraction(number) => *number,
                RawTime::Instant(_) | RawTime::Local(_) => continue,
            };
            largest = largest.max(number.abs());
            numbers += 1;
            dates += usize::from(matches!(time, RawTime::Epoch(number) if compact_date(*number).is_some()));
        }
        if numbers > 0 && dates == numbers {
            return Self::CompactDate;
        }
        Self::Nanoseconds(match largest {
            _ if largest < 1e11 => 1_000_000_000,
            _ if largest < 1e14 => 1_000_000,
            _ if largest < 1e17 => 1_000,
            _ => 1,
        })
    }

    pub(super) fn local(self, time: RawTime) -> Option<i64> {
        match (self, time) {
            (_, RawTime::Local(local)) => Some(local),
            (Self::CompactDate, RawTime::Epoch(number)) => compact_date(number),
            _ => None,
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "`as` saturates, and the checks refuse it"
    )]
    pub(super) fn instant(self, time: RawTime) -> i64 {
        let unit_ns = match self {
            Self::CompactDate => 1,
            Self::Nanoseconds(unit_ns) => unit_ns,
        };
        match time {
            RawTime::Instant(instant) | RawTime::Local(instant) => instant,
            RawTime::Epoch(number) => number.saturating_mul(unit_ns),
            RawTime::EpochFraction(number) => {
                let whole = number.floor();
                let fraction_ns = ((number - whole) * unit_ns as f64).round() as i64;
                (whole as i64).saturating_mul(unit_ns).saturating_add(fraction_ns)
            }
        }
    }
}

/// Sorts by time, keeping the order of equal times, then drops rows equal to the one before in every
/// column. Gives what it did, and for each row left the row of the file it was.
fn repair(columns: &mut BarColumns) -> (Repairs, Option<Vec<usize>>) {
    let mut repairs = Repairs::default();
    let mut latest = i64::MIN;
    for (row, time) in columns.time.iter().enumerate() {
        if *time < latest {
            repairs.push_moved(row + 1);
        }
        latest = latest.max(*time);
    }
    let mut order: Vec<usize> = (0..columns.time.len()).collect();
    order.sort_by_key(|row| columns.time[*row]);
    order.dedup_by(|row, kept| {
        let is_repeated = columns.time[*row] == columns.time[*kept]
            && [&columns.open, &columns.high, &columns.low, &columns.close, &columns.volume]
                .iter()
                .all(|values| values[*row].to_bits() == values[*kept].to_bits());
        if is_repeated {
            repairs.push_dropped(*row + 1);
        }
        is_repeated
    });
    if repairs == Repairs::default() {
        return (repairs, None);
    }
    columns.time = order.iter().map(|row| columns.time[*row]).collect();
    for values in [&mut columns.open, &mut columns.high, &mut columns.low, &mut columns.close, &mut columns.volume] {
        *values = order.iter().map(|row| values[*row]).collect();
    }
    (repairs, Some(order))
}

/// Takes one timeframe off every time, on the wall clock from a day on.
fn move_to_open(time: &mut [i64], timezone: &TimeZone) {
    let (Some(first), Some(last)) = (time.iter().min(), time.iter().max()) else {
        return;
    };
    let clock = LocalClock::new(timezone, *first, *last);
    let timeframe_ns = timeframe::most_common_gap(time).unwrap_or(NANOS_PER_DAY);
    for instant in time {
        *instant = if timeframe_ns < NANOS_PER_DAY {
            instant.saturating_sub(timeframe_ns)
        } else {
            let (Reading::Once(open) | Reading::Skipped(open) | Reading::Twice { earlier: open, .. }) =
                clock.read(clock.local(*instant).saturating_sub(timeframe_ns));
            open
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_of_epochs_is_told_by_their_size() {
        for (number, unit) in [
            (1_700_000_000, 1_000_000_000),
            (1_700_000_000_000, 1_000_000),
            (1_700_000_000_000_000, 1_000),
            (1_700_000_000_000_000_000, 1),
        ] {
            // An early row, small in any unit, follows the column.
            let raw = [RawTime::Epoch(0), RawTime::Epoch(number)];
            assert_eq!(EpochUnit::of(&raw), EpochUnit::Nanoseconds(unit));
            assert_eq!(EpochUnit::of(&raw).instant(raw[1]), 1_700_000_000_000_000_000);
        }
        let fraction = RawTime::EpochFraction(1_700_000_000.25);
        assert_eq!(EpochUnit::of(&[fraction]).instant(fraction), 1_700_000_000_250_000_000);
    }

    #[test]
    fn whole_numbers_that_are_all_dates_are_dates() {
        let raw = [RawTime::Epoch(20_240_131), RawTime::Epoch(20_240_201)];
        assert_eq!(EpochUnit::of(&raw), EpochUnit::CompactDate);
        let placed = place_times(&raw, &TimeZone::UTC);
        assert_eq!(placed.instants[1] - placed.instants[0], NANOS_PER_DAY);
        let mixed = [RawTime::Epoch(20_240_131), RawTime::Epoch(20_240_199)];
        assert_eq!(EpochUnit::of(&mixed), EpochUnit::Nanoseconds(1_000_000_000));
    }
}
