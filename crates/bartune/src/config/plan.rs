//! The resolved, validated study: what the options mean once every default is filled in.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bartune_engine::bars::{Hours, LoadOptions, Stamp, SynthOptions, parse_timeframe};
use bartune_engine::instrument::Contract;
use bartune_engine::language::Strategy;
use bartune_engine::simulator::{Account, Commission, Execution, Fill, Intrabar, Session, Size, Slippage, TimeRules};
use bartune_search::stream::RandomStream;
use jiff::tz::TimeZone;

use super::account::Contracts;
use super::budget::{Budget, BudgetOption, UNCOUNTED_TRIALS};
use super::instrument;
use super::large::{self, Large, LargeData};
use super::logic::{self, Brought};
use super::objective::{self, Objective};
use super::options::{self, Options};
use super::pruner::{PrunerPlan, Pruning};
use super::sampler::SamplerPlan;
use super::section::Problems;
use super::space::{self, Parameters};
use super::split::{self, SplitPlan};
use crate::champion::Champion;
use crate::diagnostic::{Located, Sources};
use crate::strategy::Logic;

/// Points of the space that tell what the longest warm-up is.
const POINTS: u64 = 32;

/// A study file, resolved. Nothing in it refers to the file's text any more.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The study's name.
    pub name: String,
    /// Where the bars come from.
    pub data: DataPlan,
    /// How they are divided.
    pub split: SplitPlan,
    /// The parameter space.
    pub parameters: Parameters,
    /// What decides: rules, or code.
    pub strategy: Logic,
    /// Session and flat-by times.
    pub time_rules: TimeRules,
    /// Fills and costs.
    pub execution: Execution,
    /// The futures contract traded, where it was named by its symbol.
    pub contract: Option<&'static Contract>,
    /// Cash, and the rules it is held to.
    pub account: Account,
    /// Sampler, budget, seed, lag, workers.
    pub search: SearchPlan,
    /// What is optimised.
    pub objective: Objective,
    /// The trial that the file was made from, if it is a champion's.
    pub champion: Option<Champion>,
    /// Things worth a look that are not errors.
    pub warnings: Vec<String>,
}

/// Where the bars come from.
#[derive(Debug, Clone)]
pub struct DataPlan {
    /// The bar file.
    pub path: PathBuf,
    /// How to read it.
    pub load: LoadOptions,
    /// Bars to make when the file does not exist.
    pub synth: Option<SynthOptions>,
}

/// Of which trials all that was measured is kept, daily returns included. It changes no trial, and may differ
/// from run to run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ReturnsPlan {
    /// The first and the best.
    #[default]
    Best,
    /// The same, without daily returns.
    None,
    /// Every one.
    All,
}

impl ReturnsPlan {
    /// Each with its word in a study file.
    pub(crate) const WORDS: [(&str, Self); 3] = [("best", Self::Best), ("none", Self::None), ("all", Self::All)];
}

/// How trials are proposed and run.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchPlan {
    /// The sampler.
    pub sampler: SamplerPlan,
    /// Its effective options by key, for the study's fingerprint.
    pub(crate) sampler_settings: BTreeMap<&'static str, serde_json::Value>,
    /// How trials are stopped early.
    pub pruning: Pruning,
    /// Of which trials every metric and the daily returns are kept.
    pub returns: ReturnsPlan,
    /// Budget: distinct trials.
    pub trials: u64,
    /// Seed of every random stream.
    pub seed: u64,
    /// Trials that may be in flight; part of the study's meaning, as the worker count is not.
    pub lag: NonZeroUsize,
    /// Worker threads; `None`: one a core.
    pub workers: Option<NonZeroUsize>,
    /// Stop proposing after this long.
    pub timeout: Option<Duration>,
    /// What the trials may cost, whichever of it and `trials` comes first.
    pub budget: Option<Budget>,
    /// Whether many bars may make stages of their own accord; not, where nothing is said.
    pub large_data: Option<LargeData>,
    /// What it chose, once the bars were known.
    pub large: Option<Large>,
    /// A trial that takes longer fails.
    pub trial_timeout: Option<Duration>,
}

/// Resolve options into a plan, reporting every problem.
pub(crate) fn resolve(
    options: &Options,
    folder: &Path,
    (sources, problems): (&Sources, &Problems),
    code: Option<Brought>,
) -> Option<Plan> {
    let parameters = space::resolve(options, sources, problems);
    let strategy = logic::resolve(options, (code, folder), sources, problems);
    let data = options.data.as_ref().and_then(|data| data_plan(data, folder, problems));
    let timezone = data.as_ref().map_or(TimeZone::UTC, |data| data.load.timezone.clone());
    let split = split::resolve(options, &timezone, problems);
    let objective = objective::resolve(&options.objective, sources, problems);
    one_objective_to_prune(options, problems);
    let (execution, account) = (execution(options, problems), account(options, problems));
    let search = search(options, problems);
    let name = name(options, problems);
    let (parameters, strategy) = (parameters?, strategy?);
    Some(Plan {
        name: name?,
        data: data?,
        split,
        champion: champion(options),
        warnings: warnings(options, &strategy, &parameters),
        parameters,
        strategy,
        time_rules: time_rules(options),
        execution,
        contract: options.execution.instrument.contract.as_ref().map(|contract| contract.value),
        account,
        search,
        objective: objective?,
    })
}

impl Plan {
    /// The longest warm-up, in bars, of the defaults and of some points that are always the same.
    fn longest_warmup(&self) -> usize {
        let space = &self.parameters.space;
        let drawn = (0..POINTS).filter_map(|number| space.sample_uniform(&mut RandomStream::new(0, number, 0)).ok());
        let points = drawn.map(|assignment| self.parameters.to_params(&assignment)).chain([self.parameters.defaults()]);
        points.filter_map(|params| Some(self.strategy.bind(&params).ok()?.warmup())).max().unwrap_or(0)
    }

    /// Do what `search.large_data` says, now that the bars are known; to be called before anything is run. What was
    /// chosen is in [`SearchPlan::large`].
    pub fn adapt(&mut self, train_bars: usize) {
        if self.search.large_data != Some(LargeData::Auto) || self.search.large.is_some() {
            return;
        }
        let (pruning, large) = self.stages_for(train_bars);
        if let Some(pruning) = pruning {
            self.search.pruning = pruning;
        }
        self.search.large = Some(large);
    }

    /// What `search.large_data = "auto"` comes to for so many train bars.
    pub(crate) fn stages_for(&self, train_bars: usize) -> (Option<Pruning>, Large) {
        let given = large::Given {
            now: &self.search.pruning,
            objectives: self.objective.targets.len(),
            train: train_bars,
            warmup: self.longest_warmup(),
        };
        large::choose(&given)
    }
}

/// A pruner compares one value a rung.
fn one_objective_to_prune(options: &Options, problems: &Problems) {
    let objectives = options.objective.maximize.len() + options.objective.minimize.len();
    if objectives > 1 && options.search.pruning.pruner != PrunerPlan::Never {
        let help = "leave out `pruner` and `stages`, or give one objective";
        problems.push_with_help("E110", &options.objective.span, "pruners and stages take one objective", help);
    }
}

fn champion(options: &Options) -> Option<Champion> {
    let written = options.champion.as_ref()?;
    Some(Champion {
        study: written.study.as_ref()?.value.clone(),
        trial: u64::try_from(written.trial.as_ref()?.value).ok()?,
        data_hash: written.data_hash.as_ref()?.value.clone(),
        train: written.train.clone(),
    })
}

fn name(options: &Options, problems: &Problems) -> Option<String> {
    let name = options.name.as_ref()?;
    let length = name.value.chars().count();
    if (1..=200).contains(&length) && !name.value.chars().any(char::is_control) {
        return Some(name.value.clone());
    }
    problems.push("E108", &name.span, "a study's name has 1 to 200 printable characters");
    None
}

fn time_rules(options: &Options) -> TimeRules {
    TimeRules {
        session: options.strategy.session.as_ref().map(|session| session.value),
        flat_by: options.strategy.flat_by.as_ref().map(|minute| minute.value),
        ..TimeRules::default()
    }
}

fn data_plan(data: &options::DataOptions, folder: &Path, problems: &Problems) -> Option<DataPlan> {
    let path = data.path.as_ref()?;
    let timezone = match &data.timezone {
        None => TimeZone::UTC,
        Some(name) => timezone(name, problems)?,
    };
    let load = LoadOptions {
        timezone: timezone.clone(),
        stamp: match data.stamp {
            Some(options::Stamp::Close) => Stamp::Close,
            Some(options::Stamp::Open) | None => Stamp::Open,
        },
        on_error: match data.on_error {
            Some(options::OnError::Repair) => bartune_engine::bars::OnError::Repair,
            Some(options::OnError::Refuse) | None => bartune_engine::bars::OnError::Refuse,
        },
        allow_nonpositive: data.allow_nonpositive.as_ref().is_some_and(|allow| allow.value),
        columns: data.columns.clone(),
        timeframe_ns: data.timeframe.as_ref().and_then(|text| timeframe(text, problems)),
    };
    let synth = data.synth.as_ref().and_then(|synth| synth_plan(synth, timezone, problems));
    Some(DataPlan { path: folder.join(&path.value), load, synth })
}

fn synth_plan(synth: &options::SynthOptions, timezone: TimeZone, problems: &Problems) -> Option<SynthOptions> {
    let bars = synth.bars.as_ref()?;
    let rows = usize::try_from(bars.value).ok().filter(|rows| (1..=50_000_000).contains(rows));
    if rows.is_none() {
        problems.push("E104", &bars.span, "`data.synth.bars` is a number of bars from 1 to 50,000,000");
    }
    Some(SynthOptions {
        bars: rows?,
        timeframe_ns: timeframe(synth.timeframe.as_ref()?, problems)?,
        seed: synth.seed.as_ref().map_or(0, |seed| seed.value.cast_unsigned()),
        hours: synth.session.as_ref().map_or(Hours::AllDay, |session| hours(session.value)),
        timezone,
        ..SynthOptions::default()
    })
}

/// The hours of a session on weekdays.
pub(super) fn hours(session: Session) -> Hours {
    Hours::Weekdays { open_minute: session.open, close_minute: session.close }
}

fn timezone(name: &Located<String>, problems: &Problems) -> Option<TimeZone> {
    let found = TimeZone::get(&name.value).ok();
    if found.is_none() {
        let message = format!("there is no timezone `{}`", name.value);
        problems.push_with_help(
            "E104",
            &name.span,
            message,
            "use an IANA name, such as \"UTC\" or \"America/New_York\"",
        );
    }
    found
}

fn timeframe(text: &Located<String>, problems: &Problems) -> Option<i64> {
    match parse_timeframe(&text.value) {
        Ok(timeframe) => Some(timeframe),
        Err(error) => {
            problems.push("E104", &text.span, error.to_string());
            None
        }
    }
}

fn execution(options: &Options, problems: &Problems) -> Execution {
    let written = &options.execution;
    let instrument = instrument::resolve(&written.instrument, problems);
    let slippage = written.slippage.as_ref().map_or(Slippage::Fraction(0.0), |slippage| slippage.value);
    if let (Slippage::Ticks(_), None, Some(place)) = (slippage, instrument.tick, &written.slippage) {
        let help = "add `instrument = { tick = 0.01 }` or a futures contract, such as `instrument = \"MES\"`";
        problems.push_with_help("E110", &place.span, "slippage in ticks needs the instrument's tick", help);
    }
    let size = written.size.as_ref().map_or(Size::EquityFraction(1.0), |size| size.value);
    // Whether code rests a stop is known at its entries only.
    let strategy = &options.strategy;
    let may_stop = strategy.rules.contains_key("stop_loss") || strategy.code.is_some() || strategy.python.is_some();
    if let (Size::Risk(_), false, Some(place)) = (size, may_stop, &written.size) {
        let help = "add `stop_loss` to `[strategy]`, or size by equity";
        problems.push_with_help("E110", &place.span, "a size in risk needs a stop to know what is at risk", help);
    }
    let is_levered = instrument.whole_contracts || instrument.margin.is_some();
    if let (Size::EquityFraction(share), false, Some(place)) = (size, is_levered, &written.size)
        && share > 1.0
    {
        let help = "add `instrument = { margin = \"20%\" }`, or use at most \"100% equity\"";
        problems.push_with_help("E110", &place.span, "a size above the equity needs a margin or whole contracts", help);
    }
    Execution {
        fill: written.fill.unwrap_or(Fill::NextOpen),
        intrabar: written.intrabar.unwrap_or(Intrabar::Worst),
        commission: written.commission.as_ref().map_or(Commission::Fraction(0.0), |commission| commission.value),
        slippage,
        size,
        instrument,
    }
}

fn account(options: &Options, problems: &Problems) -> Account {
    let contract = options.execution.instrument.contract.as_ref().map(|contract| contract.value);
    let contracts = if contract.is_some_and(|contract| contract.is_micro) { Contracts::Micro } else { Contracts::Full };
    super::account::resolve(&options.account, contracts, problems)
}

fn search(options: &Options, problems: &Problems) -> SearchPlan {
    let written = &options.search;
    let count = |number: &Option<Located<i64>>, least: i64, default: u64, what: &str| {
        let Some(number) = number else { return default };
        if number.value < least {
            problems.push("E104", &number.span, format!("`{what}` must be at least {least}"));
        }
        number.value.max(least).cast_unsigned()
    };
    let lag = count(&written.lag, 1, 16, "search.lag").min(100_000);
    let (budget, time) = match written.budget.as_ref().map(|budget| budget.value) {
        Some(BudgetOption::Cost(budget)) => (Some(budget), None),
        Some(BudgetOption::Time(time)) => (None, Some(time)),
        None => (None, None),
    };
    if let (Some(_), Some(_), Some(timeout)) = (time, &written.budget, &written.timeout) {
        problems.push("E110", &timeout.span, "`search.timeout` says what `search.budget` says: give one of them");
    }
    let cheapest = written.pruning.rungs.first().copied().unwrap_or(1.0);
    let trials = match (budget, time) {
        (Some(budget), _) => budget.most_trials(cheapest),
        (None, Some(_)) => UNCOUNTED_TRIALS,
        (None, None) => 1_000,
    };
    let workers = written.workers.as_ref().map(|_| count(&written.workers, 1, 1, "search.workers").min(4_096));
    SearchPlan {
        sampler: written.sampler.plan.clone(),
        sampler_settings: written.sampler.settings.clone(),
        pruning: written.pruning.clone(),
        returns: written.returns.unwrap_or_default(),
        trials: count(&written.trials, 1, trials, "search.trials"),
        seed: count(&written.seed, 0, 0, "search.seed"),
        lag: NonZeroUsize::new(lag as usize).unwrap_or(NonZeroUsize::MIN),
        workers: workers.and_then(|workers| NonZeroUsize::new(workers as usize)),
        timeout: written.timeout.as_ref().map(|timeout| timeout.value).or(time),
        budget,
        large_data: written.large_data,
        large: None,
        trial_timeout: written.trial_timeout.as_ref().map(|timeout| timeout.value),
    }
}

fn warnings(options: &Options, strategy: &Logic, parameters: &Parameters) -> Vec<String> {
    let mut reads = strategy.reads();
    reads.extend(
        parameters.space.params().values().filter_map(|param| param.when.as_ref()).flat_map(|when| when.reads.clone()),
    );
    let dead = options.params.keys().filter(|name| !reads.contains(*name));
    let mut warnings: Vec<String> = dead
        .map(|name| format!("parameter `{name}` is read by no rule: searching it is wasted; use it or remove it"))
        .collect();
    let unused = strategy.rules().into_iter().flat_map(Strategy::unused_lets);
    warnings.extend(unused.map(|name| format!("`strategy.let.{name}` is used by no rule")));
    warnings
}
