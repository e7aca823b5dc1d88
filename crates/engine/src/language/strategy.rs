//! A whole strategy: `let`s and rules compiled into one graph.

use std::collections::{BTreeMap, BTreeSet};

use super::diagnostic::{Code, Diagnostic, Place, Problem, did_you_mean};
use super::graph::{Graph, NodeId, Op, Series};
use super::kind::{Interval, Kind};
use super::lower::{Binding, Lowerer, Reads, Scope};
use super::parser::{KEYWORDS, parse};
use super::syntax::{Expr, ExprKind};
use super::{ParamDecl, RuleName, StrategySource};

/// A checked strategy, parameters still symbolic.
#[derive(Debug, Clone)]
pub struct Strategy {
    pub(super) graph: Graph,
    pub(super) rules: Vec<(RuleName, NodeId)>,
    pub(super) params: Vec<ParamDecl>,
    unused_lets: Vec<String>,
    source: StrategySource,
}

/// Compiles a strategy.
///
/// ```
/// use bartune_engine::language::{ParamDecl, ParamKind, RuleName, StrategySource, compile};
///
/// let source = StrategySource {
///     lets: vec![("trend".into(), "sma(close, slow)".into())],
///     rules: vec![(RuleName::LongEntry, "close > trend and not (close[1] > trend[1])".into())],
/// };
/// let slow = ParamDecl { name: "slow".into(), kind: ParamKind::Int { low: 20, high: 300 } };
/// let strategy = compile(&source, &[slow]).expect("it is well formed");
/// assert!(strategy.reads().contains("slow"));
/// ```
///
/// # Errors
/// Every problem of every expression, in the order of the source.
pub fn compile(source: &StrategySource, params: &[ParamDecl]) -> Result<Strategy, Vec<Diagnostic>> {
    let mut compiler = Compiler::new(params);
    compiler.check_names(source);
    let parsed = compiler.parse_lets(source);
    compiler.bind_lets(&parsed);
    let rules = compiler.rules(source);
    if compiler.diagnostics.is_empty() {
        let roots: Vec<NodeId> = rules.iter().map(|(_, id)| *id).collect();
        let (graph, roots) = compiler.graph.compact(&roots);
        let rules = rules.iter().map(|(name, _)| *name).zip(roots).collect();
        let unused_lets = compiler.unused_lets();
        return Ok(Strategy { graph, rules, params: params.to_vec(), unused_lets, source: source.clone() });
    }
    compiler.diagnostics.sort_by_key(|diagnostic| order(source, diagnostic));
    Err(compiler.diagnostics)
}

impl Strategy {
    /// The strategy in one canonical text, for its identity: equal for strategies that mean the same
    /// up to spacing, parentheses, names and order of `let`s.
    #[must_use]
    pub fn canonical(&self) -> String {
        let roots: Vec<(&str, NodeId)> = self.rules.iter().map(|(name, id)| (name.as_str(), *id)).collect();
        self.graph.canonical(&roots)
    }

    /// Names of the parameters that a rule reads. A declared parameter that is missing here changes
    /// nothing.
    #[must_use]
    pub fn reads(&self) -> BTreeSet<String> {
        self.graph.params(self.rules.iter().map(|(_, id)| *id))
    }

    /// What it was compiled from.
    #[must_use]
    pub fn source(&self) -> &StrategySource {
        &self.source
    }

    /// The parameters it was compiled with.
    #[must_use]
    pub fn params(&self) -> &[ParamDecl] {
        &self.params
    }

    /// Names of `let`s that no rule reads, in source order.
    #[must_use]
    pub fn unused_lets(&self) -> &[String] {
        &self.unused_lets
    }
}

/// The place of a diagnostic in the source, for sorting.
fn order(source: &StrategySource, diagnostic: &Diagnostic) -> (u8, usize, usize) {
    let start = diagnostic.span.start;
    let position = |found: Option<usize>| found.unwrap_or(usize::MAX);
    match &diagnostic.place {
        Place::Param(_) => (0, 0, start),
        Place::Let(name) => (1, position(source.lets.iter().position(|(known, _)| known == name)), start),
        Place::Rule(rule) => (2, position(source.rules.iter().position(|(known, _)| known == rule)), start),
        Place::Strategy | Place::Text => (3, 0, start),
    }
}

struct Compiler<'a> {
    scope: Scope<'a>,
    graph: Graph,
    diagnostics: Vec<Diagnostic>,
    /// For each `let` the `let`s it reads; then what the rules read.
    let_reads: BTreeMap<String, BTreeSet<String>>,
    rule_reads: BTreeSet<String>,
    let_order: Vec<String>,
}

impl<'a> Compiler<'a> {
    fn new(params: &'a [ParamDecl]) -> Self {
        Self {
            scope: Scope { params, lets: BTreeMap::new(), reads: Reads::Series },
            graph: Graph::default(),
            diagnostics: Vec::new(),
            let_reads: BTreeMap::new(),
            rule_reads: BTreeSet::new(),
            let_order: Vec::new(),
        }
    }

    fn report(&mut self, place: &Place, problems: Vec<Problem>) {
        self.diagnostics.extend(problems.into_iter().map(|problem| problem.at(place)));
    }

    fn check_names(&mut self, source: &StrategySource) {
        let mut seen = BTreeSet::new();
        let params = self.scope.params.iter().map(|decl| (decl.name.as_str(), Place::Param(decl.name.clone())));
        let lets = source.lets.iter().map(|(name, _)| (name.as_str(), Place::Let(name.clone())));
        let mut problems = Vec::new();
        for (name, place) in params.chain(lets) {
            let message = if let Some(reason) = bad_name(name) {
                reason
            } else if !seen.insert(name.to_owned()) {
                format!("`{name}` is defined twice")
            } else {
                continue;
            };
            problems.push(Problem::new(Code::BadName, &(0..0), message).help("choose another name").at(&place));
        }
        let mut rules = BTreeSet::new();
        for (rule, _) in &source.rules {
            if !rules.insert(*rule) {
                let message = format!("{rule} is given twice");
                problems.push(Problem::new(Code::BadName, &(0..0), message).at(&Place::Rule(*rule)));
            }
        }
        self.diagnostics.extend(problems);
    }

    fn parse_lets(&mut self, source: &StrategySource) -> BTreeMap<String, Expr> {
        let mut parsed = BTreeMap::new();
        for (name, text) in &source.lets {
            self.let_order.push(name.clone());
            self.scope.lets.insert(name.clone(), Binding { node: None, is_call: false });
            match parse(text) {
                Ok(expr) => {
                    parsed.insert(name.clone(), expr);
                }
                Err(problems) => self.report(&Place::Let(name.clone()), problems),
            }
        }
        for (name, expr) in &parsed {
            let mut reads = BTreeSet::new();
            names(expr, &mut reads);
            reads.retain(|read| self.scope.lets.contains_key(read));
            self.let_reads.insert(name.clone(), reads);
        }
        parsed
    }

    /// Lowers each `let` after those it reads; what is left over goes round in circles.
    fn bind_lets(&mut self, parsed: &BTreeMap<String, Expr>) {
        let mut waiting: Vec<&String> = self.let_order.iter().filter(|name| parsed.contains_key(*name)).collect();
        let mut waiting_names: BTreeSet<String> = waiting.iter().map(|name| (*name).clone()).collect();
        let order = loop_order(&mut waiting, &mut waiting_names, &self.let_reads);
        let cycles: Vec<String> = waiting.into_iter().cloned().collect();
        for name in order {
            let expr = &parsed[&name];
            let (node, problems) = self.lower(expr);
            let is_call = matches!(expr.kind, ExprKind::Call { .. });
            self.scope.lets.insert(name.clone(), Binding { node, is_call });
            self.report(&Place::Let(name), problems);
        }
        let mut told: BTreeSet<String> = BTreeSet::new();
        for name in cycles {
            if told.contains(&name) {
                continue;
            }
            if let Some(path) = self.cycle_through(&name) {
                let message = format!("`{name}` needs itself: {}", path.join(" → "));
                told.extend(path);
                let problem = Problem::new(Code::LetCycle, &(0..0), message);
                self.report(
                    &Place::Let(name),
                    vec![problem.help("a `let` cannot read its own value; `streak`, `count` or `bars_since` may do")],
                );
            }
        }
    }

    /// `a → b → a`, the shortest way from a `let` back to itself; `None` if it only reads a cycle.
    fn cycle_through(&self, name: &str) -> Option<Vec<String>> {
        let mut from: BTreeMap<&str, &str> = BTreeMap::new();
        let mut queue = std::collections::VecDeque::from([name]);
        while let Some(current) = queue.pop_front() {
            // A `let` that could not be parsed reads nothing.
            for next in self.let_reads.get(current).into_iter().flatten() {
                if next == name {
                    let mut path = vec![name, current];
                    let mut at = current;
                    while let Some(&previous) = from.get(at) {
                        path.push(previous);
                        at = previous;
                    }
                    if current == name {
                        path.truncate(2);
                    }
                    path.reverse();
                    return Some(path.into_iter().map(str::to_owned).collect());
                }
                if !from.contains_key(next.as_str()) {
                    from.insert(next, current);
                    queue.push_back(next);
                }
            }
        }
        None
    }

    fn lower(&mut self, expr: &Expr) -> (Option<NodeId>, Vec<Problem>) {
        let mut lowerer = Lowerer { graph: &mut self.graph, scope: &self.scope, problems: Vec::new() };
        let node = lowerer.lower(expr);
        (node, lowerer.problems)
    }

    /// The rules in the fixed order of [`RuleName`].
    fn rules(&mut self, source: &StrategySource) -> Vec<(RuleName, NodeId)> {
        let mut rules = Vec::new();
        for (rule, text) in &source.rules {
            let place = Place::Rule(*rule);
            let expr = match parse(text) {
                Ok(expr) => expr,
                Err(problems) => {
                    self.report(&place, problems);
                    continue;
                }
            };
            names(&expr, &mut self.rule_reads);
            let (node, mut problems) = self.lower(&expr);
            if let Some(node) = node {
                problems.extend(wrong_rule(*rule, &self.graph, node, &expr));
                rules.push((*rule, node));
            }
            self.report(&place, problems);
        }
        let enters = source.rules.iter().any(|(rule, _)| matches!(rule, RuleName::LongEntry | RuleName::ShortEntry));
        if !enters {
            let problem = Problem::new(Code::NoEntry, &(0..0), "the strategy never enters");
            self.report(&Place::Strategy, vec![problem.help("give `long_entry`, `short_entry` or both")]);
        }
        rules.sort_by_key(|(rule, _)| *rule);
        rules
    }

    fn unused_lets(&self) -> Vec<String> {
        let mut used: BTreeSet<&str> = BTreeSet::new();
        let mut stack: Vec<&str> = self.rule_reads.iter().map(String::as_str).collect();
        while let Some(name) = stack.pop() {
            if let Some(reads) = self.let_reads.get(name)
                && used.insert(name)
            {
                stack.extend(reads.iter().map(String::as_str));
            }
        }
        self.let_order.iter().filter(|name| !used.contains(name.as_str())).cloned().collect()
    }
}

/// Takes from `waiting` whatever reads nothing that still waits, until nothing moves.
fn loop_order(
    waiting: &mut Vec<&String>,
    waiting_names: &mut BTreeSet<String>,
    reads: &BTreeMap<String, BTreeSet<String>>,
) -> Vec<String> {
    let mut order = Vec::new();
    loop {
        let before = waiting.len();
        waiting.retain(|name| {
            let ready = reads.get(*name).is_none_or(|reads| reads.is_disjoint(waiting_names));
            if ready {
                waiting_names.remove(*name);
                order.push((*name).clone());
            }
            !ready
        });
        if waiting.len() == before {
            return order;
        }
    }
}

/// Why a name cannot be used, if it cannot.
pub(super) fn bad_name(name: &str) -> Option<String> {
    let mut characters = name.chars();
    let starts_well = characters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    if !starts_well || !characters.all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Some(format!("`{name}` is not a name: use letters, digits and `_`, not starting with a digit"));
    }
    if KEYWORDS.contains(&name) {
        return Some(format!("`{name}` is a word of the language"));
    }
    Series::find(name).map(|_| format!("`{name}` is the name of a series"))
}

/// Every name that `expr` reads.
fn names(expr: &Expr, into: &mut BTreeSet<String>) {
    match &expr.kind {
        ExprKind::Name(name) => {
            into.insert(name.clone());
        }
        ExprKind::Number { .. } | ExprKind::Text(_) | ExprKind::Bool(_) | ExprKind::Undefined => {}
        ExprKind::Negate(value) | ExprKind::Not(value) | ExprKind::Output { target: value, .. } => names(value, into),
        ExprKind::Arithmetic { first, rest } => {
            names(first, into);
            rest.iter().for_each(|(_, value)| names(value, into));
        }
        ExprKind::Compare { first, rest } => {
            names(first, into);
            rest.iter().for_each(|(_, value)| names(value, into));
        }
        ExprKind::Logic { operands, .. } => operands.iter().for_each(|value| names(value, into)),
        ExprKind::Choose { then, condition, otherwise } => {
            [then, condition, otherwise].into_iter().for_each(|value| names(value, into));
        }
        ExprKind::Lag { target, lag } => [target, lag].into_iter().for_each(|value| names(value, into)),
        ExprKind::Call { arguments, .. } => arguments.iter().for_each(|argument| names(&argument.value, into)),
    }
}

/// The problem of a rule whose expression is not of the rule's kind.
fn wrong_rule(rule: RuleName, graph: &Graph, node: NodeId, expr: &Expr) -> Option<Problem> {
    let kind = graph.kind(node);
    let problem = |message: String| Some(Problem::new(Code::RuleKind, &expr.span, message));
    match rule {
        RuleName::LongEntry | RuleName::LongExit | RuleName::ShortEntry | RuleName::ShortExit => {
            if kind.is_condition() {
                return None;
            }
            let help = super::lower::condition_help(kind);
            problem(format!("{rule} needs a condition; this is {}", kind.words())).map(|p| p.maybe_help(help))
        }
        RuleName::StopLoss | RuleName::TakeProfit | RuleName::TrailingStop => {
            if kind.is_number() {
                return None;
            }
            problem(format!("{rule} needs a price distance; this is {}", kind.words()))
                .map(|p| p.help("as in `2 * atr(14)` or `0.02 * close`"))
        }
        RuleName::MaxBars | RuleName::Cooldown => match kind {
            Kind::Scalar(interval) => {
                wrong_count(rule, *interval, graph.node(node).op == Op::Number(super::graph::Bits::new(f64::NAN)), expr)
            }
            other => problem(format!("{rule} needs a whole number of bars; this is {}", other.words())),
        },
    }
}

fn wrong_count(rule: RuleName, interval: Interval, is_undefined: bool, expr: &Expr) -> Option<Problem> {
    let least = if rule == RuleName::MaxBars { 1.0 } else { 0.0 };
    let may_be_undefined = interval == Interval::ANY;
    if is_undefined
        || may_be_undefined
        || (interval.whole && interval.high >= least && interval.low <= super::lower::MAX_BARS)
    {
        return None;
    }
    let message = format!("{rule} needs a whole number of bars, at least {least}");
    let help =
        if interval.whole { "write another value" } else { "declare the parameter as `int`, or use `round(…)`" };
    Some(Problem::new(Code::RuleKind, &expr.span, message).help(help))
}

/// `did you mean` over rule names, for whoever reads rules from a file.
#[must_use]
pub fn suggest_rule(name: &str) -> Option<String> {
    did_you_mean(name, RuleName::ALL.iter().map(|rule| rule.as_str()))
}
