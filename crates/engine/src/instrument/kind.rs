//! Defaults for what is no futures contract.

use crate::simulator::Instrument;

/// A kind of instrument whose members share a specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InstrumentKind {
    /// Shares and funds of a US exchange: cents, whole shares.
    Equity,
    /// Spot currencies quoted in five decimals, any amount. Pairs quoted in yen trade in 0.001.
    Fx,
    /// Coins: any price and any amount. Tick sizes differ between venues and coins.
    Crypto,
}

impl InstrumentKind {
    /// The words a study file uses.
    pub const WORDS: [(&'static str, Self); 3] = [("equity", Self::Equity), ("fx", Self::Fx), ("crypto", Self::Crypto)];

    /// Its specification.
    ///
    /// ```
    /// use bartune_engine::instrument::InstrumentKind;
    /// assert_eq!(InstrumentKind::Equity.instrument().tick, Some(0.01));
    /// assert!(!InstrumentKind::Crypto.instrument().whole_contracts);
    /// ```
    #[must_use]
    pub fn instrument(self) -> Instrument {
        let (tick, whole_contracts) = match self {
            Self::Equity => (Some(0.01), true),
            Self::Fx => (Some(0.000_01), false),
            Self::Crypto => (None, false),
        };
        Instrument { tick, point_value: 1.0, whole_contracts, margin: None }
    }
}
