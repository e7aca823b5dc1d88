//! The stores alone: writing trials, opening a large study, guards, signatures, importing.
//!
//! Every figure is wall-clock time, what a user waits. Where a server's disk decides (a commit by itself
//! waits for it), the row `commit` stands beside: the least that any commit costs in that store.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Instant;

use bartune_search::identity::{self, Signature};
use bartune_search::space::{Assignment, Space};
use bartune_search::storage::{StudyId, TrialRecord};
use bartune_search::stream::RandomStream;
use bartune_search::trial::{StudyDirection, Trial, TrialState};
use bartune_storage::guard::{self, GuardError};
use bartune_storage::{AnyStorage, StorageError};
use indexmap::IndexMap;
use serde_json::json;

use super::search::space;
use super::timing::Timing;
use super::{Row, StoreOptions};
use crate::config::parse_study;
use crate::data;
use crate::error::Error;
use crate::import::{ImportOptions, import};
use crate::study::{HEADLINE_METRICS, Session};

/// Trials of a small and of a large batch; a run writes up to 512 at a time.
const BATCHES: [u64; 2] = [64, 512];
/// Trials with full records, as in a study.
const FULL: u64 = 2_000;
/// Metrics of a full record.
const METRICS: u64 = 84;
/// Days of train and validate of five years.
const DAYS: [(&str, u64); 2] = [("train", 756), ("validate", 252)];

/// The study that files are imported into.
const STUDY: &str = r#"
name = "import"
data.path = "bars.parquet"
data.synth = { bars = 500, timeframe = "1h", seed = 5 }
params.a = { int = [0, 1000000] }
params.b = { float = [0.0, 1.0] }
params.c = { float = [0.0, 1.0] }
params.d = { float = [0.0, 1.0] }
params.e = { int = [0, 100] }
params.f = { int = [0, 100] }
params.g = { bool = true }
params.h = { choice = ["cross", "target"] }
strategy.long_entry = "close > open"
objective.maximize = "composite"
"#;

/// All rows, each shown to `observe` when it is known.
pub(super) fn rows(options: &StoreOptions, mut observe: impl FnMut(&Row)) -> Result<Vec<Row>, Error> {
    let folder = tempfile::tempdir().map_err(|source| Error::Write { path: std::env::temp_dir(), source })?;
    let in_folder = |name: &str| folder.path().join(name).display().to_string();
    let mut found = Vec::new();
    let mut keep = |rows: Vec<Row>| {
        rows.iter().for_each(&mut observe);
        found.extend(rows);
    };
    keep(vec![signatures()?]);
    let sqlite = in_folder("studies.db");
    let is_study_store = |location: &&String| kind(location) != "redis";
    for location in [&sqlite].into_iter().chain(options.locations.iter().filter(is_study_store)) {
        keep(studies(location, options)?);
    }
    let sqlite = in_folder("guards.db");
    for location in [&sqlite].into_iter().chain(&options.locations) {
        keep(guards(location, options)?);
    }
    keep(vec![imports(folder.path(), options)?]);
    Ok(found)
}

/// What a location is called in ids.
fn kind(location: &str) -> &str {
    match location.split_once(':').map(|(scheme, _)| scheme.split('+').next().unwrap_or(scheme)) {
        Some("postgres" | "postgresql") => "postgresql",
        Some("redis" | "rediss") => "redis",
        _ => "sqlite",
    }
}

fn row((id, what): (String, String), timing: Timing, result: String) -> Row {
    Row { id, what, timing, bars: None, result }
}

/// Signatures of parameter sets never seen before.
fn signatures() -> Result<Row, Error> {
    const SETS: u64 = 1_000;
    let space = space()?;
    let mut milliseconds = Vec::new();
    for seed in 0..20 {
        let draw = |number| space.sample_uniform(&mut RandomStream::new(seed, number, 0));
        let sets: Vec<Assignment> =
            (0..SETS).map(draw).collect::<Result<_, _>>().map_err(bartune_search::sampler::SamplerError::from)?;
        let start = Instant::now();
        black_box(identity::signatures(&sets, &space));
        milliseconds.push(start.elapsed().as_secs_f64() * 1e3);
    }
    let name = ("signatures".to_owned(), format!("{SETS} signatures of 8 parameters"));
    Ok(row(name, Timing::of(milliseconds), "one thread".to_owned()))
}

/// Writing a study and opening it again.
fn studies(location: &str, options: &StoreOptions) -> Result<Vec<Row>, Error> {
    let mut storage = bartune_storage::open(location)?;
    // A name that no study of a user's has.
    let name = format!("bartune bench {}", std::process::id());
    let id = storage.create_study(&name, &[StudyDirection::Maximize])?.id;
    let rows = study(&mut storage, (id, kind(location)), options);
    storage.delete_study(id)?;
    rows
}

fn study(storage: &mut AnyStorage, (id, kind): (StudyId, &str), options: &StoreOptions) -> Result<Vec<Row>, Error> {
    let space = space()?;
    let mut rows = Vec::new();
    let mut next = 0;
    let mut write = |storage: &mut AnyStorage, (batch, trials): (u64, u64)| -> Result<Timing, Error> {
        let mut milliseconds = Vec::new();
        let end = next + trials;
        while next < end {
            let records: Vec<TrialRecord> =
                (next..(next + batch).min(end)).map(|number| record(&space, number)).collect::<Result<_, _>>()?;
            next += records.len() as u64;
            let start = Instant::now();
            storage.append(id, &records)?;
            milliseconds.push(start.elapsed().as_secs_f64() * 1e3 / records.len() as f64);
        }
        Ok(Timing::of(milliseconds))
    };
    for batch in BATCHES {
        let timing = write(storage, (batch, options.trials / 2))?;
        let what = format!("{kind}, a trial stored, {batch} a batch");
        rows.push(row((format!("{kind}.append.{batch}"), what), timing, format!("{} trials", options.trials / 2)));
    }
    let timing = write(storage, (1, options.singles))?;
    let what = format!("{kind}, a trial stored by itself");
    rows.push(row((format!("{kind}.append.1"), what), timing, format!("{} trials", options.singles)));
    rows.push(commits(storage, (id, kind), options)?);
    rows.extend(reads(storage, (id, kind))?);
    Ok(rows)
}

/// The smallest commit there is: one short value of the study.
fn commits(storage: &mut AnyStorage, (id, kind): (StudyId, &str), options: &StoreOptions) -> Result<Row, StorageError> {
    let mut milliseconds = Vec::new();
    for number in 0..options.singles {
        let start = Instant::now();
        storage.set_study_attr(id, "bench", &json!(number))?;
        milliseconds.push(start.elapsed().as_secs_f64() * 1e3);
    }
    let name = (format!("{kind}.commit"), format!("{kind}, the smallest commit"));
    Ok(row(name, Timing::of(milliseconds), String::new()))
}

/// Opening the study: what a resumed search reads, and what a summary does.
fn reads(storage: &AnyStorage, (id, kind): (StudyId, &str)) -> Result<[Row; 2], StorageError> {
    const REPEATS: usize = 3;
    const PART: u64 = 4_096;
    let mut timings = [Vec::new(), Vec::new()];
    let mut counts = [0; 2];
    for _ in 0..REPEATS {
        let start = Instant::now();
        counts[0] = black_box(storage.history(id)?).len();
        timings[0].push(start.elapsed().as_secs_f64() * 1e3);
        let start = Instant::now();
        let mut first = 0;
        loop {
            let part = black_box(storage.results_in(id, first..first + PART)?);
            first += part.len() as u64;
            if part.is_empty() {
                break;
            }
        }
        counts[1] = usize::try_from(first).unwrap_or(usize::MAX);
        timings[1].push(start.elapsed().as_secs_f64() * 1e3);
    }
    let [history, results] = timings.map(Timing::of);
    let trials = counts.map(|count| format!("{count} trials"));
    Ok([
        row((format!("{kind}.history"), format!("{kind}, a study opened")), history, trials[0].clone()),
        row((format!("{kind}.results"), format!("{kind}, a study summed up")), results, trials[1].clone()),
    ])
}

/// A trial as a study has it, with values of random bits: full records first, then headlines.
fn record(space: &Space, number: u64) -> Result<TrialRecord, Error> {
    let mut random = RandomStream::new(1, number, 0);
    let params = space.sample_uniform(&mut random).map_err(bartune_search::sampler::SamplerError::from)?;
    let distributions = space
        .params()
        .iter()
        .map(|(name, param)| (name.clone(), param.distribution.clone()))
        .collect::<IndexMap<_, _>>();
    let is_abridged = number >= FULL;
    let metrics = DAYS.map(|(segment, _)| (segment.to_owned(), metrics(&mut random, is_abridged)));
    let returns = |(segment, days): (&str, u64), random: &mut RandomStream| {
        let day = |random: &mut RandomStream| ((random.uniform() - 0.5) * 0.02) as f32;
        (segment.to_owned(), (0..days).map(|_| day(random)).collect::<Vec<f32>>())
    };
    let returns = DAYS.map(|segment| returns(segment, &mut random));
    Ok(TrialRecord {
        identity: Signature::of_text(&number.to_string()).to_string(),
        metrics: metrics.into(),
        daily_returns: if is_abridged { BTreeMap::new() } else { returns.into() },
        is_abridged,
        reason: None,
        trial: Trial {
            number,
            state: TrialState::Complete,
            params,
            distributions,
            values: vec![random.uniform()],
            constraints: ["trades >= 30", "max_drawdown <= 0.35"]
                .map(|text| (text.to_owned(), random.uniform() - 0.9))
                .into_iter()
                .collect(),
            intermediate_values: BTreeMap::new(),
            user_attrs: IndexMap::new(),
            system_attrs: IndexMap::new(),
            started_ms: Some(1_700_000_000_000),
            finished_ms: Some(1_700_000_000_004),
            duplicate_of: None,
        },
    })
}

/// A quarter of a backtest's metrics are counts.
fn metrics(random: &mut RandomStream, is_abridged: bool) -> BTreeMap<String, f64> {
    let value = |index: u64, random: &mut RandomStream| match index % 4 {
        0 => (random.uniform() * 2_000.0).floor(),
        _ => random.uniform() * 3.0 - 1.0,
    };
    let headline = (0..).zip(HEADLINE_METRICS.map(str::to_owned));
    let rest = (HEADLINE_METRICS.len() as u64..METRICS).map(|index| (index, format!("metric_{index:02}")));
    let names: Vec<(u64, String)> = if is_abridged { headline.collect() } else { headline.chain(rest).collect() };
    names.into_iter().map(|(index, name)| (name, value(index, random))).collect()
}

/// Adding to a guard and asking it.
fn guards(location: &str, options: &StoreOptions) -> Result<Vec<Row>, Error> {
    let name = format!("bartune bench {}", std::process::id());
    let kind = kind(location);
    let worded = |error: GuardError| match error {
        GuardError::Store(error) => Error::Storage(error),
        other => Error::Params(other.to_string()),
    };
    let mut guard = guard::open(location, &name).map_err(worded)?;
    let all: Vec<Signature> = (0..options.guarded).map(|number| Signature::of_text(&number.to_string())).collect();
    let mut timings = [Vec::new(), Vec::new()];
    for _ in 0..3 {
        guard.clear().map_err(worded)?;
        let start = Instant::now();
        let added = guard.add_batch(&all).map_err(worded)?;
        timings[0].push(start.elapsed().as_secs_f64() * 1e3);
        assert_eq!(added, all.len() as u64, "the guard was empty");
        let start = Instant::now();
        let found = guard.contains_batch(&all).map_err(worded)?;
        timings[1].push(start.elapsed().as_secs_f64() * 1e3);
        assert!(found.into_iter().all(|is_there| is_there), "all were added");
    }
    guard.clear().map_err(worded)?;
    let [added, asked] = timings.map(Timing::of);
    let count = all.len();
    Ok(vec![
        row((format!("{kind}.guard.add"), format!("{kind}, {count} signatures added")), added, String::new()),
        row((format!("{kind}.guard.ask"), format!("{kind}, {count} signatures asked for")), asked, String::new()),
    ])
}

/// A folder of files imported into a new study in SQLite.
fn imports(folder: &Path, options: &StoreOptions) -> Result<Row, Error> {
    let plan = parse_study("import.toml", STUDY, folder, &[])?;
    let dataset = data::open(&plan.data, &plan.split, None)?;
    let files = folder.join("files");
    write_files(&files, options.files)?;
    let mut milliseconds = Vec::new();
    for repeat in 0..3 {
        let store = folder.join(format!("import-{repeat}.db")).display().to_string();
        let start = Instant::now();
        let mut session = Session::open_or_create(&plan, &dataset, &store)?;
        let report = import(&mut session, &[PathBuf::from(&files)], &ImportOptions::default())?;
        milliseconds.push(start.elapsed().as_secs_f64() * 1e3);
        assert_eq!((report.imported, report.refused.len()), (options.files, 0), "all of them fit");
    }
    let name = ("import".to_owned(), format!("{} trial_*.json imported", options.files));
    Ok(row(name, Timing::of(milliseconds), "SQLite".to_owned()))
}

fn write_files(folder: &Path, files: u64) -> Result<(), Error> {
    let failed = |source: std::io::Error| Error::Write { path: folder.to_path_buf(), source };
    std::fs::create_dir(folder).map_err(failed)?;
    for number in 0..files {
        let mut random = RandomStream::new(3, number, 0);
        let mut unit = || random.uniform();
        let parameters = json!({
            "a": number, "b": unit(), "c": unit(), "d": unit(), "e": number % 100, "f": number % 37,
            "g": number % 2 == 0, "h": "cross",
        });
        let metrics: BTreeMap<String, f64> = HEADLINE_METRICS.iter().map(|name| ((*name).to_owned(), unit())).collect();
        let trial = json!({ "parameters": parameters, "score": { "score": unit(), "metrics": metrics } });
        let text = serde_json::to_string_pretty(&trial).unwrap_or_default();
        std::fs::write(folder.join(format!("trial_{number}.json")), text).map_err(failed)?;
    }
    Ok(())
}
