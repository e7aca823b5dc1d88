//! The first proposals of each sampler, pinned: the same on every machine, in every process, in every
//! version. A change here belongs under *Results change* in the changelog.

use super::Sampler;
use super::cmaes::Cmaes;
use super::grid::Grid;
use super::halton::Halton;
use super::sobol::Sobol;
use crate::identity::{canonical_params, sha256_hex};
use crate::space::{Assignment, Space};
use crate::testing::space::{all, finite, number};
use crate::testing::study::{Outcome, Study};
use crate::trial::StudyDirection;

fn value(params: &Assignment) -> f64 {
    params.keys().filter_map(|name| number(params, name)).map(|x| (x - 0.7) * (x - 0.7)).sum()
}

/// The hash of 120 trials in each of these spaces.
fn digest(spaces: &[(&str, Space)], make: &dyn Fn() -> Box<dyn Sampler>) -> String {
    let mut text = String::new();
    for (_, space) in spaces {
        let evaluate = |_, params: &Assignment| Outcome::complete(value(params));
        let direction = StudyDirection::Minimize;
        let study = Study { space, direction, seed: 42, lag: 5, evaluate: &evaluate };
        for trial in study.run(&mut *make(), Vec::new(), 120).expect("the space has points") {
            text.push_str(&canonical_params(&trial.params, space));
        }
    }
    sha256_hex(&text)[..16].to_owned()
}

#[test]
fn proposals_never_change_between_versions() {
    let digests = [
        digest(&finite(), &|| Box::new(Grid::default())),
        digest(&all(), &|| Box::new(Sobol::default())),
        digest(&all(), &|| Box::new(Halton::default())),
        digest(&all(), &|| Box::new(Cmaes::default())),
    ];
    assert_eq!(digests, ["e9c50caeba8778da", "ee651da999eec522", "f29853b7efb9dd8f", "829bb284f1025694"]);
}
