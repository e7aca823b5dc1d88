//! The trials of one group of parameters: where the good ones are, and the sums over all others.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use super::cloud::{Cloud, Measure, Spot};
use super::dimension::Dimension;
use super::field::{Field, MOST_KERNELS};
use super::grid::{Grid, MOST_VALUES};
use super::group::Group;
use super::line::{Ends, Line, NO_SLOT, PendingWidths};
use super::mixture::Mixture;
use super::options::{Gamma, TpeOptions, Weights};
use super::parzen::{Observations, ParzenEstimator};
use super::sums::{Change, Parts, Sums};
use super::truncated_normal::normal_mass;
use crate::history::View;

/// From so many trials in the rest on, kernels have one least width, and sums over them pay.
const FEWEST_KERNELS: usize = 98;

/// After so many rounds of trials a parameter, narrow kernels pay. A round is as many trials as are made without news of
/// each other.
const ROUNDS: usize = 5;

/// One parameter of a group.
#[derive(Debug, Clone)]
pub(super) enum Axis {
    /// Choices: how many, and by rank which.
    Choice { choices: usize, values: Vec<u32> },
    /// Numbers.
    Number(Box<Line>),
}

/// How the density of the rest is found fast.
#[derive(Debug, Clone)]
pub(super) enum Summary {
    /// It is not.
    Exact,
    /// One parameter: a sum for each choice or each value of a small grid.
    Slots(Sums),
    /// One parameter on a continuous range or a large grid.
    Field(Box<Field>, Sums),
    /// Several parameters.
    Cloud(Joint),
}

/// The kernels of several parameters.
#[derive(Debug, Clone)]
pub(super) struct Joint {
    pub(super) cloud: Cloud,
    /// By rank: `∏ 1 / mass inside the range` of kernels that are regular on every axis; 0 for all others.
    pub(super) amplitudes: Vec<f64>,
    /// The largest that any trial's can be.
    pub(super) largest_amplitude: f64,
    /// Ranks of the rest's kernels that are odd on an axis.
    pub(super) odd: BTreeSet<u32>,
}

/// How narrow the kernels of `l` may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kernels {
    /// As Optuna's.
    Usual,
    /// As the option `sharpness` has it.
    Sharp,
}

/// The density of the good trials: to draw from, and to be asked fast.
#[derive(Debug, Clone)]
pub(super) struct Good {
    pub(super) estimator: ParzenEstimator,
    pub(super) mixture: Mixture,
}

/// The trials that have all parameters of a group.
#[derive(Debug, Clone)]
pub(super) struct GroupMemory {
    pub(super) group: Group,
    pub(super) dimensions: Vec<Dimension>,
    pub(super) axes: Vec<Axis>,
    pub(super) summary: Summary,
    /// Rows of the trials; their places here are their ranks.
    rows: Vec<u32>,
    /// Ranks of the good trials, ascending.
    pub(super) good: Vec<u32>,
    /// The good trials' density, with kernels as wide as Optuna's, and with narrower ones, once they are asked for.
    usual: OnceCell<Box<Good>>,
    sharp: OnceCell<Box<Good>>,
    /// For kernels as wide as Optuna's.
    options: TpeOptions,
    /// With several objectives good trials weigh the same.
    good_options: TpeOptions,
}

impl GroupMemory {
    pub(super) fn new(group: Group, all: &[Dimension], (options, objectives): (&TpeOptions, usize)) -> Self {
        let dimensions = group.dimensions(all);
        let ends = if options.endpoints { Ends::AreNeighbours } else { Ends::AreNot };
        let axes: Vec<Axis> = dimensions
            .iter()
            .map(|dimension| match dimension {
                Dimension::Categorical { choices } => Axis::Choice { choices: *choices, values: Vec::new() },
                Dimension::Numerical(interval) => Axis::Number(Box::new(Line::new(*interval, ends))),
            })
            .collect();
        Self {
            summary: Summary::of(&axes, options, objectives),
            group,
            axes,
            rows: Vec::new(),
            good: Vec::new(),
            usual: OnceCell::new(),
            sharp: OnceCell::new(),
            dimensions,
            options: TpeOptions { sharpness: 1.0, ..options.clone() },
            good_options: match objectives {
                1 => options.clone(),
                _ => TpeOptions { weights: Weights::Equal, ..options.clone() },
            },
        }
    }

    /// Learn from more rows. `good` are the rows of all good trials, ascending.
    pub(super) fn update(&mut self, view: &View<'_>, learned: &[u32], good: &[u32]) {
        let known = self.rows.len() as u32;
        self.append(view, learned);
        let good: Vec<u32> =
            good.iter().filter_map(|row| self.rows.binary_search(row).ok()).map(|r| r as u32).collect();
        let is_same = self.good == good;
        for rank in difference(&self.good, &good) {
            self.leave(rank);
        }
        for rank in difference(&good, &self.good).into_iter().filter(|&rank| rank < known) {
            self.enter(rank, known);
        }
        for rank in known..self.rows.len() as u32 {
            if good.binary_search(&rank).is_ok() {
                self.good.push(rank);
                self.open(rank, rank);
            } else {
                self.change(rank, Change::Comes);
            }
        }
        if !is_same {
            (self.usual, self.sharp) = (OnceCell::new(), OnceCell::new());
        }
    }

    /// Number of trials that are not good.
    pub(super) fn rest(&self) -> usize {
        self.rows.len() - self.good.len()
    }

    /// The ranks of the trials that are not good, ascending.
    pub(super) fn rest_ranks(&self) -> impl DoubleEndedIterator<Item = u32> {
        (0..self.rows.len() as u32).filter(|rank| self.good.binary_search(rank).is_err())
    }

    /// How many trials of the rest are older.
    pub(super) fn index(&self, rank: u32) -> usize {
        rank as usize - self.good.partition_point(|&good| good < rank)
    }

    /// Whether sums stand in for the kernels.
    pub(super) fn is_summed(&self) -> bool {
        let few_enough = !matches!(self.summary, Summary::Field(..)) || self.rows.len() < MOST_KERNELS;
        !matches!(self.summary, Summary::Exact) && self.rest() >= FEWEST_KERNELS && few_enough
    }

    /// The narrowest kernels of `l` that pay, while so many trials are in flight.
    pub(super) fn kernels(&self, in_flight: usize) -> Kernels {
        match self.rows.len() >= ROUNDS * self.dimensions.len() * (in_flight + 1) {
            true => Kernels::Sharp,
            false => Kernels::Usual,
        }
    }

    /// The density of the good trials.
    pub(super) fn good_density(&self, kernels: Kernels) -> &Good {
        let (density, sharpness) = match kernels {
            Kernels::Usual => (&self.usual, 1.0),
            Kernels::Sharp => (&self.sharp, self.good_options.sharpness),
        };
        density.get_or_init(|| {
            let options = TpeOptions { sharpness, ..self.good_options.clone() };
            let positions = self.axes.iter().map(|axis| self.good.iter().map(|&rank| axis.position(rank)).collect());
            let observations = Observations::new(&self.dimensions, positions.collect());
            Box::new(Good {
                mixture: Mixture::of(&self.dimensions, &observations, &options),
                estimator: ParzenEstimator::new(&self.dimensions, observations, &options),
            })
        })
    }

    /// The density of the rest and of pending trials (their positions, by axis), kernel by kernel.
    pub(super) fn rest_density(&self, pending: &[Vec<f64>]) -> ParzenEstimator {
        ParzenEstimator::new(&self.dimensions, self.rest_observations(pending), &self.options)
    }

    /// The same, to 10⁻⁶ in the logarithm.
    pub(super) fn rest_mixture(&self, pending: &[Vec<f64>]) -> Mixture {
        Mixture::of(&self.dimensions, &self.rest_observations(pending), &self.options)
    }

    fn rest_observations(&self, pending: &[Vec<f64>]) -> Observations {
        let ranks: Vec<u32> = self.rest_ranks().collect();
        let mut observations = Observations { len: ranks.len(), ..Observations::none(&self.dimensions) };
        observations.len += pending.first().map_or(0, Vec::len);
        for (index, axis) in self.axes.iter().enumerate() {
            let positions = &mut observations.positions[index];
            positions.extend(ranks.iter().map(|&rank| axis.position(rank)));
            positions.extend(&pending[index]);
            if let Axis::Number(line) = axis {
                let order = &mut observations.sorted[index];
                order.extend(line.sorted().map(|rank| self.index(rank) as u32));
                order.extend(ranks.len() as u32..positions.len() as u32);
                // A sorted run and a few more: the stable sort is a merge.
                order.sort_by(|&a, &b| positions[a as usize].total_cmp(&positions[b as usize]));
            }
        }
        observations
    }

    fn append(&mut self, view: &View<'_>, learned: &[u32]) {
        let known = self.rows.len();
        let columns: Vec<&[f64]> = self.group.params.iter().map(|&param| view.column(param)).collect();
        let has_all = |row: &u32| columns.iter().all(|column| !column[*row as usize].is_nan());
        self.rows.extend(learned.iter().filter(|row| has_all(row)));
        for ((axis, dimension), column) in self.axes.iter_mut().zip(&self.dimensions).zip(&columns) {
            for &row in &self.rows[known..] {
                axis.push(dimension.position(column[row as usize]));
            }
        }
        if let Summary::Cloud(joint) = &mut self.summary {
            joint.amplitudes.resize(self.rows.len(), 0.0);
            let axes = &self.axes;
            let ranks = known as u32..self.rows.len() as u32;
            let amplitude = |rank| axes.iter().map(|axis| axis.amplitude(rank)).product::<f64>();
            joint.largest_amplitude = ranks.clone().map(amplitude).fold(joint.largest_amplitude, f64::max);
            joint.cloud.extend(ranks.flat_map(|rank| axes.iter().map(move |axis| axis.spot(rank))));
        }
    }

    /// A good trial joins the rest.
    fn leave(&mut self, rank: u32) {
        self.good.retain(|&good| good != rank);
        if let Summary::Slots(sums) | Summary::Field(_, sums) = &mut self.summary {
            sums.leave(rank);
        }
        self.change(rank, Change::Comes);
    }

    /// A trial of the rest becomes good.
    fn enter(&mut self, rank: u32, known: u32) {
        self.change(rank, Change::Goes);
        let place = self.good.partition_point(|&good| good < rank);
        self.good.insert(place, rank);
        self.open(rank, known);
    }

    /// Begin the sum over the kernels that are younger than a good trial, of ranks below `known`.
    fn open(&mut self, rank: u32, known: u32) {
        let Self { axes, summary, good, .. } = self;
        let [axis, ..] = &axes[..] else { return };
        let ranks = (rank + 1..known.max(rank + 1)).filter(|rank| good.binary_search(rank).is_err());
        let regular = ranks.filter(|&rank| axis.is_regular(rank));
        match summary {
            Summary::Slots(sums) => sums.enter(rank, regular.map(|rank| axis.slot(rank))),
            Summary::Field(field, sums) => sums.enter(rank, regular.map(|rank| field.parts(axis.position(rank)))),
            Summary::Exact | Summary::Cloud(_) => {}
        }
    }

    /// A trial joins or leaves the rest.
    fn change(&mut self, rank: u32, change: Change) {
        let Self { axes, summary, .. } = self;
        let mut changes = Vec::new();
        for axis in axes.iter_mut() {
            match (axis, change) {
                (Axis::Number(line), Change::Comes) => line.insert(rank, &mut changes),
                (Axis::Number(line), Change::Goes) => line.remove(rank, &mut changes),
                (Axis::Choice { .. }, _) => changes.push((rank, change)),
            }
        }
        let [axis, ..] = &axes[..] else { return };
        match summary {
            Summary::Exact => {}
            Summary::Slots(sums) => {
                changes.iter().for_each(|&(rank, change)| sums.change(rank, &axis.slot(rank), change))
            }
            Summary::Field(field, sums) => {
                let parts = |rank| field.parts(axis.position(rank));
                changes.iter().for_each(|&(rank, change)| sums.change(rank, &parts(rank), change));
            }
            Summary::Cloud(joint) => {
                joint.amplitudes[rank as usize] = 0.0;
                joint.odd.remove(&rank);
                changes.retain(|&(changed, _)| changed != rank);
                if change == Change::Comes {
                    changes.push((rank, change));
                }
                changes.iter().for_each(|&(rank, _)| joint.review(axes, rank));
            }
        }
    }
}

impl Joint {
    /// Look anew at a kernel of the rest.
    fn review(&mut self, axes: &[Axis], rank: u32) {
        if axes.iter().all(|axis| axis.is_regular(rank)) {
            self.odd.remove(&rank);
            self.amplitudes[rank as usize] = axes.iter().map(|axis| axis.amplitude(rank)).product();
        } else {
            self.odd.insert(rank);
            self.amplitudes[rank as usize] = 0.0;
        }
    }
}

impl Summary {
    fn of(axes: &[Axis], options: &TpeOptions, objectives: usize) -> Self {
        if options.exact || !options.magic_clip {
            return Self::Exact;
        }
        // A sum for each good trial would take too much room where their number has no limit.
        let is_limited = objectives == 1 || options.gamma != Gamma::Automatic;
        let has_many = |axis: &Axis| matches!(axis, Axis::Choice { choices, .. } if *choices > MOST_VALUES);
        match axes {
            [] => Self::Exact,
            [_, _, ..] if axes.iter().any(has_many) => Self::Exact,
            [_] if !is_limited => Self::Exact,
            [Axis::Choice { choices, .. }] => Self::Slots(Sums::new(*choices)),
            [Axis::Number(line)] => match &line.grid {
                Some(grid) => Self::Slots(Sums::new(grid.len())),
                None => Self::Field(Box::new(Field::new(line.interval)), Sums::new(Field::len())),
            },
            _ => {
                let cloud = Cloud::new(axes.iter().map(Axis::measure).collect());
                Self::Cloud(Joint { cloud, amplitudes: Vec::new(), largest_amplitude: 1.0, odd: BTreeSet::new() })
            }
        }
    }
}

impl Axis {
    fn push(&mut self, position: f64) {
        match self {
            Self::Choice { values, .. } => values.push(position as u32),
            Self::Number(line) => line.push(position),
        }
    }

    pub(super) fn position(&self, rank: u32) -> f64 {
        match self {
            Self::Choice { values, .. } => f64::from(values[rank as usize]),
            Self::Number(line) => line.positions[rank as usize],
        }
    }

    /// See [`Line::with_pending`]; choices have no widths.
    pub(super) fn with_pending(&self, pending: &[f64]) -> PendingWidths {
        match self {
            Self::Choice { .. } => PendingWidths::default(),
            Self::Number(line) => line.with_pending(pending),
        }
    }

    pub(super) fn measure(&self) -> Measure {
        match self {
            Self::Choice { .. } => Measure::Choice,
            Self::Number(_) => Measure::Number,
        }
    }

    /// A trial's place in a cloud.
    fn spot(&self, rank: u32) -> Spot {
        match self {
            Self::Choice { values, .. } => {
                let choice = values[rank as usize];
                Spot { coordinate: f64::from(choice), slot: choice as u16 }
            }
            Self::Number(line) => Spot {
                coordinate: line.coordinate(line.positions[rank as usize]),
                slot: line.slot(rank).unwrap_or(0) as u16,
            },
        }
    }

    /// The small grid of a numerical axis that has one.
    pub(super) fn grid(&self) -> Option<&Grid> {
        match self {
            Self::Choice { .. } => None,
            Self::Number(line) => line.grid.as_ref(),
        }
    }

    /// Whether the kernel of a trial of the rest is as narrow as kernels can be.
    fn is_regular(&self, rank: u32) -> bool {
        match self {
            Self::Choice { .. } => true,
            Self::Number(line) => !line.is_odd(rank),
        }
    }

    fn slot(&self, rank: u32) -> Parts<1> {
        let slot = match self {
            Self::Choice { values, .. } => values[rank as usize],
            Self::Number(line) => line.slots[rank as usize],
        };
        debug_assert_ne!(slot, NO_SLOT, "kernels off the grid are odd");
        Parts { start: slot as usize, parts: [1] }
    }

    /// `1 / mass inside the range` of a regular kernel, at most 2; small grids have it in their shares.
    fn amplitude(&self, rank: u32) -> f64 {
        match self {
            Self::Number(line) if line.grid.is_none() => {
                let width = line.least_width;
                let position = line.positions[rank as usize].max(line.interval.start).min(line.interval.end);
                1.0 / normal_mass((line.interval.start - position) / width, (line.interval.end - position) / width)
            }
            _ => 1.0,
        }
    }
}

/// What `left` has and `right` has not; both ascend.
fn difference(left: &[u32], right: &[u32]) -> Vec<u32> {
    left.iter().copied().filter(|rank| right.binary_search(rank).is_err()).collect()
}
