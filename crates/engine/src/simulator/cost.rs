//! Money: commission (rule M1), profit before it (M2) and after it (M3). A later, faster engine calls these
//! same functions, so that the two agree to the last bit.

use super::{Commission, Execution, Side};

/// Money for one contract's worth of the price, whatever its sign: the notional per unit.
#[inline(always)]
pub(crate) fn unit_notional(price: f64, execution: &Execution) -> f64 {
    price.abs() * execution.instrument.point_value
}

/// Commission of one side in money (M1): 4 bps on 10 units at 100 is 0.40; $2.10 a contract on 10 is 21.
#[inline(always)]
pub(crate) fn commission_of(size: f64, price: f64, execution: &Execution) -> f64 {
    match execution.commission {
        Commission::Fraction(fraction) => unit_notional(price, execution) * size * fraction,
        Commission::PerContract(money) => money * size,
    }
}

/// Money between two prices for a position of `size` before commissions (M2): long 2 contracts of 5 money
/// a point from 100 to 103 is 30; short, −30.
#[inline(always)]
pub(crate) fn gross_profit(side: Side, size: f64, prices: (f64, f64), point_value: f64) -> f64 {
    let (entry_price, price) = prices;
    let points = match side {
        Side::Long => price - entry_price,
        Side::Short => entry_price - price,
    };
    points * size * point_value
}

/// A round trip's result (M3).
#[inline(always)]
pub(crate) fn trade_pnl(gross_profit: f64, entry_commission: f64, exit_commission: f64) -> f64 {
    gross_profit - (entry_commission + exit_commission)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::tests::execution;

    #[test]
    fn commission_is_a_share_of_notional_or_money_per_contract() {
        let mut execution = execution();
        execution.instrument.point_value = 5.0;
        execution.commission = Commission::Fraction(0.5);
        assert_eq!(commission_of(2.0, 100.0, &execution), 500.0);
        assert_eq!(commission_of(2.0, -100.0, &execution), 500.0);
        execution.commission = Commission::PerContract(2.5);
        assert_eq!(commission_of(2.0, 100.0, &execution), 5.0);
    }

    #[test]
    fn profit_is_points_times_size_times_point_value() {
        assert_eq!(gross_profit(Side::Long, 2.0, (100.0, 103.0), 5.0), 30.0);
        assert_eq!(gross_profit(Side::Short, 2.0, (100.0, 103.0), 5.0), -30.0);
        assert_eq!(trade_pnl(30.0, 1.0, 2.0), 27.0);
    }
}
