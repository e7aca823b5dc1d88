//! The answer, what it rests on, and the winner in a line of figures.

use super::{Block, Cell, Section, Table, Tone};
use crate::report::judged::Judged;
use crate::report::words::{maybe, metric_text, number};
use crate::report::{Part, Report, WinnerCard};

pub(super) fn verdict(report: &Report) -> Section {
    let mut blocks = match &report.judged {
        Part::Found(judged) => judgement(judged),
        Part::Missing { missing } => {
            vec![Block::Verdict { word: "not judged".to_owned(), kind: "none", sentence: super::sentence(missing) }]
        }
    };
    blocks.push(match &report.winner {
        Part::Found(winner) => Block::Facts(facts(report, winner)),
        Part::Missing { missing } => Block::Missing(super::sentence(missing)),
    });
    if let Part::Found(judged) = &report.judged {
        blocks.push(Block::Table(criteria(judged)));
    }
    Section { id: "verdict", title: "Verdict", blocks }
}

fn judgement(judged: &Judged) -> Vec<Block> {
    let failing = judged.criteria.iter().filter(|criterion| !criterion.holds).count();
    let of = judged.criteria.len();
    let (kind, meaning) = match judged.verdict {
        "robust" => ("robust", format!("All {of} criteria hold.")),
        "fragile" => (
            "fragile",
            format!("Something works, and something would break it: {failing} of {of} criteria do not hold."),
        ),
        "likely noise" => {
            ("noise", format!("What was found is what luck finds: {failing} of {of} criteria do not hold."))
        }
        _ => ("data", "Too few trials, trades or days to say anything.".to_owned()),
    };
    let weakest = judged.weakest.map_or_else(String::new, |name| format!(" Weakest: {name}."));
    vec![Block::Verdict { word: judged.verdict.to_owned(), kind, sentence: meaning + &weakest }]
}

fn facts(report: &Report, winner: &WinnerCard) -> Vec<(String, String)> {
    let metric = |segment: &str, name: &str| {
        let value = winner.metrics.get(segment).and_then(|metrics| metrics.get(name)).copied();
        value.map_or_else(|| "–".to_owned(), |value| metric_text(name, value))
    };
    let which = if winner.is_chosen { "Trial shown" } else { "Winner" };
    let mut facts = vec![(which.to_owned(), format!("trial {}", winner.number))];
    for (objective, value) in report.search.objectives.iter().zip(&winner.values) {
        facts.push((objective.name.clone(), metric_text(&objective.name, *value)));
    }
    let latest = if winner.metrics.contains_key("validate") { "validate" } else { "train" };
    for (label, name) in [("Return", "total_return"), ("Largest drawdown", "max_drawdown"), ("Sharpe", "sharpe")] {
        if winner.metrics.contains_key(latest) {
            facts.push((format!("{label}, {latest}"), metric(latest, name)));
        }
    }
    if let Part::Found(judged) = &report.judged
        && let Ok(walk) = &judged.found.walk_forward
    {
        facts.push(("Sharpe, walk-forward".to_owned(), number(walk.sharpe)));
    }
    facts
}

fn criteria(judged: &Judged) -> Table {
    let mut table = Table::new("Criteria of the verdict", ["criterion", "#found", "#asked", "holds"]);
    for criterion in &judged.criteria {
        let is_weakest = judged.weakest == Some(criterion.name);
        let name = if is_weakest { format!("{} (weakest)", criterion.name) } else { criterion.name.to_owned() };
        table.row([
            Cell::toned(name, if is_weakest { Tone::Strong } else { Tone::Plain }),
            maybe(criterion.value, number).into(),
            format!("{} {}", if criterion.is_limit { "at most" } else { "at least" }, number(criterion.threshold))
                .into(),
            if criterion.holds { Cell::toned("yes", Tone::Good) } else { Cell::toned("no", Tone::Bad) },
        ]);
    }
    table
}
