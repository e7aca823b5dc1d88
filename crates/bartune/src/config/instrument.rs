//! What is traded: `instrument = "MES"`, `instrument = { symbol = "MES" }`, `{ kind = "crypto" }`, or its numbers.
//! `symbol = "MES"` in `[execution]` says the same as the first. `margin` beside any of them: `2400`, `"10%"` or
//! `{ initial = 2400, maintenance = 2200 }`.

use bartune_engine::instrument::{self, Contract, InstrumentKind};
use bartune_engine::simulator::{Instrument, Margin, MarginBasis, Shortfall};

use super::quantity;
use super::section::{Problems, Section, number_of};
use super::tree::{Item, Node};
use crate::diagnostic::{Located, nearest};

/// An instrument as typed.
#[derive(Debug, Clone, Default)]
pub(crate) struct InstrumentOptions {
    pub(crate) contract: Option<Located<&'static Contract>>,
    pub(crate) kind: Option<Located<InstrumentKind>>,
    pub(crate) tick: Option<Located<f64>>,
    pub(crate) point_value: Option<Located<f64>>,
    pub(crate) whole_contracts: Option<Located<bool>>,
    pub(crate) margin: Option<Margin>,
}

/// Read `instrument` and `symbol` of `[execution]`.
pub(crate) fn read(execution: &Section<'_>) -> InstrumentOptions {
    let beside = execution.parsed("symbol", contract);
    let mut options = match execution.get("instrument").map(|item| &item.node) {
        Some(Node::Text(_)) => {
            InstrumentOptions { contract: execution.parsed("instrument", contract), ..InstrumentOptions::default() }
        }
        _ => execution.section("instrument").map(table).unwrap_or_default(),
    };
    if let (Some(symbol), Some(_)) = (&beside, &options.contract) {
        let message = "the contract is named twice, by `symbol` and by `instrument`";
        execution.problems().push_with_help("E110", &symbol.span, message, "keep one of them");
    }
    options.contract = options.contract.or(beside);
    if let (Some(kind), Some(contract)) = (&options.kind, &options.contract) {
        let message = format!("`kind` is not read: `{}` is a futures contract", contract.value.symbol);
        execution.problems().push_with_help("E110", &kind.span, message, "keep one of `symbol` and `kind`");
    }
    options
}

fn table(section: Section<'_>) -> InstrumentOptions {
    let kind = section.get("kind").map(|item| item.span.clone());
    let options = InstrumentOptions {
        contract: section.parsed("symbol", contract),
        kind: section.word("kind", &InstrumentKind::WORDS).zip(kind).map(|(value, span)| Located { value, span }),
        tick: section.number("tick"),
        point_value: section.number("point_value"),
        whole_contracts: section.boolean("whole_contracts"),
        margin: margin(&section),
    };
    section.finish();
    options
}

/// What a position must be backed by. Where only one amount is written, it is both.
fn margin(instrument: &Section<'_>) -> Option<Margin> {
    let item = instrument.get("margin")?;
    let Node::Table(_) = item.node else {
        let (amount, basis) = requirement(item, instrument.problems())?;
        return Some(Margin { initial: amount, maintenance: amount, basis, shortfall: Shortfall::Skip });
    };
    let section = instrument.section("margin")?;
    let shortfall = section.word("on_shortfall", &SHORTFALLS).unwrap_or_default();
    let (initial_item, maintenance_item) = (section.get("initial"), section.get("maintenance"));
    let (problems, span) = (section.problems(), section.span().clone());
    section.finish();
    let Some(initial_item) = initial_item else {
        let message = "a margin needs `initial`, in money for one contract or as a share of the position";
        problems.push_with_help("E110", &span, message, "for example `margin = { initial = 2400 }`");
        return None;
    };
    let initial = requirement(initial_item, problems)?;
    let maintenance = match maintenance_item {
        Some(item) => requirement(item, problems)?,
        None => initial,
    };
    if let (Some(item), true) = (maintenance_item, maintenance.1 != initial.1 || maintenance.0 > initial.0) {
        let message = "`maintenance` must be written like `initial` and be at most as large";
        problems.push("E104", &item.span, message);
        return None;
    }
    Some(Margin { initial: initial.0, maintenance: maintenance.0, basis: initial.1, shortfall })
}

/// The words for what becomes of an entry that the equity cannot back.
const SHORTFALLS: [(&str, Shortfall); 2] = [("skip", Shortfall::Skip), ("reduce", Shortfall::Reduce)];

/// `2400`, money for one contract; or `"10%"`, a share of the position's value.
fn requirement(item: &Item, problems: &Problems) -> Option<(f64, MarginBasis)> {
    let wrong = |message: &str| {
        let help = "write 2400 (money for one contract) or \"10%\" (of the position's value, at most 100%)";
        problems.push_with_help("E104", &item.span, message, help);
        None
    };
    let (amount, basis) = match &item.node {
        Node::Text(text) => match quantity::share(text) {
            Some(share) if share <= 1.0 => (share, MarginBasis::Notional),
            _ => return wrong(&format!("`{text}` is no margin")),
        },
        _ => match number_of(item) {
            Some(money) => (money, MarginBasis::PerContract),
            None => return wrong("a margin is a number, a percentage or a table"),
        },
    };
    if amount > 0.0 && amount.is_finite() { Some((amount, basis)) } else { wrong("a margin must be above 0") }
}

/// A futures contract by its symbol, or a sentence that says what would be right.
fn contract(symbol: &str) -> Result<&'static Contract, String> {
    instrument::find(symbol).ok_or_else(|| {
        let symbols = instrument::contracts().map(|contract| contract.symbol);
        let near = nearest(symbol, symbols).map_or_else(String::new, |near| format!("did you mean \"{near}\"? "));
        format!(
            "there is no futures contract \"{symbol}\"; {near}`bartune instruments` lists them, \
             and `{{ tick = 0.01, point_value = 1.0 }}` describes any other"
        )
    })
}

/// The instrument meant: the contract's or the kind's numbers, or a continuous price worth 1 a point, each
/// replaced by what is written beside.
pub(crate) fn resolve(options: &InstrumentOptions, problems: &Problems) -> Instrument {
    let positive = |number: &Option<Located<f64>>, what: &str| {
        let number = number.as_ref()?;
        if number.value > 0.0 && number.value.is_finite() {
            return Some(number.value);
        }
        problems.push("E104", &number.span, format!("{what} must be above 0"));
        None
    };
    let base = match (&options.contract, &options.kind) {
        (Some(contract), _) => contract.value.instrument(),
        (None, Some(kind)) => kind.value.instrument(),
        (None, None) => Instrument { tick: None, point_value: 1.0, whole_contracts: false, margin: None },
    };
    Instrument {
        tick: positive(&options.tick, "a tick").or(base.tick),
        point_value: positive(&options.point_value, "a point value").unwrap_or(base.point_value),
        whole_contracts: options.whole_contracts.as_ref().map_or(base.whole_contracts, |whole| whole.value),
        margin: options.margin,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Plan, parse_study};

    fn plan(execution: &str) -> Result<Plan, String> {
        let text = format!(
            "name = \"a\"\n[data]\npath = \"a.csv\"\n[params]\nn = {{ int = [2, 9] }}\n[strategy]\n\
             long_entry = \"close > sma(close, n)\"\n[execution]\n{execution}\n"
        );
        parse_study("a.toml", &text, Path::new(""), &[]).map_err(|problems| problems.to_string())
    }

    fn instrument(execution: &str) -> Instrument {
        plan(execution).unwrap().execution.instrument
    }

    #[test]
    fn a_contract_is_named_in_three_ways() {
        let micro = Instrument { tick: Some(0.25), point_value: 5.0, whole_contracts: true, margin: None };
        for written in ["instrument = \"MES\"", "instrument = { symbol = \"mes\" }", "symbol = \"MES\""] {
            assert_eq!(instrument(written), micro, "{written}");
        }
        assert_eq!(plan("symbol = \"MES\"").unwrap().contract.map(|contract| contract.symbol), Some("MES"));
    }

    #[test]
    fn numbers_beside_a_symbol_or_a_kind_replace_its_own() {
        let old = instrument("instrument = { symbol = \"6A\", tick = 0.0001 }");
        assert_eq!((old.tick, old.point_value, old.whole_contracts), (Some(0.0001), 100_000.0, true));
        let yen = instrument("instrument = { kind = \"fx\", tick = 0.001 }");
        assert_eq!((yen.tick, yen.point_value, yen.whole_contracts), (Some(0.001), 1.0, false));
        assert_eq!(instrument("").tick, None);
    }

    #[test]
    fn a_margin_is_money_for_a_contract_or_a_share_of_the_position() {
        let margin =
            |written: &str| instrument(&format!("instrument = {{ symbol = \"MES\", margin = {written} }}")).margin;
        let money = Margin {
            initial: 2400.0,
            maintenance: 2400.0,
            basis: MarginBasis::PerContract,
            shortfall: Shortfall::Skip,
        };
        assert_eq!(margin("2400"), Some(money));
        let both = "{ initial = 2400, maintenance = 2200, on_shortfall = \"reduce\" }";
        assert_eq!(margin(both), Some(Margin { maintenance: 2200.0, shortfall: Shortfall::Reduce, ..money }));
        let share = Margin { initial: 0.1, maintenance: 0.05, basis: MarginBasis::Notional, ..money };
        assert_eq!(margin("{ initial = \"10%\", maintenance = \"5%\" }"), Some(share));
        assert_eq!(instrument("symbol = \"MES\"").margin, None);
    }

    #[test]
    fn a_margin_that_cannot_be_is_said() {
        let refused = |written: &str| plan(&format!("instrument = {{ margin = {written} }}")).unwrap_err();
        assert!(refused("0").contains("a margin must be above 0"));
        assert!(refused("\"120%\"").contains("`120%` is no margin"));
        assert!(refused("true").contains("a margin is a number, a percentage or a table"));
        assert!(refused("{ maintenance = 5 }").contains("a margin needs `initial`"));
        assert!(refused("{ initial = 5, maintenance = 6 }").contains("at most as large"));
        assert!(refused("{ initial = 5, maintenance = \"5%\" }").contains("written like `initial`"));
        assert!(refused("{ initial = 5, on_shortfall = \"cut\" }").contains("E104"));
        assert!(refused("{ initial = 5, inital = 6 }").contains("did you mean"));
    }

    #[test]
    fn more_than_the_equity_needs_something_to_lever_it() {
        assert!(plan("size = \"300% equity\"").unwrap_err().contains("needs a margin or whole contracts"));
        assert!(plan("size = \"300% equity\"\ninstrument = { margin = \"20%\" }").is_ok());
        assert!(plan("size = \"300% equity\"\nsymbol = \"MES\"").is_ok());
    }

    #[test]
    fn slippage_in_ticks_takes_the_contracts_tick() {
        assert!(plan("symbol = \"ES\"\nslippage = \"1tick\"").is_ok());
        assert!(
            plan("instrument = { kind = \"crypto\" }\nslippage = \"1tick\"")
                .unwrap_err()
                .contains("needs the instrument's tick")
        );
    }

    #[test]
    fn what_cannot_be_is_said() {
        let unknown = plan("instrument = \"MSE\"").unwrap_err();
        assert!(unknown.contains("there is no futures contract \"MSE\"; did you mean \"MES\"?"), "{unknown}");
        assert!(plan("symbol = \"ES\"\ninstrument = \"NQ\"").unwrap_err().contains("named twice"));
        assert!(plan("symbol = \"ES\"\ninstrument = { kind = \"fx\" }").unwrap_err().contains("`kind` is not read"));
        assert!(plan("instrument = { kind = \"bond\" }").unwrap_err().contains("E104"));
        assert!(plan("instrument = 5").unwrap_err().contains("E103"));
        assert!(plan("instrument = { tick = -1 }").unwrap_err().contains("a tick must be above 0"));
    }
}
