//! What a history makes of a search: generations told one after the other.
//!
//! **A generation** is as many consecutive trials, by number, as the population counts, of those that teach
//! something and have all coordinates. It is told when its last trial is seen. While `lag` trials are in
//! flight, some trials of a generation were drawn from the search as it was a generation or two before.
//! They are told all the same, where they lie: measured on sphere, ellipsoid, Rosenbrock and Rastrigin
//! functions this loses least (waiting for trials of the newest search only, as Optuna does, throws away
//! more than half of them).
//!
//! | trial | told as |
//! |---|---|
//! | the lowest point of a parabola, or one around it | the values it had, its distance limited |
//! | drawn from the newest search | the draw itself, before it was rounded |
//! | drawn from an earlier search of the same run | the draw, its distance limited |
//! | not what the sampler proposed (imported, enqueued, drawn at random as the last resort) | the values it had, its distance limited |
//! | drawn before the last restart | nothing |
//!
//! The draw is found again by repeating the proposal: it is a function of seed, number, attempt and search.
//! The limit on the Mahalanobis length is `√n + 2n / (n + 2)` (N. Hansen, "Injecting External Solutions Into
//! CMA-ES", arXiv:1110.4181, equation 6).

use std::collections::VecDeque;

use super::apart::Elite;
use super::coordinates::{Coordinate, coordinates};
use super::gaussian::norm;
use super::options::{CmaesOptions, Restart};
use super::run::{Runs, Search};
use super::valley::{Bottom, Valley};
use crate::history::{Lesson, View};
use crate::sampler::Request;
use crate::space::{Assignment, Space};
use crate::stream::RandomStream;
use crate::trial::StudyDirection;

/// How often a point is drawn anew because a coordinate lies outside; then it is moved to the end.
const BOUND_TRIES: usize = 100;
/// How often a point is drawn anew because a relation does not hold.
const RELATION_TRIES: usize = 100;
/// So many attempts of an earlier proposal are repeated to find the one that became the trial.
const ATTEMPTS_REPEATED: u64 = 8;

/// The state of a search after the rows read so far.
#[derive(Debug, Clone)]
pub(super) struct Replay {
    study: Study,
    runs: Runs,
    /// In the order of their first trials; the newest last.
    eras: VecDeque<Era>,
    generation: Vec<Told>,
    valley: Valley,
    rows: usize,
    /// Rows read that are pruned and reported something.
    reports: usize,
    fingerprint: u64,
}

/// What does not change while rows are read.
#[derive(Debug, Clone)]
struct Study {
    space: Space,
    seed: u64,
    lag: u64,
    /// The option.
    parabola: f64,
    direction: StudyDirection,
    coordinates: Vec<Coordinate>,
    /// By position in the space.
    roles: Vec<Role>,
}

/// Who decides a parameter.
#[derive(Debug, Clone, Copy)]
enum Role {
    /// The coordinate at this index.
    Coordinate(usize),
    /// The elite, at this index.
    Apart(usize),
    /// Nobody: there is one value.
    Single,
}

/// A search, and from which trial on proposals are drawn from it.
#[derive(Debug, Clone)]
struct Era {
    first: u64,
    run: u32,
    search: Search,
    elite: Elite,
    bottoms: Vec<Bottom>,
}

/// A trial of the generation that is being collected.
#[derive(Debug, Clone)]
struct Told {
    row: usize,
    x: Vec<f64>,
    /// The values it had.
    place: Vec<f64>,
    /// Whether it was drawn from the newest search.
    is_own: bool,
    rank: Rank,
}

/// Smaller is better: complete by value, pruned by step reached and value there, pruned ones that reported
/// nothing, infeasible ones by violation.
#[derive(Debug, Clone, Copy)]
struct Rank(u8, f64, f64);

/// A point drawn: coordinates as drawn, and what they stand for.
struct Drawn {
    raw: Vec<f64>,
    encoded: Vec<f64>,
    origin: Origin,
}

/// What a point was drawn from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    Distribution,
    Parabola,
}

impl Replay {
    /// Before the first row; `None` if the space has no coordinate.
    pub(super) fn new(options: &CmaesOptions, request: &Request<'_>, direction: StudyDirection) -> Option<Self> {
        let coordinates = coordinates(request.space);
        if coordinates.is_empty() {
            return None;
        }
        let mut apart = Vec::new();
        let roles = (0..request.space.len()).map(|param| {
            if let Some(index) = coordinates.iter().position(|coordinate| coordinate.param == param) {
                Role::Coordinate(index)
            } else if request.space.param(param).1.distribution.is_single() {
                Role::Single
            } else {
                apart.push(param);
                Role::Apart(apart.len() - 1)
            }
        });
        let roles = roles.collect();
        let study = Study {
            space: request.space.clone(),
            seed: request.seed,
            lag: lag(request),
            parabola: options.parabola,
            direction,
            coordinates,
            roles,
        };
        let runs = Runs::new();
        let search = study.start(&runs, options);
        let first = Era { first: 0, run: 0, search, elite: Elite::new(apart), bottoms: Vec::new() };
        Some(Self {
            study,
            runs,
            eras: VecDeque::from([first]),
            generation: Vec::new(),
            valley: Valley::default(),
            rows: 0,
            reports: 0,
            fingerprint: 0,
        })
    }

    /// Whether the request is a later one of the same study.
    pub(super) fn continues(&self, request: &Request<'_>, direction: StudyDirection) -> bool {
        let view = &request.view;
        self.rows <= view.len()
            && self.study.seed == request.seed
            && self.study.direction == direction
            && (view.is_empty() || self.study.lag == lag(request))
            && (self.rows == 0 || view.fingerprint(self.rows) == self.fingerprint)
            && self.study.space.is_same(request.space)
    }

    /// Read the rows of a view that have not been read.
    pub(super) fn read(&mut self, options: &CmaesOptions, view: &View<'_>) {
        for (row, lesson) in (self.rows..).zip(view.lessons_after(self.rows, self.reports)) {
            self.reports += usize::from(matches!(lesson, Lesson::Pruned { last: Some(_) }));
            while self.eras.get(1).is_some_and(|next| next.first <= row as u64) {
                self.eras.pop_front();
            }
            if let Some(told) = self.told(view, row, lesson) {
                self.generation.push(told);
            }
            if self.generation.len() == self.newest().search.gaussian.rates.population {
                self.close(options, view);
            }
        }
        self.rows = view.len();
        self.fingerprint = view.fingerprint(self.rows);
    }

    /// Draw the proposal of a stream, for the first attempt of a numbered trial, from the newest search; `None` when
    /// relations leave no point.
    pub(super) fn propose(&self, number: Option<u64>, stream: &mut RandomStream) -> Option<Assignment> {
        self.study.proposal(self.newest(), number, stream).map(|(_, assignment)| assignment)
    }

    fn newest(&self) -> &Era {
        self.eras.back().expect("there is an era from the start on, and the last one is never dropped")
    }

    /// What a row is told as, if anything.
    fn told(&self, view: &View<'_>, row: usize, lesson: Lesson) -> Option<Told> {
        let rank = self.study.rank(lesson, || view.values(row)[0])?;
        let era = self.eras.front()?;
        if era.run != self.runs.current {
            return None;
        }
        let internals: Vec<f64> =
            self.study.coordinates.iter().map(|coordinate| view.column(coordinate.param)[row]).collect();
        if internals.iter().any(|internal| internal.is_nan()) {
            return None;
        }
        let is_newest = self.eras.len() == 1;
        let positions = self.study.coordinates.iter().zip(&internals);
        let place: Vec<f64> = positions.map(|(coordinate, &internal)| coordinate.position(internal)).collect();
        Some(match self.study.drawn_again(era, row as u64, &internals) {
            Some(raw) => Told { row, x: raw, place, is_own: is_newest, rank },
            None => Told { row, x: place.clone(), place, is_own: false, rank },
        })
    }

    /// Tell a complete generation; the trials from `lag` numbers later on are drawn from what it makes.
    fn close(&mut self, options: &CmaesOptions, view: &View<'_>) {
        let mut generation = std::mem::take(&mut self.generation);
        if options.parabola > 0.0 {
            generation.iter().for_each(|told| self.valley.see(&told.place, told.rank.value()));
        }
        generation.sort_by(|left, right| left.rank.order(&right.rank));
        let newest = self.newest();
        let (mut search, mut elite) = (newest.search.clone(), newest.elite.clone());
        let ranked: Vec<Vec<f64>> = generation.iter().map(|told| limited(told, &search)).collect();
        let updated = search.gaussian.tell(&ranked);
        if updated.is_ok() {
            search.margin.correct(&mut search.gaussian);
        }
        let better: Vec<usize> = generation[..generation.len() / 2].iter().map(|told| told.row).collect();
        elite.remember(view, &better);
        let value = |told: Option<&Told>| told.map_or(f64::INFINITY, |told| told.rank.value());
        let extremes = (value(generation.first()), value(generation.last()));
        let is_over = self.runs.is_over(&search, options, updated, extremes);
        // Without restarts a search goes on as long as it can.
        if updated.is_err() || is_over && options.restart != Restart::Never {
            self.runs.advance(options.restart);
            search = self.study.start(&self.runs, options);
            elite = Elite::new(elite.params);
            self.valley = Valley::default();
        }
        let bottoms = self.valley.bottoms(&search.gaussian);
        let last = generation.iter().map(|told| told.row as u64).max().unwrap_or(0);
        self.eras.push_back(Era { first: last + self.study.lag, run: self.runs.current, search, elite, bottoms });
    }
}

impl Study {
    fn start(&self, runs: &Runs, options: &CmaesOptions) -> Search {
        let coordinates = self.coordinates.iter().enumerate();
        let stepped: Vec<(usize, u64)> =
            coordinates.filter_map(|(index, coordinate)| Some((index, coordinate.values()?))).collect();
        runs.start(options, &stepped, self.coordinates.len(), self.seed)
    }

    fn rank(&self, lesson: Lesson, value: impl Fn() -> f64) -> Option<Rank> {
        let signed = |value: f64| match self.direction {
            StudyDirection::Minimize => value,
            StudyDirection::Maximize => -value,
        };
        let or_last = |value: f64| if value.is_nan() { f64::INFINITY } else { value };
        Some(match lesson {
            Lesson::Nothing => return None,
            Lesson::Complete => Rank(0, signed(value()), 0.0),
            Lesson::Pruned { last: Some((step, value)) } => Rank(1, -(step as f64), or_last(signed(value))),
            Lesson::Pruned { last: None } => Rank(2, 0.0, 0.0),
            Lesson::Infeasible { violation } => Rank(3, violation, 0.0),
        })
    }

    /// A point for a trial: the first ones of an era are its parabolas' lowest points, where a number is given; of the
    /// others a share lies there or, with trials in flight, around them.
    fn point(&self, era: &Era, number: Option<u64>, stream: &mut RandomStream) -> Drawn {
        let count = era.bottoms.len() as u64;
        let place = number.and_then(|number| number.checked_sub(era.first)).filter(|place| *place < count);
        if count == 0 || place.is_none() && stream.uniform() >= self.parabola {
            return self.draw(&era.search, stream);
        }
        let bottom = &era.bottoms[place.unwrap_or_else(|| stream.below(count)) as usize];
        let point = if place.is_some() || stream.below(self.lag) == 0 {
            bottom.exact()
        } else {
            bottom.scattered(&era.search.gaussian, stream)
        };
        let encoded = era.search.margin.on_grid(point.iter().map(|x| x.clamp(0.0, 1.0)).collect());
        Drawn { raw: encoded.clone(), encoded, origin: Origin::Parabola }
    }

    /// A point whose smooth coordinates lie in `[0, 1]`.
    fn draw(&self, search: &Search, stream: &mut RandomStream) -> Drawn {
        let is_smooth = |index: &usize| !search.margin.is_stepped(*index);
        let mut raw = search.gaussian.draw(stream);
        for _ in 1..BOUND_TRIES {
            if (0..raw.len()).filter(is_smooth).all(|index| (0.0..=1.0).contains(&raw[index])) {
                break;
            }
            raw = search.gaussian.draw(stream);
        }
        (0..raw.len()).filter(is_smooth).for_each(|index| raw[index] = raw[index].clamp(0.0, 1.0));
        let encoded = search.margin.encoded(&raw, &search.gaussian.mean);
        Drawn { raw, encoded, origin: Origin::Distribution }
    }

    /// A proposal drawn from an era, with the draw that it came from.
    fn proposal(&self, era: &Era, number: Option<u64>, stream: &mut RandomStream) -> Option<(Drawn, Assignment)> {
        (0..RELATION_TRIES).find_map(|turn| {
            let drawn = self.point(era, number.filter(|_| turn == 0), stream);
            let mut assignment = Assignment::new();
            for &param in self.space.order() {
                if !self.space.is_active(param, &assignment) {
                    continue;
                }
                let (name, declared) = self.space.param(param);
                let value = match self.roles[param] {
                    Role::Coordinate(index) => {
                        declared.distribution.nearest(self.coordinates[index].internal(drawn.encoded[index]))
                    }
                    Role::Apart(index) => era.elite.draw(&self.space, index, stream),
                    Role::Single => declared.distribution.nearest(f64::NAN),
                };
                assignment.insert(name.to_owned(), value);
            }
            let is_allowed = self.space.require().iter().all(|require| (require.holds)(&assignment));
            is_allowed.then_some((drawn, assignment))
        })
    }

    /// The draw from the distribution that became a trial with these internal values, if there was one.
    fn drawn_again(&self, era: &Era, number: u64, internals: &[f64]) -> Option<Vec<f64>> {
        (0..ATTEMPTS_REPEATED).find_map(|attempt| {
            let mut stream = RandomStream::new(self.seed, number, attempt);
            let number = (attempt == 0).then_some(number);
            // Without relations the coordinates are drawn first, and once.
            let drawn = if self.space.require().is_empty() {
                self.point(era, number, &mut stream)
            } else {
                self.proposal(era, number, &mut stream)?.0
            };
            let is_it = self.coordinates.iter().zip(&drawn.encoded).zip(internals).all(|((coordinate, &x), &told)| {
                let distribution = coordinate.distribution();
                distribution.to_internal(&distribution.nearest(coordinate.internal(x))) == told
            });
            (is_it && drawn.origin == Origin::Distribution).then_some(drawn.raw)
        })
    }
}

impl Rank {
    fn order(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0).then(self.1.total_cmp(&other.1)).then(self.2.total_cmp(&other.2))
    }

    /// The value to be minimised; infinite where there is none.
    fn value(&self) -> f64 {
        if self.0 == 0 { self.1 } else { f64::INFINITY }
    }
}

/// The point of a trial as it is told: one that is not the newest search's own comes no farther from the
/// mean than its limit.
fn limited(told: &Told, search: &Search) -> Vec<f64> {
    if told.is_own {
        return told.x.clone();
    }
    let gaussian = &search.gaussian;
    let n = gaussian.rates.n as f64;
    let y = gaussian.standardised(&told.x);
    let length = norm(&gaussian.whitened(&y));
    let factor = f64::min(1.0, (n.sqrt() + 2.0 * n / (n + 2.0)) / length);
    gaussian.mean.iter().zip(y).map(|(mean, y)| mean + gaussian.sigma * factor * y).collect()
}

/// How many trials may be in flight. Unknown, and without effect, as long as nothing is seen.
fn lag(request: &Request<'_>) -> u64 {
    (request.number + 1).saturating_sub(request.view.len() as u64).max(1)
}
