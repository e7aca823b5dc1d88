//! Yes/no questions about parameters: `when = "filter"`, `require = ["fast < slow"]`.

use super::ParamDecl;
use super::diagnostic::{Code, Diagnostic, Place, Problem};
use super::graph::{Graph, NodeId};
use super::kind::Kind;
use super::lower::{Lowerer, Reads, Scope, condition_help};
use super::parser::parse;
use super::scalar::evaluate;
use crate::Params;

/// What a question answers when it hangs on a parameter that is inactive in the trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inactive {
    /// Yes: right for `require`, where a relation with an absent parameter relates nothing.
    Holds,
    /// No: right for `when`, where what hangs on an inactive parameter is inactive too.
    Fails,
}

/// A yes/no question about a trial's parameters.
#[derive(Debug, Clone)]
pub struct Predicate {
    text: String,
    reads: Vec<String>,
    graph: Graph,
    root: NodeId,
}

/// Compiles a question about parameters.
///
/// ```
/// use bartune_engine::language::{ParamDecl, ParamKind, compile_predicate};
/// use bartune_engine::{Params, Value};
///
/// let whole = |name: &str| ParamDecl { name: name.into(), kind: ParamKind::Int { low: 1, high: 99 } };
/// let predicate = compile_predicate("fast < slow", &[whole("fast"), whole("slow")]).expect("well formed");
/// let params: Params = [("fast".into(), Value::Int(5)), ("slow".into(), Value::Int(20))].into();
/// assert!(predicate.holds(&params));
/// ```
///
/// # Errors
/// Every problem of the text.
pub fn compile_predicate(text: &str, params: &[ParamDecl]) -> Result<Predicate, Vec<Diagnostic>> {
    let (graph, root) = compile_scalar(text, params, "parameter")?;
    if *graph.kind(root) != Kind::Switch {
        let kind = graph.kind(root);
        let message = format!("this must be true or false for some parameters; it is {}", kind.words());
        let problem = Problem::new(Code::WrongKind, &(0..text.len()), message).maybe_help(condition_help(kind));
        return Err(vec![problem.at(&Place::Text)]);
    }
    let reads = graph.params([root]).into_iter().collect();
    Ok(Predicate { text: text.to_owned(), reads, graph, root })
}

/// Parses and checks an expression of scalars alone.
pub(super) fn compile_scalar(
    text: &str,
    params: &[ParamDecl],
    what: &'static str,
) -> Result<(Graph, NodeId), Vec<Diagnostic>> {
    let at_text = |problems: Vec<Problem>| problems.into_iter().map(|problem| problem.at(&Place::Text)).collect();
    let expr = parse(text).map_err(at_text)?;
    let scope = Scope { params, lets: std::collections::BTreeMap::new(), reads: Reads::Scalars(what) };
    let mut graph = Graph::default();
    let mut lowerer = Lowerer { graph: &mut graph, scope: &scope, problems: Vec::new() };
    let root = lowerer.lower(&expr);
    let problems = lowerer.problems;
    match root {
        Some(root) if problems.is_empty() => {
            let (graph, roots) = graph.compact(&[root]);
            Ok((graph, roots[0]))
        }
        _ => Err(at_text(problems)),
    }
}

impl Predicate {
    /// The text as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Names of the parameters it reads, sorted.
    #[must_use]
    pub fn reads(&self) -> &[String] {
        &self.reads
    }

    /// Whether it holds, as a `require`: yes if the answer hangs on an inactive parameter.
    #[must_use]
    pub fn holds(&self, params: &Params) -> bool {
        self.holds_or(params, Inactive::Holds)
    }

    /// Whether it holds; `inactive` is the answer if that hangs on a parameter that is absent.
    ///
    /// `and` and `or` need not know both sides: `filter and rsi_max > 60` is false without `filter`,
    /// whether or not `rsi_max` is there.
    #[must_use]
    pub fn holds_or(&self, params: &Params, inactive: Inactive) -> bool {
        evaluate(&self.graph, self.root, params).and_then(|value| value.switch()).unwrap_or(inactive == Inactive::Holds)
    }
}
