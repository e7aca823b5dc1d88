//! By how much proposals become dearer as the history grows, by asking the sampler again.
//!
//! What a search tells of it is hidden behind the machine's other work, and its first proposals are no model's. The same few
//! proposals are made again from the middle of the pilot's history and from its end, several times, and the
//! shortest times count. A made-up history would tell it for any length, but is cheaper to learn from than one
//! that was searched.

use std::time::Instant;

use bartune_search::history::History;
use bartune_search::sampler::Request;
use bartune_search::storage::TrialRecord;

use crate::config::{Plan, SamplerPlan};

/// Proposals in a row at each place; the first one builds what the others keep.
const ASKED: u64 = 16;
/// How often they are made.
const TIMES: usize = 3;

/// What each trial adds to a proposal's time, as a part of what one takes in the second half of these trials; `None` where
/// they are too few.
pub(super) fn of(plan: &Plan, sampler: &SamplerPlan, records: &[TrialRecord]) -> Option<f64> {
    let directions = plan.objective.directions();
    let trials = records.iter().map(|record| &record.trial);
    let history = History::from_trials(&plan.parameters.space, directions.len(), trials).ok()?;
    let (half, end) = (history.len() / 2, history.len());
    if half < 2 * ASKED {
        return None;
    }
    let mut least = [[f64::INFINITY; ASKED as usize]; 2];
    for _ in 0..TIMES {
        for (least, end) in least.iter_mut().zip([half, end]) {
            let mut sampler = sampler.build().ok()?;
            for (least, number) in least.iter_mut().zip(end - ASKED..end) {
                let request = Request {
                    space: &plan.parameters.space,
                    directions: &directions,
                    view: history.view(number),
                    pending: &[],
                    number,
                    seed: plan.search.seed,
                    attempt: 0,
                };
                let began = Instant::now();
                drop(sampler.propose(&request).ok()?);
                *least = least.min(began.elapsed().as_secs_f64());
            }
        }
    }
    let [early, late] = least.map(|times| times[1..].iter().sum::<f64>());
    Some(relative(early, late, half as f64))
}

/// From the times in the middle and at the end of `2 * half` trials. None gets cheaper, and none grows faster than its history.
fn relative(early: f64, late: f64, half: f64) -> f64 {
    let mean = (early + late) / 2.0;
    let most = 1.0 / (1.5 * half);
    if mean > 0.0 { ((late - early) / half / mean).clamp(0.0, most) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_a_part_of_the_mean_within_what_a_history_can_grow() {
        // From 3 to 5 in a hundred trials, 4 on average.
        assert!((relative(3.0, 5.0, 100.0) - 0.005).abs() < 1e-12);
        assert_eq!(relative(5.0, 3.0, 100.0), 0.0);
        assert!((relative(0.0, 8.0, 100.0) - 1.0 / 150.0).abs() < 1e-12);
        assert_eq!(relative(0.0, 0.0, 100.0), 0.0);
    }
}
