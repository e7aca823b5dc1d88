//! A TOML document as an owned tree whose every value knows where it was written.
//!
//! Serde stops at the first problem and loses places inside flattened or tagged types; a study file
//! must report all of its problems at once. So the document is read by [`Section`](super::section)
//! from this tree.

use indexmap::IndexMap;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Error as ParseError};

use crate::diagnostic::{Diagnostic, Span};

/// A value with its place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Item {
    pub(crate) node: Node,
    pub(crate) span: Span,
}

/// A TOML value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    Text(String),
    Integer(i64),
    Float(f64),
    Boolean(bool),
    /// A date or time, as written.
    Datetime(String),
    Array(Vec<Item>),
    Table(Table),
}

/// Keys in the order of the file.
pub(crate) type Table = IndexMap<String, Entry>;

/// One `key = value`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) key_span: Span,
    pub(crate) item: Item,
}

impl Node {
    /// What the value is called in messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "a text",
            Self::Integer(_) => "a whole number",
            Self::Float(_) => "a decimal number",
            Self::Boolean(_) => "true or false",
            Self::Datetime(_) => "a date",
            Self::Array(_) => "a list",
            Self::Table(_) => "a table",
        }
    }
}

/// Parse one document; syntax errors are appended to `problems`.
pub(crate) fn parse(source: usize, text: &str, problems: &mut Vec<Diagnostic>) -> Item {
    let (root, errors) = DeTable::parse_recoverable(text);
    problems.extend(syntax_problems(source, text, &errors));
    let reader = Reader { source };
    let span = Span { source, range: root.span() };
    Item { node: Node::Table(reader.table(root.get_ref(), problems)), span }
}

/// The problems worth telling: the parser trips over the rest of a line, and over the rest of the
/// file when a bracket is never closed.
fn syntax_problems(source: usize, text: &str, errors: &[ParseError]) -> Vec<Diagnostic> {
    let runs_on = errors.iter().any(|error| error.message().contains("unclosed"));
    let help = runs_on.then(|| "a bracket or quote is not closed, so nothing after this could be read".to_owned());
    let problem = |error: &ParseError| Diagnostic {
        code: "E101",
        message: error.message().replace('\n', ", "),
        span: Span { source, range: error.span().unwrap_or(0..0) },
        help: help.clone(),
    };
    let line = |problem: &Diagnostic| text.bytes().take(problem.span.range.start).filter(|&byte| byte == b'\n').count();
    let mut problems: Vec<Diagnostic> = errors.iter().map(problem).collect();
    problems.sort_by_key(|problem| problem.span.range.start);
    problems.dedup_by_key(|problem| line(problem));
    problems.truncate(if runs_on { 1 } else { usize::MAX });
    problems
}

struct Reader {
    source: usize,
}

impl Reader {
    fn table(&self, table: &DeTable<'_>, problems: &mut Vec<Diagnostic>) -> Table {
        table
            .iter()
            .map(|(key, value)| {
                let key_span = Span { source: self.source, range: key.span() };
                (key.get_ref().to_string(), Entry { key_span, item: self.item(value, problems) })
            })
            .collect()
    }

    fn item(&self, value: &Spanned<DeValue<'_>>, problems: &mut Vec<Diagnostic>) -> Item {
        let span = Span { source: self.source, range: value.span() };
        let node = match value.get_ref() {
            DeValue::String(text) => Node::Text(text.to_string()),
            DeValue::Boolean(flag) => Node::Boolean(*flag),
            DeValue::Datetime(moment) => Node::Datetime(moment.to_string()),
            DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
                Ok(number) => Node::Integer(number),
                Err(_) => self.out_of_range(number.as_str(), &span, problems),
            },
            DeValue::Float(number) => match number.as_str().parse::<f64>() {
                Ok(number) if number.is_finite() => Node::Float(number),
                _ => self.out_of_range(number.as_str(), &span, problems),
            },
            DeValue::Array(items) => Node::Array(items.iter().map(|item| self.item(item, problems)).collect()),
            DeValue::Table(table) => Node::Table(self.table(table, problems)),
        };
        Item { node, span }
    }

    fn out_of_range(&self, written: &str, span: &Span, problems: &mut Vec<Diagnostic>) -> Node {
        problems.push(Diagnostic {
            code: "E101",
            message: format!("`{written}` is not a finite number that fits 64 bits"),
            span: span.clone(),
            help: None,
        });
        Node::Float(0.0)
    }
}

/// Put `overriding` over `base`: tables merge key by key, anything else is replaced.
pub(crate) fn merge(base: &mut Table, overriding: Table) {
    for (key, entry) in overriding {
        match (base.get_mut(&key), entry) {
            (
                Some(Entry { item: Item { node: Node::Table(inner), .. }, .. }),
                Entry { item: Item { node: Node::Table(over), .. }, .. },
            ) => {
                merge(inner, over);
            }
            (_, entry) => {
                base.insert(key, entry);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_places() {
        let mut problems = Vec::new();
        let root = parse(0, "a = 1\n[b]\nc = 'x'\n", &mut problems);
        let Node::Table(root) = root.node else { panic!("a document is a table") };
        let Node::Table(b) = &root["b"].item.node else { panic!("b is a table") };
        assert!(problems.is_empty());
        assert_eq!(root["a"].item.node, Node::Integer(1));
        assert_eq!(b["c"].item.span.range, 14..17);
    }

    #[test]
    fn every_syntax_error_is_reported() {
        let mut problems = Vec::new();
        parse(0, "a = \nb = 99999999999999999999\nc = nan\n", &mut problems);
        assert_eq!(problems.len(), 3);
    }

    #[test]
    fn a_bracket_that_is_never_closed_is_one_problem() {
        let mut problems = Vec::new();
        parse(0, "a = { int = [5, 60 }\nb = 1\n[c]\nd = 2\n", &mut problems);
        assert_eq!(problems.iter().map(|problem| problem.span.range.start).collect::<Vec<_>>(), [19]);
    }

    #[test]
    fn overrides_merge_into_tables() {
        let mut problems = Vec::new();
        let tables = ["[a]\nx = 1\ny = 2", "a.y = 3\nb = 4"].map(|text| parse(0, text, &mut problems));
        let [Item { node: Node::Table(mut base), .. }, Item { node: Node::Table(over), .. }] = tables else {
            panic!("tables")
        };
        merge(&mut base, over);
        let Node::Table(a) = &base["a"].item.node else { panic!("a is a table") };
        assert_eq!((&a["x"].item.node, &a["y"].item.node), (&Node::Integer(1), &Node::Integer(3)));
        assert_eq!(base["b"].item.node, Node::Integer(4));
    }
}
