//! Whole files: every format and spelling, what is refused and how, what is repaired.

use std::path::PathBuf;

use proptest::prelude::*;

use super::super::tests::instant;
use super::super::{NANOS_PER_DAY, NANOS_PER_MINUTE, describe, parse_timeframe, resample, write};
use super::*;

fn testdata(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/bars").join(name)
}

fn new_york() -> LoadOptions {
    LoadOptions { timezone: TimeZone::get("America/New_York").unwrap(), ..LoadOptions::default() }
}

fn read(text: &str, options: &LoadOptions) -> Result<Loaded, DataError> {
    let path = Path::new("bars.csv");
    let table = text::read(path, text.as_bytes(), options)?;
    assemble::assemble((path, FileFormat::Csv), table, options)
}

fn times(text: &str, options: &LoadOptions) -> Vec<String> {
    let bars = read(text, options).unwrap().bars;
    bars.time().iter().map(|time| super::super::check::Utc(*time).to_string()).collect()
}

fn repairing() -> LoadOptions {
    LoadOptions { on_error: OnError::Repair, ..LoadOptions::default() }
}

#[test]
fn every_format_and_spelling_gives_the_same_bars() {
    let expected: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(testdata("formats/expected.json")).unwrap()).unwrap();
    let numbers = |name: &str| -> Vec<f64> {
        expected[name].as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect()
    };
    let instants: Vec<i64> = expected["time"].as_array().unwrap().iter().map(|v| v.as_i64().unwrap()).collect();
    let files = expected["files"].as_array().unwrap();
    assert!(files.len() >= 20);
    for file in files {
        let name = file.as_str().unwrap();
        let loaded = load(testdata(&format!("formats/{name}")), &new_york()).unwrap_or_else(|error| panic!("{error}"));
        let bars = &loaded.bars;
        assert_eq!(bars.time()[..], instants[..], "{name}");
        assert_eq!(bars.open()[..], numbers("open"), "{name}");
        assert_eq!(bars.high()[..], numbers("high"), "{name}");
        assert_eq!(bars.low()[..], numbers("low"), "{name}");
        assert_eq!(bars.close()[..], numbers("close"), "{name}");
        assert_eq!(bars.volume()[..], numbers("volume"), "{name}");
    }
}

#[test]
fn resampling_agrees_with_pandas_across_both_changes_of_the_clock() {
    for season in ["spring", "autumn"] {
        let base = load(testdata(&format!("resample/{season}_30m.csv")), &new_york()).unwrap().bars;
        for timeframe in ["1h", "1d", "1w"] {
            let expected = load(testdata(&format!("resample/{season}_{timeframe}.csv")), &new_york()).unwrap().bars;
            let bars = resample(&base, parse_timeframe(timeframe).unwrap()).unwrap();
            assert_eq!(bars.time()[..], expected.time()[..], "{season} {timeframe}");
            assert_eq!(bars.content_hash(), expected.content_hash(), "{season} {timeframe}");
        }
    }
}

#[test]
fn wrong_files_are_refused_in_words_a_trader_understands() {
    let files = [
        "unsorted.csv",
        "duplicate.csv",
        "repeated_with_other_values.csv",
        "high_below_low.csv",
        "outside_range.csv",
        "not_finite.csv",
        "not_positive.csv",
        "negative_volume.csv",
        "missing_column.csv",
        "misspelt_column.csv",
        "no_rows.csv",
        "empty.csv",
        "unreadable_number.csv",
        "unreadable_time.csv",
        "american_dates.csv",
        "ragged.csv",
        "seconds_as_text.csv",
        "truncated.parquet",
        "text.parquet",
        "truncated.csv.gz",
        "truncated.arrow",
        "flags.parquet",
        "bars.xlsx",
        "absent.csv",
    ];
    for name in files {
        let path = testdata(&format!("wrong/{name}"));
        let error = load(&path, &LoadOptions::default()).unwrap_err().to_string();
        let folder = path.parent().unwrap().display().to_string() + "/";
        insta::assert_snapshot!(name.replace('.', "_"), error.replace(&folder, ""));
    }
}

#[test]
fn repair_sorts_and_drops_exact_duplicates_and_says_so() {
    let text = "time,open,high,low,close,volume\n\
        2024-01-02,2,2,2,2,1\n2024-01-01,1,1,1,1,1\n2024-01-02,2,2,2,2,1\n2024-01-03,3,3,3,3,1\n";
    assert!(read(text, &LoadOptions::default()).is_err());
    let loaded = read(text, &repairing()).unwrap();
    assert_eq!(loaded.bars.close()[..], [1.0, 2.0, 3.0]);
    let repairs = &loaded.report.repairs;
    assert_eq!((repairs.moved, &repairs.first_moved_rows[..]), (1, &[2][..]));
    assert_eq!((repairs.dropped, &repairs.first_dropped_rows[..]), (1, &[3][..]));
    let warnings = describe(&loaded).warnings;
    assert!(warnings.contains(&"1 rows were out of order and were moved".to_owned()), "{warnings:?}");
}

#[test]
fn repair_refuses_other_problems_at_their_row_of_the_file() {
    let text =
        "time,open,high,low,close\n2024-01-03,3,3,3,3\n2024-01-01,1,1,9,1\n2024-01-03,3,3,3,3.0\n2024-01-03,4,4,4,4\n";
    let message = read(text, &repairing()).unwrap_err().to_string();
    assert!(message.contains("row 2 (line 3): high 1 is below low 9"), "{message}");
    assert!(message.contains("row 4 (line 5): time 2024-01-03T00:00:00Z repeats"), "{message}");
}

#[test]
fn rows_stamped_at_their_close_open_one_timeframe_earlier() {
    let options = LoadOptions { stamp: Stamp::Close, ..new_york() };
    let intraday = "time,o,h,l,c\n2024-01-02 09:40,1,1,1,1\n2024-01-02 09:50,1,1,1,1\n";
    assert_eq!(times(intraday, &options), ["2024-01-02T14:30:00Z", "2024-01-02T14:40:00Z"]);
    // The day before New York's clocks go forward, and that day of 23 hours.
    let daily = "time,o,h,l,c\n2024-03-10,1,1,1,1\n2024-03-11,1,1,1,1\n2024-03-12,1,1,1,1\n2024-03-13,1,1,1,1\n";
    assert_eq!(
        times(daily, &options),
        ["2024-03-09T05:00:00Z", "2024-03-10T05:00:00Z", "2024-03-11T04:00:00Z", "2024-03-12T04:00:00Z"]
    );
}

#[test]
fn local_times_of_a_repeated_hour_follow_the_rows() {
    let row = |time: &str| format!("{time},1,1,1,1\n");
    let text = "time,o,h,l,c\n".to_owned()
        + &[
            "2024-11-03 00:30",
            "2024-11-03 01:00",
            "2024-11-03 01:30",
            "2024-11-03 01:00",
            "2024-11-03 01:30",
            "2024-11-03 02:00",
        ]
        .map(row)
        .concat();
    let loaded = read(&text, &new_york()).unwrap();
    let first = instant("2024-11-03T04:30:00Z");
    let expected: Vec<i64> = (0..6).map(|step| first + step * 30 * NANOS_PER_MINUTE).collect();
    assert_eq!(loaded.bars.time()[..], expected[..]);
    assert_eq!(loaded.report.repeated_local_times, 4);
    let skipped = read("time,o,h,l,c\n2024-03-10 02:30,1,1,1,1\n", &new_york()).unwrap();
    assert_eq!(skipped.bars.time()[..], [instant("2024-03-10T07:30:00Z")]);
    assert_eq!(skipped.report.skipped_local_times, 1);
}

#[test]
fn a_file_without_heading_is_read_in_the_usual_order() {
    let loaded = read("1704067200,1,2,0.5,1.5,10\n1704067260,1,2,0.5,1.5,11\n", &LoadOptions::default()).unwrap();
    assert_eq!(loaded.bars.time()[0], instant("2024-01-01T00:00:00Z"));
    assert_eq!(loaded.bars.volume()[..], [10.0, 11.0]);
    assert!(loaded.report.notes[0].contains("no heading"));
    let text = "2024.01.02,09:30,1,2,0.5,1.5,10\n2024.01.02,09:31,1,2,0.5,1.5,11\n";
    let metatrader = read(text, &LoadOptions::default()).unwrap();
    assert_eq!(metatrader.bars.time()[1], instant("2024-01-02T09:31:00Z"));
    assert_eq!(metatrader.bars.volume()[..], [10.0, 11.0]);
}

#[test]
fn chosen_columns_and_a_longer_timeframe_are_used() {
    let text =
        "when;o;h;l;c;bid\n2024-01-01 00:00;1;3;1;2;2\n2024-01-01 00:30;2;5;2;4;3\n2024-01-01 01:00;4;4;3;3;3.5\n";
    let options = LoadOptions {
        columns: [("time", "when"), ("close", "bid")].map(|(a, b)| (a.to_owned(), b.to_owned())).into(),
        timeframe_ns: Some(60 * NANOS_PER_MINUTE),
        ..LoadOptions::default()
    };
    let loaded = read(text, &options).unwrap();
    assert_eq!(loaded.bars.close()[..], [3.0, 3.5]);
    assert_eq!(loaded.report.file_timeframe_ns, 30 * NANOS_PER_MINUTE);
    assert_eq!(loaded.bars.timeframe_ns(), 60 * NANOS_PER_MINUTE);
    let too_short = LoadOptions { timeframe_ns: Some(NANOS_PER_MINUTE), ..LoadOptions::default() };
    let text = text.replace("when", "time");
    assert!(read(&text, &too_short).unwrap_err().to_string().contains("shorter"));
}

#[test]
fn a_damaged_length_in_a_compressed_arrow_file_is_refused_before_it_is_believed() {
    let folder = tempfile::tempdir().unwrap();
    let times = (0..1_000).map(|t| t * NANOS_PER_MINUTE).collect();
    let bars = super::super::tests::bars_of(times, "UTC", NANOS_PER_MINUTE);
    for name in ["a.arrow", "a.arrows"] {
        let path = folder.path().join(name);
        write(&path, &bars).unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        let length = 8_000_i64.to_le_bytes();
        let at = bytes.windows(8).position(|window| window == length).expect("a compressed column");
        bytes[at..at + 8].copy_from_slice(&(1_i64 << 61).to_le_bytes());
        std::fs::write(&path, bytes).unwrap();
        let message = load(&path, &LoadOptions::default()).unwrap_err().to_string();
        assert!(message.contains("a buffer claims to be larger"), "{message}");
    }
}

#[test]
fn gaps_are_reported_and_never_filled() {
    let mut text = "time,o,h,l,c\n".to_owned();
    for hour in [0, 1, 2, 5, 6, 8, 9, 10] {
        text += &format!("2024-01-01 {hour:02}:00,1,1,1,1\n");
    }
    let loaded = read(&text, &LoadOptions::default()).unwrap();
    assert_eq!(loaded.bars.len(), 8);
    let gaps = &loaded.report.gaps;
    assert_eq!((gaps.count, gaps.first.len()), (2, 2));
    assert_eq!(gaps.longest.unwrap().length_ns(), 2 * 60 * NANOS_PER_MINUTE);
    let info = describe(&loaded);
    assert_eq!(info.longest_gap.unwrap().from, "2024-01-01 03:00:00+00:00");
}

#[test]
fn daily_local_bars_have_no_gap_at_a_change_of_the_clock() {
    let mut text = "time,o,h,l,c\n".to_owned();
    for day in 1..=30 {
        text += &format!("2024-11-{day:02},1,1,1,1\n");
    }
    let loaded = read(&text, &new_york()).unwrap();
    assert_eq!(loaded.report.gaps.count, 0);
    assert_eq!(loaded.bars.timeframe_ns(), NANOS_PER_DAY);
}

#[test]
fn the_summary_names_a_jump_and_flat_and_silent_bars() {
    let mut text = "time,o,h,l,c,v\n".to_owned();
    for minute in 0..600 {
        let close = if minute == 300 { 200.0 } else { 100.0 + f64::from(minute % 3) };
        let (high, volume) = (close.max(100.0), minute % 2);
        text += &format!("{},100,{high},100,{close},{volume}\n", 1_704_067_200 + minute * 60);
    }
    let info = describe(&read(&text, &LoadOptions::default()).unwrap());
    assert_eq!((info.rows, info.trading_days, info.timeframe.as_str()), (600, 1, "1m"));
    assert_eq!((info.jumps, info.first_jumps[0].row), (2, 301));
    assert_eq!((info.first_jumps[0].from, info.first_jumps[0].to), (102.0, 200.0));
    assert_eq!((info.zero_volume_bars, info.flat_bars), (300, 199));
    assert_eq!((info.lowest, info.highest), (100.0, 200.0));
    assert_eq!(info.first, "2024-01-01 00:00:00+00:00");
    assert!(serde_json::to_string(&info).unwrap().contains("\"content_hash\""));
}

#[test]
fn the_example_dataset_is_sound() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/data/sp500_daily.parquet");
    let info = describe(&load(path, &new_york()).unwrap());
    assert_eq!((info.rows, info.trading_days, info.timeframe.as_str()), (5_031, 5_031, "1d"));
    assert_eq!(info.first, "1999-01-04 00:00:00-05:00");
    assert_eq!(info.last, "2018-12-31 00:00:00-05:00");
    assert_eq!(info.warnings, Vec::<String>::new());
}

/// Three sound rows, for mutation.
const SOUND: &str = "datetime,open,high,low,close,volume\n\
    2024-01-01 00:00:00,1.5,2.5,1,2,10\n2024-01-01 00:10:00,2,3,1,2,0\n\"2024-01-01 00:20:00\",2,3,1,2,1e3\n";

proptest! {
    #[test]
    fn any_bytes_as_text_are_bars_or_a_refusal(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let path = Path::new("bars.csv");
        let _ = text::read(path, &bytes, &LoadOptions::default())
            .and_then(|table| assemble::assemble((path, FileFormat::Csv), table, &repairing()));
    }

    #[test]
    fn mutated_text_is_bars_or_a_refusal(
        edits in prop::collection::vec((0usize..180, prop::sample::select(b"0123456789-+:., ;\"\n\r\t#eETZnaif\xff\x00".to_vec()), any::<bool>()), 0..8),
        is_new_york in any::<bool>(),
    ) {
        let mut bytes = SOUND.as_bytes().to_vec();
        for (at, byte, is_insertion) in edits {
            let at = at.min(bytes.len() - 1);
            if is_insertion { bytes.insert(at, byte) } else { bytes[at] = byte }
        }
        let options = if is_new_york { new_york() } else { repairing() };
        let path = Path::new("bars.csv");
        let result = text::read(path, &bytes, &options)
            .and_then(|table| assemble::assemble((path, FileFormat::Csv), table, &options));
        match result {
            Ok(loaded) => prop_assert!(!describe(&loaded).content_hash.is_empty()),
            Err(error) => prop_assert!(error.to_string().contains("bars.csv"), "{}", error),
        }
    }

    #[test]
    fn mutated_binary_files_are_bars_or_a_refusal(
        name in prop::sample::select(vec!["a.parquet", "a.arrow", "a.arrows", "a.csv.gz", "a.csv.zst"]),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(), is_cut in any::<bool>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        write(&path, &read(SOUND, &LoadOptions::default()).unwrap().bars).unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        for (at, byte) in edits {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if is_cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        std::fs::write(&path, bytes).unwrap();
        if let Err(error) = load(&path, &LoadOptions::default()) {
            prop_assert!(error.to_string().contains(name), "{}", error);
        }
    }
}
