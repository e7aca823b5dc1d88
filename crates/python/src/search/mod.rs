//! Proposals for anything: ask and tell over the samplers, and what the Optuna samplers and pruners stand on.
//!
//! | file | job |
//! |---|---|
//! | `space` | parameters with their Python names and choices |
//! | `engine` | a space, a sampler, and the history it learns from |
//! | `handle` | an engine as the Optuna samplers use it |
//! | `optimizer` | `bartune.Optimizer`: ask, tell, best |
//! | `pruner` | whether a trial is to be stopped |
//!
//! The history's rows are what was told, in the order of telling: what is proposed depends on the seed and on the order of
//! the calls, and on nothing else.

pub(crate) mod engine;
pub(crate) mod handle;
pub(crate) mod optimizer;
pub(crate) mod pruner;
pub(crate) mod space;
