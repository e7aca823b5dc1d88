//! Some parameters pinned; the rest proposed by another sampler.
//!
//! The other sampler sees a smaller space: without the pinned parameters, and with conditions and
//! relations that know the pinned values. It learns from every trial's free parameters, also from
//! trials in which the pinned ones had other values. A pinned parameter whose condition does not hold is
//! absent, as any other.
//!
//! **Where it differs from Optuna:** `PartialFixedSampler` leaves the pinned parameters in the inner
//! sampler's space and overwrites what it drew for them.

use std::sync::Arc;

use indexmap::IndexMap;

use super::{Request, Sampler, SamplerError};
use crate::space::{Assignment, Param, ParamValue, Predicate, Space};

/// A sampler that leaves some parameters as they are.
pub struct Fixed {
    pinned: Assignment,
    inner: Box<dyn Sampler>,
    smaller: Smaller,
}

impl Fixed {
    /// Pin these values in a space; `inner` proposes the other parameters.
    ///
    /// # Errors
    ///
    /// [`SamplerError::Pinned`] for a name or a value that the space does not have.
    pub fn try_new(space: &Space, pinned: Assignment, inner: Box<dyn Sampler>) -> Result<Self, SamplerError> {
        let smaller = Smaller::try_new(space, &pinned)?;
        Ok(Self { pinned, inner, smaller })
    }
}

impl Sampler for Fixed {
    fn name(&self) -> &'static str {
        "fixed"
    }

    fn propose(&mut self, request: &Request<'_>) -> Result<Assignment, SamplerError> {
        if !request.view.is_of(request.space) {
            return Err(SamplerError::OtherSpace);
        }
        if !self.smaller.of.is_same(request.space) {
            self.smaller = Smaller::try_new(request.space, &self.pinned)?;
        }
        let pending: Vec<Assignment> = request.pending.iter().map(|params| self.smaller.free(params)).collect();
        let smaller = Request {
            space: &self.smaller.space,
            view: request.view.select(&self.smaller.kept),
            pending: &pending,
            ..*request
        };
        let mut proposal = self.inner.propose(&smaller)?;
        for pin in self.smaller.pins.iter() {
            pin.put_into(&mut proposal);
        }
        Ok(proposal)
    }
}

/// A space without its pinned parameters.
struct Smaller {
    /// The space that it was made from.
    of: Space,
    space: Space,
    /// Positions in the whole space of the parameters that are left.
    kept: Vec<usize>,
    /// In the order of evaluation.
    pins: Arc<[Pin]>,
}

#[derive(Clone)]
struct Pin {
    name: String,
    value: ParamValue,
    when: Option<Predicate>,
}

impl Pin {
    /// Put the value into an assignment that has all that the condition reads.
    fn put_into(&self, assignment: &mut Assignment) {
        if self.when.as_ref().is_none_or(|when| (when.holds)(assignment)) {
            assignment.insert(self.name.clone(), self.value.clone());
        }
    }
}

impl Smaller {
    fn try_new(space: &Space, pinned: &Assignment) -> Result<Self, SamplerError> {
        let error = |param: &str, problem| Err(SamplerError::Pinned { param: param.to_owned(), problem });
        for (name, value) in pinned {
            match space.distribution(name) {
                None => return error(name, "it is not a parameter"),
                Some(distribution) if !distribution.contains(&distribution.canonical(value)) => {
                    return error(name, "the value is not one of its values");
                }
                Some(_) => {}
            }
        }
        let is_pinned = |index: usize| pinned.contains_key(space.param(index).0);
        let pins = space.order().iter().filter(|&&index| is_pinned(index)).map(|&index| {
            let (name, param) = space.param(index);
            Pin { name: name.to_owned(), value: param.distribution.canonical(&pinned[name]), when: param.when.clone() }
        });
        let pins: Arc<[Pin]> = pins.collect();
        let kept: Vec<usize> = (0..space.len()).filter(|&index| !is_pinned(index)).collect();
        let params: IndexMap<String, Param> = kept
            .iter()
            .map(|&index| {
                let (name, param) = space.param(index);
                let when = param.when.as_ref().map(|when| informed(when, &pins));
                (name.to_owned(), Param { distribution: param.distribution.clone(), when })
            })
            .collect();
        let require = space.require().iter().map(|require| informed(require, &pins)).collect();
        Ok(Self { of: space.clone(), space: Space::try_new(params, require)?, kept, pins })
    }

    /// The parameters that are not pinned.
    fn free(&self, params: &Assignment) -> Assignment {
        let is_free = |name: &String| self.space.params().contains_key(name);
        params.iter().filter(|(name, _)| is_free(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
    }
}

/// The predicate over the free parameters: those pinned ones that it reads, directly or through a
/// condition, are put in before it is asked.
fn informed(predicate: &Predicate, pins: &Arc<[Pin]>) -> Predicate {
    let mut reads = predicate.reads.clone();
    let mut needed = vec![false; pins.len()];
    // Conditions read only what is evaluated before, so that one pass backwards finds all.
    for (pin, needed) in pins.iter().zip(&mut needed).rev() {
        if let Some(at) = reads.iter().position(|read| *read == pin.name) {
            *needed = true;
            reads.remove(at);
            reads.extend(pin.when.iter().flat_map(|when| when.reads.iter().cloned()));
            reads.retain(|read| *read != pin.name);
        }
    }
    if !needed.contains(&true) {
        return predicate.clone();
    }
    let needed: Vec<Pin> = pins.iter().zip(needed).filter(|(_, needed)| *needed).map(|(pin, _)| pin.clone()).collect();
    let asked = Arc::clone(&predicate.holds);
    let holds = move |free: &Assignment| {
        let mut whole = free.clone();
        needed.iter().for_each(|pin| pin.put_into(&mut whole));
        asked(&whole)
    };
    Predicate { text: predicate.text.clone(), reads, holds: Arc::new(holds) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::History;
    use crate::sampler::random::Random;
    use crate::sampler::tpe::Tpe;
    use crate::space::SpaceError;
    use crate::testing::space::{always, choice, float, int, less, number, space, when};
    use crate::testing::study::{Outcome, Study};
    use crate::trial::StudyDirection;

    fn conditional() -> Space {
        let params = [
            ("fast", always(int(1, 50))),
            ("slow", always(int(1, 50))),
            ("kind", always(choice(&["a", "b", "c"]))),
            ("level", when(float(0.0, 1.0), "kind", 1)),
        ];
        space(&params, vec![less("fast", "slow")]).expect("valid")
    }

    fn study<'a>(space: &'a Space, evaluate: &'a dyn Fn(u64, &Assignment) -> Outcome) -> Study<'a> {
        Study { space, direction: StudyDirection::Minimize, seed: 3, lag: 4, evaluate }
    }

    fn pins(values: &[(&str, ParamValue)]) -> Assignment {
        values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    }

    #[test]
    fn pinned_values_stay_and_relations_know_them() {
        let space = conditional();
        let pinned = pins(&[("slow", ParamValue::Int(40)), ("kind", ParamValue::Choice(1))]);
        let mut sampler = Fixed::try_new(&space, pinned, Box::new(Tpe::default())).expect("members");
        let trials = study(&space, &|_, params| Outcome::complete(number(params, "fast").unwrap_or(0.0)));
        let trials = trials.run(&mut sampler, Vec::new(), 120).expect("there are points");
        for trial in &trials {
            assert!(space.is_member(&trial.params), "{:?}", trial.params);
            assert_eq!(trial.params["slow"], ParamValue::Int(40));
            assert!(trial.params.contains_key("level"), "kind is 1");
        }
        let late = trials[60..].iter().filter_map(|trial| number(&trial.params, "fast")).sum::<f64>() / 60.0;
        assert!(late < 12.0, "the inner sampler learns: {late} on average, 20 without");
    }

    #[test]
    fn a_pinned_parameter_that_is_inactive_is_absent() {
        let space = conditional();
        let pinned = pins(&[("level", ParamValue::Float(0.5))]);
        let mut sampler = Fixed::try_new(&space, pinned, Box::new(Random)).expect("a member");
        let trials = study(&space, &|_, _| Outcome::complete(0.0)).run(&mut sampler, Vec::new(), 40).expect("points");
        for params in trials.iter().map(|trial| &trial.params) {
            assert!(space.is_member(params), "{params:?}");
            assert!(params.get("level").is_none_or(|level| *level == ParamValue::Float(0.5)));
        }
    }

    #[test]
    fn everything_pinned_leaves_one_point() {
        let space = conditional();
        let all = pins(&[("fast", ParamValue::Int(1)), ("slow", ParamValue::Int(2)), ("kind", ParamValue::Choice(0))]);
        let mut whole = all.clone();
        whole.insert("level".to_owned(), ParamValue::Float(0.0));
        let mut sampler = Fixed::try_new(&space, whole, Box::new(Random)).expect("members");
        let trials = study(&space, &|_, _| Outcome::complete(0.0)).run(&mut sampler, Vec::new(), 3).expect("a point");
        assert!(trials.iter().all(|trial| trial.params == all), "the level is inactive");
    }

    #[test]
    fn pins_that_break_a_relation_are_an_error() {
        let space = conditional();
        let broken = pins(&[("fast", ParamValue::Int(9)), ("slow", ParamValue::Int(2))]);
        let mut sampler = Fixed::try_new(&space, broken, Box::new(Random)).expect("each is a member");
        let error = study(&space, &|_, _| Outcome::complete(0.0)).run(&mut sampler, Vec::new(), 1).expect_err("9 > 2");
        assert!(matches!(error, SamplerError::Space(SpaceError::EmptyRegion { .. })), "{error}");
    }

    #[test]
    fn unknown_names_and_values_are_named() {
        let space = conditional();
        let error = |name: &str, value| {
            let fixed = Fixed::try_new(&space, pins(&[(name, value)]), Box::new(Random));
            fixed.err().map(|error| error.to_string())
        };
        let unknown = error("fats", ParamValue::Int(3));
        assert_eq!(unknown.as_deref(), Some("parameter 'fats' cannot be fixed: it is not a parameter"));
        let outside = error("fast", ParamValue::Int(99));
        assert_eq!(outside.as_deref(), Some("parameter 'fast' cannot be fixed: the value is not one of its values"));
    }

    #[test]
    fn a_selected_view_is_of_the_smaller_space() {
        let space = conditional();
        let history = History::new(&space, 1);
        let smaller = Smaller::try_new(&space, &pins(&[("slow", ParamValue::Int(6))])).expect("a member");
        assert!(history.view(0).select(&smaller.kept).is_of(&smaller.space));
        assert!(!history.view(0).is_of(&smaller.space));
    }
}
