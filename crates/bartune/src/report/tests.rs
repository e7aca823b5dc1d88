//! Whole pages: their size, what they hold of a study's texts, and that nothing is made up.

use std::collections::BTreeMap;

use bartune_search::space::{Choice, Distribution, ParamValue};
use bartune_search::storage::{Storage, TrialRecord};
use bartune_search::stream::RandomStream;
use bartune_search::trial::{StudyDirection, Trial, TrialState};
use bartune_storage::MemoryStorage;
use indexmap::IndexMap;

use super::*;

const PARAMS: usize = 18;

fn distribution(index: usize) -> Distribution {
    match index % 3 {
        0 => Distribution::Int { low: 2, high: 500, step: 1, log: true },
        1 => Distribution::Float { low: 0.1, high: 9.0, step: None, log: false },
        _ => Distribution::Categorical { choices: vec![Choice::Text("a \"<b>\"".to_owned()), Choice::Bool(false)] },
    }
}

fn record(number: u64, objectives: usize) -> TrialRecord {
    let mut stream = RandomStream::new(7, number, 0);
    let mut params = BTreeMap::new();
    let mut distributions = IndexMap::new();
    for index in 0..PARAMS {
        let distribution = distribution(index);
        params.insert(format!("parameter_{index}"), distribution.draw(&mut stream));
        distributions.insert(format!("parameter_{index}"), distribution);
    }
    // A hill over the second parameter, with noise.
    let Some(ParamValue::Float(at)) = params.get("parameter_1") else { panic!("it is a number") };
    let value = -(at - 4.0).powi(2) + stream.uniform();
    let trial = Trial {
        number,
        state: TrialState::Complete,
        params,
        distributions,
        values: (0..objectives).map(|index| if index == 0 { value } else { -value + stream.uniform() }).collect(),
        constraints: IndexMap::from([("trades >= 20".to_owned(), if number % 7 == 3 { 1.0 } else { -1.0 })]),
        intermediate_values: BTreeMap::new(),
        user_attrs: IndexMap::new(),
        system_attrs: IndexMap::new(),
        started_ms: Some(1_700_000_000_000),
        finished_ms: Some(1_700_000_000_000 + i64::try_from(number).expect("it is small")),
        duplicate_of: None,
    };
    TrialRecord {
        trial,
        identity: format!("{number:064x}"),
        metrics: BTreeMap::new(),
        daily_returns: BTreeMap::new(),
        is_abridged: false,
        reason: (number % 7 == 3).then(|| "constraint violated: trades >= 20".to_owned()),
    }
}

fn report(trials: u64, directions: &[StudyDirection]) -> Report {
    let records: Vec<TrialRecord> = (0..trials).map(|number| record(number, directions.len())).collect();
    let mut storage = MemoryStorage::new();
    let created = storage.create_study("<script>alert(1)</script>", directions).expect("it is new");
    storage.append(created.id, &records).expect("numbers go on");
    let info = storage.study(&created.name).expect("memory does not fail").expect("it is there");
    let ledger = Ledger::of(directions, None, &records);
    Report::of_stored(&storage, (&info, "memory"), &ledger, 1_700_000_000_000).expect("memory does not fail")
}

#[test]
fn a_page_of_100_000_trials_is_small() {
    let report = report(100_000, &[StudyDirection::Maximize]);
    let page = report.to_html(PageOptions::File);
    assert!(page.len() < 5_000_000, "{} bytes", page.len());
    // What depends on the study is the smaller part; the rest is the charts' library.
    let part = report.to_html_part();
    assert!(part.len() < 1_000_000, "{} bytes", part.len());
    let winner = report.search.winner.as_ref().expect("there are feasible trials");
    assert!((winner.params[1] - 4.0).abs() < 0.5, "the winner stands on the hill: {winner:?}");
    let shares = report.search.importance.found().expect("there are enough trials");
    assert_eq!(shares[0].0, "parameter_1", "{shares:?}");
}

#[test]
fn texts_of_a_study_are_escaped_in_page_and_text() {
    let report = report(60, &[StudyDirection::Maximize]);
    let page = report.to_html(PageOptions::File);
    assert!(page.contains("<h1>&lt;script&gt;alert(1)&lt;/script&gt;</h1>"));
    assert!(!page.contains("<script>alert") && !report.to_html_part().contains("<b>"));
    let text = report.to_markdown();
    assert!(text.starts_with("# &lt;script>alert(1)&lt;/script>\n"), "{}", text.lines().next().unwrap_or_default());
    let data =
        page.split_once("id=\"data\">").and_then(|(_, rest)| rest.split_once("</script>")).expect("it is there").0;
    let data: serde_json::Value = serde_json::from_str(data).expect("it is JSON");
    assert_eq!(data["search"]["axes"][2]["labels"][0], "a \"<b>\"");
}

#[test]
fn what_is_missing_is_said() {
    let report = report(0, &[StudyDirection::Maximize]);
    let page = report.to_html(PageOptions::File);
    for words in ["not judged", "No trial is feasible yet.", "No trial has a value yet.", "No importance:"] {
        assert!(page.contains(words), "{words}");
    }
    assert!(!report.to_html_part().contains("NaN"), "no number is made up");
}

#[test]
fn several_objectives_have_a_front_and_a_knee() {
    let report = report(400, &[StudyDirection::Maximize, StudyDirection::Maximize]);
    let members = report.search.sample.kinds.iter().filter(|kind| **kind == 2).count();
    assert!(members > 1, "{members} members");
    assert_eq!(report.top.first().map(|row| row.number), report.search.winner.as_ref().map(|winner| winner.number));
    let page = report.to_html(PageOptions::File);
    assert!(page.contains("data-chart=\"front\"") && page.contains("The Pareto front, its knee first"));
}

#[test]
fn a_ledger_that_grows_is_one_that_was_filled_at_once() {
    let records: Vec<TrialRecord> = (0..300).map(|number| record(number, 1)).collect();
    let directions = [StudyDirection::Maximize];
    let whole = Ledger::of(&directions, None, &records);
    let mut grown = Ledger::of(&directions, None, &records[..100]);
    records[100..].iter().for_each(|record| grown.add(record));
    assert_eq!(whole.best(), grown.best());
    assert_eq!((whole.len(), whole.next()), (grown.len(), grown.next()));
    assert_eq!(whole.importance(1), grown.importance(1));
}

#[test]
fn every_chart_of_a_page_is_drawn_by_its_script_and_told_in_words() {
    let page = report(60, &[StudyDirection::Maximize, StudyDirection::Minimize]).to_html(PageOptions::Live);
    let script = include_str!("assets/charts.js");
    let names: Vec<&str> = page
        .split("data-chart=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .filter(|name| !name.contains('['))
        .collect();
    assert!(names.len() > 10);
    for name in names {
        assert!(script.contains(&format!("draw.{name} = ")), "{name} is drawn by nothing");
    }
    assert_eq!(page.matches("data-chart=\"").count(), page.matches("role=\"img\" aria-label=\"").count());
}
