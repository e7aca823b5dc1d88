//! `bartune instruments`: the futures contracts that a study can name.

use anyhow::{Result, bail};
use bartune::engine::instrument::{self, Contract};
use serde_json::{Value, json};

use crate::args::InstrumentsArgs;
use crate::exit::Exit;
use crate::output;

pub(crate) fn run(args: &InstrumentsArgs) -> Result<Exit> {
    let contracts: Vec<&Contract> = match &args.symbol {
        None => instrument::contracts().collect(),
        Some(symbol) => match instrument::find(symbol) {
            Some(contract) => vec![contract],
            None => bail!("there is no futures contract \"{symbol}\"; `bartune instruments` lists them"),
        },
    };
    match (args.json, contracts.as_slice()) {
        (true, _) => {
            let contracts: Vec<Value> = contracts.iter().map(|contract| as_json(contract)).collect();
            output::print_json(&json!({ "contracts": contracts }))?;
        }
        (false, [contract]) => output::print(&output::key_values(&in_words(contract)))?,
        (false, _) => output::print(&output::contracts_table(&contracts))?,
    }
    Ok(Exit::Fine)
}

/// Quantities are texts: a JSON number may lose digits on its way.
fn as_json(contract: &Contract) -> Value {
    json!({
        "symbol": contract.symbol,
        "name": contract.name,
        "exchange": contract.exchange.name(),
        "currency": contract.currency.code(),
        "tick_size": contract.tick_size.to_string(),
        "tick_value": contract.tick_value.to_string(),
        "point_value": contract.point_value.to_string(),
        "source": contract.source.to_string(),
    })
}

fn in_words(contract: &Contract) -> Vec<(String, String)> {
    let rows = [
        ("symbol", contract.symbol.to_owned()),
        ("contract", contract.name.to_owned()),
        ("exchange", contract.exchange.name().to_owned()),
        ("tick size", contract.tick_size.to_string()),
        ("tick value", format!("{} {}", contract.tick_value, contract.currency.code())),
        ("point value", format!("{} {}", contract.point_value, contract.currency.code())),
        ("source", contract.source.to_string()),
        ("study file", format!("instrument = \"{}\"", contract.symbol)),
    ];
    rows.into_iter().map(|(topic, words)| (topic.to_owned(), words)).collect()
}
