//! What the search did, and the parameters.

use super::{Block, Cell, Chart, Section, Size, Table, Tone, part};
use crate::report::search::{Map, Search};
use crate::report::thin::{Histogram, spread};
use crate::report::words::{counted, metric_text, number, percent, whole};
use crate::report::{Report, TopRow};

/// Rows of a chart's table.
const ROWS: usize = 24;
/// Parameters that get a slice each.
const SLICES: usize = 24;
/// Lines of the parallel coordinates.
const LINES: usize = 300;

pub(super) fn search(report: &Report) -> Section {
    let search = &report.search;
    let mut blocks = vec![Block::Text(counts(report))];
    if search.sample.numbers.is_empty() {
        blocks.push(Block::Missing("No trial has a value yet.".to_owned()));
    } else {
        blocks.push(Block::Chart(history(search)));
        for (index, histogram) in search.histograms.iter().enumerate() {
            if let Some(histogram) = histogram {
                blocks.push(Block::Chart(distribution(search, index, histogram)));
            }
        }
    }
    if !report.top.is_empty() {
        blocks.push(Block::Table(top(search, &report.top)));
    }
    if !report.trials.reasons.is_empty() {
        let mut table = Table::new("Why trials fell out", ["reason", "#trials"]);
        report.trials.reasons.iter().for_each(|(reason, count)| table.row([reason.clone(), whole(*count as f64)]));
        blocks.push(Block::Table(table));
    }
    Section { id: "search", title: "The search", blocks }
}

fn counts(report: &Report) -> String {
    let trials = &report.trials;
    let kinds = [
        (trials.complete, "feasible"),
        (trials.infeasible, "infeasible"),
        (trials.pruned, "stopped early"),
        (trials.failed, "failed or unfinished"),
        (trials.duplicate, "answered as duplicates"),
    ];
    let kinds = kinds.into_iter().filter(|(count, _)| *count > 0);
    let words: Vec<String> = kinds.map(|(count, what)| format!("{} {what}", whole(count as f64))).collect();
    let imported =
        if trials.imported > 0 { format!("; {} imported", whole(trials.imported as f64)) } else { String::new() };
    let of = report.source.as_ref().map_or_else(String::new, |source| {
        format!(" The sampler is {}, the budget {} distinct trials.", source.sampler, whole(source.budget as f64))
    });
    let total = counted(usize::try_from(trials.total).unwrap_or(usize::MAX), "trial");
    if words.is_empty() { format!("{total}.{of}") } else { format!("{total}: {}{imported}.{of}", words.join(", ")) }
}

fn history(search: &Search) -> Chart {
    let objective = search.objectives.first().map_or("value", |objective| &objective.name);
    let mut table = Table::new("The best value so far", ["#trial", "#value"]);
    for index in spread(search.best.len(), ROWS) {
        let (number_of, value) = search.best[index];
        table.row([number_of.to_string(), number(value)]);
    }
    if search.best.is_empty() {
        table.caption = "Some of the trials".to_owned();
        let sample = &search.sample;
        let rows = spread(sample.numbers.len(), ROWS).into_iter();
        rows.for_each(|row| table.row([sample.numbers[row].to_string(), number(sample.values[0][row])]));
    }
    let winner = search.winner.as_ref().map_or_else(String::new, |winner| {
        format!(
            " The winner is trial {} with {}.",
            winner.number,
            winner.values.first().map_or_else(String::new, |v| number(*v))
        )
    });
    Chart {
        name: "history",
        index: None,
        title: format!("{objective} by trial, and the best so far"),
        label: format!(
            "{} of {} shown: feasible ones as dots, infeasible ones as crosses.{winner}",
            whole(search.sample.numbers.len() as f64),
            counted(search.trials, "trial"),
        ),
        size: Size::Wide,
        table,
    }
}

fn distribution(search: &Search, index: usize, histogram: &Histogram) -> Chart {
    let objective = &search.objectives[index].name;
    let mut table = Table::new(format!("Feasible trials by {objective}"), ["#from", "#to", "#trials"]);
    for (bin, count) in histogram.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        let from = histogram.low + histogram.width * bin as f64;
        table.row([number(from), number(from + histogram.width), whole(f64::from(*count))]);
    }
    let winner = search.winner.as_ref();
    let stands = winner.and_then(|winner| {
        let deviations =
            winner.deviations.map(|away| format!(", {} standard deviations from the mean", number(away)))?;
        let median = winner.median.map(|median| format!("; the median is {}", number(median)))?;
        Some(format!(" The winner's is {}{deviations}{median}.", number(*winner.values.get(index)?)))
    });
    Chart {
        name: "distribution",
        index: Some(index),
        title: format!("Where the winner stands among feasible trials: {objective}"),
        label: format!(
            "How many feasible trials have which {objective}; the outermost bars hold what lies beyond.{}",
            stands.unwrap_or_default()
        ),
        size: Size::Wide,
        table,
    }
}

fn top(search: &Search, rows: &[TopRow]) -> Table {
    let caption = if search.objectives.len() > 1 { "The Pareto front, its knee first" } else { "The best trials" };
    let objectives = search.objectives.iter().map(|objective| format!("#{}", objective.name));
    let head = std::iter::once("#trial".to_owned()).chain(objectives);
    let shown =
        [("#return", "total_return"), ("#drawdown", "max_drawdown"), ("#Sharpe", "sharpe"), ("#trades", "trades")];
    let is_known = |segment: &str| rows.iter().any(|row| row.metrics.contains_key(segment));
    let segments: Vec<&str> = ["train", "validate"].into_iter().filter(|segment| is_known(segment)).collect();
    let metrics = segments.iter().flat_map(|segment| shown.iter().map(move |(name, _)| format!("{name}, {segment}")));
    let mut table = Table::new(caption, head.chain(metrics).chain(["parameters".to_owned()]));
    for row in rows {
        let mut cells = vec![row.number.to_string()];
        cells.extend(row.values.iter().map(|value| number(*value)));
        for (segment, (_, name)) in segments.iter().flat_map(|segment| shown.iter().map(move |shown| (segment, shown)))
        {
            let value = row.metrics.get(*segment).and_then(|metrics| metrics.get(*name));
            cells.push(value.map_or_else(|| "–".to_owned(), |value| metric_text(name, *value)));
        }
        let params: Vec<String> = row.params.iter().map(|(name, value)| format!("{name}={value}")).collect();
        cells.push(params.join(" "));
        table.row(cells);
    }
    table
}

pub(super) fn parameters(report: &Report) -> Section {
    let search = &report.search;
    let mut blocks = part(&search.importance, "importance", |shares| {
        let mut table = Table::new("Importance", ["parameter", "#share"]);
        shares.iter().for_each(|(name, share)| table.row([name.clone(), percent(*share)]));
        let first = shares
            .first()
            .map_or_else(String::new, |(name, share)| format!(" The first is {name} with {}.", percent(*share)));
        vec![Block::Chart(Chart {
            name: "importance",
            index: None,
            title: "What sets the best trials apart".to_owned(),
            label: format!("The share of each parameter, by PED-ANOVA.{first}"),
            size: Size::Wide,
            table,
        })]
    });
    if search.axes.is_empty() || search.sample.numbers.is_empty() {
        return Section { id: "parameters", title: "Parameters", blocks };
    }
    blocks.extend(part(&search.map, "map", |map| vec![Block::Chart(map_chart(search, map))]));
    blocks.push(Block::Chart(parallel(search)));
    blocks.push(Block::Heading("The objective along each parameter"));
    let order = slice_order(search);
    if order.len() > SLICES {
        blocks.push(Block::Text(format!("The {SLICES} most important of {} parameters are shown.", order.len())));
    }
    blocks.extend(order.into_iter().take(SLICES).map(|axis| Block::Chart(slice(search, axis))));
    Section { id: "parameters", title: "Parameters", blocks }
}

/// Axes by importance, then in their own order.
fn slice_order(search: &Search) -> Vec<usize> {
    let shares = search.importance.found().map(Vec::as_slice).unwrap_or_default();
    let important = shares.iter().filter_map(|(name, _)| search.axes.iter().position(|axis| axis.name == *name));
    let mut order: Vec<usize> = important.collect();
    order
        .extend((0..search.axes.len()).filter(|axis| !shares.iter().any(|(name, _)| *name == search.axes[*axis].name)));
    order
}

fn map_chart(search: &Search, map: &Map) -> Chart {
    let (x, y) = (&search.axes[map.x], &search.axes[map.y]);
    let objective = search.objectives.first().map_or("value", |objective| &objective.name);
    let head = [x.name.clone(), y.name.clone(), "#mean".to_owned(), "#best".to_owned(), "#trials".to_owned()];
    let mut table = Table::new(format!("The best cells, by mean {objective}"), head);
    let mut cells: Vec<_> = map.cells.iter().collect();
    let sign = if search.objectives.first().is_some_and(|objective| objective.is_maximized) { -1.0 } else { 1.0 };
    cells.sort_by(|a, b| (sign * a.2).total_cmp(&(sign * b.2)));
    for &&(column, row, mean, best, count) in cells.iter().take(ROWS / 2) {
        let cells = [x.text(map.xs[column]), y.text(map.ys[row]), number(mean), number(best), count.to_string()];
        table.row(cells);
    }
    let is_active = |axis: usize| search.winner.as_ref().is_some_and(|winner| !winner.params[axis].is_nan());
    let ring = if is_active(map.x) && is_active(map.y) {
        " The ring is the winner."
    } else {
        " The winner does not use both."
    };
    Chart {
        name: "map",
        index: None,
        title: format!("Plateau or peak: mean {objective} over {} and {}", x.name, y.name),
        label: format!(
            "Each cell is the mean {objective} of the feasible trials in it, stronger where it is better.{ring} A broad field of strong cells is a plateau, a single one a peak.",
        ),
        size: Size::Half,
        table,
    }
}

fn parallel(search: &Search) -> Chart {
    let mut table = Table::new("Ranges that were searched", ["parameter", "#from", "#to", "#winner"]);
    for (index, axis) in search.axes.iter().enumerate() {
        let at = search.winner.as_ref().and_then(|winner| winner.params.get(index).copied());
        table.row([
            axis.name.clone(),
            axis.text(axis.low),
            axis.text(axis.high),
            at.map_or_else(|| "–".to_owned(), |at| axis.text(at)),
        ]);
    }
    Chart {
        name: "parallel",
        index: None,
        title: "Parameters of good and other trials".to_owned(),
        label: format!(
            "At most {LINES} trials, one line each across all parameters; the best tenth is drawn strong, the winner strongest."
        ),
        size: if search.axes.len() > 5 { Size::Wide } else { Size::Half },
        table,
    }
}

fn slice(search: &Search, axis: usize) -> Chart {
    let of = &search.axes[axis];
    let objective = search.objectives.first().map_or("value", |objective| &objective.name);
    let mut table = Table::new(
        format!("{} of shown trials", of.name),
        [of.name.clone(), "#trials".to_owned(), format!("#mean {objective}"), format!("#best {objective}")],
    );
    let bins = of.bins(8);
    let sign = if search.objectives.first().is_some_and(|objective| objective.is_maximized) { 1.0 } else { -1.0 };
    for bin in 0..bins {
        let (low, high) = (bin as f64 / bins as f64, (bin + 1) as f64 / bins as f64);
        let rows = (0..search.sample.numbers.len()).filter(|&row| {
            let share = of.share(search.sample.params[axis][row]);
            search.sample.kinds[row] > 0 && share >= low && (share < high || (bin + 1 == bins && share <= 1.0))
        });
        let values: Vec<f64> = rows.map(|row| search.sample.values[0][row]).filter(|value| !value.is_nan()).collect();
        if values.is_empty() {
            continue;
        }
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let best = values.iter().map(|value| sign * value).fold(f64::NEG_INFINITY, f64::max) * sign;
        let name = if of.labels.is_empty() {
            format!("{} to {}", of.text(of.at(low)), of.text(of.at(high)))
        } else {
            of.text(bin as f64)
        };
        table.row([name, values.len().to_string(), number(mean), number(best)]);
    }
    Chart {
        name: "slice",
        index: Some(axis),
        title: of.name.clone(),
        label: format!("{objective} of each trial over its {}; the ring is the winner.", of.name),
        size: Size::Small,
        table,
    }
}

pub(super) fn front(report: &Report) -> Option<Section> {
    let search = &report.search;
    if search.objectives.len() < 2 || search.sample.numbers.is_empty() {
        return None;
    }
    let names: Vec<&str> = search.objectives.iter().map(|objective| objective.name.as_str()).collect();
    let head = std::iter::once("#trial".to_owned()).chain(names.iter().map(|name| format!("#{name}")));
    let mut table = Table::new("Members of the front", head);
    let winner = search.winner.as_ref().map(|winner| winner.number);
    let sample = &search.sample;
    for row in (0..sample.numbers.len()).filter(|&row| sample.kinds[row] == 2).take(ROWS) {
        let tone = if winner == Some(sample.numbers[row]) { Tone::Strong } else { Tone::Plain };
        let values = sample.values.iter().map(|column| Cell::from(number(column[row])));
        table
            .row(std::iter::once(Cell::toned(sample.numbers[row].to_string(), tone)).chain(values).collect::<Vec<_>>());
    }
    let chart = Chart {
        name: "front",
        index: None,
        title: format!("Pareto front: {} against {}", names[0], names[1]),
        label: format!(
            "Trials that no other beats in every objective are diamonds, the rest dots; the knee is ringed. {} shown.",
            counted(sample.numbers.len(), "trial")
        ),
        size: Size::Wide,
        table,
    };
    Some(Section { id: "front", title: "Pareto front", blocks: vec![Block::Chart(chart)] })
}
