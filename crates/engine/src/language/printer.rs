//! A syntax tree back into text, in one spelling, with no more parentheses than it needs.
//!
//! **Invariant:** parsing what was printed gives the same tree.

use std::fmt;

use super::syntax::{Argument, Expr, ExprKind, Level};

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ExprKind::Number { value, whole: true } => write!(f, "{value}"),
            ExprKind::Number { value, whole: false } => write!(f, "{value:?}"),
            ExprKind::Text(text) if text.contains('\'') => write!(f, "\"{text}\""),
            ExprKind::Text(text) => write!(f, "'{text}'"),
            ExprKind::Bool(value) => write!(f, "{value}"),
            ExprKind::Undefined => f.write_str("none"),
            ExprKind::Name(name) => f.write_str(name),
            ExprKind::Call { name, arguments } => call(f, &name.text, arguments),
            ExprKind::Lag { target, lag } => {
                operand(f, target, Level::Postfix)?;
                write!(f, "[{lag}]")
            }
            ExprKind::Output { target, name } => {
                operand(f, target, Level::Postfix)?;
                write!(f, ".{}", name.text)
            }
            _ => operators(f, self),
        }
    }
}

fn operators(f: &mut fmt::Formatter<'_>, expr: &Expr) -> fmt::Result {
    let inner = expr.kind.level().tighter();
    match &expr.kind {
        ExprKind::Negate(value) => {
            f.write_str("-")?;
            operand(f, value, Level::Unary)
        }
        ExprKind::Not(value) => {
            f.write_str("not ")?;
            operand(f, value, Level::Not)
        }
        ExprKind::Arithmetic { first, rest } => {
            chain(f, first, rest.iter().map(|(op, value)| (op.spelling(), value)), inner)
        }
        ExprKind::Compare { first, rest } => {
            chain(f, first, rest.iter().map(|(op, value)| (op.spelling(), value)), inner)
        }
        ExprKind::Logic { op, operands } => match operands.split_first() {
            Some((first, rest)) => chain(f, first, rest.iter().map(|value| (op.spelling(), value)), inner),
            None => Ok(()),
        },
        ExprKind::Choose { then, condition, otherwise } => {
            operand(f, then, inner)?;
            f.write_str(" if ")?;
            operand(f, condition, inner)?;
            f.write_str(" else ")?;
            operand(f, otherwise, Level::Choose)
        }
        _ => Ok(()),
    }
}

fn chain<'a>(
    f: &mut fmt::Formatter<'_>,
    first: &Expr,
    rest: impl Iterator<Item = (&'static str, &'a Expr)>,
    least: Level,
) -> fmt::Result {
    operand(f, first, least)?;
    for (op, value) in rest {
        write!(f, " {op} ")?;
        operand(f, value, least)?;
    }
    Ok(())
}

fn operand(f: &mut fmt::Formatter<'_>, expr: &Expr, least: Level) -> fmt::Result {
    if expr.kind.level() < least { write!(f, "({expr})") } else { write!(f, "{expr}") }
}

fn call(f: &mut fmt::Formatter<'_>, name: &str, arguments: &[Argument]) -> fmt::Result {
    write!(f, "{name}(")?;
    for (index, argument) in arguments.iter().enumerate() {
        if index > 0 {
            f.write_str(", ")?;
        }
        if let Some(keyword) = &argument.keyword {
            write!(f, "{}=", keyword.text)?;
        }
        write!(f, "{}", argument.value)?;
    }
    f.write_str(")")
}
