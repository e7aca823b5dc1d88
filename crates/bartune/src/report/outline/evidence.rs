//! What a validation found beside its criteria.

use super::{Block, Cell, Chart, Section, Size, Table, Tone, part, section, sentence};
use crate::report::Report;
use crate::report::judged::{Fan, FoldRow, Judged, Paths, SensitivityRow};
use crate::report::words::{maybe, number, percent, whole};
use crate::validation::{Period, Plateau, Quantiles, Selection, Survivor, WalkForward};

pub(super) fn walk_forward(report: &Report) -> Section {
    section(("walk-forward", "Walk-forward"), &report.judged, |judged| {
        let mut blocks = part(&judged.walk, "walk-forward", |walk| {
            let mut blocks = vec![];
            if let Ok(found) = &judged.found.walk_forward {
                blocks.push(Block::Text(walk_words(found)));
            }
            blocks.push(Block::Chart(folds_chart(&walk.folds)));
            blocks
        });
        if let Ok(found) = &judged.found.walk_forward
            && !found.drift.is_empty()
        {
            let mut table =
                Table::new("How far winners wander from fold to fold", ["parameter", "#mean step, share of the range"]);
            found.drift.iter().for_each(|(name, drift)| table.row([name.clone(), percent(*drift)]));
            blocks.push(Block::Table(table));
        }
        blocks
    })
}

fn walk_words(found: &WalkForward) -> String {
    let efficiency = found.efficiency.map_or_else(String::new, |efficiency| {
        format!(" Out of sample it earned {} of what it earned in sample.", percent(efficiency))
    });
    format!(
        "Each piece is traded with the winner of a search of {} trials over the bars before it. All pieces together: Sharpe {} over {} days and {} trades; the true ratio is above 0 with a confidence of {}.{efficiency}",
        whole(found.fold_trials as f64),
        number(found.sharpe),
        whole(found.returns.len() as f64),
        whole(found.trades as f64),
        percent(found.probability),
    )
}

fn folds_chart(folds: &[FoldRow]) -> Chart {
    let head =
        ["traded", "#days searched", "#Sharpe in sample", "#Sharpe out of sample", "#return", "#trades", "winner"];
    let mut table = Table::new("Folds", head);
    for fold in folds {
        table.row([
            format!("{} to {}", fold.from, fold.to),
            whole(fold.searched_days as f64),
            maybe(fold.inside, number),
            maybe(fold.outside, number),
            percent(fold.total_return),
            whole(fold.trades as f64),
            fold.params.clone(),
        ]);
    }
    let good = folds.iter().filter(|fold| fold.outside.is_some_and(|sharpe| sharpe > 0.0)).count();
    Chart {
        name: "folds",
        index: None,
        title: "Sharpe ratio of each fold, in and out of sample".to_owned(),
        label: format!("{good} of {} folds have a Sharpe ratio above 0 out of sample.", folds.len()),
        size: Size::Wide,
        table,
    }
}

pub(super) fn chance(report: &Report) -> Section {
    section(("chance", "Luck and resampling"), &report.judged, |judged| {
        let mut blocks = match &judged.found.selection {
            Ok(selection) => vec![Block::Table(selection_table(selection))],
            Err(why) => vec![Block::Missing(format!("No statistics of selection: {why}."))],
        };
        blocks.extend(part(&judged.paths, "cross-validation", |paths| vec![Block::Chart(paths_chart(paths))]));
        blocks.extend(part(&judged.fan, "resampling", |fan| vec![Block::Chart(fan_chart(fan))]));
        blocks.extend(intervals(judged));
        blocks
    })
}

fn selection_table(found: &Selection) -> Table {
    let mut table = Table::new("How good the best of so many trials would look without skill", ["", "#value"]);
    let mut row = |name: &str, value: String| table.row([name.to_owned(), value]);
    row("Sharpe on train", number(found.sharpe));
    row("Sharpe expected of the best trial without skill", number(found.expected_maximum));
    row("distinct trials", whole(found.trials as f64));
    row("independent trials they amount to", number(found.effective_trials));
    row("probabilistic Sharpe ratio", number(found.probabilistic));
    row("deflated Sharpe ratio", number(found.deflated));
    row("probabilistic Sharpe ratio on validate alone", maybe(found.validate, number));
    row("days of track record needed", maybe(found.minimum_track_record_days, |days| whole(days.ceil())));
    row("days there are", whole(found.days as f64));
    if let Some(check) = &found.reality_check {
        row("superior predictive ability, p", number(check.consistent));
        row("reality check, p", number(check.white));
    }
    table
}

fn paths_chart(paths: &Paths) -> Chart {
    let mut table = Table::new("Paths", ["#path", "#Sharpe"]);
    for (index, sharpe) in paths.sharpes.iter().enumerate() {
        table.row([(index + 1).to_string(), number(*sharpe)]);
    }
    Chart {
        name: "paths",
        index: None,
        title: "Sharpe ratio of the paths of cross-validation".to_owned(),
        label: format!(
            "{} paths over {} trials, each choosing on days that it is not judged by. The probability of overfitting is {}.",
            paths.sharpes.len(),
            whole(paths.trials as f64),
            number(paths.overfitting),
        ),
        size: Size::Half,
        table,
    }
}

fn fan_chart(fan: &Fan) -> Chart {
    let mut table = Table::new("Resampled growth", ["#after days", "#5 %", "#25 %", "#median", "#75 %", "#95 %"]);
    for index in crate::report::thin::spread(fan.days.len(), 12) {
        let lines = fan.lines.iter().map(|line| percent(line[index]));
        table.row(std::iter::once(whole(fan.days[index] as f64)).chain(lines));
    }
    let whose = if fan.is_out_of_sample { "the walk-forward's days" } else { "the winner's own days" };
    let end = |line: usize| fan.lines.get(line).and_then(|line| line.last()).map_or_else(String::new, |v| percent(*v));
    Chart {
        name: "fan",
        index: None,
        title: format!("What chance makes of {whose}"),
        label: format!(
            "Growth of resampled days: half of the resamples end between {} and {}, nine in ten between {} and {}.",
            end(1),
            end(3),
            end(0),
            end(4)
        ),
        size: Size::Half,
        table,
    }
}

fn intervals(judged: &Judged) -> Vec<Block> {
    let Ok(found) = &judged.found.monte_carlo else { return Vec::new() };
    let whose = if found.is_out_of_sample { "walk-forward" } else { "winner" };
    let caption = format!(
        "{} days of the {whose}, resampled in blocks of {} days",
        whole(found.days as f64),
        number(found.block_days)
    );
    let mut table = Table::new(caption, ["", "#5 %", "#median", "#95 %"]);
    let mut row = |name: &str, of: Quantiles| {
        table.row([name.to_owned(), percent(of.low), percent(of.middle), percent(of.high)]);
    };
    row("return", found.total_return);
    row("largest drawdown", found.max_drawdown);
    let words = format!(
        "{} of the resamples end with a loss; {} lose half of their highest equity at some time.",
        percent(found.loss),
        percent(found.ruin)
    );
    vec![Block::Table(table), Block::Text(words)]
}

pub(super) fn neighbours(report: &Report) -> Section {
    section(("neighbours", "Neighbours of the winner"), &report.judged, |judged| {
        let mut blocks = plateau(judged);
        blocks.extend(survivors(&judged.found.survivors).map(Block::Table));
        blocks
    })
}

fn plateau(judged: &Judged) -> Vec<Block> {
    match &judged.found.plateau {
        Ok(plateau) => {
            let mut blocks = vec![Block::Text(plateau_words(plateau, judged.found.winner.trial.number))];
            if let Some(rows) = judged.sensitivities.found().filter(|rows| !rows.is_empty()) {
                blocks.push(Block::Chart(sensitivity_chart(rows, plateau.peak)));
            }
            blocks
        }
        Err(why) => vec![Block::Missing(sentence(why))],
    }
}

/// The winner and other good trials that differ from it.
fn survivors(survivors: &[Survivor]) -> Option<Table> {
    if survivors.is_empty() {
        return None;
    }
    let head = [
        "#trial",
        "#objective",
        "#Sharpe, train",
        "#Sharpe, validate",
        "#return, costs doubled",
        "#neighbours that earn",
        "looks ahead",
    ];
    let mut table = Table::new("Good trials that differ from each other, the winner first", head);
    for survivor in survivors {
        table.row([
            Cell::from(survivor.number.to_string()),
            number(survivor.objective).into(),
            maybe(survivor.sharpe[0], number).into(),
            maybe(survivor.sharpe[1], number).into(),
            maybe(survivor.costly_return, percent).into(),
            maybe(survivor.profitable_neighbours, percent).into(),
            if survivor.is_causal { "no".into() } else { Cell::toned("yes", Tone::Bad) },
        ]);
    }
    Some(table)
}

fn plateau_words(plateau: &Plateau, winner: u64) -> String {
    let mut text = format!(
        "{} of {} points within a tenth of every range earn on train. Their median objective is {}, the winner's {}.",
        percent(plateau.profitable),
        plateau.neighbours,
        number(plateau.joint_median),
        number(plateau.peak),
    );
    if let Some((trial, mean)) = plateau.robust.filter(|(trial, _)| *trial != winner) {
        text.push_str(&format!(" Trial {trial} has better neighbours, {} on average.", number(mean)));
    }
    for edge in &plateau.edges {
        let end = if edge.is_high { "upper" } else { "lower" };
        text.push_str(&format!(" {} is best at the {end} end of its range: widen it.", edge.name));
    }
    text
}

fn sensitivity_chart(rows: &[SensitivityRow], peak: f64) -> Chart {
    let mut table = Table::new("One parameter moved at a time", ["parameter", "#moved to", "#objective", "#change"]);
    for row in rows {
        for (value, objective) in &row.moves {
            table.row([
                row.name.clone(),
                value.clone(),
                maybe(*objective, number),
                objective.map_or_else(|| "–".to_owned(), |objective| number(objective - peak)),
            ]);
        }
    }
    Chart {
        name: "sensitivity",
        index: None,
        title: "The objective when one parameter moves a step".to_owned(),
        label: format!(
            "Dots are single moves, the line is the winner's {}. Dots near the line are a plateau.",
            number(peak)
        ),
        size: Size::Wide,
        table,
    }
}

pub(super) fn regimes(report: &Report) -> Section {
    section(("regimes", "Years and markets"), &report.judged, |judged| {
        let regimes = &judged.found.regimes;
        vec![
            Block::Table(periods("By year", "year", &regimes.years)),
            Block::Table(periods("By the market's volatility and direction", "market", &regimes.markets)),
        ]
    })
}

fn periods(caption: &str, what: &str, periods: &[Period]) -> Table {
    let mut table = Table::new(caption, [what, "#days", "#Sharpe", "#return"]);
    let largest = periods.iter().map(|period| period.total_return.abs()).fold(0.001, f64::max);
    table.is_heat = true;
    for period in periods {
        table.row([
            Cell::from(period.name.clone()),
            whole(period.days as f64).into(),
            maybe(period.sharpe, number).into(),
            Cell::toned(percent(period.total_return), Tone::Heat(period.total_return / largest)),
        ]);
    }
    table
}
