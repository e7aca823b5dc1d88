//! Futures on equity and volatility indices; a point is an index point.

use crate::instrument::Exchange::{Cbot, Cfe, Cme, Eurex};
use crate::instrument::Source::CmeGroup;
use crate::instrument::{Contract, Source};

const DAX: &str = "https://www.eurex.com/ex-en/markets/idx/dax/Micro-DAX-Futures-2615490";
const EUREX_INDEX: &str = "Eurex, Contract Specifications for Futures Contracts and Options Contracts, 1.3, https://www.eurex.com/ex-en/rules-regs/rules-regulations";
const VIX: &str = "https://www.cboe.com/tradable_products/vix/vix_futures/specifications/";

#[rustfmt::skip] // One contract a line, to be read as a table.
pub(super) const CONTRACTS: [Contract; 15] = [
    Contract::listed("ES", "E-mini S&P 500", Cme, CmeGroup("equities/sp/e-mini-sandp500")).tick("0.25").worth("12.50", "50"),
    Contract::listed("MES", "Micro E-mini S&P 500", Cme, CmeGroup("equities/sp/micro-e-mini-sandp-500")).tick("0.25").worth("1.25", "5").micro(),
    Contract::listed("NQ", "E-mini Nasdaq-100", Cme, CmeGroup("equities/nasdaq/e-mini-nasdaq-100")).tick("0.25").worth("5", "20"),
    Contract::listed("MNQ", "Micro E-mini Nasdaq-100", Cme, CmeGroup("equities/nasdaq/micro-e-mini-nasdaq-100")).tick("0.25").worth("0.50", "2").micro(),
    Contract::listed("YM", "E-mini Dow ($5)", Cbot, CmeGroup("equities/dow-jones/e-mini-dow")).tick("1").worth("5", "5"),
    Contract::listed("MYM", "Micro E-mini Dow", Cbot, CmeGroup("equities/dow-jones/micro-e-mini-dow")).tick("1").worth("0.50", "0.50").micro(),
    Contract::listed("RTY", "E-mini Russell 2000", Cme, CmeGroup("equities/russell/e-mini-russell-2000")).tick("0.1").worth("5", "50"),
    Contract::listed("M2K", "Micro E-mini Russell 2000", Cme, CmeGroup("equities/russell/micro-e-mini-russell-2000")).tick("0.1").worth("0.50", "5").micro(),
    Contract::listed("EMD", "E-mini S&P MidCap 400", Cme, CmeGroup("equities/sp/e-mini-sandp-midcap-400")).tick("0.1").worth("10", "100"),
    Contract::listed("NKD", "Nikkei 225 (dollar)", Cme, CmeGroup("equities/international-indices/nikkei-225-dollar")).tick("5").worth("25", "5"),
    Contract::listed("FDAX", "DAX", Eurex, Source::Page(DAX)).tick("1").worth("25", "25").in_euro(),
    Contract::listed("FDXM", "Mini-DAX", Eurex, Source::Page(DAX)).tick("1").worth("5", "5").in_euro(),
    Contract::listed("FDXS", "Micro-DAX", Eurex, Source::Page(DAX)).tick("1").worth("1", "1").in_euro(),
    Contract::listed("FESX", "EURO STOXX 50", Eurex, Source::Page(EUREX_INDEX)).tick("1").worth("10", "10").in_euro(),
    Contract::listed("VX", "Cboe Volatility Index", Cfe, Source::Page(VIX)).tick("0.05").worth("50", "1000"),
];
