//! Tokens into a syntax tree, by precedence climbing.
//!
//! `x if c else y` < `or` < `and` < `not` < comparisons < `+ -` < `* /` < unary `-` < `x[n]`, `x.name`, calls.
//! A chain of comparisons `a < b < c` means `a < b and b < c`, as in Python.
//!
//! One syntax problem is reported per expression, after all that the lexer found.

use winnow::prelude::*;
use winnow::stream::{Stateful, Stream, TokenSlice};
use winnow::token::any;

use super::diagnostic::{Code, Problem, Span};
use super::lexer::{Token, TokenKind, lex};
use super::syntax::{Argument, ArithmeticOp, CompareOp, Expr, ExprKind, Level, LogicOp, Word};

/// How deep parentheses, calls, `not`, `-` and `if` may nest. Far beyond what a person writes, far below
/// what a thread's stack holds.
pub(super) const MAX_DEPTH: usize = 64;

/// How many `[n]` and `.name` may follow one another.
const MAX_POSTFIX: usize = 8;

/// Words that cannot be names.
pub(super) const KEYWORDS: [&str; 8] = ["and", "or", "not", "if", "else", "true", "false", "none"];

type Tokens<'t> = Stateful<TokenSlice<'t, Token>, State>;
type Parsed<T> = Result<T, Problem>;

#[derive(Debug, Clone)]
struct State {
    depth: usize,
    /// Length of the text: where "the end" is.
    end: usize,
}

/// The tree of `text`, or everything wrong with its spelling.
pub(super) fn parse(text: &str) -> Result<Expr, Vec<Problem>> {
    let (tokens, mut problems) = lex(text);
    if tokens.is_empty() && problems.is_empty() {
        return Err(vec![Problem::new(Code::Empty, &(0..0), "the expression is empty")]);
    }
    let state = State { depth: 0, end: text.len() };
    let mut input = Stateful { input: TokenSlice::new(&tokens), state };
    let parsed = if tokens.is_empty() { None } else { Some(whole(&mut input)) };
    match parsed {
        Some(Ok(expr)) if problems.is_empty() => return Ok(expr),
        // A token that could not be read is the likely cause of a problem here: say only that.
        Some(Err(problem)) if problems.is_empty() => problems.push(problem),
        _ => {}
    }
    Err(problems)
}

fn whole(input: &mut Tokens<'_>) -> Parsed<Expr> {
    let expr = choose(input)?;
    match input.peek_token() {
        None => Ok(expr),
        Some(token) => Err(leftover(&expr, token)),
    }
}

fn leftover(expr: &Expr, token: &Token) -> Problem {
    let unexpected = |message: String| Problem::new(Code::UnexpectedToken, &token.span, message);
    if token.is("=") {
        return assignment(&token.span);
    }
    if token.is(")") || token.is("]") {
        return unexpected(format!("{} closes nothing", found(token)));
    }
    if token.is("not") {
        return unexpected("`not` cannot stand here".to_owned()).help("put it first: `not (…)`");
    }
    let problem = unexpected(format!("expected an operator before {}", found(token)));
    match (&expr.kind, &token.kind) {
        (ExprKind::Number { .. }, TokenKind::Word(word)) => {
            problem.help(format!("to multiply write `{expr} * {word}`"))
        }
        _ => problem,
    }
}

fn assignment(span: &Span) -> Problem {
    Problem::new(Code::Assignment, span, "`=` does not compare").help("compare with `==`")
}

fn found(token: &Token) -> String {
    match &token.kind {
        TokenKind::Number { value, .. } => format!("`{value}`"),
        TokenKind::Text(text) => format!("the text '{text}'"),
        TokenKind::Word(word) => format!("`{word}`"),
        TokenKind::Sign(sign) => format!("`{sign}`"),
    }
}

/// Takes the next token if it is `spelling`.
fn take(input: &mut Tokens<'_>, spelling: &str) -> Option<Token> {
    let token = input.peek_token()?;
    token.is(spelling).then(|| next(input)).flatten()
}

fn next(input: &mut Tokens<'_>) -> Option<Token> {
    any::<_, winnow::error::EmptyError>.parse_next(input).ok().cloned()
}

fn end(input: &Tokens<'_>) -> Span {
    input.state.end..input.state.end
}

/// Runs `parser` one level deeper.
fn nested<T>(input: &mut Tokens<'_>, parser: impl FnOnce(&mut Tokens<'_>) -> Parsed<T>) -> Parsed<T> {
    if input.state.depth == MAX_DEPTH {
        let span = input.peek_token().map_or_else(|| end(input), |token| token.span.clone());
        let message = format!("the expression nests deeper than {MAX_DEPTH} levels");
        return Err(Problem::new(Code::TooDeep, &span, message).help("name inner parts with `let` bindings"));
    }
    input.state.depth += 1;
    let parsed = parser(input);
    input.state.depth -= 1;
    parsed
}

fn choose(input: &mut Tokens<'_>) -> Parsed<Expr> {
    let then = operators(input, Level::Or)?;
    if take(input, "if").is_none() {
        return Ok(then);
    }
    let condition = operators(input, Level::Or)?;
    if take(input, "else").is_none() {
        let span = input.peek_token().map_or_else(|| end(input), |token| token.span.clone());
        let problem = Problem::new(Code::UnexpectedToken, &span, "`if` without `else`");
        return Err(problem.help("write `a if condition else b`"));
    }
    let otherwise = nested(input, choose)?;
    let span = then.span.start..otherwise.span.end;
    let (then, condition, otherwise) = (Box::new(then), Box::new(condition), Box::new(otherwise));
    Ok(Expr { kind: ExprKind::Choose { then, condition, otherwise }, span })
}

#[derive(Clone, Copy)]
enum Operator {
    Arithmetic(ArithmeticOp),
    Compare(CompareOp),
    Logic(LogicOp),
}

fn operator(token: &Token) -> Option<(Operator, Level)> {
    use {ArithmeticOp as A, CompareOp as C};
    let arithmetic = |op| match op {
        A::Add | A::Subtract => (Operator::Arithmetic(op), Level::Sum),
        A::Multiply | A::Divide => (Operator::Arithmetic(op), Level::Product),
    };
    let compare = |op| (Operator::Compare(op), Level::Compare);
    let (TokenKind::Sign(_) | TokenKind::Word(_)) = &token.kind else {
        return None;
    };
    let logic = [(LogicOp::And, Level::And), (LogicOp::Or, Level::Or)];
    let arithmetics = [A::Add, A::Subtract, A::Multiply, A::Divide];
    let compares = [C::Less, C::LessEqual, C::Greater, C::GreaterEqual, C::Equal, C::NotEqual];
    (arithmetics.into_iter().find(|op| token.is(op.spelling())).map(arithmetic))
        .or_else(|| compares.into_iter().find(|op| token.is(op.spelling())).map(compare))
        .or_else(|| {
            let (op, level) = logic.into_iter().find(|(op, _)| token.is(op.spelling()))?;
            Some((Operator::Logic(op), level))
        })
}

/// Operators at least as tight as `least`.
fn operators(input: &mut Tokens<'_>, least: Level) -> Parsed<Expr> {
    let mut left = prefix(input, least)?;
    while let Some((first_op, level)) = input.peek_token().and_then(operator) {
        if level < least {
            break;
        }
        let mut rest = Vec::new();
        let mut op = Some(first_op);
        while let Some(current) = op {
            next(input);
            rest.push((current, operators(input, level.tighter())?));
            let following = input.peek_token().and_then(operator);
            op = following.filter(|(_, other)| *other == level).map(|(op, _)| op);
        }
        left = chain(left, rest);
    }
    Ok(left)
}

fn chain(first: Expr, rest: Vec<(Operator, Expr)>) -> Expr {
    let end = rest.last().map_or(first.span.end, |(_, expr)| expr.span.end);
    let span = first.span.start..end;
    let (mut arithmetic, mut compare, mut logic) = (Vec::new(), Vec::new(), None);
    let mut operands = Vec::new();
    for (op, expr) in rest {
        match op {
            Operator::Arithmetic(op) => arithmetic.push((op, expr)),
            Operator::Compare(op) => compare.push((op, expr)),
            Operator::Logic(op) => {
                logic = Some(op);
                operands.push(expr);
            }
        }
    }
    let kind = if let Some(op) = logic {
        operands.insert(0, first);
        ExprKind::Logic { op, operands }
    } else if compare.is_empty() {
        ExprKind::Arithmetic { first: Box::new(first), rest: arithmetic }
    } else {
        ExprKind::Compare { first: Box::new(first), rest: compare }
    };
    Expr { kind, span }
}

fn prefix(input: &mut Tokens<'_>, least: Level) -> Parsed<Expr> {
    if let Some(token) = take(input, "not") {
        if least > Level::Not {
            let problem = Problem::new(Code::UnexpectedToken, &token.span, "`not` cannot stand here");
            return Err(problem.help("put parentheses around it: `(not …)`"));
        }
        let operand = nested(input, |input| operators(input, Level::Not))?;
        let span = token.span.start..operand.span.end;
        return Ok(Expr { kind: ExprKind::Not(Box::new(operand)), span });
    }
    if let Some(token) = take(input, "-") {
        let operand = nested(input, |input| operators(input, Level::Unary))?;
        let span = token.span.start..operand.span.end;
        return Ok(Expr { kind: ExprKind::Negate(Box::new(operand)), span });
    }
    postfix(input)
}

fn postfix(input: &mut Tokens<'_>) -> Parsed<Expr> {
    let mut expr = primary(input)?;
    for _ in 0..MAX_POSTFIX {
        let start = expr.span.start;
        if let Some(open) = take(input, "[") {
            let lag = nested(input, choose)?;
            let close = close(input, &open, "]")?;
            let (target, lag) = (Box::new(expr), Box::new(lag));
            expr = Expr { kind: ExprKind::Lag { target, lag }, span: start..close.span.end };
        } else if let Some(dot) = take(input, ".") {
            let name = output_name(input, &dot)?;
            let span = start..name.span.end;
            expr = Expr { kind: ExprKind::Output { target: Box::new(expr), name }, span };
        } else {
            return Ok(expr);
        }
    }
    Ok(expr)
}

fn output_name(input: &mut Tokens<'_>, dot: &Token) -> Parsed<Word> {
    match next(input) {
        Some(Token { kind: TokenKind::Word(text), span }) => Ok(Word { text, span }),
        _ => {
            let problem = Problem::new(Code::UnexpectedToken, &dot.span, "expected an output's name after `.`");
            Err(problem.help("as in `macd(close).signal`"))
        }
    }
}

fn primary(input: &mut Tokens<'_>) -> Parsed<Expr> {
    let Some(token) = input.peek_token() else {
        let problem = Problem::new(Code::UnexpectedToken, &end(input), "expected an expression, found the end");
        return Err(problem);
    };
    let kind = match &token.kind {
        TokenKind::Number { value, whole } => ExprKind::Number { value: *value, whole: *whole },
        TokenKind::Text(text) => ExprKind::Text(text.clone()),
        TokenKind::Word(word) if word == "true" || word == "false" => ExprKind::Bool(word == "true"),
        TokenKind::Word(word) if word == "none" => ExprKind::Undefined,
        TokenKind::Word(word) if !KEYWORDS.contains(&word.as_str()) => return name_or_call(input),
        TokenKind::Sign("(") => return parenthesised(input),
        _ => return Err(no_expression(token)),
    };
    next(input);
    Ok(Expr { kind, span: token.span.clone() })
}

fn no_expression(token: &Token) -> Problem {
    if token.is("=") {
        return assignment(&token.span);
    }
    let message = format!("expected an expression, found {}", found(token));
    let problem = Problem::new(Code::UnexpectedToken, &token.span, message);
    if token.is("if") {
        return problem.help("write `a if condition else b`");
    }
    if token.is("+") {
        return problem.help("there is no unary `+`; leave it out");
    }
    problem
}

fn parenthesised(input: &mut Tokens<'_>) -> Parsed<Expr> {
    let Some(open) = next(input) else {
        return primary(input);
    };
    let mut expr = nested(input, choose)?;
    let close = close(input, &open, ")")?;
    expr.span = open.span.start..close.span.end;
    Ok(expr)
}

/// The bracket that closes `open`.
fn close(input: &mut Tokens<'_>, open: &Token, spelling: &str) -> Parsed<Token> {
    if let Some(token) = take(input, spelling) {
        return Ok(token);
    }
    match input.peek_token() {
        None => {
            let message = format!("{} is never closed", found(open));
            Err(Problem::new(Code::UnclosedBracket, &open.span, message).help(format!("add `{spelling}`")))
        }
        Some(token) if token.is("=") => Err(assignment(&token.span)),
        Some(token) => {
            let message = format!("expected `{spelling}`, found {}", found(token));
            Err(Problem::new(Code::UnexpectedToken, &token.span, message))
        }
    }
}

fn name_or_call(input: &mut Tokens<'_>) -> Parsed<Expr> {
    let Some(Token { kind: TokenKind::Word(text), span }) = next(input) else {
        return primary(input);
    };
    let Some(open) = take(input, "(") else {
        return Ok(Expr { kind: ExprKind::Name(text), span });
    };
    let arguments = arguments(input, &open)?;
    let close = close(input, &open, ")")?;
    let whole = span.start..close.span.end;
    Ok(Expr { kind: ExprKind::Call { name: Word { text, span }, arguments }, span: whole })
}

fn arguments(input: &mut Tokens<'_>, open: &Token) -> Parsed<Vec<Argument>> {
    let mut arguments = Vec::new();
    if input.peek_token().is_some_and(|token| token.is(")")) {
        return Ok(arguments);
    }
    if input.peek_token().is_none() {
        close(input, open, ")")?;
    }
    loop {
        let keyword = keyword(input);
        let value = nested(input, choose)?;
        arguments.push(Argument { keyword, value });
        if take(input, ",").is_none() {
            return Ok(arguments);
        }
    }
}

/// `name=` at the start of an argument.
fn keyword(input: &mut Tokens<'_>) -> Option<Word> {
    let start = input.checkpoint();
    if let Some(Token { kind: TokenKind::Word(text), span }) = next(input)
        && take(input, "=").is_some()
    {
        return Some(Word { text, span });
    }
    input.reset(&start);
    None
}
