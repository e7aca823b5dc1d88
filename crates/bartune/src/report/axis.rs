//! A parameter as an axis: where a value lies on it, and how it is written.

use bartune_search::space::{Choice, Distribution, ParamValue};
use serde::Serialize;

use super::words::number;

/// How values are spaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Scale {
    Linear,
    Log,
    Choice,
}

/// One parameter.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Axis {
    pub(super) name: String,
    pub(super) scale: Scale,
    pub(super) low: f64,
    pub(super) high: f64,
    /// Grid step, where there is one; bins are not finer.
    pub(super) step: Option<f64>,
    /// Of choices, in their order.
    pub(super) labels: Vec<String>,
}

impl Axis {
    pub(super) fn of(name: &str, distribution: &Distribution) -> Self {
        let scale = |log: bool| if log { Scale::Log } else { Scale::Linear };
        let (scale, low, high, step, labels) = match distribution {
            Distribution::Float { low, high, step, log } => (scale(*log), *low, *high, *step, Vec::new()),
            Distribution::Int { low, high, step, log } => {
                (scale(*log), *low as f64, *high as f64, Some(*step as f64), Vec::new())
            }
            Distribution::Categorical { choices } => {
                let last = choices.len().saturating_sub(1) as f64;
                (Scale::Choice, 0.0, last, Some(1.0), choices.iter().map(label).collect())
            }
        };
        Self { name: name.to_owned(), scale, low, high, step, labels }
    }

    /// Where a value lies: the value itself, or the place of a choice.
    pub(super) fn place(value: &ParamValue) -> f64 {
        match value {
            ParamValue::Float(value) => *value,
            ParamValue::Int(value) => *value as f64,
            ParamValue::Choice(index) => *index as f64,
        }
    }

    /// What lies there, in words; a dash where the parameter is inactive.
    pub(super) fn text(&self, place: f64) -> String {
        if place.is_nan() {
            return "–".to_owned();
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the place of a choice")]
        self.labels.get(place as usize).cloned().unwrap_or_else(|| number(place))
    }

    /// Bins of a map along this axis: one a value where there are few.
    pub(super) fn bins(&self, most: usize) -> usize {
        let values = match (self.step, self.scale) {
            (Some(step), Scale::Linear | Scale::Choice) if step > 0.0 => ((self.high - self.low) / step).round() + 1.0,
            _ => f64::INFINITY,
        };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is at most `most`")]
        let bins = values.min(most as f64) as usize;
        bins.max(1)
    }

    /// The share of the range that lies below, 0 to 1.
    pub(super) fn share(&self, place: f64) -> f64 {
        if self.high <= self.low {
            return 0.5;
        }
        match self.scale {
            Scale::Log => (place / self.low).ln() / (self.high / self.low).ln(),
            Scale::Linear | Scale::Choice => (place - self.low) / (self.high - self.low),
        }
    }

    /// What lies at a share of the range.
    pub(super) fn at(&self, share: f64) -> f64 {
        match self.scale {
            Scale::Log => self.low * (self.high / self.low).powf(share),
            Scale::Linear | Scale::Choice => self.low + (self.high - self.low) * share,
        }
    }
}

fn label(choice: &Choice) -> String {
    match choice {
        Choice::Null => "none".to_owned(),
        Choice::Bool(flag) => flag.to_string(),
        Choice::Int(number) => number.to_string(),
        Choice::Float(number) => number.to_string(),
        Choice::Text(text) => text.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_axis_is_even_in_its_powers() {
        let axis = Axis::of("rate", &Distribution::Float { low: 0.01, high: 100.0, step: None, log: true });
        assert!((axis.share(1.0) - 0.5).abs() < 1e-12);
        assert!((axis.at(0.5) - 1.0).abs() < 1e-12);
        assert_eq!(axis.bins(20), 20);
    }

    #[test]
    fn few_values_have_a_bin_each_and_choices_their_words() {
        let choices = vec![Choice::Text("slow".to_owned()), Choice::Bool(true), Choice::Null];
        let axis = Axis::of("kind", &Distribution::Categorical { choices });
        assert_eq!(
            (axis.bins(20), axis.text(0.0), axis.text(1.0), axis.text(2.0)),
            (3, "slow".into(), "true".into(), "none".into())
        );
        assert_eq!(axis.text(f64::NAN), "–");
        assert_eq!(Axis::of("n", &Distribution::Int { low: 1, high: 9, step: 2, log: false }).bins(20), 5);
    }
}
