//! Proposing trials: spaces, samplers, history, and what a study's storage must offer.
//!
//! | module | job |
//! |---|---|
//! | [`space`] | parameters, their distributions, conditions (`when`) and relations (`require`) |
//! | [`trial`] | a trial's number, parameters, state, values, constraints |
//! | [`history`] | finished trials in columns, as samplers read them |
//! | [`pruner`] | stops trials early, each a function of `(seed, number, history seen, own reports)` |
//! | [`sampler`] | random, grid, quasi-random, TPE, CMA-ES, NSGA, GP, each a function of `(seed, number, history seen)` |
//! | [`importance`] | which parameters the results depend on: PED-ANOVA and fANOVA |
//! | [`identity`] | canonical parameter values and their signature |
//! | [`pareto`] | non-dominated sorting, crowding, hypervolume |
//! | [`stream`] | the random numbers of one proposal |
//! | [`testing`] | the conformance suite that every sampler passes |
//! | [`storage`] | the trait every store of studies implements |
//!
//! **Invariant:** no IO, no clock, no threads and no hash-ordered collection in this crate. The
//! [`storage::Storage`] trait lives here; its implementations do not.

pub mod history;
pub mod identity;
pub mod importance;
pub mod pareto;
pub mod pruner;
pub mod sampler;
pub mod space;
pub mod storage;
pub mod stream;
pub mod testing;
pub mod trial;
