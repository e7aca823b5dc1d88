//! Placeholder header; its owner writes it.
