//! Futures on currencies; a price is dollars for one unit of the currency (for `DX`, an index).

use crate::instrument::Exchange::{Cme, IceUs};
use crate::instrument::Source::CmeGroup;
use crate::instrument::{Contract, Source};

const DOLLAR: &str = "https://www.ice.com/products/194/US-Dollar-Index-Futures";

#[rustfmt::skip] // One contract a line, to be read as a table.
pub(super) const CONTRACTS: [Contract; 12] = [
    Contract::listed("6E", "Euro FX, 125,000 EUR", Cme, CmeGroup("fx/g10/euro-fx")).tick("0.00005").worth("6.25", "125000"),
    Contract::listed("6B", "British pound, 62,500 GBP", Cme, CmeGroup("fx/g10/british-pound")).tick("0.0001").worth("6.25", "62500"),
    Contract::listed("6J", "Japanese yen, 12,500,000 JPY", Cme, CmeGroup("fx/g10/japanese-yen")).tick("0.0000005").worth("6.25", "12500000"),
    Contract::listed("6A", "Australian dollar, 100,000 AUD", Cme, CmeGroup("fx/g10/australian-dollar")).tick("0.00005").worth("5", "100000"),
    Contract::listed("6C", "Canadian dollar, 100,000 CAD", Cme, CmeGroup("fx/g10/canadian-dollar")).tick("0.00005").worth("5", "100000"),
    Contract::listed("6S", "Swiss franc, 125,000 CHF", Cme, CmeGroup("fx/g10/swiss-franc")).tick("0.00005").worth("6.25", "125000"),
    Contract::listed("6N", "New Zealand dollar, 100,000 NZD", Cme, CmeGroup("fx/g10/new-zealand-dollar")).tick("0.00005").worth("5", "100000"),
    Contract::listed("6M", "Mexican peso, 500,000 MXN", Cme, CmeGroup("fx/emerging-market/mexican-peso")).tick("0.00001").worth("5", "500000"),
    Contract::listed("M6E", "Micro EUR/USD, 12,500 EUR", Cme, CmeGroup("fx/g10/e-micro-euro")).tick("0.0001").worth("1.25", "12500").micro(),
    Contract::listed("M6A", "Micro AUD/USD, 10,000 AUD", Cme, CmeGroup("fx/g10/e-micro-australian-dollar")).tick("0.0001").worth("1", "10000").micro(),
    Contract::listed("M6B", "Micro GBP/USD, 6,250 GBP", Cme, CmeGroup("fx/g10/e-micro-british-pound")).tick("0.0001").worth("0.625", "6250").micro(),
    Contract::listed("DX", "U.S. Dollar Index", IceUs, Source::Page(DOLLAR)).tick("0.005").worth("5", "1000"),
];
