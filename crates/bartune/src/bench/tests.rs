use super::*;

#[test]
fn a_quick_run_has_every_figure_once_and_every_figure_is_a_time() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let options = BenchOptions { synthetic_bars: 2_000, ..BenchOptions::quick() };
    let mut told = 0;
    let report = measure(&options, &folder.path().join("bars.parquet"), |_| told += 1).expect("it runs");
    let mut ids: Vec<&str> = report.rows.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(told, ids.len());
    for strategy in STRATEGIES {
        for part in ["cold", "warm", "reference", "random_cold", "random", "all"] {
            let id = format!("{}.{part}", strategy.id);
            assert!(ids.contains(&id.as_str()), "{id} is not in {ids:?}");
        }
    }
    for id in ["conditions_1.cold", "conditions_20.warm", "floor", "load", "tpe.100", "random.100", "append"] {
        assert!(ids.contains(&id), "{id} is not in {ids:?}");
    }
    for row in &report.rows {
        let Timing { low_ms, median_ms, high_ms, repeats } = row.timing;
        assert!(low_ms > 0.0 && low_ms <= median_ms && median_ms <= high_ms && repeats > 0, "{row:?}");
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), report.rows.len());
}

#[test]
fn every_strategy_trades() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let options = BenchOptions { synthetic_bars: 20_000, ..BenchOptions::quick() };
    let report = measure(&options, &folder.path().join("bars.parquet"), |_| ()).expect("it runs");
    for strategy in STRATEGIES {
        let row = report.row(&format!("{}.cold", strategy.id)).expect("it was measured");
        let trades = row.result.split(", ").nth(1).and_then(|text| text.strip_suffix(" trades"));
        let trades: u32 = trades.and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{row:?}"));
        assert!(trades >= 10, "{row:?}");
    }
}

#[test]
fn figures_follow_from_the_median() {
    let timing = Timing::of(vec![4.0, 2.0, 3.0]);
    let row = Row { id: String::new(), what: String::new(), timing, bars: Some(1_000_000), result: String::new() };
    assert_eq!((row.ns_per_bar(), row.per_second()), (Some(3.0), 1e3 / 3.0));
}

#[test]
fn a_bar_file_that_is_not_there_is_an_error() {
    let options = BenchOptions { bars: Some(PathBuf::from("nowhere.parquet")), ..BenchOptions::quick() };
    let error = measure(&options, Path::new("unused.parquet"), |_| ()).expect_err("there are no bars");
    assert!(error.to_string().contains("nowhere.parquet"), "{error}");
}

#[test]
fn the_stores_have_every_figure_once_and_leave_nothing_behind() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let location = folder.path().join("named.db").display().to_string();
    let options = StoreOptions { trials: 2_100, locations: vec![location.clone()], ..StoreOptions::quick() };
    let mut told = 0;
    let report = measure_stores(&options, |_| told += 1).expect("it runs");
    let ids: Vec<&str> = report.rows.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(told, ids.len());
    for id in ["append.64", "append.512", "append.1", "commit", "history", "results", "guard.add", "guard.ask"] {
        let id = format!("sqlite.{id}");
        // Once for the new file and once for the one that was named.
        assert_eq!(ids.iter().filter(|found| **found == id).count(), 2, "{id} in {ids:?}");
    }
    assert!(ids.contains(&"signatures") && ids.contains(&"import"), "{ids:?}");
    assert!(report.rows.iter().all(|row| row.timing.low_ms > 0.0 && row.timing.repeats > 0));
    let storage = bartune_storage::open_read_only(&location).expect("it is there");
    assert!(storage.studies().expect("it can be read").is_empty());
}
