//! What is traded: exact contract specifications of futures, and defaults for other kinds of instruments.
//!
//! [`find`] looks a futures contract up by its symbol; [`Contract::instrument`] is what the simulator needs of
//! it. The table holds today's specification of the outright contract (not of its calendar spreads). Exchanges
//! change tick sizes now and then; a study over older bars may override `tick`. Margins, hours and expiries are
//! not in it: they change too often to be true in a program.
//!
//! **Exactness.** Tick sizes, tick values and point values are fractions of whole numbers ([`Exact`]), so none is
//! lost in formatting: half of 1/32 is 0.015625, never 0.016. A test holds tick value = tick size · point value
//! for every contract, with the three written down independently.
//!
//! **Units.** Prices are what bar files hold: Treasuries in points (110.515625), grains, livestock and soybean oil
//! in cents, currencies in dollars for one unit.

mod compared;
mod contract;
mod document;
mod exact;
mod kind;
mod quotation;
mod table;
#[cfg(test)]
mod tests;

pub use compared::{Comparison, Publisher};
pub use contract::{Contract, Currency, Exchange, Source};
pub use document::markdown;
pub use exact::Exact;
pub use kind::InstrumentKind;
pub use quotation::Quotation;
pub use table::{Group, find, groups};

/// Every contract, in the order of the groups.
pub fn contracts() -> impl Iterator<Item = &'static Contract> {
    groups().iter().flat_map(|group| group.contracts)
}
