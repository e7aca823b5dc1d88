//! Futures contracts as a table.

use bartune::engine::instrument::Contract;

use super::table::Table;

/// One contract a line.
pub(crate) fn contracts_table(contracts: &[&Contract]) -> String {
    let mut table = Table::new(["symbol", "exchange", "tick size", "tick value", "point value", "currency"]);
    for contract in contracts {
        table.row([
            contract.symbol.to_owned(),
            contract.exchange.name().to_owned(),
            contract.tick_size.to_string(),
            contract.tick_value.to_string(),
            contract.point_value.to_string(),
            contract.currency.code().to_owned(),
        ]);
    }
    table.render()
}
