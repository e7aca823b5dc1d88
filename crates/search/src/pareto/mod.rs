//! Several objectives at once: which points are best, how crowded they are, how much they dominate.
//!
//! | file | job | cost for `n` points, `m` objectives |
//! |---|---|---|
//! | [`Points`] | rows of numbers, smaller is better | |
//! | `rank` | fronts: non-dominated sorting, with constraints | `n log n` for `m <= 2`, else at most `m n²` |
//! | `crowding` | distance to the neighbours on a front | `m n log n` |
//! | `hypervolume` | the volume that points dominate, exactly | `n log n`, `n²`, then exponential in `m` |
//! | `subset` | the points that together dominate most (greedily) | |
//!
//! A point *dominates* another when it is nowhere worse and somewhere better. Everything here
//! minimises; [`Points::losses`] turns maximised values round.
//!
//! - **NaN** counts as `+∞`: worse than every number, never better than anything.
//! - **Infinities** are values like others in comparisons; each function says what it does with them.
//! - **Ties**: equal points have the same rank and are all on the front. Where only some of them can be
//!   taken, the first in lexicographic order, then in the order given, is.
//! - `-0.0` and `0.0` are equal.
//!
//! # Source
//!
//! Deb, Pratap, Agarwal, Meyarivan, "A fast and elitist multiobjective genetic algorithm: NSGA-II",
//! IEEE TEC 6(2), 2002 (ranks, crowding, constrained domination); the files name the others. Ranks,
//! distances, volumes and subsets equal Optuna 5's (`testdata/search/pareto.json`).

mod crowding;
mod hypervolume;
mod points;
mod rank;
mod subset;

pub use crowding::{crowding_distances, crowding_order};
pub use hypervolume::hypervolume;
pub use points::Points;
pub use rank::{constrained_ranks, dominates, front, front_trials, ranks};
pub use subset::{best_points, hypervolume_subset};

#[cfg(test)]
mod tests;
