//! NSGA-II's selection: the best ranks; of the rank that does not fit, the loneliest points.

use super::evolution::Crowd;
use crate::pareto::crowding_order;

/// Positions of the `size` survivors of a crowd, in the order in which they were taken.
pub(super) fn survivors(crowd: &Crowd, size: usize) -> Vec<usize> {
    let mut survivors = Vec::with_capacity(size);
    for rank in crowd.by_rank() {
        if survivors.len() + rank.len() < size {
            survivors.extend(rank);
            continue;
        }
        let order = crowding_order(&crowd.values.select(&rank));
        survivors.extend(order.into_iter().take(size - survivors.len()).map(|index| rank[index]));
        break;
    }
    survivors
}
