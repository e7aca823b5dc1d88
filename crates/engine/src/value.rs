//! Parameter values as the strategy language sees them.

use std::collections::BTreeMap;
use std::fmt;

/// One parameter's value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A switch.
    Bool(bool),
    /// A whole number, such as a period.
    Int(i64),
    /// A real number, such as a multiplier.
    Float(f64),
    /// One of several named choices.
    Text(String),
}

/// Parameter values by name, in name order. A parameter that is inactive in a trial (its `when` is
/// false) is absent.
pub type Params = BTreeMap<String, Value>;

impl Value {
    /// The value as a number: switches are 0 and 1, texts have none.
    #[must_use]
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Self::Bool(value) => Some(f64::from(u8::from(*value))),
            #[expect(clippy::cast_precision_loss, reason = "parameters are far below 2^53")]
            Self::Int(value) => Some(*value as f64),
            Self::Float(value) => Some(*value),
            Self::Text(_) => None,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Float(value) => write!(f, "{value}"),
            Self::Text(value) => write!(f, "{value}"),
        }
    }
}
