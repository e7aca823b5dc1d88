//! Two strategies side by side, for people.

use bartune::BacktestRun;
use bartune::compare::Comparison;
use bartune::engine::bars::Bars;
use bartune::engine::simulator::Trade;
use bartune::statistics::Interval;
use bartune::table::{exit_name, side_name};

use super::report::metric_text;
use super::{Table, percent};

/// Metrics, intervals, and how many trades differ.
pub(crate) fn comparison_report(found: &Comparison, labels: [&str; 2]) -> String {
    let mut text = format!("first   {}\nsecond  {}\n\n", labels[0], labels[1]);
    if found.is_equal() {
        text.push_str("equal in every metric and every trade\n");
        return text;
    }
    text.push_str(&metrics(found));
    match &found.intervals {
        Ok(intervals) => {
            text.push_str(&format!("\ndaily returns, second minus first, 95 % interval\n{}", interval_table(intervals)))
        }
        Err(why) => text.push_str(&format!("\nno intervals: {why}\n")),
    }
    let (one, other) = (found.only_first.len(), found.only_second.len());
    text.push_str(&format!(
        "\n{} trades in both, {one} only in the first, {other} only in the second\n",
        found.common_trades
    ));
    text
}

/// The trades that only one of two runs makes.
pub(crate) fn comparison_trades(
    found: &Comparison,
    (first, second): (&BacktestRun, &BacktestRun),
    bars: &Bars,
) -> String {
    let rows = |run: &BacktestRun, which: &[usize]| -> Vec<Trade> {
        which.iter().map(|&index| run.backtest.trades[index].clone()).collect()
    };
    trade_table(&rows(first, &found.only_first), &rows(second, &found.only_second), bars)
}

fn metrics(found: &Comparison) -> String {
    let mut table = Table::new(["", "first", "second", "difference"]);
    for pair in found.metrics.iter().filter(|pair| pair.first != pair.second) {
        let shown = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| metric_text(pair.name, value));
        let difference = pair.first.zip(pair.second).map(|(first, second)| second - first);
        table.row([pair.name.to_owned(), shown(pair.first), shown(pair.second), shown(difference)]);
    }
    table.render()
}

fn interval_table(intervals: &[Interval]) -> String {
    let mut table = Table::new(["", "difference", "from", "to", ""]).ending_in_words();
    for interval in intervals {
        let name = interval.ratio.name();
        let shown = |value: f64| if name.contains("return") { percent(value) } else { format!("{value:.3}") };
        let verdict = if interval.low > 0.0 || interval.high < 0.0 { "differs" } else { "could be chance" };
        table.row([
            name.to_owned(),
            shown(interval.difference),
            shown(interval.low),
            shown(interval.high),
            verdict.to_owned(),
        ]);
    }
    table.render()
}

fn trade_table(first: &[Trade], second: &[Trade], bars: &Bars) -> String {
    let mut table = Table::new(["in", "side", "entry", "exit", "pnl", "reason"]);
    let moment = |bar: usize| {
        let time = jiff::Timestamp::from_nanosecond(i128::from(bars.time()[bar]));
        time.map_or_else(
            |_| "?".to_owned(),
            |time| time.to_zoned(bars.timezone().clone()).strftime("%Y-%m-%d %H:%M").to_string(),
        )
    };
    let mut rows: Vec<(&str, &Trade)> = first.iter().map(|trade| ("first", trade)).collect();
    rows.extend(second.iter().map(|trade| ("second", trade)));
    rows.sort_by_key(|(_, trade)| trade.entry_bar);
    for (which, trade) in rows {
        let cells = [side_name(trade.side).to_owned(), moment(trade.entry_bar), moment(trade.exit_bar)];
        let end = [format!("{:.2}", trade.pnl), exit_name(trade.exit_reason).to_owned()];
        table.row(std::iter::once(which.to_owned()).chain(cells).chain(end));
    }
    format!("\n{}", table.render())
}
