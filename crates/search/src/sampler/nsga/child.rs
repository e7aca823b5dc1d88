//! A proposal: parents, crossover, mutation, and what the space demands of the result.

use super::super::axis::Axis;
use super::crossover::Settings;
use super::{Mutation, NsgaOptions};
use crate::pareto::{Points, dominates};
use crate::sampler::Request;
use crate::space::Assignment;
use crate::stream::RandomStream;

/// How many children are made until one is inside the space.
const TRIES: usize = 100;

/// What a child gets for each parameter: a coordinate, or nothing.
type Genes = Vec<Option<f64>>;

/// Makes the children of one proposal.
pub(super) struct Nursery<'a> {
    options: &'a NsgaOptions,
    request: &'a Request<'a>,
    axes: Vec<Axis>,
    parents: &'a [usize],
}

impl<'a> Nursery<'a> {
    pub(super) fn new(options: &'a NsgaOptions, request: &'a Request<'a>, parents: &'a [usize]) -> Self {
        let params = request.space.params().values();
        let axes = params.map(|param| Axis::of(&param.distribution)).collect();
        Self { options, request, axes, parents }
    }

    /// A child inside the space; `None` when there are no parents or no try gave one.
    pub(super) fn child(&self, stream: &mut RandomStream) -> Option<Assignment> {
        if self.parents.is_empty() {
            return None;
        }
        let mut tries = (0..TRIES).map(|_| self.attempt(stream));
        tries.find_map(|child| child)
    }

    fn attempt(&self, stream: &mut RandomStream) -> Option<Assignment> {
        let mut genes = self.inherit(stream);
        if self.axes.iter().zip(&genes).any(|(axis, gene)| gene.is_some_and(|gene| axis.is_outside(gene))) {
            return None;
        }
        self.mutate(&mut genes, stream);
        self.assemble(&genes, stream)
    }

    fn inherit(&self, stream: &mut RandomStream) -> Genes {
        if stream.uniform() >= self.options.crossover_probability {
            let row = self.parents[stream.below(self.parents.len() as u64) as usize];
            return self.genes(row);
        }
        let parents: Vec<Genes> = self.couple(stream).into_iter().map(|row| self.genes(row)).collect();
        self.cross(&parents, stream)
    }

    /// What a row has.
    fn genes(&self, row: usize) -> Genes {
        let gene = |(index, axis): (usize, &Axis)| {
            let internal = self.request.view.column(index)[row];
            (!internal.is_nan() && *axis != Axis::Single).then(|| axis.coordinate(internal))
        };
        self.axes.iter().enumerate().map(gene).collect()
    }

    /// Different parents, each the winner of a tournament of two.
    fn couple(&self, stream: &mut RandomStream) -> Vec<usize> {
        let mut left = self.parents.to_vec();
        let count = self.options.crossover.parents();
        let mut winners = Vec::with_capacity(count);
        while winners.len() < count {
            let mut draw = || stream.below(left.len() as u64) as usize;
            let (first, second) = (draw(), draw());
            let winner = if self.is_better(left[first], left[second]) { first } else { second };
            winners.push(left.remove(winner));
        }
        winners
    }

    /// Constrained domination.
    fn is_better(&self, left: usize, right: usize) -> bool {
        let view = &self.request.view;
        match (view.violation(left), view.violation(right)) {
            (None, None) => {
                let losses = Points::losses(view, [left, right], self.request.directions);
                dominates(losses.row(0), losses.row(1))
            }
            (None, Some(_)) => true,
            (Some(_), None) => false,
            (Some(left), Some(right)) => left < right,
        }
    }

    /// Numbers that all parents have are crossed; of everything else one of two parents hands down what
    /// it has.
    fn cross(&self, parents: &[Genes], stream: &mut RandomStream) -> Genes {
        let (first, last) = (&parents[0], &parents[parents.len() - 1]);
        let mut child = Genes::with_capacity(self.axes.len());
        let mut numbers = Vec::new();
        for (index, axis) in self.axes.iter().enumerate() {
            let is_number = matches!(axis, Axis::Number { .. });
            if is_number && parents.iter().all(|parent| parent[index].is_some()) {
                numbers.push(index);
                child.push(None);
                continue;
            }
            child.push(match (first[index], last[index]) {
                (Some(_), Some(last)) if stream.uniform() >= self.options.swapping_probability => Some(last),
                (Some(first), Some(_)) => Some(first),
                (first, last) => first.or(last),
            });
        }
        let settings = Settings {
            objectives: self.request.directions.len(),
            swapping_probability: self.options.swapping_probability,
        };
        let coordinates = |parent: &Genes| numbers.iter().filter_map(|&index| parent[index]).collect();
        let coordinates: Vec<Vec<f64>> = parents.iter().map(coordinates).collect();
        let crossed = self.options.crossover.cross(&coordinates, settings, stream);
        numbers.into_iter().zip(crossed).for_each(|(index, gene)| child[index] = Some(gene));
        child
    }

    fn mutate(&self, genes: &mut Genes, stream: &mut RandomStream) {
        let count = genes.iter().flatten().count();
        let probability = self.options.mutation_probability.unwrap_or(1.0 / count.max(1) as f64);
        for (gene, axis) in genes.iter_mut().zip(&self.axes).filter(|(gene, _)| gene.is_some()) {
            if stream.uniform() < probability {
                *gene = match (self.options.mutation, axis, *gene) {
                    (Mutation::Polynomial { eta }, Axis::Number { .. }, Some(gene)) => {
                        Some(moved(gene.clamp(0.0, 1.0), eta, stream.uniform()))
                    }
                    // What a child lacks is drawn when it is put together.
                    _ => None,
                };
            }
        }
    }

    /// The child's parameters: genes where they are active, draws where there are none. `None` if a relation
    /// does not hold.
    fn assemble(&self, genes: &Genes, stream: &mut RandomStream) -> Option<Assignment> {
        let space = self.request.space;
        let mut child = Assignment::new();
        for &index in space.order() {
            if space.is_active(index, &child) {
                let (name, param) = space.param(index);
                let value = match genes[index] {
                    Some(gene) => self.axes[index].value(gene, &param.distribution),
                    None => param.distribution.draw(stream),
                };
                child.insert(name.to_owned(), value);
            }
        }
        space.require().iter().all(|predicate| (predicate.holds)(&child)).then_some(child)
    }
}

/// Polynomial mutation of a coordinate in `[0, 1]`.
///
/// # Source
///
/// Deb, "Multi-objective NSGA-II code in C", revision 1.1.6; Deb and Goyal, "A Combined Genetic Adaptive
/// Search", Computer Science and Informatics 26(4), 1996.
pub(super) fn moved(gene: f64, eta: f64, u: f64) -> f64 {
    let power = |room: f64| libm::pow(1.0 - room, eta + 1.0);
    let root = |value: f64| libm::pow(value, 1.0 / (eta + 1.0));
    let shift = if u <= 0.5 {
        root(2.0 * u + (1.0 - 2.0 * u) * power(gene)) - 1.0
    } else {
        1.0 - root(2.0 * (1.0 - u) + 2.0 * (u - 0.5) * power(1.0 - gene))
    };
    (gene + shift).clamp(0.0, 1.0)
}
