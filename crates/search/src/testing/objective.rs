//! Functions with a known best, for smoke tests of quality.

use super::space::{always, choice, float, int, log_float, number, space, when};
use crate::space::{Assignment, Space};

/// A function to be minimised; its least value is 0.
pub struct Problem {
    /// Its name.
    pub name: &'static str,
    /// Where it is defined.
    pub space: Space,
    /// Its value.
    pub value: fn(&Assignment) -> f64,
}

/// A smooth, a mixed and a conditional problem.
///
/// # Panics
///
/// Never: the spaces are fixed and valid.
#[must_use]
pub fn all() -> Vec<Problem> {
    let sphere = ["x0", "x1", "x2", "x3"].map(|name| (name, always(float(-5.0, 5.0))));
    let mixed = [
        ("rate", always(log_float(1e-5, 1.0))),
        ("period", always(int(2, 200))),
        ("kind", always(choice(&["a", "b", "c", "d"]))),
    ];
    let conditional = [
        ("kind", always(choice(&["line", "curve"]))),
        ("slope", when(float(-3.0, 3.0), "kind", 0)),
        ("bend", when(float(-3.0, 3.0), "kind", 1)),
        ("shift", when(float(-3.0, 3.0), "kind", 1)),
    ];
    let problem = |name, params: &[_], value| Problem {
        name,
        space: space(params, vec![]).expect("the spaces above are valid"),
        value,
    };
    vec![
        problem("sphere", &sphere, sphere_value),
        problem("mixed", &mixed, mixed_value),
        problem("conditional", &conditional, conditional_value),
    ]
}

fn square(value: f64) -> f64 {
    value * value
}

fn read(params: &Assignment, name: &str) -> f64 {
    number(params, name).unwrap_or(0.0)
}

fn sphere_value(params: &Assignment) -> f64 {
    params.keys().map(|name| square(read(params, name) - 1.0)).sum()
}

fn mixed_value(params: &Assignment) -> f64 {
    let rate = libm::log10(read(params, "rate")) + 3.0;
    let period = (read(params, "period") - 50.0) / 50.0;
    square(rate) + square(period) + (read(params, "kind") - 2.0).abs()
}

fn conditional_value(params: &Assignment) -> f64 {
    match params.get("slope") {
        Some(_) => 1.0 + square(read(params, "slope") - 2.0),
        None => square(read(params, "bend") + 1.0) + square(read(params, "shift") - 1.0),
    }
}
