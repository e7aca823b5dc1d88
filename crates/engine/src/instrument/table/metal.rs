//! Futures on metals; a price is dollars for a troy ounce, for copper dollars for a pound.

use crate::instrument::Contract;
use crate::instrument::Exchange::{Comex, Nymex};
use crate::instrument::Source::CmeGroup;

#[rustfmt::skip] // One contract a line, to be read as a table.
pub(super) const CONTRACTS: [Contract; 8] = [
    Contract::listed("GC", "Gold, 100 troy ounces", Comex, CmeGroup("metals/precious/gold")).tick("0.1").worth("10", "100"),
    Contract::listed("MGC", "Micro gold, 10 troy ounces", Comex, CmeGroup("metals/precious/e-micro-gold")).tick("0.1").worth("1", "10").micro(),
    Contract::listed("SI", "Silver, 5,000 troy ounces", Comex, CmeGroup("metals/precious/silver")).tick("0.005").worth("25", "5000"),
    Contract::listed("SIL", "Micro silver, 1,000 troy ounces", Comex, CmeGroup("metals/precious/1000-oz-silver")).tick("0.005").worth("5", "1000").micro(),
    Contract::listed("HG", "Copper, 25,000 pounds", Comex, CmeGroup("metals/base/copper")).tick("0.0005").worth("12.50", "25000"),
    Contract::listed("MHG", "Micro copper, 2,500 pounds", Comex, CmeGroup("metals/base/micro-copper")).tick("0.0005").worth("1.25", "2500").micro(),
    Contract::listed("PL", "Platinum, 50 troy ounces", Nymex, CmeGroup("metals/precious/platinum")).tick("0.1").worth("5", "50"),
    Contract::listed("PA", "Palladium, 100 troy ounces", Nymex, CmeGroup("metals/precious/palladium")).tick("0.5").worth("50", "100"),
];
