use super::*;
use crate::sampler::quasi_tests::{discrepancy, oracle, points, random_discrepancy};

#[test]
fn unscrambled_points_are_scipy_s() {
    let at = |dimension, index| coordinate(&direction_numbers(dimension), index) as f64 / (1_u64 << BITS) as f64;
    for (index, point) in oracle("sobol").iter().enumerate() {
        for (dimension, &expected) in point.iter().enumerate() {
            assert_eq!(at(dimension, index as u64), expected, "point {index}, dimension {dimension}");
        }
    }
    for (index, point) in oracle("sobol_last").iter().enumerate() {
        for (offset, &expected) in point.iter().enumerate() {
            assert_eq!(at(SOBOL_DIMENSIONS - 3 + offset, index as u64), expected, "point {index} from the end");
        }
    }
}

#[test]
fn every_scrambled_dimension_has_one_point_in_each_of_64_cells() {
    for seed in 0..5 {
        let points = points(&mut Sobol::default(), seed, 6, 64);
        for dimension in 0..6 {
            let mut cells: Vec<u64> = points.iter().map(|point| (point[dimension] * 64.0) as u64).collect();
            cells.sort_unstable();
            assert_eq!(cells, (0..64).collect::<Vec<_>>(), "seed {seed}, dimension {dimension}");
        }
    }
}

#[test]
fn scrambled_points_are_spread_more_evenly_than_random_ones() {
    let worst = (0..10).map(|seed| discrepancy(&points(&mut Sobol::default(), seed, 4, 128)));
    let worst = worst.fold(0.0, f64::max);
    assert!(worst < 0.5 * random_discrepancy(4, 128), "{worst}");
}

#[test]
fn a_scrambled_coordinate_is_uniform_over_seeds() {
    let mean = (0..2_000).map(|seed| points(&mut Sobol::default(), seed, 2, 1)[0][1]).sum::<f64>() / 2_000.0;
    assert!((mean - 0.5).abs() < 0.03, "{mean}: the standard error is 0.0065");
}

#[test]
fn parameters_beyond_the_table_are_drawn_at_random() {
    let points = points(&mut Sobol::default(), 1, SOBOL_DIMENSIONS + 2, 64);
    let mean = points.iter().map(|point| point[SOBOL_DIMENSIONS + 1]).sum::<f64>() / 64.0;
    assert!((mean - 0.5).abs() < 0.15, "{mean}");
}
