//! Prices put together from a bar's own.

use wickra_core::{AvgPrice, HeikinAshi, MedianPrice, TypicalPrice, WeightedClose};

use crate::function::adapter::{hl, hlc, mapped, ohlc, one};
use crate::function::declare::{HL, HLC, OHLC, functions};

functions! { "Prices", Number;
    "avgprice", OHLC, (), [""], 0, mapped(Ok(AvgPrice::new()), ohlc, one), "(open + high + low + close) / 4.";
    "medprice", HL, (), [""], 0, mapped(Ok(MedianPrice::new()), hl, one), "(high + low) / 2.";
    "typprice", HLC, (), [""], 0, mapped(Ok(TypicalPrice::new()), hlc, one), "(high + low + close) / 3.";
    "wclprice", HLC, (), [""], 0, mapped(Ok(WeightedClose::new()), hlc, one), "(high + low + 2 close) / 4.";
    "heikin_ashi", OHLC, (), ["open", "high", "low", "close"], 0, mapped(Ok(HeikinAshi::new()), ohlc, |o| [o.open, o.high, o.low, o.close]), "Heikin-Ashi bar.";
}
