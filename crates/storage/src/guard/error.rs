//! What can go wrong with a guard.

use crate::error::StorageError;

/// A guard's failure. After one it is unknown whether the signatures were added; asking again is safe.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GuardError {
    /// The set is no longer where it was, or no longer the same.
    #[error(
        "the guard `{name}` in {place} is gone: {reason}; what was added to it is lost, so nothing can be \
         called new: open it again to begin with an empty one"
    )]
    Lost {
        /// The guard's name.
        name: String,
        /// Its store, without credentials.
        place: String,
        /// What was found instead.
        reason: String,
    },
    /// A guard cannot have this name.
    #[error("`{name}` cannot name a guard: {problem}")]
    InvalidName {
        /// The name, cut where it is long.
        name: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// This build has no client for such a store.
    #[error("this build cannot use {kind}; build it with the feature `{feature}`")]
    NotBuiltIn {
        /// The kind of store.
        kind: &'static str,
        /// The feature that adds it.
        feature: &'static str,
    },
    /// A Redis URL that cannot be used.
    #[error("{place} cannot be used: {problem}; write `redis://user:password@host:6379/0`")]
    InvalidRedisUrl {
        /// The URL without credentials.
        place: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The store cannot be opened, reached or written.
    #[error(transparent)]
    Store(#[from] StorageError),
}
