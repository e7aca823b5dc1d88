//! Where the bottom of the valley seems to be that the best trials lie in.
//!
//! A parabola is fitted to the best trials of a group that have the choices of the very best one. While it explains
//! them, a share of the proposals is its lowest point: where a function is smooth that point is far better than any that
//! could be drawn, and it takes no news of the last trials to find it. With trials in flight only one of as many
//! proposals is that point, so that not all learn the same; the others lie around it.
//!
//! **When it keeps quiet:** with too few trials; where the parabola explains less than half of the variance (noise,
//! steps, several valleys); and where one of the last trials near its lowest point was none of the best (a constraint,
//! a pruned trial, a function that is no parabola there).
//!
//! **Policies.** Only complete feasible trials of a finite value count. Ties go to the smaller number.
//!
//! **Invariant:** it is a function of the trials learned from, however they came.

use std::cell::OnceCell;
use std::collections::VecDeque;

use super::dimension::Dimension;
use super::group::Group;
use crate::history::{Lesson, View};
use crate::sampler::parabola::{Bends, Parabola};
use crate::stream::RandomStream;
use crate::trial::StudyDirection;

/// Trials that are kept, as a multiple of the parabola's coefficients.
const KEPT: usize = 2;
/// Up to so many numbers the parabola may lie across the axes: its cost grows with the sixth power.
const FULL: usize = 6;
/// The fewest that it is fitted to, as halves of the same.
const FEWEST_HALVES: usize = 3;
/// How many deviations of the trials its lowest point may lie away from their mean.
const REACH: f64 = 2.0;
/// The least share of the variance that it has to explain.
const EXPLAINED: f64 = 0.5;
/// How far around it proposals lie, in deviations.
const SCATTER: f64 = 0.1;
/// So many of the last trials can refute it.
const LATE: usize = 32;
/// Those do whose distance from its lowest point is below so many deviations on every axis.
const NEAR: f64 = 0.25;

/// A trial of the group.
#[derive(Debug, Clone)]
struct Seen {
    row: u32,
    /// To be minimised; infinite where the trial does not count.
    loss: f64,
    /// Shares of the ranges; choices by index.
    place: Vec<f64>,
}

/// The best and the last trials of a group.
#[derive(Debug, Clone)]
pub(super) struct Valley {
    params: Vec<usize>,
    dimensions: Vec<Dimension>,
    /// Positions among the group's parameters of those that are numbers.
    numbers: Vec<usize>,
    /// Best first.
    best: Vec<Seen>,
    /// Oldest first.
    late: VecDeque<Seen>,
    /// Once it is asked for.
    bottom: OnceCell<Option<Bottom>>,
}

/// Where a valley is deepest.
#[derive(Debug, Clone)]
struct Bottom {
    /// The best trial's, for the choices.
    place: Vec<f64>,
    /// Shares of the ranges, of the numbers.
    lowest: Vec<f64>,
    /// Deviations of the trials around it, in the same.
    spread: Vec<f64>,
}

impl Valley {
    /// Of a group, before the first trial.
    pub(super) fn new(group: &Group, dimensions: Vec<Dimension>) -> Self {
        let is_number = |axis: &usize| matches!(dimensions[*axis], Dimension::Numerical(_));
        Self {
            params: group.params.clone(),
            numbers: (0..dimensions.len()).filter(is_number).collect(),
            dimensions,
            best: Vec::new(),
            late: VecDeque::new(),
            bottom: OnceCell::new(),
        }
    }

    /// Learn from more rows of a study with one objective.
    pub(super) fn update(&mut self, view: &View<'_>, learned: &[u32], direction: StudyDirection) {
        // Of trials with several choices some are left out.
        let shares = if self.numbers.len() < self.params.len() { 2 } else { 1 };
        let kept = shares * KEPT * self.bends()[0].coefficients(self.numbers.len());
        for &row in learned {
            let Some(seen) = self.seen(view, row, direction) else { continue };
            let place = self.best.partition_point(|best| best.loss <= seen.loss);
            if place < kept && seen.loss.is_finite() {
                self.best.insert(place, seen.clone());
                self.best.truncate(kept);
            }
            if self.late.len() == LATE {
                self.late.pop_front();
            }
            self.late.push_back(seen);
            self.bottom = OnceCell::new();
        }
    }

    /// Internal values of the group's parameters where the valley is deepest, or near that with trials in flight, if it
    /// is known.
    pub(super) fn bottom(&self, in_flight: usize, stream: &mut RandomStream) -> Option<Vec<f64>> {
        let Bottom { place, lowest, spread } = self.bottom.get_or_init(|| self.found()).as_ref()?;
        let scatter = if stream.below(in_flight as u64 + 1) == 0 { 0.0 } else { SCATTER };
        let mut internals = place.clone();
        for ((&axis, lowest), spread) in self.numbers.iter().zip(lowest).zip(spread) {
            // Of two draws the sum is a tent: the standard deviation of `u + v - 1` is the root of 1/6.
            let offset = (stream.uniform() + stream.uniform() - 1.0) * 6.0_f64.sqrt() * scatter * spread;
            if let Dimension::Numerical(interval) = &self.dimensions[axis] {
                let share = (lowest + offset).clamp(0.0, 1.0);
                internals[axis] = interval.internal(interval.start + share * interval.width());
            }
        }
        Some(internals)
    }

    /// The parabolas to try, the one that takes more trials first.
    fn bends(&self) -> &'static [Bends] {
        if self.numbers.len() <= FULL { &[Bends::Full, Bends::Axes] } else { &[Bends::Axes] }
    }

    /// A row that has all parameters of the group.
    fn seen(&self, view: &View<'_>, row: u32, direction: StudyDirection) -> Option<Seen> {
        let share = |(&param, dimension): (&usize, &Dimension)| {
            let internal = view.column(param)[row as usize];
            match dimension {
                Dimension::Numerical(interval) => (interval.position(internal) - interval.start) / interval.width(),
                Dimension::Categorical { .. } => internal,
            }
        };
        let place: Vec<f64> = self.params.iter().zip(&self.dimensions).map(share).collect();
        let loss = match (view.lesson(row as usize), direction) {
            (Lesson::Complete, StudyDirection::Minimize) => view.values(row as usize)[0],
            (Lesson::Complete, StudyDirection::Maximize) => -view.values(row as usize)[0],
            _ => f64::INFINITY,
        };
        place.iter().all(|share| !share.is_nan()).then_some(Seen { row, loss, place })
    }

    fn found(&self) -> Option<Bottom> {
        let first = self.best.first().filter(|_| !self.numbers.is_empty())?;
        let choices: Vec<usize> = (0..self.params.len()).filter(|axis| !self.numbers.contains(axis)).collect();
        let is_alike = |seen: &&Seen| choices.iter().all(|&axis| seen.place[axis] == first.place[axis]);
        let (points, losses): (Vec<Vec<f64>>, Vec<f64>) =
            self.best.iter().filter(is_alike).map(|seen| (self.coordinates(seen), seen.loss)).unzip();
        let points: Vec<&[f64]> = points.iter().map(Vec::as_slice).collect();
        let coefficients = |bends: &Bends| bends.coefficients(self.numbers.len());
        let bends = self.bends().iter().find(|bends| 2 * points.len() >= FEWEST_HALVES * coefficients(bends))?;
        let used = points.len().min(KEPT * coefficients(bends));
        let parabola = Parabola::fit(&points[..used], &losses[..used], *bends)?;
        let lowest: Vec<f64> = parabola.lowest(REACH).into_iter().map(|share| share.clamp(0.0, 1.0)).collect();
        let is_sound = parabola.explained >= EXPLAINED && !self.is_refuted(&lowest, &parabola.spread);
        is_sound.then(|| Bottom { place: first.place.clone(), lowest, spread: parabola.spread })
    }

    fn coordinates(&self, seen: &Seen) -> Vec<f64> {
        self.numbers.iter().map(|&axis| seen.place[axis]).collect()
    }

    /// Whether one of the last trials near this point is none of the best.
    fn is_refuted(&self, lowest: &[f64], spread: &[f64]) -> bool {
        let is_near = |seen: &Seen| {
            let axes = self.numbers.iter().zip(lowest).zip(spread);
            axes.into_iter().all(|((&axis, lowest), spread)| (seen.place[axis] - lowest).abs() <= NEAR * spread)
        };
        let is_good = |seen: &Seen| self.best.iter().any(|best| best.row == seen.row);
        self.late.iter().any(|seen| is_near(seen) && !is_good(seen))
    }
}

#[cfg(test)]
mod tests {
    use super::super::group::{Sharing, groups};
    use super::*;
    use crate::history::History;
    use crate::sampler::random::Random;
    use crate::sampler::tpe::{Tpe, TpeOptions};
    use crate::space::{Assignment, ParamValue, Space};
    use crate::testing::space::{always, choice, float, int, number, space};
    use crate::testing::study::{Outcome, Study};
    use crate::trial::Trial;

    fn mixed() -> Space {
        let params =
            [("x", always(float(-5.0, 5.0))), ("kind", always(choice(&["a", "b"]))), ("y", always(int(0, 100)))];
        space(&params, vec![]).expect("valid")
    }

    /// 0 at `x = 1.25, y = 40`.
    fn smooth(params: &Assignment) -> f64 {
        let [x, y] = ["x", "y"].map(|name| number(params, name).expect("both are always there"));
        (x - 1.25).powi(2) + (y / 40.0 - 1.0).powi(2)
    }

    fn random_trials(space: &Space, evaluate: &dyn Fn(u64, &Assignment) -> Outcome) -> Vec<Trial> {
        let study = Study { space, direction: StudyDirection::Minimize, seed: 4, lag: 1, evaluate };
        study.run(&mut Random, Vec::new(), 60).expect("the space has points")
    }

    fn bottom(space: &Space, trials: &[Trial]) -> Option<Vec<f64>> {
        let history = History::from_trials(space, 1, trials).expect("numbers count up");
        let all: Vec<Dimension> = space.params().values().map(|param| Dimension::of(&param.distribution)).collect();
        let group = &groups(space, Sharing::Joint)[0];
        let mut valley = Valley::new(group, group.dimensions(&all));
        let rows: Vec<u32> = (0..trials.len() as u32).collect();
        valley.update(&history.view(trials.len() as u64), &rows, StudyDirection::Minimize);
        valley.bottom(0, &mut RandomStream::new(1, 2, 3))
    }

    #[test]
    fn the_bottom_has_the_choices_of_the_best_trial_and_lies_on_the_grid() {
        let evaluate = |_, params: &Assignment| {
            Outcome::complete(smooth(params) + f64::from(u8::from(params["kind"] == ParamValue::Choice(0))))
        };
        let trials = random_trials(&mixed(), &evaluate);
        let found = bottom(&mixed(), &trials).expect("the valley is smooth");
        assert!((found[0] - 1.25).abs() < 1e-6, "{found:?}");
        assert_eq!(found[1..], [1.0, 40.0]);
    }

    #[test]
    fn noise_has_no_bottom() {
        let evaluate = |number: u64, _: &Assignment| Outcome::complete(((number * 7_919) % 101) as f64);
        assert_eq!(bottom(&mixed(), &random_trials(&mixed(), &evaluate)), None);
    }

    #[test]
    fn a_trial_that_is_none_of_the_best_refutes_the_bottom_near_it() {
        let floats = space(&[("x", always(float(-5.0, 5.0))), ("y", always(float(0.0, 100.0)))], vec![]);
        let floats = floats.expect("valid");
        let evaluate = |_, params: &Assignment| Outcome::complete(smooth(params));
        let mut trials = random_trials(&floats, &evaluate);
        assert!(bottom(&floats, &trials).is_some());
        let place =
            |x, y| Assignment::from([("x".to_owned(), ParamValue::Float(x)), ("y".to_owned(), ParamValue::Float(y))]);
        let study =
            |constraint| move |_: u64, params: &Assignment| Outcome { constraint, ..Outcome::complete(smooth(params)) };
        for (x, constraint, is_refuted) in [(4.0, Some(1.0), false), (1.25, Some(-1.0), false), (1.25, Some(1.0), true)]
        {
            let evaluate = study(constraint);
            let study =
                Study { space: &floats, direction: StudyDirection::Minimize, seed: 4, lag: 1, evaluate: &evaluate };
            trials.truncate(60);
            trials.push(study.trial(60, place(x, 40.0)));
            assert_eq!(bottom(&floats, &trials).is_none(), is_refuted, "{x} {constraint:?}");
        }
    }

    #[test]
    fn with_trials_in_flight_a_smooth_function_is_solved() {
        let space = mixed();
        let evaluate = |_, params: &Assignment| Outcome::complete(smooth(params));
        let best = |options: TpeOptions| {
            let direction = StudyDirection::Minimize;
            let study = Study { space: &space, direction, seed: 1, lag: 16, evaluate: &evaluate };
            let mut tpe = Tpe::try_new(options).expect("valid");
            let trials = study.run(&mut tpe, Vec::new(), 100).expect("the space has points");
            trials.iter().map(|trial| trial.values[0]).fold(f64::INFINITY, f64::min)
        };
        let ours = best(TpeOptions { parabola: 0.5, ..TpeOptions::default() });
        let without = best(TpeOptions { parabola: 0.0, ..TpeOptions::default() });
        assert!(ours < 1e-12 && without > 1e-7, "{ours} {without}");
    }
}
