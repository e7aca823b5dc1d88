//! Futures on cryptocurrencies; a price is dollars for one coin.

use crate::instrument::Contract;
use crate::instrument::Exchange::Cme;
use crate::instrument::Source::CmeGroup;

#[rustfmt::skip] // One contract a line, to be read as a table.
pub(super) const CONTRACTS: [Contract; 4] = [
    Contract::listed("BTC", "Bitcoin, 5 BTC", Cme, CmeGroup("cryptocurrencies/bitcoin/bitcoin")).tick("5").worth("25", "5"),
    Contract::listed("MBT", "Micro bitcoin, 0.1 BTC", Cme, CmeGroup("cryptocurrencies/bitcoin/micro-bitcoin")).tick("5").worth("0.50", "0.10").micro(),
    Contract::listed("ETH", "Ether, 50 ETH", Cme, CmeGroup("cryptocurrencies/ether/ether")).tick("0.5").worth("25", "50"),
    Contract::listed("MET", "Micro ether, 0.1 ETH", Cme, CmeGroup("cryptocurrencies/ether/micro-ether")).tick("0.5").worth("0.05", "0.10").micro(),
];
