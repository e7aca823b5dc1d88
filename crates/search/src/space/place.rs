//! Points whose parameters lie at given shares of their distributions.
//!
//! Quasi-random sequences are made of numbers in `[0, 1)`. A share of 0.25 is the value below which a
//! quarter of a parameter's random draws lie, so that logarithms, grids and choices come out right.
//!
//! **Relations.** A component whose point breaks a relation is placed anew at other shares, all
//! components apart, a hundred times; then it is drawn at random as by [`Space::sample_uniform`].

use super::structure::Component;
use super::{Assignment, Space, SpaceError};
use crate::stream::RandomStream;

/// How often a component is placed before it is drawn at random.
const TRIES: u32 = 100;

impl Space {
    /// The point at these shares: `share(parameter, try)` is the share of the parameter at a position
    /// of the declaration order, the first try being 0.
    ///
    /// # Errors
    ///
    /// As [`sample_uniform`](Self::sample_uniform), which is the last resort; `stream` is read only then.
    pub fn place(
        &self,
        share: impl Fn(usize, u32) -> f64,
        stream: &mut RandomStream,
    ) -> Result<Assignment, SpaceError> {
        let mut assignment = Assignment::new();
        for component in self.structure().components() {
            // Without relations every point is allowed; without parameters a second try is the first.
            let tries = if component.params.is_empty() { 1 } else { TRIES };
            let is_placed = (0..tries).any(|attempt| {
                self.place_component(component, &mut assignment, |param| share(param, attempt));
                self.broken(component, &assignment).is_none()
            });
            if !is_placed {
                self.sample_component(component, &mut assignment, stream)?;
            }
        }
        Ok(assignment)
    }

    fn place_component(&self, component: &Component, assignment: &mut Assignment, share: impl Fn(usize) -> f64) {
        self.clear(component, assignment);
        for &index in &component.params {
            if self.is_active(index, assignment) {
                let (name, param) = self.param(index);
                assignment.insert(name.to_owned(), param.distribution.at_share(share(index)));
            }
        }
    }
}
