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
}
