//! Results as JSON, one form for every way in: what `--json` prints is what a program in another language gets.

mod comparison;
mod preflight;
mod trial;
mod validation;
mod verification;

pub use comparison::comparison;
pub use preflight::{preflight, resources, severity_word};
pub use trial::{best, counts, metrics, params, progress, trial};
pub use validation::validation;
pub use verification::verification;
