//! Why two trials are one trial, or two.
//!
//! A trial's identity covers its parameters and the settings its result depends on, which the study's
//! fingerprint records. Both are in the store, so that two trials can be compared without their bars,
//! across studies and stores.

use std::collections::{BTreeMap, BTreeSet};

use bartune_search::space::{Choice, Distribution, ParamValue};
use bartune_search::storage::{Storage, TrialRecord};
use serde_json::{Value, json};

use super::FINGERPRINT;
use crate::error::Error;

/// What a trial's identity is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PartName {
    /// Parameter values.
    Parameters,
    /// Rules and session times.
    Strategy,
    /// The bars' content.
    Data,
    /// Which of the bars are train and validate.
    Segments,
    /// Fills, costs, size, instrument.
    Execution,
    /// Cash and account rules.
    Account,
    /// The version of the engine's semantics.
    Version,
}

impl PartName {
    /// All parts, in the order in which they are told.
    pub const ALL: [Self; 7] =
        [Self::Parameters, Self::Strategy, Self::Data, Self::Segments, Self::Execution, Self::Account, Self::Version];

    /// The part a key of the fingerprint belongs to; `None` for what only the sequence of trials
    /// depends on.
    fn of(key: &str) -> Option<Self> {
        match key.split('.').next()? {
            "strategy" if key != "strategy.require" => Some(Self::Strategy),
            "data" => Some(Self::Data),
            "split" => Some(Self::Segments),
            "execution" => Some(Self::Execution),
            "account" => Some(Self::Account),
            "engine" => Some(Self::Version),
            _ => None,
        }
    }

    /// Its name in lower case.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Parameters => "parameters",
            Self::Strategy => "strategy",
            Self::Data => "data",
            Self::Segments => "segments",
            Self::Execution => "execution",
            Self::Account => "account",
            Self::Version => "version",
        }
    }
}

/// One of two trials to compare.
#[derive(Debug, Clone, PartialEq)]
pub struct Side {
    /// The study's name.
    pub study: String,
    /// The trial's number.
    pub number: u64,
    /// Its stored identity; empty for a trial that was imported or made by another program.
    pub identity: String,
    /// What the identity is made of: part, key, value. A part that is not recorded has no keys.
    keys: BTreeMap<(PartName, String), Value>,
}

/// Whether two trials are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sameness {
    /// They have the same identity.
    Same,
    /// They have different ones.
    Different,
    /// One of them has none: what it depended on is not known.
    Unknown,
}

/// How two trials compare.
#[derive(Debug, Clone, PartialEq)]
pub struct Why {
    /// The verdict, by their identities.
    pub sameness: Sameness,
    /// Every part, in the order of [`PartName::ALL`].
    pub parts: Vec<Part>,
}

/// How one part compares.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Its name.
    pub name: PartName,
    /// How many keys it has on either side; with none it is not recorded.
    pub keys: usize,
    /// The keys that differ.
    pub differences: Vec<Difference>,
}

/// A key whose values differ.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// The parameter, or the key of the study file.
    pub key: String,
    /// Its value on the left, if there is one.
    pub left: Option<Value>,
    /// Its value on the right, if there is one.
    pub right: Option<Value>,
}

impl Side {
    /// Trial `number` of a stored study.
    ///
    /// # Errors
    ///
    /// [`Error::NoStudy`], [`Error::NoTrial`], [`Error::Storage`].
    pub fn read(
        storage: &dyn Storage<Error = bartune_storage::StorageError>,
        place: &str,
        study: &str,
        number: u64,
    ) -> Result<Self, Error> {
        let missing = || Error::NoStudy { name: study.to_owned(), storage: place.to_owned() };
        let info = storage.study(study)?.ok_or_else(missing)?;
        let record = storage.trials_in(info.id, number..number.saturating_add(1))?.into_iter().next();
        let record = record.ok_or_else(|| Error::NoTrial { name: study.to_owned(), number, trials: info.trials })?;
        Ok(Self::new(study, &record, info.user_attrs.get(FINGERPRINT)))
    }

    fn new(study: &str, record: &TrialRecord, fingerprint: Option<&Value>) -> Self {
        let trial = &record.trial;
        let mut keys: BTreeMap<(PartName, String), Value> = trial
            .params
            .iter()
            .map(|(name, value)| {
                ((PartName::Parameters, name.clone()), param_json(value, trial.distributions.get(name)))
            })
            .collect();
        // Imported trials did not come of this study's settings.
        let settings = fingerprint.and_then(Value::as_object).filter(|_| !record.identity.is_empty());
        for (key, value) in settings.into_iter().flatten() {
            if let Some(part) = PartName::of(key) {
                keys.insert((part, key.clone()), value.clone());
            }
        }
        Self { study: study.to_owned(), number: trial.number, identity: record.identity.clone(), keys }
    }
}

/// Compare two trials part by part.
#[must_use]
pub fn compare(left: &Side, right: &Side) -> Why {
    let sameness = match (left.identity.as_str(), right.identity.as_str()) {
        ("", _) | (_, "") => Sameness::Unknown,
        (left, right) if left == right => Sameness::Same,
        _ => Sameness::Different,
    };
    Why { sameness, parts: PartName::ALL.map(|name| part(name, left, right)).into() }
}

fn part(name: PartName, left: &Side, right: &Side) -> Part {
    let of_part = |side: &'_ Side| -> BTreeMap<String, Value> {
        let keys = side.keys.iter().filter(|((part, _), _)| *part == name);
        keys.map(|((_, key), value)| (key.clone(), value.clone())).collect()
    };
    let (left, right) = (of_part(left), of_part(right));
    let keys: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
    let differences = keys.iter().filter(|key| left.get(**key) != right.get(**key)).map(|key| Difference {
        key: (*key).clone(),
        left: left.get(*key).cloned(),
        right: right.get(*key).cloned(),
    });
    Part { name, keys: keys.len(), differences: differences.collect() }
}

/// A value as its signature has it.
fn param_json(value: &ParamValue, distribution: Option<&Distribution>) -> Value {
    let canonical = distribution.map_or_else(|| value.clone(), |distribution| distribution.canonical(value));
    match (canonical, distribution) {
        (ParamValue::Float(number), _) => json!(number),
        (ParamValue::Int(number), _) => json!(number),
        (ParamValue::Choice(index), Some(Distribution::Categorical { choices })) => match choices.get(index) {
            Some(Choice::Bool(flag)) => json!(flag),
            Some(Choice::Int(number)) => json!(number),
            Some(Choice::Float(number)) => json!(number),
            Some(Choice::Text(text)) => json!(text),
            Some(Choice::Null) | None => Value::Null,
        },
        (ParamValue::Choice(index), _) => json!(format!("choice {index}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(identity: &str, keys: &[(PartName, &str, Value)]) -> Side {
        let keys = keys.iter().map(|(part, key, value)| ((*part, (*key).to_owned()), value.clone())).collect();
        Side { study: "s".to_owned(), number: 0, identity: identity.to_owned(), keys }
    }

    #[test]
    fn what_differs_is_named_with_both_values_and_what_does_not_is_counted() {
        let fast = |value| (PartName::Parameters, "fast", value);
        let cash = (PartName::Account, "account.cash", json!(1000));
        let left = side("a", &[fast(json!(10)), cash.clone()]);
        let right = side("b", &[fast(json!(10.0)), cash, (PartName::Parameters, "stop", json!(true))]);
        let why = compare(&left, &right);
        assert_eq!(why.sameness, Sameness::Different);
        let differing: Vec<(&str, usize, Vec<&str>)> = why
            .parts
            .iter()
            .map(|part| {
                let keys = part.differences.iter().map(|difference| difference.key.as_str());
                (part.name.text(), part.keys, keys.collect())
            })
            .filter(|(_, keys, _)| *keys > 0)
            .collect();
        assert_eq!(differing, [("parameters", 2, vec!["fast", "stop"]), ("account", 1, vec![])]);
        assert_eq!(why.parts[0].differences[1].left, None);
    }

    #[test]
    fn a_trial_without_an_identity_is_neither_the_same_nor_another() {
        let fast = [(PartName::Parameters, "fast", json!(10))];
        assert_eq!(compare(&side("", &fast), &side("a", &fast)).sameness, Sameness::Unknown);
        assert_eq!(compare(&side("a", &fast), &side("a", &fast)).sameness, Sameness::Same);
    }

    #[test]
    fn keys_that_no_result_depends_on_belong_to_no_part() {
        for key in ["search.seed", "params.fast.distribution", "objective.formula", "strategy.require"] {
            assert_eq!(PartName::of(key), None, "{key}");
        }
        assert_eq!(PartName::of("strategy.graph"), Some(PartName::Strategy));
        assert_eq!(PartName::of("split.train"), Some(PartName::Segments));
        assert_eq!(PartName::of("engine.semantics"), Some(PartName::Version));
    }
}
