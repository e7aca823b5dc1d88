//! Studies that another program made or went on with: what of them fits the study file.
//!
//! | found in the study | what becomes of it |
//! |---|---|
//! | other directions than the objective's | refused |
//! | a parameter that the file lacks, or one of another kind, scale or set of choices | refused, each by name |
//! | a parameter of the file, without `when`, that no trial has | refused, by name |
//! | another range or step of the same kind and scale | continued: the trial keeps its value |
//! | the same choices in another order | continued: values go by the choice, not by its index |
//! | numbers that are missing | filled with trials that count for nothing |
//!
//! A trial of another program has no identity. It is learned from and counts against the budget, but
//! answers no duplicate: nobody knows what its value was measured on.

use std::collections::{BTreeMap, BTreeSet};

use bartune_search::space::{Choice, Distribution, ParamValue, Space};
use bartune_search::storage::TrialRecord;
use bartune_search::trial::{Trial, TrialState};
use indexmap::IndexMap;

/// Why the trials of a study cannot be continued in this space: one sentence a parameter, none if they can.
pub(super) fn incompatibilities(space: &Space, records: &[TrialRecord]) -> Vec<String> {
    let mut found = Vec::new();
    let mut met: BTreeSet<&str> = BTreeSet::new();
    let mut looked_at: BTreeMap<&str, Vec<&Distribution>> = BTreeMap::new();
    for (name, distribution) in records.iter().flat_map(|record| &record.trial.distributions) {
        met.insert(name);
        let known = looked_at.entry(name).or_default();
        if known.contains(&distribution) {
            continue;
        }
        known.push(distribution);
        if let Some(problem) = mismatch(space, name, distribution) {
            found.push(format!("  {name}: {problem}"));
        }
    }
    if !met.is_empty() {
        let params = space.params().iter();
        let missing = params.filter(|(name, param)| param.when.is_none() && !met.contains(name.as_str()));
        found.extend(missing.map(|(name, _)| format!("  {name}: no stored trial has it")));
    }
    found.dedup();
    found
}

fn mismatch(space: &Space, name: &str, theirs: &Distribution) -> Option<String> {
    use Distribution::{Categorical, Float, Int};
    let Some(ours) = space.distribution(name) else {
        return Some("the study file has no such parameter".to_owned());
    };
    match (theirs, ours) {
        (Float { log: theirs, .. }, Float { log: ours, .. }) | (Int { log: theirs, .. }, Int { log: ours, .. }) => {
            let scale = |log: bool| if log { "logarithmic" } else { "linear" };
            (theirs != ours).then(|| format!("{} in the study, {} in the file", scale(*theirs), scale(*ours)))
        }
        (Categorical { choices: theirs }, Categorical { choices: ours }) => {
            let is_same = theirs.len() == ours.len() && theirs.iter().all(|choice| ours.contains(choice));
            (!is_same).then(|| format!("its choices are {} in the study, {} in the file", list(theirs), list(ours)))
        }
        _ => Some(format!("{} in the study, {} in the file", kind(theirs), kind(ours))),
    }
}

fn kind(distribution: &Distribution) -> &'static str {
    match distribution {
        Distribution::Float { .. } => "a real number",
        Distribution::Int { .. } => "a whole number",
        Distribution::Categorical { .. } => "a choice",
    }
}

fn list(choices: &[Choice]) -> String {
    let words = choices.iter().map(|choice| serde_json::to_string(choice).unwrap_or_else(|_| format!("{choice:?}")));
    format!("[{}]", words.collect::<Vec<_>>().join(", "))
}

/// The trials as a search in this space goes on from them: choices by the file's index, missing numbers filled.
pub(super) fn adapted(space: &Space, mut records: Vec<TrialRecord>) -> Vec<TrialRecord> {
    if (0..).zip(&records).all(|(number, record): (u64, _)| record.trial.number == number) {
        records.iter_mut().for_each(|record| reindex(space, &mut record.trial));
        return records;
    }
    let mut adapted: Vec<TrialRecord> = Vec::with_capacity(records.len());
    for mut record in records {
        while (adapted.len() as u64) < record.trial.number {
            adapted.push(hole(adapted.len() as u64));
        }
        // A number that is there twice would be a second trial of one number: the first one counts.
        if (adapted.len() as u64) > record.trial.number {
            continue;
        }
        reindex(space, &mut record.trial);
        adapted.push(record);
    }
    adapted
}

/// Let the choices of a trial count as the space counts them.
fn reindex(space: &Space, trial: &mut Trial) {
    for (name, theirs) in &mut trial.distributions {
        let Some(ours) = space.distribution(name).filter(|ours| *ours != theirs) else { continue };
        let (Distribution::Categorical { choices: old }, Distribution::Categorical { choices: new }) = (&*theirs, ours)
        else {
            continue;
        };
        let Some(ParamValue::Choice(index)) = trial.params.get_mut(name) else { continue };
        let chosen = old.get(*index).and_then(|chosen| new.iter().position(|choice| choice == chosen));
        if let Some(position) = chosen {
            *index = position;
            *theirs = ours.clone();
        }
    }
}

/// What stands for a number that the store has no trial of.
pub(super) fn hole(number: u64) -> TrialRecord {
    TrialRecord {
        trial: Trial {
            number,
            state: TrialState::Fail,
            params: BTreeMap::new(),
            distributions: IndexMap::new(),
            values: Vec::new(),
            constraints: IndexMap::new(),
            intermediate_values: BTreeMap::new(),
            user_attrs: IndexMap::new(),
            system_attrs: IndexMap::new(),
            started_ms: None,
            finished_ms: None,
            duplicate_of: None,
        },
        identity: String::new(),
        metrics: BTreeMap::new(),
        daily_returns: BTreeMap::new(),
        is_abridged: false,
        reason: Some("the store has no trial of this number".to_owned()),
    }
}

/// The value that JSON, as Optuna's `enqueue_trial` keeps it, gives a parameter; none if it is of another kind.
pub(super) fn fixed_value(distribution: &Distribution, json: &serde_json::Value) -> Option<ParamValue> {
    let whole = |number: f64| (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64);
    match distribution {
        Distribution::Float { .. } => json.as_f64().map(ParamValue::Float),
        Distribution::Int { .. } => json.as_i64().or_else(|| whole(json.as_f64()?)).map(ParamValue::Int),
        Distribution::Categorical { choices } => {
            let is_chosen = |choice: &Choice| match choice {
                Choice::Null => json.is_null(),
                Choice::Bool(flag) => json.as_bool() == Some(*flag),
                Choice::Int(number) => json.as_i64() == Some(*number),
                Choice::Float(number) => json.as_f64() == Some(*number),
                Choice::Text(text) => json.as_str() == Some(text),
            };
            choices.iter().position(is_chosen).map(ParamValue::Choice)
        }
    }
}

#[cfg(test)]
mod tests {
    use bartune_search::space::Param;
    use serde_json::json;

    use super::*;

    fn float(low: f64, log: bool) -> Distribution {
        Distribution::Float { low, high: 10.0, step: None, log }
    }

    fn choices(choices: &[bool]) -> Distribution {
        Distribution::Categorical { choices: choices.iter().map(|flag| Choice::Bool(*flag)).collect() }
    }

    fn space() -> Space {
        let params = [("x", float(0.5, false)), ("on", choices(&[false, true]))];
        let params = params.map(|(name, distribution)| (name.to_owned(), Param { distribution, when: None }));
        Space::try_new(params.into_iter().collect(), Vec::new()).unwrap()
    }

    fn trial(number: u64, params: &[(&str, ParamValue, Distribution)]) -> TrialRecord {
        let mut record = hole(number);
        record.trial.state = TrialState::Complete;
        for (name, value, from) in params {
            record.trial.params.insert((*name).to_owned(), value.clone());
            record.trial.distributions.insert((*name).to_owned(), from.clone());
        }
        record
    }

    #[test]
    fn another_range_is_continued_and_another_scale_kind_or_name_is_refused() {
        let on = ("on", ParamValue::Choice(0), choices(&[true, false]));
        let of =
            |name, from| incompatibilities(&space(), &[trial(0, &[(name, ParamValue::Float(1.0), from), on.clone()])]);
        assert_eq!(of("x", float(-5.0, false)), Vec::<String>::new());
        assert_eq!(of("x", float(0.5, true)), ["  x: logarithmic in the study, linear in the file"]);
        let int = Distribution::Int { low: 0, high: 9, step: 1, log: false };
        assert_eq!(of("x", int), ["  x: a whole number in the study, a real number in the file"]);
        assert_eq!(
            of("y", float(0.5, false)),
            ["  y: the study file has no such parameter", "  x: no stored trial has it"]
        );
    }

    #[test]
    fn trials_without_parameters_ask_for_nothing() {
        assert!(incompatibilities(&space(), &[hole(0)]).is_empty());
    }

    #[test]
    fn choices_in_another_order_keep_what_was_chosen() {
        let record = trial(0, &[("on", ParamValue::Choice(0), choices(&[true, false]))]);
        let adapted = adapted(&space(), vec![record]);
        assert_eq!(adapted[0].trial.params["on"], ParamValue::Choice(1));
        assert_eq!(adapted[0].trial.distributions["on"], choices(&[false, true]));
    }

    #[test]
    fn missing_numbers_are_filled_with_trials_that_count_for_nothing() {
        let adapted = adapted(&space(), vec![trial(1, &[]), trial(3, &[])]);
        let states: Vec<_> = adapted.iter().map(|record| (record.trial.number, record.trial.state)).collect();
        use TrialState::{Complete, Fail};
        assert_eq!(states, [(0, Fail), (1, Complete), (2, Fail), (3, Complete)]);
    }

    #[test]
    fn fixed_values_are_read_as_optuna_keeps_them() {
        let int = Distribution::Int { low: 0, high: 9, step: 1, log: false };
        assert_eq!(fixed_value(&int, &json!(3)), Some(ParamValue::Int(3)));
        assert_eq!(fixed_value(&int, &json!(3.0)), Some(ParamValue::Int(3)));
        assert_eq!(fixed_value(&int, &json!(3.5)), None);
        assert_eq!(fixed_value(&float(0.5, false), &json!(3)), Some(ParamValue::Float(3.0)));
        assert_eq!(fixed_value(&choices(&[false, true]), &json!(true)), Some(ParamValue::Choice(1)));
        assert_eq!(fixed_value(&choices(&[false, true]), &json!("true")), None);
    }
}
