//! `bartune trials --why A B`: what makes two trials one, or two.

use anyhow::Result;
use bartune::identity::{Difference, Part, Sameness, Side, Why, compare};
use serde_json::Value;

use super::study::{open_store_to_read, read_plan, storage_url, stored_study};
use crate::args::{StoredStudyArgs, TrialsArgs};
use crate::exit::Exit;
use crate::output;

/// As much of a long value as is shown.
const SHOWN: usize = 48;

pub(crate) fn run(args: &TrialsArgs, numbers: &[u64]) -> Result<Exit> {
    let plan = read_plan(&args.study, &[])?;
    let url = storage_url(&args.storage, &args.study.study);
    let left = side(&plan.name, &url, numbers[0])?;
    let right = match &args.with {
        None => side(&plan.name, &url, numbers[1])?,
        Some(study) if study.ends_with(".toml") => {
            let given = StoredStudyArgs { study: study.clone(), storage: args.storage.storage.clone() };
            let (name, url) = stored_study(&given)?;
            side(&name, &url, numbers[1])?
        }
        Some(name) => side(name, &url, numbers[1])?,
    };
    output::print(&report(&left, &right, &compare(&left, &right)))?;
    Ok(Exit::Fine)
}

fn side(study: &str, url: &str, number: u64) -> Result<Side> {
    let storage = open_store_to_read(url, study)?;
    Ok(Side::read(&*storage, &output::shown(url), study, number)?)
}

fn report(left: &Side, right: &Side, why: &Why) -> String {
    let name = |side: &Side| match left.study == right.study {
        true => format!("trial {}", side.number),
        false => format!("trial {} of `{}`", side.number, side.study),
    };
    let (a, b) = (name(left), name(right));
    let verdict = match why.sameness {
        Sameness::Same => format!("{a} and {b} are the same trial: {}", left.identity),
        Sameness::Different => format!("{a} and {b} are different trials"),
        Sameness::Unknown => {
            format!("{a} and {b} cannot be told the same: one of them was imported, or made by another program")
        }
    };
    let rows: Vec<(String, String)> = why.parts.iter().flat_map(part_rows).collect();
    format!("{verdict}\n\n{}", output::key_values(&rows))
}

fn part_rows(part: &Part) -> Vec<(String, String)> {
    let name = part.name.text().to_owned();
    let keys = if part.keys == 1 { "value" } else { "values" };
    let verdict = match (part.keys, part.differences.len()) {
        (0, _) => "not recorded, or none".to_owned(),
        (count, 0) => format!("the same ({count} {keys})"),
        (count, different) => format!("{different} of {count} {keys} differ"),
    };
    let differences = part.differences.iter().map(|difference| (format!("  {}", difference.key), values(difference)));
    std::iter::once((name, verdict)).chain(differences).collect()
}

/// Both values; of long ones, what follows their common beginning.
fn values(difference: &Difference) -> String {
    let text = |value: &Option<Value>| value.as_ref().map_or_else(|| "-".to_owned(), Value::to_string);
    let (left, right) = (text(&difference.left), text(&difference.right));
    if left.chars().count().max(right.chars().count()) <= SHOWN {
        return format!("{left} → {right}");
    }
    let common = left.chars().zip(right.chars()).take_while(|(left, right)| left == right).count();
    let from = common.saturating_sub(8);
    format!("{} → {}", excerpt(&left, from), excerpt(&right, from))
}

fn excerpt(text: &str, from: usize) -> String {
    let before = if from > 0 { "…" } else { "" };
    let shown: String = text.chars().skip(from).take(SHOWN).collect();
    let after = if text.chars().count() > from + SHOWN { "…" } else { "" };
    format!("{before}{shown}{after}")
}
