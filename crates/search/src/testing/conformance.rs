//! The checks. Each one panics with the space, the check and the trial that broke it.

use super::space::{all, number};
use super::study::{Outcome, Study};
use crate::history::History;
use crate::sampler::{Request, Sampler};
use crate::space::{Assignment, Param, Space};
use crate::trial::{StudyDirection, Trial, TrialState};

/// Makes a fresh sampler.
type Make<'a> = &'a dyn Fn() -> Box<dyn Sampler>;

/// Makes a fresh sampler for a space.
type MakeFor<'a> = &'a dyn Fn(&Space) -> Box<dyn Sampler>;

/// What becomes of trial `number` with these parameters.
type Evaluate = fn(u64, &Assignment) -> Outcome;

const TRIALS: u64 = 40;

/// Run every check on every space, with histories of every kind and both directions.
///
/// # Panics
///
/// When the sampler breaks one.
pub fn check(make: Make<'_>) {
    check_on(&all(), &|_| make());
}

/// Run every check on these spaces, each with its name: for samplers that are made for a space, or
/// that do not take every space.
///
/// # Panics
///
/// When the sampler breaks one.
pub fn check_on(spaces: &[(&str, Space)], make: MakeFor<'_>) {
    for (space_name, space) in spaces {
        let make: Make<'_> = &|| make(space);
        for (history_name, evaluate) in HISTORIES {
            for direction in [StudyDirection::Minimize, StudyDirection::Maximize] {
                let case = Case {
                    name: format!("{space_name}, {history_name}, {direction:?}"),
                    study: Study { space, direction, seed: 7, lag: 4, evaluate: &evaluate },
                    make,
                };
                case.check();
            }
        }
    }
}

/// Histories that a sampler must live with.
const HISTORIES: [(&str, Evaluate); 8] = [
    ("all complete", |_, params| Outcome::complete(sum(params))),
    ("all equal", |_, _| Outcome::complete(1.0)),
    ("NaN and infinite values", |number, _| {
        Outcome::complete([f64::NAN, f64::INFINITY, f64::NEG_INFINITY][number as usize % 3])
    }),
    ("all infeasible", |number, params| Outcome {
        constraint: Some([1.0, 0.5, f64::INFINITY, f64::NAN][number as usize % 4]),
        ..Outcome::complete(sum(params))
    }),
    ("all pruned", |number, params| Outcome {
        state: Some(TrialState::Pruned),
        intermediate: [None, Some((3, f64::NAN)), Some((5, sum(params)))][number as usize % 3],
        ..Outcome::default()
    }),
    ("every second one a duplicate", |number, params| Outcome {
        duplicate_of: (number % 2 == 1).then(|| number - 1),
        ..Outcome::complete(sum(params))
    }),
    ("all failed", |_, _| Outcome { state: Some(TrialState::Fail), ..Outcome::default() }),
    ("of every kind", |number, params| match number % 5 {
        0 => Outcome { state: Some(TrialState::Fail), ..Outcome::default() },
        1 => Outcome { state: Some(TrialState::Pruned), intermediate: Some((2, 1.0)), ..Outcome::default() },
        2 => Outcome { constraint: Some(sum(params)), ..Outcome::complete(0.0) },
        3 => Outcome::complete(f64::NAN),
        _ => Outcome::complete(sum(params)),
    }),
];

fn sum(params: &Assignment) -> f64 {
    params.keys().filter_map(|name| number(params, name)).sum()
}

struct Case<'a> {
    name: String,
    study: Study<'a>,
    make: Make<'a>,
}

impl Case<'_> {
    fn check(&self) {
        let trials = self.run(&mut *(self.make)(), Vec::new());
        self.members(&trials);
        self.same_seed_twice(&trials);
        self.every_lag_conforms();
        self.resumed_is_never_stopped(&trials);
        self.fresh_is_long_lived(&trials);
        self.seeds_and_attempts_differ(&trials);
    }

    fn run(&self, sampler: &mut dyn Sampler, trials: Vec<Trial>) -> Vec<Trial> {
        let run = self.study.run(sampler, trials, TRIALS);
        run.unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    /// Bounds, grids, conditions and relations hold, and values are canonical.
    fn members(&self, trials: &[Trial]) {
        for Trial { number, params, .. } in trials {
            let space: &Space = self.study.space;
            assert!(space.is_member(params), "{}: trial {number} is outside: {params:?}", self.name);
            assert_eq!(space.normalize(params), *params, "{}: trial {number} is not canonical", self.name);
        }
    }

    fn same_seed_twice(&self, trials: &[Trial]) {
        let again = self.run(&mut *(self.make)(), Vec::new());
        self.assert_same(&again, trials, "the same seed gave another study");
    }

    fn resumed_is_never_stopped(&self, trials: &[Trial]) {
        for stop in [1, 13, 29].map(|stop: usize| stop.min(trials.len())) {
            let resumed = self.run(&mut *(self.make)(), trials[..stop].to_vec());
            self.assert_same(&resumed, trials, "a resumed study went another way");
        }
    }

    /// One trial in flight or all of them: the proposals are members, and a study that was stopped at
    /// any moment goes on as if it had not been.
    fn every_lag_conforms(&self) {
        for lag in [1, 16, TRIALS] {
            let study = Study { lag, ..self.study };
            let run = |trials: Vec<Trial>, total| {
                let run = study.run(&mut *(self.make)(), trials, total);
                run.unwrap_or_else(|error| panic!("{}, lag {lag}: {error}", self.name))
            };
            let trials = run(Vec::new(), TRIALS);
            self.members(&trials);
            let stopped = run(Vec::new(), TRIALS / 2);
            self.assert_same(&run(stopped, TRIALS), &trials, "a stopped study went another way");
        }
    }

    /// A sampler that has seen other studies proposes what a fresh one does.
    fn fresh_is_long_lived(&self, trials: &[Trial]) {
        let mut long_lived = (self.make)();
        let other = Study { seed: 8, evaluate: &|_, _| Outcome::complete(0.0), ..self.study };
        let warmed = other.run(&mut *long_lived, Vec::new(), TRIALS);
        assert!(warmed.is_ok(), "{}: {warmed:?}", self.name);
        let again = self.run(&mut *long_lived, Vec::new());
        self.assert_same(&again, trials, "a long-lived sampler proposed otherwise");
    }

    /// Other seeds, numbers and attempts draw other random numbers, where there is a choice.
    fn seeds_and_attempts_differ(&self, trials: &[Trial]) {
        let space = self.study.space;
        let is_free = |param: &Param| param.when.is_none() && param.distribution.cardinality().is_none();
        let has_choice =
            |name: &String| trials.iter().any(|trial| trial.params.get(name) != trials[0].params.get(name));
        if !space.params().iter().any(|(name, param)| is_free(param) && has_choice(name)) {
            return;
        }
        let history = History::new(space, 1);
        let propose = |seed, number, attempt| {
            let request = Request {
                space,
                directions: &[self.study.direction],
                view: history.view(0),
                pending: &[],
                seed,
                number,
                attempt,
            };
            (self.make)().propose(&request)
        };
        let first = propose(self.study.seed, 0, 0);
        assert_eq!(first.as_ref().ok(), Some(&trials[0].params), "{}", self.name);
        for other in [propose(8, 0, 0), propose(7, 1, 0), propose(7, 0, 1)] {
            assert_ne!(first, other, "{}: two streams gave the same proposal", self.name);
        }
    }

    fn assert_same(&self, left: &[Trial], right: &[Trial], claim: &str) {
        assert_eq!(left.len(), right.len(), "{}: {claim}", self.name);
        for (left, right) in left.iter().zip(right) {
            assert_eq!(left.params, right.params, "{}: {claim} at trial {}", self.name, left.number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{all, check, check_on};
    use crate::sampler::cmaes::{Cmaes, CmaesOptions, Covariance, Restart};
    use crate::sampler::fixed::Fixed;
    use crate::sampler::grid::Grid;
    use crate::sampler::halton::Halton;
    use crate::sampler::random::Random;
    use crate::sampler::sobol::Sobol;
    use crate::sampler::tpe::{Multivariate, Tpe, TpeOptions};
    use crate::testing::space::finite;

    #[test]
    fn random_conforms() {
        check(&|| Box::new(Random));
    }

    #[test]
    fn sobol_conforms() {
        check(&|| Box::new(Sobol::default()));
    }

    #[test]
    fn halton_conforms() {
        check(&|| Box::new(Halton::default()));
    }

    #[test]
    fn grid_conforms() {
        check_on(&finite(), &|_| Box::new(Grid::default()));
    }

    #[test]
    fn cmaes_conforms() {
        check(&|| Box::new(Cmaes::default()));
    }

    #[test]
    fn small_separable_cmaes_with_bipop_conforms() {
        check(&|| {
            let options = CmaesOptions {
                population: Some(4),
                covariance: Covariance::Separable,
                restart: Restart::Bipop,
                startup_trials: 5,
                ..CmaesOptions::default()
            };
            Box::new(Cmaes::try_new(options).expect("the options are valid"))
        });
    }

    #[test]
    fn fixed_conforms() {
        // Whatever the space, its second parameter is pinned in the middle.
        check_on(&all(), &|space| {
            let second = space.params().get_index(1).filter(|(_, param)| param.when.is_none());
            let pinned = second.map(|(name, param)| (name.clone(), param.distribution.at_share(0.5)));
            let fixed = Fixed::try_new(space, pinned.into_iter().collect(), Box::new(Tpe::default()));
            Box::new(fixed.expect("the middle of a parameter is one of its values"))
        });
    }

    #[test]
    fn tpe_conforms() {
        check(&|| Box::new(Tpe::default()));
    }

    #[test]
    fn independent_tpe_without_startup_conforms() {
        check(&|| {
            let options =
                TpeOptions { startup_trials: 0, multivariate: Multivariate::Independent, ..TpeOptions::default() };
            Box::new(Tpe::try_new(options).expect("the options are valid"))
        });
    }
}
