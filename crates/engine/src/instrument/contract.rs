//! One futures contract.

use std::fmt;

use super::{Comparison, Exact, Quotation, compared};
use crate::simulator::Instrument;

/// Where a contract is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exchange {
    /// Chicago Mercantile Exchange.
    Cme,
    /// Chicago Board of Trade.
    Cbot,
    /// New York Mercantile Exchange.
    Nymex,
    /// Commodity Exchange.
    Comex,
    /// Cboe Futures Exchange.
    Cfe,
    /// ICE Futures U.S.
    IceUs,
    /// ICE Futures Europe.
    IceEurope,
    /// Eurex.
    Eurex,
}

impl Exchange {
    /// Its usual name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cme => "CME",
            Self::Cbot => "CBOT",
            Self::Nymex => "NYMEX",
            Self::Comex => "COMEX",
            Self::Cfe => "CFE",
            Self::IceUs => "ICE US",
            Self::IceEurope => "ICE Europe",
            Self::Eurex => "Eurex",
        }
    }
}

/// The money a contract is settled in. An account's cash, costs and results are in it too: nothing is converted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Currency {
    /// United States dollar.
    Usd,
    /// Euro.
    Eur,
}

impl Currency {
    /// Its ISO 4217 code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Usd => "USD",
            Self::Eur => "EUR",
        }
    }
}

/// The exchange's page of a specification: where to look it up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// CME Group's contract specifications of a product, by the product's path among its markets.
    CmeGroup(&'static str),
    /// A page elsewhere.
    Page(&'static str),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CmeGroup(product) => write!(f, "https://www.cmegroup.com/markets/{product}.contractSpecs.html"),
            Self::Page(page) => f.write_str(page),
        }
    }
}

/// A futures contract's specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contract {
    /// Root symbol, as on the exchange's electronic platform.
    pub symbol: &'static str,
    /// What it is a future on.
    pub name: &'static str,
    /// Where it is listed.
    pub exchange: Exchange,
    /// What it is settled in.
    pub currency: Currency,
    /// Smallest price step of the outright contract, in points.
    pub tick_size: Exact,
    /// Money for one tick of one contract.
    pub tick_value: Exact,
    /// Money for one point of one contract.
    pub point_value: Exact,
    /// How prices are written.
    pub quotation: Quotation,
    /// Whether it is the tenth of a larger contract that account rules count micros by.
    pub is_micro: bool,
    /// Where the exchange publishes the specification; what was read is [`compared_with`](Self::compared_with).
    pub source: Source,
}

impl Contract {
    /// A contract whose numbers are still to be given; the table's notation.
    pub(super) const fn listed(symbol: &'static str, name: &'static str, exchange: Exchange, source: Source) -> Self {
        let one = Exact::new(1, 1);
        Self {
            symbol,
            name,
            exchange,
            currency: Currency::Usd,
            tick_size: one,
            tick_value: one,
            point_value: one,
            quotation: Quotation::Decimal,
            is_micro: false,
            source,
        }
    }

    /// Smallest price step in points, as in `"0.25"` or `"1/64"`.
    pub(super) const fn tick(self, points: &str) -> Self {
        Self { tick_size: Exact::parse(points), ..self }
    }

    /// Money for a tick and for a point.
    pub(super) const fn worth(self, tick_value: &str, point_value: &str) -> Self {
        Self { tick_value: Exact::parse(tick_value), point_value: Exact::parse(point_value), ..self }
    }

    /// Prices in 32nds, each in so many parts.
    pub(super) const fn in_thirty_seconds(self, parts: u8) -> Self {
        Self { quotation: Quotation::ThirtySeconds { parts }, ..self }
    }

    pub(super) const fn micro(self) -> Self {
        Self { is_micro: true, ..self }
    }

    pub(super) const fn in_euro(self) -> Self {
        Self { currency: Currency::Eur, ..self }
    }

    /// What the simulator needs: the doubles nearest to the exact tick and point value, whole contracts.
    ///
    /// ```
    /// use bartune_engine::instrument::find;
    /// let micro = find("MES").expect("listed").instrument();
    /// assert_eq!((micro.tick, micro.point_value, micro.whole_contracts), (Some(0.25), 5.0, true));
    /// ```
    #[must_use]
    pub fn instrument(&self) -> Instrument {
        Instrument {
            tick: Some(self.tick_size.as_f64()),
            point_value: self.point_value.as_f64(),
            whole_contracts: true,
            margin: None,
        }
    }

    /// The public document that its numbers were compared with.
    ///
    /// ```
    /// use bartune_engine::instrument::{Publisher, find};
    /// let platinum = find("PL").and_then(|contract| contract.compared_with()).expect("each contract was compared");
    /// assert_eq!(platinum.publisher, Publisher::Exchange);
    /// ```
    #[must_use]
    pub fn compared_with(&self) -> Option<&'static Comparison> {
        compared::find(self.symbol)
    }

    /// A price as the market writes it.
    #[must_use]
    pub fn quote(&self, price: f64) -> String {
        self.quotation.quote(price, self.tick_size)
    }
}
