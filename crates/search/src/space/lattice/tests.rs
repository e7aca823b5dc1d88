use std::collections::BTreeSet;

use super::*;
use crate::testing::space::{all, always, choice, float, int, less, predicate, space, stepped, switch, when};

/// All points, each checked to be a member whose number is its own.
fn points(space: &Space) -> BTreeSet<String> {
    let lattice = Lattice::try_new(space).expect("finite");
    let points = (0..lattice.size()).filter_map(|number| {
        let point = lattice.point(number)?;
        assert!(space.is_member(&point), "{number}: {point:?}");
        assert_eq!(lattice.number(&point), Some(number), "{point:?}");
        Some(format!("{point:?}"))
    });
    points.collect()
}

#[test]
fn every_point_has_one_number() {
    let free = [("a", always(int(1, 4))), ("b", always(choice(&["x", "y"]))), ("c", always(stepped(0.0, 0.3, 0.1)))];
    assert_eq!(points(&space(&free, vec![]).expect("valid")).len(), 4 * 2 * 4);
}

#[test]
fn inactive_parameters_add_no_points() {
    let nested = [
        ("width", when(stepped(0.5, 1.5, 0.5), "level", 1)),
        ("filter", always(switch())),
        ("level", when(switch(), "filter", 1)),
        ("other", always(int(1, 2))),
    ];
    assert_eq!(points(&space(&nested, vec![]).expect("valid")).len(), (1 + 1 + 3) * 2);
}

#[test]
fn points_between_two_marks_are_found() {
    // 4,950 pairs: 155 marks, and a free parameter under each pair.
    let ints = [
        ("a", always(int(1, 100))),
        ("b", always(int(1, 100))),
        ("c", when(int(1, 3), "d", 1)),
        ("d", always(switch())),
    ];
    let linked = predicate("b reads d", &["b", "d"], |_| true);
    let space = space(&ints, vec![less("a", "b"), linked]).expect("valid");
    assert_eq!(points(&space).len(), 4_950 * 4);
}

#[test]
fn a_box_too_large_to_walk_through_has_gaps() {
    let wide = [("a", always(int(1, 2_000))), ("b", always(int(1, 1_000)))];
    let space = space(&wide, vec![less("a", "b")]).expect("valid");
    let lattice = Lattice::try_new(&space).expect("finite");
    assert_eq!(lattice.size(), 2_000_000);
    let members = (0..lattice.size()).filter_map(|number| lattice.point(number).map(|point| (number, point)));
    let members: Vec<_> = members.take(1_000).collect();
    assert!(members.iter().all(|(number, point)| space.is_member(point) && lattice.number(point) == Some(*number)));
    assert_eq!(members[0].0, 2_000, "a = 1, b = 2 is the first pair in order");
}

#[test]
fn the_suite_s_finite_spaces_are_numbered_whole() {
    for (name, space) in all() {
        if let super::super::SpaceSize::Exact(size) = space.size() {
            assert_eq!(points(&space).len() as u128, size, "{name}");
        }
    }
}

#[test]
fn continuous_and_endless_spaces_are_refused() {
    let error = |params: &[_]| Lattice::try_new(&space(params, vec![]).expect("valid")).expect_err("refused");
    let continuous = LatticeError::Continuous { param: "x".to_owned() };
    assert_eq!(error(&[("a", always(int(1, 4))), ("x", always(float(0.0, 1.0)))]), continuous);
    assert_eq!(error(&[("x", when(float(0.0, 1.0), "on", 1)), ("on", always(switch()))]), continuous);
    let wide = ["a", "b", "c"].map(|name| (name, always(int(-(1 << 53), 1 << 53))));
    assert_eq!(error(&wide), LatticeError::TooMany);
}

#[test]
fn what_is_no_point_has_no_number() {
    let params = [("a", always(int(1, 4))), ("b", when(int(1, 2), "on", 1)), ("on", always(switch()))];
    let lattice = Lattice::try_new(&space(&params, vec![]).expect("valid")).expect("finite");
    let point = |pairs: &[(&str, ParamValue)]| -> Assignment {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    };
    assert_eq!(lattice.number(&point(&[("a", ParamValue::Int(9)), ("on", ParamValue::Choice(0))])), None);
    assert_eq!(
        lattice.number(&point(&[("a", ParamValue::Int(1)), ("on", ParamValue::Choice(1))])),
        None,
        "b is missing"
    );
}
