//! What each contract's tick size, tick value and point value were compared with, in November 2026.
//!
//! A specification is only as good as the document that someone has read. Each contract names one here, an exchange's own
//! where its text could be had, else a broker's or another public table. A test holds that each names one.

/// A public document that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comparison {
    /// Where it is.
    pub document: &'static str,
    /// Whose it is.
    pub publisher: Publisher,
    /// What to know about it; empty where it says all three numbers, as the table has them.
    pub remark: &'static str,
    /// The contracts compared with it.
    symbols: &'static [&'static str],
}

/// Whose word a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Publisher {
    /// The exchange's own.
    Exchange,
    /// A broker's, a reference work's or another program's.
    Other,
}

use Publisher::{Exchange, Other};

const fn read(publisher: Publisher, document: &'static str, symbols: &'static [&'static str]) -> Comparison {
    Comparison { document, publisher, remark: "", symbols }
}

impl Comparison {
    const fn but(self, remark: &'static str) -> Self {
        Self { remark, ..self }
    }
}

#[rustfmt::skip] // One document a line, to be read as a table.
const COMPARISONS: &[Comparison] = &[
    read(Other, "https://ampfutures.com/trading-info/contract-expirations", &["ES", "MES", "NQ", "MNQ", "YM", "MYM", "RTY", "M2K", "EMD", "NKD", "FESX", "VX"]),
    read(Exchange, "https://www.eurex.com/ex-en/markets/idx/dax/Micro-DAX-Futures-2615490", &["FDAX", "FDXM", "FDXS"]),
    read(Other, "http://www.marketswiki.com/wiki/CME_Group_Euro_FX", &["6E"]),
    read(Other, "https://marketswiki.com/wiki/CME_Group_British_Pound", &["6B"]),
    read(Other, "http://www.marketswiki.com/wiki/CME_Group_Japanese_Yen", &["6J"]),
    read(Other, "http://www.marketswiki.com/wiki/CME_Group_Canadian_Dollar", &["6C"]),
    read(Exchange, "https://cmegroup.com/education/articles-and-reports/new-zealand-dollar-us-dollar-fx-futures.html", &["6A", "6N"]).but("half ticks since November 2020 (6A) and 16 August 2021 (6N), whole ticks of 0.0001 before"),
    read(Exchange, "https://www.cmegroup.com/markets/fx/g10/swiss-franc.contractSpecs.html", &["6S"]),
    read(Other, "https://www.danielstrading.com/education/markets/currencies/mexican-peso-futures", &["6M"]),
    read(Exchange, "http://www.cmegroup.com/trading/fx/e-micros/e-micro-euro_contract_specifications.html", &["M6E"]),
    read(Other, "https://www.itg-futures.com/index.php/markets/energy/australian-dollar", &["M6A"]),
    read(Other, "http://ww.marketswiki.com/wiki/CME_Group_E-micro_GBP/USD_Futures", &["M6B"]),
    read(Other, "https://www.discounttrading.com/currency-futures.html", &["DX"]),
    read(Other, "https://github.com/pystrats/MRTS/blob/ff91eecf020382adf072b40ca8e6341845b32737/MRTS/config/config.py", &["ZT", "ZF", "NG", "RB", "HO", "BTC"]).but("tick size and tick value; the point value follows"),
    read(Other, "https://solomonexamprep.com/content-txt/42878/31/2-2-3-interest-rate-futures-long-term", &["ZN", "ZB"]),
    read(Exchange, "https://www.cmegroup.com/trading/interest-rates/us-treasury/ultra-10-year-us-treasury-note_contractSpecs_futures.html", &["TN"]),
    read(Exchange, "https://www.cmegroup.com/trading/interest-rates/us-treasury/ultra-t-bond_contract_specifications.html", &["UB"]),
    read(Other, "https://iotafinance.com/en/Financial-Definition-Euro-Bund-Future.html", &["FGBL"]),
    read(Other, "https://bond.jugok.com/2021/04/deutsch-eurexfgbm-5-year-german-euro.html", &["FGBM"]),
    read(Other, "https://bond.jugok.com/2021/04/deutsch-eurexfgbs-2-year-german-euro.html", &["FGBS"]),
    read(Exchange, "https://cmegroup.com/education/articles-and-reports/micro-wti-crude-oil-futures-faq.html", &["CL", "MCL"]),
    read(Other, "https://edgeclear.com/cme-micro-crude/", &["QM"]),
    read(Exchange, "http://www.cmegroup.com/trading/energy/natural-gas/emini-natural-gas_contract_specifications.html", &["QG"]),
    read(Exchange, "https://www.ice.com/products/219/", &["BRN"]).but("where its symbol is B"),
    read(Other, "https://help.metrotrade.com/kb/what-are-metals-futures", &["GC"]),
    read(Other, "https://commodity.jugok.com/2021/11/cme-comex-mgc-micro-gold-futures-prices.html", &["MGC"]),
    read(Exchange, "https://www.cmegroup.com/markets/metals/precious/silver.contractSpecs.html", &["SI"]),
    read(Exchange, "https://www.cmegroup.com/markets/metals/precious/1000-oz-silver.contractSpecs.html", &["SIL"]),
    read(Exchange, "https://cmegroup.com/articles/faqs/micro-copper-futures-faq.html", &["HG", "MHG"]),
    read(Exchange, "https://www.cmegroup.com/trading/metals/precious/platinum_contract_specifications.html", &["PL"]),
    read(Exchange, "https://www.cmegroup.com/markets/metals/precious/palladium.contractSpecs.html", &["PA"]),
    read(Other, "http://futures.tradingcharts.com/specs/summary.html", &["ZC", "ZS", "ZW", "ZM", "ZL", "XC", "XK"]).but("under the pits' symbols: C, S, W, SM, BO, YC, YK"),
    read(Exchange, "https://cmegroup.com/trading/agricultural/grain-and-oilseed/mini-sized-wheat_contractSpecs_futures.html", &["XW"]),
    read(Exchange, "http://www.cmegroup.com/trading/agricultural/livestock/lean-hogs_contract_specifications.html", &["HE"]),
    read(Exchange, "http://www.cmegroup.com/trading/agricultural/livestock/live-cattle_contract_specifications.html", &["LE"]),
    read(Other, "https://commodity.jugok.com/1970/11/my-cattle-futures-cfd-live.html", &["GF"]),
    read(Other, "https://pl.scribd.com/document/375042708/Food-Fiber-Futures", &["KC", "SB", "CC", "CT"]),
    read(Other, "https://alexablockchain.com/cme-group-launches-micro-bitcoin-futures/", &["MBT"]).but("the exchange's announcement, in May 2021"),
    read(Exchange, "https://www.cmegroup.com/markets/cryptocurrencies/ether/micro-ether.contractSpecs.html", &["MET"]),
    read(Exchange, "https://www.cmegroup.com/markets/cryptocurrencies/ether/ether-euro.html", &["ETH"]).but("**not confirmed**: the page is the euro twin's, which it says matches; at its launch in February 2021 the tick was 0.25"),
];

/// What a contract of this symbol was compared with.
pub(super) fn find(symbol: &str) -> Option<&'static Comparison> {
    COMPARISONS.iter().find(|comparison| comparison.symbols.contains(&symbol))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instrument::contracts;

    #[test]
    fn each_contract_was_compared_with_one_document() {
        for contract in contracts() {
            let documents = COMPARISONS.iter().filter(|comparison| comparison.symbols.contains(&contract.symbol));
            assert_eq!(documents.count(), 1, "{}", contract.symbol);
        }
        let named: usize = COMPARISONS.iter().map(|comparison| comparison.symbols.len()).sum();
        assert_eq!(named, contracts().count(), "every symbol here is in the table");
    }
}
