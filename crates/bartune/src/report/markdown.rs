//! The sections as text: a chart is its sentence and its table.

use std::fmt::Write as _;

use super::Report;
use super::outline::{Block, Cell, Table, sections};
use super::words::moment_text;

pub(super) fn text(report: &Report) -> String {
    let mut text = format!("# {}\n", escaped(&report.name));
    for section in sections(report) {
        let _ = write!(text, "\n## {}\n", section.title);
        section.blocks.iter().for_each(|block| text.push_str(&block_text(block)));
    }
    let _ = write!(text, "\nMade by bartune {} on {}.\n", report.version, moment_text(report.generated_ms));
    text
}

/// A text that Markdown takes as it is.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' => safe.extend(['\\', letter]),
            '<' => safe.push_str("&lt;"),
            '&' => safe.push_str("&amp;"),
            '\n' => safe.push(' '),
            _ => safe.push(letter),
        }
    }
    safe
}

fn block_text(block: &Block) -> String {
    match block {
        Block::Verdict { word, sentence, .. } => format!("\n**{}.** {}\n", escaped(word), escaped(sentence)),
        Block::Text(text) if text.is_empty() => String::new(),
        Block::Text(text) => format!("\n{}\n", escaped(text)),
        Block::Missing(text) => format!("\n*{}*\n", escaped(text)),
        Block::Heading(text) => format!("\n### {}\n", escaped(text)),
        Block::Facts(facts) => {
            let fact = |(name, value): &(String, String)| format!("- {}: {}\n", escaped(name), escaped(value));
            format!("\n{}", facts.iter().map(fact).collect::<String>())
        }
        Block::Table(table) => table_text(table),
        Block::Chart(chart) => {
            format!("\n### {}\n\n{}\n{}", escaped(&chart.title), escaped(&chart.label), table_text(&chart.table))
        }
        Block::Code { title, text } => {
            let fence = fence(text);
            format!("\n### {}\n\n{fence}\n{}\n{fence}\n", escaped(title), text.trim_end())
        }
    }
}

/// More backticks than the text has in a row.
fn fence(text: &str) -> String {
    let mut longest = 0;
    let mut run = 0;
    for letter in text.chars() {
        run = if letter == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    "`".repeat(3.max(longest + 1))
}

fn table_text(table: &Table) -> String {
    if table.rows.is_empty() {
        return String::new();
    }
    let head: Vec<String> = table.columns.iter().map(|column| escaped(&column.name)).collect();
    let rule: Vec<&str> = table.columns.iter().map(|column| if column.is_number { "--:" } else { ":--" }).collect();
    let mut text = format!("\n{}:\n\n| {} |\n| {} |\n", escaped(&table.caption), head.join(" | "), rule.join(" | "));
    for row in &table.rows {
        let cells: Vec<String> = row.iter().map(|Cell { text, .. }| escaped(text)).collect();
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_keep_to_their_columns_and_fences_hold() {
        assert_eq!(escaped("a|b <i>\n_c_"), "a\\|b &lt;i> \\_c\\_");
        assert_eq!(fence("x ```` y"), "`````");
        assert_eq!(fence("x"), "```");
    }
}
