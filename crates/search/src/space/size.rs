//! The exact number of points of a finite space, and the enumeration behind it.
//!
//! Components multiply, so that only parameters which a predicate connects are enumerated; among
//! those, a parameter that no predicate reads is counted, not walked through. A relation is asked as
//! soon as the last parameter that it reads is decided, which cuts whole branches.

use std::ops::ControlFlow;

use super::structure::Component;
use super::{Assignment, Distribution, Space};

/// How many values an enumeration assigns before it gives up.
const NODE_LIMIT: u64 = 1_000_000;

/// How many points a space has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SpaceSize {
    /// Exactly so many: conditions and relations are accounted for.
    Exact(u128),
    /// Finite, and not more than this; too large to enumerate its relations.
    AtMost(u128),
    /// A continuous parameter can be active.
    Infinite,
}

/// The points of one component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Points {
    Exact(u128),
    TooMany,
    Infinite,
}

impl Space {
    /// How many points the space has. Costs at most a million evaluations a component.
    #[must_use]
    pub fn size(&self) -> SpaceSize {
        let mut size = SpaceSize::Exact(1);
        for component in self.structure().components() {
            size = match (size, self.points(component)) {
                (_, Points::Exact(0)) => return SpaceSize::Exact(0),
                (SpaceSize::Infinite, _) | (_, Points::Infinite) => SpaceSize::Infinite,
                (SpaceSize::Exact(a), Points::Exact(b)) => match a.checked_mul(b) {
                    Some(product) => SpaceSize::Exact(product),
                    None => SpaceSize::AtMost(u128::MAX),
                },
                (SpaceSize::AtMost(a), Points::Exact(b)) => SpaceSize::AtMost(a.saturating_mul(b)),
                (SpaceSize::Exact(a) | SpaceSize::AtMost(a), Points::TooMany) => {
                    SpaceSize::AtMost(a.saturating_mul(self.bound(component)))
                }
            };
        }
        size
    }

    /// The exact number of a component's points, where it can be had.
    pub(super) fn points(&self, component: &Component) -> Points {
        let mut total = 0_u128;
        let mut infinite = false;
        let walked = self.walk(component, &mut Assignment::new(), |leaf| {
            infinite |= leaf.is_infinite;
            total = total.saturating_add(leaf.points);
            ControlFlow::Continue(())
        });
        match walked {
            Walked::All if infinite => Points::Infinite,
            Walked::All => Points::Exact(total),
            Walked::TooMany if infinite => Points::Infinite,
            Walked::TooMany => Points::TooMany,
            Walked::Continuous => Points::Infinite,
        }
    }

    /// Walk through every combination of the parameters that predicates read, showing each one that
    /// satisfies the relations. `decided` holds no parameter of the component, before and after.
    pub(super) fn walk(
        &self,
        component: &Component,
        decided: &mut Assignment,
        visit: impl FnMut(&Leaf<'_>) -> ControlFlow<()>,
    ) -> Walked {
        self.walk_from(component, Vec::new(), decided, visit)
    }

    /// As [`walk`](Self::walk), from the combination with this path on; it must be a leaf's path.
    pub(super) fn walk_from(
        &self,
        component: &Component,
        start: Vec<u64>,
        decided: &mut Assignment,
        visit: impl FnMut(&Leaf<'_>) -> ControlFlow<()>,
    ) -> Walked {
        let due = self.due(component);
        let mut walk = Walk { space: self, component, due, free: Vec::new(), path: Vec::new(), start, nodes: 0, visit };
        match walk.descend(0, decided) {
            ControlFlow::Continue(()) | ControlFlow::Break(Stop::Visitor) => Walked::All,
            ControlFlow::Break(Stop::TooMany) => Walked::TooMany,
            ControlFlow::Break(Stop::Continuous) => Walked::Continuous,
        }
    }

    /// For each number of decided parameters, the relations that can be asked from then on.
    fn due(&self, component: &Component) -> Vec<Vec<usize>> {
        let mut due = vec![Vec::new(); component.params.len() + 1];
        for &require in &component.require {
            let reads = self.structure().require_reads(require);
            let last = component.params.iter().rposition(|param| reads.contains(param));
            due[last.map_or(0, |last| last + 1)].push(require);
        }
        due
    }

    /// The product of the parameters' counts, an inactive one counting as one more value.
    fn bound(&self, component: &Component) -> u128 {
        component.params.iter().fold(1_u128, |bound, &index| {
            let param = self.param(index).1;
            let values = param.distribution.cardinality().map_or(u128::MAX, u128::from);
            bound.saturating_mul(values.saturating_add(u128::from(param.when.is_some())))
        })
    }
}

/// A combination of the parameters that predicates read.
pub(super) struct Leaf<'a> {
    /// What is decided.
    pub(super) decided: &'a Assignment,
    /// Active parameters that nothing reads: any of their values completes the point.
    pub(super) free: &'a [usize],
    /// Positions of the values of the active parameters that predicates read, in the order of
    /// evaluation. Combinations come in lexicographic order of their paths.
    pub(super) path: &'a [u64],
    /// How many points it stands for; a continuous free parameter counts as one value.
    pub(super) points: u128,
    /// Whether a free parameter is continuous.
    is_infinite: bool,
}

/// How a walk ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Walked {
    /// Every point was seen, or the visitor had enough.
    All,
    /// The limit of nodes was reached.
    TooMany,
    /// A predicate reads a continuous parameter.
    Continuous,
}

enum Stop {
    Visitor,
    TooMany,
    Continuous,
}

struct Walk<'a, Visit> {
    space: &'a Space,
    component: &'a Component,
    due: Vec<Vec<usize>>,
    free: Vec<usize>,
    path: Vec<u64>,
    /// The path to go down first; empty once its end has been seen.
    start: Vec<u64>,
    nodes: u64,
    visit: Visit,
}

impl<Visit: FnMut(&Leaf<'_>) -> ControlFlow<()>> Walk<'_, Visit> {
    fn descend(&mut self, depth: usize, decided: &mut Assignment) -> ControlFlow<Stop> {
        let space = self.space;
        if !self.due[depth].iter().all(|&require| (space.require[require].holds)(decided)) {
            return ControlFlow::Continue(());
        }
        let Some(&index) = self.component.params.get(depth) else {
            return self.leaf(decided);
        };
        if !space.is_active(index, decided) {
            return self.descend(depth + 1, decided);
        }
        if !space.structure().is_read(index) {
            self.free.push(index);
            let flow = self.descend(depth + 1, decided);
            self.free.pop();
            return flow;
        }
        self.branch(depth, index, decided)
    }

    fn branch(&mut self, depth: usize, index: usize, decided: &mut Assignment) -> ControlFlow<Stop> {
        let (name, param) = self.space.param(index);
        let Some(count) = param.distribution.cardinality() else {
            return ControlFlow::Break(Stop::Continuous);
        };
        let first = self.start.get(self.path.len()).copied().unwrap_or(0);
        for position in first..count {
            if position > first {
                self.start.clear();
            }
            self.nodes += 1;
            if self.nodes > NODE_LIMIT {
                decided.remove(name);
                return ControlFlow::Break(Stop::TooMany);
            }
            if let Some(value) = param.distribution.nth(position) {
                match decided.get_mut(name) {
                    Some(slot) => *slot = value,
                    None => drop(decided.insert(name.to_owned(), value)),
                }
            }
            self.path.push(position);
            let flow = self.descend(depth + 1, decided);
            self.path.pop();
            if flow.is_break() {
                decided.remove(name);
                return flow;
            }
        }
        self.start.clear();
        decided.remove(name);
        ControlFlow::Continue(())
    }

    fn leaf(&mut self, decided: &Assignment) -> ControlFlow<Stop> {
        let counts = self.free.iter().map(|&index| {
            let distribution: &Distribution = &self.space.param(index).1.distribution;
            distribution.cardinality()
        });
        let leaf = Leaf {
            decided,
            free: &self.free,
            path: &self.path,
            points: counts.clone().fold(1, |points: u128, count| points.saturating_mul(u128::from(count.unwrap_or(1)))),
            is_infinite: counts.into_iter().any(|count| count.is_none()),
        };
        match (self.visit)(&leaf) {
            ControlFlow::Continue(()) => ControlFlow::Continue(()),
            ControlFlow::Break(()) => ControlFlow::Break(Stop::Visitor),
        }
    }
}
