//! Text into tokens. Goes on after a problem, so that all of them are reported.
//!
//! Spellings of other languages (`&&`, `||`, `!`, `True`) are reported and then read as what was meant.

use winnow::ascii::digit1;
use winnow::combinator::{alt, opt, preceded, repeat};
use winnow::error::EmptyError;
use winnow::prelude::*;
use winnow::stream::LocatingSlice;
use winnow::token::{one_of, take_till, take_while};

use super::diagnostic::{Code, Problem, Span};

/// The longest expression that is read, in bytes.
pub(super) const MAX_BYTES: usize = 16_384;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum TokenKind {
    Number {
        value: f64,
        whole: bool,
    },
    Text(String),
    /// A name or a keyword.
    Word(String),
    Sign(&'static str),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) span: Span,
}

impl Token {
    /// Whether this is the given sign or word.
    pub(super) fn is(&self, spelling: &str) -> bool {
        match &self.kind {
            TokenKind::Sign(sign) => *sign == spelling,
            TokenKind::Word(word) => word == spelling,
            _ => false,
        }
    }
}

type Text<'s> = LocatingSlice<&'s str>;
type Lexed<T> = Result<T, EmptyError>;

/// Words of other languages and what they are called here.
const FOREIGN_WORDS: [(&str, &str); 9] = [
    ("AND", "and"),
    ("OR", "or"),
    ("NOT", "not"),
    ("True", "true"),
    ("False", "false"),
    ("TRUE", "true"),
    ("FALSE", "false"),
    ("None", "none"),
    ("nan", "none"),
];

/// Signs of other languages and what they are called here.
const FOREIGN_SIGNS: [(&str, &str); 7] =
    [("&&", "and"), ("||", "or"), ("&", "and"), ("|", "or"), ("<>", "!="), ("≤", "<="), ("≥", ">=")];

const SIGNS: [&str; 17] = ["<=", ">=", "==", "!=", "(", ")", "[", "]", ",", ".", "+", "-", "*", "/", "<", ">", "="];

/// The tokens of `text` and every problem met on the way.
pub(super) fn lex(text: &str) -> (Vec<Token>, Vec<Problem>) {
    let (mut tokens, mut problems) = (Vec::new(), Vec::new());
    if text.len() > MAX_BYTES {
        let message = format!("the expression is {} bytes long; at most {MAX_BYTES} are read", text.len());
        problems.push(Problem::new(Code::TooLong, &(0..0), message).help("split it with `let` bindings"));
        return (tokens, problems);
    }
    let mut input = LocatingSlice::new(text);
    loop {
        skip_blank(&mut input);
        if input.is_empty() {
            return (tokens, problems);
        }
        match token.with_span().parse_next(&mut input) {
            Ok((kind, span)) => tokens.push(checked(Token { kind, span }, &mut problems)),
            Err(EmptyError) => {
                let (token, problem) = unreadable(&mut input);
                problems.push(problem);
                tokens.extend(token);
            }
        }
    }
}

fn skip_blank(input: &mut Text<'_>) {
    let comment = preceded('#', take_till::<_, _, EmptyError>(0.., '\n')).void();
    let blank = take_while::<_, _, EmptyError>(1.., char::is_whitespace).void();
    // `repeat` over parsers that consume something cannot fail: it stops where neither matches.
    let _: Lexed<()> = repeat(0.., alt((blank, comment))).parse_next(input);
}

fn token(input: &mut Text<'_>) -> Lexed<TokenKind> {
    alt((number, quoted, word, sign)).parse_next(input)
}

fn number(input: &mut Text<'_>) -> Lexed<TokenKind> {
    let digits = || (digit1, take_while(0.., ('0'..='9', '_'))).void();
    let fraction = ('.', digits()).void();
    let exponent = (one_of(['e', 'E']), opt(one_of(['+', '-'])), digits()).void();
    let tail = (opt(('.', digits())), opt(exponent));
    let written = alt(((digits(), tail).void(), fraction)).take().parse_next(input)?;
    let whole = written.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    let value = written.replace('_', "").parse().map_err(|_| EmptyError)?;
    Ok(TokenKind::Number { value, whole })
}

fn quoted(input: &mut Text<'_>) -> Lexed<TokenKind> {
    let mut quote = one_of(['\'', '"']).parse_next(input)?;
    let text: &str = take_till(0.., [quote, '\n']).parse_next(input)?;
    quote.parse_next(input)?;
    Ok(TokenKind::Text(text.to_owned()))
}

fn word(input: &mut Text<'_>) -> Lexed<TokenKind> {
    let start = |c: char| c.is_ascii_alphabetic() || c == '_';
    let rest = |c: char| c.is_ascii_alphanumeric() || c == '_';
    (one_of(start), take_while(0.., rest)).take().map(|word: &str| TokenKind::Word(word.to_owned())).parse_next(input)
}

fn sign(input: &mut Text<'_>) -> Lexed<TokenKind> {
    let text: &str = input;
    if FOREIGN_SIGNS.iter().any(|(foreign, _)| text.starts_with(foreign)) || text.starts_with("**") {
        return Err(EmptyError);
    }
    let mut found = SIGNS.into_iter().find(|sign| text.starts_with(sign)).ok_or(EmptyError)?;
    found.parse_next(input)?;
    Ok(TokenKind::Sign(found))
}

/// Reports a token that can be read but not meant.
fn checked(mut token: Token, problems: &mut Vec<Problem>) -> Token {
    match &mut token.kind {
        TokenKind::Number { value, .. } if !value.is_finite() => {
            let message = "the number is too large";
            problems.push(Problem::new(Code::BadNumber, &token.span, message).help("at most 1.79e308"));
            *value = 1.0;
        }
        TokenKind::Word(word) => {
            if let Some((foreign, own)) = FOREIGN_WORDS.iter().find(|(foreign, _)| word == foreign) {
                problems.push(foreign_spelling(&token.span, foreign, own));
                *word = (*own).to_owned();
            }
        }
        _ => {}
    }
    token
}

fn foreign_spelling(span: &Span, foreign: &str, own: &str) -> Problem {
    let message = format!("`{foreign}` is not part of the language");
    Problem::new(Code::ForeignSpelling, span, message).help(format!("write `{own}`"))
}

/// Steps over what no token matches, with the token it stands for where one is clear.
fn unreadable(input: &mut Text<'_>) -> (Option<Token>, Problem) {
    let text: &str = input;
    let start = winnow::stream::Location::current_token_start(input);
    let skip = |input: &mut Text<'_>, bytes: usize| -> Span {
        let _: Lexed<&str> = winnow::token::take(text[..bytes].chars().count()).parse_next(input);
        start..start + bytes
    };
    if let Some((foreign, own)) = FOREIGN_SIGNS.iter().find(|(foreign, _)| text.starts_with(foreign)) {
        let span = skip(input, foreign.len());
        let token = Token { kind: TokenKind::Sign(own), span: span.clone() };
        return (Some(token), foreign_spelling(&span, foreign, own));
    }
    if text.starts_with(['\'', '"']) {
        let length = text.find('\n').unwrap_or(text.len());
        let span = skip(input, length);
        let problem = Problem::new(Code::UnclosedText, &span, "the text has no closing quote")
            .help(format!("end it with `{}`", &text[..1]));
        return (None, problem);
    }
    if text.starts_with('!') {
        let span = skip(input, 1);
        let token = Token { kind: TokenKind::Sign("not"), span: span.clone() };
        return (Some(token), foreign_spelling(&span, "!", "not"));
    }
    let power = text.starts_with("**");
    let character = text.chars().next().unwrap_or(' ');
    let span = skip(input, if power { 2 } else { character.len_utf8() });
    let shown = if power { "**".to_owned() } else { character.escape_debug().to_string() };
    let problem = Problem::new(Code::UnexpectedCharacter, &span, format!("unexpected `{shown}`"));
    (None, problem.maybe_help(remedy(character)))
}

fn remedy(character: char) -> Option<String> {
    let remedy = match character {
        '*' | '^' => "there is no power operator; multiply, as in `x * x`",
        '%' => "there is no remainder and no percent sign; write 2 % as `0.02`",
        '?' | ':' => "choose with `a if condition else b`",
        '{' | '}' => "group with round parentheses",
        '‘' | '’' | '“' | '”' => "quote a text with plain `'` or `\"`",
        '$' | '@' => "write parameters by their plain names",
        ';' => "a rule is one expression; name parts of it with `let`",
        _ => return None,
    };
    Some(remedy.to_owned())
}
