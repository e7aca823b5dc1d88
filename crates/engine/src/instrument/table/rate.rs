//! Futures on government debt; a point is one percent of the face value, quoted in 32nds in Chicago.

use crate::instrument::Exchange::{Cbot, Eurex};
use crate::instrument::Source::CmeGroup;
use crate::instrument::{Contract, Source};

const EUREX_FIXED_INCOME: &str = "Eurex, Contract Specifications for Futures Contracts and Options Contracts, 1.2, https://www.eurex.com/ex-en/rules-regs/rules-regulations";

#[rustfmt::skip] // One contract a line, to be read as a table.
pub(super) const CONTRACTS: [Contract; 9] = [
    Contract::listed("ZT", "2-year T-note, 200,000 USD", Cbot, CmeGroup("interest-rates/us-treasury/2-year-us-treasury-note")).tick("1/256").worth("7.8125", "2000").in_thirty_seconds(8),
    Contract::listed("ZF", "5-year T-note, 100,000 USD", Cbot, CmeGroup("interest-rates/us-treasury/5-year-us-treasury-note")).tick("1/128").worth("7.8125", "1000").in_thirty_seconds(4),
    Contract::listed("ZN", "10-year T-note, 100,000 USD", Cbot, CmeGroup("interest-rates/us-treasury/10-year-us-treasury-note")).tick("1/64").worth("15.625", "1000").in_thirty_seconds(2),
    Contract::listed("TN", "Ultra 10-year T-note, 100,000 USD", Cbot, CmeGroup("interest-rates/us-treasury/ultra-10-year-us-treasury-note")).tick("1/64").worth("15.625", "1000").in_thirty_seconds(2),
    Contract::listed("ZB", "T-bond, 100,000 USD", Cbot, CmeGroup("interest-rates/us-treasury/30-year-us-treasury-bond")).tick("1/32").worth("31.25", "1000").in_thirty_seconds(1),
    Contract::listed("UB", "Ultra T-bond, 100,000 USD", Cbot, CmeGroup("interest-rates/us-treasury/ultra-t-bond")).tick("1/32").worth("31.25", "1000").in_thirty_seconds(1),
    Contract::listed("FGBL", "Euro-Bund, 100,000 EUR", Eurex, Source::Page(EUREX_FIXED_INCOME)).tick("0.01").worth("10", "1000").in_euro(),
    Contract::listed("FGBM", "Euro-Bobl, 100,000 EUR", Eurex, Source::Page(EUREX_FIXED_INCOME)).tick("0.01").worth("10", "1000").in_euro(),
    Contract::listed("FGBS", "Euro-Schatz, 100,000 EUR", Eurex, Source::Page(EUREX_FIXED_INCOME)).tick("0.005").worth("5", "1000").in_euro(),
];
