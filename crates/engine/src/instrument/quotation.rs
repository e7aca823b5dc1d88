//! How a market writes its prices.

use super::Exact;

/// The way a contract's price is quoted to people. Bar files hold the decimal price in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quotation {
    /// In decimals.
    Decimal,
    /// In points and 32nds, the 32nd in this many parts: 1 (`110'16`), 2 (halves, `110'165`), 4 (quarters) or 8
    /// (eighths). As CME writes them, one digit names the part and drops what follows it: 2 is .25, 7 is .75.
    ThirtySeconds {
        /// Parts of a 32nd.
        parts: u8,
    },
}

impl Quotation {
    /// A price as the market quotes it; prices off the tick are shown at the nearest tick.
    ///
    /// ```
    /// use bartune_engine::instrument::find;
    /// let ten_year = find("ZN").expect("listed");
    /// assert_eq!(ten_year.quote(110.515625), "110'165");
    /// let s_and_p = find("ES").expect("listed");
    /// assert_eq!(s_and_p.quote(5000.5), "5000.50");
    /// ```
    #[must_use]
    pub(super) fn quote(self, price: f64, tick: Exact) -> String {
        match self {
            Self::Decimal => format!("{price:.places$}", places = tick.decimal_places().unwrap_or(9)),
            Self::ThirtySeconds { parts } => thirty_seconds(price, parts),
        }
    }
}

fn thirty_seconds(price: f64, parts: u8) -> String {
    let per_point = f64::from(parts) * 32.0;
    let sign = if price < 0.0 { "-" } else { "" };
    let steps = (price.abs() * per_point).round();
    let (points, rest) = ((steps / per_point).floor(), steps % per_point);
    let (thirty_second, part) = ((rest / f64::from(parts)).floor(), rest % f64::from(parts));
    let whole = format!("{sign}{points:.0}'{thirty_second:02.0}");
    if parts == 1 {
        return whole;
    }
    format!("{whole}{:.0}", (part / f64::from(parts) * 10.0).floor())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_thirty_second_have_one_digit() {
        let shown = |price, parts| thirty_seconds(price, parts);
        assert_eq!(shown(110.5, 1), "110'16");
        assert_eq!(shown(110.968_75, 1), "110'31");
        assert_eq!(shown(110.515_625, 2), "110'165");
        assert_eq!(shown(110.507_812_5, 4), "110'162");
        assert_eq!(shown(110.523_437_5, 4), "110'167");
        let eighths: Vec<String> = (0..8).map(|part| shown(102.0 + f64::from(part) / 256.0, 8)).collect();
        assert_eq!(eighths, ["102'000", "102'001", "102'002", "102'003", "102'005", "102'006", "102'007", "102'008"]);
    }

    #[test]
    fn a_price_just_below_a_point_carries_over() {
        assert_eq!(thirty_seconds(109.999_999, 2), "110'000");
        assert_eq!(thirty_seconds(-1.5, 1), "-1'16");
    }

    #[test]
    fn decimals_have_the_places_of_the_tick() {
        assert_eq!(Quotation::Decimal.quote(1.1, Exact::new(1, 20_000)), "1.10000");
        assert_eq!(Quotation::Decimal.quote(39_000.0, Exact::new(1, 1)), "39000");
    }
}
