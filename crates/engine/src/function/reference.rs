//! The function reference of `docs/language.md`, written from the catalogue.

use std::fmt::Write as _;

use super::{Arg, BarColumn, Function, Input, OutputKind, catalogue};

/// `docs/language.md`: the language's guide and a table of functions for each group.
#[must_use]
pub fn reference() -> String {
    let mut text = include_str!("../language/guide.md").trim_end().to_owned();
    text.push_str("\n\n## Functions\n");
    let mut group = "";
    for function in catalogue() {
        if function.group != group {
            group = function.group;
            let _ = write!(text, "\n### {group}\n\n| call | outputs | reads | lookback | |\n|---|---|---|---|---|\n");
        }
        text.push_str(&row(function));
    }
    text
}

fn row(function: &Function) -> String {
    format!(
        "| `{}` | {} | {} | {} | {} |\n",
        signature(function),
        outputs(function),
        columns(function),
        function.lookback_formula,
        function.doc
    )
}

/// The call as a trader writes it: `macd(x, fast = 12, slow = 26, signal = 9)`.
fn signature(function: &Function) -> String {
    let series = function.inputs.iter().filter(|input| **input == Input::Series).count();
    let mut names = ["a", "b", "c"].iter();
    let inputs = function.inputs.iter().filter_map(|input| match input {
        Input::Series if series == 1 => Some("x".to_owned()),
        Input::Series => names.next().map(|name| (*name).to_owned()),
        Input::Condition => Some("condition".to_owned()),
        Input::Column(_) => None,
    });
    let parts: Vec<String> = inputs.chain(function.args.iter().map(argument)).collect();
    format!("{}({})", function.name, parts.join(", "))
}

fn argument(arg: &Arg) -> String {
    arg.default.map_or_else(|| arg.name.to_owned(), |value| format!("{} = {value}", arg.name))
}

fn outputs(function: &Function) -> String {
    match (function.kind, function.outputs) {
        (OutputKind::Condition, _) => "condition".to_owned(),
        (OutputKind::Number, [""]) => "number".to_owned(),
        (OutputKind::Number, names) => {
            let names: Vec<String> = names.iter().map(|name| format!("`.{name}`")).collect();
            names.join(" ")
        }
    }
}

fn columns(function: &Function) -> String {
    let names: Vec<&str> = function
        .inputs
        .iter()
        .filter_map(|input| match input {
            Input::Column(column) => Some(column_name(*column)),
            Input::Series | Input::Condition => None,
        })
        .collect();
    names.join(" ")
}

const fn column_name(column: BarColumn) -> &'static str {
    match column {
        BarColumn::Open => "open",
        BarColumn::High => "high",
        BarColumn::Low => "low",
        BarColumn::Close => "close",
        BarColumn::Volume => "volume",
        BarColumn::Time => "time",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `BARTUNE_BLESS=1 cargo test -p bartune-engine docs` rewrites the file.
    #[test]
    fn docs_are_up_to_date() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/language.md");
        let wanted = reference();
        if std::env::var_os("BARTUNE_BLESS").is_some() {
            std::fs::write(path, &wanted).unwrap();
        }
        let written = std::fs::read_to_string(path).unwrap_or_default();
        assert!(written == wanted, "docs/language.md is stale: run BARTUNE_BLESS=1 cargo test -p bartune-engine docs");
    }
}
