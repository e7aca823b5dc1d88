//! Finished trials in columns, as samplers read them. Its owner writes it.
