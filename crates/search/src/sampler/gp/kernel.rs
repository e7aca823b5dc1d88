//! The Matérn 5/2 kernel over scaled squared distances.
//!
//! `k(s) = (1 + √(5s) + 5s/3) exp(-√(5s))` with `s = Σ wⱼ dⱼ²`, where `wⱼ` is the inverse of the squared length scale
//! of axis `j` and `dⱼ` the distance along it: 0 or 1 for choices.
//!
//! # Source
//!
//! Rasmussen, Williams, "Gaussian Processes for Machine Learning", 2006, eq. 4.17.

/// Value and derivative by `s`.
pub(super) fn matern(square: f64) -> (f64, f64) {
    let root = (5.0 * square).sqrt();
    let decay = libm::exp(-root);
    (decay * (5.0 / 3.0 * square + root + 1.0), -5.0 / 6.0 * (root + 1.0) * decay)
}

/// The square of the distance along one axis.
pub(super) fn axis_square(left: f64, right: f64, is_choice: bool) -> f64 {
    if is_choice { f64::from(left != right) } else { (left - right) * (left - right) }
}

/// The scaled squared distance of two points.
pub(super) fn square(left: &[f64], right: &[f64], weights: &[f64], choices: &[bool]) -> f64 {
    let axes = left.iter().zip(right).zip(weights.iter().zip(choices));
    axes.map(|((&left, &right), (weight, &is_choice))| weight * axis_square(left, right, is_choice)).sum()
}
