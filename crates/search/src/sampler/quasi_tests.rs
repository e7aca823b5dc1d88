//! What the tests of both quasi-random samplers need.

use std::path::Path;

use super::{Request, Sampler};
use crate::history::History;
use crate::space::Space;
use crate::stream::RandomStream;
use crate::testing::space::{always, float, number, space};
use crate::trial::StudyDirection;

/// Points of SciPy.
pub(super) fn oracle(name: &str) -> Vec<Vec<f64>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/search/quasi.json");
    let text = std::fs::read_to_string(path).expect("the oracle is committed");
    let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    serde_json::from_value(json[name].clone()).expect("rows of numbers")
}

fn unit_cube(dimensions: usize) -> Space {
    let names: Vec<String> = (0..dimensions).map(|index| format!("x{index:03}")).collect();
    let params: Vec<_> = names.iter().map(|name| (name.as_str(), always(float(0.0, 1.0)))).collect();
    space(&params, vec![]).expect("valid")
}

/// The first proposals in the unit cube.
pub(super) fn points(sampler: &mut dyn Sampler, seed: u64, dimensions: usize, count: usize) -> Vec<Vec<f64>> {
    let space = unit_cube(dimensions);
    let history = History::new(&space, 1);
    let propose = |index: u64| {
        let request = Request {
            space: &space,
            directions: &[StudyDirection::Minimize],
            view: history.view(0),
            pending: &[],
            seed,
            number: index,
            attempt: 0,
        };
        let point = sampler.propose(&request).expect("the cube has points");
        space.params().keys().map(|name| number(&point, name).expect("active")).collect()
    };
    (0..count as u64).map(propose).collect()
}

/// Warnock's formula for the squared L2 star discrepancy, its root taken.
pub(super) fn discrepancy(points: &[Vec<f64>]) -> f64 {
    let (count, dimensions) = (points.len() as f64, points[0].len() as i32);
    let single: f64 = points.iter().map(|x| x.iter().map(|x| (1.0 - x * x) / 2.0).product::<f64>()).sum();
    let pair = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| 1.0 - x.max(*y)).product::<f64>();
    let pairs: f64 = points.iter().map(|x| points.iter().map(|y| pair(x, y)).sum::<f64>()).sum();
    (3.0_f64.powi(-dimensions) - 2.0 / count * single + pairs / (count * count)).sqrt()
}

/// The mean discrepancy of random points.
pub(super) fn random_discrepancy(dimensions: usize, count: usize) -> f64 {
    let of = |seed| {
        let mut stream = RandomStream::new(seed, 0, 0);
        let points: Vec<Vec<f64>> = (0..count).map(|_| (0..dimensions).map(|_| stream.uniform()).collect()).collect();
        discrepancy(&points)
    };
    (0..20).map(of).sum::<f64>() / 20.0
}
