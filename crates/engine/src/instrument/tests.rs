//! The table against itself, against numbers written down independently, and against its page.

use std::collections::BTreeSet;
use std::path::Path;

use super::*;

#[test]
fn a_tick_is_worth_its_size_times_the_point_value() {
    for contract in contracts() {
        let product = contract.tick_size.times(contract.point_value);
        assert_eq!(product, contract.tick_value, "{}", contract.symbol);
    }
}

#[test]
fn symbols_are_unique_and_found_in_any_case() {
    let symbols: BTreeSet<&str> = contracts().map(|contract| contract.symbol).collect();
    assert_eq!(symbols.len(), contracts().count());
    for contract in contracts() {
        assert_eq!(find(&contract.symbol.to_lowercase()), Some(contract));
    }
    assert!(symbols.len() >= 51, "{}", symbols.len());
}

/// The face value of a Treasury future makes its point worth one percent of it, and its tick one part of a 32nd.
#[test]
fn treasuries_follow_from_their_face_value_and_their_parts() {
    let face_values: [(&str, u64); 6] =
        [("ZT", 200_000), ("ZF", 100_000), ("ZN", 100_000), ("TN", 100_000), ("ZB", 100_000), ("UB", 100_000)];
    for (symbol, face_value) in face_values {
        let contract = find(symbol).unwrap();
        let Quotation::ThirtySeconds { parts } = contract.quotation else { panic!("{symbol} is quoted in 32nds") };
        assert_eq!(contract.point_value, Exact::new(face_value, 100), "{symbol}");
        assert_eq!(contract.tick_size, Exact::new(1, 32 * u64::from(parts)), "{symbol}");
    }
}

/// Contracts on one underlying differ by a whole factor.
#[test]
fn micros_and_minis_are_a_share_of_their_large_contract() {
    let shares = [
        ("MES", "ES", 10),
        ("MNQ", "NQ", 10),
        ("MYM", "YM", 10),
        ("M2K", "RTY", 10),
        ("M6E", "6E", 10),
        ("M6A", "6A", 10),
        ("M6B", "6B", 10),
        ("MCL", "CL", 10),
        ("QM", "CL", 2),
        ("QG", "NG", 4),
        ("MGC", "GC", 10),
        ("SIL", "SI", 5),
        ("MHG", "HG", 10),
        ("XC", "ZC", 5),
        ("XK", "ZS", 5),
        ("XW", "ZW", 5),
        ("MBT", "BTC", 50),
        ("MET", "ETH", 500),
        ("FDXM", "FDAX", 5),
        ("FDXS", "FDAX", 25),
    ];
    for (small, large, factor) in shares {
        let point_value = |symbol| find(symbol).unwrap().point_value;
        assert_eq!(point_value(small).times(Exact::new(factor, 1)), point_value(large), "{small}");
    }
    let micros = contracts().filter(|contract| contract.is_micro).count();
    assert_eq!(micros, 13, "each of them is in the table above");
    assert!(
        contracts().filter(|contract| contract.is_micro).all(|micro| shares.iter().any(|row| row.0 == micro.symbol))
    );
}

/// Cents for a unit, or dollars: a contract of so many units is worth units / 100, or units, a point.
#[test]
fn point_values_follow_from_the_units_of_a_contract() {
    let cents = [("ZC", 5_000), ("ZL", 60_000), ("HE", 40_000), ("GF", 50_000), ("KC", 37_500), ("SB", 112_000)];
    for (symbol, units) in cents {
        assert_eq!(find(symbol).unwrap().point_value, Exact::new(units, 100), "{symbol}");
    }
    let dollars = [("6J", 12_500_000), ("CL", 1_000), ("RB", 42_000), ("GC", 100), ("SI", 5_000), ("HG", 25_000)];
    for (symbol, units) in dollars {
        assert_eq!(find(symbol).unwrap().point_value, Exact::new(units, 1), "{symbol}");
    }
}

#[test]
fn every_tick_survives_the_way_to_the_simulator_and_back() {
    for contract in contracts() {
        let tick = contract.instrument().tick.unwrap();
        assert_eq!(contract.tick_size.to_string().parse::<f64>().unwrap(), tick, "{}", contract.symbol);
        assert!(contract.tick_size.decimal_places().is_some(), "{}", contract.symbol);
    }
}

#[test]
fn treasuries_are_quoted_in_thirty_seconds() {
    let quote = |symbol: &str, price| find(symbol).unwrap().quote(price);
    assert_eq!(quote("ZB", 117.031_25), "117'01");
    assert_eq!(quote("ZN", 110.515_625), "110'165");
    assert_eq!(quote("ZF", 108.007_812_5), "108'002");
    assert_eq!(quote("ZT", 103.003_906_25), "103'001");
    assert_eq!(quote("6J", 0.006_712_5), "0.0067125");
    assert_eq!(quote("YM", 39_000.0), "39000");
}

#[test]
fn the_documentation_is_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/instruments.md");
    let page = markdown();
    if std::env::var_os("BARTUNE_BLESS").is_some() {
        std::fs::write(&path, &page).expect("docs can be written when blessing");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page, "docs/instruments.md is out of date: run the tests with BARTUNE_BLESS=1");
}
