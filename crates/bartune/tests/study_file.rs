//! Whatever a study file holds, loading it gives a plan or problems that can be shown: it never panics.
//!
//! `scripts/fuzz` runs this for as long as one likes.

use std::path::{Path, PathBuf};

use bartune::config::{Plan, parse_study};
use bartune::diagnostic::Diagnostics;
use proptest::prelude::*;
use proptest::sample::{Index, select};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The examples and the wrong files: what mutations begin with.
fn seeds() -> Vec<String> {
    let folders = ["examples", "testdata/study/wrong"].map(|folder| repository().join(folder));
    let mut paths: Vec<PathBuf> = folders
        .iter()
        .flat_map(|folder| std::fs::read_dir(folder).expect("the folder is there"))
        .map(|entry| entry.expect("it can be read").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
        .collect();
    paths.sort();
    assert!(paths.len() > 20);
    paths.iter().map(|path| std::fs::read_to_string(path).expect("it is text")).collect()
}

/// Scraps that mean something somewhere in a study file.
const SCRAPS: [&str; 58] = [
    "[",
    "]",
    "{",
    "}",
    "[[",
    "]]",
    "=",
    "\"",
    "\"\"\"",
    "'",
    "'''",
    ",",
    ".",
    "#",
    "\n",
    "\r\n",
    "\t",
    "\\",
    "\\u0041",
    "\\n",
    "é",
    "\u{0}",
    "\u{feff}",
    "-",
    "+",
    "(",
    ")",
    "0",
    "-1",
    "1e308",
    "1e999",
    "nan",
    "inf",
    "0x10",
    "1_000",
    "9223372036854775807",
    "99999999999999999999",
    "1979-05-27T07:32:00Z",
    "true",
    "[data]",
    "[params]",
    "[strategy]",
    "[strategy.let]",
    "[split]",
    "[search.tpe]",
    "when = \"filter\"",
    "log = true",
    "step = 0.1",
    "int = [0, 0]",
    "float = [-1e308, 1e308]",
    "choice = [\"a\"]",
    "close",
    "fast",
    "ema(",
    " and ",
    " not ",
    "1%",
    "$1e400",
];

#[derive(Debug, Clone)]
enum Edit {
    Insert(Index, String),
    Delete(Index, usize),
    Repeat(Index, Index),
    DropLine(Index),
    MoveLine(Index, Index),
}

fn edit() -> impl Strategy<Value = Edit> {
    let text = prop_oneof![4 => select(SCRAPS.to_vec()).prop_map(str::to_owned), 1 => "\\PC{0,6}", 1 => any::<char>().prop_map(String::from)];
    prop_oneof![
        4 => (any::<Index>(), text).prop_map(|(at, text)| Edit::Insert(at, text)),
        2 => (any::<Index>(), 1..12usize).prop_map(|(at, length)| Edit::Delete(at, length)),
        1 => any::<(Index, Index)>().prop_map(|(from, to)| Edit::Repeat(from, to)),
        2 => any::<Index>().prop_map(Edit::DropLine),
        2 => any::<(Index, Index)>().prop_map(|(from, to)| Edit::MoveLine(from, to)),
    ]
}

fn apply(text: &str, edit: &Edit) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    let mut lines: Vec<&str> = text.lines().collect();
    let size = characters.len() + 1;
    match edit {
        Edit::Insert(at, scrap) => {
            let at = at.index(size);
            characters.splice(at..at, scrap.chars());
        }
        Edit::Delete(at, length) => {
            let at = at.index(size);
            characters.drain(at..(at + length).min(size - 1));
        }
        Edit::Repeat(from, to) => {
            let (from, to) = (from.index(size), to.index(size));
            let piece: Vec<char> = characters[from..(from + 40).min(size - 1)].to_vec();
            characters.splice(to..to, piece);
        }
        Edit::DropLine(at) if !lines.is_empty() => {
            lines.remove(at.index(lines.len()));
            return lines.join("\n");
        }
        Edit::MoveLine(from, to) if !lines.is_empty() => {
            let line = lines.remove(from.index(lines.len()));
            lines.insert(to.index(lines.len() + 1), line);
            return lines.join("\n");
        }
        Edit::DropLine(_) | Edit::MoveLine(..) => {}
    }
    characters.into_iter().collect()
}

/// What a user of a plan, or of its problems, would do with them.
fn use_result(result: Result<Plan, Diagnostics>, text: &str) -> Result<(), TestCaseError> {
    match result {
        Ok(plan) => {
            let defaults = plan.parameters.defaults();
            prop_assert!(plan.parameters.to_assignment(&defaults).is_ok(), "the defaults are no values: {defaults:?}");
        }
        Err(problems) => {
            let shown = problems.to_string();
            prop_assert!(!problems.problems().is_empty());
            for problem in problems.problems() {
                prop_assert!(problem.span.source > 0 || problem.span.range.end <= text.len(), "{problem:?}");
                prop_assert!(shown.contains(problem.code), "{shown}");
            }
        }
    }
    Ok(())
}

fn load(text: &str, overrides: &[String]) -> Result<Plan, Diagnostics> {
    parse_study("study.toml", text, Path::new("examples"), overrides)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_mutated_study_file_is_a_plan_or_problems(seed in any::<Index>(), edits in prop::collection::vec(edit(), 1..6)) {
        let seeds = seeds();
        let text = edits.iter().fold(seeds[seed.index(seeds.len())].clone(), |text, edit| apply(&text, edit));
        use_result(load(&text, &[]), &text)?;
    }

    #[test]
    fn scraps_in_a_row_are_a_plan_or_problems(scraps in prop::collection::vec(select(SCRAPS.to_vec()), 0..40)) {
        let text = scraps.concat();
        use_result(load(&text, &[]), &text)?;
    }

    #[test]
    fn any_text_is_a_plan_or_problems(text in any::<String>()) {
        use_result(load(&text, &[]), &text)?;
    }

    #[test]
    fn any_override_is_taken_or_told(edits in prop::collection::vec(edit(), 1..4)) {
        let line = edits.iter().fold("params.fast.int = [5, 60]".to_owned(), |text, edit| apply(&text, edit));
        let text = std::fs::read_to_string(repository().join("examples/sp500_trend.toml")).expect("it is there");
        use_result(load(&text, &[line]), &text)?;
    }
}
