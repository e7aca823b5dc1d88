//! Generations of the trials seen, and the parents that come out of them.

use super::{Selection, crowded};
use crate::history::{Cursor, View};
use crate::pareto::{Points, constrained_ranks};
use crate::sampler::Request;
use crate::stream::RandomStream;
use crate::trial::StudyDirection;

/// The attempt of a generation's random numbers: none of a trial's own attempts reaches it.
const SELECTION_ATTEMPT: u64 = u64::MAX;

/// Trials among which to select.
#[derive(Debug, Clone)]
pub(super) struct Crowd {
    /// Values as they are.
    pub(super) values: Points,
    /// Values to be minimised.
    pub(super) losses: Points,
    /// 0 for feasible ones.
    pub(super) violations: Vec<f64>,
}

impl Crowd {
    fn of(view: &View<'_>, rows: &[usize], directions: &[StudyDirection]) -> Self {
        Self {
            values: Points::of(directions.len(), rows.iter().map(|&row| view.values(row))),
            losses: Points::losses(view, rows.iter().copied(), directions),
            violations: rows.iter().map(|&row| view.violation(row).unwrap_or(0.0)).collect(),
        }
    }

    /// The positions of each rank, best rank first, in order.
    pub(super) fn by_rank(&self) -> Vec<Vec<usize>> {
        let ranks = constrained_ranks(&self.losses, &self.violations);
        let mut by_rank = vec![Vec::new(); ranks.iter().max().map_or(0, |rank| rank + 1)];
        for (position, rank) in ranks.into_iter().enumerate() {
            by_rank[rank].push(position);
        }
        by_rank
    }
}

/// The parents of a study's next children, kept from one proposal to the next.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Evolution {
    cursor: Cursor,
    seed: u64,
    directions: Vec<StudyDirection>,
    generation: u64,
    /// Rows of the generation that is not yet complete.
    young: Vec<usize>,
    /// Rows, in the order in which they were selected from the complete generations.
    parents: Vec<usize>,
    /// The first so many of the young ones are selected from already.
    early: usize,
    /// The parents after that.
    early_parents: Vec<usize>,
}

impl Evolution {
    /// The rows of the parents; none before the first generation is complete.
    pub(super) fn parents(&self) -> &[usize] {
        if self.early > 0 { &self.early_parents } else { &self.parents }
    }

    /// Take in what the view shows.
    pub(super) fn advance(&mut self, request: &Request<'_>, population: usize, selection: &Selection) {
        // A selection may draw random numbers: with another seed all parents are others.
        if self.seed != request.seed || self.directions != request.directions {
            *self = Self { seed: request.seed, directions: request.directions.to_vec(), ..Self::default() };
        }
        let view = &request.view;
        let (is_other, rows) = self.cursor.advance(view);
        if is_other {
            self.generation = 0;
            self.young.clear();
            self.parents.clear();
            self.early = 0;
        }
        for row in rows.filter(|&row| view.is_complete(row) || view.violation(row).is_some()) {
            self.young.push(row);
            if self.young.len() == population {
                self.parents = self.selected(view, population, (population, selection));
                self.young.clear();
                self.generation += 1;
                self.early = 0;
            }
        }
        let due = population - in_flight(request) % population;
        let early = if self.parents.is_empty() || self.young.len() < due { 0 } else { due };
        if self.early != early {
            self.early_parents = self.selected(view, early, (population, selection));
            self.early = early;
        }
    }

    /// The survivors of the first so many young ones and the parents.
    fn selected(&self, view: &View<'_>, young: usize, (population, selection): (usize, &Selection)) -> Vec<usize> {
        let rows: Vec<usize> = self.young[..young].iter().chain(&self.parents).copied().collect();
        let crowd = Crowd::of(view, &rows, &self.directions);
        let survivors = match selection {
            Selection::Crowded => crowded::survivors(&crowd, population),
            Selection::Niches(niches) => {
                let mut stream = RandomStream::new(self.seed, self.generation, SELECTION_ATTEMPT);
                niches.survivors(&crowd, population, &mut |items| shuffle(items, &mut stream))
            }
        };
        survivors.into_iter().map(|position| rows[position]).collect()
    }
}

/// How many trials were proposed and are not seen.
fn in_flight(request: &Request<'_>) -> usize {
    request.number.saturating_sub(request.view.len() as u64) as usize
}

/// Fisher and Yates's shuffle.
fn shuffle(items: &mut [usize], stream: &mut RandomStream) {
    for last in (1..items.len()).rev() {
        items.swap(last, stream.below(last as u64 + 1) as usize);
    }
}
