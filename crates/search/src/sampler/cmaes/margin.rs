//! The margin: what keeps a stepped parameter from being stuck at one value.
//!
//! A stepped coordinate is drawn as a real number and rounded. Once the distribution is narrower than
//! a step, every draw would be rounded to the same value and the search in that coordinate would be over.
//! After each generation the mean and a factor `A` of the coordinate's deviation are therefore corrected,
//! so that the values beside the most probable one keep at least a probability of `margin / 2` each.
//!
//! Legend: `A` the factors; `limits` the midpoints on both sides of the value the mean is rounded to. A
//! step equals `CMAwM` of the Python package `cmaes` to 10⁻⁹.
//!
//! # Source
//!
//! R. Hamano, S. Saito, M. Nomura, S. Shirakawa, "CMA-ES with Margin", GECCO 2022, arXiv:2205.13482.

use std::f64::consts::FRAC_1_SQRT_2;

use super::gaussian::Gaussian;

/// The stepped coordinates of a search.
#[derive(Debug, Clone)]
pub(super) struct Margin {
    coordinates: Vec<Stepped>,
    margin: f64,
}

/// A coordinate with `values` values spread evenly over `[0, 1]`.
#[derive(Debug, Clone)]
struct Stepped {
    index: usize,
    values: u64,
    /// `A`.
    factor: f64,
}

impl Margin {
    /// Coordinates given as position and number of values, at least 2.
    pub(super) fn new(coordinates: &[(usize, u64)], margin: f64) -> Self {
        let coordinates = coordinates.iter().map(|&(index, values)| Stepped { index, values, factor: 1.0 }).collect();
        Self { coordinates, margin }
    }

    /// The point that is evaluated for a drawn one: stepped coordinates on their grids.
    pub(super) fn encoded(&self, raw: &[f64], mean: &[f64]) -> Vec<f64> {
        let mut point = raw.to_vec();
        for stepped in &self.coordinates {
            let (x, m) = (raw[stepped.index], mean[stepped.index]);
            point[stepped.index] = stepped.value(stepped.nearest((x - m) * stepped.factor + m));
        }
        point
    }

    /// A point with its stepped coordinates on their grids.
    pub(super) fn on_grid(&self, mut point: Vec<f64>) -> Vec<f64> {
        for stepped in &self.coordinates {
            point[stepped.index] = stepped.value(stepped.nearest(point[stepped.index]));
        }
        point
    }

    /// Whether the coordinate is stepped.
    pub(super) fn is_stepped(&self, index: usize) -> bool {
        self.coordinates.iter().any(|stepped| stepped.index == index)
    }

    /// Correct means and factors after an update.
    pub(super) fn correct(&mut self, gaussian: &mut Gaussian) {
        for stepped in &mut self.coordinates {
            let deviation = gaussian.sigma * gaussian.variance(stepped.index).sqrt();
            stepped.correct(&mut gaussian.mean[stepped.index], deviation, self.margin);
        }
    }

    /// `A`, in the order of the coordinates.
    #[cfg(test)]
    pub(super) fn factors(&self) -> Vec<f64> {
        self.coordinates.iter().map(|stepped| stepped.factor).collect()
    }
}

impl Stepped {
    fn value(&self, position: u64) -> f64 {
        position as f64 / (self.values - 1) as f64
    }

    fn midpoint(&self, position: u64) -> f64 {
        (self.value(position) + self.value(position + 1)) / 2.0
    }

    /// The nearest value's position; of two equally near ones the lower.
    fn nearest(&self, x: f64) -> u64 {
        let last = self.values - 1;
        let mut position = ((x * last as f64 + 0.5).floor().max(0.0) as u64).min(last);
        if position > 0 && x <= self.midpoint(position - 1) {
            position -= 1;
        }
        if position < last && x > self.midpoint(position) {
            position += 1;
        }
        position
    }

    fn correct(&mut self, mean: &mut f64, deviation: f64, margin: f64) {
        let position = self.nearest(*mean);
        let last_limit = self.values - 2;
        let (low_limit, up_limit) =
            (self.midpoint(position.saturating_sub(1).min(last_limit)), self.midpoint(position.min(last_limit)));
        let low = normal_cdf((low_limit - *mean) / (deviation * self.factor));
        let up = 1.0 - normal_cdf((up_limit - *mean) / (deviation * self.factor));
        if low.max(up) > 0.5 {
            // At an end of the range: move the mean until the neighbour has its probability.
            if low.min(up) < margin {
                let distance = deviation * self.factor * quantile_of_tail(margin);
                let side = if *mean > up_limit {
                    1.0
                } else if *mean < up_limit {
                    -1.0
                } else {
                    0.0
                };
                *mean = up_limit + side * distance;
            }
            return;
        }
        let middle = 1.0 - (low + up);
        let (low, up) = (low.max(margin / 2.0), up.max(margin / 2.0));
        let excess = 1.0 - low - up - middle;
        let room = low + middle + up - 3.0 * margin / 2.0;
        let share = |tail: f64| (tail + excess * (tail - margin / 2.0) / room).clamp(1e-10, 0.5 - 1e-10);
        let (low, up) = (quantile_of_tail(share(low)), quantile_of_tail(share(up)));
        // Both tails at once: two equations for the mean and the factor.
        self.factor = (up_limit - low_limit) / ((low + up) * deviation);
        *mean = (low_limit * up + up_limit * low) / (low + up);
    }
}

fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x * FRAC_1_SQRT_2)
}

/// The `x >= 0` beyond which a standard normal number lies with this probability, at most 1/2: the root
/// of the `1 - 2p` quantile of the chi-squared distribution with one degree of freedom.
fn quantile_of_tail(tail: f64) -> f64 {
    // Bisection down to neighbouring floats, from where the tail is 10⁻¹⁰⁰.
    let (mut low, mut high) = (0.0, 22.0);
    loop {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            return middle;
        }
        if normal_cdf(-middle) > tail { low = middle } else { high = middle }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_known_ones() {
        assert!((quantile_of_tail(0.025) - 1.959_963_984_540_054).abs() < 1e-14);
        assert!((quantile_of_tail(1e-10) - 6.361_340_902_404_056).abs() < 1e-12);
        assert!(quantile_of_tail(0.5) < 1e-12);
    }

    #[test]
    fn a_draw_is_rounded_to_the_nearest_value() {
        let margin = Margin::new(&[(0, 3)], 0.1);
        let encoded = |x| margin.encoded(&[x, 0.3], &[0.5, 0.5])[0];
        assert_eq!([-9.0, 0.24, 0.25, 0.26, 0.74, 0.76, 9.0].map(encoded), [0.0, 0.0, 0.0, 0.5, 0.5, 1.0, 1.0]);
        assert_eq!(margin.encoded(&[0.2, 0.3], &[0.5, 0.5])[1], 0.3, "continuous coordinates stay");
    }

    #[test]
    fn neighbours_keep_their_probability_however_narrow_the_distribution() {
        let mut gaussian = Gaussian::full(vec![0.5, 0.999], 1e-9, 6);
        let mut margin = Margin::new(&[(0, 5), (1, 5)], 0.04);
        margin.correct(&mut gaussian);
        let deviation = gaussian.sigma * margin.coordinates[0].factor;
        let beyond = 1.0 - normal_cdf((0.625 - gaussian.mean[0]) / deviation);
        assert!((beyond - 0.02).abs() < 1e-6, "{beyond}");
        let below = normal_cdf((0.875 - gaussian.mean[1]) / (gaussian.sigma * margin.coordinates[1].factor));
        assert!((below - 0.04).abs() < 1e-6, "{below}: at the end only one neighbour is left");
    }
}
