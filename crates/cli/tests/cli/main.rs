//! The real binary, tested from outside: exit code, stdout, stderr, and what it leaves in the store.

mod commands;
mod diagnostics;
mod exchange;
mod mistakes;
mod readme;
mod resume;
mod storage;
mod store;
mod support;
