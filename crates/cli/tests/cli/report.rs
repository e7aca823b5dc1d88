//! `bartune report`: one page, safe and complete, with or without a verdict.

use crate::support::Sandbox;

const STUDY: &str = "examples/sp500_trend.toml";

/// A study whose names are as bad as they may be.
fn hostile() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.edit(STUDY, "name = \"sp500-trend\"", "name = \"</script><script>alert(1)</script>\"");
    sandbox.edit(STUDY, "[data]", "# </pre><img src=x onerror=alert(2)>\n[data]");
    sandbox.run(&format!("run {STUDY} --trials 40 --json")).exits(0);
    sandbox
}

#[test]
fn a_study_cannot_put_markup_into_its_page() {
    let sandbox = hostile();
    sandbox.run(&format!("report {STUDY} --no-validate -o page.html")).exits(0);
    let page = std::fs::read_to_string(sandbox.path("page.html")).expect("the page was written");
    assert!(!page.contains("<script>alert") && !page.contains("<img"), "markup of the study is in the page");
    assert!(page.contains("&lt;/script&gt;&lt;script&gt;alert(1)"), "the name is shown as it is");
    assert_eq!(page.matches("<script").count(), 3, "the data, the charts' library and the page's script");
    assert_eq!(page.matches("</script").count(), 3);
    let own: String = page.lines().filter(|line| line.len() < 20_000).collect();
    for address in ["src=\"", "src='", "@import", "url(", "<link rel=\"stylesheet", "<iframe"] {
        assert!(!own.contains(address), "the page asks for something else: {address}");
    }
}

#[test]
fn the_page_says_what_is_not_there() {
    let sandbox = Sandbox::new();
    sandbox.run(&format!("run {STUDY} --trials 40 --json")).exits(0);
    sandbox.run(&format!("report {STUDY} --no-validate")).exits(0).says("examples/sp500_trend.html");
    let page = std::fs::read_to_string(sandbox.path("examples/sp500_trend.html")).expect("it lies beside the study");
    assert!(page.contains("not judged") && page.contains("left out with `--no-validate`"));
    assert!(page.contains("the vault has not been opened"));
    sandbox.run(&format!("test {STUDY}")).exits(0);
    let text = sandbox.run(&format!("report {STUDY} --no-validate --md")).exits(0).stdout;
    assert!(text.starts_with("# sp500-trend\n") && text.contains("the vault was opened for this trial on"), "{text}");
}

#[test]
fn a_verdict_comes_first_and_names_its_weakest_criterion() {
    let sandbox = Sandbox::new();
    sandbox.run(&format!("run {STUDY} --trials 60 --json")).exits(0);
    let verdict = sandbox.run(&format!("validate {STUDY} --folds 3 --fold-trials 20 --json")).json();
    let ran = sandbox.run(&format!("report {STUDY} --md --folds 3 --fold-trials 20")).exits(0);
    let first = ran.stdout.lines().nth(4).expect("the verdict's line");
    let word = verdict["verdict"].as_str().expect("a word");
    let weakest = verdict["weakest"].as_str().expect("a name");
    assert!(first.starts_with(&format!("**{word}.**")) && first.contains(weakest), "{first}");
    for heading in ["## Walk-forward", "## Luck and resampling", "## Costs", "## How to have it again"] {
        assert!(ran.stdout.contains(heading), "{heading} is missing");
    }
}

#[test]
fn wrong_wishes_are_told() {
    let sandbox = Sandbox::new();
    sandbox.run(&format!("report {STUDY}")).exits(2).says("no study");
    sandbox.run(&format!("run {STUDY} --trials 5 --json"));
    sandbox.run(&format!("report {STUDY} -o page.pdf")).exits(2).says("end it in .html");
    sandbox.run(&format!("report {STUDY} --trial 99 --no-validate")).exits(2).says("99");
    sandbox
        .run(&format!("report {STUDY} --no-validate -o nowhere/page.html"))
        .exits(1)
        .says("cannot write nowhere/page.html");
}
