//! Canonical parameter values and their signature. Its owner writes it.
