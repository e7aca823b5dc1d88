//! The syntax tree of one expression. It knows spelling only: names are not resolved here.
//!
//! Operators of one precedence level are kept as one flat chain, so that the depth of a tree is bounded
//! by the nesting a person wrote and not by the length of a sum.
//!
//! **Equality ignores spans**: two trees are equal when they say the same thing.

use super::diagnostic::Span;

/// An expression and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Expr {
    pub(super) kind: ExprKind,
    pub(super) span: Span,
}

impl PartialEq for Expr {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

/// A word and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) span: Span,
}

impl PartialEq for Word {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum ExprKind {
    /// A literal; `whole` when it was written without point or exponent.
    Number {
        value: f64,
        whole: bool,
    },
    Text(String),
    Bool(bool),
    /// The undefined number `none`.
    Undefined,
    Name(String),
    Negate(Box<Expr>),
    Not(Box<Expr>),
    Arithmetic {
        first: Box<Expr>,
        rest: Vec<(ArithmeticOp, Expr)>,
    },
    Compare {
        first: Box<Expr>,
        rest: Vec<(CompareOp, Expr)>,
    },
    /// At least two operands.
    Logic {
        op: LogicOp,
        operands: Vec<Expr>,
    },
    /// `then if condition else otherwise`.
    Choose {
        then: Box<Expr>,
        condition: Box<Expr>,
        otherwise: Box<Expr>,
    },
    /// `target[lag]`.
    Lag {
        target: Box<Expr>,
        lag: Box<Expr>,
    },
    /// `target.name`.
    Output {
        target: Box<Expr>,
        name: Word,
    },
    Call {
        name: Word,
        arguments: Vec<Argument>,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Argument {
    pub(super) keyword: Option<Word>,
    pub(super) value: Expr,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ArithmeticOp {
    Add,
    Subtract,
    Multiply,
    Divide,
}

impl ArithmeticOp {
    pub(super) const fn spelling(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
        }
    }

    #[inline]
    pub(super) fn apply(self, left: f64, right: f64) -> f64 {
        match self {
            Self::Add => left + right,
            Self::Subtract => left - right,
            Self::Multiply => left * right,
            Self::Divide => left / right,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum CompareOp {
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Equal,
    NotEqual,
}

impl CompareOp {
    pub(super) const fn spelling(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
            Self::Equal => "==",
            Self::NotEqual => "!=",
        }
    }

    /// The comparison; false when a side is NaN, `!=` included.
    #[inline]
    pub(super) fn apply(self, left: f64, right: f64) -> bool {
        match self {
            Self::Less => left < right,
            Self::LessEqual => left <= right,
            Self::Greater => left > right,
            Self::GreaterEqual => left >= right,
            Self::Equal => left == right,
            Self::NotEqual => !left.is_nan() && !right.is_nan() && left != right,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum LogicOp {
    And,
    Or,
}

impl LogicOp {
    pub(super) const fn spelling(self) -> &'static str {
        match self {
            Self::And => "and",
            Self::Or => "or",
        }
    }
}

/// How tightly an operator binds; a larger level binds tighter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Choose,
    Or,
    And,
    Not,
    Compare,
    Sum,
    Product,
    Unary,
    Postfix,
}

impl Level {
    /// The level of an operand right of an operator of this level.
    pub(super) const fn tighter(self) -> Self {
        match self {
            Self::Choose => Self::Or,
            Self::Or => Self::And,
            Self::And => Self::Not,
            Self::Not => Self::Compare,
            Self::Compare => Self::Sum,
            Self::Sum => Self::Product,
            Self::Product => Self::Unary,
            Self::Unary | Self::Postfix => Self::Postfix,
        }
    }
}

impl ExprKind {
    pub(super) fn level(&self) -> Level {
        match self {
            Self::Choose { .. } => Level::Choose,
            Self::Logic { op: LogicOp::Or, .. } => Level::Or,
            Self::Logic { op: LogicOp::And, .. } => Level::And,
            Self::Not(_) => Level::Not,
            Self::Compare { .. } => Level::Compare,
            Self::Arithmetic { rest, .. } => match rest.first() {
                Some((ArithmeticOp::Multiply | ArithmeticOp::Divide, _)) => Level::Product,
                _ => Level::Sum,
            },
            Self::Negate(_) => Level::Unary,
            _ => Level::Postfix,
        }
    }
}
