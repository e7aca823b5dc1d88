//! `bartune studies`: what a store has.

use anyhow::{Context, Result};
use bartune::export::{StudyRow, studies};
use bartune::search::trial::StudyDirection;
use bartune::table::state_name;
use serde_json::json;

use super::study::{default_store, open_store_to_read};
use crate::args::StudiesArgs;
use crate::exit::Exit;
use crate::output::{self, Table};

pub(crate) fn run(args: &StudiesArgs) -> Result<Exit> {
    let url = args.storage.clone().or_else(default_store);
    let url =
        url.context("which store? give its URL, as in `bartune studies sqlite:///studies.db`, or set BARTUNE_STORAGE")?;
    let rows = studies(&*open_store_to_read(&url, "")?)?;
    if args.json {
        let studies: Vec<_> = rows.iter().map(row_json).collect();
        output::print_json(&json!({ "storage": output::shown(&url), "studies": studies }))?;
    } else if rows.is_empty() {
        output::tell(&format!("{} has no studies", output::shown(&url)));
    } else {
        output::print(&table(&rows))?;
    }
    Ok(Exit::Fine)
}

fn table(rows: &[StudyRow]) -> String {
    let mut table =
        Table::new(["study", "objective", "trials", "best", "trial", "last trial (UTC)", "states"]).ending_in_words();
    for row in rows {
        let (best, trial) = row.best.map_or_else(
            || ("-".to_owned(), "-".to_owned()),
            |(trial, value)| (output::number(value), trial.to_string()),
        );
        let updated = row.updated_ms.map_or_else(|| "-".to_owned(), time);
        table.row([
            row.name.clone(),
            directions(row).join(", "),
            row.trials.to_string(),
            best,
            trial,
            updated,
            states(row),
        ]);
    }
    table.render()
}

fn directions(row: &StudyRow) -> Vec<&'static str> {
    let name = |direction: &StudyDirection| match direction {
        StudyDirection::Minimize => "minimize",
        StudyDirection::Maximize => "maximize",
    };
    row.directions.iter().map(name).collect()
}

/// `1223 COMPLETE, 5 PRUNED, 777 infeasible`
fn states(row: &StudyRow) -> String {
    let mut words: Vec<String> =
        row.states.iter().map(|(state, count)| format!("{count} {}", state_name(*state))).collect();
    if row.infeasible > 0 {
        words.push(format!("{} infeasible", row.infeasible));
    }
    words.extend(row.owner.as_ref().map(|owner| format!("being written by {owner}")));
    if row.trials > 0 && !row.is_ours {
        words.push("made by another program".to_owned());
    }
    words.join(", ")
}

fn time(milliseconds: i64) -> String {
    let time = jiff::Timestamp::from_millisecond(milliseconds);
    time.map_or_else(|_| "?".to_owned(), |time| time.strftime("%Y-%m-%d %H:%M").to_string())
}

fn row_json(row: &StudyRow) -> serde_json::Value {
    let states: serde_json::Map<_, _> =
        row.states.iter().map(|(state, count)| (state_name(*state).to_ascii_lowercase(), json!(count))).collect();
    json!({
        "name": row.name,
        "directions": directions(row),
        "trials": row.trials,
        "states": states,
        "infeasible": row.infeasible,
        "best": row.best.map(|(trial, value)| json!({ "trial": trial, "value": value })),
        "updated": row.updated_ms.and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok()).map(|time| time.to_string()),
        "owner": row.owner,
        "bartune": row.is_ours,
    })
}
