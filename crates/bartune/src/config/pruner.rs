//! `[search] pruner = …`, the rungs at which it looks, and `[[search.stages]]`.
//!
//! A *rung* is a share of the train segment's bars. A trial is run on each rung in turn, reports its objective
//! there, and is stopped when the pruner says so; what is left is run on all bars.

use std::collections::BTreeMap;

use bartune_search::pruner::{
    Hyperband, HyperbandOptions, Never, Patient, Percentile, PercentileOptions, Pruner, PrunerError, Schedule, Stages,
    SuccessiveHalving, SuccessiveHalvingOptions, Threshold, Wilcoxon,
};
use serde_json::{Value, json};

use super::section::{Section, number_of};
use super::tree::Node;
use crate::diagnostic::Located;

/// Rungs of a pruner that was given none.
const RUNGS: [f64; 3] = [0.125, 0.25, 0.5];

/// Where a rung's bars lie in the train segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Placement {
    /// The last ones.
    Recent,
    /// Four blocks, evenly spread.
    #[default]
    Spread,
    /// Eight blocks, as many from each regime of volatility and trend as the segment has of it.
    Regimes,
}

/// How trials are stopped early.
#[derive(Debug, Clone, PartialEq)]
pub struct Pruning {
    /// The pruner.
    pub pruner: PrunerPlan,
    /// Shares of the train bars, increasing, each below 1; empty without a pruner.
    pub rungs: Vec<f64>,
    /// Where their bars lie.
    pub placement: Placement,
    /// Effective options by key, for the study's fingerprint.
    pub(crate) settings: BTreeMap<&'static str, Value>,
}

/// A pruner and its options.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum PrunerPlan {
    /// None: every trial runs on all bars at once.
    #[default]
    Never,
    /// The best part of each stage goes on, by these shares.
    Stages(Vec<f64>),
    /// Among the best percentile of others at the same rung; the median with 50.
    Percentile(PercentileOptions),
    /// Within these bounds.
    Threshold(Option<f64>, Option<f64>),
    /// No improvement over so many rungs, by more than so much.
    Patient(usize, f64),
    /// Successive halving.
    SuccessiveHalving(SuccessiveHalvingOptions),
    /// Hyperband.
    Hyperband(HyperbandOptions),
    /// Signed-rank test against the best trial, at this level, after so many rungs.
    Wilcoxon(f64, usize),
}

impl PrunerPlan {
    /// The pruner itself.
    ///
    /// # Errors
    ///
    /// [`PrunerError::Option`] for an option out of its range.
    pub fn build(&self) -> Result<Box<dyn Pruner>, PrunerError> {
        Ok(match self.clone() {
            Self::Never => Box::new(Never),
            Self::Stages(keep) => Box::new(Stages::try_new(keep)?),
            Self::Percentile(options) => Box::new(Percentile::try_new(options)?),
            Self::Threshold(lower, upper) => Box::new(Threshold::try_new(lower, upper, Schedule::default())?),
            Self::Patient(patience, delta) => Box::new(Patient::try_new(None, patience, delta)?),
            Self::SuccessiveHalving(options) => Box::new(SuccessiveHalving::try_new(options)?),
            Self::Hyperband(options) => Box::new(Hyperband::try_new(options)?),
            Self::Wilcoxon(level, steps) => Box::new(Wilcoxon::try_new(level, steps)?),
        })
    }
}

/// Names of the pruners, with their defaults.
fn named(name: &str) -> PrunerPlan {
    match name {
        "median" | "percentile" => PrunerPlan::Percentile(PercentileOptions::default()),
        "threshold" => PrunerPlan::Threshold(None, None),
        "patient" => PrunerPlan::Patient(1, 0.0),
        "successive_halving" => PrunerPlan::SuccessiveHalving(SuccessiveHalvingOptions::default()),
        "hyperband" => PrunerPlan::Hyperband(HyperbandOptions::default()),
        "wilcoxon" => PrunerPlan::Wilcoxon(0.1, 2),
        _ => PrunerPlan::Never,
    }
}

const NAMES: [&str; 8] =
    ["none", "median", "percentile", "threshold", "patient", "successive_halving", "hyperband", "wilcoxon"];

/// Read pruner, rungs and stages, reporting every problem; several objectives have no single value to report.
pub(crate) fn read(search: &Section<'_>) -> Pruning {
    let words = NAMES.map(|name| (name, name));
    let name = search.word("pruner", &words).unwrap_or("none");
    let mut plan = named(name);
    let mut settings = BTreeMap::new();
    for table in &NAMES[1..] {
        let Some(section) = search.section(table) else { continue };
        if *table != name {
            let message = format!("`[search.{table}]` is not read: the pruner is \"{name}\"");
            search.problems().push("E110", section.span(), message);
            continue;
        }
        options(&mut plan, &section, &mut settings);
        if let Err(PrunerError::Option { option, expected, got, .. }) = plan.build() {
            let message = format!("`search.{table}.{option}` must be {expected}, not {got}");
            search.problems().push("E104", section.span(), message);
        }
        section.finish();
    }
    let placement = search.word(
        "rung_bars",
        &[("recent", Placement::Recent), ("spread", Placement::Spread), ("regimes", Placement::Regimes)],
    );
    let mut pruning =
        Pruning { pruner: plan, rungs: rungs(search, name), placement: placement.unwrap_or_default(), settings };
    stages(search, name, &mut pruning);
    pruning.note(name);
    if let PrunerPlan::Stages(keep) = &pruning.pruner {
        pruning.settings.insert("keep", json!(keep));
    }
    pruning
}

impl Pruning {
    /// Note what every pruner has.
    fn note(&mut self, name: &str) {
        self.settings.insert("name", json!(name));
        self.settings.insert("rungs", json!(self.rungs));
        self.settings.insert("rung_bars", json!(format!("{:?}", self.placement).to_lowercase()));
    }
}

impl Default for Pruning {
    /// What is read of a section that says nothing.
    fn default() -> Self {
        let (rungs, settings) = (Vec::new(), BTreeMap::new());
        let mut pruning = Self { pruner: PrunerPlan::Never, rungs, placement: Placement::default(), settings };
        pruning.note("none");
        pruning
    }
}

/// `rungs = [0.1, 0.5]`.
fn rungs(search: &Section<'_>, pruner: &str) -> Vec<f64> {
    let Some(item) = search.get("rungs") else {
        return if pruner == "none" { Vec::new() } else { RUNGS.to_vec() };
    };
    let shares: Option<Vec<f64>> = match &item.node {
        Node::Array(items) => items.iter().map(number_of).collect(),
        _ => None,
    };
    let is_right = |shares: &Vec<f64>| {
        shares.iter().all(|share| *share > 0.0 && *share < 1.0) && shares.windows(2).all(|pair| pair[0] < pair[1])
    };
    match shares.filter(is_right) {
        Some(_) if pruner == "none" => {
            search.problems().push_with_help(
                "E110",
                &item.span,
                "`search.rungs` needs a pruner",
                "add `pruner = \"median\"`",
            );
            Vec::new()
        }
        Some(shares) => shares,
        None => {
            let message = "`search.rungs` must be shares of the bars, increasing, each above 0 and below 1";
            search.problems().push_with_help("E104", &item.span, message, "for example `rungs = [0.1, 0.5]`");
            Vec::new()
        }
    }
}

/// `[[search.stages]]`: shares of the bars and how many trials reach each; the last one is all bars.
fn stages(search: &Section<'_>, pruner: &str, pruning: &mut Pruning) {
    let Some(item) = search.get("stages") else { return };
    let Node::Array(items) = &item.node else {
        search.problems().push("E103", &item.span, "`search.stages` must be written as `[[search.stages]]`");
        return;
    };
    if pruner != "none" {
        search.problems().push(
            "E110",
            &item.span,
            "stages are a pruner of their own: give stages or `pruner`, not both",
        );
        return;
    }
    let mut read = Vec::new();
    for item in items {
        let section = Section::new("search.stages", item, search.problems());
        let bars = section.required("bars", section.number("bars"), "bars = 0.1");
        let trials = section.required("trials", section.integer("trials"), "trials = 100");
        section.finish();
        let (Some(bars), Some(trials)) = (bars, trials) else { return };
        read.push((bars, trials));
    }
    if let Some(problem) = stage_problem(&read) {
        let help = "bars grow to 1, trials shrink: `bars = 0.1, trials = 1000`, then `bars = 1.0, trials = 100`";
        search.problems().push_with_help("E104", &item.span, problem, help);
        return;
    }
    #[expect(clippy::cast_precision_loss, reason = "counts of trials are far below 2^53")]
    let keep = read.windows(2).map(|pair| pair[1].1.value as f64 / pair[0].1.value as f64).collect();
    pruning.rungs = read[..read.len() - 1].iter().map(|(bars, _)| bars.value).collect();
    pruning.pruner = PrunerPlan::Stages(keep);
    pruning.settings.insert("trials", json!(read.iter().map(|(_, trials)| trials.value).collect::<Vec<_>>()));
}

fn stage_problem(stages: &[(Located<f64>, Located<i64>)]) -> Option<&'static str> {
    let last = stages.last()?;
    if stages.len() < 2 {
        return Some("one stage is a search without stages: give at least two");
    }
    if last.0.value != 1.0 {
        return Some("the last stage must run on all bars");
    }
    if !stages.windows(2).all(|pair| pair[0].0.value > 0.0 && pair[0].0.value < pair[1].0.value) {
        return Some("each stage must run on more bars than the one before");
    }
    let shrinks = stages.windows(2).all(|pair| pair[0].1.value >= pair[1].1.value);
    (!shrinks || last.1.value < 1).then_some("each stage must have at least one trial and no more than the one before")
}

fn options(plan: &mut PrunerPlan, section: &Section<'_>, settings: &mut BTreeMap<&'static str, Value>) {
    let mut integer = |key: &'static str, default: i64| {
        let value = section.integer(key).map_or(default, |number| number.value);
        settings.insert(key, json!(value));
        value
    };
    let count = |value: i64| usize::try_from(value).unwrap_or(0);
    match plan {
        PrunerPlan::Never | PrunerPlan::Stages(_) => {}
        PrunerPlan::Percentile(options) => {
            options.startup_trials = count(integer("startup_trials", options.startup_trials as i64));
            options.min_trials = count(integer("min_trials", options.min_trials as i64));
            options.percentile = section.number("percentile").map_or(options.percentile, |number| number.value);
            settings.insert("percentile", json!(options.percentile));
        }
        PrunerPlan::Threshold(lower, upper) => {
            *lower = section.number("lower").map(|number| number.value);
            *upper = section.number("upper").map(|number| number.value);
            settings.insert("bounds", json!([lower, upper]));
        }
        PrunerPlan::Patient(patience, delta) => {
            *patience = count(integer("patience", *patience as i64));
            *delta = section.number("min_delta").map_or(*delta, |number| number.value);
            settings.insert("min_delta", json!(delta));
        }
        PrunerPlan::SuccessiveHalving(options) => {
            options.reduction_factor = integer("reduction_factor", options.reduction_factor);
            options.bootstrap_count = count(integer("bootstrap_count", options.bootstrap_count as i64));
        }
        PrunerPlan::Hyperband(options) => {
            options.reduction_factor = integer("reduction_factor", options.reduction_factor);
            options.max_resource = Some(integer("max_resource", options.max_resource.unwrap_or(100)));
        }
        PrunerPlan::Wilcoxon(level, steps) => {
            *steps = count(integer("startup_steps", *steps as i64));
            *level = section.number("p_threshold").map_or(*level, |number| number.value);
            settings.insert("p_threshold", json!(level));
        }
    }
}
