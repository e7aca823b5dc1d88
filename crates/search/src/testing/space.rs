//! Spaces of every kind that a study file can declare.

use std::sync::Arc;

use indexmap::IndexMap;

use crate::space::{Assignment, Choice, Distribution, Param, ParamValue, Predicate, Space, SpaceError, SpaceSize};

/// A real range.
#[must_use]
pub fn float(low: f64, high: f64) -> Distribution {
    Distribution::Float { low, high, step: None, log: false }
}

/// A real range on a grid.
#[must_use]
pub fn stepped(low: f64, high: f64, step: f64) -> Distribution {
    Distribution::Float { low, high, step: Some(step), log: false }
}

/// A real range, sampled in the logarithm.
#[must_use]
pub fn log_float(low: f64, high: f64) -> Distribution {
    Distribution::Float { low, high, step: None, log: true }
}

/// Whole numbers.
#[must_use]
pub fn int(low: i64, high: i64) -> Distribution {
    Distribution::Int { low, high, step: 1, log: false }
}

/// Whole numbers, sampled in the logarithm.
#[must_use]
pub fn log_int(low: i64, high: i64) -> Distribution {
    Distribution::Int { low, high, step: 1, log: true }
}

/// Texts.
#[must_use]
pub fn choice(texts: &[&str]) -> Distribution {
    Distribution::Categorical { choices: texts.iter().map(|text| Choice::Text((*text).to_owned())).collect() }
}

/// A switch: `false` at index 0, `true` at 1.
#[must_use]
pub fn switch() -> Distribution {
    Distribution::Categorical { choices: vec![Choice::Bool(false), Choice::Bool(true)] }
}

/// A parameter that is always active.
#[must_use]
pub fn always(distribution: Distribution) -> Param {
    Param { distribution, when: None }
}

/// A parameter that is active when `name` has the choice of this index.
#[must_use]
pub fn when(distribution: Distribution, name: &str, index: usize) -> Param {
    let read = name.to_owned();
    let condition = predicate(&format!("{name} is {index}"), &[name], move |assignment| {
        assignment.get(&read) == Some(&ParamValue::Choice(index))
    });
    Param { distribution, when: Some(condition) }
}

/// A predicate over an assignment.
#[must_use]
pub fn predicate(text: &str, reads: &[&str], holds: impl Fn(&Assignment) -> bool + Send + Sync + 'static) -> Predicate {
    Predicate {
        text: text.to_owned(),
        reads: reads.iter().map(|&name| name.to_owned()).collect(),
        holds: Arc::new(holds),
    }
}

/// `left < right`; true when either is inactive.
#[must_use]
pub fn less(left: &str, right: &str) -> Predicate {
    let (a, b) = (left.to_owned(), right.to_owned());
    predicate(&format!("{left} < {right}"), &[left, right], move |assignment| {
        let values = number(assignment, &a).zip(number(assignment, &b));
        values.is_none_or(|(a, b)| a < b)
    })
}

/// A parameter's number, or the index of its choice; `None` if it is inactive.
#[must_use]
pub fn number(assignment: &Assignment, name: &str) -> Option<f64> {
    assignment.get(name).map(|value| match value {
        ParamValue::Float(value) => *value,
        ParamValue::Int(value) => *value as f64,
        ParamValue::Choice(index) => *index as f64,
    })
}

/// A space of these parameters and relations.
///
/// # Errors
///
/// As [`Space::try_new`].
pub fn space(params: &[(&str, Param)], require: Vec<Predicate>) -> Result<Space, SpaceError> {
    let params = params.iter().map(|(name, param)| ((*name).to_owned(), param.clone()));
    Space::try_new(params.collect::<IndexMap<_, _>>(), require)
}

/// One space of every kind, by name.
///
/// # Panics
///
/// Never: the spaces are fixed and valid.
#[must_use]
pub fn all() -> Vec<(&'static str, Space)> {
    let numbers = vec![
        ("float", always(float(-1.0, 1.0))),
        ("stepped", always(stepped(0.1, 0.95, 0.1))),
        ("log", always(log_float(1e-6, 1e3))),
        ("int", always(int(-3, 7))),
        ("int_stepped", always(Distribution::Int { low: 5, high: 61, step: 5, log: false })),
        ("int_log", always(log_int(1, 1_000))),
        ("choice", always(choice(&["a", "b", "c"]))),
    ];
    let singles = vec![
        ("float", always(float(0.1, 0.1))),
        ("stepped", always(stepped(1.0, 1.4, 0.5))),
        ("log", always(log_float(2.0, 2.0))),
        ("int", always(int(4, 4))),
        ("choice", always(choice(&["only"]))),
    ];
    let partly_single = [singles.clone(), vec![("free", always(float(0.0, 1.0)))]].concat();
    let conditional = vec![
        ("gain_b", when(float(0.0, 1.0), "kind", 1)),
        ("kind", always(choice(&["a", "b", "c"]))),
        ("filter", when(switch(), "kind", 0)),
        ("level", when(int(1, 9), "filter", 1)),
        ("width", when(stepped(0.5, 5.0, 0.25), "filter", 1)),
        ("base", always(float(0.0, 1.0))),
    ];
    let related = vec![
        ("fast", always(int(5, 60))),
        ("slow", always(log_int(20, 300))),
        ("low", always(float(0.0, 1.0))),
        ("high", always(float(0.0, 1.0))),
        ("use", always(switch())),
        ("fastest", when(int(1, 60), "use", 1)),
    ];
    let narrow = vec![("x", always(int(0, 299))), ("y", always(int(0, 299)))];
    let relations = vec![less("fast", "slow"), less("low", "high"), less("fastest", "fast")];
    let same = predicate("x == y", &["x", "y"], |assignment| number(assignment, "x") == number(assignment, "y"));
    let spaces = [
        ("numbers", space(&numbers, vec![])),
        ("single values", space(&singles, vec![])),
        ("partly single values", space(&partly_single, vec![])),
        ("conditions", space(&conditional, vec![])),
        ("relations", space(&related, relations)),
        ("a narrow region", space(&narrow, vec![same])),
        ("no parameters", space(&[], vec![])),
    ];
    spaces.map(|(name, space)| (name, space.expect("the spaces above are valid"))).into()
}

/// One finite space of every kind, by name, for samplers that take no others.
///
/// # Panics
///
/// Never: the spaces are fixed and valid.
#[must_use]
pub fn finite() -> Vec<(&'static str, Space)> {
    let nested = vec![
        ("width", when(stepped(0.5, 5.0, 0.25), "level", 1)),
        ("filter", always(switch())),
        ("level", when(choice(&["a", "b", "c"]), "filter", 1)),
        ("period", always(log_int(1, 30))),
    ];
    let related = vec![
        ("fast", always(int(5, 20))),
        ("slow", always(Distribution::Int { low: 10, high: 60, step: 10, log: false })),
        ("use", always(switch())),
        ("fastest", when(int(1, 8), "use", 1)),
    ];
    let few = vec![("a", always(int(1, 3))), ("b", always(stepped(0.0, 1.0, 0.5))), ("c", always(switch()))];
    let relations = vec![less("fast", "slow"), less("fastest", "fast")];
    let spaces =
        [("nested", space(&nested, vec![])), ("related", space(&related, relations)), ("few", space(&few, vec![]))];
    let mut spaces = spaces.map(|(name, space)| (name, space.expect("the spaces above are valid"))).to_vec();
    spaces.extend(all().into_iter().filter(|(_, space)| space.size() == SpaceSize::Exact(1)));
    spaces
}
