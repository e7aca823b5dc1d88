//! Problems found by the strategy language, put at their places in the study file.

use bartune_engine::language;

use super::section::Problems;
use crate::diagnostic::{Diagnostic, Located, Sources, Span};

/// Report one problem of an expression written at `text`.
pub(crate) fn report_expression(
    text: &Located<String>,
    problem: &language::Diagnostic,
    sources: &Sources,
    problems: &Problems,
) {
    problems.add(Diagnostic {
        code: problem.code.as_str(),
        message: problem.message.clone(),
        span: place(text, problem.span.clone(), sources),
        help: problem.help.clone(),
    });
}

/// Where a part of an expression stands in the file: exact when the text was written without
/// escapes, else the whole text.
fn place(text: &Located<String>, part: std::ops::Range<usize>, sources: &Sources) -> Span {
    let written = sources.text(text.span.source).get(text.span.range.clone()).unwrap_or("");
    let Some(offset) = written.find(&text.value).filter(|_| !text.value.is_empty()) else { return text.span.clone() };
    let start = text.span.range.start + offset;
    Span { source: text.span.source, range: start + part.start..start + part.end }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_an_expression_is_found_in_the_file() {
        let mut sources = Sources::default();
        let source = sources.add("a.toml", "x = \"close > opne\"");
        let text = Located { value: "close > opne".to_owned(), span: Span { source, range: 4..18 } };
        assert_eq!(place(&text, 8..12, &sources).range, 13..17);
    }

    #[test]
    fn escapes_fall_back_to_the_whole_text() {
        let mut sources = Sources::default();
        let source = sources.add("a.toml", r#"x = "a == \"b\"""#);
        let text = Located { value: "a == \"b\"".to_owned(), span: Span { source, range: 4..16 } };
        assert_eq!(place(&text, 0..1, &sources).range, 4..16);
    }
}
