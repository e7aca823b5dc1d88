//! The table as a page of documentation.

use std::fmt::Write;

use super::{Group, groups};

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
```

- **Prices** are what bar files hold: Treasuries in points and decimals (110.515625, not 110'165), grains, livestock, coffee, sugar,
  cotton and soybean oil in cents, currencies in dollars for one unit.
- **Tick values are exact**: tick value = tick size · point value, held by a test on fractions, not on rounded decimals.
- **Stops, targets and fills lie on the tick grid**, rounded to the side that pays the trader less (`docs/execution.md`, P3–P5).
- **Whole contracts**: sizes are rounded down. `instrument` keys beside `symbol` or `kind` override it.
- **Money is not converted**: with a contract in EUR, `cash`, costs and results are in EUR.
- These are today's specifications of the outright contracts. Exchanges change ticks now and then (CME's Swiss franc went from
  0.0001 to 0.00005 in May 2022, Eurex's DAX from 0.5 to 1): over older bars, override `tick`.
- **Compared so far** with the exchanges' own pages: FDAX, FDXM, FDXS, MET, PA, SI, SIL and 6S. The other rows, and the pages named as
  their source, have not been compared line by line yet: look a contract up before you trade money on it.

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

fn write_group(page: &mut String, group: &Group) -> std::fmt::Result {
    writeln!(page, "\n## {}\n", group.title)?;
    writeln!(page, "| symbol | contract | exchange | tick size | tick value | point value | currency | source |")?;
    writeln!(page, "|---|---|---|---|---|---|---|---|")?;
    for contract in group.contracts {
        writeln!(
            page,
            "| `{}` | {} | {} | {} | {} | {} | {} | {} |",
            contract.symbol,
            contract.name,
            contract.exchange.name(),
            contract.tick_size,
            contract.tick_value,
            contract.point_value,
            contract.currency.code(),
            contract.source,
        )?;
    }
    Ok(())
}
