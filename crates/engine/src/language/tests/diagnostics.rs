//! What a person is told about each kind of slip.

use super::*;

fn problems(source: &StrategySource) -> Vec<Diagnostic> {
    compile(source, &params()).expect_err("the source is wrong")
}

/// `code span-text | message | help` of every problem of one entry rule.
fn told(text: &str) -> String {
    let lines: Vec<String> = problems(&source(&[(RuleName::LongEntry, text)]))
        .iter()
        .map(|problem| {
            let marked = text.get(problem.span.clone()).expect("spans lie on character boundaries");
            let help = problem.help.as_deref().unwrap_or("-");
            format!("{} [{marked}] {} | {help}", problem.code, problem.message)
        })
        .collect();
    lines.join("\n")
}

#[test]
fn every_slip_is_told_with_its_place_and_remedy() {
    let slips = [
        "",
        "# nothing",
        "close >",
        "close > 1 1",
        "(close > 1",
        "close > 1)",
        "close = 1",
        "sma(close, 20",
        "close > 1 && open > 1",
        "close > 1 || !filter",
        "close > 1 AND True",
        "close ** 2 > 1",
        "close > 5%",
        "close ≥ 1",
        "exit == 'cross",
        "close > 1e999",
        "3 fast > close",
        "close > 1 if filter",
        "close == not filter",
        "macd(close). > 1",
        "clsoe > 1",
        "close > sma(close, fsat)",
        "smaa(close, 5) > 1",
        "crossover(close, open)",
        "sma > 1",
        "close(1) > 2",
        "macd(close).sginal > 0",
        "sma(close, 5).value > 1",
        "fast.signal > 1",
        "close and filter",
        "filter or fast",
        "not close",
        "close > 1 + (open > 2)",
        "(close > 1) > 2",
        "(close > 1) == (open > 1)",
        "exit > 'cross'",
        "exit == 'taget'",
        "exit == 1",
        "close if 1 else 2",
        "close > 1 if filter else 3",
        "rsi(14) > 50",
        "sma(close, 5, 6) > 1",
        "sma(close, period=5) > 1",
        "sma(close, 5, length=6) > 1",
        "highest(close) > 1",
        "atr(close, 14) > 1",
        "sma(close, 0) > 1",
        "sma(close, stop) > 1",
        "sma(close, offset) > 1",
        "sma(close, 2.5) > 1",
        "sma(close, 1e9) > 1",
        "sma(close, close) > 1",
        "sma(close > 1, 5) > 1",
        "close[-1] > 1",
        "close[stop] > 1",
        "close[offset] > 1",
        "fast[1] > 1",
        "close[close] > 1",
        "on('1x', close) > 1",
        "on(60, close) > 1",
        "on('1h', on('4h', close)) > 1",
        "on('1h') > 1",
        "close",
        "fast",
        "exit",
        "clsoe > 1 and oepn < 2 and sma(close, 0) > hihg",
    ];
    let report: Vec<String> = slips.iter().map(|slip| format!("{slip}\n{}\n", told(slip))).collect();
    insta::assert_snapshot!(report.join("\n"));
}

#[test]
fn all_problems_of_all_expressions_come_at_once_in_the_order_of_the_source() {
    let lets = [("a", "b + 1"), ("b", "a * 2"), ("c", "clsoe"), ("close", "1"), ("d", "c > 1")];
    let rules =
        [(RuleName::StopLoss, "close > 1"), (RuleName::MaxBars, "stop"), (RuleName::LongExit, "d and exit == 'x'")];
    let report: Vec<String> = problems(&with_lets(&lets, &rules)).iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(report.join("\n"));
}

#[test]
fn a_slip_in_a_let_is_told_once_and_not_again_by_its_readers() {
    let source =
        with_lets(&[("a", "clsoe"), ("b", "a + 1")], &[(RuleName::LongEntry, "a > b"), (RuleName::StopLoss, "b")]);
    assert_eq!(problems(&source).len(), 1);
}

#[test]
fn nesting_and_length_are_bounded() {
    for text in [
        "(".repeat(5000),
        "not ".repeat(4000),
        "-".repeat(9000),
        "close[".repeat(2000),
        "sma(".repeat(3000),
        "1 if true else ".repeat(1000),
        format!("{}close{} > 1", "(".repeat(70), ")".repeat(70)),
        format!("close{} > 1", "[1]".repeat(20)),
        " ".repeat(20_000),
    ] {
        assert!(!problems(&source(&[(RuleName::LongEntry, &text)])).is_empty());
    }
    let wide = format!("close > 0{}", " and close > 1".repeat(1000));
    compiled(&source(&[(RuleName::LongEntry, &wide)]));
    let deep = format!("{}close > 1{}", "(not ".repeat(30), ")".repeat(30));
    compiled(&source(&[(RuleName::LongEntry, &deep)]));
}

#[test]
fn a_long_chain_of_lets_overflows_no_stack() {
    let lets: Vec<(String, String)> = (0..5000)
        .map(|n| (format!("x{n}"), if n == 0 { "close".to_owned() } else { format!("x{} + x{}", n - 1, n - 1) }))
        .collect();
    let source = StrategySource { lets, ..source(&[(RuleName::LongEntry, "x4999 > 1")]) };
    let strategy = compiled(&source);
    assert!(strategy.canonical().lines().count() < 5100);
    strategy.bind(&values()).unwrap();
}
