//! The list of metrics: names, meanings and the functions behind them.

use super::{MetricValue, Profile, family};

/// What a metric's number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A share: 0.1 is 10 %.
    Fraction,
    /// A number without a unit.
    Ratio,
    /// The account's currency.
    Money,
    /// How many.
    Count,
    /// Bars.
    Bars,
    /// Calendar days.
    Days,
    /// Hundredths of a percent.
    BasisPoints,
    /// 1 for yes, 0 for no.
    Flag,
}

impl Unit {
    /// The unit in words, as the documentation shows it.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Fraction => "fraction",
            Self::Ratio => "ratio",
            Self::Money => "money",
            Self::Count => "count",
            Self::Bars => "bars",
            Self::Days => "days",
            Self::BasisPoints => "bps",
            Self::Flag => "0 or 1",
        }
    }
}

/// Which way a metric is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// More is better.
    Higher,
    /// Less is better.
    Lower,
    /// It describes, it does not rank.
    Neither,
}

impl Better {
    /// The word the documentation shows.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Higher => "higher",
            Self::Lower => "lower",
            Self::Neither => "–",
        }
    }
}

/// One metric.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// Name in study files, tables and JSON.
    pub name: &'static str,
    /// What its number counts.
    pub unit: Unit,
    /// Which way is better.
    pub better: Better,
    /// One line for people.
    pub doc: &'static str,
    /// The formula, in the symbols that `docs/metrics.md` lists.
    pub formula: &'static str,
    /// Where the definition comes from, and which library agrees.
    pub source: &'static str,
    pub(crate) value: fn(&Profile<'_>) -> MetricValue,
}

/// Metrics that are documented together.
#[derive(Debug, Clone, Copy)]
pub struct Family {
    /// Heading.
    pub title: &'static str,
    /// Its metrics, in the order of the table.
    pub metrics: &'static [Metric],
}

const FAMILIES: [Family; 9] = [
    family::result::FAMILY,
    family::risk::FAMILY,
    family::drawdown::FAMILY,
    family::ratio::FAMILY,
    family::trade::FAMILY,
    family::streak::FAMILY,
    family::holding::FAMILY,
    family::cost::FAMILY,
    family::verdict::FAMILY,
];

/// How many metrics there are.
pub(crate) const COUNT: usize = count();

static CATALOGUE: [Metric; COUNT] = joined();

const fn count() -> usize {
    let mut total = 0;
    let mut family = 0;
    while family < FAMILIES.len() {
        total += FAMILIES[family].metrics.len();
        family += 1;
    }
    total
}

const fn joined() -> [Metric; COUNT] {
    let mut all = [FAMILIES[0].metrics[0]; COUNT];
    let (mut family, mut next) = (0, 0);
    while family < FAMILIES.len() {
        let metrics = FAMILIES[family].metrics;
        let mut index = 0;
        while index < metrics.len() {
            all[next] = metrics[index];
            index += 1;
            next += 1;
        }
        family += 1;
    }
    all
}

/// Every metric, in a fixed order.
#[must_use]
pub fn catalogue() -> &'static [Metric] {
    &CATALOGUE
}

/// The metrics under their headings, in the catalogue's order.
#[must_use]
pub fn families() -> &'static [Family] {
    &FAMILIES
}

/// The metric of this name.
///
/// ```
/// use bartune_engine::metric::find;
/// assert_eq!(find("max_drawdown").map(|metric| metric.unit.label()), Some("fraction"));
/// assert!(find("sharp").is_none());
/// ```
#[must_use]
pub fn find(name: &str) -> Option<&'static Metric> {
    position(name).map(|index| &CATALOGUE[index])
}

/// Where in the catalogue the metric of this name is.
pub(crate) fn position(name: &str) -> Option<usize> {
    CATALOGUE.iter().position(|metric| metric.name == name)
}
