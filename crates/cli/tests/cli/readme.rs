//! The README is held to the code: its study, its output, its counts and its commands are real.
//!
//! `BARTUNE_BLESS=1 cargo test -p bartune-cli readme` writes the study and the output into it anew.

use bartune::engine::{function, metric};

use crate::support::{Sandbox, judged, repository};

const STUDY: &str = "examples/sp500_trend.toml";

fn readme() -> String {
    std::fs::read_to_string(repository().join("README.md")).expect("there is a README")
}

/// The contents of the code blocks in `language`.
fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    page.split(&fence).skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

/// The output of a run but for how long it took and what two workers happened to compute twice.
fn without_time(text: &str) -> String {
    let line = |line: &str| match (line.split_once(" new trials in "), line.split_once("): ")) {
        (Some((count, _)), Some((_, how))) => format!("{count} new trials: {how}\n"),
        _ if line.contains(" of the series came from earlier trials ") => String::new(),
        _ => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

fn bless(old: &str, new: &str) {
    std::fs::write(repository().join("README.md"), readme().replacen(old, new, 1)).expect("it can be written");
}

/// The page with the number between two phrases replaced.
fn with_number(page: &str, (before, after): (&str, &str), number: usize) -> String {
    let (head, rest) = page.split_once(before).expect("README.md counts the functions and the metrics");
    let (_, tail) = rest.split_once(after).expect("README.md counts the functions and the metrics");
    format!("{head}{before}{number}{after}{tail}")
}

/// The study, the counts and the output in one test: all may write the page.
#[test]
fn readme_shows_the_study_file_the_counts_and_the_real_output() {
    let is_blessing = std::env::var_os("BARTUNE_BLESS").is_some();
    let page = readme();
    let counted = with_number(&page, ("(docs/language.md) has ", " functions"), function::catalogue().len());
    let counted = with_number(&counted, ("Any of the ", " [metrics]"), metric::catalogue().len());
    if is_blessing {
        bless(&page, &counted);
    } else {
        assert!(page == counted, "README.md counts functions or metrics wrongly: run the tests with BARTUNE_BLESS=1");
    }
    let study = std::fs::read_to_string(repository().join(STUDY)).expect("the example is there");
    let page = readme();
    let shown = blocks(&page, "toml")[0];
    if is_blessing {
        bless(shown, &study);
    } else {
        assert!(shown == study, "README.md shows another study than {STUDY}: run the tests with BARTUNE_BLESS=1");
    }
    let output = judged(Sandbox::new().folder(), &format!("run {STUDY} --no-progress")).exits(0).stdout;
    let page = readme();
    let shown = blocks(&page, "text")[0];
    if is_blessing && without_time(shown) != without_time(&output) {
        return bless(shown, &output);
    }
    assert!(
        without_time(shown) == without_time(&output),
        "README.md shows another output than the run's: run the tests with BARTUNE_BLESS=1\n{output}"
    );
}

#[test]
fn readme_commands_run() {
    let sandbox = Sandbox::new();
    let page = readme();
    let lines: Vec<&str> = blocks(&page, "console").into_iter().flat_map(str::lines).collect();
    assert!(!lines.is_empty());
    for line in lines.iter().filter_map(|line| line.strip_prefix("$ ")) {
        let bartune = line.strip_prefix("cargo run --release -- ").or_else(|| line.strip_prefix("bartune "));
        match bartune {
            Some(arguments) => {
                let budget = if arguments.starts_with("run ") { "--trials 40" } else { "" };
                sandbox.run(&format!("{arguments} {budget}")).exits(0);
            }
            None => {
                // What pip installs here is described by this file.
                let script = line.split_whitespace().next().unwrap_or(line);
                let script = if line == "pip install ." { "pyproject.toml" } else { script };
                assert!(repository().join(script).is_file(), "README.md runs `{line}`, which is not there");
            }
        }
    }
}

/// Each `bartune …` of the table of commands, with the options that its row names.
#[test]
fn readme_names_commands_and_options_that_exist() {
    let sandbox = Sandbox::new();
    let page = readme();
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| `bartune ")).collect();
    assert!(rows.len() >= 6, "the table of commands is gone");
    for row in rows {
        let command = row.split_whitespace().nth(2).expect("a command").trim_matches('`');
        let help = sandbox.run(&format!("{command} --help")).exits(0).stdout;
        let options = row.split('`').filter(|part| part.starts_with("--"));
        options.for_each(|option| assert!(help.contains(option), "`bartune {command}` has no {option}"));
    }
}
