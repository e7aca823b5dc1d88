//! The order of evaluation, and which parameters depend on which.
//!
//! Two parameters belong to one *component* when a chain of predicates connects them. Components are
//! independent of each other: a draw in one can be repeated alone, and sizes multiply.

use indexmap::IndexMap;

use super::{Param, Predicate, SpaceError};

/// Parameters that predicates connect.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Component {
    /// Positions of its parameters, in the order of evaluation.
    pub(crate) params: Vec<usize>,
    /// Positions of its relations.
    pub(crate) require: Vec<usize>,
}

/// What a space's predicates say about its parameters.
#[derive(Debug, Clone, Default)]
pub(crate) struct Structure {
    order: Vec<usize>,
    /// For each parameter the positions that its condition reads.
    when_reads: Vec<Vec<usize>>,
    /// For each relation the positions that it reads.
    require_reads: Vec<Vec<usize>>,
    components: Vec<Component>,
}

impl Structure {
    pub(crate) fn try_new(params: &IndexMap<String, Param>, require: &[Predicate]) -> Result<Self, SpaceError> {
        let when_reads = params
            .values()
            .map(|param| param.when.as_ref().map_or(Ok(Vec::new()), |when| reads(params, when)))
            .collect::<Result<Vec<_>, _>>()?;
        let require_reads = require.iter().map(|predicate| reads(params, predicate)).collect::<Result<Vec<_>, _>>()?;
        let order = evaluation_order(params, &when_reads)?;
        let components = components(&order, &when_reads, &require_reads);
        Ok(Self { order, when_reads, require_reads, components })
    }

    /// Positions, each after all that its condition reads.
    pub(crate) fn order(&self) -> &[usize] {
        &self.order
    }

    /// The positions that a parameter's condition reads.
    pub(crate) fn when_reads(&self, param: usize) -> &[usize] {
        &self.when_reads[param]
    }

    /// The positions that a relation reads.
    pub(crate) fn require_reads(&self, require: usize) -> &[usize] {
        &self.require_reads[require]
    }

    /// All components; relations that read nothing come in a component without parameters.
    pub(crate) fn components(&self) -> &[Component] {
        &self.components
    }

    /// Whether any predicate reads the parameter.
    pub(crate) fn is_read(&self, param: usize) -> bool {
        let all = self.when_reads.iter().chain(&self.require_reads);
        all.flatten().any(|&read| read == param)
    }
}

/// Positions that a predicate reads, sorted, each once.
fn reads(params: &IndexMap<String, Param>, predicate: &Predicate) -> Result<Vec<usize>, SpaceError> {
    let mut positions = Vec::with_capacity(predicate.reads.len());
    for name in &predicate.reads {
        let position = params.get_index_of(name).ok_or_else(|| SpaceError::UnknownParam {
            predicate: predicate.text.clone(),
            name: name.clone(),
            known: params.keys().cloned().collect(),
        })?;
        positions.push(position);
    }
    positions.sort_unstable();
    positions.dedup();
    Ok(positions)
}

/// Kahn's algorithm; of the parameters that are ready, the first declared comes first.
fn evaluation_order(params: &IndexMap<String, Param>, when_reads: &[Vec<usize>]) -> Result<Vec<usize>, SpaceError> {
    let mut order = Vec::with_capacity(params.len());
    let mut placed = vec![false; params.len()];
    while order.len() < params.len() {
        let ready =
            (0..params.len()).find(|&index| !placed[index] && when_reads[index].iter().all(|&read| placed[read]));
        let Some(index) = ready else {
            let waiting = params.keys().zip(&placed).filter(|(_, placed)| !**placed);
            return Err(SpaceError::Cycle { names: waiting.map(|(name, _)| name.clone()).collect() });
        };
        placed[index] = true;
        order.push(index);
    }
    Ok(order)
}

/// Connected components, in the order in which their first parameter is evaluated.
fn components(order: &[usize], when_reads: &[Vec<usize>], require_reads: &[Vec<usize>]) -> Vec<Component> {
    // `label[p]` is the smallest position known to be connected to `p`.
    let mut label: Vec<usize> = (0..order.len()).collect();
    for (param, reads) in when_reads.iter().enumerate() {
        for &read in reads {
            join(&mut label, param, read);
        }
    }
    for pair in require_reads.iter().flat_map(|reads| reads.windows(2)) {
        join(&mut label, pair[0], pair[1]);
    }
    let mut by_label: IndexMap<Option<usize>, Component> = IndexMap::new();
    for &param in order {
        by_label.entry(Some(label[param])).or_default().params.push(param);
    }
    for (require, reads) in require_reads.iter().enumerate() {
        let home = reads.first().map(|&read| label[read]);
        by_label.entry(home).or_default().require.push(require);
    }
    by_label.into_values().collect()
}

fn join(label: &mut [usize], left: usize, right: usize) {
    let (left, right) = (label[left], label[right]);
    let (keep, drop) = (left.min(right), left.max(right));
    for entry in label.iter_mut().filter(|entry| **entry == drop) {
        *entry = keep;
    }
}
