//! What an expression is: a series of numbers, a series of conditions, or one scalar.

use std::sync::Arc;

/// The kind of a node.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// A number at each bar.
    Number,
    /// Yes or no at each bar.
    Condition,
    /// One number.
    Scalar(Interval),
    /// One yes or no.
    Switch,
    /// One text, with every value that it can have.
    Text(Arc<[String]>),
}

impl Kind {
    pub(super) fn is_number(&self) -> bool {
        matches!(self, Self::Number | Self::Scalar(_))
    }

    pub(super) fn is_condition(&self) -> bool {
        matches!(self, Self::Condition | Self::Switch)
    }

    pub(super) fn is_series(&self) -> bool {
        matches!(self, Self::Number | Self::Condition)
    }

    /// The kind in words, for messages.
    pub(super) fn words(&self) -> &'static str {
        match self {
            Self::Number => "a number series",
            Self::Condition => "a condition",
            Self::Scalar(_) => "a number",
            Self::Switch => "a switch (true or false)",
            Self::Text(_) => "a text",
        }
    }
}

/// Where a scalar's value can lie, whatever the parameters; `whole` when it is always a whole number.
///
/// The bounds of a compound expression hold but need not be reached: `slow - fast` knows nothing of a
/// `require` that keeps it positive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Interval {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) whole: bool,
}

impl Interval {
    pub(super) const ANY: Self = Self { low: f64::NEG_INFINITY, high: f64::INFINITY, whole: false };

    pub(super) fn point(value: f64) -> Self {
        if value.is_nan() { Self::ANY } else { Self { low: value, high: value, whole: value.fract() == 0.0 } }
    }

    /// The hull of some values; anything when one is NaN (such as ∞ − ∞).
    fn hull(values: &[f64], whole: bool) -> Self {
        if values.iter().any(|value| value.is_nan()) {
            return Self { whole, ..Self::ANY };
        }
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Self { low, high, whole }
    }

    pub(super) fn negate(self) -> Self {
        Self { low: -self.high, high: -self.low, whole: self.whole }
    }

    pub(super) fn add(self, other: Self) -> Self {
        Self::hull(&[self.low + other.low, self.high + other.high], self.whole && other.whole)
    }

    pub(super) fn multiply(self, other: Self) -> Self {
        let products = [self.low * other.low, self.low * other.high, self.high * other.low, self.high * other.high];
        Self::hull(&products, self.whole && other.whole)
    }

    pub(super) fn divide(self, other: Self) -> Self {
        if other.low <= 0.0 && other.high >= 0.0 {
            return Self::ANY;
        }
        let quotients = [self.low / other.low, self.low / other.high, self.high / other.low, self.high / other.high];
        Self::hull(&quotients, false)
    }

    pub(super) fn union(self, other: Self) -> Self {
        let bounds = [self.low, self.high, other.low, other.high];
        Self::hull(&bounds, self.whole && other.whole)
    }

    /// The interval of a pointwise function of scalars; anything where the function is not known here.
    pub(super) fn of_function(name: &str, inputs: &[Self]) -> Self {
        let monotone = |f: fn(f64) -> f64, whole| match inputs {
            [x] => Self::hull(&[f(x.low), f(x.high)], whole),
            _ => Self::ANY,
        };
        match (name, inputs) {
            ("floor", _) => monotone(f64::floor, true),
            ("ceil", _) => monotone(f64::ceil, true),
            ("round", _) => monotone(f64::round, true),
            ("min", [a, b]) => Self { low: a.low.min(b.low), high: a.high.min(b.high), whole: a.whole && b.whole },
            ("max", [a, b]) => Self { low: a.low.max(b.low), high: a.high.max(b.high), whole: a.whole && b.whole },
            ("abs", [x]) if x.low >= 0.0 => *x,
            ("abs", [x]) => Self { low: 0.0, high: x.high.max(-x.low), whole: x.whole },
            _ => Self::ANY,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(low: f64, high: f64) -> Interval {
        Interval { low, high, whole: true }
    }

    #[test]
    fn whole_numbers_stay_whole_except_under_division() {
        let (fast, slow) = (whole(5.0, 60.0), whole(20.0, 300.0));
        assert_eq!(slow.add(fast.negate()), whole(-40.0, 295.0));
        assert_eq!(fast.multiply(whole(-2.0, 3.0)), whole(-120.0, 180.0));
        assert_eq!(slow.divide(fast), Interval { low: 20.0 / 60.0, high: 60.0, whole: false });
        assert_eq!(Interval::of_function("floor", &[slow.divide(fast)]), whole(0.0, 60.0));
    }

    #[test]
    fn a_quotient_by_something_that_may_be_zero_is_anything() {
        assert_eq!(whole(1.0, 2.0).divide(whole(-1.0, 1.0)), Interval::ANY);
    }

    #[test]
    fn infinity_minus_infinity_is_anything() {
        let sum = Interval::ANY.add(Interval::ANY);
        assert_eq!((sum.low, sum.high), (f64::NEG_INFINITY, f64::INFINITY));
    }
}
