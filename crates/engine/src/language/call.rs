//! Calls: which function, which of its arguments is which, and whether each fits for every value that
//! the parameters can take.

use super::diagnostic::{Code, Problem, Span, did_you_mean};
use super::graph::{NodeId, Op};
use super::kind::{Interval, Kind};
use super::lower::{Lowerer, MAX_BARS, Reads, condition_help};
use super::syntax::{Argument, Expr, Word};
use crate::bars::parse_timeframe;
use crate::function::{self, Arg, ArgKind, Function, Input, OutputKind};

/// Functions that other tools call differently.
const FOREIGN_FUNCTIONS: [(&str, &str); 6] = [
    ("crossover", "cross_above"),
    ("crossunder", "cross_below"),
    ("cross_over", "cross_above"),
    ("cross_under", "cross_below"),
    ("ref", "close[1]"),
    ("shift", "close[1]"),
];

/// How a function is called, as in `rsi(series, period=14)`.
pub(super) fn signature_of(name: &str) -> String {
    match (name, function::find(name)) {
        ("on", _) => "on('1h', expression)".to_owned(),
        (_, None) => format!("{name}(…)"),
        (_, Some(function)) => signature(function),
    }
}

fn signature(function: &Function) -> String {
    let series = function.inputs.iter().filter_map(|input| match input {
        Input::Series => Some("series".to_owned()),
        Input::Condition => Some("condition".to_owned()),
        Input::Column(_) => None,
    });
    let args = function.args.iter().map(|arg| match arg.default {
        Some(default) => format!("{}={default}", arg.name),
        None => arg.name.to_owned(),
    });
    format!("{}({})", function.name, series.chain(args).collect::<Vec<_>>().join(", "))
}

/// A call's arguments sorted into the function's positions, each lowered where it could be.
struct Sorted<'e> {
    series: Vec<(&'e Expr, Option<NodeId>)>,
    args: Vec<Option<(&'e Expr, Option<NodeId>)>>,
}

impl Lowerer<'_> {
    pub(super) fn call(&mut self, name: &Word, arguments: &[Argument], span: &Span) -> Option<NodeId> {
        if name.text == "on" {
            return self.on(arguments, span);
        }
        let Some(function) = function::find(&name.text) else {
            for argument in arguments {
                self.lower(&argument.value);
            }
            let problem = self.unknown_function(name);
            return self.report(problem);
        };
        let sorted = self.sort(function, arguments, span)?;
        if let Some(scalar) = self.scalar_call(function, &sorted) {
            return scalar;
        }
        if let Reads::Scalars(_) = self.scope.reads {
            let message = format!("`{}` reads bars; here only single numbers can be used", function.name);
            return self.report(Problem::new(Code::SeriesNotAllowed, &name.span, message));
        }
        let series = self.series_inputs(function, &sorted, span);
        let args = self.arguments(function, &sorted);
        let (mut inputs, args) = (series?, args?);
        inputs.extend(args);
        let kind = match function.kind {
            OutputKind::Number => Kind::Number,
            OutputKind::Condition => Kind::Condition,
        };
        Some(self.graph.add(Op::Call { function: function.name, output: 0 }, inputs, kind))
    }

    fn unknown_function(&self, name: &Word) -> Problem {
        let problem = Problem::new(Code::UnknownFunction, &name.span, format!("no function is called `{}`", name.text));
        if let Some((_, own)) = FOREIGN_FUNCTIONS.iter().find(|(foreign, _)| name.text == *foreign) {
            return problem.help(format!("it is written `{own}` here"));
        }
        let is_name = self.scope.lets.contains_key(&name.text)
            || self.scope.params.iter().any(|decl| decl.name == name.text)
            || super::graph::Series::find(&name.text).is_some();
        if is_name {
            return problem.help(format!(
                "`{0}` is a value; write `{0}` without parentheses, or `{0}[1]` for one bar ago",
                name.text
            ));
        }
        problem.maybe_help(did_you_mean(&name.text, function::names().chain(["on"])))
    }

    /// Sorts positional and keyword arguments into places, and lowers every one.
    fn sort<'e>(&mut self, function: &Function, arguments: &'e [Argument], span: &Span) -> Option<Sorted<'e>> {
        let explicit = function.inputs.iter().filter(|input| !matches!(input, Input::Column(_))).count();
        let mut sorted = Sorted { series: Vec::new(), args: vec![None; function.args.len()] };
        let mut sound = true;
        let mut position = 0;
        for argument in arguments {
            let lowered = self.lower(&argument.value);
            let slot = match &argument.keyword {
                Some(keyword) => function.args.iter().position(|arg| arg.name == keyword.text),
                None => {
                    position += 1;
                    if position <= explicit {
                        sorted.series.push((&argument.value, lowered));
                        continue;
                    }
                    Some(position - 1 - explicit)
                }
            };
            match slot.and_then(|slot| sorted.args.get_mut(slot)) {
                Some(place @ None) => *place = Some((&argument.value, lowered)),
                taken => {
                    let known = taken.is_some();
                    let problem = misplaced(function, argument, known);
                    self.report(problem);
                    sound = false;
                }
            }
        }
        if sorted.series.len() < explicit || !is_complete(function, &sorted) {
            sound = false;
            self.too_few(function, &sorted, span);
        }
        sound.then_some(sorted)
    }

    fn too_few(&mut self, function: &Function, sorted: &Sorted<'_>, span: &Span) {
        let message = match function
            .args
            .iter()
            .zip(&sorted.args)
            .find(|(arg, given)| arg.default.is_none() && given.is_none())
        {
            Some((arg, _)) => format!("`{}` needs its argument `{}`", function.name, arg.name),
            None => format!("`{}` needs more arguments", function.name),
        };
        self.report(
            Problem::new(Code::ArgumentCount, span, message).help(format!("it is called as {}", signature(function))),
        );
    }

    /// A pointwise function of scalars is a scalar. `None` when this is no such call.
    fn scalar_call(&mut self, function: &'static Function, sorted: &Sorted<'_>) -> Option<Option<NodeId>> {
        if !is_pointwise(function) {
            return None;
        }
        let mut intervals = Vec::new();
        let mut inputs = Vec::new();
        for (_, lowered) in &sorted.series {
            let Some(id) = lowered else { return Some(None) };
            let Kind::Scalar(interval) = self.kind(*id) else {
                return None;
            };
            intervals.push(*interval);
            inputs.push(*id);
        }
        let kind = Kind::Scalar(Interval::of_function(function.name, &intervals));
        Some(Some(self.graph.add(Op::Scalar(function.name), inputs, kind)))
    }

    /// The nodes of all inputs, the bars' columns included, in the order of the function.
    fn series_inputs(&mut self, function: &Function, sorted: &Sorted<'_>, span: &Span) -> Option<Vec<NodeId>> {
        let mut given = sorted.series.iter();
        let mut inputs = Vec::new();
        let mut sound = true;
        for input in function.inputs {
            let id = match input {
                Input::Column(column) => Some(self.column(*column)),
                Input::Series | Input::Condition => {
                    let (expr, lowered) = given.next()?;
                    lowered.filter(|&id| self.fits(*input, function, id, &expr.span))
                }
            };
            sound &= id.is_some();
            inputs.extend(id);
        }
        let lowered = sorted.series.iter().filter_map(|(_, id)| *id);
        let only_scalars = !sorted.series.is_empty() && lowered.clone().all(|id| !self.kind(id).is_series());
        if sound && only_scalars {
            let message = format!("`{}` needs a series to work on; this is a single value", function.name);
            let first = sorted.series.first().map_or(span.clone(), |(expr, _)| expr.span.clone());
            self.report(
                Problem::new(Code::WrongKind, &first, message).help(format!("it is called as {}", signature(function))),
            );
        }
        (sound && !only_scalars).then_some(inputs)
    }

    fn fits(&mut self, input: Input, function: &Function, id: NodeId, span: &Span) -> bool {
        let kind = self.kind(id).clone();
        let (fits, wanted) = match input {
            Input::Condition => (kind.is_condition(), "a condition"),
            _ => (kind.is_number(), "a number series"),
        };
        if !fits {
            let message = format!("`{}` needs {wanted} here; this is {}", function.name, kind.words());
            let help = match input {
                Input::Condition => condition_help(&kind),
                _ if kind.is_condition() => Some("`count(condition, period)` makes numbers of a condition".to_owned()),
                _ => None,
            };
            self.report(Problem::new(Code::WrongKind, span, message).maybe_help(help));
        }
        fits
    }

    fn arguments(&mut self, function: &Function, sorted: &Sorted<'_>) -> Option<Vec<NodeId>> {
        let mut ids = Vec::new();
        let mut sound = true;
        for (arg, given) in function.args.iter().zip(&sorted.args) {
            let id = match given {
                Some((expr, lowered)) => lowered.filter(|&id| self.argument_fits(function, arg, id, &expr.span)),
                None => arg.default.map(|value| self.number(value)),
            };
            sound &= id.is_some();
            ids.extend(id);
        }
        sound.then_some(ids)
    }

    fn argument_fits(&mut self, function: &Function, arg: &Arg, id: NodeId, span: &Span) -> bool {
        let what = format!("`{}` of `{}`", arg.name, function.name);
        let problem = match self.kind(id) {
            Kind::Scalar(interval) => match (arg.kind, interval.whole) {
                (ArgKind::Period { .. }, false) => {
                    let message = format!("{what} is a number of bars and must be whole");
                    let help = "declare the parameter as `int`, or use `round(…)`, `floor(…)`, `ceil(…)`";
                    Some(Problem::new(Code::NotWhole, span, message).help(help))
                }
                _ => out_of_range(&what, arg, *interval, self.is_plain(id))
                    .map(|(message, help)| Problem::new(Code::ArgumentRange, span, message).help(help)),
            },
            other => {
                let message = format!("{what} must be a single number; this is {}", other.words());
                Some(
                    Problem::new(Code::WrongKind, span, message)
                        .help(format!("it is called as {}", signature(function))),
                )
            }
        };
        let fits = problem.is_none();
        self.problems.extend(problem);
        fits
    }

    /// `on("1h", expression)`.
    fn on(&mut self, arguments: &[Argument], span: &Span) -> Option<NodeId> {
        let [frame, body] = arguments else {
            let problem = Problem::new(Code::ArgumentCount, span, "`on` needs a timeframe and an expression");
            return self.report(problem.help("it is called as on('1h', expression)"));
        };
        if let Some(keyword) = frame.keyword.as_ref().or(body.keyword.as_ref()) {
            let problem = Problem::new(Code::KeywordArgument, &keyword.span, "`on` takes no keywords");
            return self.report(problem);
        }
        let (frame_id, body_id) = (self.lower(&frame.value), self.lower(&body.value));
        let frame_id = frame_id?;
        self.check_timeframe(frame_id, &frame.value.span)?;
        let body_id = body_id?;
        let kind = self.kind(body_id).clone();
        if !kind.is_series() {
            return Some(body_id);
        }
        match self.graph.on_frame(body_id, frame_id) {
            Some(moved) => Some(self.graph.add(Op::Align, vec![moved, frame_id], kind)),
            None => {
                let message = "`on` inside `on` is not supported";
                self.report(
                    Problem::new(Code::NestedTimeframe, span, message)
                        .help("use one `on` for each timeframe, side by side"),
                )
            }
        }
    }

    fn check_timeframe(&mut self, frame: NodeId, span: &Span) -> Option<()> {
        let Kind::Text(texts) = self.kind(frame).clone() else {
            let message = format!("a timeframe is a text such as '1h'; this is {}", self.kind(frame).words());
            self.report(Problem::new(Code::BadTimeframe, span, message));
            return None;
        };
        for text in &*texts {
            if let Err(error) = parse_timeframe(text) {
                self.report(Problem::new(Code::BadTimeframe, span, error.to_string()));
                return None;
            }
        }
        Some(())
    }
}

fn is_complete(function: &Function, sorted: &Sorted<'_>) -> bool {
    function.args.iter().zip(&sorted.args).all(|(arg, given)| given.is_some() || arg.default.is_some())
}

/// Whether every value of the function needs its bar alone, so that it makes sense for scalars too.
pub(super) fn is_pointwise(function: &Function) -> bool {
    function.args.is_empty() && function::scalar(function.name, &vec![1.0; function.inputs.len()]).is_some()
}

/// An argument without a place: unknown keyword, a place taken, or one too many.
fn misplaced(function: &Function, argument: &Argument, place_taken: bool) -> Problem {
    let called = format!("it is called as {}", signature(function));
    let Some(keyword) = &argument.keyword else {
        let message = if place_taken {
            format!("an argument of `{}` is given twice", function.name)
        } else {
            format!("`{}` has no place for this argument", function.name)
        };
        return Problem::new(Code::ArgumentCount, &argument.value.span, message).help(called);
    };
    let message = if place_taken {
        format!("`{}` is given twice", keyword.text)
    } else {
        format!("`{}` has no argument called `{}`", function.name, keyword.text)
    };
    let near = did_you_mean(&keyword.text, function.args.iter().map(|arg| arg.name));
    let help = near.filter(|_| !place_taken).unwrap_or(called);
    Problem::new(Code::KeywordArgument, &keyword.span, message).help(help)
}

/// The bounds of an argument, in the language's limits.
pub(super) fn bounds(arg: &Arg) -> (f64, f64) {
    #[expect(clippy::cast_precision_loss, reason = "smallest periods are small")]
    match arg.kind {
        ArgKind::Period { min } => (min as f64, MAX_BARS),
        ArgKind::Real { min, max } => (min, max),
    }
}

/// Message and remedy for an argument that is, or may become, too small or too large. Bounds of a
/// compound expression may be wider than what it reaches, so it is refused here only if no value fits;
/// a value that does not is refused when parameters are put in.
fn out_of_range(what: &str, arg: &Arg, interval: Interval, is_exact: bool) -> Option<(String, String)> {
    let (min, max) = bounds(arg);
    let never = interval.high < min || interval.low > max;
    let sometimes = interval.low < min || interval.high > max;
    let is_refused = never || (sometimes && is_exact);
    if !is_refused {
        return None;
    }
    let allowed = match (arg.kind, interval.low < min) {
        (ArgKind::Period { .. }, true) => format!("at least {min}"),
        (ArgKind::Period { .. }, false) => format!("at most {max}"),
        (ArgKind::Real { .. }, _) => format!("between {min} and {max}"),
    };
    let (actual, help) = if interval.low.total_cmp(&interval.high).is_eq() {
        (format!("it is {}", interval.low), "write another value")
    } else {
        (format!("it ranges from {} to {}", interval.low, interval.high), "narrow the parameter's range")
    };
    Some((format!("{what} must be {allowed}; {actual}"), help.to_owned()))
}
