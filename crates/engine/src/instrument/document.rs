//! The table as a page of documentation.

use std::fmt::Write;

use super::{Contract, Group, Publisher, groups};

const HEAD: &str = "\
# Instruments

<!-- Written by the instrument table. Change it there, then run `BARTUNE_BLESS=1 cargo test -p bartune-engine instrument`. -->

What a study trades. A futures contract is named by its symbol; everything else by its kind or its numbers:

```toml
[execution]
instrument = \"MES\"                                     # tick 0.25, 5 money a point, whole contracts
# instrument = { symbol = \"6A\", tick = 0.0001 }        # today's contract with the tick it had before
# instrument = { kind = \"crypto\" }                     # any price, any amount
# instrument = { kind = \"fx\", tick = 0.001 }           # a pair quoted in yen
# instrument = { kind = \"equity\" }                     # cents, whole shares
# instrument = { tick = 0.01, point_value = 1.0, whole_contracts = false }
# instrument = { symbol = \"MES\", margin = { initial = 2400, maintenance = 2200 } }
```

- **Kinds**: `equity` is 0.01 and whole shares, `fx` 0.00001 and any amount (0.001 for pairs in yen), `crypto` any price and any amount; a point is
  worth 1. Venues differ: write `tick` and `whole_contracts` where yours does.
- **Prices** are what bar files hold: Treasuries in points and decimals (110.515625, not 110'165), grains, livestock, coffee, sugar,
  cotton and soybean oil in cents, currencies in dollars for one unit.
- **Tick values are exact**: tick value = tick size · point value, held by a test on fractions, not on rounded decimals.
- **Stops, targets and fills lie on the tick grid**, rounded to the side that pays the trader less (`docs/execution.md`, P3–P5).
- **Whole contracts**: sizes are rounded down. `instrument` keys beside `symbol` or `kind` override it.
- **Money is not converted**: with a contract in EUR, `cash`, costs and results are in EUR.
- These are today's specifications of the outright contracts. Exchanges change ticks now and then (CME's Swiss franc went from
  0.0001 to 0.00005 in May 2022, Eurex's DAX from 0.5 to 1): over older bars, override `tick`.
- **Compared**: tick size, tick value and point value of every row agree with the document in the last column, read in November 2026;
  remarks say where that document is less than a full proof. `E` is an exchange's own word, `o` another's: a broker's, a reference
  work's, a program's. The exchange's page beside it is where to look a contract up before you trade money on it.
- **Margins** are not in the table: they change with the market. Give them in the study file (`docs/execution.md`, Z8 and M7).

`bartune instruments [SYMBOL]` prints this table.
";

/// The documentation of every contract, in Markdown (`docs/instruments.md`).
#[must_use]
pub fn markdown() -> String {
    let mut page = HEAD.to_owned();
    for group in groups() {
        write_group(&mut page, group).expect("writing to a string cannot fail");
    }
    page
}

fn compared(contract: &Contract) -> String {
    let Some(comparison) = contract.compared_with() else { return "nothing".to_owned() };
    let mark = match comparison.publisher {
        Publisher::Exchange => "E",
        Publisher::Other => "o",
    };
    let remark = if comparison.remark.is_empty() { String::new() } else { format!(" ({})", comparison.remark) };
    format!("{mark}: {}{remark}", comparison.document)
}

fn write_group(page: &mut String, group: &Group) -> std::fmt::Result {
    writeln!(page, "\n## {}\n", group.title)?;
    writeln!(
        page,
        "| symbol | contract | exchange | tick size | tick value | point value | currency | exchange's page | compared with |"
    )?;
    writeln!(page, "|---|---|---|---|---|---|---|---|---|")?;
    for contract in group.contracts {
        writeln!(
            page,
            "| `{}` | {} | {} | {} | {} | {} | {} | {} | {} |",
            contract.symbol,
            contract.name,
            contract.exchange.name(),
            contract.tick_size,
            contract.tick_value,
            contract.point_value,
            contract.currency.code(),
            contract.source,
            compared(contract),
        )?;
    }
    Ok(())
}
