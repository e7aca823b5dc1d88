//! The contract of guards, as tests.
//!
//! A new kind of guard supplies a function that opens the guard of a name, and calls [`run`]; one that
//! several processes can share calls [`run_shared`] as well.
//!
//! # Panics
//!
//! Every check panics where the guard breaks the contract: this is test code.

use std::thread;

use super::{Guard, GuardError, Signature};

/// Signatures `0..count` of a family, in no order.
#[must_use]
pub fn signatures(family: &str, count: usize) -> Vec<Signature> {
    (0..count).map(|index| Signature::of_text(&format!("{family} {index}"))).collect()
}

/// Check everything that one handle can see. `open` gets a name under which nothing was added yet.
pub fn run<G: Guard>(open: impl Fn(&str) -> Result<G, GuardError>) {
    let open = |name: &str| open(name).expect("the guard can be opened");
    check_single(open("single"));
    check_batches(open("batches"));
    check_large_batch(open("large"));
    check_clearing(open("cleared"));
}

/// Check what handles of one guard, and guards of several names, see of each other.
pub fn run_shared<G: Guard + 'static>(open: impl Fn(&str) -> Result<G, GuardError> + Sync) {
    let open = |name: &str| open(name).expect("the guard can be opened");
    check_names(open);
    check_reopening(open);
    check_exactly_one_is_told_new(open);
}

fn check_single(mut guard: impl Guard) {
    let [a, b] = ["a", "b"].map(Signature::of_text);
    assert!(guard.is_empty().expect("it is there"));
    assert!(!guard.contains(&a).expect("it is there"));
    assert!(guard.add(&a).expect("it is there"), "the first time it is new");
    assert!(!guard.add(&a).expect("it is there"), "the second time it is not");
    assert!(guard.contains(&a).expect("it is there"));
    assert!(!guard.contains(&b).expect("it is there"));
    assert_eq!(guard.len().expect("it is there"), 1);
}

fn check_batches(mut guard: impl Guard) {
    let all = signatures("batch", 6);
    assert_eq!(guard.add_batch(&[]).expect("it is there"), 0);
    assert!(guard.contains_batch(&[]).expect("it is there").is_empty());
    assert_eq!(guard.add_batch(&all[..3]).expect("it is there"), 3);
    assert_eq!(guard.add_batch(&all[2..4]).expect("it is there"), 1, "one of two is new");
    assert_eq!(guard.add_batch(&[all[4], all[4], all[0]]).expect("it is there"), 1, "a repeated one counts once");
    assert_eq!(guard.add_batch(&all[..5]).expect("it is there"), 0);
    let asked = [all[5], all[0], all[5], all[4], all[0]];
    assert_eq!(guard.contains_batch(&asked).expect("it is there"), [false, true, false, true, true]);
    assert_eq!(guard.len().expect("it is there"), 5);
}

fn check_large_batch(mut guard: impl Guard) {
    let all = signatures("large", 5_003);
    assert_eq!(guard.add_batch(&all[..2_501]).expect("it is there"), 2_501);
    assert_eq!(guard.add_batch(&all).expect("it is there"), 2_502);
    assert_eq!(guard.len().expect("it is there"), 5_003);
    let mut asked = all;
    asked.extend(signatures("other", 1_500));
    let found = guard.contains_batch(&asked).expect("it is there");
    assert_eq!(found.len(), asked.len());
    assert!(found[..5_003].iter().all(|found| *found));
    assert!(found[5_003..].iter().all(|found| !*found));
}

fn check_clearing(mut guard: impl Guard) {
    let all = signatures("cleared", 3);
    guard.add_batch(&all).expect("it is there");
    guard.clear().expect("it is there");
    assert!(guard.is_empty().expect("it is there"));
    assert_eq!(guard.add_batch(&all).expect("it is there"), 3, "they are new again");
}

/// Names that have a meaning of their own somewhere.
const NAMES: [&str; 5] = ["name", "name:signatures", "{name}", "l'étude \"😀\"\n; DROP TABLE studies; --", "%_*?"];

fn check_names<G: Guard>(open: impl Fn(&str) -> G) {
    for (index, name) in NAMES.into_iter().enumerate() {
        let added = open(name).add_batch(&signatures(name, index + 1)).expect("it is there");
        assert_eq!(added, index as u64 + 1);
    }
    for (index, name) in NAMES.into_iter().enumerate() {
        let mut guard = open(name);
        assert_eq!(guard.len().expect("it is there"), index as u64 + 1, "{name}");
        assert!(!guard.contains(&Signature::of_text("elsewhere 0")).expect("it is there"));
    }
    open(NAMES[0]).clear().expect("it is there");
    assert_eq!(open(NAMES[1]).len().expect("it is there"), 2, "clearing one clears no other");
}

fn check_reopening<G: Guard>(open: impl Fn(&str) -> G) {
    let all = signatures("kept", 10);
    let (mut first, mut second) = (open("kept"), open("kept"));
    assert_eq!(first.add_batch(&all[..5]).expect("it is there"), 5);
    assert_eq!(second.add_batch(&all).expect("it is there"), 5, "another handle sees them");
    drop((first, second));
    assert_eq!(open("kept").len().expect("it is there"), 10, "they outlive their handles");
}

fn check_exactly_one_is_told_new<G: Guard + 'static>(open: impl Fn(&str) -> G + Sync) {
    const WRITERS: usize = 4;
    let all = signatures("shared", 400);
    let add = |writer: usize| {
        let mut guard = open("shared");
        // Each in its own order and in its own batches, so that they cross.
        let mut mine = all.clone();
        mine.rotate_left(writer * all.len() / WRITERS);
        let batches = mine.chunks(7 + writer);
        batches.map(|batch| guard.add_batch(batch).expect("it is there")).sum::<u64>()
    };
    let told: u64 = thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS).map(|writer| scope.spawn(move || add(writer))).collect();
        writers.into_iter().map(|writer| writer.join().expect("no writer panics")).sum()
    });
    assert_eq!(told, all.len() as u64, "each signature is new to exactly one");
    assert_eq!(open("shared").len().expect("it is there"), all.len() as u64);
}
