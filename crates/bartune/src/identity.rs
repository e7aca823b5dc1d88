//! What makes two trials the same, and what makes two runs the same study.
//!
//! A trial's identity is the SHA-256 of canonical JSON over everything its result depends on:
//! parameters, strategy graph, data, segments, execution, account and the engine's semantics. A
//! study's fingerprint adds what its sequence of trials depends on: space, sampler, seed, lag,
//! objective.

use std::collections::BTreeMap;

mod batch;
mod why;

pub use batch::signatures;
pub use why::{Difference, Part, PartName, Sameness, Side, Why, compare};

use bartune_engine::Params;
use bartune_engine::account::AccountRules;
use bartune_engine::bars::format_timeframe;
use bartune_engine::simulator::{Account, Commission, Execution, Instrument, Size, Slippage, TimeRules};
use bartune_search::identity::param_signature;
use bartune_search::space::Assignment;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::config::Plan;
use crate::data::{Dataset, Segments};

/// Study attribute that holds what the study's trials depend on: the fingerprint.
pub(crate) const FINGERPRINT: &str = "bartune:fingerprint";

/// A SHA-256 digest.
pub(crate) type Sha256Digest = [u8; 32];

/// The part of a trial's identity that all trials of a study share, hashed once.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    context: Sha256Digest,
}

impl Identity {
    pub(crate) fn new(plan: &Plan, data_hash: &str, segments: &Segments) -> Self {
        let context = evaluation(plan, data_hash, segments);
        Self { context: Sha256::digest(context.to_string()).into() }
    }

    /// The identity of a trial with these parameters.
    pub(crate) fn of(&self, plan: &Plan, assignment: &Assignment) -> Sha256Digest {
        let mut hash = Sha256::new();
        hash.update(self.context);
        hash.update(param_signature(assignment, &plan.parameters.space));
        hash.finalize().into()
    }
}

/// Everything that a study's sequence of trials depends on, by the study file's keys. Budget,
/// workers and timeout are not in it: they may change between runs.
#[must_use]
pub fn fingerprint(plan: &Plan, data_hash: &str, segments: &Segments) -> BTreeMap<String, Value> {
    let mut keys = BTreeMap::new();
    flatten("", &evaluation(plan, data_hash, segments), &mut keys);
    flatten("", &search(plan), &mut keys);
    keys
}

fn evaluation(plan: &Plan, data_hash: &str, segments: &Segments) -> Value {
    json!({
        "account": account(&plan.account),
        "data": { "hash": data_hash },
        "engine": { "semantics": bartune_engine::SEMANTICS_VERSION },
        "execution": execution(&plan.execution),
        "split": {
            "train": range(Some(&segments.train)),
            "validate": range(segments.validate.as_ref()),
        },
        "strategy": { "graph": plan.strategy.canonical(), "time": time_rules(&plan.time_rules) },
    })
}

/// SHA-256 of a study's fingerprint, in hex: equal for plans that give the same sequence of trials.
pub(crate) fn plan_hash(plan: &Plan, dataset: &Dataset) -> String {
    let keys = fingerprint(plan, dataset.bars.content_hash(), &dataset.segments);
    let text = Value::Object(keys.into_iter().collect()).to_string();
    hex(&Sha256::digest(text))
}

/// Everything that a live run depends on besides its bars, by the study file's keys.
pub(crate) fn live_settings(plan: &Plan, params: &Params, timeframe_ns: i64) -> BTreeMap<String, Value> {
    let params: BTreeMap<&String, Value> = params.iter().map(|(name, value)| (name, param(value))).collect();
    let mut keys = BTreeMap::new();
    let settings = json!({
        "account": account(&plan.account),
        "data": { "timeframe": format_timeframe(timeframe_ns), "timezone": plan.data.load.timezone.iana_name() },
        "engine": { "semantics": bartune_engine::SEMANTICS_VERSION },
        "execution": execution(&plan.execution),
        "params": params,
        "strategy": { "graph": plan.strategy.canonical(), "time": time_rules(&plan.time_rules) },
    });
    flatten("", &settings, &mut keys);
    keys
}

/// A parameter's value in JSON.
pub(crate) fn param(value: &bartune_engine::Value) -> Value {
    match value {
        bartune_engine::Value::Bool(flag) => json!(flag),
        bartune_engine::Value::Int(number) => json!(number),
        bartune_engine::Value::Float(number) => json!(number),
        bartune_engine::Value::Text(text) => json!(text),
    }
}

fn search(plan: &Plan) -> Value {
    let space = &plan.parameters.space;
    let params: BTreeMap<&str, Value> = space
        .params()
        .iter()
        .map(|(name, param)| {
            let when = param.when.as_ref().map(|when| when.text.clone());
            (name.as_str(), json!({ "distribution": param.distribution.to_json(), "when": when }))
        })
        .collect();
    let composite: Vec<Value> = plan
        .objective
        .composite
        .terms()
        .iter()
        .map(|(name, term)| json!([name, term.weight, term.worst, term.best]))
        .collect();
    let mut value = json!({
        "params": params,
        "strategy": { "require": space.require().iter().map(|predicate| predicate.text.clone()).collect::<Vec<_>>() },
        "search": {
            "sampler": plan.search.sampler.name(),
            plan.search.sampler.name(): plan.search.sampler_settings,
            "pruner": plan.search.pruning.settings,
            "seed": plan.search.seed,
            "lag": plan.search.lag,
        },
        "objective": {
            "targets": plan.objective.targets.iter().map(|target| format!("{} {}", target.verb(), target.text())).collect::<Vec<_>>(),
            "constraints": plan.objective.constraints.iter().map(|constraint| constraint.text().to_owned()).collect::<Vec<_>>(),
            "composite": composite,
            "full_score_trades": plan.objective.composite.full_score_trades,
        },
    });
    // Named only where there are some, so that studies from before there were folds keep their fingerprint.
    if let Some(folds) = &plan.objective.folds {
        value["objective"]["folds"] = json!([folds.count, folds.text()]);
    }
    value
}

fn execution(execution: &Execution) -> Value {
    json!({
        "fill": format!("{:?}", execution.fill),
        "intrabar": format!("{:?}", execution.intrabar),
        "commission": match execution.commission {
            Commission::Fraction(fraction) => json!({ "fraction": fraction }),
            Commission::PerContract(money) => json!({ "per_contract": money }),
        },
        "slippage": match execution.slippage {
            Slippage::Fraction(fraction) => json!({ "fraction": fraction }),
            Slippage::Ticks(ticks) => json!({ "ticks": ticks }),
        },
        "size": match execution.size {
            Size::EquityFraction(fraction) => json!({ "equity": fraction }),
            Size::Contracts(contracts) => json!({ "contracts": contracts }),
            Size::Notional(money) => json!({ "notional": money }),
            Size::Risk(fraction) => json!({ "risk": fraction }),
        },
        "instrument": instrument(&execution.instrument),
    })
}

/// A margin is named only where there is one, so that studies from before there were margins keep their identity.
fn instrument(instrument: &Instrument) -> Value {
    let mut value = json!({
        "tick": instrument.tick,
        "point_value": instrument.point_value,
        "whole_contracts": instrument.whole_contracts,
    });
    if let Some(margin) = &instrument.margin {
        let words = [format!("{:?}", margin.basis), format!("{:?}", margin.shortfall)];
        value["margin"] = json!([margin.initial, margin.maintenance, words]);
    }
    value
}

fn account(account: &Account) -> Value {
    json!({ "cash": account.cash, "rules": account.rules.as_ref().map(account_rules) })
}

fn account_rules(rules: &AccountRules) -> Value {
    json!({
        "profit_target": rules.profit_target,
        "daily_loss": rules.daily_loss.map(|limit| json!([limit.amount, format!("{:?}", limit.then)])),
        "drawdown": rules.drawdown.map(|limit| json!([limit.amount, format!("{:?}", limit.basis), limit.lock])),
        "contracts": rules.contract_caps.iter().map(|cap| [cap.from_profit, cap.contracts]).collect::<Vec<_>>(),
        "minimum_days": rules.minimum_days,
        "consistency": rules.consistency,
        "timezone": rules.timezone.iana_name(),
        "day_start": rules.day_start,
        "flat_by": rules.flat_by,
    })
}

fn time_rules(rules: &TimeRules) -> Value {
    json!({ "session": rules.session.map(|session| [session.open, session.close]), "flat_by": rules.flat_by })
}

fn range(range: Option<&std::ops::Range<usize>>) -> Value {
    json!(range.map(|range| [range.start, range.end]))
}

fn flatten(path: &str, value: &Value, out: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(entries) => {
            for (key, value) in entries {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                flatten(&path, value, out);
            }
        }
        leaf => {
            out.insert(path.to_owned(), leaf.clone());
        }
    }
}

/// Lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The digest that [`hex`] wrote.
pub(crate) fn unhex(text: &str) -> Option<Sha256Digest> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let bytes = pairs.iter().map(|&[high, low]| u8::try_from(digit(high)? * 16 + digit(low)?).ok());
    let bytes: Vec<u8> = bytes.collect::<Option<_>>()?;
    bytes.try_into().ok().filter(|_| rest.is_empty())
}
