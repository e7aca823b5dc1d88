//! Statistics of choosing the best, against other implementations: `scripts/oracles/validation.py` says which.

use std::path::Path;

use bartune::statistics::{block_length, overfitting, reality_check};
use serde_json::Value;

fn oracle() -> (Value, Vec<Vec<f64>>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/validation/trials.json");
    let text = std::fs::read(path).expect("the oracle's file is there");
    let oracle: Value = serde_json::from_slice(&text).expect("it is JSON");
    let trials = oracle["trials"].as_array().expect("a list").iter().map(numbers).collect();
    (oracle, trials)
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("a list").iter().map(|number| number.as_f64().expect("a number")).collect()
}

#[test]
fn block_lengths_are_those_of_arch() {
    let (oracle, trials) = oracle();
    for (trial, expected) in trials.iter().zip(numbers(&oracle["block_lengths"])) {
        let found = block_length(trial);
        assert!((found - expected).abs() < 1e-9, "{found} instead of {expected}");
    }
}

#[test]
fn the_probability_of_overfitting_is_that_of_the_paper_in_numpy() {
    let (oracle, trials) = oracle();
    let expected = &oracle["overfitting"];
    let refs: Vec<&[f64]> = trials.iter().map(Vec::as_slice).collect();
    let found = overfitting(&refs, usize::try_from(expected["blocks"].as_u64().unwrap()).unwrap()).unwrap();
    assert!((found.probability - expected["probability"].as_f64().unwrap()).abs() < 1e-12);
    assert!((found.loss - expected["loss"].as_f64().unwrap()).abs() < 1e-12);
    let mut logits = found.logits;
    logits.sort_by(f64::total_cmp);
    for (found, expected) in logits.iter().zip(numbers(&expected["logits"])) {
        assert!((found - expected).abs() < 1e-12);
    }
}

/// Both are shares of random resamples: they agree within four standard deviations of their difference.
#[test]
fn the_tests_for_superior_ability_are_those_of_arch() {
    const RESAMPLES: usize = 20_000;
    let (oracle, trials) = oracle();
    let expected = &oracle["superior"];
    let refs: Vec<&[f64]> = trials.iter().map(Vec::as_slice).collect();
    let found = reality_check(&refs, &vec![0.0; trials[0].len()], (RESAMPLES, 9)).unwrap();
    assert!((found.block - expected["block"].as_f64().unwrap()).abs() < 1e-9);
    let values =
        [("white", found.white), ("lower", found.lower), ("consistent", found.consistent), ("upper", found.upper)];
    for (name, found) in values {
        let expected = expected[name].as_f64().unwrap();
        let deviation = (2.0 * expected * (1.0 - expected) / RESAMPLES as f64).sqrt();
        assert!((found - expected).abs() < 4.0 * deviation, "{name}: {found} instead of {expected}");
    }
}
