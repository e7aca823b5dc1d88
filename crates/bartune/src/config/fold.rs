//! `[objective] folds = 5, aggregate = "mean - 0.5 * std"`: an objective that must hold in every part of the train segment.

use bartune_engine::language::{self, Formula};

use super::expression::report_expression;
use super::options::ObjectiveOptions;
use super::section::Problems;
use crate::diagnostic::{Located, Sources};

/// What can be said of the values in the folds.
const STATISTICS: [&str; 5] = ["mean", "median", "min", "max", "std"];
/// More folds than this are too short to mean anything.
const MOST: i64 = 100;

/// An objective's value from its values in consecutive parts of the train segment.
#[derive(Debug, Clone)]
pub struct Folds {
    /// How many parts, of equal numbers of bars.
    pub count: usize,
    /// The value, from `mean`, `median`, `min`, `max` and `std` (of a sample) over the parts.
    pub aggregate: Formula,
}

impl Folds {
    /// The value for these of the parts; `None` where it is undefined.
    #[must_use]
    pub fn value(&self, parts: &[f64]) -> Option<f64> {
        let mut sorted = parts.to_vec();
        sorted.sort_by(f64::total_cmp);
        let count = parts.len() as f64;
        let mean = parts.iter().sum::<f64>() / count;
        let middle = sorted.len() / 2;
        self.aggregate.value(|name| match name {
            "mean" => Some(mean),
            "median" if sorted.len() % 2 == 1 => Some(sorted[middle]),
            "median" => Some(sorted[middle - 1].midpoint(sorted[middle])),
            "min" => sorted.first().copied(),
            "max" => sorted.last().copied(),
            _ => Some((parts.iter().map(|part| (part - mean).powi(2)).sum::<f64>() / (count - 1.0)).sqrt()),
        })
    }

    /// As it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        self.aggregate.text().trim()
    }
}

/// Resolve both keys, reporting every problem.
pub(super) fn resolve(written: &ObjectiveOptions, sources: &Sources, problems: &Problems) -> Option<Folds> {
    let Some(folds) = &written.folds else {
        if let Some(aggregate) = &written.aggregate {
            let help = "add `folds = 5`: the train segment in five parts";
            problems.push_with_help("E110", &aggregate.span, "`objective.aggregate` is not read without folds", help);
        }
        return None;
    };
    if !(2..=MOST).contains(&folds.value) {
        problems.push("E104", &folds.span, format!("`objective.folds` is a number of parts, 2 to {MOST}"));
        return None;
    }
    let default = Located { value: "mean".to_owned(), span: folds.span.clone() };
    let text = written.aggregate.as_ref().unwrap_or(&default);
    match language::compile_formula(&text.value, &STATISTICS) {
        Ok(aggregate) => Some(Folds { count: usize::try_from(folds.value).unwrap_or(2), aggregate }),
        Err(found) => {
            found.iter().for_each(|problem| report_expression(text, problem, sources, problems));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(aggregate: &str, parts: &[f64]) -> Option<f64> {
        let aggregate = language::compile_formula(aggregate, &STATISTICS).expect("it is well formed");
        Folds { count: parts.len(), aggregate }.value(parts)
    }

    #[test]
    fn statistics_are_those_of_the_parts() {
        let parts = [4.0, 1.0, 2.0, 9.0];
        assert_eq!(value("mean", &parts), Some(4.0));
        assert_eq!(value("median", &parts), Some(3.0));
        assert_eq!(value("median", &parts[..3]), Some(2.0));
        assert_eq!((value("min", &parts), value("max", &parts)), (Some(1.0), Some(9.0)));
        // Deviations 0, −3, −2, 5: squares 38, over three.
        assert_eq!(value("std", &parts), Some((38.0f64 / 3.0).sqrt()));
        assert_eq!(value("mean - 0.5 * std", &[1.0, 1.0]), Some(1.0));
    }
}
