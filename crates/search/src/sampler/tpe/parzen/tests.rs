use super::*;
use crate::testing::space::{choice, float, int, log_float, log_int, stepped};
use proptest::prelude::*;

fn estimator(distribution: &crate::space::Distribution, internals: &[f64]) -> ParzenEstimator {
    sharp_estimator(distribution, internals, 1.0)
}

fn sharp_estimator(distribution: &crate::space::Distribution, internals: &[f64], sharpness: f64) -> ParzenEstimator {
    let dimension = [Dimension::of(distribution)];
    let positions = internals.iter().map(|&internal| dimension[0].position(internal)).collect();
    let observations = Observations::new(&dimension, vec![positions]);
    ParzenEstimator::new(&dimension, observations, &TpeOptions { sharpness, ..TpeOptions::default() })
}

#[test]
fn without_observations_the_prior_is_all() {
    let prior = estimator(&float(0.0, 2.0), &[]);
    assert_eq!(prior.weights(), [1.0]);
    assert_eq!(prior.widths(0), [2.0]);
    let density = prior.ln_density(&[vec![0.5], vec![1.5]]);
    assert!((density[0] - density[1]).abs() < 1e-15, "the prior is symmetric");
    let uniform = estimator(&choice(&["a", "b", "c", "d"]), &[]);
    assert!((uniform.ln_density(&[vec![2.0]])[0] - 0.25_f64.ln()).abs() < 1e-15);
}

#[test]
fn an_observed_choice_is_likelier() {
    // One observation: kernels (2/3, 1/6·…): hit (1 + 1/2) / (1 + 3/2), miss (1/2) / (1 + 3/2).
    let seen = estimator(&choice(&["a", "b", "c"]), &[1.0]);
    let density = seen.ln_density(&[vec![1.0], vec![0.0]]);
    assert!((density[0].exp() - (0.5 * 0.6 + 0.5 / 3.0)).abs() < 1e-15);
    assert!((density[1].exp() - (0.5 * 0.2 + 0.5 / 3.0)).abs() < 1e-15);
}

#[test]
fn widths_are_the_larger_gap_to_a_neighbour() {
    let three = estimator(&float(0.0, 10.0), &[9.0, 1.0, 4.0]);
    // Sorted 1, 4, 9: the gaps are 3 and 5. Floor: 10 / (3 + 2) = 2.
    assert_eq!(three.widths(0), [5.0, 3.0, 5.0, 10.0]);
    let one = estimator(&float(0.0, 10.0), &[3.0]);
    assert_eq!(one.widths(0), [7.0, 10.0], "a single one has the ends as neighbours");
    let equal = estimator(&float(0.0, 10.0), &[3.0; 4]);
    assert_eq!(equal.widths(0)[..4], [10.0 / 6.0; 4], "equal ones get the floor");
}

#[test]
fn sharp_kernels_are_narrower_but_not_than_a_step() {
    // Floors: 12 / (2 + 2) = 3, and with sharpness 4 12 / 16 = 0.75; far from 100 of them.
    assert_eq!(estimator(&float(0.0, 12.0), &[5.0; 2]).widths(0)[..2], [3.0; 2]);
    assert_eq!(sharp_estimator(&float(0.0, 12.0), &[5.0; 2], 4.0).widths(0)[..2], [0.75; 2]);
    assert_eq!(sharp_estimator(&int(1, 12), &[5.0; 2], 4.0).widths(0)[..2], [1.0; 2]);
    assert_eq!(sharp_estimator(&stepped(0.0, 8.0, 4.0), &[4.0; 2], 4.0).widths(0)[..2], [3.0; 2], "as usual");
    let logarithmic = sharp_estimator(&log_int(1, 1_000), &[1.0, 1.0, 900.0, 900.0], 4.0);
    assert!((logarithmic.widths(0)[0] - 3.0_f64.ln()).abs() < 1e-12, "the cell of 1 is from 0.5 to 1.5");
    assert!(logarithmic.widths(0)[2] > 0.3, "900 is far from the next");
    assert_eq!(sharp_estimator(&float(0.0, 1.0), &[0.5; 98], 4.0).widths(0)[0], 0.01, "a hundredth at least");
}

#[test]
fn masses_on_a_grid_sum_to_one() {
    for (distribution, observed) in [
        (stepped(0.5, 5.0, 0.25), vec![0.5, 2.0, 2.0, 5.0]),
        (int(5, 60), vec![5.0, 60.0, 33.0]),
        (log_int(1, 300), vec![1.0, 2.0, 250.0]),
        (choice(&["a", "b", "c"]), vec![0.0, 2.0, 2.0]),
    ] {
        let estimator = estimator(&distribution, &observed);
        let count = distribution.cardinality().expect("these are finite");
        let points: Vec<Vec<f64>> = (0..count)
            .map(|k| vec![distribution.to_internal(&distribution.nth(k).expect("below the count"))])
            .collect();
        let total: f64 = estimator.ln_density(&points).iter().map(|ln| ln.exp()).sum();
        assert!((total - 1.0).abs() < 1e-12, "{distribution:?}: {total}");
    }
}

#[test]
fn a_continuous_density_integrates_to_one() {
    for distribution in [float(-1.0, 3.0), log_float(1e-3, 1e2)] {
        let estimator = estimator(&distribution, &[0.9, 1.0, 2.5]);
        let Dimension::Numerical(interval) = Dimension::of(&distribution) else { panic!("a number") };
        let cells = 20_000;
        let width = interval.width() / cells as f64;
        let points: Vec<Vec<f64>> =
            (0..cells).map(|cell| vec![interval.internal(interval.start + (cell as f64 + 0.5) * width)]).collect();
        let total: f64 = estimator.ln_density(&points).iter().map(|ln| ln.exp() * width).sum();
        assert!((total - 1.0).abs() < 1e-6, "{distribution:?}: {total}");
    }
}

#[test]
fn samples_follow_the_density() {
    let grid = int(1, 6);
    let estimator = estimator(&grid, &[2.0, 2.0, 5.0]);
    let mut stream = RandomStream::new(1, 0, 0);
    let mut counts = [0.0; 6];
    let draws = 60_000;
    for _ in 0..draws {
        counts[estimator.sample(&mut stream)[0] as usize - 1] += 1.0;
    }
    let points: Vec<Vec<f64>> = (1..=6).map(|value| vec![f64::from(value)]).collect();
    for (count, ln_mass) in counts.iter().zip(estimator.ln_density(&points)) {
        let expected = ln_mass.exp() * f64::from(draws);
        assert!((count - expected).abs() < 5.0 * expected.sqrt(), "{counts:?}: {expected}");
    }
}

#[test]
fn sampled_choices_follow_the_density() {
    let estimator = estimator(&choice(&["a", "b", "c", "d"]), &[1.0, 1.0, 3.0]);
    let mut stream = RandomStream::new(2, 0, 0);
    let mut counts = [0.0; 4];
    for _ in 0..40_000 {
        counts[estimator.sample(&mut stream)[0] as usize] += 1.0;
    }
    let points: Vec<Vec<f64>> = (0..4).map(|value| vec![f64::from(value)]).collect();
    for (count, ln_mass) in counts.iter().zip(estimator.ln_density(&points)) {
        let expected = ln_mass.exp() * 40_000.0;
        assert!((count - expected).abs() < 5.0 * expected.sqrt(), "{counts:?}: {expected}");
    }
}

proptest! {
    #[test]
    fn samples_stay_in_range_and_densities_are_numbers(
        low in -1e6..1e6_f64,
        width in 1e-9..1e6_f64,
        observed in prop::collection::vec(0.0..=1.0_f64, 0..40),
        seed in any::<u64>(),
    ) {
        let distribution = float(low, low + width);
        let observed: Vec<f64> = observed.iter().map(|share| low + share * width).collect();
        let estimator = estimator(&distribution, &observed);
        let mut stream = RandomStream::new(seed, 0, 0);
        let samples: Vec<Vec<f64>> = (0..8).map(|_| estimator.sample(&mut stream)).collect();
        for (sample, density) in samples.iter().zip(estimator.ln_density(&samples)) {
            prop_assert!((low..=low + width).contains(&sample[0]));
            prop_assert!(density.is_finite(), "{density} at {sample:?}");
        }
    }
}
