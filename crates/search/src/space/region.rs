//! Draws that satisfy the relations, without ever costing a trial.
//!
//! Each component is drawn on its own, in three steps of increasing cost:
//!
//! 1. **Rejection**: draw the component's parameters in order until its relations hold. What comes
//!    out is distributed as the parameters are, restricted to the region: exact, and almost always
//!    enough.
//! 2. **Repair**: draw anew only what the first broken relation reads (and what hangs on it by a
//!    condition). It finds narrow regions, at the price of favouring points near the border.
//! 3. **Enumeration**: of a finite component walk through all points and take one, each equally
//!    likely; or prove that there is none.
//!
//! Steps 1 and 2 together try 10,000 points.

use std::ops::ControlFlow;

use super::size::Walked;
use super::structure::Component;
use super::{Assignment, Space, SpaceError};
use crate::stream::RandomStream;

/// Points that rejection tries.
const REJECTION_TRIES: u32 = 2_000;
/// Points that repair tries.
const REPAIR_TRIES: u32 = 8_000;
/// Repairs after which the component is drawn anew, to leave a dead end.
const REPAIRS_PER_START: u32 = 50;

impl Space {
    /// A random point of the space, canonical: every parameter drawn from its distribution in the
    /// order of the conditions, restricted to the region where all relations hold.
    ///
    /// # Errors
    ///
    /// [`SpaceError::EmptyRegion`] when the relations exclude every point of a finite component,
    /// [`SpaceError::RegionNotFound`] when 10,000 tries found none in one that is not enumerable.
    pub fn sample_uniform(&self, stream: &mut RandomStream) -> Result<Assignment, SpaceError> {
        let mut assignment = Assignment::new();
        for component in self.structure().components() {
            self.sample_component(component, &mut assignment, stream)?;
        }
        Ok(assignment)
    }

    /// A random point of one component, put into `assignment`.
    pub(super) fn sample_component(
        &self,
        component: &Component,
        assignment: &mut Assignment,
        stream: &mut RandomStream,
    ) -> Result<(), SpaceError> {
        if self.reject(component, assignment, stream) || self.repair(component, assignment, stream) {
            return Ok(());
        }
        self.enumerate(component, assignment, stream)
    }

    /// Step 1. Whether a point was found; it is then in `assignment`.
    fn reject(&self, component: &Component, assignment: &mut Assignment, stream: &mut RandomStream) -> bool {
        // A component without parameters has one point: a second look would change nothing.
        let tries = if component.params.is_empty() { 1 } else { REJECTION_TRIES };
        (0..tries).any(|_| {
            self.draw(component, assignment, stream);
            self.broken(component, assignment).is_none()
        })
    }

    /// Step 2. Whether a point was found; it is then in `assignment`.
    fn repair(&self, component: &Component, assignment: &mut Assignment, stream: &mut RandomStream) -> bool {
        let tries = if component.params.is_empty() { 0 } else { REPAIR_TRIES };
        (0..tries).any(|attempt| {
            match self.broken(component, assignment) {
                Some(require) if attempt % REPAIRS_PER_START != 0 => {
                    let reads = self.structure().require_reads(require);
                    self.redraw(component, reads, assignment, stream);
                }
                Some(_) => self.draw(component, assignment, stream),
                None => {}
            }
            self.broken(component, assignment).is_none()
        })
    }

    /// Step 3: all points of the component, one of them taken.
    fn enumerate(
        &self,
        component: &Component,
        assignment: &mut Assignment,
        stream: &mut RandomStream,
    ) -> Result<(), SpaceError> {
        self.clear(component, assignment);
        let mut total = 0_u128;
        let walked = self.walk(component, assignment, |leaf| {
            total = total.saturating_add(leaf.points);
            ControlFlow::Continue(())
        });
        if total == 0 {
            return Err(self.not_found(component, walked));
        }
        let mut skip = stream.below_u128(total);
        let mut taken = None;
        self.walk(component, assignment, |leaf| {
            if skip >= leaf.points {
                skip -= leaf.points;
                return ControlFlow::Continue(());
            }
            taken = Some((leaf.decided.clone(), leaf.free.to_vec()));
            ControlFlow::Break(())
        });
        if let Some((decided, free)) = taken {
            *assignment = decided;
            for index in free {
                let (name, param) = self.param(index);
                assignment.insert(name.to_owned(), param.distribution.draw(stream));
            }
        }
        Ok(())
    }

    fn not_found(&self, component: &Component, walked: Walked) -> SpaceError {
        let texts = component.require.iter().map(|&index| self.require[index].text.clone());
        let relations = texts.collect();
        match walked {
            Walked::All => SpaceError::EmptyRegion { relations },
            Walked::TooMany | Walked::Continuous => {
                SpaceError::RegionNotFound { relations, tries: REJECTION_TRIES + REPAIR_TRIES }
            }
        }
    }

    pub(super) fn clear(&self, component: &Component, assignment: &mut Assignment) {
        for &index in &component.params {
            assignment.remove(self.param(index).0);
        }
    }

    /// The component's first relation that does not hold.
    pub(super) fn broken(&self, component: &Component, assignment: &Assignment) -> Option<usize> {
        let mut relations = component.require.iter().copied();
        relations.find(|&index| !(self.require[index].holds)(assignment))
    }

    /// Draw every parameter of the component.
    fn draw(&self, component: &Component, assignment: &mut Assignment, stream: &mut RandomStream) {
        self.clear(component, assignment);
        for &index in &component.params {
            if self.is_active(index, assignment) {
                let (name, param) = self.param(index);
                assignment.insert(name.to_owned(), param.distribution.draw(stream));
            }
        }
    }

    /// Draw `reads` anew, and follow the conditions that hang on them: a parameter that becomes
    /// active is drawn, one that becomes inactive goes, one that stays active keeps its value.
    fn redraw(&self, component: &Component, reads: &[usize], assignment: &mut Assignment, stream: &mut RandomStream) {
        for &index in &component.params {
            let (name, param) = self.param(index);
            if !self.is_active(index, assignment) {
                assignment.remove(name);
            } else if reads.contains(&index) || !assignment.contains_key(name) {
                assignment.insert(name.to_owned(), param.distribution.draw(stream));
            }
        }
    }
}
