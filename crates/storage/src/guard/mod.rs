//! Guards against doing the same thing twice: sets of signatures that several processes, studies or
//! hosts can share.
//!
//! | file | where the set is |
//! |---|---|
//! | `memory` | [`MemoryGuard`]: in this process |
//! | `sqlite` | [`SqliteGuard`]: in a file, WAL, one transaction a batch |
//! | `postgres` | [`PostgresGuard`]: in a table, one statement a batch |
//! | `redis` | `RedisGuard`: in a set (feature `redis`) |
//! | `testing` | the contract, as tests that all of them pass (feature `testing`) |
//!
//! A guard answers one question truthfully: *was this signature added before, by whomever?* Of any
//! number of callers that add one signature, exactly one is told that it is new. From this follow:
//!
//! - **A lost connection is tried once more**, after a pause, and the answer stays right: a batch that
//!   had been stored before the connection broke is not taken for another's.
//! - **A set that is gone is an error**, never a set in which everything is new: a file that was
//!   removed or replaced, a server that came back without its data, a table that was dropped.
//! - **No credentials** in an error or in `Debug`.
//!
//! Guards are for programs of one's own (ask/tell loops, several hosts on one search). A study run by
//! Bartune has its own history as its guard: an answer that depends on what other hosts did meanwhile
//! would make its trials depend on it too.

use std::collections::BTreeSet;

pub use bartune_search::identity::Signature;

mod error;
mod memory;
mod postgres;
#[cfg(feature = "redis")]
mod redis;
mod sqlite;
#[cfg(feature = "testing")]
pub mod testing;

pub use error::GuardError;
pub use memory::MemoryGuard;
pub use postgres::PostgresGuard;
#[cfg(feature = "redis")]
pub use redis::RedisGuard;
pub use sqlite::SqliteGuard;

use crate::postgres::PostgresUrl;

/// The longest name of a guard, in characters.
const LONGEST_NAME: usize = 512;

/// A set of signatures.
///
/// ```
/// use bartune_search::identity::Signature;
/// use bartune_storage::guard::{Guard, MemoryGuard};
///
/// let mut guard = MemoryGuard::new();
/// let [a, b] = ["a", "b"].map(Signature::of_text);
/// assert!(guard.add(&a)?);
/// assert!(!guard.add(&a)?);
/// assert_eq!(guard.add_batch(&[a, b, b])?, 1);
/// assert_eq!(guard.contains_batch(&[b, Signature::of_text("c")])?, [true, false]);
/// # Ok::<(), bartune_storage::guard::GuardError>(())
/// ```
pub trait Guard: Send {
    /// Add a signature; whether it was new.
    ///
    /// # Errors
    ///
    /// As [`Guard::add_batch`].
    fn add(&mut self, signature: &Signature) -> Result<bool, GuardError> {
        Ok(self.add_batch(std::slice::from_ref(signature))? == 1)
    }

    /// Add signatures; how many of them were new. One that stands in the batch twice counts once.
    ///
    /// # Errors
    ///
    /// [`GuardError::Lost`] when the set is gone, [`GuardError::Store`] when it cannot be reached or
    /// written. Then it is unknown whether the batch was added.
    fn add_batch(&mut self, signatures: &[Signature]) -> Result<u64, GuardError>;

    /// Whether a signature was added.
    ///
    /// # Errors
    ///
    /// As [`Guard::add_batch`].
    fn contains(&mut self, signature: &Signature) -> Result<bool, GuardError> {
        Ok(self.contains_batch(std::slice::from_ref(signature))?.first().copied().unwrap_or(false))
    }

    /// For each signature, whether it was added.
    ///
    /// # Errors
    ///
    /// As [`Guard::add_batch`].
    fn contains_batch(&mut self, signatures: &[Signature]) -> Result<Vec<bool>, GuardError>;

    /// How many signatures there are.
    ///
    /// # Errors
    ///
    /// As [`Guard::add_batch`].
    fn len(&mut self) -> Result<u64, GuardError>;

    /// Whether there is none.
    ///
    /// # Errors
    ///
    /// As [`Guard::add_batch`].
    fn is_empty(&mut self) -> Result<bool, GuardError> {
        Ok(self.len()? == 0)
    }

    /// Remove all signatures, for everyone who shares this guard.
    ///
    /// # Errors
    ///
    /// As [`Guard::add_batch`].
    fn clear(&mut self) -> Result<(), GuardError>;
}

/// Open the guard `name` at a location; guards of other names there are other sets.
///
/// | location | guard |
/// |---|---|
/// | `memory:` | [`MemoryGuard`] |
/// | `guards.db`, `sqlite:///guards.db` | [`SqliteGuard`] |
/// | `postgresql://user@host/database` | [`PostgresGuard`] |
/// | `redis://host:6379/0`, `rediss://…` | `RedisGuard` |
///
/// # Errors
///
/// [`GuardError::InvalidName`], [`GuardError::NotBuiltIn`] for Redis in a build without it, and what
/// opening the store says.
pub fn open(location: &str, name: &str) -> Result<Box<dyn Guard>, GuardError> {
    check_name(name)?;
    let scheme = location.split_once("://").map_or("", |(scheme, _)| scheme);
    match scheme {
        "" if location == "memory:" => Ok(Box::new(MemoryGuard::new())),
        "redis" | "rediss" | "redis+unix" | "unix" => open_redis(location, name),
        _ if PostgresUrl::is_one(location) => Ok(Box::new(PostgresGuard::open(location, name)?)),
        _ => Ok(Box::new(SqliteGuard::open(location, name)?)),
    }
}

#[cfg(feature = "redis")]
fn open_redis(location: &str, name: &str) -> Result<Box<dyn Guard>, GuardError> {
    Ok(Box::new(RedisGuard::open(location, name)?))
}

#[cfg(not(feature = "redis"))]
fn open_redis(_: &str, _: &str) -> Result<Box<dyn Guard>, GuardError> {
    Err(GuardError::NotBuiltIn { kind: "Redis", feature: "redis" })
}

fn check_name(name: &str) -> Result<(), GuardError> {
    let problem = match name.chars().count() {
        0 => "it is empty",
        length if length > LONGEST_NAME => "it is longer than 512 characters",
        _ if name.contains('\0') => "it has a zero byte",
        _ => return Ok(()),
    };
    Err(GuardError::InvalidName { name: name.chars().take(80).collect(), problem })
}

/// The distinct signatures of a batch in order: writers that take them in one order cannot wait for
/// each other, and trees grow at their edge.
fn in_order(signatures: &[Signature]) -> Vec<Signature> {
    signatures.iter().copied().collect::<BTreeSet<_>>().into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_chooses_the_guard_and_what_is_none_is_refused_without_its_password() {
        let mut guard = open("memory:", "study").unwrap();
        assert!(guard.add(&Signature::of_text("a")).unwrap());
        for location in ["mysql://me:hunter2@host/db", "redis://me:hunter2@127.0.0.1:1/0", "redis://me:hunter2@:x/"] {
            let Err(error) = open(location, "study") else { panic!("{location} was opened") };
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        }
    }

    #[test]
    fn names_that_a_store_cannot_hold_are_refused() {
        for name in ["", "a\0b", &"n".repeat(513)] {
            assert!(matches!(open("memory:", name).err(), Some(GuardError::InvalidName { .. })));
        }
    }
}
