//! Where it all comes from, and how to have it again.

use super::{Block, Section};
use crate::report::words::whole;
use crate::report::{Report, SourceCard};

pub(super) fn source(report: &Report) -> Section {
    let blocks = match &report.source {
        Some(source) => blocks(report, source),
        None => vec![
            Block::Facts(vec![("Store".to_owned(), report.storage.clone())]),
            Block::Missing("The study file is not known to the store.".to_owned()),
        ],
    };
    Section { id: "source", title: "How to have it again", blocks }
}

fn blocks(report: &Report, source: &SourceCard) -> Vec<Block> {
    let segments: Vec<String> =
        source.segments.iter().map(|(name, bars)| format!("{name} {}", whole(*bars as f64))).collect();
    let facts = vec![
        ("Bars".to_owned(), source.data_path.clone()),
        ("Their hash".to_owned(), source.data_hash.clone()),
        (
            "Span".to_owned(),
            format!("{} to {}, {} bars, {}", source.days.0, source.days.1, whole(source.bars as f64), source.timezone),
        ),
        ("Segments, in bars".to_owned(), segments.join(", ")),
        ("Seed".to_owned(), source.seed.to_string()),
        ("Store".to_owned(), report.storage.clone()),
        ("Made by".to_owned(), format!("bartune {}", report.version)),
    ];
    vec![
        Block::Facts(facts),
        Block::Code { title: "Commands".to_owned(), text: commands(source) },
        Block::Code { title: "Study file".to_owned(), text: source.text.clone() },
    ]
}

/// The same study, its verdict and this page.
fn commands(source: &SourceCard) -> String {
    let set: String =
        source.overrides.iter().map(|line| format!(" --set {}", quoted(&line.replace(" = ", "=")))).collect();
    let file = quoted(&source.file);
    ["run", "validate", "report"].map(|command| format!("bartune {command} {file}{set}\n")).concat()
}

/// As a shell takes it.
fn quoted(text: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-=".contains(letter);
    if !text.is_empty() && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}
