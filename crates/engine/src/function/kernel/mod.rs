//! Our own state machines: TA-Lib's convention where `wickra-core` has another, and what neither has.

pub(super) mod condition;
pub(super) mod extreme;
pub(super) mod pointwise;
pub(super) mod wilder;

pub use pointwise::scalar;
