//! The cost of a proposal, and of storing a trial: 8 parameters, as in the peers' scripts.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Instant;

use bartune_search::history::History;
use bartune_search::sampler::random::Random;
use bartune_search::sampler::tpe::Tpe;
use bartune_search::sampler::{Request, Sampler, SamplerError};
use bartune_search::space::{Assignment, Choice, Distribution, Param, Space};
use bartune_search::storage::TrialRecord;
use bartune_search::stream::RandomStream;
use bartune_search::testing::space::number;
use bartune_search::testing::study::{Outcome, Study};
use bartune_search::trial::{StudyDirection, Trial};
use indexmap::IndexMap;

use super::timing::Timing;
use super::{BenchOptions, Row};
use crate::error::Error;

/// Trials in flight, as in a study.
const LAG: usize = 16;
/// Trials of one transaction.
const BATCH: usize = 64;
const DIRECTION: StudyDirection = StudyDirection::Minimize;

pub(super) fn space() -> Result<Space, SamplerError> {
    let float = || Distribution::Float { low: -5.0, high: 5.0, step: None, log: false };
    let choices = ["a", "b", "c"].map(|text| Choice::Text(text.to_owned())).to_vec();
    let others = [
        ("k".to_owned(), Distribution::Int { low: 2, high: 200, step: 1, log: false }),
        ("c".to_owned(), Distribution::Categorical { choices }),
    ];
    let floats = (0..6).map(|index| (format!("x{index}"), float()));
    let params: IndexMap<String, Param> =
        floats.chain(others).map(|(name, distribution)| (name, Param { distribution, when: None })).collect();
    Ok(Space::try_new(params, Vec::new())?)
}

fn value(params: &Assignment) -> f64 {
    let term = |name: &String| number(params, name).map(|x| (x - 0.3) * (x - 0.3));
    params.keys().filter_map(term).sum()
}

/// Random trials of the space, evaluated.
fn trials(space: &Space, total: usize) -> Result<Vec<Trial>, SamplerError> {
    let evaluate = |_, params: &Assignment| Outcome::complete(value(params));
    Study { space, direction: DIRECTION, seed: 1, lag: LAG as u64, evaluate: &evaluate }.run(
        &mut Random,
        Vec::new(),
        total as u64,
    )
}

/// A proposal by TPE and by random search, after `length` trials.
pub(super) fn proposals(length: usize, options: &BenchOptions) -> Result<Vec<Row>, Error> {
    let space = space()?;
    let repeats = options.repeats.max(1) * 16;
    let trials = trials(&space, length + repeats)?;
    let history = History::from_trials(&space, 1, &trials)?;
    let params: Vec<Assignment> = trials.into_iter().map(|trial| trial.params).collect();
    let propose = |sampler: &mut dyn Sampler, number: usize| {
        let seen = (number + 1).saturating_sub(LAG);
        let request = Request {
            space: &space,
            directions: &[DIRECTION],
            view: history.view(seen as u64),
            pending: &params[seen..number],
            seed: 1,
            number: number as u64,
            attempt: 0,
        };
        black_box(sampler.propose(&request)).map(drop)
    };
    let samplers: [(&str, Box<dyn Sampler>); 2] = [("tpe", Box::new(Tpe::default())), ("random", Box::new(Random))];
    let mut rows = Vec::new();
    for (name, mut sampler) in samplers {
        // The first proposal reads the whole history; those of a study read what is new.
        propose(&mut *sampler, length - 1)?;
        let mut milliseconds = Vec::with_capacity(repeats);
        for number in length..length + repeats {
            let start = Instant::now();
            propose(&mut *sampler, number)?;
            milliseconds.push(start.elapsed().as_secs_f64() * 1e3);
        }
        rows.push(Row {
            id: format!("{name}.{length}"),
            what: format!("{name}, a proposal after {length} trials"),
            timing: Timing::of(milliseconds),
            bars: None,
            result: String::new(),
        });
    }
    Ok(rows)
}

/// A trial's share of a batch, and a trial by itself, written to SQLite, durable when they return; the
/// same in another store if one is named.
pub(super) fn appends(options: &BenchOptions) -> Result<Vec<Row>, Error> {
    let temporary = std::env::temp_dir();
    let folder = tempfile::tempdir().map_err(|source| Error::Write { path: temporary, source })?;
    let sqlite = folder.path().join("bench.db").display().to_string();
    let mut rows = append("SQLite", "append", (&sqlite, options))?;
    if let Some(location) = &options.storage {
        rows.extend(append("the store named", "append.storage", (location, options))?);
    }
    Ok(rows)
}

fn append(store: &str, id: &str, (location, options): (&str, &BenchOptions)) -> Result<Vec<Row>, Error> {
    let mut storage = bartune_storage::open(location)?;
    // A name that no study of a user's has.
    let name = format!("bartune bench {}", std::process::id());
    let study = storage.create_study(&name, &[DIRECTION])?.id;
    let records: Vec<TrialRecord> = trials(&space()?, options.stored_trials)?.into_iter().map(record).collect();
    let mut row = |batch: usize, (id, what): (String, String), records: &[TrialRecord]| -> Result<Row, Error> {
        let mut milliseconds = Vec::new();
        for batch in records.chunks(batch) {
            let start = Instant::now();
            storage.append(study, batch)?;
            milliseconds.push(start.elapsed().as_secs_f64() * 1e3 / batch.len() as f64);
        }
        let (timing, result) = (Timing::of(milliseconds), format!("{} trials", records.len()));
        Ok(Row { id, what, timing, bars: None, result })
    };
    // One in eight by itself, after the batches.
    let (batched, single) = records.split_at(records.len() - records.len() / 8);
    let rows = vec![
        row(BATCH, (id.to_owned(), format!("a trial stored in {store}, {BATCH} a batch")), batched)?,
        row(1, (format!("{id}.single"), format!("a trial stored in {store} by itself")), single)?,
    ];
    storage.delete_study(study)?;
    Ok(rows)
}

/// A trial with two segments of 60 metrics of random bits, as a run stores it.
fn record(trial: Trial) -> TrialRecord {
    let mut random = RandomStream::new(2, trial.number, 0);
    let mut segment =
        || -> BTreeMap<String, f64> { (0..60).map(|index| (format!("metric_{index:02}"), random.uniform())).collect() };
    TrialRecord {
        identity: format!("{:064x}", trial.number + 1),
        metrics: BTreeMap::from([("train".to_owned(), segment()), ("validate".to_owned(), segment())]),
        daily_returns: BTreeMap::new(),
        is_abridged: false,
        reason: None,
        trial: Trial { started_ms: Some(1_700_000_000_000), finished_ms: Some(1_700_000_000_004), ..trial },
    }
}
