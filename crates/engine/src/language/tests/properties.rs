//! What must hold for every text, every expression and every bar.

use proptest::prelude::{Strategy, *};

use super::*;
use crate::function::{self, ArgKind, Function, Input, OutputKind};
use crate::language::parser::parse;
use crate::language::syntax::*;

fn expr(kind: ExprKind) -> Expr {
    Expr { kind, span: 0..0 }
}

fn word(text: &str) -> Word {
    Word { text: text.to_owned(), span: 0..0 }
}

/// Any tree that a text can have: chains of one level, never two of the same level side by side
/// without parentheses (the printer adds those).
fn trees() -> impl Strategy<Value = Expr> {
    let leaf = prop_oneof![
        (0u32..100_000).prop_map(|value| ExprKind::Number { value: f64::from(value), whole: true }),
        (0.0f64..1e12).prop_map(|value| ExprKind::Number { value, whole: false }),
        prop_oneof![Just(1e-300), Just(1e300), Just(0.1)].prop_map(|value| ExprKind::Number { value, whole: false }),
        "[a-zA-Z \"]{0,6}".prop_map(ExprKind::Text),
        any::<bool>().prop_map(ExprKind::Bool),
        Just(ExprKind::Undefined),
        prop_oneof!["close", "fast", "x_1", "nota", "order"].prop_map(|name: String| ExprKind::Name(name)),
    ]
    .prop_map(expr);
    leaf.prop_recursive(5, 60, 4, |inner| {
        let boxed = || inner.clone().prop_map(Box::new);
        let sums = prop_oneof![Just(ArithmeticOp::Add), Just(ArithmeticOp::Subtract)];
        let products = prop_oneof![Just(ArithmeticOp::Multiply), Just(ArithmeticOp::Divide)];
        let compares = prop_oneof![
            Just(CompareOp::Less),
            Just(CompareOp::Equal),
            Just(CompareOp::NotEqual),
            Just(CompareOp::GreaterEqual)
        ];
        let arguments = prop::collection::vec((prop::option::of(Just(word("length"))), inner.clone()), 0..4);
        prop_oneof![
            boxed().prop_map(ExprKind::Negate),
            boxed().prop_map(ExprKind::Not),
            (boxed(), prop::collection::vec((sums, inner.clone()), 1..3))
                .prop_map(|(first, rest)| ExprKind::Arithmetic { first, rest }),
            (boxed(), prop::collection::vec((products, inner.clone()), 1..3))
                .prop_map(|(first, rest)| ExprKind::Arithmetic { first, rest }),
            (boxed(), prop::collection::vec((compares, inner.clone()), 1..3))
                .prop_map(|(first, rest)| ExprKind::Compare { first, rest }),
            (any::<bool>(), prop::collection::vec(inner.clone(), 2..4)).prop_map(|(and, operands)| ExprKind::Logic {
                op: if and { LogicOp::And } else { LogicOp::Or },
                operands
            }),
            (boxed(), boxed(), boxed()).prop_map(|(then, condition, otherwise)| ExprKind::Choose {
                then,
                condition,
                otherwise
            }),
            (boxed(), boxed()).prop_map(|(target, lag)| ExprKind::Lag { target, lag }),
            boxed().prop_map(|target| ExprKind::Output { target, name: word("signal") }),
            arguments.prop_map(|arguments| ExprKind::Call {
                name: word("macd"),
                arguments: arguments.into_iter().map(|(keyword, value)| Argument { keyword, value }).collect(),
            }),
        ]
        .prop_map(expr)
    })
}

/// Texts made of the language's own pieces: far more often nearly right than random characters.
fn scraps() -> impl Strategy<Value = String> {
    let pieces = [
        "close",
        "fast",
        "sma",
        "macd",
        "on",
        "(",
        ")",
        "[",
        "]",
        ",",
        ".",
        "1",
        "2.5",
        "'2h'",
        "'",
        "and",
        "or",
        "not",
        "if",
        "else",
        "true",
        "none",
        "+",
        "-",
        "*",
        "/",
        "<",
        "<=",
        "==",
        "!=",
        "=",
        "&&",
        "!",
        "é",
        "→",
        "1e999",
        "signal",
        "#",
        "\n",
        "_",
        "exit",
        "sma(close, 3)",
        "close > 1",
        "x[1]",
        "\u{0}",
    ];
    prop::collection::vec((prop::sample::select(pieces.to_vec()), any::<bool>()), 0..40).prop_map(|pieces| {
        pieces.into_iter().map(|(piece, space)| if space { format!("{piece} ") } else { piece.to_owned() }).collect()
    })
}

/// Turns a list of numbers into a well-formed expression over the catalogue, the same one every time.
pub(super) struct Writer {
    pub(super) choices: std::vec::IntoIter<u32>,
}

impl Writer {
    fn pick(&mut self, below: usize) -> usize {
        self.choices.next().map_or(0, |choice| choice as usize % below)
    }

    pub(super) fn number(&mut self, depth: usize) -> String {
        let series = ["close", "open", "high", "low", "volume", "hl2", "hlc3", "ohlc4", "hour", "weekday"];
        if depth == 0 {
            return series[self.pick(series.len())].to_owned();
        }
        match self.pick(8) {
            0 => series[self.pick(series.len())].to_owned(),
            1 => format!(
                "({} {} {})",
                self.number(depth - 1),
                ["+", "-", "*", "/"][self.pick(4)],
                self.number(depth - 1)
            ),
            2 => format!("{}[{}]", self.number(depth - 1), self.pick(4)),
            3 => format!(
                "({} if {} else {})",
                self.number(depth - 1),
                self.condition(depth - 1),
                ["1.5", "none", "low"][self.pick(3)]
            ),
            4 => format!("-({} * 0.5)", self.number(depth - 1)),
            _ => self.call(OutputKind::Number, depth),
        }
    }

    pub(super) fn condition(&mut self, depth: usize) -> String {
        let compare = ["<", "<=", ">", ">=", "==", "!="];
        if depth == 0 {
            return format!("{} {} {}", self.number(0), compare[self.pick(6)], self.number(0));
        }
        match self.pick(6) {
            0 => format!("({} {} {})", self.number(depth - 1), compare[self.pick(6)], self.number(depth - 1)),
            1 => format!("(not {})", self.condition(depth - 1)),
            2 => {
                format!("({} {} {})", self.condition(depth - 1), ["and", "or"][self.pick(2)], self.condition(depth - 1))
            }
            3 => format!("({})[{}]", self.condition(depth - 1), self.pick(3)),
            _ => self.call(OutputKind::Condition, depth),
        }
    }

    fn call(&mut self, kind: OutputKind, depth: usize) -> String {
        let fitting: Vec<&Function> = function::catalogue().iter().filter(|function| function.kind == kind).collect();
        let function = fitting[self.pick(fitting.len())];
        let mut arguments = Vec::new();
        for input in function.inputs {
            match input {
                Input::Series => arguments.push(self.number(depth - 1)),
                Input::Condition => arguments.push(self.condition(depth - 1)),
                Input::Column(_) => {}
            }
        }
        for arg in function.args {
            let written = match (arg.kind, arg.default) {
                (ArgKind::Real { .. }, Some(default)) => default,
                (ArgKind::Real { min, .. }, None) => min,
                (ArgKind::Period { .. }, Some(default)) if function.args.len() > 1 => default,
                (ArgKind::Period { min }, _) => (min + self.pick(6)) as f64,
            };
            arguments.push(written.to_string());
        }
        let output = function.outputs[self.pick(function.outputs.len())];
        let pick = if output.is_empty() { String::new() } else { format!(".{output}") };
        format!("{}({}){pick}", function.name, arguments.join(", "))
    }

    /// A strategy that reads base and higher timeframes.
    pub(super) fn strategy(&mut self) -> StrategySource {
        let on = |writer: &mut Self, body: String| match writer.pick(3) {
            0 => format!("on('{}', {body})", ["2h", "1d"][writer.pick(2)]),
            _ => body,
        };
        let entry = self.condition(3);
        let entry = on(self, entry);
        let stop = self.number(3);
        let stop = on(self, stop);
        source(&[(RuleName::LongEntry, &entry), (RuleName::StopLoss, &stop)])
    }
}

pub(super) fn strategies() -> impl Strategy<Value = StrategySource> {
    prop::collection::vec(any::<u32>(), 60).prop_map(|choices| Writer { choices: choices.into_iter() }.strategy())
}

/// A hundred bars or so that share everything up to `cut` and nothing after it.
fn diverging_bars() -> impl Strategy<Value = (Bars, Bars, usize)> {
    (prop::collection::vec((1.0f64..2.0, -1.0f64..1.0), 80..160), 1usize..150).prop_map(|(moves, cut)| {
        let cut = cut.min(moves.len() - 1);
        let walk = |after: f64| {
            let closes: Vec<f64> = moves
                .iter()
                .enumerate()
                .scan(50.0, |price, (t, (_, step))| {
                    *price += if t > cut { step * after } else { *step };
                    Some(*price)
                })
                .collect();
            bars(&closes)
        };
        (walk(1.0), walk(-3.0), cut)
    })
}

fn same_until(a: &Signals, b: &Signals, last: usize) -> Result<(), TestCaseError> {
    let bits = |signals: &Signals, t: usize| {
        let stop = signals.stop_distance.as_ref().map(|distance| distance.at(t));
        (signals.long_entry.get(t), stop.map(|stop| (!stop.is_nan()).then(|| stop.to_bits())))
    };
    for t in 0..=last {
        prop_assert_eq!(bits(a, t), bits(b, t), "bar {}", t);
    }
    Ok(())
}

/// Deterministic choices for expression number `seed`.
pub(super) fn choices(seed: u32, count: usize) -> Vec<u32> {
    let next = |state: &mut u32| {
        *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        Some(*state >> 8)
    };
    (0..count).scan(seed, |state, _| next(state)).collect()
}

#[test]
fn most_generated_strategies_run_and_are_defined_within_the_bars() {
    let bars = bars(&(0..120).map(|t| 50.0 + f64::from(t * t % 23)).collect::<Vec<_>>());
    let defined = (0..300).filter(|seed| {
        let source = Writer { choices: choices(*seed, 60).into_iter() }.strategy();
        let bound = compile(&source, &[]).unwrap().bind(&Params::new());
        bound.is_ok_and(|bound| bound.signals(&bars, &NoCache).unwrap().warmup < bars.len())
    });
    let defined = defined.count();
    assert!(defined > 200, "only {defined} of 300");
}

#[test]
fn every_function_of_the_catalogue_can_be_called() {
    for function in function::catalogue() {
        let series = function.inputs.iter().filter_map(|input| match input {
            Input::Series => Some("close".to_owned()),
            Input::Condition => Some("close > open".to_owned()),
            Input::Column(_) => None,
        });
        let required = function.args.iter().filter(|arg| arg.default.is_none()).map(|arg| match arg.kind {
            ArgKind::Period { min } => format!("{}={}", arg.name, min + 3),
            ArgKind::Real { min, .. } => format!("{}={min}", arg.name),
        });
        let call = format!("{}({})", function.name, series.chain(required).collect::<Vec<_>>().join(", "));
        for output in function.outputs {
            let text = if output.is_empty() { call.clone() } else { format!("{call}.{output}") };
            let rule = if function.kind == OutputKind::Condition { text } else { format!("{text} > 0") };
            let strategy = compiled(&source(&[(RuleName::LongEntry, &rule)]));
            strategy.bind(&values()).unwrap_or_else(|error| panic!("{rule}: {error}"));
        }
    }
}

proptest! {
    #[test]
    fn parsing_what_was_printed_gives_the_same_tree(tree in trees()) {
        let text = tree.to_string();
        match parse(&text) {
            Ok(parsed) => prop_assert_eq!(parsed, tree, "{}", text),
            Err(problems) => return Err(TestCaseError::fail(format!("{text}: {problems:?}"))),
        }
    }

    #[test]
    fn no_text_panics(text in any::<String>()) {
        let source = source(&[(RuleName::LongEntry, &text)]);
        let _ = compile(&source, &params());
        let _ = compile_predicate(&text, &params());
        let _ = compile_constraint(&text, &["trades"]);
    }

    #[test]
    fn no_scraps_of_the_language_panic(entry in scraps(), stop in scraps()) {
        let source = with_lets(&[("x", &stop)], &[(RuleName::LongEntry, &entry), (RuleName::StopLoss, &stop)]);
        match compile(&source, &params()) {
            Ok(strategy) => {
                if let Ok(bound) = strategy.bind(&values()) {
                    let _ = bound.signals(&bars(&[1.0, 2.0, 3.0]), &NoCache);
                }
            }
            Err(problems) => {
                for problem in problems {
                    let text = match &problem.place {
                        Place::Rule(RuleName::LongEntry) => &entry,
                        _ => &stop,
                    };
                    prop_assert!(text.get(problem.span.clone()).is_some(), "{}", problem);
                }
            }
        }
    }

    #[test]
    fn bars_to_come_change_nothing(source in strategies(), (left, right, cut) in diverging_bars()) {
        let strategy = compile(&source, &[]).map_err(|problems| TestCaseError::fail(format!("{source:?}: {}", problems[0])))?;
        let Ok(bound) = strategy.bind(&Params::new()) else { return Ok(()) };
        let signals = bound.signals(&left, &NoCache).unwrap();
        same_until(&signals, &bound.signals(&right, &NoCache).unwrap(), cut)?;
        same_until(&signals, &bound.signals(&left.prefix(cut + 1), &NoCache).unwrap(), cut)?;
    }

    #[test]
    fn a_cache_changes_no_result(sources in prop::collection::vec(strategies(), 1..4), budget in prop_oneof![Just(0usize), Just(5_000), Just(usize::MAX)]) {
        let bars = bars(&(0..100).map(|t| f64::from(t % 17) + f64::from(t)).collect::<Vec<_>>());
        let cache = MemoryCache::new(budget);
        for source in sources.iter().chain(&sources).chain(&sources) {
            let Ok(bound) = compile(source, &[]).unwrap().bind(&Params::new()) else { continue };
            let plain = bound.signals(&bars, &NoCache).unwrap();
            let cached = bound.signals(&bars, &cache).unwrap();
            prop_assert_eq!(plain.warmup, cached.warmup);
            same_until(&plain, &cached, bars.len() - 1)?;
            prop_assert!(cache.stats().bytes <= budget);
        }
    }
}
