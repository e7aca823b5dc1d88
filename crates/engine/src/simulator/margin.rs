//! Margin: what an entry must put up (rule Z8) and when a position is no longer covered (M7).
//!
//! Requirements are amounts of a study file: exchanges and brokers change theirs with the market and ask less within
//! the day, so no table of them would stay true. One position is all that an account holds, so its equity is
//! compared with that position's requirement alone.

use super::cost::commission_of;
use super::sizing::Quote;
use super::{Execution, Simulator};

/// What a position must be backed by. Without it, fractional sizes are fully funded and whole contracts need no more
/// than their costs (Z6, Z7).
///
/// ```
/// use bartune_engine::simulator::{Margin, MarginBasis, Shortfall};
/// // Two contracts at 2,400 each, left when the equity falls below 2 · 2,200.
/// let margin =
///     Margin { initial: 2_400.0, maintenance: 2_200.0, basis: MarginBasis::PerContract, shortfall: Shortfall::Skip };
/// assert_eq!(margin.maintenance_of(2.0, 5_000.0, 5.0), 4_400.0);
/// // A tenth of 2 · 5,000 · 5.
/// let tenth = Margin { initial: 0.1, maintenance: 0.1, basis: MarginBasis::Notional, ..margin };
/// assert_eq!(tenth.maintenance_of(2.0, 5_000.0, 5.0), 5_000.0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Margin {
    /// What an entry needs, for one contract.
    pub initial: f64,
    /// What a position needs at each close, for one contract; at most `initial`.
    pub maintenance: f64,
    /// What the two are counted in.
    pub basis: MarginBasis,
    /// What becomes of an entry that the equity cannot back.
    pub shortfall: Shortfall,
}

/// What a margin is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarginBasis {
    /// Money for one contract, as futures exchanges set it.
    PerContract,
    /// A share of the position's value at the price of the moment: 0.1 is a leverage of ten.
    Notional,
}

/// What becomes of an entry that the equity cannot back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Shortfall {
    /// It is skipped and counted.
    #[default]
    Skip,
    /// It is made as large as the equity can back; skipped and counted where that is nothing.
    Reduce,
}

impl Margin {
    /// Money that a position of this size needs at this price (M7).
    #[must_use]
    pub fn maintenance_of(&self, size: f64, price: f64, point_value: f64) -> f64 {
        self.required(self.maintenance, price, point_value) * size
    }

    /// Money that an entry of this size needs at this price (Z8).
    #[must_use]
    pub fn initial_of(&self, size: f64, price: f64, point_value: f64) -> f64 {
        self.required(self.initial, price, point_value) * size
    }

    /// Money for one contract. Rises with the size of the price or stands still, rounding included.
    fn required(&self, amount: f64, price: f64, point_value: f64) -> f64 {
        match self.basis {
            MarginBasis::PerContract => amount,
            MarginBasis::Notional => price.abs() * point_value * amount,
        }
    }
}

/// Money that an entry of this size loses at once: commission and slippage.
#[inline(always)]
pub(super) fn entry_costs(size: f64, quote: &Quote, execution: &Execution) -> f64 {
    let slippage = (quote.price - quote.quote).abs() * size * execution.instrument.point_value;
    commission_of(size, quote.price, execution) + slippage
}

/// The size, or the largest one that the equity can back where the margin says so (Z8).
#[inline(always)]
pub(super) fn backed_size(size: f64, quote: &Quote, execution: &Execution) -> f64 {
    let instrument = &execution.instrument;
    let Some(margin) = instrument.margin.filter(|margin| margin.shortfall == Shortfall::Reduce) else { return size };
    let per_unit = margin.initial_of(1.0, quote.price, instrument.point_value) + entry_costs(1.0, quote, execution);
    let most = quote.equity / per_unit;
    match (most < size, instrument.whole_contracts) {
        (true, true) => most.floor(),
        (true, false) => most,
        (false, _) => size,
    }
}

impl Simulator {
    /// Whether the equity no longer covers the open position at this close (M7).
    pub(super) fn is_short_of_margin(&self, close: f64) -> bool {
        let execution = &self.setup.execution;
        let (Some(margin), Some(position)) = (&execution.instrument.margin, &self.position) else { return false };
        let equity = self.balance + position.value_at(close, execution);
        equity < margin.maintenance_of(position.size, close, execution.instrument.point_value)
    }
}
