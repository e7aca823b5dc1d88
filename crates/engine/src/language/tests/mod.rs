//! The language as a whole: text in, values, signals and messages out.

mod binding;
mod diagnostics;
mod properties;
mod scalars;
mod stream;
mod values;

use jiff::tz::TimeZone;

use super::*;
use crate::bars::{BarColumns, Bars, Checks};
use crate::simulator::Signals;
use crate::{Params, Value};

pub(super) const HOUR: i64 = 3_600_000_000_000;
/// Monday 2024-01-01T00:00:00Z.
const MONDAY: i64 = 1_704_067_200_000_000_000;

/// Hourly bars from a Monday on: open = close, high and low one point away, volume 10, 11, 12…
pub(super) fn bars(closes: &[f64]) -> Bars {
    let shifted = |by: f64| closes.iter().map(|close| close + by).collect();
    let columns = BarColumns {
        time: (0..closes.len()).map(|t| MONDAY + HOUR * i64::try_from(t).unwrap()).collect(),
        open: closes.to_vec(),
        high: shifted(1.0),
        low: shifted(-1.0),
        close: closes.to_vec(),
        volume: (0..closes.len()).map(|t| 10.0 + t as f64).collect(),
    };
    let checks = Checks { allow_nonpositive: true, timeframe_ns: Some(HOUR) };
    Bars::try_new(columns, TimeZone::UTC, checks).unwrap()
}

pub(super) fn params() -> Vec<ParamDecl> {
    let decl = |name: &str, kind| ParamDecl { name: name.to_owned(), kind };
    vec![
        decl("fast", ParamKind::Int { low: 2, high: 60 }),
        decl("slow", ParamKind::Int { low: 20, high: 300 }),
        decl("offset", ParamKind::Int { low: -3, high: 3 }),
        decl("stop", ParamKind::Float { low: 0.5, high: 5.0 }),
        decl("filter", ParamKind::Bool),
        decl("exit", ParamKind::Choice(vec!["cross".to_owned(), "target".to_owned()])),
        decl("htf", ParamKind::Choice(vec!["2h".to_owned(), "4h".to_owned()])),
    ]
}

pub(super) fn values() -> Params {
    let text = |text: &str| Value::Text(text.to_owned());
    [
        ("fast", Value::Int(2)),
        ("slow", Value::Int(20)),
        ("offset", Value::Int(-1)),
        ("stop", Value::Float(1.5)),
        ("filter", Value::Bool(true)),
        ("exit", text("cross")),
        ("htf", text("2h")),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

pub(super) fn source(rules: &[(RuleName, &str)]) -> StrategySource {
    let rules = rules.iter().map(|(rule, text)| (*rule, (*text).to_owned())).collect();
    StrategySource { lets: vec![], rules }
}

pub(super) fn with_lets(lets: &[(&str, &str)], rules: &[(RuleName, &str)]) -> StrategySource {
    let lets = lets.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    StrategySource { lets, ..source(rules) }
}

#[track_caller]
pub(super) fn compiled(source: &StrategySource) -> Strategy {
    match compile(source, &params()) {
        Ok(strategy) => strategy,
        Err(diagnostics) => panic!("{source:?}: {}", diagnostics[0]),
    }
}

#[track_caller]
pub(super) fn signals(source: &StrategySource, bars: &Bars) -> Signals {
    compiled(source).bind(&values()).unwrap().signals(bars, &NoCache).unwrap()
}

/// A number expression over bars with these closes.
#[track_caller]
pub(super) fn numbers(text: &str, closes: &[f64]) -> Vec<f64> {
    let source = source(&[(RuleName::LongEntry, "true"), (RuleName::StopLoss, text)]);
    let distance = signals(&source, &bars(closes)).stop_distance;
    distance.map_or_else(Vec::new, |distance| distance.to_vec())
}

/// A condition over bars with these closes, one digit a bar.
#[track_caller]
pub(super) fn condition(text: &str, closes: &[f64]) -> String {
    let mask = signals(&source(&[(RuleName::LongEntry, text)]), &bars(closes)).long_entry;
    (0..mask.len()).map(|t| if mask.get(t) { '1' } else { '0' }).collect()
}
