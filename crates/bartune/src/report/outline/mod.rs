//! A report as sections of texts, tables and charts, which page and text twin share.
//!
//! | file | sections |
//! |---|---|
//! | `verdict` | the answer and its criteria |
//! | `winner` | equity, price, months, metrics, costs, account |
//! | `trials` | what the search did, and the parameters |
//! | `evidence` | walk-forward, cross-validation, resampling, neighbours, regimes |
//! | `source` | the study file, the bars, the commands |

mod evidence;
mod source;
mod trials;
mod verdict;
mod winner;

use super::{Part, Report};

/// One section of a page.
#[derive(Debug, Clone)]
pub(super) struct Section {
    /// Its anchor.
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) blocks: Vec<Block>,
}

/// One piece of a section.
#[derive(Debug, Clone)]
pub(super) enum Block {
    /// The verdict's word and what it means.
    Verdict {
        word: String,
        kind: &'static str,
        sentence: String,
    },
    /// A paragraph.
    Text(String),
    /// A paragraph about what is not there.
    Missing(String),
    /// A smaller heading.
    Heading(&'static str),
    /// Names and values.
    Facts(Vec<(String, String)>),
    Table(Table),
    Chart(Chart),
    /// A text in its own words.
    Code {
        title: String,
        text: String,
    },
}

/// A chart: its script draws it from the page's data, by its name.
#[derive(Debug, Clone)]
pub(super) struct Chart {
    pub(super) name: &'static str,
    /// Which of several of this name.
    pub(super) index: Option<usize>,
    pub(super) title: String,
    /// What it shows, in a sentence or two, for those who do not see it.
    pub(super) label: String,
    pub(super) size: Size,
    /// Its figures.
    pub(super) table: Table,
}

/// How much room a chart takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    Tall,
    Wide,
    Half,
    Small,
}

/// A table.
#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    pub(super) caption: String,
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Vec<Cell>>,
    /// Whether each cell is shaded by its value.
    pub(super) is_heat: bool,
}

/// A column's head.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) is_number: bool,
}

/// A cell.
#[derive(Debug, Clone, Default)]
pub(super) struct Cell {
    pub(super) text: String,
    pub(super) tone: Tone,
}

/// What a cell says beside its text.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) enum Tone {
    #[default]
    Plain,
    /// It holds.
    Good,
    /// It does not.
    Bad,
    /// The row to look at first.
    Strong,
    /// A share of the largest value, −1 to 1.
    Heat(f64),
}

impl Table {
    /// An empty table; a name that begins with `#` is that of a column of numbers.
    pub(super) fn new<N: Into<String>>(caption: impl Into<String>, columns: impl IntoIterator<Item = N>) -> Self {
        let column = |name: N| {
            let name: String = name.into();
            let is_number = name.starts_with('#');
            Column { name: if is_number { name[1..].to_owned() } else { name }, is_number }
        };
        Self { caption: caption.into(), columns: columns.into_iter().map(column).collect(), ..Self::default() }
    }

    pub(super) fn row<C: Into<Cell>>(&mut self, cells: impl IntoIterator<Item = C>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self { text, tone: Tone::Plain }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl Cell {
    pub(super) fn toned(text: impl Into<String>, tone: Tone) -> Self {
        Self { text: text.into(), tone }
    }
}

/// All sections, in order.
pub(super) fn sections(report: &Report) -> Vec<Section> {
    let mut sections = vec![verdict::verdict(report), winner::equity(report)];
    sections.push(winner::price(report));
    sections.push(winner::metrics(report));
    sections.push(trials::search(report));
    sections.push(trials::parameters(report));
    sections.extend(trials::front(report));
    sections.push(evidence::walk_forward(report));
    sections.push(evidence::chance(report));
    sections.push(evidence::neighbours(report));
    sections.push(evidence::regimes(report));
    sections.push(winner::costs(report));
    sections.extend(winner::account(report));
    sections.push(source::source(report));
    sections
}

/// A section about something that may be missing.
fn section<T>(
    (id, title): (&'static str, &'static str),
    part: &Part<T>,
    blocks: impl FnOnce(&T) -> Vec<Block>,
) -> Section {
    let blocks = match part {
        Part::Found(found) => blocks(found),
        Part::Missing { missing } => vec![Block::Missing(sentence(missing))],
    };
    Section { id, title, blocks }
}

/// A reason as a sentence.
fn sentence(reason: &str) -> String {
    let mut letters = reason.chars();
    let first: String = letters.next().map(|letter| letter.to_uppercase().collect()).unwrap_or_default();
    let end = if reason.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

/// Something's blocks, or the sentence that says why there are none.
fn part<T>(part: &Part<T>, what: &str, blocks: impl FnOnce(&T) -> Vec<Block>) -> Vec<Block> {
    match part {
        Part::Found(found) => blocks(found),
        Part::Missing { missing } => vec![Block::Missing(format!("No {what}: {missing}."))],
    }
}
