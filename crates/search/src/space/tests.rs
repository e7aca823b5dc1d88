use proptest::prelude::*;

use super::*;
use crate::stream::RandomStream;
use crate::testing::space::{always, choice, float, int, less, number, predicate, space, stepped, switch, when};

/// A switch that turns a level on, which turns a width on.
fn nested() -> Space {
    let params = [
        ("width", when(stepped(0.5, 1.5, 0.5), "level", 1)),
        ("filter", always(switch())),
        ("level", when(switch(), "filter", 1)),
    ];
    space(&params, vec![]).expect("valid")
}

fn assignment(values: &[(&str, ParamValue)]) -> Assignment {
    values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

#[test]
fn a_parameter_is_decided_after_what_its_condition_reads() {
    assert_eq!(nested().order(), [1, 2, 0]);
}

#[test]
fn a_parameter_below_an_inactive_one_is_inactive() {
    let space = nested();
    let off = assignment(&[("filter", ParamValue::Choice(0)), ("level", ParamValue::Choice(1))]);
    assert_eq!(space.active(&off), ["filter"], "the level's value counts for nothing");
    let on = assignment(&[("filter", ParamValue::Choice(1)), ("level", ParamValue::Choice(1))]);
    assert_eq!(space.active(&on), ["width", "filter", "level"]);
    assert!(!space.is_member(&on), "the width is missing");
    assert!(!space.is_member(&off), "the level is too much");
    assert!(space.is_member(&space.normalize(&off)));
}

#[test]
fn unknown_names_and_cycles_are_named() {
    let params = [("a", when(switch(), "b", 1)), ("b", when(switch(), "a", 1)), ("c", always(switch()))];
    let error = space(&params, vec![]).expect_err("a waits for b waits for a");
    assert_eq!(error.to_string(), "the conditions (`when`) of a, b wait for each other");
    let error = space(&[("c", always(switch()))], vec![less("c", "d")]).expect_err("no d");
    assert_eq!(error.to_string(), "'c < d' reads 'd', which is not a parameter");
    let error = space(&[("c", always(float(2.0, 1.0)))], vec![]).expect_err("the wrong way round");
    assert_eq!(error.to_string(), "parameter 'c': low must not exceed high, got low 2, high 1");
}

#[test]
fn sizes_count_conditions_and_relations() {
    assert_eq!(nested().size(), SpaceSize::Exact(1 + 1 + 3));
    let ints = [("a", always(int(1, 100))), ("b", always(int(1, 100))), ("c", always(int(1, 7)))];
    let size = |require| space(&ints, require).expect("valid").size();
    assert_eq!(size(vec![]), SpaceSize::Exact(70_000));
    assert_eq!(size(vec![less("a", "b")]), SpaceSize::Exact(4_950 * 7));
    assert_eq!(size(vec![less("a", "b"), less("b", "a")]), SpaceSize::Exact(0));
    assert_eq!(space(&[], vec![]).expect("valid").size(), SpaceSize::Exact(1));
}

#[test]
fn sizes_beyond_enumeration_are_bounded() {
    let wide = [("a", always(int(1, 10_000))), ("b", always(int(1, 10_000)))];
    assert_eq!(space(&wide, vec![]).expect("valid").size(), SpaceSize::Exact(100_000_000));
    let related = space(&wide, vec![less("a", "b")]).expect("valid");
    assert_eq!(related.size(), SpaceSize::AtMost(100_000_000));
}

#[test]
fn continuous_parameters_count_only_where_they_can_be_active() {
    let params = [("use", always(switch())), ("x", when(float(0.0, 1.0), "use", 1))];
    assert_eq!(space(&params, vec![]).expect("valid").size(), SpaceSize::Infinite);
    let never = predicate("not use", &["use"], |params| number(params, "use") == Some(0.0));
    assert_eq!(space(&params, vec![never]).expect("valid").size(), SpaceSize::Exact(1));
    let impossible = predicate("false", &[], |_| false);
    assert_eq!(space(&params, vec![impossible]).expect("valid").size(), SpaceSize::Exact(0));
}

#[test]
fn an_empty_region_is_proven_or_reported() {
    let mut stream = RandomStream::new(0, 0, 0);
    let ints = [("a", always(int(1, 50))), ("b", always(int(1, 50)))];
    let never = space(&ints, vec![less("a", "b"), less("b", "a")]).expect("valid");
    let relations = vec!["a < b".to_owned(), "b < a".to_owned()];
    assert_eq!(never.sample_uniform(&mut stream), Err(SpaceError::EmptyRegion { relations: relations.clone() }));
    let floats = [("a", always(float(0.0, 1.0))), ("b", always(float(0.0, 1.0)))];
    let never = space(&floats, vec![less("a", "b"), less("b", "a")]).expect("valid");
    assert_eq!(never.sample_uniform(&mut stream), Err(SpaceError::RegionNotFound { relations, tries: 10_000 }));
    let constant = space(&floats, vec![predicate("1 < 0", &[], |_| false)]).expect("valid");
    assert!(matches!(constant.sample_uniform(&mut stream), Err(SpaceError::EmptyRegion { .. })));
}

#[test]
fn one_point_in_many_is_found() {
    let params = [("a", always(int(0, 899))), ("b", always(int(0, 899))), ("free", always(choice(&["x", "y"])))];
    let only = predicate("a = 3 and b = 4", &["a", "b"], |params| {
        number(params, "a") == Some(3.0) && number(params, "b") == Some(4.0)
    });
    let space = space(&params, vec![only]).expect("valid");
    assert_eq!(space.size(), SpaceSize::Exact(2));
    for number in 0..5 {
        let point = space.sample_uniform(&mut RandomStream::new(1, number, 0)).expect("there is one");
        assert!(space.is_member(&point));
    }
}

#[test]
fn enumerated_points_are_equally_likely() {
    // Six allowed points of a million, two of them with a free parameter of three values.
    let params = [("a", always(int(0, 99_999))), ("side", always(switch())), ("free", when(int(1, 3), "side", 1))];
    let few = predicate("a < 2", &["a"], |params| number(params, "a").is_some_and(|a| a < 2.0));
    let link = predicate("a reads side", &["a", "side"], |_| true);
    let space = space(&params, vec![few, link]).expect("valid");
    assert_eq!(space.size(), SpaceSize::Exact(8));
    let mut counts = std::collections::BTreeMap::new();
    for number in 0..60 {
        let point = space.sample_uniform(&mut RandomStream::new(1, number, 0)).expect("there are eight");
        assert!(space.is_member(&point));
        *counts.entry(format!("{point:?}")).or_insert(0) += 1;
    }
    assert_eq!(counts.len(), 8, "{counts:?}");
}

#[test]
fn rejection_keeps_the_distribution_inside_the_region() {
    // Two ordered dice: each of the 15 pairs a < b is equally likely.
    let params = [("a", always(int(1, 6))), ("b", always(int(1, 6)))];
    let space = space(&params, vec![less("a", "b")]).expect("valid");
    let mut stream = RandomStream::new(4, 0, 0);
    let mut counts = [0; 36];
    for _ in 0..15_000 {
        let point = space.sample_uniform(&mut stream).expect("15 points");
        let at = |name| number(&point, name).unwrap_or(0.0) as usize - 1;
        counts[at("a") * 6 + at("b")] += 1;
    }
    let seen: Vec<_> = counts.iter().filter(|&&count| count > 0).collect();
    assert_eq!(seen.len(), 15);
    assert!(seen.iter().all(|&&count| (850..1_150).contains(&count)), "{counts:?}");
}

#[test]
fn relations_that_share_no_parameter_are_solved_apart() {
    // Together one draw in 20,000 would pass; apart each passes at once.
    let names: Vec<String> = (0..8).map(|index| format!("p{index}")).collect();
    let params: Vec<(&str, Param)> = names.iter().map(|name| (name.as_str(), always(int(0, 9)))).collect();
    let same = |left: usize, right: usize| {
        let (a, b) = (names[left].clone(), names[right].clone());
        let reads = [names[left].as_str(), names[right].as_str()];
        predicate("equal", &reads, move |params| number(params, &a) == number(params, &b))
    };
    let require = vec![same(0, 1), same(2, 3), same(4, 5), same(6, 7)];
    let space = space(&params, require).expect("valid");
    assert_eq!(space.structure().components().len(), 4);
    assert_eq!(space.size(), SpaceSize::Exact(10_000));
    assert!(space.is_member(&space.sample_uniform(&mut RandomStream::new(0, 0, 0)).expect("there are many")));
}

/// A small space whose condition and relations are arbitrary tables.
fn arbitrary(when_table: u8, pair_table: u32, link_table: u32) -> Space {
    let at = |params: &Assignment, name: &str| number(params, name).map_or(3, |value| value as u32);
    let condition = predicate("table of a", &["a"], move |params| when_table >> at(params, "a") & 1 == 1);
    let inactive_too = Param { distribution: int(0, 2), when: Some(condition) };
    let params = [("c", inactive_too), ("a", always(int(0, 3))), ("b", always(int(0, 2))), ("free", always(switch()))];
    let pair = predicate("table of b and c", &["b", "c"], move |params| {
        pair_table >> (at(params, "b") * 4 + at(params, "c")) & 1 == 1
    });
    let link = predicate("table of a and b", &["a", "b"], move |params| {
        link_table >> (at(params, "a") * 4 + at(params, "b")) & 1 == 1
    });
    space(&params, vec![pair, link]).expect("valid")
}

proptest! {
    #[test]
    fn the_size_is_the_number_of_members(
        when_table in any::<u8>(),
        pair_table in any::<u32>(),
        link_table in any::<u32>(),
        seed in any::<u64>(),
    ) {
        let space = arbitrary(when_table, pair_table, link_table);
        let mut members = 0;
        for (a, b, c, free) in quadruples(4, 3, 4, 2) {
            let mut point = assignment(&[
                ("a", ParamValue::Int(a)),
                ("b", ParamValue::Int(b)),
                ("free", ParamValue::Choice(free as usize)),
            ]);
            if c < 3 {
                point.insert("c".to_owned(), ParamValue::Int(c));
            }
            members += u128::from(space.is_member(&point));
        }
        prop_assert_eq!(space.size(), SpaceSize::Exact(members));
        match space.sample_uniform(&mut RandomStream::new(seed, 0, 0)) {
            Ok(point) => prop_assert!(space.is_member(&point)),
            Err(error) => {
                let is_proven = matches!(error, SpaceError::EmptyRegion { .. });
                prop_assert!(is_proven && members == 0, "{}: {}", error, members);
            }
        }
    }
}

/// All quadruples below these bounds.
fn quadruples(a: i64, b: i64, c: i64, d: i64) -> impl Iterator<Item = (i64, i64, i64, i64)> {
    (0..a * b * c * d).map(move |k| (k / (b * c * d), k / (c * d) % b, k / d % c, k % d))
}
