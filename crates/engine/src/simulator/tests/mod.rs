//! Tests of the whole machine.

use super::*;

/// No costs, one unit, worst case first, fills at the next open.
pub(crate) fn execution() -> Execution {
    Execution {
        fill: Fill::NextOpen,
        intrabar: Intrabar::Worst,
        commission: Commission::Fraction(0.0),
        slippage: Slippage::Fraction(0.0),
        size: Size::Contracts(1.0),
        instrument: Instrument {
            tick: None,
            point_value: 1.0,
            whole_contracts: false,
        },
    }
}
