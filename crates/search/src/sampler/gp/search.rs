//! Where a trial is worth most.
//!
//! Random points of the space are looked at; the best of them, and the best trial seen, are improved: the real
//! numbers by gradient; then each grid and each choice on its own, the others held; again until nothing
//! improves. Of all points looked at the best is proposed that is not known yet.

use super::GpOptions;
use super::acquisition::Acquisition;
use super::data::Layout;
use super::lbfgs::{Limits, minimise};
use crate::sampler::axis::Axis;
use crate::sampler::{Request, SamplerError};
use crate::space::{Assignment, Distribution};
use crate::stream::RandomStream;

/// Grids and choices of up to so many points are tried whole; larger grids near the current point.
const WHOLE_GRID: u64 = 16;

/// How often real numbers and grids take turns.
const ROUNDS: usize = 4;

/// When an ascent is good enough.
const ASCENT: Limits = Limits { gradient: 1e-2, evaluations: 40 };

/// One search.
pub(super) struct Search<'a> {
    pub(super) request: &'a Request<'a>,
    pub(super) layout: &'a Layout,
    pub(super) worth: &'a Acquisition,
    /// Coordinates of the best trial.
    pub(super) incumbent: &'a [f64],
    pub(super) options: &'a GpOptions,
}

/// A point and what it is worth.
#[derive(Debug, Clone)]
struct Scored {
    point: Vec<f64>,
    score: f64,
}

impl Search<'_> {
    /// The best point that is not known; `None` if all points looked at are known.
    pub(super) fn best(&self, stream: &mut RandomStream) -> Result<Option<Assignment>, SamplerError> {
        let mut points = Vec::with_capacity(self.options.candidates);
        for _ in 0..self.options.candidates {
            points.push(self.scored(self.draw(stream)?));
        }
        points.sort_by(|a, b| b.score.total_cmp(&a.score));
        let best_seen = self.scored(self.incumbent.to_vec());
        let starts: Vec<Scored> = points[..self.options.starts.min(points.len())].to_vec();
        let improved = starts.into_iter().chain([best_seen]).map(|start| self.improved(start));
        let mut all: Vec<Scored> = improved.collect();
        all.append(&mut points);
        all.sort_by(|a, b| b.score.total_cmp(&a.score));
        let known = self.known();
        let mut proposals = all.iter().filter_map(|scored| self.assignment(&scored.point));
        Ok(proposals.find(|(_, point)| !known.contains(point)).map(|(assignment, _)| assignment))
    }

    fn scored(&self, point: Vec<f64>) -> Scored {
        let score = self.worth.value(&point);
        Scored { score: if score.is_nan() { f64::NEG_INFINITY } else { score }, point }
    }

    /// Points that need no trial any more.
    fn known(&self) -> Vec<Vec<f64>> {
        let view = &self.request.view;
        let row = |row: usize| {
            let place = |index: usize| {
                let internal = view.column(self.layout.params[index])[row];
                if internal.is_nan() { self.layout.absent(index) } else { self.layout.axes[index].coordinate(internal) }
            };
            (0..self.layout.len()).map(place).collect()
        };
        (0..view.len()).map(row).chain(self.layout.pending(self.request)).collect()
    }

    /// A random point.
    fn draw(&self, stream: &mut RandomStream) -> Result<Vec<f64>, SamplerError> {
        let space = self.request.space;
        let is_free = space.require().is_empty() && space.params().values().all(|param| param.when.is_none());
        if !is_free {
            let assignment = space.sample_uniform(stream)?;
            return Ok(self.layout.coordinates(space, &assignment));
        }
        // Without conditions and relations the axes are independent.
        let place = |index: usize| match self.layout.axes[index] {
            Axis::Single => 0.5,
            Axis::Choice { count } => stream.below(count as u64) as f64,
            Axis::Number { is_grid: false, .. } => stream.uniform(),
            axis @ Axis::Number { .. } => self.on_grid(index, axis, stream.uniform()),
        };
        Ok((0..self.layout.len()).map(place).collect())
    }

    fn distribution(&self, index: usize) -> &Distribution {
        &self.request.space.param(self.layout.params[index]).1.distribution
    }

    /// The coordinate of the grid point nearest to a coordinate.
    fn on_grid(&self, index: usize, axis: Axis, coordinate: f64) -> f64 {
        let distribution = self.distribution(index);
        axis.coordinate(distribution.to_internal(&axis.value(coordinate, distribution)))
    }

    /// The assignment of a point and its exact coordinates, if all relations hold.
    fn assignment(&self, point: &[f64]) -> Option<(Assignment, Vec<f64>)> {
        let space = self.request.space;
        let mut assignment = Assignment::new();
        for &param in space.order() {
            if space.is_active(param, &assignment) {
                let (name, declared) = space.param(param);
                let value = match self.layout.params.iter().position(|&other| other == param) {
                    Some(index) => self.layout.axes[index].value(point[index].max(0.0), &declared.distribution),
                    None => declared.distribution.nearest(f64::NAN),
                };
                assignment.insert(name.to_owned(), value);
            }
        }
        let is_member = space.require().iter().all(|predicate| (predicate.holds)(&assignment));
        let coordinates = self.layout.coordinates(space, &assignment);
        is_member.then_some((assignment, coordinates))
    }

    /// A point at least as good, near by.
    fn improved(&self, mut best: Scored) -> Scored {
        for _ in 0..ROUNDS {
            let before = best.score;
            best = self.ascend(best);
            for index in 0..self.layout.len() {
                best = self.step(best, index);
            }
            if best.score <= before + 1e-6 || !self.has_grids() {
                break;
            }
        }
        best
    }

    fn has_grids(&self) -> bool {
        self.layout.axes.iter().any(|axis| !matches!(axis, Axis::Number { is_grid: false, .. }))
    }

    /// Move the real numbers uphill.
    fn ascend(&self, start: Scored) -> Scored {
        let is_present = self.assignment(&start.point).map(|(assignment, _)| assignment);
        let moves = |index: &usize| {
            let name = self.request.space.param(self.layout.params[*index]).0;
            let is_real = matches!(self.layout.axes[*index], Axis::Number { is_grid: false, .. });
            is_real && is_present.as_ref().is_some_and(|assignment| assignment.contains_key(name))
        };
        let moving: Vec<usize> = (0..self.layout.len()).filter(moves).collect();
        if moving.is_empty() {
            return start;
        }
        let mut descent = |values: &[f64]| {
            let mut point = start.point.clone();
            moving.iter().zip(values).for_each(|(&index, &value)| point[index] = value);
            let (value, gradient) = self.worth.value_with_gradient(&point);
            (-value, moving.iter().map(|&index| -gradient[index]).collect())
        };
        let from = moving.iter().map(|&index| start.point[index]).collect();
        let found = minimise(&mut descent, from, [0.0, 1.0], ASCENT);
        let mut point = start.point.clone();
        moving.iter().zip(found.point).for_each(|(&index, value)| point[index] = value);
        self.better(start, point)
    }

    /// The better of a point and another one, if that is inside the space.
    fn better(&self, best: Scored, point: Vec<f64>) -> Scored {
        let Some((_, point)) = self.assignment(&point) else {
            return best;
        };
        let other = self.scored(point);
        if other.score > best.score { other } else { best }
    }

    /// Try other values of one grid or choice.
    fn step(&self, mut best: Scored, index: usize) -> Scored {
        let axis = self.layout.axes[index];
        let distribution = self.distribution(index);
        let is_absent = matches!(axis, Axis::Choice { .. }) && best.point[index] < 0.0;
        let Some(count) = distribution.cardinality().filter(|_| !is_absent) else {
            return best;
        };
        let place =
            |position: u64| distribution.nth(position).map(|value| axis.coordinate(distribution.to_internal(&value)));
        let try_at = |best: Scored, position: u64| match place(position) {
            Some(coordinate) if coordinate != best.point[index] => {
                let mut point = best.point.clone();
                point[index] = coordinate;
                self.better(best, point)
            }
            _ => best,
        };
        if count <= WHOLE_GRID || matches!(axis, Axis::Choice { .. }) {
            return (0..count).fold(best, try_at);
        }
        let mut reach = count / 4;
        while reach > 0 {
            let before = best.score;
            let current = self.position(index, best.point[index]);
            best = try_at(best, current.saturating_sub(reach));
            best = try_at(best, current.saturating_add(reach).min(count - 1));
            if best.score <= before {
                reach /= 2;
            }
        }
        best
    }

    /// The position of a coordinate on a grid.
    fn position(&self, index: usize, coordinate: f64) -> u64 {
        let axis = self.layout.axes[index];
        let distribution = self.distribution(index);
        let internal = distribution.to_internal(&axis.value(coordinate, distribution));
        let position = match distribution {
            Distribution::Float { low, step, .. } => (internal - low) / step.unwrap_or(1.0),
            Distribution::Int { low, step, .. } => (internal - *low as f64) / *step as f64,
            Distribution::Categorical { .. } => internal,
        };
        position.round().max(0.0) as u64
    }
}
