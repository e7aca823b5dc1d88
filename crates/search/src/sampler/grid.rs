//! Every point of a finite space once, in a random order.
//!
//! The points are numbered ([`space`](crate::space), conditions and relations accounted for), and their
//! order is a seeded permutation that is computed, not stored. A trial gets the first point of that order
//! that no trial seen or in flight has: so that imported, enqueued and repeated trials shift nothing, and
//! a resumed study goes on where it stopped. After the last point the answer is
//! [`SamplerError::Exhausted`].
//!
//! | | |
//! |---|---|
//! | results | ignored: only the parameters of earlier trials count |
//! | continuous parameters | refused by name; give them a step |
//! | more than 2¹²⁸ − 1 points | refused |
//! | memory | none that grows with the grid; one number for each trial out of order |
//!
//! **Where it differs from Optuna:** `GridSampler` lists the grid in memory and may repeat points when
//! several workers run.

use std::collections::{BTreeSet, VecDeque};

use super::permutation::Permutation;
use super::scramble::key;
use super::{Request, Sampler, SamplerError};
use crate::history::View;
use crate::space::{Assignment, Lattice, LatticeError, Space, SpaceError, value_of};

/// Every point of a finite space once, in a random order.
#[derive(Debug, Clone, Default)]
pub struct Grid {
    progress: Option<Progress>,
}

impl Grid {
    fn progress(&mut self, request: &Request<'_>) -> Result<&mut Progress, SamplerError> {
        let progress = match self.progress.take() {
            Some(progress) if progress.continues(request) => progress,
            Some(progress) if progress.lattice.is_of(request.space) => Progress::new(progress.lattice, request.seed),
            _ => Progress::new(lattice(request.space)?, request.seed),
        };
        let progress = self.progress.insert(progress);
        progress.take_in(request.space, &request.view);
        Ok(progress)
    }
}

impl Sampler for Grid {
    fn name(&self) -> &'static str {
        "grid"
    }

    fn propose(&mut self, request: &Request<'_>) -> Result<Assignment, SamplerError> {
        if !request.view.is_of(request.space) {
            return Err(SamplerError::OtherSpace);
        }
        self.progress(request)?.next(request)
    }
}

fn lattice(space: &Space) -> Result<Lattice, SamplerError> {
    let lattice = Lattice::try_new(space).map_err(|error| match error {
        LatticeError::Continuous { param } => SamplerError::Continuous { sampler: "grid", param },
        LatticeError::TooMany => SamplerError::TooManyPoints { sampler: "grid" },
    })?;
    if lattice.size() == 0 {
        let relations = space.require().iter().map(|predicate| predicate.text.clone()).collect();
        return Err(SpaceError::EmptyRegion { relations }.into());
    }
    Ok(lattice)
}

/// Which places of the order are taken by the trials of a view.
#[derive(Debug, Clone)]
struct Progress {
    lattice: Lattice,
    seed: u64,
    order: Permutation,
    rows: usize,
    fingerprint: u64,
    /// All places before this one are taken.
    cursor: u128,
    /// Places after it that are taken, or that stand for no point.
    taken: BTreeSet<u128>,
    /// The trials in flight at the last request, and their places.
    in_flight: VecDeque<(Assignment, Option<u128>)>,
}

impl Progress {
    fn new(lattice: Lattice, seed: u64) -> Self {
        let order = Permutation::new(lattice.size(), key("grid", &[seed]));
        Self {
            lattice,
            seed,
            order,
            rows: 0,
            fingerprint: 0,
            cursor: 0,
            taken: BTreeSet::new(),
            in_flight: VecDeque::new(),
        }
    }

    /// Whether the request is a later one of the same study.
    fn continues(&self, request: &Request<'_>) -> bool {
        self.seed == request.seed
            && self.rows <= request.view.len()
            && (self.rows == 0 || request.view.fingerprint(self.rows) == self.fingerprint)
            && self.lattice.is_of(request.space)
    }

    fn take_in(&mut self, space: &Space, view: &View<'_>) {
        for row in self.rows..view.len() {
            let cells =
                space.params().iter().enumerate().filter_map(|(index, (name, param))| {
                    Some((name.clone(), value_of(param, view.column(index)[row])?))
                });
            if let Some(place) = self.place(&cells.collect()) {
                self.take(place);
            }
        }
        self.rows = view.len();
        self.fingerprint = view.fingerprint(self.rows);
    }

    fn place(&self, assignment: &Assignment) -> Option<u128> {
        Some(self.order.place_of(self.lattice.number(assignment)?))
    }

    fn take(&mut self, place: u128) {
        if place >= self.cursor {
            self.taken.insert(place);
        }
        while self.taken.remove(&self.cursor) {
            self.cursor += 1;
        }
    }

    /// The places of the trials in flight. From one request to the next their window moves on, so that
    /// only the newest has to be looked for.
    fn pending(&mut self, pending: &[Assignment]) -> BTreeSet<u128> {
        while self.in_flight.front().is_some_and(|(params, _)| Some(params) != pending.first()) {
            self.in_flight.pop_front();
        }
        let known = self.in_flight.iter().zip(pending).take_while(|((left, _), right)| left == *right).count();
        self.in_flight.truncate(known);
        for params in &pending[known..] {
            let place = self.place(params);
            self.in_flight.push_back((params.clone(), place));
        }
        self.in_flight.iter().filter_map(|(_, place)| *place).collect()
    }

    fn next(&mut self, request: &Request<'_>) -> Result<Assignment, SamplerError> {
        let pending = self.pending(request.pending);
        let mut skip = request.attempt;
        let mut place = self.cursor;
        while place < self.lattice.size() {
            if !self.taken.contains(&place) && !pending.contains(&place) {
                match self.lattice.point(self.order.at(place)) {
                    Some(point) if skip == 0 => return Ok(point),
                    Some(_) => skip -= 1,
                    None => self.take(place),
                }
            }
            place = (place + 1).max(self.cursor);
        }
        Err(SamplerError::Exhausted { sampler: "grid" })
    }
}

#[cfg(test)]
mod tests;
