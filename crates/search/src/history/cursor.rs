//! How far a cache has read a history.

use std::ops::Range;

use super::View;

/// Remembers the history that a cache was made from, so that it can be continued with the rows that
/// have come since, and is made anew for any other history.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cursor {
    rows: usize,
    fingerprint: Option<u64>,
}

impl Cursor {
    /// The rows of the view that the cache lacks, and whether it has to be emptied first.
    pub(crate) fn advance(&mut self, view: &View<'_>) -> (bool, Range<usize>) {
        let continues = self.rows <= view.len() && self.fingerprint == Some(view.fingerprint(self.rows));
        let from = if continues { self.rows } else { 0 };
        self.rows = view.len();
        self.fingerprint = Some(view.fingerprint(view.len()));
        (!continues, from..view.len())
    }
}
