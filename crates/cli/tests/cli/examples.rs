//! The example studies do what their first lines say.

use crate::support::{Sandbox, repository};

const ACCOUNT: &str = "examples/funded_account.toml";

/// What its search finds passes in sample and fails out of sample: the account's story is in the metrics.
#[test]
fn the_evaluation_account_trades_and_says_whether_it_passed() {
    let sandbox = Sandbox::new();
    sandbox.write(ACCOUNT, &std::fs::read_to_string(repository().join(ACCOUNT)).expect("the example is there"));
    let backtest = |segment: &str| {
        let line = format!(
            "backtest {ACCOUNT} --params length=45,pullback=38,stop=0.5,target=2.75 --segment {segment} --json"
        );
        sandbox.run(&line).exits(0).json()["metrics"].clone()
    };
    let train = backtest("train");
    assert!(train["trades"].as_f64() >= Some(10.0), "{train}");
    assert_eq!((&train["account_passed"], &train["rule_breached"]), (&1.0.into(), &0.0.into()), "{train}");
    assert!(train["days_to_pass"].as_f64() > Some(0.0) && train["net_profit"].as_f64() >= Some(3_000.0), "{train}");
    let validate = backtest("validate");
    assert_eq!((&validate["account_passed"], &validate["rule_breached"]), (&0.0.into(), &2.0.into()), "{validate}");
    assert!(validate["days_to_pass"].is_null() && validate["viability"] == 0.0, "{validate}");
}
