//! The parts of a rule that must all hold, each by itself: what stands in the way of an entry.
//!
//! A rule is taken apart at its outermost `and`s; a part that is only the name of a `let` is taken apart
//! in its turn. Nothing below an `or`, a `not` or a call is.

use super::parser::parse;
use super::strategy::{Strategy, compile};
use super::syntax::{Expr, ExprKind, LogicOp};
use super::{RuleName, StrategySource};

/// One part of a rule.
#[derive(Debug, Clone)]
pub struct Gate {
    /// As it was written.
    pub text: String,
    /// A strategy that enters long where the part holds.
    pub strategy: Strategy,
}

impl Strategy {
    /// The parts of a condition that must all hold, in the order of the text; one where there is no `and`,
    /// none where the strategy lacks the rule or the rule is no condition.
    #[must_use]
    pub fn gates(&self, rule: RuleName) -> Vec<Gate> {
        let source = self.source();
        let Some((_, text)) = source.rules.iter().find(|(name, _)| *name == rule) else { return Vec::new() };
        let mut texts = Vec::new();
        take_apart(text, source, source.lets.len(), &mut texts);
        let gate = |text: String| {
            let alone = StrategySource { lets: source.lets.clone(), rules: vec![(RuleName::LongEntry, text.clone())] };
            Some(Gate { strategy: compile(&alone, self.params()).ok()?, text })
        };
        texts.into_iter().filter_map(gate).collect()
    }
}

/// Adds the parts of `text`. No chain of `let`s is longer than there are `let`s, so that `depth` bounds it.
fn take_apart(text: &str, source: &StrategySource, depth: usize, into: &mut Vec<String>) {
    let Ok(expr) = parse(text) else { return };
    for part in operands(&expr) {
        let behind = match &part.kind {
            ExprKind::Name(name) if depth > 0 => source.lets.iter().find(|(known, _)| known == name),
            _ => None,
        };
        match behind {
            Some((_, text)) if parse(text).is_ok_and(|expr| operands(&expr).len() > 1) => {
                take_apart(text, source, depth - 1, into);
            }
            _ => into.extend(text.get(part.span.clone()).map(|text| bare(text).to_owned())),
        }
    }
}

/// The text without the parentheses around the whole of it.
fn bare(text: &str) -> &str {
    let text = text.trim();
    let inner = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
    match inner {
        // `(a) or (b)` has parentheses at both ends and none around it.
        Some(inner) if parse(inner).is_ok() && parse(inner) == parse(text) => bare(inner),
        _ => text,
    }
}

/// The operands of the outermost `and`s, or the expression itself.
fn operands(expr: &Expr) -> Vec<&Expr> {
    match &expr.kind {
        ExprKind::Logic { op: LogicOp::And, operands: parts } => parts.iter().flat_map(operands).collect(),
        _ => vec![expr],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gates(entry: &str) -> Vec<String> {
        let source = StrategySource {
            lets: vec![
                ("up".into(), "close > open and (close > close[1])".into()),
                ("calm".into(), "high - low < 5".into()),
            ],
            rules: vec![(RuleName::LongEntry, entry.into())],
        };
        let strategy = compile(&source, &[]).expect("it is well formed");
        strategy.gates(RuleName::LongEntry).into_iter().map(|gate| gate.text).collect()
    }

    #[test]
    fn a_rule_is_taken_apart_at_its_outer_ands() {
        assert_eq!(gates("close > 1 and (open > 2 and low > 3)"), ["close > 1", "open > 2", "low > 3"]);
        assert_eq!(gates("close > 1 or open > 2 and low > 3"), ["close > 1 or open > 2 and low > 3"]);
        assert_eq!(gates("not (close > 1 and open > 2)"), ["not (close > 1 and open > 2)"]);
    }

    #[test]
    fn a_let_is_taken_apart_where_it_has_parts() {
        assert_eq!(gates("up and calm"), ["close > open", "close > close[1]", "calm"]);
    }

    #[test]
    fn a_rule_that_is_missing_or_no_condition_has_no_gates() {
        let source = StrategySource { lets: vec![], rules: vec![(RuleName::LongEntry, "close > 1".into())] };
        let strategy = compile(&source, &[]).expect("it is well formed");
        assert!(strategy.gates(RuleName::ShortEntry).is_empty());
        assert!(strategy.gates(RuleName::StopLoss).is_empty());
    }
}
