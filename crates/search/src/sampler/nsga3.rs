//! NSGA-III: NSGA-II for many objectives, where crowding no longer tells points apart.
//!
//! Parents survive by rank, then by how neglected their direction of the front is. The directions are even
//! ones, or the ones given. Everything else is as in [`nsga2`](super::nsga2).
//!
//! # Source
//!
//! Deb, Jain, "An Evolutionary Many-Objective Optimization Algorithm Using Reference-Point-Based
//! Nondominated Sorting Approach, Part I", IEEE TEC 18(4), 2014.

use super::nsga::{Evolution, Niches, NsgaOptions, Selection, propose};
use super::{Request, Sampler, SamplerError};
use crate::space::Assignment;

/// The options of [`Nsga3`].
#[derive(Debug, Clone, PartialEq)]
pub struct Nsga3Options {
    /// What it shares with NSGA-II.
    pub common: NsgaOptions,
    /// Divisions of each axis between the even directions, at least 1. Default 3.
    pub divisions: usize,
    /// Directions to use instead: each has one number an objective, none negative, not all 0.
    /// Default: none.
    pub directions: Vec<Vec<f64>>,
}

impl Default for Nsga3Options {
    fn default() -> Self {
        Self { common: NsgaOptions::default(), divisions: 3, directions: Vec::new() }
    }
}

/// The sampler.
#[derive(Debug, Clone)]
pub struct Nsga3 {
    options: NsgaOptions,
    selection: Selection,
    /// How many objectives the given directions are for.
    objectives: Option<usize>,
    evolution: Evolution,
}

impl Default for Nsga3 {
    fn default() -> Self {
        Self::try_new(Nsga3Options::default()).expect("the default options are valid")
    }
}

impl Nsga3 {
    /// A sampler with these options.
    ///
    /// # Errors
    ///
    /// [`SamplerError::Option`] for an option out of its range.
    pub fn try_new(options: Nsga3Options) -> Result<Self, SamplerError> {
        let error =
            |option, expected, got: String| Err(SamplerError::Option { sampler: "nsga3", option, expected, got });
        if options.divisions == 0 {
            return error("divisions", "at least 1", options.divisions.to_string());
        }
        let objectives = options.directions.first().map(Vec::len);
        for direction in &options.directions {
            let is_valid = direction.iter().all(|value| *value >= 0.0 && value.is_finite())
                && direction.iter().any(|value| *value > 0.0)
                && Some(direction.len()) == objectives;
            if !is_valid {
                let expected = "of one length, not negative and not all 0";
                return error("directions", expected, format!("{direction:?}"));
            }
        }
        let niches = match objectives {
            Some(_) => Niches::Given(options.directions),
            None => Niches::Even { divisions: options.divisions },
        };
        Ok(Self {
            options: options.common.validated("nsga3")?,
            selection: Selection::Niches(niches),
            objectives,
            evolution: Evolution::default(),
        })
    }
}

impl Sampler for Nsga3 {
    fn name(&self) -> &'static str {
        "nsga3"
    }

    fn propose(&mut self, request: &Request<'_>) -> Result<Assignment, SamplerError> {
        if let Some(objectives) = self.objectives.filter(|&objectives| objectives != request.directions.len()) {
            return Err(SamplerError::Option {
                sampler: "nsga3",
                option: "directions",
                expected: "of one number for each objective",
                got: format!("{objectives} for {} objectives", request.directions.len()),
            });
        }
        propose(&self.options, &mut self.evolution, &self.selection, request)
    }
}
