//! Our own state machines: TA-Lib's convention where `wickra-core` has another, and what neither has.

pub(super) mod adaptive;
pub(super) mod channel_index;
pub(super) mod condition;
pub(super) mod deviation;
pub(super) mod directional;
pub(super) mod extreme;
pub(super) mod oscillator;
pub(super) mod pointwise;
pub(super) mod range;
pub(super) mod refreshed;
pub(super) mod smooth;
pub(super) mod trend;
pub(super) mod volume;
pub(super) mod window;

pub use pointwise::scalar;
