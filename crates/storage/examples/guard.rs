//! Measures signatures and guards: `guard [COUNT [LOCATION…]]`.
//!
//! Makes the signatures of 1,000 parameter sets of eight, never seen before, then adds COUNT signatures
//! (100,000) to a guard in memory, in a new SQLite file and at each location given
//! (`postgresql://…`, `redis://…`), in one batch and one by one, and asks for them all.

use std::time::Instant;

use bartune_search::identity::{self, Signature};
use bartune_search::space::{Assignment, Choice, Distribution, Param, Space};
use bartune_search::stream::RandomStream;
use bartune_storage::guard;

type Failure = Box<dyn std::error::Error>;

/// Added one by one.
const SINGLES: usize = 1_000;

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let count = arguments.next().map_or(Ok(100_000), |text| text.parse())?;
    signatures()?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("guard.db").display().to_string();
    println!("{:<12} {:>12} {:>14} {:>14} {:>12}", "guard", "added", "one batch, ms", "one by one, ms", "asked, ms");
    for location in ["memory:".to_owned(), file].into_iter().chain(arguments) {
        measure(&location, count)?;
    }
    Ok(())
}

/// The least of several runs, each on parameter sets of its own.
fn signatures() -> Result<(), Failure> {
    let space = space()?;
    let mut best = f64::INFINITY;
    for seed in 0..20 {
        let draw = |number| space.sample_uniform(&mut RandomStream::new(seed, number, 0));
        let assignments: Vec<Assignment> = (0..1_000).map(draw).collect::<Result<_, _>>()?;
        let start = Instant::now();
        let found = identity::signatures(&assignments, &space);
        best = best.min(start.elapsed().as_secs_f64() * 1e3);
        assert_eq!(found.len(), 1_000);
    }
    println!("1,000 signatures of 8 parameters: {best:.2} ms, on one thread\n");
    Ok(())
}

/// Three numbers on a line, one on a grid, two whole numbers, a switch and a choice.
fn space() -> Result<Space, Failure> {
    let float = |step| Distribution::Float { low: 0.5, high: 5.0, step, log: false };
    let int = |high| Distribution::Int { low: 2, high, step: 1, log: false };
    let texts = ["cross", "target", "channel"].map(|text| Choice::Text(text.to_owned())).to_vec();
    let switch = vec![Choice::Bool(false), Choice::Bool(true)];
    let params = [
        ("band_width", float(None)),
        ("exit", Distribution::Categorical { choices: texts }),
        ("fast", int(60)),
        ("filter", Distribution::Categorical { choices: switch }),
        ("risk", float(None)),
        ("slow", int(300)),
        ("stop", float(Some(0.25))),
        ("threshold", float(None)),
    ];
    let params = params.map(|(name, distribution)| (name.to_owned(), Param { distribution, when: None }));
    Ok(Space::try_new(params.into_iter().collect(), Vec::new())?)
}

fn measure(location: &str, count: usize) -> Result<(), Failure> {
    // A name of its own, so that a server that has run this before is as empty as a new file.
    let name = format!("measure {}", std::process::id());
    let mut guard = guard::open(location, &name)?;
    let all: Vec<Signature> = (0..count + SINGLES).map(|index| Signature::of_text(&index.to_string())).collect();
    let (batch, singles) = all.split_at(count);
    let added = timed(|| guard.add_batch(batch))?;
    let one_by_one = timed(|| singles.iter().map(|single| guard.add(single).map(u64::from)).sum())?;
    let asked = timed(|| Ok(guard.contains_batch(batch)?.into_iter().map(u64::from).sum()))?;
    assert_eq!((added.0, one_by_one.0, asked.0), (count as u64, SINGLES as u64, count as u64));
    guard.clear()?;
    let kind = location.split(':').next().filter(|_| location.contains(':')).unwrap_or("sqlite");
    println!("{kind:<12} {count:>12} {:>14.1} {:>8.1}/{SINGLES} {:>12.1}", added.1, one_by_one.1, asked.1);
    Ok(())
}

/// A count, and the milliseconds it took.
fn timed(job: impl FnOnce() -> Result<u64, guard::GuardError>) -> Result<(u64, f64), Failure> {
    let start = Instant::now();
    let count = job()?;
    Ok((count, start.elapsed().as_secs_f64() * 1e3))
}
