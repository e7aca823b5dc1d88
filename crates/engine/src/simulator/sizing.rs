//! How many contracts (rules Z1–Z5) and whether the account can pay for them (Z6–Z8).

use super::cost::{commission_of, unit_notional};
use super::margin::{backed_size, entry_costs};
use super::{Commission, Execution, Size};

/// What a size depends on at the moment of the fill.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Quote {
    /// Equity, all of it cash: a position is opened only from flat.
    pub(crate) equity: f64,
    /// The market's price.
    pub(crate) quote: f64,
    /// The fill price, slippage included.
    pub(crate) price: f64,
    /// The nearest protective distance in points, where there is one.
    pub(crate) risk_distance: Option<f64>,
}

/// Room for rounding when an amount is compared with the money that it was computed from.
const ROUNDING: f64 = 1e-9;

/// Contracts or units for an entry, cut to what its margin allows where that is the rule (Z8); zero, or not finite, when no
/// size makes sense.
#[inline(always)]
pub(crate) fn position_size(quote: &Quote, execution: &Execution) -> f64 {
    let size = match execution.size {
        Size::EquityFraction(fraction) => quote.equity * fraction / unit_cost(quote.price, execution),
        Size::Contracts(contracts) => contracts,
        Size::Notional(money) => money / unit_notional(quote.price, execution),
        Size::Risk(fraction) => {
            let distance = quote.risk_distance.unwrap_or(0.0);
            quote.equity * fraction / (distance * execution.instrument.point_value)
        }
    };
    let size = if execution.instrument.whole_contracts { (size + ROUNDING).floor() } else { size };
    backed_size(size, quote, execution)
}

/// Money that one unit takes, its commission included (Z1).
#[inline(always)]
fn unit_cost(price: f64, execution: &Execution) -> f64 {
    let notional = unit_notional(price, execution);
    match execution.commission {
        Commission::Fraction(fraction) => notional * (1.0 + fraction),
        Commission::PerContract(money) => notional + money,
    }
}

/// Whether the account can pay for `size` (Z6, Z7), or back it (Z8).
#[inline(always)]
pub(crate) fn is_affordable(size: f64, quote: &Quote, execution: &Execution) -> bool {
    if !(size.is_finite() && size > 0.0) {
        return false;
    }
    let instrument = &execution.instrument;
    let commission = commission_of(size, quote.price, execution);
    if let Some(margin) = &instrument.margin {
        let required = margin.initial_of(size, quote.price, instrument.point_value);
        let costs = entry_costs(size, quote, execution);
        quote.equity - costs > 0.0 && required + costs <= quote.equity * (1.0 + ROUNDING)
    } else if instrument.whole_contracts {
        let slippage = (quote.price - quote.quote).abs() * size * instrument.point_value;
        quote.equity - commission - slippage > 0.0
    } else {
        let cost = unit_notional(quote.price, execution) * size + commission;
        quote.equity > 0.0 && cost <= quote.equity * (1.0 + ROUNDING)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::tests::execution;

    fn quote(equity: f64, price: f64) -> Quote {
        Quote { equity, quote: price, price, risk_distance: Some(2.0) }
    }

    fn sized(size: Size) -> Execution {
        Execution { size, ..execution() }
    }

    fn futures(size: Size) -> Execution {
        let mut execution = sized(size);
        execution.instrument.whole_contracts = true;
        execution.instrument.point_value = 5.0;
        execution
    }

    #[test]
    fn an_equity_fraction_pays_its_commission_too() {
        let mut execution = sized(Size::EquityFraction(1.0));
        execution.commission = Commission::Fraction(0.25);
        // 1000 = 8 · 100 + 8 · 100 · 0.25.
        assert_eq!(position_size(&quote(1000.0, 100.0), &execution), 8.0);
        execution.commission = Commission::PerContract(25.0);
        assert_eq!(position_size(&quote(1000.0, 100.0), &execution), 8.0);
        assert!(is_affordable(8.0, &quote(1000.0, 100.0), &execution));
    }

    #[test]
    fn notional_and_risk_sizes() {
        let quote = quote(1000.0, 50.0);
        assert_eq!(position_size(&quote, &sized(Size::Notional(200.0))), 4.0);
        assert_eq!(position_size(&quote, &sized(Size::Contracts(1.5))), 1.5);
        // 1 % of 1000 is 10; a stop 2 points away loses 2 a unit.
        assert_eq!(position_size(&quote, &sized(Size::Risk(0.01))), 5.0);
        assert_eq!(position_size(&quote, &futures(Size::Risk(0.025))), 2.0);
    }

    #[test]
    fn whole_contracts_are_floored_but_not_by_rounding_noise() {
        let quote = quote(1000.0, 10.0);
        assert_eq!(position_size(&quote, &futures(Size::Notional(124.0))), 2.0);
        assert_eq!(position_size(&quote, &futures(Size::Contracts(2.9))), 2.0);
        let exact = Size::Contracts(0.3 / 0.1);
        assert_eq!(position_size(&quote, &futures(exact)), 3.0);
    }

    #[test]
    fn units_are_fully_funded() {
        let execution = sized(Size::Contracts(1.0));
        assert!(is_affordable(10.0, &quote(1000.0, 100.0), &execution));
        assert!(!is_affordable(10.1, &quote(1000.0, 100.0), &execution));
        assert!(!is_affordable(1.0, &quote(0.0, 0.0), &execution));
    }

    #[test]
    fn contracts_need_equity_left_after_the_entry_costs() {
        let mut execution = futures(Size::Contracts(1.0));
        execution.commission = Commission::PerContract(2.0);
        let mut quote = quote(3.0, 100.0);
        assert!(is_affordable(1.0, &quote, &execution));
        quote.price = 100.25;
        assert!(!is_affordable(1.0, &quote, &execution));
    }

    #[test]
    fn no_size_is_no_trade() {
        let execution = sized(Size::Contracts(1.0));
        for size in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(!is_affordable(size, &quote(1000.0, 1.0), &execution));
        }
    }
}
