//! The contracts, a file for each kind of market.

mod agriculture;
mod crypto;
mod currency;
mod energy;
mod index;
mod metal;
mod rate;

use super::Contract;

/// Contracts of one kind of market.
#[derive(Debug, Clone, Copy)]
pub struct Group {
    /// Heading.
    pub title: &'static str,
    /// Its contracts.
    pub contracts: &'static [Contract],
}

const GROUPS: [Group; 7] = [
    Group { title: "Equity and volatility indices", contracts: &index::CONTRACTS },
    Group { title: "Currencies", contracts: &currency::CONTRACTS },
    Group { title: "Interest rates", contracts: &rate::CONTRACTS },
    Group { title: "Energy", contracts: &energy::CONTRACTS },
    Group { title: "Metals", contracts: &metal::CONTRACTS },
    Group { title: "Agriculture", contracts: &agriculture::CONTRACTS },
    Group { title: "Cryptocurrencies", contracts: &crypto::CONTRACTS },
];

/// The contracts under their headings.
#[must_use]
pub fn groups() -> &'static [Group] {
    &GROUPS
}

/// The contract of this root symbol, in capitals or not.
///
/// ```
/// use bartune_engine::instrument::find;
/// assert_eq!(find("zt").map(|contract| contract.tick_value.to_string()), Some("7.8125".to_owned()));
/// assert!(find("ESZ5").is_none());
/// ```
#[must_use]
pub fn find(symbol: &str) -> Option<&'static Contract> {
    super::contracts().find(|contract| contract.symbol.eq_ignore_ascii_case(symbol.trim()))
}
