//! Signatures of many assignments on several threads.

use std::num::NonZeroUsize;
use std::thread;

use bartune_search::identity::{self, Signature};
use bartune_search::space::{Assignment, Space};

/// Fewer than this many are done before a thread has started.
const WORTH_A_THREAD: usize = 256;

/// The signatures of many assignments, in their order, on at most `threads` threads.
///
/// ```
/// use std::num::NonZeroUsize;
///
/// use bartune::identity::signatures;
/// use bartune::search::identity::param_signature;
/// use bartune::search::space::{Assignment, Space};
///
/// let (space, none) = (Space::default(), Assignment::new());
/// let found = signatures(&[none.clone(), none.clone()], &space, NonZeroUsize::MIN);
/// assert_eq!(found[1].to_string(), param_signature(&none, &space));
/// ```
#[must_use]
pub fn signatures(assignments: &[Assignment], space: &Space, threads: NonZeroUsize) -> Vec<Signature> {
    let threads = threads.get().min(assignments.len() / WORTH_A_THREAD).max(1);
    let (first, rest) = assignments.split_at(assignments.len().div_ceil(threads));
    thread::scope(|scope| {
        let parts = rest.chunks(first.len().max(1));
        let others: Vec<_> = parts.map(|part| scope.spawn(move || identity::signatures(part, space))).collect();
        // The calling thread takes its share.
        let mut found = identity::signatures(first, space);
        for other in others {
            found.extend(other.join().expect("a predicate that panics has done so on every thread"));
        }
        found
    })
}

#[cfg(test)]
mod tests {
    use bartune_search::space::ParamValue;
    use bartune_search::space::{Distribution, Param};

    use super::*;

    #[test]
    fn any_number_of_threads_gives_the_same_signatures() {
        let param = Param { distribution: Distribution::Int { low: 0, high: 9_999, step: 1, log: false }, when: None };
        let space = Space::try_new([("n".to_owned(), param)].into_iter().collect(), vec![]).unwrap();
        for count in [0, 1, 255, 1_000, 2_049] {
            let assignments: Vec<Assignment> =
                (0..count).map(|n| Assignment::from([("n".to_owned(), ParamValue::Int(n))])).collect();
            let expected = identity::signatures(&assignments, &space);
            for threads in [1, 2, 3, 64] {
                assert_eq!(signatures(&assignments, &space, NonZeroUsize::new(threads).unwrap()), expected);
            }
        }
    }
}
