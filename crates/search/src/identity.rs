//! Canonical parameter values and their signature: what makes two trials the same trial.
//!
//! | written | canonical | why |
//! |---|---|---|
//! | a parameter that is inactive or not in the space | dropped | nothing reads it |
//! | `0.30000000000000004` on the grid `0, 0.1, …` | the grid's own point 3 | counted from `low` |
//! | `0.12345678901234` on a continuous range | `0.1234567890` | 10 significant decimals |
//! | `0.123456789012` where that is `low` | `0.123456789012` | rounding never leaves the bounds |
//! | `-0.0` | `0.0` | equal numbers |
//! | `1` for a float, `1.0` for an int | `1.0`, `1` | the distribution decides the kind |
//! | choice 2 of `["a", "b", "c"]` | `"c"` | the choice, so that reordering a list changes nothing |
//!
//! **Canonical JSON** has its keys sorted by code point, no spaces, non-ASCII characters escaped and
//! floats as Python's `repr` writes them; the signature is its SHA-256. In Python:
//! `sha256(json.dumps(params, sort_keys=True, separators=(",", ":")).encode()).hexdigest()`.
//!
//! Parameters that come without a space have a [free form](canonical_json), which knows the kinds of
//! their values only.
//!
//! A trial's whole identity also covers the strategy, the data and the execution; that is put
//! together where those are known.

use std::fmt::Write;

use crate::space::{Assignment, Distribution, ParamValue, Space, python_json};

mod free_form;
mod signature;

pub use free_form::{canonical_json, param_signature_of_json};
pub use signature::{NotASignature, Signature};

/// The canonical JSON of an assignment.
#[must_use]
pub fn canonical_params(assignment: &Assignment, space: &Space) -> String {
    let mut out = String::new();
    write_params(&mut out, assignment, space);
    out
}

/// The SHA-256 of the canonical JSON, in lower-case hex.
///
/// ```
/// use bartune_search::identity::param_signature;
/// use bartune_search::space::{Distribution, Param, ParamValue, Space};
///
/// let fast = Param { distribution: Distribution::Int { low: 5, high: 60, step: 1, log: false }, when: None };
/// let space = Space::try_new([("fast".to_owned(), fast)].into_iter().collect(), vec![])?;
/// let with = |value| [("fast".to_owned(), value)].into_iter().collect();
/// assert_eq!(
///     param_signature(&with(ParamValue::Int(12)), &space),
///     param_signature(&with(ParamValue::Float(12.0)), &space),
/// );
/// # Ok::<(), bartune_search::space::SpaceError>(())
/// ```
#[must_use]
pub fn param_signature(assignment: &Assignment, space: &Space) -> String {
    sha256_hex(&canonical_params(assignment, space))
}

/// The signatures of many assignments, in their order: [`param_signature`] as bytes, through one
/// buffer.
#[must_use]
pub fn signatures(assignments: &[Assignment], space: &Space) -> Vec<Signature> {
    let mut out = String::new();
    let mut signature = |assignment| {
        out.clear();
        write_params(&mut out, assignment, space);
        Signature::of_text(&out)
    };
    assignments.iter().map(&mut signature).collect()
}

/// The SHA-256 of a text, in lower-case hex.
#[must_use]
pub fn sha256_hex(text: &str) -> String {
    Signature::of_text(text).to_string()
}

fn write_params(out: &mut String, assignment: &Assignment, space: &Space) {
    out.push('{');
    let start = out.len();
    let mut write = |name: &str, value: &ParamValue, distribution: Option<&Distribution>| {
        if out.len() > start {
            out.push(',');
        }
        python_json::write_text(out, name);
        out.push(':');
        write_value(out, value, distribution);
    };
    if space.params().values().all(|param| param.when.is_none()) {
        // Nothing can be inactive, so the values need no second map to be normalised in.
        for (name, value) in assignment {
            if let Some(distribution) = space.distribution(name) {
                write(name, &distribution.canonical(value), Some(distribution));
            }
        }
    } else {
        space.normalize(assignment).iter().for_each(|(name, value)| write(name, value, space.distribution(name)));
    }
    out.push('}');
}

fn write_value(out: &mut String, value: &ParamValue, distribution: Option<&Distribution>) {
    match (value, distribution) {
        (ParamValue::Float(number), _) => python_json::write_float(out, *number),
        (ParamValue::Choice(index), Some(Distribution::Categorical { choices })) => match choices.get(*index) {
            Some(choice) => python_json::write_choice(out, choice),
            None => out.push_str("null"),
        },
        (ParamValue::Int(number), _) => {
            let _ = write!(out, "{number}");
        }
        // A choice for a parameter that has none: not a member, but still told apart.
        (ParamValue::Choice(index), _) => {
            let _ = write!(out, "\"choice {index}\"");
        }
    }
}

#[cfg(test)]
mod tests;
