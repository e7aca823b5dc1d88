//! Every function, group by group in the order of the documentation.

mod average;
mod channel;
mod condition;
mod math;
mod momentum;
mod price;
mod statistic;
mod trend;
mod volatility;
mod volume;
mod window;

use std::sync::LazyLock;

use super::Function;

static CATALOGUE: LazyLock<Vec<Function>> = LazyLock::new(|| {
    [
        average::functions(),
        channel::functions(),
        trend::functions(),
        momentum::functions(),
        volatility::functions(),
        volume::functions(),
        statistic::functions(),
        price::functions(),
        window::functions(),
        condition::functions(),
        math::functions(),
    ]
    .into_iter()
    .flatten()
    .collect()
});

/// Positions in the catalogue, in the order of the names.
static BY_NAME: LazyLock<Vec<usize>> = LazyLock::new(|| {
    let mut positions: Vec<usize> = (0..CATALOGUE.len()).collect();
    positions.sort_by_key(|&position| CATALOGUE[position].name);
    positions
});

/// Every function, group by group.
#[must_use]
pub fn catalogue() -> &'static [Function] {
    &CATALOGUE
}

/// The function of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Function> {
    let found = BY_NAME.binary_search_by_key(&name, |&position| CATALOGUE[position].name);
    found.ok().map(|index| &CATALOGUE[BY_NAME[index]])
}

/// Every name in alphabetical order, for suggestions.
pub fn names() -> impl Iterator<Item = &'static str> {
    BY_NAME.iter().map(|&position| CATALOGUE[position].name)
}
