//! What every sampler must do, as a suite that any sampler can be run against.
//!
//! | file | job |
//! |---|---|
//! | [`space`] | spaces of every kind: grids, logarithms, single values, conditions, relations |
//! | [`study`] | a study without threads or storage: the order of events that the engine promises |
//! | [`conformance`](check) | the checks |
//! | [`objective`] | functions with a known best, for smoke tests of quality |
//!
//! A new sampler supplies one closure:
//!
//! ```
//! use bartune_search::{sampler::random::Random, testing};
//! testing::check(&|| Box::new(Random));
//! ```

mod conformance;
pub mod objective;
pub mod space;
pub mod study;

pub use conformance::{check, check_on};
