//! The sampler that suits a study, and why.
//!
//! The first row that applies:
//!
//! | study | sampler | why |
//! |---|---|---|
//! | a finite space of no more points than the budget | [`grid`](super::grid) | every point is tried once |
//! | several objectives | [`tpe`](super::tpe) | CMA-ES takes one |
//! | parameters with conditions, or three choices and more | [`tpe`](super::tpe) | it models both |
//! | fewer than 50 trials a parameter | [`tpe`](super::tpe) | CMA-ES needs them to learn a shape |
//! | half of the parameters or more have no more than 10 values | [`tpe`](super::tpe) | on coarse grids there is no shape |
//! | any other | [`cmaes`](super::cmaes) | numbers, and trials enough to learn how they hang together |
//!
//! The choice is a function of space, budget and number of objectives. A study that is continued with a
//! larger budget could get another answer: choose once, when a study is made, and keep the name.

use std::fmt;

use super::cmaes::Cmaes;
use super::grid::Grid;
use super::tpe::Tpe;
use super::{Request, Sampler, SamplerError};
use crate::space::{Assignment, Distribution, Space, SpaceSize};

/// Fewer trials a parameter than this are too few for CMA-ES.
const TRIALS_A_PARAMETER: u64 = 50;
/// A parameter of no more values than this is coarse.
const COARSE_VALUES: u64 = 10;

/// What [`choose`] answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Suited {
    /// [`Grid`].
    Grid,
    /// [`Tpe`], with its default options.
    Tpe,
    /// [`Cmaes`], with its default options.
    Cmaes,
}

impl Suited {
    /// The sampler, with its default options.
    #[must_use]
    pub fn sampler(self) -> Box<dyn Sampler> {
        match self {
            Self::Grid => Box::new(Grid::default()),
            Self::Tpe => Box::new(Tpe::default()),
            Self::Cmaes => Box::new(Cmaes::default()),
        }
    }
}

impl fmt::Display for Suited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Grid => "grid",
            Self::Tpe => "tpe",
            Self::Cmaes => "cmaes",
        })
    }
}

/// A sampler and the reason for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The sampler.
    pub sampler: Suited,
    /// Why, in a few words that go on after the sampler's name.
    pub reason: String,
}

/// The sampler that suits a study.
///
/// ```
/// use bartune_search::sampler::auto::{Suited, choose};
/// use bartune_search::testing::space::{always, int, space};
///
/// let space = space(&[("fast", always(int(5, 60))), ("slow", always(int(20, 300)))], vec![])?;
/// let choice = choose(&space, 1, 2_000);
/// assert_eq!(choice.sampler, Suited::Cmaes);
/// assert_eq!(choice.reason, "2 numbers and 1,000 trials for each");
/// # Ok::<(), bartune_search::space::SpaceError>(())
/// ```
#[must_use]
pub fn choose(space: &Space, objectives: usize, budget: u64) -> Choice {
    let choice = |sampler, reason| Choice { sampler, reason };
    if let SpaceSize::Exact(size) = space.size()
        && size <= u128::from(budget)
        && size > 0
    {
        let points = grouped(u64::try_from(size).unwrap_or(u64::MAX));
        return choice(Suited::Grid, format!("the space has {points} points, the budget covers them all"));
    }
    if objectives != 1 {
        return choice(Suited::Tpe, format!("{objectives} objectives"));
    }
    let free = space.params().iter().filter(|(_, param)| !param.distribution.is_single());
    let free: Vec<_> = free.collect();
    if let Some((name, _)) = free.iter().find(|(_, param)| param.when.is_some()) {
        return choice(Suited::Tpe, format!("'{name}' has a condition"));
    }
    let is_choice = |distribution: &Distribution| matches!(distribution, Distribution::Categorical { choices } if choices.len() > 2);
    if let Some((name, _)) = free.iter().find(|(_, param)| is_choice(&param.distribution)) {
        return choice(Suited::Tpe, format!("'{name}' is a choice"));
    }
    let trials = budget / (free.len() as u64).max(1);
    if trials < TRIALS_A_PARAMETER {
        let reason = format!("{} parameters and {trials} trials for each, fewer than {TRIALS_A_PARAMETER}", free.len());
        return choice(Suited::Tpe, reason);
    }
    let is_coarse =
        |distribution: &Distribution| distribution.cardinality().is_some_and(|count| count <= COARSE_VALUES);
    let coarse = free.iter().filter(|(_, param)| is_coarse(&param.distribution)).count();
    if 2 * coarse >= free.len() {
        let reason = format!("{coarse} of {} parameters have no more than {COARSE_VALUES} values", free.len());
        return choice(Suited::Tpe, reason);
    }
    choice(Suited::Cmaes, format!("{} numbers and {} trials for each", free.len(), grouped(trials)))
}

/// The sampler that [`choose`] answers.
pub struct Auto {
    choice: Choice,
    inner: Box<dyn Sampler>,
}

impl Auto {
    /// For a study of this space, number of objectives and budget of trials.
    #[must_use]
    pub fn new(space: &Space, objectives: usize, budget: u64) -> Self {
        let choice = choose(space, objectives, budget);
        let inner = choice.sampler.sampler();
        Self { choice, inner }
    }

    /// What was chosen, and why.
    #[must_use]
    pub fn choice(&self) -> &Choice {
        &self.choice
    }
}

impl Sampler for Auto {
    fn name(&self) -> &'static str {
        "auto"
    }

    fn propose(&mut self, request: &Request<'_>) -> Result<Assignment, SamplerError> {
        self.inner.propose(request)
    }
}

/// A number with its thousands marked.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::space::{always, choice, float, int, space, stepped, switch, when};

    fn chosen(params: &[(&str, crate::space::Param)], objectives: usize, budget: u64) -> String {
        let space = space(params, vec![]).expect("valid");
        let choice = choose(&space, objectives, budget);
        format!("{}: {}", choice.sampler, choice.reason)
    }

    #[test]
    fn each_row_of_the_table_applies() {
        let numbers = [("x", always(float(0.0, 1.0))), ("n", always(int(1, 500))), ("one", always(int(4, 4)))];
        let few = [("n", always(int(1, 50))), ("m", always(int(1, 40)))];
        assert_eq!(chosen(&few, 1, 2_000), "grid: the space has 2,000 points, the budget covers them all");
        assert_eq!(chosen(&few, 1, 1_999), "cmaes: 2 numbers and 999 trials for each");
        assert_eq!(chosen(&numbers, 2, 2_000), "tpe: 2 objectives");
        assert_eq!(chosen(&numbers, 1, 1_000), "cmaes: 2 numbers and 500 trials for each");
        assert_eq!(chosen(&numbers, 1, 99), "tpe: 2 parameters and 49 trials for each, fewer than 50");
        let conditional = [("on", always(switch())), ("x", when(float(0.0, 1.0), "on", 1))];
        assert_eq!(chosen(&conditional, 1, 1_000), "tpe: 'x' has a condition");
        let choices = [("x", always(float(0.0, 1.0))), ("kind", always(choice(&["a", "b", "c"])))];
        assert_eq!(chosen(&choices, 1, 1_000), "tpe: 'kind' is a choice");
        let coarse = [("x", always(float(0.0, 1.0))), ("step", always(stepped(0.0, 0.9, 0.1)))];
        assert_eq!(chosen(&coarse, 1, 1_000), "tpe: 1 of 2 parameters have no more than 10 values");
    }

    #[test]
    fn a_space_without_parameters_is_a_grid_of_one_point() {
        assert_eq!(chosen(&[], 1, 10), "grid: the space has 1 points, the budget covers them all");
    }
}
