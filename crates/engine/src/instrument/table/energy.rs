//! Futures on energy; a price is dollars for a barrel, a million British thermal units or a gallon.

use crate::instrument::Exchange::{IceEurope, Nymex};
use crate::instrument::Source::CmeGroup;
use crate::instrument::{Contract, Source};

const BRENT: &str = "https://www.ice.com/products/219/Brent-Crude-Futures";

#[rustfmt::skip] // One contract a line, to be read as a table.
pub(super) const CONTRACTS: [Contract; 8] = [
    Contract::listed("CL", "WTI crude oil, 1,000 barrels", Nymex, CmeGroup("energy/crude-oil/light-sweet-crude")).tick("0.01").worth("10", "1000"),
    Contract::listed("MCL", "Micro WTI crude oil, 100 barrels", Nymex, CmeGroup("energy/crude-oil/micro-wti-crude-oil")).tick("0.01").worth("1", "100").micro(),
    Contract::listed("QM", "E-mini crude oil, 500 barrels", Nymex, CmeGroup("energy/crude-oil/emini-crude-oil")).tick("0.025").worth("12.50", "500"),
    Contract::listed("NG", "Henry Hub natural gas, 10,000 MMBtu", Nymex, CmeGroup("energy/natural-gas/natural-gas")).tick("0.001").worth("10", "10000"),
    Contract::listed("QG", "E-mini natural gas, 2,500 MMBtu", Nymex, CmeGroup("energy/natural-gas/emini-natural-gas")).tick("0.005").worth("12.50", "2500"),
    Contract::listed("RB", "RBOB gasoline, 42,000 gallons", Nymex, CmeGroup("energy/refined-products/rbob-gasoline")).tick("0.0001").worth("4.20", "42000"),
    Contract::listed("HO", "NY Harbor ULSD, 42,000 gallons", Nymex, CmeGroup("energy/refined-products/heating-oil")).tick("0.0001").worth("4.20", "42000"),
    Contract::listed("BRN", "Brent crude oil, 1,000 barrels", IceEurope, Source::Page(BRENT)).tick("0.01").worth("10", "1000"),
];
