//! The reports that commands end with.

use std::collections::BTreeMap;

use bartune::BacktestRun;
use bartune::config::Plan;
use bartune::engine::bars::{Bars, DataInfo};
use bartune::engine::metric::{self, Unit};
use bartune::engine::{Params, Value};
use bartune::search::storage::TrialRecord;
use bartune::study::{HEADLINE_METRICS, Summary, VaultTest};

use super::format::{number, percent};
use super::table::Table;

/// Trials listed at the end of a run.
pub(crate) const TOP: usize = 10;

/// The winner, train beside validate, the top, and why trials fell out.
pub(crate) fn run_report(plan: &Plan, summary: &Summary) -> String {
    let mut text = counts_line(summary);
    let Some(best) = summary.best() else {
        text.push_str("\nno feasible trial");
        text.push_str(&reasons(summary));
        return text;
    };
    text.push_str(&format!(
        "\n{}: trial {}, {}\n",
        if plan.objective.targets.len() > 1 { "knee of the Pareto front" } else { "best" },
        best.trial.number,
        objectives_text(plan, best)
    ));
    let params = plan.parameters.to_params(&best.trial.params);
    let rows: Vec<(String, String)> =
        in_file_order(plan, &params).map(|(name, value)| (format!("  {name}"), value_text(value))).collect();
    text.push_str(&super::key_values(&rows));
    text.push_str(&format!("\n{}", segments_table(&best.metrics)));
    let heading = match plan.objective.targets.len() {
        1 => format!("top {}", summary.top.len()),
        _ => format!("{} of the {} trials on the Pareto front", summary.top.len(), summary.ranked),
    };
    text.push_str(&format!("\n{heading}\n{}", trials_table(plan, &summary.top)));
    text.push_str(&reasons(summary));
    text
}

/// `sharpe = 1.2, max_drawdown = 0.1`
fn objectives_text(plan: &Plan, record: &TrialRecord) -> String {
    let targets = plan.objective.targets.iter().zip(&record.trial.values);
    targets.map(|(target, value)| format!("{} = {}", target.text(), number(*value))).collect::<Vec<_>>().join(", ")
}

fn counts_line(summary: &Summary) -> String {
    let counts = &summary.counts;
    let mut text = format!("{} trials: {} complete, {} infeasible", counts.total, counts.complete, counts.infeasible);
    for (count, name) in [
        (counts.pruned, "pruned"),
        (counts.failed, "failed"),
        (counts.duplicate, "duplicate"),
        (counts.imported, "imported"),
    ] {
        if count > 0 {
            text.push_str(&format!(", {count} {name}"));
        }
    }
    text.push('\n');
    text
}

fn reasons(summary: &Summary) -> String {
    let mut text = String::new();
    for (reason, count) in summary.reasons.iter().take(5) {
        // A failure of code has more lines: where it was.
        let reason = reason.lines().next().unwrap_or_default();
        text.push_str(&format!("\n  {count} × {reason}"));
    }
    if text.is_empty() { text } else { format!("\ninfeasible or failed, by reason:{text}\n") }
}

fn value_text(value: &Value) -> String {
    match value {
        Value::Float(value) => number(*value),
        other => other.to_string(),
    }
}

/// The key metrics of each segment side by side.
fn segments_table(metrics: &BTreeMap<String, BTreeMap<String, f64>>) -> String {
    let segments: Vec<&str> =
        ["train", "validate", "test"].into_iter().filter(|segment| metrics.contains_key(*segment)).collect();
    let mut table = Table::new(std::iter::once("").chain(segments.iter().copied()));
    for name in HEADLINE_METRICS {
        let cell = |segment: &&str| {
            metrics[*segment].get(name).map_or_else(|| "-".to_owned(), |&value| metric_text(name, value))
        };
        table.row(std::iter::once(name.to_owned()).chain(segments.iter().map(cell)));
    }
    table.render()
}

pub(super) fn metric_text(name: &str, value: f64) -> String {
    match metric::find(name).map(|metric| metric.unit) {
        // A score is no share of anything: it is shown as the objective's value is.
        _ if name == "composite" => format!("{value:.3}"),
        Some(Unit::Fraction) => percent(value),
        Some(Unit::Count) => format!("{value:.0}"),
        Some(Unit::Money) => format!("{value:.0}"),
        _ => format!("{value:.3}"),
    }
}

/// Feasible trials, best first.
pub(crate) fn trials_table(plan: &Plan, ranked: &[TrialRecord]) -> String {
    if ranked.is_empty() {
        return "no feasible trial\n".to_owned();
    }
    let targets = &plan.objective.targets;
    let several = targets.len() > 1;
    let values = targets.iter().map(|target| if several { target.text() } else { "value" });
    let validate = (!several).then_some("validate");
    let header = std::iter::once("trial").chain(values).chain(validate);
    let mut table = Table::new(header.chain(["return", "drawdown", "trades", "parameters"])).ending_in_words();
    for record in ranked {
        let of = |segment: &str, name: &str| record.metrics.get(segment).and_then(|metrics| metrics.get(name)).copied();
        let shown =
            |name: &str, value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| metric_text(name, value));
        let mut row = vec![record.trial.number.to_string()];
        row.extend(record.trial.values.iter().map(|value| number(*value)));
        row.extend(validate.map(|segment| of(segment, targets[0].text()).map_or_else(|| "-".to_owned(), number)));
        row.extend(["total_return", "max_drawdown", "trades"].map(|name| shown(name, of("train", name))));
        row.push(params_text(plan, record));
        table.row(row);
    }
    table.render()
}

fn params_text(plan: &Plan, record: &TrialRecord) -> String {
    params_line(plan, &plan.parameters.to_params(&record.trial.params))
}

/// Parameters on one line, in the order of the study file.
pub(crate) fn params_line(plan: &Plan, params: &Params) -> String {
    in_file_order(plan, params)
        .map(|(name, value)| format!("{name}={}", value_text(value)))
        .collect::<Vec<_>>()
        .join(" ")
}

fn in_file_order<'a>(plan: &'a Plan, params: &'a Params) -> impl Iterator<Item = (&'a str, &'a Value)> {
    plan.parameters.decls().iter().filter_map(|decl| Some((decl.name.as_str(), params.get(&decl.name)?)))
}

/// All metrics of one backtest.
pub(crate) fn backtest_report(segment: &str, run: &BacktestRun, bars: &Bars) -> String {
    let mut rows = vec![("segment".to_owned(), format!("{segment}, {}", span_text(run, bars)))];
    for (metric, value) in run.metrics.iter() {
        let text = value.map_or_else(|reason| format!("- ({reason})"), |value| metric_text(metric.name, value));
        rows.push((metric.name.to_owned(), text));
    }
    super::key_values(&rows)
}

fn span_text(run: &BacktestRun, bars: &Bars) -> String {
    let day = |index: usize| {
        let moment = jiff::Timestamp::from_nanosecond(i128::from(bars.time()[index]))
            .map(|time| time.to_zoned(bars.timezone().clone()));
        moment.map_or_else(|_| "?".to_owned(), |moment| moment.date().to_string())
    };
    format!("{} bars, {} to {}", run.segment.len(), day(run.segment.start), day(run.segment.end - 1))
}

/// Train and validate as stored, beside the test.
pub(crate) fn vault_report(test: &VaultTest, bars: &Bars) -> String {
    let mut metrics = test.record.metrics.clone();
    metrics.insert("test".to_owned(), test.run.metrics.to_map());
    format!(
        "{}\ntest: {}; opening {} of this study's vault, recorded\n",
        segments_table(&metrics),
        span_text(&test.run, bars),
        test.earlier.len() + 1
    )
}

/// A bar file in words.
pub(crate) fn data_info(info: &DataInfo) -> String {
    let mut rows = vec![
        ("file".to_owned(), info.path.clone()),
        ("rows".to_owned(), info.rows.to_string()),
        (
            "span".to_owned(),
            format!("{} to {} ({:.0} days, {} with bars)", info.first, info.last, info.span_days, info.trading_days),
        ),
        ("timeframe".to_owned(), info.timeframe.clone()),
        ("timezone".to_owned(), info.timezone.clone()),
        ("prices".to_owned(), format!("{} to {}", number(info.lowest), number(info.highest))),
        ("gaps".to_owned(), gaps(info)),
        ("zero volume".to_owned(), format!("{} bars", info.zero_volume_bars)),
        ("one price".to_owned(), format!("{} bars", info.flat_bars)),
        ("jumps".to_owned(), format!("{} closes beyond 20 standard deviations", info.jumps)),
    ];
    if info.repairs.moved + info.repairs.dropped > 0 {
        rows.push((
            "repaired".to_owned(),
            format!("{} rows sorted, {} duplicates dropped", info.repairs.moved, info.repairs.dropped),
        ));
    }
    rows.push(("content hash".to_owned(), info.content_hash.clone()));
    rows.extend(info.warnings.iter().map(|warning| ("warning".to_owned(), warning.clone())));
    super::key_values(&rows)
}

fn gaps(info: &DataInfo) -> String {
    let longest = info
        .longest_gap
        .as_ref()
        .map_or_else(String::new, |gap| format!(", the longest from {} to {}", gap.from, gap.to));
    format!("{}{longest}", info.gaps)
}
