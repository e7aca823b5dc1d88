//! Every metric of one backtest.

use std::collections::BTreeMap;

use super::catalogue::{COUNT, Metric, catalogue, position};
use super::{MetricInput, MetricValue, Outline, Profile, Undefined};

/// The value of every metric of the [`catalogue`], in its order, or why there is none. Values are
/// finite: NaN and infinities cannot be in it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metrics {
    values: [MetricValue; COUNT],
}

/// All metrics of a backtest. Cost: a pass over the equity, and a few over the days and trades.
#[must_use]
pub fn compute(input: &MetricInput<'_>) -> Metrics {
    Metrics::of(&Profile::new(input))
}

/// As [`compute`], of a backtest whose equity was outlined as it ran.
#[must_use]
pub fn compute_outlined(input: &MetricInput<'_>, outline: &Outline) -> Metrics {
    Metrics::of(&Profile::outlined(input, outline.clone()))
}

impl Metrics {
    fn of(profile: &Profile<'_>) -> Self {
        Self { values: std::array::from_fn(|index| (catalogue()[index].value)(profile).and_then(finite)) }
    }

    /// The value of a metric; `None` where it is undefined or no metric has this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<f64> {
        self.value(name)?.ok()
    }

    /// Why a metric is undefined; `None` where it is defined or no metric has this name.
    #[must_use]
    pub fn undefined_reason(&self, name: &str) -> Option<Undefined> {
        self.value(name)?.err()
    }

    /// A metric's value or the reason there is none; `None` where no metric has this name.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<MetricValue> {
        position(name).map(|index| self.values[index])
    }

    /// Every metric with its value, in the catalogue's order.
    pub fn iter(&self) -> impl Iterator<Item = (&'static Metric, MetricValue)> + '_ {
        catalogue().iter().zip(self.values.iter().copied())
    }

    /// The defined metrics by name, as they are stored with a trial.
    #[must_use]
    pub fn to_map(&self) -> BTreeMap<String, f64> {
        self.iter().filter_map(|(metric, value)| Some((metric.name.to_owned(), value.ok()?))).collect()
    }
}

/// Keeps NaN and infinities in, and turns −0 into 0 so that a table never shows it.
fn finite(value: f64) -> MetricValue {
    if value.is_finite() { Ok(value + 0.0) } else { Err(Undefined::NotFinite) }
}
