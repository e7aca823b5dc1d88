//! Exit codes, and how an error reaches the user.

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use bartune::storage::StorageError;

/// How the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It worked.
    Fine,
    /// It ran, and the answer is no.
    No,
    /// The command line, the study file or the data are wrong.
    Usage,
    /// Ctrl-C, after a clean checkpoint.
    Interrupted,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Fine => 0,
            Exit::No => 1,
            Exit::Usage => 2,
            Exit::Interrupted => 130,
        })
    }
}

/// Tell an error on stderr. A reader that went away (`bartune trials | head`) is no error.
pub(crate) fn report(error: &anyhow::Error) -> Exit {
    if is_broken_pipe(error) {
        return Exit::Fine;
    }
    // Nothing can be done if stderr is gone as well.
    let _ = writeln!(io::stderr(), "error: {}", in_words(error));
    match error.downcast_ref::<bartune::Error>() {
        Some(bartune::Error::NoWinner { .. }) => Exit::No,
        Some(bartune::Error::Write { source, .. }) if source.kind() == ErrorKind::InvalidInput => Exit::Usage,
        Some(bartune::Error::Storage(error)) if is_wrong_place(error) => Exit::Usage,
        Some(bartune::Error::Storage(_) | bartune::Error::Write { .. } | bartune::Error::Sampler(_)) => Exit::No,
        _ => Exit::Usage,
    }
}

/// Whether the store's address is what is wrong, and not what happened there.
fn is_wrong_place(error: &StorageError) -> bool {
    use StorageError as E;
    matches!(
        error,
        E::UnsupportedUrl { .. }
            | E::InvalidUrl { .. }
            | E::Missing { .. }
            | E::CannotOpen { .. }
            | E::NotADatabase { .. }
            | E::ForeignDatabase { .. }
            | E::InvalidPostgresUrl { .. }
            | E::Refused { .. }
            | E::Unreachable { .. }
            | E::Owned { .. }
    )
}

/// The error and its causes; a cause that the text before it already tells is left out.
fn in_words(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !text.contains(&cause) {
            text.push_str(&format!(": {cause}"));
        }
    }
    text
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .any(|cause| cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe))
}
