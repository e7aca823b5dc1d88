//! Problems in a study file, each with its place, a stable code and a remedy.
//!
//! Every problem of a file is collected and reported in one go. This module knows nothing of what
//! a problem means; it only finds lines and columns and draws carets.

use std::fmt;
use std::ops::Range;

/// A place in one of the texts a study was read from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Span {
    /// Index into [`Sources`]: 0 is the study file, the rest are `--set` overrides.
    pub source: usize,
    /// Byte range in that source.
    pub range: Range<usize>,
}

/// One problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable code, such as `E102`.
    pub code: &'static str,
    /// What is wrong, in one lower-case sentence.
    pub message: String,
    /// Where.
    pub span: Span,
    /// What to do about it.
    pub help: Option<String>,
}

/// A value and the place it was written at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Where it was written.
    pub span: Span,
}

/// The texts a study was read from, by the name shown to the user.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sources(Vec<(String, String)>);

/// Every problem found in a study file; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostics {
    sources: Sources,
    problems: Vec<Diagnostic>,
}

impl Sources {
    /// Add a text; returns its index.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> usize {
        self.0.push((name.into(), text.into()));
        self.0.len() - 1
    }

    /// The text of a source.
    #[must_use]
    pub fn text(&self, source: usize) -> &str {
        self.0.get(source).map_or("", |(_, text)| text)
    }

    /// 1-based line and column (in characters) of a place.
    #[must_use]
    pub fn position(&self, span: &Span) -> (usize, usize) {
        let before = self.before(span);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |tail| tail.chars().count()) + 1;
        (line, column)
    }

    fn before(&self, span: &Span) -> &str {
        let text = self.text(span.source);
        let end = (0..=span.range.start.min(text.len())).rev().find(|&at| text.is_char_boundary(at));
        &text[..end.unwrap_or(0)]
    }

    /// `file:line:column: CODE message`, the line with carets under the place, and the help.
    fn render(&self, problem: &Diagnostic, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = self.position(&problem.span);
        let name = self.0.get(problem.span.source).map_or("study", |(name, _)| name);
        writeln!(out, "{name}:{line}:{column}: {} {}", problem.code, problem.message)?;
        let shown = self.text(problem.span.source).lines().nth(line - 1).unwrap_or("").replace('\t', " ");
        let gutter = line.to_string();
        let blank = " ".repeat(gutter.len());
        writeln!(out, " {blank} |")?;
        writeln!(out, " {gutter} | {}", shown.trim_end())?;
        let carets = self.caret_count(problem, shown.chars().count(), column);
        writeln!(out, " {blank} | {}{}", " ".repeat(column - 1), "^".repeat(carets))?;
        match &problem.help {
            Some(help) => writeln!(out, " {blank} = help: {help}"),
            None => Ok(()),
        }
    }

    /// Carets cover the place up to the end of its first line, and at least one column.
    fn caret_count(&self, problem: &Diagnostic, line_width: usize, column: usize) -> usize {
        let text = self.text(problem.span.source);
        let width =
            text.get(problem.span.range.clone()).map_or(1, |place| place.lines().next().unwrap_or("").chars().count());
        width.clamp(1, (line_width + 1).saturating_sub(column).max(1))
    }
}

impl Diagnostics {
    /// `None` when there are no problems; otherwise they are put in the order of their places.
    #[must_use]
    pub fn collect(sources: Sources, mut problems: Vec<Diagnostic>) -> Option<Self> {
        problems.sort_by_key(|problem| (problem.span.source, problem.span.range.start));
        problems.dedup();
        (!problems.is_empty()).then_some(Self { sources, problems })
    }

    /// The problems in the order of their places.
    #[must_use]
    pub fn problems(&self) -> &[Diagnostic] {
        &self.problems
    }

    /// Line and column of each problem, for machine-readable output.
    #[must_use]
    pub fn position(&self, problem: &Diagnostic) -> (usize, usize) {
        self.sources.position(&problem.span)
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problem in &self.problems {
            self.sources.render(problem, f)?;
            writeln!(f)?;
        }
        match self.problems.len() {
            1 => write!(f, "1 problem"),
            count => write!(f, "{count} problems"),
        }
    }
}

impl std::error::Error for Diagnostics {}

/// The candidate nearest to `word`, if one is near enough to be what was meant.
#[must_use]
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&word.to_lowercase(), &candidate.to_lowercase()), candidate))
        .filter(|&(distance, candidate)| distance <= 1 + word.len().max(candidate.len()) / 4)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_shows_its_line_and_carets() {
        let mut sources = Sources::default();
        let source = sources.add("a.toml", "x = 1\nspeed = \"fast\"\n");
        let span = Span { source, range: 14..20 };
        let problem = Diagnostic { code: "E1", message: "no".into(), span, help: Some("yes".into()) };
        let shown = Diagnostics::collect(sources, vec![problem]).expect("one problem").to_string();
        assert_eq!(
            shown,
            "a.toml:2:9: E1 no\n   |\n 2 | speed = \"fast\"\n   |         ^^^^^^\n   = help: yes\n\n1 problem"
        );
    }

    #[test]
    fn a_far_word_is_no_suggestion() {
        assert_eq!(nearest("trian", ["train", "test"]), Some("train"));
        assert_eq!(nearest("xyz", ["train", "test"]), None);
    }

    #[test]
    fn a_place_past_the_end_does_not_panic() {
        let mut sources = Sources::default();
        let source = sources.add("a.toml", "é");
        let span = Span { source, range: 1..900 };
        assert_eq!(sources.position(&span), (1, 1));
        let problem = Diagnostic { code: "E1", message: "no".into(), span, help: None };
        assert!(Diagnostics::collect(sources, vec![problem]).is_some());
    }
}
