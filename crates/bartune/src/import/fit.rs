//! A trial from elsewhere against the study's space: a record, or the reason why it cannot be one.
//!
//! A trial must be a point of the space: a value for every active parameter, each inside its
//! distribution, every relation satisfied. Values of inactive parameters are dropped, as they are for
//! trials of our own.
//!
//! | in the file | in the study |
//! |---|---|
//! | `12.0` or `"12"` for a whole number | 12 |
//! | `true`, `"True"`, `1` for a switch | true |
//! | a choice as its text | the choice |
//! | a COMPLETE trial without a finite score, or with one of the penalties | PRUNED, with the reason |
//! | a FAIL with a score | FAIL, without |

use bartune_search::space::{Assignment, Choice, Distribution, ParamValue};
use bartune_search::storage::TrialRecord;
use bartune_search::trial::{Trial, TrialState};
use indexmap::IndexMap;
use serde_json::{Value, json};

use super::candidate::Candidate;
use super::{IMPORTED, ImportOptions, UnknownParams};
use crate::config::{Plan, describe};
use crate::identity::{Identity, Sha256Digest};

/// A study that trials are held against.
pub(super) struct Fit<'a> {
    plan: &'a Plan,
    identity: Identity,
}

impl<'a> Fit<'a> {
    pub(super) fn new(plan: &'a Plan, identity: Identity) -> Self {
        Self { plan, identity }
    }

    /// The identity that a trial of this study with these parameters has.
    pub(super) fn identity(&self, assignment: &Assignment) -> Sha256Digest {
        self.identity.of(self.plan, assignment)
    }

    /// The trial as number `number` of the study.
    pub(super) fn record(
        &self,
        candidate: Candidate,
        (source, number): (&str, u64),
        options: &ImportOptions,
    ) -> Result<TrialRecord, String> {
        let params = self.assignment(&candidate.params, options.unknown)?;
        let (state, value, reason) = result(&candidate, &options.penalties);
        let space = &self.plan.parameters.space;
        let distributions = params.keys().filter_map(|name| Some((name.clone(), space.distribution(name)?.clone())));
        let trial = Trial {
            number,
            state,
            distributions: distributions.collect(),
            params,
            values: value.into_iter().collect(),
            constraints: self.constraints(&candidate.constraints),
            intermediate_values: std::collections::BTreeMap::new(),
            user_attrs: IndexMap::from([(IMPORTED.to_owned(), json!(source))]),
            system_attrs: IndexMap::new(),
            started_ms: candidate.started_ms,
            finished_ms: candidate.finished_ms,
            duplicate_of: None,
        };
        let (metrics, daily_returns) = (candidate.metrics, std::collections::BTreeMap::new());
        Ok(TrialRecord { trial, identity: String::new(), metrics, daily_returns, is_abridged: false, reason })
    }

    fn assignment(&self, params: &[(String, Value)], unknown: UnknownParams) -> Result<Assignment, String> {
        let space = &self.plan.parameters.space;
        let mut given = Assignment::new();
        for (name, value) in params {
            match space.distribution(name) {
                Some(distribution) => {
                    let drawn = drawn(distribution, value);
                    let member = drawn.filter(|drawn| distribution.contains(drawn));
                    let member =
                        member.ok_or_else(|| format!("`{name}` cannot be {value}: it is {}", describe(distribution)));
                    // Inactive parameters may have any value; whether this one is shows below.
                    match member {
                        Ok(member) => {
                            given.insert(name.clone(), member);
                        }
                        Err(problem) if self.is_always_active(name) => return Err(problem),
                        Err(_) => {}
                    }
                }
                None if unknown == UnknownParams::Ignore => {}
                None => return Err(self.unknown(name)),
            }
        }
        let normal = space.normalize(&given);
        if let Some(missing) = space.active(&normal).into_iter().find(|name| !normal.contains_key(*name)) {
            let known = params.iter().find(|(name, _)| name == missing);
            return Err(match (known, space.distribution(missing)) {
                (Some((_, value)), Some(distribution)) => {
                    format!("`{missing}` cannot be {value}: it is {}", describe(distribution))
                }
                _ => format!("it has no value for `{missing}`"),
            });
        }
        match space.require().iter().find(|relation| !(relation.holds)(&normal)) {
            Some(relation) => Err(format!("it breaks `require`: {}", relation.text)),
            None => Ok(normal),
        }
    }

    /// The study's constraints in their order, if the file has any of them; what it leaves open is not
    /// violated as far as anyone knows.
    fn constraints(&self, given: &[(String, f64)]) -> IndexMap<String, f64> {
        let of = |text: &str| given.iter().find(|(name, value)| name == text && value.is_finite());
        let texts = self.plan.objective.constraints.iter().map(|constraint| constraint.text());
        let known: Vec<_> = texts.map(|text| (text.to_owned(), of(text).map(|(_, value)| *value))).collect();
        if known.iter().all(|(_, value)| value.is_none()) {
            return IndexMap::new();
        }
        known.into_iter().map(|(text, value)| (text, value.unwrap_or(0.0))).collect()
    }

    fn is_always_active(&self, name: &str) -> bool {
        self.plan.parameters.space.params().get(name).is_some_and(|param| param.when.is_none())
    }

    fn unknown(&self, name: &str) -> String {
        let names = self.plan.parameters.space.params().keys().map(String::as_str);
        let near = crate::diagnostic::nearest(name, names);
        let near = near.map_or_else(String::new, |near| format!("; did the study mean `{near}`?"));
        format!("the study has no parameter `{name}`{near} (`--ignore-unknown` leaves such parameters away)")
    }
}

/// The value as a sampler would draw it, if it is of the right kind.
fn drawn(distribution: &Distribution, value: &Value) -> Option<ParamValue> {
    let number = || value.as_f64().or_else(|| value.as_str()?.trim().parse().ok()).filter(|number| number.is_finite());
    match distribution {
        Distribution::Float { .. } => number().map(ParamValue::Float),
        Distribution::Int { .. } => match value.as_i64() {
            Some(whole) => Some(ParamValue::Int(whole)),
            // Beyond 2⁵³ a float names no one whole number.
            None => number()
                .filter(|number| number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0)
                .map(|number| ParamValue::Int(number as i64)),
        },
        Distribution::Categorical { choices } => choice(choices, value).map(ParamValue::Choice),
    }
}

/// The choice that a value is: by its kind, else by how it is written.
fn choice(choices: &[Choice], value: &Value) -> Option<usize> {
    let exactly = |choice: &Choice| match choice {
        Choice::Null => value.is_null(),
        Choice::Bool(flag) => value.as_bool() == Some(*flag),
        Choice::Int(number) => value.as_i64() == Some(*number),
        Choice::Float(number) => value.is_f64() && value.as_f64() == Some(*number),
        Choice::Text(text) => value.as_str() == Some(text),
    };
    let number = || value.as_f64().or_else(|| value.as_str()?.trim().parse().ok());
    let as_written = |choice: &Choice| match (choice, value.as_str()) {
        (Choice::Null, Some(text)) => text == "None",
        (Choice::Bool(flag), Some(text)) if number().is_none() => text.eq_ignore_ascii_case(&flag.to_string()),
        (Choice::Bool(flag), _) => number() == Some(f64::from(*flag)),
        (Choice::Int(whole), _) => number() == Some(*whole as f64),
        (Choice::Float(real), _) => number() == Some(*real),
        _ => false,
    };
    choices.iter().position(exactly).or_else(|| choices.iter().position(as_written))
}

/// State, value and reason, none of them dressed up as another.
fn result(candidate: &Candidate, penalties: &[f64]) -> (TrialState, Option<f64>, Option<String>) {
    let reason = |words: String| Some(candidate.reason.clone().unwrap_or(words));
    match (candidate.state.unwrap_or(TrialState::Complete), candidate.value) {
        (TrialState::Fail, _) => (TrialState::Fail, None, reason("it failed where it was made".to_owned())),
        (_, Some(value)) if penalties.contains(&value) => {
            (TrialState::Pruned, None, reason(format!("its score {value} stands for no result")))
        }
        (state, Some(value)) if value.is_finite() => (state, Some(value), candidate.reason.clone()),
        (TrialState::Complete, value) => {
            let words = value.map_or_else(|| "it has no score".to_owned(), |value| format!("its score is {value}"));
            (TrialState::Pruned, None, reason(words))
        }
        (state, _) => (state, None, candidate.reason.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_matched_to_their_distributions() {
        let int = Distribution::Int { low: 0, high: 100, step: 1, log: false };
        let float = Distribution::Float { low: 0.0, high: 1.0, step: None, log: false };
        let kind = Distribution::Categorical {
            choices: vec![Choice::Text("a".to_owned()), Choice::Int(2), Choice::Text("2".to_owned()), Choice::Null],
        };
        let switch = Distribution::Categorical { choices: vec![Choice::Bool(false), Choice::Bool(true)] };
        use ParamValue::{Choice as Pick, Float, Int};
        for (distribution, value, expected) in [
            (&int, json!(12), Some(Int(12))),
            (&int, json!(12.0), Some(Int(12))),
            (&int, json!("12.0"), Some(Int(12))),
            (&int, json!(12.5), None),
            (&int, json!(1e300), None),
            (&int, json!(true), None),
            (&float, json!(1), Some(Float(1.0))),
            (&float, json!("0.25"), Some(Float(0.25))),
            (&float, json!("inf"), None),
            (&kind, json!("a"), Some(Pick(0))),
            (&kind, json!(2), Some(Pick(1))),
            (&kind, json!("2"), Some(Pick(2))),
            (&kind, json!(2.0), Some(Pick(1))),
            (&kind, json!("None"), Some(Pick(3))),
            (&kind, json!("b"), None),
            (&switch, json!("True"), Some(Pick(1))),
            (&switch, json!("false"), Some(Pick(0))),
            (&switch, json!("1.0"), Some(Pick(1))),
            (&switch, json!(0), Some(Pick(0))),
            (&switch, json!("yes"), None),
        ] {
            assert_eq!(drawn(distribution, &value), expected, "{value} for {}", distribution.to_json());
        }
    }

    #[test]
    fn a_result_is_never_dressed_up() {
        let of = |state, value| Candidate { state, value, ..Candidate::default() };
        let penalties = [-1e6];
        let short = |candidate: &Candidate| {
            let (state, value, reason) = result(candidate, &penalties);
            (state, value, reason.is_some())
        };
        use TrialState::{Complete, Fail, Pruned};
        assert_eq!(short(&of(None, Some(1.0))), (Complete, Some(1.0), false));
        assert_eq!(short(&of(None, None)), (Pruned, None, true));
        assert_eq!(short(&of(Some(Complete), Some(f64::INFINITY))), (Pruned, None, true));
        assert_eq!(short(&of(None, Some(-1e6))), (Pruned, None, true));
        assert_eq!(short(&of(Some(Pruned), Some(0.5))), (Pruned, Some(0.5), false));
        assert_eq!(short(&of(Some(Pruned), None)), (Pruned, None, false));
        assert_eq!(short(&of(Some(Fail), Some(0.5))), (Fail, None, true));
    }
}
