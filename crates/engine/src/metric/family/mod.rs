//! The metrics themselves: each one entry and one function of the profile.

pub(crate) mod cost;
pub(crate) mod drawdown;
pub(crate) mod holding;
pub(crate) mod ratio;
pub(crate) mod result;
pub(crate) mod risk;
pub(crate) mod streak;
pub(crate) mod trade;
pub(crate) mod verdict;
