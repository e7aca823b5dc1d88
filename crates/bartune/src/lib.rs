//! Bartune: finds trading-strategy parameters on years of bars, and says whether the winner is real.
//!
//! This crate joins the engine, the search and the storage. It reads the study file
//! ([`config`]), loads and divides the bars ([`data`]), turns parameter values into metrics
//! ([`Evaluator`]), looks at a study before it runs ([`preflight`]), runs studies ([`study`]) and strategies live ([`live`]).
//!
//! **Invariant:** it never prints and never exits; it returns values and typed errors.

pub mod bench;
pub mod champion;
pub mod compare;
pub mod config;
pub mod data;
pub mod diagnostic;
mod error;
mod evaluator;
pub mod export;
pub mod identity;
pub mod import;
pub mod json;
pub mod live;
mod outcome;
mod parallel;
pub mod preflight;
mod processor;
mod replay;
pub mod report;
pub mod resources;
pub mod statistics;
pub mod strategy;
pub mod study;
pub mod table;
pub mod validation;
pub mod verify;

pub use bartune_engine as engine;
pub use bartune_search as search;
pub use bartune_storage as storage;

pub use error::Error;
pub use evaluator::{BacktestRun, CacheBudget, Engine, Evaluator, SegmentName};
pub use outcome::{Outcome, SegmentMetrics, Verdict};
