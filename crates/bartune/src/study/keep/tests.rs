use std::collections::BTreeMap;

use bartune_search::storage::{Abridgement, Storage};
use bartune_search::trial::{StudyDirection, TrialState};
use bartune_storage::MemoryStorage;
use bartune_storage::testing::{renumbered, sample_records};
use proptest::prelude::*;

use super::*;

const MAXIMIZE: [StudyDirection; 1] = [StudyDirection::Maximize];
const BOTH: [StudyDirection; 2] = [StudyDirection::Maximize, StudyDirection::Minimize];

fn keeper(returns: ReturnsPlan, directions: &[StudyDirection], (first, best): (u64, usize)) -> Keeper {
    Keeper {
        returns,
        room: Room { first, best },
        headline: ["trades".to_owned()].into(),
        directions: directions.to_vec(),
        best: BTreeSet::new(),
        front: Vec::new(),
    }
}

/// A feasible trial with a headline metric, another one, and returns.
fn trial(number: u64, values: &[f64]) -> TrialRecord {
    let mut record = renumbered(vec![sample_records().swap_remove(0)], number).swap_remove(0);
    record.trial.values = values.to_vec();
    record
}

/// The numbers with full records, as a store has them after these batches.
fn full(keeper: &mut Keeper, records: Vec<TrialRecord>) -> Vec<u64> {
    let mut kept: BTreeMap<u64, TrialRecord> = BTreeMap::new();
    for mut record in records {
        for left in keeper.decide(&mut record) {
            kept.get_mut(&left).expect("it was told before").abridge(keeper.headline());
        }
        kept.insert(record.trial.number, record);
    }
    kept.values().filter(|record| !record.is_abridged).map(|record| record.trial.number).collect()
}

#[test]
fn the_first_and_the_best_have_full_records() {
    let values = [1.0, 9.0, 2.0, 3.0, 3.0, 5.0, 4.0];
    let records = || (0..).zip(values).map(|(number, value)| trial(number, &[value])).collect::<Vec<_>>();
    // The best two are trials 1 and 5; trial 0 is among the first.
    assert_eq!(full(&mut keeper(ReturnsPlan::Best, &MAXIMIZE, (1, 2)), records()), [0, 1, 5]);
    // On a tie the earlier one stays: 3 and not 4.
    assert_eq!(full(&mut keeper(ReturnsPlan::Best, &MAXIMIZE, (1, 4)), records()), [0, 1, 3, 5, 6]);
    assert_eq!(full(&mut keeper(ReturnsPlan::Best, &[StudyDirection::Minimize], (0, 2)), records()), [0, 2]);
    assert_eq!(full(&mut keeper(ReturnsPlan::All, &MAXIMIZE, (1, 2)), records()).len(), 7);
}

#[test]
fn returns_are_kept_with_full_records_unless_none_are_wanted() {
    for (returns, kept) in [(ReturnsPlan::Best, true), (ReturnsPlan::None, false), (ReturnsPlan::All, true)] {
        let mut record = trial(0, &[1.0]);
        assert!(keeper(returns, &MAXIMIZE, (1, 1)).decide(&mut record).is_empty());
        assert_eq!((!record.daily_returns.is_empty(), record.is_abridged), (kept, false), "{returns:?}");
    }
}

#[test]
fn infeasible_foreign_and_imported_trials_are_never_among_the_best() {
    let mut infeasible = trial(0, &[9.0]);
    infeasible.trial.constraints.insert("trades >= 30".to_owned(), 1.0);
    let mut foreign = trial(1, &[9.0]);
    foreign.identity.clear();
    let mut pruned = trial(2, &[]);
    pruned.trial.state = TrialState::Pruned;
    let mut keeper = keeper(ReturnsPlan::Best, &MAXIMIZE, (0, 1));
    assert_eq!(full(&mut keeper, vec![infeasible, foreign, pruned, trial(3, &[1.0])]), [3]);
}

#[test]
fn of_several_objectives_the_front_is_kept_as_far_as_there_is_room() {
    let front = |room| {
        let points = [[1.0, 1.0], [2.0, 2.0], [3.0, 3.0], [2.5, 1.0], [0.0, 9.0]];
        let records = (0..).zip(points).map(|(number, values)| trial(number, &values));
        full(&mut keeper(ReturnsPlan::Best, &BOTH, (0, room)), records.collect())
    };
    // Trial 3 beats 0 and 1; trial 4 is beaten from the beginning.
    assert_eq!(front(9), [2, 3]);
    // There was no room for trial 2; trial 3 took that of 0 and 1.
    assert_eq!(front(2), [3]);
}

proptest! {
    #[test]
    fn resumed_anywhere_and_batched_anyhow_the_same_is_kept(
        values in proptest::collection::vec(-3_i8..9, 1..40),
        cuts in proptest::collection::btree_set(0_usize..40, 0..4),
        room in (0_u64..5, 0_usize..6),
    ) {
        let records: Vec<TrialRecord> =
            (0..).zip(&values).map(|(number, value)| trial(number, &[f64::from(*value)])).collect();
        let whole = full(&mut keeper(ReturnsPlan::Best, &MAXIMIZE, room), records.clone());
        // Each part by a keeper that has only the store to go by.
        let mut storage = MemoryStorage::new();
        let id = storage.create_study("parts", &MAXIMIZE).unwrap().id;
        let mut from = 0;
        for cut in cuts.into_iter().chain([records.len()]).map(|cut| cut.min(records.len())) {
            let mut keeper = keeper(ReturnsPlan::Best, &MAXIMIZE, room);
            for stored in storage.history(id).unwrap() {
                keeper.arrive(&stored);
            }
            let (mut batch, mut numbers): (Vec<TrialRecord>, Vec<u64>) = (Vec::new(), Vec::new());
            for mut record in records[from.min(cut)..cut].iter().cloned() {
                numbers.extend(keeper.decide(&mut record));
                batch.push(record);
            }
            from = cut;
            let abridgement = Abridgement { numbers, kept: keeper.headline().clone() };
            storage.append_and_abridge(id, &batch, &abridgement).unwrap();
        }
        let stored = storage.trials(id).unwrap();
        let kept: Vec<u64> =
            stored.iter().filter(|record| !record.is_abridged).map(|record| record.trial.number).collect();
        prop_assert_eq!(kept, whole);
        prop_assert!(stored.iter().all(|record| record.is_abridged == record.daily_returns.is_empty()));
    }
}
