//! A study file as typed: every field optional, every value with its place. What it means is
//! [`Plan`](super::Plan)'s business.

use std::collections::BTreeMap;
use std::time::Duration;

use bartune_engine::simulator::{Commission, Fill, Intrabar, Session, Size, Slippage};
use indexmap::IndexMap;

use super::LargeData;
use super::account::{self, AccountOptions};
use super::budget::{self, BudgetOption};
use super::instrument::{self, InstrumentOptions};
use super::plan::ReturnsPlan;
use super::pruner::{self, Pruning};
use super::quantity;
use super::sampler::{self, SamplerOptions};
use super::section::{Problems, Section, number_of};
use super::tree::{Item, Node};
use crate::diagnostic::{Located, Span};

/// The whole file.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(crate) name: Option<Located<String>>,
    pub(crate) data: Option<DataOptions>,
    pub(crate) split: SplitOptions,
    pub(crate) params: IndexMap<String, ParamOptions>,
    pub(crate) strategy: StrategyOptions,
    pub(crate) execution: ExecutionOptions,
    pub(crate) account: AccountOptions,
    pub(crate) search: SearchOptions,
    pub(crate) objective: ObjectiveOptions,
    pub(crate) champion: Option<ChampionOptions>,
}

/// `[champion]`: what `bartune promote` wrote of the trial it made the file from.
#[derive(Debug, Clone)]
pub(crate) struct ChampionOptions {
    pub(crate) study: Option<Located<String>>,
    pub(crate) trial: Option<Located<i64>>,
    pub(crate) data_hash: Option<Located<String>>,
    pub(crate) train: BTreeMap<String, f64>,
}

/// `[data]`.
#[derive(Debug, Clone)]
pub(crate) struct DataOptions {
    pub(crate) path: Option<Located<String>>,
    pub(crate) timezone: Option<Located<String>>,
    pub(crate) timeframe: Option<Located<String>>,
    pub(crate) stamp: Option<Stamp>,
    pub(crate) on_error: Option<OnError>,
    pub(crate) allow_nonpositive: Option<Located<bool>>,
    pub(crate) columns: BTreeMap<String, String>,
    pub(crate) synth: Option<SynthOptions>,
}

/// Whether bars carry the time of their open or of their close.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stamp {
    Open,
    Close,
}

/// What to do with bars out of order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnError {
    Refuse,
    Repair,
}

/// `[data.synth]`: bars made on first use when `path` does not exist.
#[derive(Debug, Clone)]
pub(crate) struct SynthOptions {
    pub(crate) bars: Option<Located<i64>>,
    pub(crate) timeframe: Option<Located<String>>,
    pub(crate) seed: Option<Located<i64>>,
    pub(crate) session: Option<Located<Session>>,
}

/// `[split]`.
#[derive(Debug, Clone, Default)]
pub(crate) struct SplitOptions {
    pub(crate) span: Span,
    pub(crate) train: Option<Located<SegmentOptions>>,
    pub(crate) validate: Option<Located<SegmentOptions>>,
    pub(crate) test: Option<Located<SegmentOptions>>,
    pub(crate) embargo: Option<Located<Duration>>,
}

/// A share of the bars, or two dates `[from, to)`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum SegmentOptions {
    Share(f64),
    Dates(String, String),
}

/// One entry of `[params]`.
#[derive(Debug, Clone)]
pub(crate) struct ParamOptions {
    pub(crate) span: Span,
    pub(crate) kind: ParamKindOptions,
    pub(crate) step: Option<Located<f64>>,
    pub(crate) log: Option<Located<bool>>,
    pub(crate) default: Option<Item>,
    pub(crate) when: Option<Located<String>>,
}

/// Which kind a parameter is, with its range.
#[derive(Debug, Clone)]
pub(crate) enum ParamKindOptions {
    Int(i64, i64),
    Float(f64, f64),
    Bool(bool),
    Choice(Vec<String>),
    /// Already reported.
    Invalid,
}

/// `[strategy]`.
#[derive(Debug, Clone, Default)]
pub(crate) struct StrategyOptions {
    pub(crate) span: Span,
    /// The strategy in Rust that decides, in place of rules.
    pub(crate) code: Option<Located<String>>,
    /// The strategy in Python that decides: `FILE.py:CALLABLE`.
    pub(crate) python: Option<Located<String>>,
    /// The interpreter that runs it.
    pub(crate) interpreter: Option<Located<String>>,
    /// Bars that it needs before its first decision.
    pub(crate) lookback: Option<Located<i64>>,
    pub(crate) require: Vec<Located<String>>,
    pub(crate) lets: IndexMap<String, Located<String>>,
    /// By rule key, in [`RULE_KEYS`] order.
    pub(crate) rules: IndexMap<&'static str, Located<String>>,
    pub(crate) session: Option<Located<Session>>,
    pub(crate) flat_by: Option<Located<u16>>,
}

/// Keys of `[strategy]` that hold an expression.
pub(crate) const RULE_KEYS: [&str; 9] = [
    "long_entry",
    "long_exit",
    "short_entry",
    "short_exit",
    "stop_loss",
    "take_profit",
    "trailing_stop",
    "max_bars",
    "cooldown",
];

/// `[execution]`.
#[derive(Debug, Clone, Default)]
pub(crate) struct ExecutionOptions {
    pub(crate) fill: Option<Fill>,
    pub(crate) intrabar: Option<Intrabar>,
    pub(crate) commission: Option<Located<Commission>>,
    pub(crate) slippage: Option<Located<Slippage>>,
    pub(crate) size: Option<Located<Size>>,
    pub(crate) instrument: InstrumentOptions,
}

/// `[search]`.
#[derive(Debug, Clone, Default)]
pub(crate) struct SearchOptions {
    pub(crate) sampler: SamplerOptions,
    pub(crate) pruning: Pruning,
    pub(crate) returns: Option<ReturnsPlan>,
    pub(crate) trials: Option<Located<i64>>,
    pub(crate) seed: Option<Located<i64>>,
    pub(crate) lag: Option<Located<i64>>,
    pub(crate) workers: Option<Located<i64>>,
    pub(crate) timeout: Option<Located<Duration>>,
    pub(crate) trial_timeout: Option<Located<Duration>>,
    pub(crate) budget: Option<Located<BudgetOption>>,
    pub(crate) large_data: Option<LargeData>,
    /// Parameters that are not searched, with their values.
    pub(crate) fixed: IndexMap<String, Item>,
}

/// `[objective]`.
#[derive(Debug, Clone, Default)]
pub(crate) struct ObjectiveOptions {
    pub(crate) span: Span,
    pub(crate) maximize: Vec<Located<String>>,
    pub(crate) minimize: Vec<Located<String>>,
    pub(crate) constraints: Vec<Located<String>>,
    pub(crate) full_score_trades: Option<Located<i64>>,
    pub(crate) folds: Option<Located<i64>>,
    pub(crate) aggregate: Option<Located<String>>,
    pub(crate) composite: Option<CompositeOverrides>,
}

/// `[objective.composite]`: `metric = { weight = 0.3, worst = 0.5, best = 3.0 }`.
pub(crate) type CompositeOverrides = IndexMap<String, Located<CompositePartOptions>>;

/// One component's overrides.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct CompositePartOptions {
    pub(crate) weight: Option<f64>,
    pub(crate) worst: Option<f64>,
    pub(crate) best: Option<f64>,
}

/// Read the whole document.
pub(crate) fn read(root: &Item, problems: &Problems) -> Options {
    let file = Section::new("", root, problems);
    let options = Options {
        name: file.required("name", file.text("name"), "name = \"my-study\""),
        data: file.required("data", file.section("data").map(data), "[data]\npath = \"bars.parquet\""),
        split: file.section("split").map(split).unwrap_or_default(),
        params: file.section("params").map(params).unwrap_or_default(),
        strategy: file.required("strategy", file.section("strategy").map(strategy), "[strategy]").unwrap_or_default(),
        execution: file.section("execution").map(execution).unwrap_or_default(),
        account: file.section("account").map(account::read).unwrap_or_default(),
        search: file.section("search").map(search).unwrap_or_default(),
        objective: file.section("objective").map(objective).unwrap_or_default(),
        champion: file.section("champion").map(champion),
    };
    file.finish();
    options
}

fn data(section: Section<'_>) -> DataOptions {
    let options = DataOptions {
        path: section.required("path", section.text("path"), "path = \"bars.parquet\""),
        timezone: section.text("timezone"),
        timeframe: section.text("timeframe"),
        stamp: section.word("stamp", &[("open", Stamp::Open), ("close", Stamp::Close)]),
        on_error: section.word("on_error", &[("refuse", OnError::Refuse), ("repair", OnError::Repair)]),
        allow_nonpositive: section.boolean("allow_nonpositive"),
        columns: section.section("columns").map(columns).unwrap_or_default(),
        synth: section.section("synth").map(synth),
    };
    section.finish();
    options
}

fn columns(section: Section<'_>) -> BTreeMap<String, String> {
    let keys = ["time", "open", "high", "low", "close", "volume"];
    let columns = keys.into_iter().filter_map(|key| Some((key.to_owned(), section.text(key)?.value))).collect();
    section.finish();
    columns
}

fn synth(section: Section<'_>) -> SynthOptions {
    let options = SynthOptions {
        bars: section.required("bars", section.integer("bars"), "bars = 100000"),
        timeframe: section.required("timeframe", section.text("timeframe"), "timeframe = \"10m\""),
        seed: section.integer("seed"),
        session: section.parsed("session", quantity::session),
    };
    section.finish();
    options
}

fn split(section: Section<'_>) -> SplitOptions {
    let options = SplitOptions {
        span: section.span().clone(),
        train: segment(&section, "train"),
        validate: segment(&section, "validate"),
        test: segment(&section, "test"),
        embargo: section.parsed("embargo", quantity::duration),
    };
    section.finish();
    options
}

fn segment(section: &Section<'_>, key: &'static str) -> Option<Located<SegmentOptions>> {
    let item = section.get(key)?;
    let date = |item: &Item| match &item.node {
        Node::Text(text) | Node::Datetime(text) => Some(text.clone()),
        _ => None,
    };
    let value = match (&item.node, number_of(item)) {
        (_, Some(share)) => Some(SegmentOptions::Share(share)),
        (Node::Array(items), _) => match items.as_slice() {
            [from, to] => date(from).zip(date(to)).map(|(from, to)| SegmentOptions::Dates(from, to)),
            _ => None,
        },
        _ => None,
    };
    if value.is_none() {
        let help = format!("`{key} = 0.6`, or `{key} = [\"2015-01-01\", \"2018-01-01\"]` (from, up to but without)");
        section.problems().push_with_help(
            "E103",
            &item.span,
            format!("`split.{key}` must be a share of the bars or two dates"),
            help,
        );
    }
    value.map(|value| Located { value, span: item.span.clone() })
}

fn params(section: Section<'_>) -> IndexMap<String, ParamOptions> {
    section
        .entries()
        .map(|(name, entry)| {
            let inner = Section::new(format!("params.{name}"), &entry.item, section.problems());
            (name.clone(), param(name, inner, entry.key_span.clone()))
        })
        .collect()
}

fn param(name: &str, section: Section<'_>, span: Span) -> ParamOptions {
    let kinds = [
        ("int", section.get("int")),
        ("float", section.get("float")),
        ("bool", section.get("bool")),
        ("choice", section.get("choice")),
    ];
    let given: Vec<_> = kinds.into_iter().filter_map(|(kind, item)| Some((kind, item?))).collect();
    let kind = match given.as_slice() {
        _ if !section.is_table() => ParamKindOptions::Invalid,
        [(kind, item)] => param_kind(kind, item).unwrap_or_else(|| {
            let help = "`{ int = [5, 60] }`, `{ float = [0.5, 5.0] }`, `{ bool = true }` (the default), `{ choice = [\"a\", \"b\"] }`";
            section.problems().push_with_help("E106", &item.span, format!("`{name}`: `{kind}` does not read like a range"), help);
            ParamKindOptions::Invalid
        }),
        _ => {
            let help = "for example `{ int = [5, 60] }`";
            let which = if given.is_empty() { "one" } else { "only one" };
            let message = format!("`{name}` must have {which} of `int`, `float`, `bool`, `choice`");
            section.problems().push_with_help("E106", &span, message, help);
            ParamKindOptions::Invalid
        }
    };
    let options = ParamOptions {
        span,
        kind,
        step: section.number("step"),
        log: section.boolean("log"),
        default: section.get("default").cloned(),
        when: section.text("when"),
    };
    section.finish();
    options
}

fn param_kind(kind: &str, item: &Item) -> Option<ParamKindOptions> {
    match (kind, &item.node) {
        ("bool", Node::Boolean(default)) => Some(ParamKindOptions::Bool(*default)),
        ("int", Node::Array(items)) => match items.as_slice() {
            [Item { node: Node::Integer(low), .. }, Item { node: Node::Integer(high), .. }] => {
                Some(ParamKindOptions::Int(*low, *high))
            }
            _ => None,
        },
        ("float", Node::Array(items)) => match items.as_slice() {
            [low, high] => number_of(low).zip(number_of(high)).map(|(low, high)| ParamKindOptions::Float(low, high)),
            _ => None,
        },
        ("choice", Node::Array(items)) if !items.is_empty() => {
            let text = |item: &Item| match &item.node {
                Node::Text(text) => Some(text.clone()),
                _ => None,
            };
            items.iter().map(text).collect::<Option<Vec<_>>>().map(ParamKindOptions::Choice)
        }
        _ => None,
    }
}

fn strategy(section: Section<'_>) -> StrategyOptions {
    let rules = RULE_KEYS.into_iter().filter_map(|key| Some((key, expression(&section, key)?))).collect();
    let options = StrategyOptions {
        span: section.span().clone(),
        code: section.text("code"),
        python: section.text("python"),
        interpreter: section.text("interpreter"),
        lookback: section.integer("lookback"),
        require: section.texts("require"),
        lets: section.section("let").map(lets).unwrap_or_default(),
        rules,
        session: section.parsed("session", quantity::session),
        flat_by: section.parsed("flat_by", quantity::minute_of_day),
    };
    section.finish();
    options
}

/// An expression; a bare number is one too (`max_bars = 20`).
fn expression(section: &Section<'_>, key: &'static str) -> Option<Located<String>> {
    let item = section.get(key)?;
    match number_of(item) {
        Some(number) => Some(Located { value: number.to_string(), span: item.span.clone() }),
        None => section.text(key),
    }
}

fn lets(section: Section<'_>) -> IndexMap<String, Located<String>> {
    let text = |(name, entry): (&String, &super::tree::Entry)| match &entry.item.node {
        Node::Text(text) => Some((name.clone(), Located { value: text.clone(), span: entry.item.span.clone() })),
        other => {
            let message = format!("`strategy.let.{name}` must be an expression in quotes, not {}", other.kind());
            section.problems().push("E103", &entry.item.span, message);
            None
        }
    };
    section.entries().filter_map(text).collect()
}

fn execution(section: Section<'_>) -> ExecutionOptions {
    let options = ExecutionOptions {
        fill: section.word("fill", &[("next_open", Fill::NextOpen), ("close", Fill::Close)]),
        intrabar: section
            .word("intrabar", &[("worst", Intrabar::Worst), ("best", Intrabar::Best), ("path", Intrabar::Path)]),
        commission: section.parsed("commission", quantity::commission),
        slippage: section.parsed("slippage", quantity::slippage),
        size: section.parsed("size", quantity::size),
        instrument: instrument::read(&section),
    };
    section.finish();
    options
}

fn search(section: Section<'_>) -> SearchOptions {
    let options = SearchOptions {
        sampler: sampler::read(&section),
        pruning: pruner::read(&section),
        returns: section.word("returns", &ReturnsPlan::WORDS),
        trials: section.integer("trials"),
        seed: section.integer("seed"),
        lag: section.integer("lag"),
        workers: section.integer("workers"),
        timeout: section.parsed("timeout", quantity::duration),
        trial_timeout: section.parsed("trial_timeout", quantity::duration),
        budget: section.parsed("budget", budget::parse),
        large_data: section.word("large_data", &[("off", LargeData::Off), ("auto", LargeData::Auto)]),
        fixed: section.section("fixed").map(fixed).unwrap_or_default(),
    };
    section.finish();
    options
}

fn fixed(section: Section<'_>) -> IndexMap<String, Item> {
    section.entries().map(|(name, entry)| (name.clone(), entry.item.clone())).collect()
}

fn objective(section: Section<'_>) -> ObjectiveOptions {
    let options = ObjectiveOptions {
        span: section.span().clone(),
        maximize: section.texts("maximize"),
        minimize: section.texts("minimize"),
        constraints: section.texts("constraints"),
        full_score_trades: section.integer("full_score_trades"),
        folds: section.integer("folds"),
        aggregate: section.text("aggregate"),
        composite: section.section("composite").map(composite),
    };
    section.finish();
    options
}

fn champion(section: Section<'_>) -> ChampionOptions {
    let options = ChampionOptions {
        study: section.required("study", section.text("study"), "study = \"my-study\""),
        trial: section.required("trial", section.integer("trial"), "trial = 12"),
        data_hash: section.required("data_hash", section.text("data_hash"), "data_hash = \"…\""),
        train: section.section("metrics").map(champion_metrics).unwrap_or_default(),
    };
    // Written for people.
    for key in ["values", "identity", "plan_hash", "seed", "bartune", "command", "promoted"] {
        let _ = section.get(key);
    }
    section.finish();
    options
}

fn champion_metrics(section: Section<'_>) -> BTreeMap<String, f64> {
    let train = section.section("train");
    let numbers = train.iter().flat_map(Section::entries);
    numbers.filter_map(|(name, entry)| Some((name.clone(), number_of(&entry.item)?))).collect()
}

fn composite(section: Section<'_>) -> CompositeOverrides {
    section
        .entries()
        .map(|(name, entry)| {
            let part = Section::new(format!("objective.composite.{name}"), &entry.item, section.problems());
            let value = |key| part.number(key).map(|number| number.value);
            let options = CompositePartOptions { weight: value("weight"), worst: value("worst"), best: value("best") };
            part.finish();
            (name.clone(), Located { value: options, span: entry.key_span.clone() })
        })
        .collect()
}
