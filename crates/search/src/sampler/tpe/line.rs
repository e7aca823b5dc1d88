//! The kernels of one numerical parameter, as trials come and go.
//!
//! A kernel's width is the larger distance to a neighbour, clipped to `[range/100, range]` once there are
//! 98 observations. Distances above `range/100` are at most 100, so that all but 200 kernels have the
//! least width: those are *regular*. The *odd* ones (wider, or outside the range, or off the grid) are listed.

use std::collections::BTreeMap;

use super::dimension::Interval;
use super::field::WIDTHS_PER_RANGE;
use super::grid::Grid;
use super::order::{Beside, Order};
use super::sums::Change;
use super::truncated_normal::normal_mass;

/// Whether the ends of the range are neighbours of the outermost observations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ends {
    AreNeighbours,
    AreNot,
}

/// Marks a kernel that is on no slot of a grid.
pub(super) const NO_SLOT: u32 = u32::MAX;

/// One parameter of a group.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) interval: Interval,
    ends: Ends,
    /// Width of regular kernels.
    pub(super) least_width: f64,
    /// Positions by rank, of good trials too.
    pub(super) positions: Vec<f64>,
    /// On a small grid: slots by rank.
    pub(super) slots: Vec<u32>,
    pub(super) grid: Option<Grid>,
    /// The trials of the rest.
    order: Order,
    /// The kernels that are not regular, by position and rank.
    odd: BTreeMap<(u64, u32), Shape>,
}

/// A kernel's width, and its mass inside the range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Shape {
    pub(super) width: f64,
    pub(super) inside: f64,
}

/// The widths that pending trials have, and those that they change.
#[derive(Debug, Clone, Default)]
pub(super) struct PendingWidths {
    pub(super) own: Vec<f64>,
    pub(super) changed: BTreeMap<u32, f64>,
    /// Those of the changed ones that were regular: an outermost one that gets a neighbour far outside. At most two.
    pub(super) widened: Vec<u32>,
}

impl Line {
    pub(super) fn new(interval: Interval, ends: Ends) -> Self {
        let least_width = interval.width() / WIDTHS_PER_RANGE;
        Self {
            interval,
            ends,
            least_width,
            positions: Vec::new(),
            slots: Vec::new(),
            grid: Grid::of(interval, least_width),
            order: Order::default(),
            odd: BTreeMap::new(),
        }
    }

    /// The position of the next rank.
    pub(super) fn push(&mut self, position: f64) {
        self.positions.push(position);
        if let Some(grid) = &self.grid {
            self.slots.push(grid.slot_of_position(position).map_or(NO_SLOT, |slot| slot as u32));
        }
    }

    /// A trial joins the rest. Lists regular kernels that come or go.
    pub(super) fn insert(&mut self, rank: u32, changes: &mut Vec<(u32, Change)>) {
        let beside = self.order.insert(self.entry(rank));
        match self.odd_width(rank, beside) {
            Some(width) => {
                self.odd.insert(self.key(rank), self.shape(self.positions[rank as usize], width));
            }
            None => changes.push((rank, Change::Comes)),
        }
        self.review(beside, changes);
    }

    /// A trial leaves the rest.
    pub(super) fn remove(&mut self, rank: u32, changes: &mut Vec<(u32, Change)>) {
        let beside = self.order.remove(self.entry(rank));
        if self.odd.remove(&self.key(rank)).is_none() {
            changes.push((rank, Change::Goes));
        }
        self.review(beside, changes);
    }

    /// The rest's positions and ranks in order.
    pub(super) fn sorted(&self) -> impl Iterator<Item = u32> {
        self.order.iter().map(|&(_, rank)| rank)
    }

    /// A position in a cloud: in least widths.
    pub(super) fn coordinate(&self, position: f64) -> f64 {
        (position - self.interval.start) / self.least_width
    }

    /// The slot of a trial, if it is on a small grid.
    pub(super) fn slot(&self, rank: u32) -> Option<usize> {
        self.slots.get(rank as usize).filter(|&&slot| slot != NO_SLOT).map(|&slot| slot as usize)
    }

    /// The kernel of a trial of the rest.
    pub(super) fn shape_of(&self, rank: u32) -> Shape {
        let known = self.odd.get(&self.key(rank)).copied();
        known.unwrap_or_else(|| self.shape(self.positions[rank as usize], self.least_width))
    }

    /// A kernel around a position.
    pub(super) fn shape(&self, position: f64, width: f64) -> Shape {
        let (start, end) = ((self.interval.start - position) / width, (self.interval.end - position) / width);
        Shape { width, inside: normal_mass(start, end) }
    }

    /// Widths once these positions are observations as well, younger than all others.
    pub(super) fn with_pending(&self, pending: &[f64]) -> PendingWidths {
        let mut sorted: Vec<usize> = (0..pending.len()).collect();
        sorted.sort_by(|&a, &b| pending[a].total_cmp(&pending[b]));
        let mut widths = PendingWidths { own: vec![0.0; pending.len()], ..PendingWidths::default() };
        for (place, &index) in sorted.iter().enumerate() {
            let beside = self.order.around(pending[index]);
            let before = place.checked_sub(1).map(|before| pending[sorted[before]]);
            let after = sorted.get(place + 1).map(|&after| pending[after]);
            let left = larger(beside.left.map(|(position, _)| position), before);
            let right = smaller(beside.right.map(|(position, _)| position), after);
            widths.own[index] = self.width_between(pending[index], left, right);
            for (_, rank) in [beside.left, beside.right].into_iter().flatten() {
                let is_odd = self.is_odd(rank);
                let is_outermost = beside.left.is_none() || beside.right.is_none();
                if (is_odd || is_outermost) && !widths.changed.contains_key(&rank) {
                    let width = self.width_among(rank, &sorted, pending);
                    if is_odd || width > self.least_width {
                        widths.changed.insert(rank, width);
                    }
                    if !is_odd && width > self.least_width {
                        widths.widened.push(rank);
                    }
                }
            }
        }
        widths
    }

    /// Width of a kernel of the rest among pending positions as well, which come after equal ones.
    fn width_among(&self, rank: u32, sorted: &[usize], pending: &[f64]) -> f64 {
        let position = self.positions[rank as usize];
        let beside = self.order.beside(self.entry(rank));
        let place = sorted.partition_point(|&index| pending[index] < position);
        let before = place.checked_sub(1).map(|before| pending[sorted[before]]);
        let after = sorted.get(place).map(|&after| pending[after]);
        let left = larger(beside.left.map(|(position, _)| position), before);
        let right = smaller(beside.right.map(|(position, _)| position), after);
        self.width_between(position, left, right)
    }

    /// Whether a kernel of the rest is not regular.
    pub(super) fn is_odd(&self, rank: u32) -> bool {
        self.odd.contains_key(&self.key(rank))
    }

    /// The kernels that are not regular, by position: ranks and widths.
    pub(super) fn odd_widths(&self) -> impl Iterator<Item = (u32, f64)> {
        self.odd.iter().map(|(&(_, rank), shape)| (rank, shape.width))
    }

    /// The ranks of the kernels that are not regular, by position.
    pub(super) fn odd(&self) -> impl Iterator<Item = u32> {
        self.odd.keys().map(|&(_, rank)| rank)
    }

    /// Whole numbers that are in the order of positions.
    fn key(&self, rank: u32) -> (u64, u32) {
        const SIGN: u64 = 1 << 63;
        let bits = self.positions[rank as usize].to_bits();
        (if bits & SIGN == 0 { bits | SIGN } else { !bits }, rank)
    }

    fn entry(&self, rank: u32) -> (f64, u32) {
        (self.positions[rank as usize], rank)
    }

    /// Look anew at kernels whose neighbours changed.
    fn review(&mut self, beside: Beside, changes: &mut Vec<(u32, Change)>) {
        for (_, rank) in [beside.left, beside.right].into_iter().flatten() {
            let beside = self.order.beside(self.entry(rank));
            match self.odd_width(rank, beside) {
                Some(width) => {
                    let shape = self.shape(self.positions[rank as usize], width);
                    if self.odd.insert(self.key(rank), shape).is_none() {
                        changes.push((rank, Change::Goes));
                    }
                }
                None => {
                    if self.odd.remove(&self.key(rank)).is_some() {
                        changes.push((rank, Change::Comes));
                    }
                }
            }
        }
    }

    /// The width of a kernel that is not regular.
    fn odd_width(&self, rank: u32, beside: Beside) -> Option<f64> {
        let position = self.positions[rank as usize];
        let left = beside.left.map(|(position, _)| position);
        let right = beside.right.map(|(position, _)| position);
        let width = self.width_between(position, left, right);
        let is_inside = (self.interval.start..=self.interval.end).contains(&position);
        let is_on_grid = self.slots.get(rank as usize).is_none_or(|&slot| slot != NO_SLOT);
        (width > self.least_width || !is_inside || !is_on_grid).then_some(width)
    }

    fn width_between(&self, position: f64, left: Option<f64>, right: Option<f64>) -> f64 {
        let is_alone = left.is_none() && right.is_none();
        let counts_ends = self.ends == Ends::AreNeighbours || is_alone;
        // Without a neighbour on one side, the gap on the other one decides.
        let missing = |end: f64| if counts_ends { end } else { f64::NAN };
        let left = position - left.unwrap_or(missing(self.interval.start));
        let right = right.unwrap_or(missing(self.interval.end)) - position;
        // `max` takes the other operand for NaN.
        left.max(right).max(self.least_width).min(self.interval.width())
    }
}

fn larger(left: Option<f64>, right: Option<f64>) -> Option<f64> {
    match (left, right) {
        (Some(left), Some(right)) => Some(if left > right { left } else { right }),
        (one, other) => one.or(other),
    }
}

fn smaller(left: Option<f64>, right: Option<f64>) -> Option<f64> {
    match (left, right) {
        (Some(left), Some(right)) => Some(if left < right { left } else { right }),
        (one, other) => one.or(other),
    }
}
