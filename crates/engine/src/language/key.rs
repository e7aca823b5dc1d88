//! The content key of a bound node: equal for nodes that compute the same series from the same bars,
//! in every process and on every machine.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::SEMANTICS_VERSION;

/// SHA-256 over a node's operation, arguments, timeframe and the keys of its inputs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeKey([u8; 32]);

impl NodeKey {
    /// The key's bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for NodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for NodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NodeKey({self})")
    }
}

/// Collects what a node is made of. Every part is preceded by a tag, so that no two contents spell alike.
pub(super) struct KeyBuilder(Sha256);

impl KeyBuilder {
    pub(super) fn new(op: &str) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(SEMANTICS_VERSION.to_le_bytes());
        hasher.update((op.len() as u64).to_le_bytes());
        hasher.update(op.as_bytes());
        Self(hasher)
    }

    pub(super) fn number(mut self, value: f64) -> Self {
        self.0.update(b"n");
        self.0.update(value.to_bits().to_le_bytes());
        self
    }

    pub(super) fn integer(mut self, value: i64) -> Self {
        self.0.update(b"i");
        self.0.update(value.to_le_bytes());
        self
    }

    pub(super) fn node(mut self, key: &NodeKey) -> Self {
        self.0.update(b"k");
        self.0.update(key.0);
        self
    }

    pub(super) fn text(mut self, text: &str) -> Self {
        self.0.update(b"t");
        self.0.update((text.len() as u64).to_le_bytes());
        self.0.update(text.as_bytes());
        self
    }

    pub(super) fn finish(self) -> NodeKey {
        NodeKey(self.0.finalize().into())
    }
}
