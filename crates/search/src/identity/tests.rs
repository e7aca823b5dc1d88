use super::*;
use crate::space::Choice;
use crate::stream::RandomStream;
use crate::testing::space::{all, always, choice, float, int, space, stepped, switch, when};
use proptest::prelude::*;

fn small() -> Space {
    let params = [
        ("tenth", always(stepped(0.0, 1.0, 0.1))),
        ("real", always(float(-1.0, 1.0))),
        ("count", always(int(-5, 5))),
        ("kind", always(choice(&["a", "é"]))),
        ("use", always(switch())),
        ("level", when(int(1, 9), "use", 1)),
    ];
    space(&params, vec![]).expect("valid")
}

fn json(values: &[(&str, ParamValue)]) -> String {
    let assignment = values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    canonical_params(&assignment, &small())
}

#[test]
fn the_table_of_the_header_holds() {
    use ParamValue::{Choice as Pick, Float, Int};
    assert_eq!(json(&[("nobody", Int(1)), ("level", Int(3)), ("use", Pick(0))]), r#"{"use":false}"#);
    assert_eq!(json(&[("level", Int(3)), ("use", Pick(1))]), r#"{"level":3,"use":true}"#);
    // 0.1 * 3 is the grid's point 3; 0.3 is the same point, written otherwise.
    assert_eq!(json(&[("tenth", Float(0.3))]), json(&[("tenth", Float(0.1 * 3.0))]));
    assert_eq!(json(&[("real", Float(0.123_456_789_012_34))]), r#"{"real":0.123456789}"#);
    assert_eq!(json(&[("real", Float(1e-7))]), r#"{"real":1e-07}"#);
    assert_eq!(json(&[("real", Float(-0.0))]), r#"{"real":0.0}"#);
    assert_eq!(json(&[("real", Int(1)), ("count", Float(1.0))]), r#"{"count":1,"real":1.0}"#);
    assert_eq!(json(&[("kind", Pick(1))]), "{\"kind\":\"\\u00e9\"}");
    assert_eq!(json(&[]), "{}");
}

#[test]
fn rounding_never_leaves_the_bounds() {
    let low = 0.123_456_789_012;
    let space = space(&[("x", always(float(low, 1.0)))], vec![]).expect("valid");
    let assignment = Assignment::from([("x".to_owned(), ParamValue::Float(low))]);
    assert!(space.is_member(&space.normalize(&assignment)));
}

#[test]
fn values_that_are_no_members_are_still_told_apart() {
    use ParamValue::{Choice as Pick, Float, Int};
    assert_ne!(json(&[("tenth", Float(0.27))]), json(&[("tenth", Float(0.3))]));
    assert_ne!(json(&[("real", Float(1.5))]), json(&[("real", Float(1.0))]));
    assert_ne!(json(&[("count", Float(1.5))]), json(&[("count", Int(1))]));
    assert_eq!(json(&[("kind", Pick(9))]), r#"{"kind":null}"#);
    assert_eq!(json(&[("count", Pick(1))]), r#"{"count":"choice 1"}"#);
}

#[test]
fn reordering_the_choices_changes_no_signature() {
    let with = |choices: &[&str], index| {
        let space = space(&[("kind", always(choice(choices)))], vec![]).expect("valid");
        param_signature(&Assignment::from([("kind".to_owned(), ParamValue::Choice(index))]), &space)
    };
    assert_eq!(with(&["a", "b"], 0), with(&["b", "a"], 1));
    assert_ne!(with(&["a", "b"], 0), with(&["a", "b"], 1));
}

#[test]
fn a_text_and_a_number_that_look_alike_differ() {
    let choices = vec![Choice::Text("1".to_owned()), Choice::Int(1), Choice::Null, Choice::Text("null".to_owned())];
    let kind = always(Distribution::Categorical { choices });
    let space = space(&[("kind", kind)], vec![]).expect("valid");
    let signature =
        |index| param_signature(&Assignment::from([("kind".to_owned(), ParamValue::Choice(index))]), &space);
    assert_eq!(std::collections::BTreeSet::from([0, 1, 2, 3].map(signature)).len(), 4);
}

#[test]
fn the_signature_is_the_sha256_of_the_canonical_json() {
    // echo -n '{"count":3,"real":0.5}' | sha256sum
    let assignment =
        Assignment::from([("real".to_owned(), ParamValue::Float(0.5)), ("count".to_owned(), ParamValue::Int(3))]);
    assert_eq!(
        param_signature(&assignment, &small()),
        "2bbfb9a69cfb213a79282019a8969ba54d8bba70d3fbd00368ec95e22bcdc943"
    );
}

proptest! {
    #[test]
    fn a_draw_and_its_normal_form_are_one_trial(seed in any::<u64>()) {
        for (name, space) in all() {
            let draw = space.sample_uniform(&mut RandomStream::new(seed, 0, 0)).expect(name);
            let normal = space.normalize(&draw);
            prop_assert_eq!(space.normalize(&normal), normal.clone());
            prop_assert_eq!(param_signature(&draw, &space), param_signature(&normal, &space));
        }
    }

    #[test]
    fn noise_below_the_tenth_decimal_changes_nothing_and_above_it_does(
        digits in 1_000_000_000_u64..9_999_999_998,
        noise in -0.4..0.4_f64,
    ) {
        let space = space(&[("x", always(float(0.0, 1e11)))], vec![]).expect("valid");
        let signature = |value| param_signature(&Assignment::from([("x".to_owned(), ParamValue::Float(value))]), &space);
        let exact = digits as f64;
        prop_assert_eq!(signature(exact), signature(exact + noise));
        prop_assert_ne!(signature(exact), signature(exact + 1.0));
    }
}

proptest! {
    #[test]
    fn a_space_without_conditions_is_normalised_as_one_with_them(seed in any::<u64>()) {
        for (name, conditional) in all() {
            let params = conditional.params().iter().map(|(name, param)| (name.as_str(), always(param.distribution.clone())));
            let params: Vec<_> = params.collect();
            let plain = space(&params, vec![]).expect(name);
            let draw = plain.sample_uniform(&mut RandomStream::new(seed, 1, 0)).expect(name);
            let normal = plain.normalize(&draw);
            prop_assert_eq!(canonical_params(&draw, &plain), canonical_params(&normal, &plain));
            let found = signatures(&[draw.clone(), normal], &plain);
            prop_assert_eq!(found[0], found[1]);
            prop_assert_eq!(found[0].to_string(), param_signature(&draw, &plain));
        }
    }
}
