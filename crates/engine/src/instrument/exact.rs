//! Fractions of whole numbers, for quantities that must not be rounded.

use std::fmt;

/// An exact positive fraction in lowest terms.
///
/// ```
/// use bartune_engine::instrument::Exact;
/// let half_of_a_thirty_second = Exact::new(1, 64);
/// assert_eq!(half_of_a_thirty_second.to_string(), "0.015625");
/// assert_eq!(half_of_a_thirty_second.times(Exact::new(1000, 1)).to_string(), "15.625");
/// assert_eq!(half_of_a_thirty_second.as_f64(), 0.015625);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exact {
    numerator: u64,
    denominator: u64,
}

impl Exact {
    /// `numerator / denominator`. In a `const`, a zero among them stops the build.
    ///
    /// # Panics
    /// When either is zero.
    #[must_use]
    pub const fn new(numerator: u64, denominator: u64) -> Self {
        assert!(numerator > 0 && denominator > 0, "an exact quantity is above zero");
        let divisor = greatest_common_divisor(numerator, denominator);
        Self { numerator: numerator / divisor, denominator: denominator / divisor }
    }

    /// A decimal (`"12.50"`) or a fraction (`"1/64"`) as written in the table of contracts, which is built by the
    /// compiler: what does not read as a positive number stops the build.
    pub(super) const fn parse(text: &str) -> Self {
        let digits = text.as_bytes();
        let (mut numerator, mut denominator) = (0, 1);
        let mut index = 0;
        while index < digits.len() && digits[index].is_ascii_digit() {
            numerator = numerator * 10 + (digits[index] - b'0') as u64;
            index += 1;
        }
        if index == digits.len() {
            return Self::new(numerator, denominator);
        }
        let is_fraction = digits[index] == b'/';
        assert!(is_fraction || digits[index] == b'.', "a decimal or a fraction");
        denominator = if is_fraction { 0 } else { 1 };
        index += 1;
        while index < digits.len() {
            assert!(digits[index].is_ascii_digit(), "a digit");
            let digit = (digits[index] - b'0') as u64;
            if is_fraction {
                denominator = denominator * 10 + digit;
            } else {
                (numerator, denominator) = (numerator * 10 + digit, denominator * 10);
            }
            index += 1;
        }
        Self::new(numerator, denominator)
    }

    /// The double nearest to it, which is what a bar file holds for the same decimal.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "specifications are far below 2^53")]
    pub fn as_f64(self) -> f64 {
        self.numerator as f64 / self.denominator as f64
    }

    /// The exact product. Both sides are reduced crosswise first, so that it stays as small as it can.
    #[must_use]
    pub const fn times(self, other: Self) -> Self {
        let left = Self::new(self.numerator, other.denominator);
        let right = Self::new(other.numerator, self.denominator);
        Self::new(left.numerator * right.numerator, left.denominator * right.denominator)
    }

    /// Decimal places needed to write it out; `None` where no number of them is enough (1/3).
    #[must_use]
    pub fn decimal_places(self) -> Option<usize> {
        (0..=19).find(|&places| 10_u128.pow(places as u32).is_multiple_of(u128::from(self.denominator)))
    }
}

const fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// All of its digits where they end, else the fraction.
impl fmt::Display for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(places) = self.decimal_places() else {
            return write!(f, "{}/{}", self.numerator, self.denominator);
        };
        let scale = 10_u128.pow(places as u32);
        let scaled = u128::from(self.numerator) * (scale / u128::from(self.denominator));
        match places {
            0 => write!(f, "{scaled}"),
            places => write!(f, "{}.{:0places$}", scaled / scale, scaled % scale),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_digit_is_shown_and_none_made_up() {
        let shown = |numerator, denominator| Exact::new(numerator, denominator).to_string();
        assert_eq!(shown(1, 256), "0.00390625");
        assert_eq!(shown(5, 10_000_000), "0.0000005");
        assert_eq!(shown(25, 2), "12.5");
        assert_eq!(shown(1000, 1), "1000");
        assert_eq!(shown(1, 3), "1/3");
    }

    #[test]
    fn the_double_is_the_one_that_the_decimal_reads_as() {
        for (exact, text) in
            [(Exact::new(1, 10), "0.1"), (Exact::new(1, 20_000), "0.00005"), (Exact::new(1, 128), "0.0078125")]
        {
            assert_eq!(exact.as_f64(), text.parse::<f64>().unwrap());
            assert_eq!(exact.to_string(), text);
        }
    }

    #[test]
    fn the_table_is_written_in_decimals_and_fractions() {
        assert_eq!(Exact::parse("12.50"), Exact::new(25, 2));
        assert_eq!(Exact::parse("1/64"), Exact::new(1, 64));
        assert_eq!(Exact::parse("125000"), Exact::new(125_000, 1));
    }

    #[test]
    fn products_are_exact_where_doubles_are_not() {
        assert_eq!(Exact::new(1, 10).times(Exact::new(3, 1)), Exact::new(3, 10));
        assert_ne!(0.1 * 3.0, 0.3);
        assert_eq!(Exact::new(6, 4), Exact::new(3, 2));
    }
}
