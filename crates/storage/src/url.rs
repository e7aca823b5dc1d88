//! Where a store is: a plain path, or a URL as SQLAlchemy (thus Optuna) writes it.
//!
//! | given | file |
//! |---|---|
//! | `studies.db`, `/data/studies.db` | the same |
//! | `sqlite:///studies.db` | `studies.db`, relative to the working directory |
//! | `sqlite:////data/studies.db` | `/data/studies.db` |
//!
//! A URL of another kind is refused without repeating it, since it may hold a password.

use std::path::PathBuf;

use crate::error::StorageError;

/// The database file that `location` names.
///
/// # Errors
///
/// [`StorageError::UnsupportedUrl`] for another kind of store, [`StorageError::InvalidUrl`] for a
/// SQLite URL without a file.
pub fn sqlite_path(location: &str) -> Result<PathBuf, StorageError> {
    let invalid = |problem| StorageError::InvalidUrl { url: location.to_owned(), problem };
    let path = match location.split_once("://") {
        None => location,
        Some(("sqlite", rest)) => {
            rest.strip_prefix('/').ok_or_else(|| invalid("three slashes come before the file's name"))?
        }
        Some((scheme, _)) => {
            return Err(StorageError::UnsupportedUrl { scheme: scheme.to_owned() });
        }
    };
    match path {
        "" => Err(invalid("the file's name is empty")),
        ":memory:" => Err(invalid("a database in memory is gone when the process ends")),
        path => Ok(PathBuf::from(path)),
    }
}

/// A location as it may be shown: of a URL's credentials only the user's name is left, and of its
/// options nothing.
///
/// ```
/// use bartune_storage::url::redacted;
///
/// assert_eq!(redacted("postgresql://me:secret@host/db?sslmode=require"), "postgresql://me@host/db");
/// assert_eq!(redacted("sqlite:///studies.db"), "sqlite:///studies.db");
/// ```
#[must_use]
pub fn redacted(location: &str) -> String {
    let Some((scheme, rest)) = location.split_once("://").filter(|(scheme, _)| *scheme != "sqlite") else {
        return location.to_owned();
    };
    let (head, options) = rest.split_once('?').unwrap_or((rest, ""));
    let (credentials, address) = head.rsplit_once('@').map_or((None, head), |(user, address)| (Some(user), address));
    let host = address.split('/').next().unwrap_or(address);
    let is_sound = host.rsplit_once(':').is_none_or(|(_, port)| port.chars().all(|digit| digit.is_ascii_digit()));
    // What looks like an address may be the rest of a password with an `@`, `?` or `:` in it.
    if options.contains('@') || !is_sound {
        return format!("{scheme}://…");
    }
    let user = credentials.map(|credentials| credentials.split([':', '/', '@']).next().unwrap_or_default());
    user.map_or_else(|| format!("{scheme}://{address}"), |user| format!("{scheme}://{user}@{address}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_both_kinds_of_sqlite_url_name_the_file() {
        for (location, file) in [
            ("studies.db", "studies.db"),
            ("/data/studies.db", "/data/studies.db"),
            ("sqlite:///studies.db", "studies.db"),
            ("sqlite:////data/studies.db", "/data/studies.db"),
        ] {
            assert_eq!(sqlite_path(location).unwrap(), PathBuf::from(file));
        }
    }

    #[test]
    fn a_url_of_another_kind_is_refused_without_its_password() {
        let error = sqlite_path("postgresql://me:hunter2@host/db").unwrap_err();
        let message = error.to_string();
        assert!(message.contains("postgresql"), "{message}");
        assert!(!message.contains("hunter2"), "{message}");
    }

    #[test]
    fn a_sqlite_url_without_a_file_is_refused() {
        for location in ["", "sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite://x.db"] {
            assert!(matches!(sqlite_path(location), Err(StorageError::InvalidUrl { .. })), "{location}");
        }
    }

    #[test]
    fn no_piece_of_a_password_is_shown_however_it_is_written() {
        for location in [
            "postgresql://me:hunter2@host/db",
            "postgresql://me:a?hunter2@host/db",
            "postgresql://me:a@hunter2@host/db",
            "postgresql://me:a/hunter2@host/db",
            "postgresql://me@host/db?password=hunter2",
            "postgresql://me@host/db?password=a@hunter2",
            "postgresql://me:hunter2",
            "redis://:hunter2@host:6379/0",
        ] {
            let shown = redacted(location);
            assert!(!shown.contains("hunter2"), "{location}: {shown}");
        }
    }
}
