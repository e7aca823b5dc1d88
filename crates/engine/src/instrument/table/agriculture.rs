//! Futures on grains, livestock and softs; a price is cents for a bushel or a pound, for soybean meal and cocoa dollars for a ton.

use crate::instrument::Exchange::{Cbot, Cme, IceUs};
use crate::instrument::Source::CmeGroup;
use crate::instrument::{Contract, Source};

const COFFEE: &str = "https://www.ice.com/products/15/Coffee-C-Futures";
const SUGAR: &str = "https://www.ice.com/products/23/Sugar-No-11-Futures";
const COCOA: &str = "https://www.ice.com/products/7/Cocoa-Futures";
const COTTON: &str = "https://www.ice.com/products/254/Cotton-No-2-Futures";

#[rustfmt::skip] // One contract a line, to be read as a table.
pub(super) const CONTRACTS: [Contract; 15] = [
    Contract::listed("ZC", "Corn, 5,000 bushels", Cbot, CmeGroup("agriculture/grains/corn")).tick("1/4").worth("12.50", "50"),
    Contract::listed("ZS", "Soybeans, 5,000 bushels", Cbot, CmeGroup("agriculture/oilseeds/soybean")).tick("1/4").worth("12.50", "50"),
    Contract::listed("ZW", "Chicago SRW wheat, 5,000 bushels", Cbot, CmeGroup("agriculture/grains/wheat")).tick("1/4").worth("12.50", "50"),
    Contract::listed("ZM", "Soybean meal, 100 short tons", Cbot, CmeGroup("agriculture/oilseeds/soybean-meal")).tick("0.1").worth("10", "100"),
    Contract::listed("ZL", "Soybean oil, 60,000 pounds", Cbot, CmeGroup("agriculture/oilseeds/soybean-oil")).tick("0.01").worth("6", "600"),
    Contract::listed("XC", "Mini corn, 1,000 bushels", Cbot, CmeGroup("agriculture/grains/mini-sized-corn")).tick("1/8").worth("1.25", "10"),
    Contract::listed("XK", "Mini soybeans, 1,000 bushels", Cbot, CmeGroup("agriculture/oilseeds/mini-sized-soybean")).tick("1/8").worth("1.25", "10"),
    Contract::listed("XW", "Mini wheat, 1,000 bushels", Cbot, CmeGroup("agriculture/grains/mini-sized-wheat")).tick("1/8").worth("1.25", "10"),
    Contract::listed("HE", "Lean hogs, 40,000 pounds", Cme, CmeGroup("agriculture/livestock/lean-hogs")).tick("0.025").worth("10", "400"),
    Contract::listed("LE", "Live cattle, 40,000 pounds", Cme, CmeGroup("agriculture/livestock/live-cattle")).tick("0.025").worth("10", "400"),
    Contract::listed("GF", "Feeder cattle, 50,000 pounds", Cme, CmeGroup("agriculture/livestock/feeder-cattle")).tick("0.025").worth("12.50", "500"),
    Contract::listed("KC", "Coffee C, 37,500 pounds", IceUs, Source::Page(COFFEE)).tick("0.05").worth("18.75", "375"),
    Contract::listed("SB", "Sugar No. 11, 112,000 pounds", IceUs, Source::Page(SUGAR)).tick("0.01").worth("11.20", "1120"),
    Contract::listed("CC", "Cocoa, 10 metric tons", IceUs, Source::Page(COCOA)).tick("1").worth("10", "10"),
    Contract::listed("CT", "Cotton No. 2, 50,000 pounds", IceUs, Source::Page(COTTON)).tick("0.01").worth("5", "500"),
];
