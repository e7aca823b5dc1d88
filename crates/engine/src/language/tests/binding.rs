//! Parameters put in: what vanishes, what is refused, and what makes two strategies the same.

use super::*;

fn without(name: &str) -> Params {
    let mut params = values();
    params.remove(name);
    params
}

fn bind(text: &str, params: &Params) -> Result<BoundStrategy, BindError> {
    compiled(&source(&[(RuleName::LongEntry, text)])).bind(params)
}

#[test]
fn an_inactive_parameter_behind_its_switch_is_not_missed() {
    for text in [
        "exit == 'target' and close > stop",
        "close > stop and exit == 'target'",
        "exit == 'cross' or close > stop",
        "close > (stop if exit == 'target' else 2)",
        "not (exit == 'target' and close > stop)",
    ] {
        bind(text, &without("stop")).unwrap_or_else(|error| panic!("{text}: {error}"));
    }
}

#[test]
fn an_inactive_parameter_that_is_still_read_is_named() {
    let error = bind("close > stop or exit == 'target'", &without("stop")).unwrap_err();
    assert_eq!(error, BindError::InactiveParameter { rule: RuleName::LongEntry, name: "stop".to_owned() });
}

#[test]
fn branches_that_parameters_switch_off_are_not_computed() {
    let bound =
        bind("close > 3 and (not filter or close > 1) and (exit == 'cross' or rising(close, 9))", &values()).unwrap();
    // close, close > 3, close > 1, and.
    assert_eq!(bound.node_count(), 4);
    assert_eq!(bound.warmup(), 0);
}

#[test]
fn equal_parts_are_one_node_whatever_their_spelling() {
    let bound = bind("sma(close, 2) > close and not (sma(close, length=fast) > close)", &values()).unwrap();
    // close, sma, its output, comparison, not, and.
    assert_eq!(bound.node_count(), 6);
}

#[test]
fn arguments_out_of_bounds_are_refused_when_the_values_are_known() {
    let error = bind("close > sma(close, fast + offset - 1)", &values()).unwrap_err().to_string();
    assert!(error.contains("`length` of `sma` is 0"), "{error}");
    let error = bind("close > close[fast + offset * 3]", &values()).unwrap_err();
    assert_eq!(error, BindError::Lag { rule: RuleName::LongEntry, value: -1.0 });
}

#[test]
fn arguments_that_do_not_fit_together_are_refused() {
    let error = bind("filter and macd(close, 26, 12, 9).signal > 0", &values()).unwrap_err().to_string();
    assert_eq!(
        error,
        "long_entry: `macd` does not work with these arguments: `fast` must be below `slow`, but 26 is not below 12"
    );
}

#[test]
fn values_of_the_wrong_type_are_refused() {
    for (name, value) in [
        ("fast", Value::Float(2.5)),
        ("stop", Value::Float(f64::NAN)),
        ("filter", Value::Int(1)),
        ("exit", Value::Text("crossing".to_owned())),
    ] {
        let mut params = values();
        params.insert(name.to_owned(), value);
        let error = bind("close > 1", &params).unwrap_err();
        assert!(matches!(&error, BindError::WrongValue { name: wrong, .. } if wrong == name), "{error}");
    }
}

#[test]
fn counts_of_bars_come_from_parameters_and_none_means_no_limit() {
    let rules = |max_bars: &'static str| {
        let rules = [(RuleName::LongEntry, "true"), (RuleName::MaxBars, max_bars), (RuleName::Cooldown, "3")];
        compiled(&source(&rules)).bind(&values()).map(|bound| bound.rules)
    };
    let limits = rules("fast * 5").unwrap();
    assert_eq!((limits.max_bars, limits.cooldown), (Some(10), 3));
    assert_eq!(rules("none").unwrap().max_bars, None);
    assert_eq!(rules("10 if exit == 'target' else none").unwrap().max_bars, None);
    assert!(matches!(rules("fast - 2"), Err(BindError::Count { least: 1, .. })));
}

#[test]
fn an_undefined_distance_is_no_distance() {
    let rules = [(RuleName::LongEntry, "true"), (RuleName::TakeProfit, "2 * close if exit == 'target' else none")];
    assert!(signals(&source(&rules), &bars(&[1.0, 2.0])).target_distance.is_none());
}

#[test]
fn the_canonical_text_knows_neither_spacing_nor_lets() {
    let plain = compiled(&source(&[
        (RuleName::LongEntry, "close > sma(close, fast) and sma(close, fast) > 1"),
        (RuleName::StopLoss, "2*stop"),
    ]));
    let lets = [("unused", "high"), ("b", "average > 1"), ("average", "(sma( close,length=fast ))")];
    let other = compiled(&with_lets(
        &lets,
        &[(RuleName::StopLoss, "2 * stop"), (RuleName::LongEntry, "close > average and b")],
    ));
    assert_eq!(plain.canonical(), other.canonical());
    assert_eq!(other.unused_lets(), ["unused"]);
    let expected = "n0 = close\nn1 = $fast\nn2 = sma#0 n0 n1\nn3 = > n0 n2\nn4 = 1.0\nn5 = > n2 n4\nn6 = and n3 n5\n\
                    n7 = 2.0\nn8 = $stop\nn9 = * n7 n8\nlong_entry = n6\nstop_loss = n9\n";
    assert_eq!(plain.canonical(), expected);
    assert_eq!(plain.reads().into_iter().collect::<Vec<_>>(), ["fast", "stop"]);
}

#[test]
fn another_argument_is_another_canonical_text() {
    let texts = [
        "close > 1",
        "close > 1.5",
        "close >= 1",
        "close[1] > 1",
        "high > 1",
        "on('2h', close) > 1",
        "on('2h', close > 1)",
    ];
    let canonical: std::collections::BTreeSet<String> =
        texts.iter().map(|text| compiled(&source(&[(RuleName::LongEntry, text)])).canonical()).collect();
    assert_eq!(canonical.len(), texts.len());
}

#[test]
fn a_node_key_is_the_same_in_every_build() {
    let bound = bind("close > sma(close, 2)", &values()).unwrap();
    let again = bind("close > sma(close, fast)", &values()).unwrap();
    let keys = |bound: &BoundStrategy| bound.nodes.iter().map(|node| node.key.to_string()).collect::<Vec<_>>();
    assert_eq!(keys(&bound), keys(&again));
    assert_eq!(keys(&bound)[0].len(), 64);
}
