//! A study whose strategy is Rust code, from its file to its winner:
//!
//! ```sh
//! cargo run --release -p bartune --example reentry
//! ```

mod strategy;

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use bartune::config::StudyText;
use bartune::preflight::{PreflightOptions, preflight};
use bartune::study::{Control, RunOptions, Session, run, summarize};
use bartune::{CacheBudget, Error, Evaluator, data};

fn main() -> Result<(), Error> {
    let file = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/reentry/reentry.toml"));
    let plan = StudyText::read(file, &[])?.plan_with(Arc::new(strategy::Reentry))?;
    let dataset = data::open(&plan.data, &plan.split, None)?;
    let evaluator = Evaluator::new(&plan, &dataset).with_cache(CacheBudget::of_host());

    // Pure, without a look ahead, every parameter alive: looked at before a trial is spent.
    let options = PreflightOptions { probes: NonZeroUsize::new(16), pilot: None };
    for finding in preflight(&plan, &dataset, &evaluator, &options)?.findings {
        println!("{:?}: {}", finding.severity, finding.message);
    }

    // In memory; `Session::open_or_create(&plan, &dataset, "sqlite:///reentry.db")` keeps the study.
    let mut session = Session::in_memory(&plan, &dataset)?;
    run(&mut session, &evaluator, &RunOptions::of(&plan), &Control::default(), |_| {})?;
    let summary = summarize(&session, 3)?;
    println!("{} trials, {} of them feasible", summary.counts.total, summary.counts.complete);
    for best in &summary.top {
        let params = plan.parameters.to_params(&best.trial.params);
        let metric = |segment: &str, name: &str| best.metrics.get(segment).and_then(|metrics| metrics.get(name));
        println!(
            "trial {:3}  train {:.4}  validate {:.4}  {} trades  {params:?}",
            best.trial.number,
            best.trial.values[0],
            metric("validate", "composite").unwrap_or(&f64::NAN),
            metric("train", "trades").unwrap_or(&0.0),
        );
    }
    Ok(())
}
