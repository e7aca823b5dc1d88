//! The points of a finite space by their number, without building them.
//!
//! Components are independent, so that a point's number is a mixed-radix number with one digit a
//! component:
//!
//! | component | its digit counts | memory |
//! |---|---|---|
//! | one parameter that no predicate reads | its values | none |
//! | parameters that predicates connect, up to a million nodes | its allowed points | one path in 32 combinations |
//! | larger ones | the box around it; some numbers stand for no point | none |
//!
//! An allowed point is found from its digit by walking on from the nearest path kept, which is at
//! most 31 combinations away; the digit of a point likewise.

use std::ops::ControlFlow;

use super::size::Walked;
use super::structure::Component;
use super::{Assignment, Param, ParamValue, Space};

/// One path is kept for so many combinations.
const COMBINATIONS_PER_MARK: usize = 32;

/// Why the points of a space have no numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LatticeError {
    /// A parameter that can be active is continuous.
    Continuous { param: String },
    /// More than 2¹²⁸ − 1 points.
    TooMany,
}

/// The numbered points of a finite space.
#[derive(Debug, Clone)]
pub(crate) struct Lattice {
    space: Space,
    digits: Vec<Digit>,
    /// One more than the largest number.
    size: u128,
}

#[derive(Debug, Clone)]
struct Digit {
    /// Position of the component in the space's structure.
    component: usize,
    radix: u128,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    /// The parameter's own values.
    Single { param: usize },
    /// Allowed points, counted.
    Counted { marks: Vec<Mark> },
    /// All points of the box; an inactive parameter stands at 0.
    Box,
}

/// A combination from which a walk can start.
#[derive(Debug, Clone)]
struct Mark {
    /// How many points come before it.
    points: u128,
    path: Vec<u64>,
}

impl Lattice {
    /// Number the points of a space. Costs as much as [`Space::size`].
    pub(crate) fn try_new(space: &Space) -> Result<Self, LatticeError> {
        let mut digits = Vec::new();
        let mut size = 1_u128;
        for (index, component) in space.structure().components().iter().enumerate() {
            let (radix, kind) = digit(space, component)?;
            size = size.checked_mul(radix).ok_or(LatticeError::TooMany)?;
            digits.push(Digit { component: index, radix, kind });
        }
        Ok(Self { space: space.clone(), digits, size })
    }

    /// One more than the largest number of a point.
    pub(crate) fn size(&self) -> u128 {
        self.size
    }

    /// Whether the lattice was made for this space.
    pub(crate) fn is_of(&self, space: &Space) -> bool {
        self.space.is_same(space)
    }

    /// The point of a number; `None` if it stands for none.
    pub(crate) fn point(&self, mut number: u128) -> Option<Assignment> {
        let mut assignment = Assignment::new();
        for digit in &self.digits {
            let component = &self.space.structure().components()[digit.component];
            let position = number % digit.radix;
            number /= digit.radix;
            match &digit.kind {
                Kind::Single { param } => self.set(&mut assignment, *param, position),
                Kind::Counted { marks } => self.point_of(component, marks, position, &mut assignment)?,
                Kind::Box => self.point_of_box(component, position, &mut assignment)?,
            }
        }
        Some(assignment)
    }

    /// The number of a point; `None` for what is not a point of the space.
    pub(crate) fn number(&self, assignment: &Assignment) -> Option<u128> {
        let (mut number, mut place) = (0_u128, 1_u128);
        for digit in &self.digits {
            let component = &self.space.structure().components()[digit.component];
            let position = match &digit.kind {
                Kind::Single { param } => u128::from(self.position(assignment, *param)?),
                Kind::Counted { marks } => self.position_of(component, marks, assignment)?,
                Kind::Box => self.position_in_box(component, assignment)?,
            };
            number += position * place;
            place = place.saturating_mul(digit.radix);
        }
        Some(number)
    }

    fn set(&self, assignment: &mut Assignment, param: usize, position: u128) {
        let (name, param) = self.space.param(param);
        let value = u64::try_from(position).ok().and_then(|position| param.distribution.nth(position));
        if let Some(value) = value {
            assignment.insert(name.to_owned(), value);
        }
    }

    fn position(&self, assignment: &Assignment, param: usize) -> Option<u64> {
        let (name, param) = self.space.param(param);
        param.distribution.position(assignment.get(name)?)
    }

    fn count(&self, param: usize) -> u128 {
        self.space.param(param).1.distribution.cardinality().map_or(1, u128::from)
    }

    /// Put point `position` of a counted component into an assignment.
    fn point_of(
        &self,
        component: &Component,
        marks: &[Mark],
        position: u128,
        assignment: &mut Assignment,
    ) -> Option<()> {
        let mark = &marks[marks.partition_point(|mark| mark.points <= position).checked_sub(1)?];
        let mut left = position - mark.points;
        let mut found = None;
        self.space.walk_from(component, mark.path.clone(), &mut Assignment::new(), |leaf| {
            if left >= leaf.points {
                left -= leaf.points;
                return ControlFlow::Continue(());
            }
            found = Some((leaf.decided.clone(), leaf.free.to_vec()));
            ControlFlow::Break(())
        });
        let (decided, free) = found?;
        assignment.extend(decided);
        for param in free {
            let count = self.count(param);
            self.set(assignment, param, left % count);
            left /= count;
        }
        Some(())
    }

    /// The position of an assignment among a counted component's points.
    fn position_of(&self, component: &Component, marks: &[Mark], assignment: &Assignment) -> Option<u128> {
        let has = |param: usize| assignment.contains_key(self.space.param(param).0);
        let reads = component.params.iter().copied().filter(|&param| self.space.structure().is_read(param));
        let path = reads.filter(|&param| has(param)).map(|param| self.position(assignment, param));
        let path = path.collect::<Option<Vec<u64>>>()?;
        let mark = &marks[marks.partition_point(|mark| mark.path <= path).checked_sub(1)?];
        let mut points = mark.points;
        let mut free = None;
        self.space.walk_from(component, mark.path.clone(), &mut Assignment::new(), |leaf| {
            if leaf.path == path {
                free = Some(leaf.free.to_vec());
            } else if leaf.path < path.as_slice() {
                points += leaf.points;
                return ControlFlow::Continue(());
            }
            ControlFlow::Break(())
        });
        let mut place = 1;
        for param in free? {
            points += u128::from(self.position(assignment, param)?) * place;
            place *= self.count(param);
        }
        Some(points)
    }

    /// Put the point at a position of a box into an assignment; `None` if relations exclude it or an
    /// inactive parameter stands elsewhere than at 0.
    fn point_of_box(&self, component: &Component, mut position: u128, assignment: &mut Assignment) -> Option<()> {
        for &param in &component.params {
            let count = self.count(param);
            let digit = position % count;
            position /= count;
            if self.space.is_active(param, assignment) {
                self.set(assignment, param, digit);
            } else if digit > 0 {
                return None;
            }
        }
        self.space.broken(component, assignment).is_none().then_some(())
    }

    fn position_in_box(&self, component: &Component, assignment: &Assignment) -> Option<u128> {
        let (mut position, mut place) = (0, 1);
        for &param in &component.params {
            if assignment.contains_key(self.space.param(param).0) {
                position += u128::from(self.position(assignment, param)?) * place;
            }
            place *= self.count(param);
        }
        Some(position)
    }
}

/// The radix of a component, and how its points are found.
fn digit(space: &Space, component: &Component) -> Result<(u128, Kind), LatticeError> {
    if let ([param], []) = (component.params.as_slice(), component.require.as_slice())
        && space.param(*param).1.when.is_none()
    {
        let count = count(space, *param).ok_or_else(|| continuous(space, *param))?;
        return Ok((count, Kind::Single { param: *param }));
    }
    let (mut points, mut combinations, mut marks) = (0_u128, 0, Vec::new());
    let mut endless = None;
    let walked = space.walk(component, &mut Assignment::new(), |leaf| {
        endless = leaf.free.iter().copied().find(|&param| count(space, param).is_none());
        if endless.is_some() {
            return ControlFlow::Break(());
        }
        if combinations % COMBINATIONS_PER_MARK == 0 {
            marks.push(Mark { points, path: leaf.path.to_vec() });
        }
        combinations += 1;
        points = points.saturating_add(leaf.points);
        ControlFlow::Continue(())
    });
    match (endless, walked) {
        (Some(param), _) => Err(continuous(space, param)),
        (None, Walked::All) if points < u128::MAX => Ok((points, Kind::Counted { marks })),
        (None, Walked::All) => Err(LatticeError::TooMany),
        (None, Walked::TooMany | Walked::Continuous) => boxed(space, component),
    }
}

fn boxed(space: &Space, component: &Component) -> Result<(u128, Kind), LatticeError> {
    let mut radix = 1_u128;
    for &param in &component.params {
        let count = count(space, param).ok_or_else(|| continuous(space, param))?;
        radix = radix.checked_mul(count).ok_or(LatticeError::TooMany)?;
    }
    Ok((radix, Kind::Box))
}

fn count(space: &Space, param: usize) -> Option<u128> {
    space.param(param).1.distribution.cardinality().map(u128::from)
}

fn continuous(space: &Space, param: usize) -> LatticeError {
    LatticeError::Continuous { param: space.param(param).0.to_owned() }
}

/// The value of a cell of the history, or `None` where the trial lacks the parameter.
pub(crate) fn value_of(param: &Param, internal: f64) -> Option<ParamValue> {
    (!internal.is_nan()).then(|| param.distribution.from_internal(internal))
}

#[cfg(test)]
mod tests;
