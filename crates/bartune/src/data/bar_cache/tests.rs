use std::fs::{self, File};

use bartune_engine::bars::{Bars, SynthOptions, synth, write};

use super::*;

fn bars_of_seed(seed: u64) -> Bars {
    synth(&SynthOptions { bars: 200, seed, ..SynthOptions::default() }).unwrap()
}

/// Writes bars as if an hour ago, plus so many seconds.
fn write_long_ago(path: &Path, seed: u64, seconds: u64) {
    write(path, &bars_of_seed(seed)).unwrap();
    let time = SystemTime::now() - Duration::from_secs(3600) + Duration::from_secs(seconds);
    File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
}

struct Place {
    folder: tempfile::TempDir,
    cache: BarCache,
    file: PathBuf,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (cache, file) = (BarCache::at(folder.path().join("cache/bars")), folder.path().join("bars.parquet"));
        write_long_ago(&file, 1, 0);
        Self { folder, cache, file }
    }

    fn load(&self) -> Loaded {
        self.cache.load(&self.file, &LoadOptions::default()).unwrap()
    }

    fn copies(&self) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(self.cache.folder()) else { return vec![] };
        let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths
    }
}

fn same(loaded: &Loaded, seed: u64) {
    assert_eq!(loaded.bars.content_hash(), bars_of_seed(seed).content_hash());
    assert_eq!(loaded.report.rows_read, 200);
}

#[test]
fn the_second_time_the_file_is_not_decoded() {
    let place = Place::new();
    same(&place.load(), 1);
    assert_eq!(place.copies().len(), 1);
    let metadata = fs::metadata(&place.file).unwrap();
    // The same state with other content can only come from the copy.
    let copy = &place.copies()[0];
    let source = Source::of(&place.file, &LoadOptions::default()).unwrap();
    let other = Loaded { bars: bars_of_seed(2), report: place.load().report };
    write_copy(copy, &source.state, &other).unwrap();
    same(&place.load(), 2);
    assert_eq!(fs::metadata(&place.file).unwrap().modified().unwrap(), metadata.modified().unwrap());
}

#[test]
fn a_file_that_was_changed_is_read_again_and_its_copy_replaced() {
    let place = Place::new();
    same(&place.load(), 1);
    write_long_ago(&place.file, 2, 60);
    same(&place.load(), 2);
    same(&place.load(), 2);
    assert_eq!(place.copies().len(), 1);
}

#[test]
fn a_file_with_the_same_length_and_time_in_anothers_place_is_noticed() {
    let place = Place::new();
    let (first, second) = (place.folder.path().join("first.csv"), place.folder.path().join("second.csv"));
    let time = SystemTime::now() - Duration::from_secs(3600);
    for (path, close) in [(&first, 4), (&second, 5)] {
        fs::write(path, format!("time,open,high,low,close,volume\n2024-01-01T00:00:00Z,5,9,1,{close},0\n")).unwrap();
        File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
    }
    let close = |path: &Path| place.cache.load(path, &LoadOptions::default()).unwrap().bars.close()[0];
    assert_eq!(close(&first), 4.0);
    fs::rename(&second, &first).unwrap();
    assert_eq!(close(&first), 5.0);
}

#[test]
fn a_file_changed_just_now_is_not_copied_yet() {
    let place = Place::new();
    write(&place.file, &bars_of_seed(3)).unwrap();
    same(&place.load(), 3);
    assert!(place.copies().is_empty());
}

#[test]
fn each_way_of_reading_has_its_own_copy() {
    let place = Place::new();
    let hourly = LoadOptions { timeframe_ns: Some(3_600_000_000_000), ..LoadOptions::default() };
    let zone = LoadOptions { timezone: jiff::tz::TimeZone::get("America/New_York").unwrap(), ..LoadOptions::default() };
    same(&place.load(), 1);
    for options in [&hourly, &zone, &hourly, &zone] {
        let (plain, cached) =
            (bars::load(&place.file, options).unwrap(), place.cache.load(&place.file, options).unwrap());
        assert_eq!(plain.bars.content_hash(), cached.bars.content_hash());
        assert_eq!((plain.bars.timeframe_ns(), plain.report), (cached.bars.timeframe_ns(), cached.report));
        assert_eq!(cached.bars.timezone(), &options.timezone);
    }
    assert_eq!(place.copies().len(), 3);
}

#[test]
fn a_damaged_copy_is_made_anew() {
    let place = Place::new();
    same(&place.load(), 1);
    let copy = &place.copies()[0];
    let whole = fs::read(copy).unwrap();
    for bytes in [&whole[..whole.len() / 2], &[], b"garbage"] {
        fs::remove_file(copy).unwrap();
        fs::write(copy, bytes).unwrap();
        same(&place.load(), 1);
        assert_eq!(fs::read(copy).unwrap(), whole);
    }
}

#[test]
fn a_folder_that_cannot_be_written_costs_a_note_and_nothing_else() {
    let place = Place::new();
    let blocked = BarCache::at(place.file.join("bars"));
    let loaded = blocked.load(&place.file, &LoadOptions::default()).unwrap();
    same(&loaded, 1);
    assert!(loaded.report.notes.iter().any(|note| note.contains("--no-cache")), "{:?}", loaded.report.notes);
}

#[test]
fn problems_of_the_file_are_told_as_without_a_cache() {
    let place = Place::new();
    let absent = place.folder.path().join("absent.csv");
    let message = |result: Result<Loaded, DataError>| result.unwrap_err().to_string();
    let options = LoadOptions::default();
    assert_eq!(message(place.cache.load(&absent, &options)), message(bars::load(&absent, &options)));
}

#[test]
fn the_oldest_copies_go_first_and_foreign_files_stay() {
    let place = Place::new();
    fs::create_dir_all(place.cache.folder()).unwrap();
    for (age, name) in ["oldest.arrow", "old.arrow", "new.arrow", "notes.txt"].into_iter().enumerate() {
        let path = place.cache.folder().join(name);
        fs::write(&path, [0; 100]).unwrap();
        let time = SystemTime::now() - Duration::from_secs(1000 - 100 * age as u64);
        File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
    }
    let newest = place.cache.folder().join("oldest.arrow");
    place.cache.prune(200, &newest);
    let names: Vec<_> = place.copies().iter().map(|path| path.file_name().unwrap().to_owned()).collect();
    assert_eq!(names, ["new.arrow", "notes.txt", "oldest.arrow"]);
}

#[test]
fn the_folder_is_the_users_own_unless_one_is_named() {
    let with = |set: &[(&str, &str)]| {
        let found = |name: &str| set.iter().find(|(key, _)| *key == name).map(|(_, value)| PathBuf::from(value));
        folder_of(found).map(|folder| folder.display().to_string())
    };
    assert_eq!(with(&[("BARTUNE_CACHE_DIR", "/fast"), ("HOME", "/home/a")]).unwrap(), "/fast/bars");
    assert_eq!(with(&[("XDG_CACHE_HOME", "/x"), ("HOME", "/home/a")]).unwrap(), "/x/bartune/bars");
    assert_eq!(with(&[("XDG_CACHE_HOME", "relative"), ("HOME", "/home/a")]).unwrap(), "/home/a/.cache/bartune/bars");
    assert_eq!(with(&[]), None);
}

#[test]
fn many_threads_at_once_all_get_the_bars_and_leave_one_copy() {
    let place = Place::new();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..5).for_each(|_| same(&place.load(), 1)));
        }
    });
    assert_eq!(place.copies().len(), 1);
}
