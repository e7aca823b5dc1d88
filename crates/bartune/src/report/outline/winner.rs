//! The winner on the bars.

use std::collections::BTreeMap;

use bartune_engine::metric;

use super::{Block, Cell, Chart, Section, Size, Table, Tone, section};
use crate::report::market::{AccountCard, Curve, Market, Month, Price};
use crate::report::thin::spread;
use crate::report::words::{counted, day_text, metric_text, moment_text, number, percent, spaced, whole};
use crate::report::{Part, Report, WinnerCard};
use crate::study::HEADLINE_METRICS;
use crate::validation::AccountOdds;

/// Rows of a chart's table.
const ROWS: usize = 24;
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

pub(super) fn equity(report: &Report) -> Section {
    section(("equity", "Equity and drawdown"), &report.market, |market| {
        let mut blocks = vec![Block::Chart(equity_chart(market))];
        if market.curve.walk.is_empty() {
            let why = match &report.judged {
                Part::Found(judged) => judged.found.walk_forward.as_ref().err().cloned().unwrap_or_default(),
                Part::Missing { missing } => missing.clone(),
            };
            blocks.push(Block::Missing(format!("No walk-forward line: {why}.")));
        }
        blocks.push(test_note(report));
        blocks.push(Block::Table(months(&market.months)));
        blocks
    })
}

fn equity_chart(market: &Market) -> Chart {
    let curve = &market.curve;
    let last = |values: &[f64]| values.last().map_or_else(|| "–".to_owned(), |value| percent(*value));
    let worst = curve.drawdown.iter().copied().fold(0.0, f64::min);
    let walk = if curve.walk.is_empty() {
        String::new()
    } else {
        format!(" The walk-forward's pieces end at {}.", last(&curve.walk))
    };
    let split = if market.is_split { ", each with an account of its own," } else { "" };
    Chart {
        name: "equity",
        index: None,
        title: "Growth and drawdown, day by day".to_owned(),
        label: format!(
            "The winner's equity over train and validate{split} ends at {}, with a largest fall of {}; holding the market ends at {}.{walk}",
            last(&curve.equity),
            percent(worst),
            last(&curve.hold),
        ),
        size: Size::Tall,
        table: curve_table(curve),
    }
}

fn curve_table(curve: &Curve) -> Table {
    let mut table =
        Table::new("Growth since the first day", ["day", "#winner", "#drawdown", "#market", "#walk-forward"]);
    for index in spread(curve.days.len(), ROWS) {
        let day = curve.days[index];
        let walk = curve.walk_days.partition_point(|&other| other <= day).checked_sub(1);
        table.row([
            day_of(day),
            percent(curve.equity[index]),
            percent(curve.drawdown[index]),
            percent(curve.hold[index]),
            walk.map_or_else(|| "–".to_owned(), |index| percent(curve.walk[index])),
        ]);
    }
    table
}

fn day_of(milliseconds: i64) -> String {
    i32::try_from(milliseconds.div_euclid(86_400_000)).map_or_else(|_| "?".to_owned(), day_text)
}

/// What is known of the test segment.
fn test_note(report: &Report) -> Block {
    let has_test = report.source.as_ref().is_some_and(|source| source.segments.iter().any(|(name, _)| *name == "test"));
    let Part::Found(winner) = &report.winner else { return Block::Text(String::new()) };
    match winner.openings.iter().find(|opening| opening.trial == winner.number) {
        Some(opening) => {
            let value =
                |name: &str| opening.metrics.get(name).map_or_else(|| "–".to_owned(), |v| metric_text(name, *v));
            Block::Text(format!(
                "Test: the vault was opened for this trial on {}. Recorded: return {}, largest drawdown {}, Sharpe {}. The bars of the test segment are not read by this page.",
                moment_text(opening.opened_ms),
                value("total_return"),
                value("max_drawdown"),
                value("sharpe"),
            ))
        }
        None if !has_test => Block::Text("The study has no test segment.".to_owned()),
        None if winner.openings.is_empty() => {
            Block::Text("Test: the vault has not been opened, so nothing is known of it.".to_owned())
        }
        None => Block::Text(format!(
            "Test: the vault was opened {} for other trials, never for this one.",
            if winner.openings.len() == 1 { "once".to_owned() } else { format!("{} times", winner.openings.len()) }
        )),
    }
}

fn months(months: &[Month]) -> Table {
    let head = std::iter::once("year").chain(MONTHS).chain(["Year"]).enumerate();
    let head = head.map(|(index, name)| if index == 0 { name.to_owned() } else { format!("#{name}") });
    let mut table = Table::new("Return by month; first and last may be partial", head);
    table.is_heat = true;
    let mut years: BTreeMap<i16, [Option<f64>; 12]> = BTreeMap::new();
    for month in months {
        let at = usize::try_from(month.month - 1).unwrap_or(0).min(11);
        years.entry(month.year).or_default()[at] = Some(month.total_return);
    }
    let largest = months.iter().map(|month| month.total_return.abs()).fold(0.001, f64::max);
    for (year, of) in years {
        let total = of.iter().flatten().map(|value| 1.0 + value).product::<f64>() - 1.0;
        let cell = |value: &Option<f64>| {
            value.map_or_else(Cell::default, |value| {
                Cell::toned(percent(value).trim_end_matches("\u{202f}%"), Tone::Heat(value / largest))
            })
        };
        let cells =
            of.iter().map(cell).chain([Cell::toned(percent(total).trim_end_matches("\u{202f}%"), Tone::Strong)]);
        table.row(std::iter::once(Cell::toned(year.to_string(), Tone::Plain)).chain(cells).collect::<Vec<_>>());
    }
    table.caption.push_str(", in %");
    table
}

pub(super) fn price(report: &Report) -> Section {
    section(("trades", "Price and trades"), &report.market, |market| {
        let mut blocks = vec![Block::Chart(price_chart(market))];
        let mut exits = Table::new("Why trades ended", ["reason", "#trades", "#won", "#profit or loss"]);
        for exit in &market.exits {
            exits.row([
                spaced(exit.reason),
                whole(exit.trades as f64),
                percent(exit.wins as f64 / exit.trades.max(1) as f64),
                whole(exit.pnl),
            ]);
        }
        if market.exits.is_empty() {
            blocks.push(Block::Missing("The winner makes no trade.".to_owned()));
        } else {
            blocks.push(Block::Table(exits));
        }
        blocks
    })
}

fn price_chart(market: &Market) -> Chart {
    let (trades, Price { bars_each, candles, .. }) = (&market.trades, &market.price);
    let each = if *bars_each > 1 { format!(" Each candle stands for up to {bars_each} bars.") } else { String::new() };
    let shown = trades.entry_times.len();
    let some = if shown < trades.total {
        format!(" {} of them are shown, evenly.", whole(shown as f64))
    } else {
        String::new()
    };
    let mut table =
        Table::new("The last trades", ["side", "entry", "#price", "exit", "#price", "why", "#profit or loss"]);
    for index in (0..shown).rev().take(ROWS) {
        table.row([
            if trades.is_long[index] == 1 { "long" } else { "short" }.to_owned(),
            minute_of(trades.entry_times[index]),
            number(trades.entry_prices[index]),
            minute_of(trades.exit_times[index]),
            number(trades.exit_prices[index]),
            spaced(trades.reasons[index]),
            whole(trades.pnl[index]),
        ]);
    }
    Chart {
        name: "price",
        index: None,
        title: "Price with the winner's trades, on the market's clock".to_owned(),
        label: format!(
            "{} candles of train and validate with {}: entries are triangles, pointing up for long and down for short, exits are circles.{each}{some}",
            whole(candles.len() as f64),
            counted(trades.total, "trade"),
        ),
        size: Size::Tall,
        table,
    }
}

fn minute_of(milliseconds: i64) -> String {
    moment_text(milliseconds).replace(" UTC", "")
}

pub(super) fn metrics(report: &Report) -> Section {
    section(("metrics", "The winner in figures"), &report.winner, |winner| {
        let params: Vec<(String, String)> = winner.params.clone();
        let mut blocks = Vec::new();
        if params.is_empty() {
            blocks.push(Block::Missing("The winner has no parameters.".to_owned()));
        } else {
            blocks.push(Block::Facts(params));
        }
        let headline = HEADLINE_METRICS.iter().copied();
        blocks.push(Block::Table(metrics_table("Metrics by segment", winner, headline)));
        let rest = metric::catalogue().iter().map(|metric| metric.name).filter(|name| !HEADLINE_METRICS.contains(name));
        let rest = metrics_table("All other metrics by segment", winner, rest);
        if !rest.rows.is_empty() {
            blocks.push(Block::Table(rest));
        }
        blocks
    })
}

fn metrics_table<'n>(caption: &str, winner: &WinnerCard, names: impl Iterator<Item = &'n str>) -> Table {
    let segments: Vec<&str> =
        ["train", "validate", "test"].into_iter().filter(|name| winner.metrics.contains_key(*name)).collect();
    let head = segments.iter().map(|name| format!("#{name}"));
    let mut table = Table::new(caption, std::iter::once("metric".to_owned()).chain(head));
    for name in names.filter(|name| segments.iter().any(|segment| winner.metrics[*segment].contains_key(*name))) {
        let cell = |segment: &&str| {
            let value = winner.metrics[*segment].get(name);
            value.map_or_else(|| "–".to_owned(), |value| metric_text(name, *value))
        };
        table.row(std::iter::once(spaced(name)).chain(segments.iter().map(cell)));
    }
    table
}

pub(super) fn costs(report: &Report) -> Section {
    section(("costs", "Costs"), &report.market, |market| {
        let head = ["segment", "#trades", "#before costs", "#commission", "#slippage", "#after costs", "#share taken"];
        let mut table = Table::new("What trading cost, in the account's money", head);
        for costs in &market.costs {
            let taken = (costs.gross > 0.0).then(|| (costs.commission + costs.slippage) / costs.gross);
            table.row([
                costs.segment.to_owned(),
                whole(costs.trades as f64),
                whole(costs.gross),
                whole(costs.commission),
                whole(costs.slippage),
                whole(costs.net),
                taken.map_or_else(|| "–".to_owned(), percent),
            ]);
        }
        let mut blocks = vec![Block::Table(table)];
        if let Part::Found(judged) = &report.judged
            && let Ok(found) = &judged.found.monte_carlo
        {
            let mut table = Table::new("The winner under worse conditions", ["condition", "#Sharpe", "#return"]);
            for stress in &found.stresses {
                table.row([
                    stress.name.to_owned(),
                    stress.sharpe.map_or_else(|| "–".to_owned(), number),
                    stress.total_return.map_or_else(|| "–".to_owned(), percent),
                ]);
            }
            blocks.push(Block::Table(table));
        }
        blocks
    })
}

pub(super) fn account(report: &Report) -> Option<Section> {
    let market = report.market.found()?;
    if market.accounts.is_empty() {
        return None;
    }
    let head = ["segment", "outcome", "#days traded", "#days stopped", "#smallest room for losses"];
    let mut table = Table::new("What became of the account", head);
    for account in &market.accounts {
        let lowest = account.headroom.iter().copied().reduce(f64::min);
        table.row([
            account.segment.to_owned(),
            account.outcome.clone(),
            whole(f64::from(account.days_traded)),
            whole(f64::from(account.days_stopped)),
            lowest.map_or_else(|| "–".to_owned(), percent),
        ]);
    }
    let mut blocks = vec![Block::Table(table)];
    blocks.extend(report.judged.found().and_then(|judged| judged.found.account.as_ref()).map(odds));
    if market.accounts.iter().any(|account| !account.headroom.is_empty()) {
        blocks.push(Block::Chart(headroom_chart(&market.accounts)));
    }
    Some(Section { id: "account", title: "Account", blocks })
}

/// What would have become of the account opened on other days.
fn odds(found: &AccountOdds) -> Block {
    let days =
        found.median_days.map_or_else(String::new, |days| format!(", half of these within {} days", whole(days)));
    Block::Text(format!(
        "Opened on {} other days of train and validate, {} of the accounts pass{days}, {} break a rule and {} still run at the end.",
        found.starts,
        percent(found.passed),
        percent(found.failed),
        percent(found.running),
    ))
}

fn headroom_chart(accounts: &[AccountCard]) -> Chart {
    let mut table = Table::new("Room for losses left", ["segment", "#day", "#room"]);
    for account in accounts {
        for index in spread(account.headroom.len(), ROWS / 2) {
            table.row([account.segment.to_owned(), (index + 1).to_string(), percent(account.headroom[index])]);
        }
    }
    Chart {
        name: "headroom",
        index: None,
        title: "Room for losses left at each day's worst moment".to_owned(),
        label: "The smaller share of the daily and the drawdown limit that was left, day by day; at 0 the account has failed."
            .to_owned(),
        size: Size::Wide,
        table,
    }
}
