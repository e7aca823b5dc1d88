//! Reading typed values out of one table, collecting every problem on the way.

use std::cell::RefCell;

use super::tree::{Entry, Item, Node, Table};
use crate::diagnostic::{Diagnostic, Located, Span, nearest};

/// Where the problems of one load are gathered.
#[derive(Debug, Default)]
pub(crate) struct Problems(RefCell<Vec<Diagnostic>>);

impl Problems {
    pub(crate) fn push(&self, code: &'static str, span: &Span, message: impl Into<String>) {
        self.0.borrow_mut().push(Diagnostic { code, message: message.into(), span: span.clone(), help: None });
    }

    pub(crate) fn push_with_help(
        &self,
        code: &'static str,
        span: &Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let help = Some(help.into());
        self.0.borrow_mut().push(Diagnostic { code, message: message.into(), span: span.clone(), help });
    }

    pub(crate) fn add(&self, problem: Diagnostic) {
        self.0.borrow_mut().push(problem);
    }

    pub(crate) fn into_inner(self) -> Vec<Diagnostic> {
        self.0.into_inner()
    }
}

/// One table being read. Every key asked for becomes a known key; [`finish`](Self::finish) reports
/// the rest.
pub(crate) struct Section<'a> {
    path: String,
    table: Option<&'a Table>,
    span: Span,
    asked: RefCell<Vec<&'static str>>,
    problems: &'a Problems,
}

impl<'a> Section<'a> {
    pub(crate) fn new(path: impl Into<String>, item: &'a Item, problems: &'a Problems) -> Self {
        let path = path.into();
        let table = match &item.node {
            Node::Table(table) => Some(table),
            other => {
                let message = format!("`{path}` must be a table, not {}", other.kind());
                match path.starts_with("params.") {
                    true => problems.push_with_help("E103", &item.span, message, "for example `{ int = [5, 60] }`"),
                    false => problems.push("E103", &item.span, message),
                }
                None
            }
        };
        Self { path, table, span: item.span.clone(), asked: RefCell::default(), problems }
    }

    /// Where the table was written.
    pub(crate) fn span(&self) -> &Span {
        &self.span
    }

    /// Whether it is a table; if not, that has been reported.
    pub(crate) fn is_table(&self) -> bool {
        self.table.is_some()
    }

    pub(crate) fn problems(&self) -> &'a Problems {
        self.problems
    }

    /// All entries, for tables whose keys the user names.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&'a String, &'a Entry)> {
        self.table.into_iter().flatten()
    }

    pub(crate) fn get(&self, key: &'static str) -> Option<&'a Item> {
        self.asked.borrow_mut().push(key);
        self.table?.get(key).map(|entry| &entry.item)
    }

    pub(crate) fn section(&self, key: &'static str) -> Option<Section<'a>> {
        let item = self.get(key)?;
        Some(Section::new(self.full(key), item, self.problems))
    }

    pub(crate) fn text(&self, key: &'static str) -> Option<Located<String>> {
        let item = self.get(key)?;
        match &item.node {
            Node::Text(text) => Some(Located { value: text.clone(), span: item.span.clone() }),
            _ => self.wrong_kind(key, item, "a text in quotes"),
        }
    }

    pub(crate) fn number(&self, key: &'static str) -> Option<Located<f64>> {
        let item = self.get(key)?;
        match number_of(item) {
            Some(value) => Some(Located { value, span: item.span.clone() }),
            None => self.wrong_kind(key, item, "a number"),
        }
    }

    pub(crate) fn integer(&self, key: &'static str) -> Option<Located<i64>> {
        let item = self.get(key)?;
        match item.node {
            Node::Integer(value) => Some(Located { value, span: item.span.clone() }),
            _ => self.wrong_kind(key, item, "a whole number"),
        }
    }

    pub(crate) fn boolean(&self, key: &'static str) -> Option<Located<bool>> {
        let item = self.get(key)?;
        match item.node {
            Node::Boolean(value) => Some(Located { value, span: item.span.clone() }),
            _ => self.wrong_kind(key, item, "true or false"),
        }
    }

    /// A text or a list of texts.
    pub(crate) fn texts(&self, key: &'static str) -> Vec<Located<String>> {
        let Some(item) = self.get(key) else { return Vec::new() };
        let items = match &item.node {
            Node::Array(items) => items.as_slice(),
            _ => std::slice::from_ref(item),
        };
        let text_of = |item: &Item| match &item.node {
            Node::Text(text) => Some(Located { value: text.clone(), span: item.span.clone() }),
            _ => self.wrong_kind(key, item, "a text in quotes"),
        };
        items.iter().filter_map(text_of).collect()
    }

    /// One of a few words.
    pub(crate) fn word<T: Copy>(&self, key: &'static str, words: &[(&'static str, T)]) -> Option<T> {
        let text = self.text(key)?;
        let found = words.iter().find(|(word, _)| *word == text.value).map(|&(_, value)| value);
        if found.is_none() {
            let known = words.iter().map(|(word, _)| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
            let help = nearest(&text.value, words.iter().map(|&(word, _)| word)).map_or_else(
                || format!("it can be {known}"),
                |word| format!("did you mean \"{word}\"? It can be {known}"),
            );
            self.problems.push_with_help(
                "E104",
                &text.span,
                format!("`{}` cannot be \"{}\"", self.full(key), text.value),
                help,
            );
        }
        found
    }

    /// A text that `parse` turns into a value or explains why it cannot.
    pub(crate) fn parsed<T>(&self, key: &'static str, parse: impl Fn(&str) -> Result<T, String>) -> Option<Located<T>> {
        let text = self.text(key)?;
        match parse(&text.value) {
            Ok(value) => Some(Located { value, span: text.span }),
            Err(why) => {
                self.problems.push("E104", &text.span, format!("`{}`: {why}", self.full(key)));
                None
            }
        }
    }

    /// Report a key that is needed and missing.
    pub(crate) fn required<T>(&self, key: &'static str, value: Option<T>, example: &str) -> Option<T> {
        if value.is_none() && self.table.is_some_and(|table| !table.contains_key(key)) {
            self.problems.push_with_help(
                "E105",
                &self.span,
                format!("`{}` is missing", self.full(key)),
                format!("for example `{example}`"),
            );
        }
        value
    }

    /// Report every key that nothing asked for.
    pub(crate) fn finish(self) {
        let asked = self.asked.into_inner();
        for (key, entry) in self.table.into_iter().flatten().filter(|(key, _)| !asked.contains(&key.as_str())) {
            let place = if self.path.is_empty() { "a study file".to_owned() } else { format!("`[{}]`", self.path) };
            let help = match (nearest(key, asked.iter().copied()), home(key)) {
                (Some(word), _) => format!("did you mean `{word}`?"),
                (None, Some(section)) => format!("`{key}` belongs in `[{section}]`"),
                (None, None) => {
                    format!("it takes {}", asked.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", "))
                }
            };
            self.problems.push_with_help("E102", &entry.key_span, format!("{place} has no key `{key}`"), help);
        }
    }

    fn full(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    fn wrong_kind<T>(&self, key: &str, item: &Item, wanted: &str) -> Option<T> {
        self.problems.push(
            "E103",
            &item.span,
            format!("`{}` must be {wanted}, not {}", self.full(key), item.node.kind()),
        );
        None
    }
}

/// Keys that exist in one section only, for those that were written into another.
const HOMES: [(&str, &[&str]); 9] = [
    ("data", &["path", "timeframe", "stamp", "on_error", "allow_nonpositive", "columns", "synth"]),
    ("split", &["train", "validate", "test", "embargo"]),
    (
        "strategy",
        &[
            "code",
            "require",
            "let",
            "long_entry",
            "long_exit",
            "short_entry",
            "short_exit",
            "stop_loss",
            "take_profit",
            "trailing_stop",
            "max_bars",
            "cooldown",
            "flat_by",
        ],
    ),
    ("execution", &["fill", "intrabar", "commission", "slippage", "size", "instrument"]),
    ("execution.instrument", &["tick", "point_value", "whole_contracts", "margin"]),
    ("execution.instrument.margin", &["initial", "maintenance", "on_shortfall"]),
    ("account", &["cash"]),
    (
        "search",
        &[
            "sampler",
            "trials",
            "lag",
            "workers",
            "timeout",
            "trial_timeout",
            "budget",
            "large_data",
            "returns",
            "fixed",
            "tpe",
            "pruner",
            "rungs",
            "stages",
        ],
    ),
    ("objective", &["maximize", "minimize", "constraints", "composite", "full_score_trades", "folds", "aggregate"]),
];

/// The section that a key belongs in.
fn home(key: &str) -> Option<&'static str> {
    HOMES.iter().find(|(_, keys)| keys.contains(&key)).map(|&(section, _)| section)
}

/// The number an item holds, whole or not.
pub(crate) fn number_of(item: &Item) -> Option<f64> {
    match item.node {
        #[expect(clippy::cast_precision_loss, reason = "study files hold small numbers")]
        Node::Integer(value) => Some(value as f64),
        Node::Float(value) => Some(value),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{options, tree};

    #[test]
    fn every_key_is_known_to_the_section_it_is_said_to_belong_in() {
        for (section, keys) in HOMES {
            for key in keys {
                let text = format!("[{section}]\n{key} = 1\n");
                let problems = Problems::default();
                options::read(&tree::parse(0, &text, &mut Vec::new()), &problems);
                let unknown = problems.into_inner().into_iter().find(|problem| problem.code == "E102");
                assert_eq!(unknown, None, "{section}.{key}");
            }
        }
    }
}
