//! The real binary, tested from outside: exit code, stdout, stderr, and what it leaves in the store.

mod champions;
mod commands;
mod diagnostics;
mod examples;
mod exchange;
mod mistakes;
mod preflight;
mod readme;
mod report;
mod resume;
#[cfg(unix)]
mod serve;
#[cfg(unix)]
mod signals;
mod storage;
mod store;
mod support;
