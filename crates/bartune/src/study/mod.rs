//! Studies: opening one in a store, running it to its budget, and reading what it found.
//!
//! | module | job |
//! |---|---|
//! | `session` | the stored study behind a plan: create, continue, adopt, refuse, start afresh |
//! | `conductor` | which trial comes next, in which order results are committed |
//! | `run` | workers, progress, interruption |
//! | `conducting` | what a worker does between two trials: proposals out, results in, batches stored |
//! | `keep` | how much is kept of each trial |
//! | `foreign`, `enqueued` | studies that Optuna made, and trials that it enqueued |
//! | `spending` | what trials have cost in bars |
//! | `summary` | the winner, the top, the counts |
//! | `vault` | opening the test segment, recorded |
//! | `words` | a plan in words |
//!
//! **Invariant:** trials are proposed, committed and stored in the order of their numbers. What a
//! store holds is at all times a prefix of the whole study, so that any interruption only cuts it
//! short.

mod conducting;
mod conductor;
mod enqueued;
mod foreign;
mod keep;
mod run;
mod session;
mod spending;
mod summary;
mod vault;
mod words;

pub(crate) use session::differences;

pub use bartune_storage::url::redacted as shown_storage;
pub(crate) use conductor::step as rung_step;
pub use keep::HEADLINE_METRICS;
pub(crate) use keep::{full_records, headline};
pub use run::{Control, Ending, Progress, RunOptions, run};
pub(crate) use run::{evaluate_guarded, panic_text};
pub use session::{Session, StorageUrl, default_storage};
pub(crate) use summary::rank_front;
pub use summary::{Counts, Summary, summarize};
pub use vault::{VaultTest, open_vault};
pub use words::plan_in_words;
