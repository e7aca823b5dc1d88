//! Samplers. Its owner writes it.
