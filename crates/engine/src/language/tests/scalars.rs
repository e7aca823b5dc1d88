//! Predicates, formulas and constraints.

use super::*;

fn predicate(text: &str) -> Predicate {
    compile_predicate(text, &params()).unwrap_or_else(|problems| panic!("{text}: {}", problems[0]))
}

#[test]
fn predicates_answer_from_the_parameters() {
    for (text, expected) in [
        ("fast < slow", true),
        ("fast * 10 < slow", false),
        ("filter", true),
        ("not filter", false),
        ("exit == 'target' or fast == 2", true),
        ("1 < fast < 3 and stop >= 1.5", true),
        ("(fast if filter else slow) == 20", false),
    ] {
        assert_eq!(predicate(text).holds(&values()), expected, "{text}");
    }
}

#[test]
fn an_answer_that_hangs_on_an_inactive_parameter_is_the_callers() {
    let mut params = values();
    params.remove("stop");
    for text in ["stop > 1", "not (stop > 1)", "filter and stop > 1", "not filter or stop > 1"] {
        assert!(predicate(text).holds(&params), "{text}");
        assert!(!predicate(text).holds_or(&params, Inactive::Fails), "{text}");
    }
    assert!(predicate("filter or stop > 1").holds_or(&params, Inactive::Fails));
    assert!(!predicate("not filter and stop > 1").holds(&params));
}

#[test]
fn predicates_name_what_they_read() {
    assert_eq!(predicate("slow > fast and slow > 3").reads(), ["fast", "slow"]);
}

#[test]
fn predicates_refuse_series_and_numbers() {
    for (text, code) in [
        ("close > fast", Code::SeriesNotAllowed),
        ("sma(fast, 3) > 1", Code::SeriesNotAllowed),
        ("fast + slow", Code::WrongKind),
        ("fats < slow", Code::UnknownName),
        ("exit == 'crss'", Code::UnknownChoice),
    ] {
        let problems = compile_predicate(text, &params()).unwrap_err();
        assert_eq!(problems[0].code, code, "{text}: {}", problems[0]);
    }
}

const METRICS: [&str; 3] = ["sharpe", "max_drawdown", "trades"];

fn metric(name: &str) -> Option<f64> {
    match name {
        "sharpe" => Some(1.5),
        "max_drawdown" => Some(0.25),
        "trades" => Some(12.0),
        _ => None,
    }
}

#[test]
fn formulas_are_arithmetic_over_metrics() {
    let formula = compile_formula("sharpe - 2 * max_drawdown", &METRICS).unwrap();
    assert_eq!(formula.value(metric), Some(1.0));
    assert_eq!(formula.reads(), ["max_drawdown", "sharpe"]);
    assert_eq!(formula.value(|_| None), None);
    assert_eq!(compile_formula("sharpe / (trades - 12)", &METRICS).unwrap().value(metric), None);
    let problems = compile_formula("sharp", &METRICS).unwrap_err();
    assert_eq!(problems[0].help.as_deref(), Some("did you mean `sharpe`?"));
    assert!(compile_formula("trades > 3", &METRICS).is_err());
}

#[test]
fn violations_have_optunas_sign_and_the_metrics_unit() {
    for (text, expected) in [
        ("trades >= 30", 18.0),
        ("trades >= 10", -2.0),
        ("trades <= 12", 0.0),
        ("trades < 12", f64::MIN_POSITIVE),
        ("trades == 10", 2.0),
        ("trades != 12", f64::MIN_POSITIVE),
        ("trades != 10", -2.0),
        ("max_drawdown <= 0.125 and trades >= 10", 0.125),
        ("max_drawdown <= 0.125 or trades >= 10", -2.0),
        ("0 < max_drawdown < 0.5", -0.25),
    ] {
        assert_eq!(compile_constraint(text, &METRICS).unwrap().violation(metric), expected, "{text}");
    }
}

#[test]
fn an_undefined_metric_violates_without_end() {
    let constraint = compile_constraint("trades >= 30", &METRICS).unwrap();
    assert_eq!(constraint.violation(|_| None), f64::INFINITY);
    assert_eq!(constraint.violation(|_| Some(f64::NAN)), f64::INFINITY);
}

#[test]
fn constraints_without_a_measure_are_refused() {
    for text in ["not (trades < 3)", "true", "trades", "(trades > 3) == (sharpe > 1)"] {
        assert!(compile_constraint(text, &METRICS).is_err(), "{text}");
    }
}
