//! What is wrong with an expression, said to the person who wrote it.
//!
//! A [`Diagnostic`] carries a stable code, the expression it is in, the byte span inside that expression,
//! a message and, where there is one, a remedy. Mapping spans into the study file and drawing carets is
//! the caller's job.

use std::fmt;
use std::ops::Range;

use super::RuleName;

/// Byte offsets into one expression's text.
pub type Span = Range<usize>;

/// Which text a diagnostic is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The strategy as a whole; the span is empty.
    Strategy,
    /// The declaration of a parameter; the span is empty.
    Param(String),
    /// A `let` binding.
    Let(String),
    /// A rule.
    Rule(RuleName),
    /// A text compiled by itself: a predicate, an objective, a constraint.
    Text,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Strategy => write!(f, "strategy"),
            Self::Param(name) => write!(f, "parameter `{name}`"),
            Self::Let(name) => write!(f, "let `{name}`"),
            Self::Rule(name) => write!(f, "{name}"),
            Self::Text => write!(f, "expression"),
        }
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal,)*) => {
        /// The stable code of a problem.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// The code as printed, such as `E220`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }
        }
    };
}

codes! {
    /// A character that no expression contains.
    UnexpectedCharacter = "E201",
    /// A quoted text without its closing quote.
    UnclosedText = "E202",
    /// A number that cannot be read or is too large.
    BadNumber = "E203",
    /// Another language's spelling, such as `&&`.
    ForeignSpelling = "E204",
    /// A word or sign in the wrong place.
    UnexpectedToken = "E205",
    /// A bracket that is never closed.
    UnclosedBracket = "E206",
    /// Too many levels of nesting.
    TooDeep = "E207",
    /// Too long a text.
    TooLong = "E208",
    /// `=` where `==` was meant.
    Assignment = "E209",
    /// No expression at all.
    Empty = "E210",
    /// A name that nothing defines.
    UnknownName = "E220",
    /// A function that is not in the catalogue.
    UnknownFunction = "E221",
    /// An output that the function does not have.
    UnknownOutput = "E222",
    /// A number where a condition is needed, or the like.
    WrongKind = "E223",
    /// Too few or too many arguments.
    ArgumentCount = "E224",
    /// A keyword argument that does not exist or is given twice.
    KeywordArgument = "E225",
    /// An argument that is, or can become, too small or too large.
    ArgumentRange = "E226",
    /// A lag that would read the future, or is no whole number.
    BadLag = "E227",
    /// A text compared with a parameter that never has that value.
    UnknownChoice = "E228",
    /// `let` bindings that need one another.
    LetCycle = "E229",
    /// A name declared twice, reserved, or not a name.
    BadName = "E230",
    /// A timeframe that cannot be read.
    BadTimeframe = "E231",
    /// `on` inside `on`.
    NestedTimeframe = "E232",
    /// A rule of the wrong kind.
    RuleKind = "E233",
    /// A strategy that can never enter.
    NoEntry = "E234",
    /// A period that is not a whole number.
    NotWhole = "E235",
    /// A series where only parameters can be read.
    SeriesNotAllowed = "E236",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One problem of one expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable code.
    pub code: Code,
    /// Which expression.
    pub place: Place,
    /// Where in it, in bytes; on character boundaries.
    pub span: Span,
    /// What is wrong, lower case, without a full stop.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, place, span, message, help } = self;
        write!(f, "{code} {place}, byte {}: {message}", span.start)?;
        match help {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Diagnostic {}

/// A problem before it is known which expression it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) code: Code,
    pub(super) span: Span,
    pub(super) message: String,
    pub(super) help: Option<String>,
}

impl Problem {
    pub(super) fn new(code: Code, span: &Span, message: impl Into<String>) -> Self {
        Self { code, span: span.clone(), message: message.into(), help: None }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(super) fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }

    pub(super) fn at(self, place: &Place) -> Diagnostic {
        let Self { code, span, message, help } = self;
        Diagnostic { code, place: place.clone(), span, message, help }
    }
}

/// `did you mean …?` for the known word closest to `word`, when one is close enough to be a slip.
pub(super) fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let lowered = word.to_lowercase();
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&lowered, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= 1.max(word.chars().count().min(candidate.chars().count()) / 3))
        .min()
        .map(|(_, candidate)| format!("did you mean `{candidate}`?"))
}
