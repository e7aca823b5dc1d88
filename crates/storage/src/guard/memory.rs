//! A guard in this process, gone with it.

use std::collections::BTreeSet;

use super::{Guard, GuardError, Signature};

/// A set in memory: about 40 bytes a signature.
#[derive(Debug, Clone, Default)]
pub struct MemoryGuard(BTreeSet<Signature>);

impl MemoryGuard {
    /// An empty guard.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Guard for MemoryGuard {
    fn add_batch(&mut self, signatures: &[Signature]) -> Result<u64, GuardError> {
        let before = self.0.len();
        self.0.extend(signatures);
        Ok((self.0.len() - before) as u64)
    }

    fn contains_batch(&mut self, signatures: &[Signature]) -> Result<Vec<bool>, GuardError> {
        Ok(signatures.iter().map(|signature| self.0.contains(signature)).collect())
    }

    fn len(&mut self) -> Result<u64, GuardError> {
        Ok(self.0.len() as u64)
    }

    fn clear(&mut self) -> Result<(), GuardError> {
        self.0.clear();
        Ok(())
    }
}
