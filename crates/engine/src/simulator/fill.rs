//! The price of a fill: slippage (rules P1, P2) and the tick grid of levels and fills (P3–P5).

use super::{Execution, Side, Slippage};

/// What an order does to the market.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// Pays the higher price.
    Buy,
    /// Gets the lower price.
    Sell,
}

impl Action {
    /// The order that opens a position.
    pub(crate) fn entering(side: Side) -> Self {
        match side {
            Side::Long => Self::Buy,
            Side::Short => Self::Sell,
        }
    }

    /// The order that closes a position.
    pub(crate) fn leaving(side: Side) -> Self {
        Self::entering(side.opposite())
    }
}

/// The price paid or got for an order that the market quotes at `quote` (P1, P5): 100.00 with one tick of
/// 0.25 is 100.25 for a buyer and 99.75 for a seller.
#[inline(always)]
pub(crate) fn fill_price(quote: f64, action: Action, execution: &Execution) -> f64 {
    let slippage = slippage_at(quote, execution);
    let price = match action {
        Action::Buy => quote + slippage,
        Action::Sell => quote - slippage,
    };
    on_grid(price, action, execution.instrument.tick)
}

/// Slippage per side in points. The size of the price counts, not its sign, so that a negative price
/// (a spread) is worsened too.
#[inline(always)]
fn slippage_at(quote: f64, execution: &Execution) -> f64 {
    match execution.slippage {
        Slippage::Fraction(fraction) => quote.abs() * fraction,
        Slippage::Ticks(ticks) => ticks * execution.instrument.tick.unwrap_or(0.0),
    }
}

/// A resting exit level moved onto the tick grid, to the side where the fill is worse for the trader
/// (P3): long exits down, short exits up.
#[inline(always)]
pub(crate) fn on_tick(level: f64, side: Side, tick: Option<f64>) -> f64 {
    on_grid(level, Action::leaving(side), tick)
}

/// A price moved onto the tick grid, to the side that pays less: buyers up, sellers down.
#[inline(always)]
fn on_grid(price: f64, action: Action, tick: Option<f64>) -> f64 {
    match tick {
        Some(tick) => on_ticks(price, action, tick),
        None => price,
    }
}

fn on_ticks(price: f64, action: Action, tick: f64) -> f64 {
    let steps = price / tick;
    let nearest = steps.round();
    // A price that is on the grid but for rounding noise stays where it is (P4).
    if (steps - nearest).abs() < 1e-6 {
        return grid_price(nearest, tick);
    }
    match action {
        Action::Buy => grid_price(steps.ceil(), tick),
        Action::Sell => grid_price(steps.floor(), tick),
    }
}

/// The price at a whole number of ticks. With a decimal tick the quotient is the double nearest to the
/// decimal price, which is what a bar file holds: 10007 / 100 is 100.07, 10007 · 0.01 is a little more.
fn grid_price(steps: f64, tick: f64) -> f64 {
    let per_point = (1.0 / tick).round();
    if per_point >= 1.0 && (per_point * tick - 1.0).abs() < 1e-9 { steps / per_point } else { steps * tick }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::tests::execution;

    fn with_slippage(slippage: Slippage) -> Execution {
        let mut execution = execution();
        execution.slippage = slippage;
        execution.instrument.tick = Some(0.25);
        execution
    }

    #[test]
    fn a_buyer_pays_more_and_a_seller_gets_less() {
        let ticks = with_slippage(Slippage::Ticks(2.0));
        assert_eq!(fill_price(100.0, Action::Buy, &ticks), 100.5);
        assert_eq!(fill_price(100.0, Action::Sell, &ticks), 99.5);
        let fraction = with_slippage(Slippage::Fraction(0.01));
        assert_eq!(fill_price(200.0, Action::Buy, &fraction), 202.0);
        assert_eq!(fill_price(200.0, Action::Sell, &fraction), 198.0);
    }

    #[test]
    fn a_negative_price_is_worsened_too() {
        let fraction = with_slippage(Slippage::Fraction(0.01));
        assert_eq!(fill_price(-200.0, Action::Buy, &fraction), -198.0);
        assert_eq!(fill_price(-200.0, Action::Sell, &fraction), -202.0);
    }

    #[test]
    fn fills_round_to_the_tick_that_pays_less() {
        let fraction = with_slippage(Slippage::Fraction(0.000_1));
        assert_eq!(fill_price(100.0, Action::Buy, &fraction), 100.25);
        assert_eq!(fill_price(100.0, Action::Sell, &fraction), 99.75);
        let off_grid = with_slippage(Slippage::Ticks(0.0));
        assert_eq!(fill_price(100.1, Action::Buy, &off_grid), 100.25);
        assert_eq!(fill_price(100.1, Action::Sell, &off_grid), 100.0);
        let on_grid = with_slippage(Slippage::Ticks(1.0));
        assert_eq!(fill_price(100.25, Action::Sell, &on_grid), 100.0);
    }

    #[test]
    fn levels_round_to_the_tick_that_pays_less() {
        assert_eq!(on_tick(100.30, Side::Long, Some(0.25)), 100.25);
        assert_eq!(on_tick(100.30, Side::Short, Some(0.25)), 100.5);
        assert_eq!(on_tick(100.30, Side::Long, None), 100.30);
        assert_eq!(on_tick(-0.30, Side::Long, Some(0.25)), -0.5);
    }

    #[test]
    fn a_level_on_the_grid_stays_and_equals_the_decimal_price() {
        assert_eq!(on_tick(100.0 + 0.07, Side::Long, Some(0.01)), 100.07);
        assert_eq!(on_tick(100.1 - 0.03, Side::Short, Some(0.01)), 100.07);
        assert_eq!(on_tick(17.5, Side::Long, Some(2.5)), 17.5);
        assert_eq!(on_tick(110.515_625, Side::Short, Some(0.015_625)), 110.515_625);
    }
}
