//! Which Python runs strategies: the study's (`strategy.interpreter`), else the environment's, else the one that
//! this program is a part of, else `python3`.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Names the interpreter where the study does not.
pub const INTERPRETER_VARIABLE: &str = "BARTUNE_PYTHON";

static DEFAULT: OnceLock<PathBuf> = OnceLock::new();

/// Tell which interpreter this program is a part of. The first call counts.
pub fn set_default_interpreter(path: PathBuf) {
    let _ = DEFAULT.set(path);
}

/// The interpreter; a path that the study names is one from its own folder on.
pub(super) fn choose(named: Option<&str>, folder: &Path) -> PathBuf {
    let variable = || std::env::var_os(INTERPRETER_VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from);
    match named {
        Some(name) => placed(name, folder),
        None => variable().or_else(|| DEFAULT.get().cloned()).unwrap_or_else(|| PathBuf::from("python3")),
    }
}

/// The one that this program is a part of: a callable of its own is carried to its like.
pub(super) fn own() -> PathBuf {
    DEFAULT.get().cloned().unwrap_or_else(|| choose(None, Path::new("")))
}

/// A bare name is looked for in `PATH`.
fn placed(name: &str, folder: &Path) -> PathBuf {
    let path = Path::new(name);
    if path.components().count() > 1 { folder.join(path) } else { path.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_the_study_folders_and_a_name_is_not() {
        assert_eq!(placed("python3.12", Path::new("/study")), Path::new("python3.12"));
        assert_eq!(placed(".venv/bin/python", Path::new("/study")), Path::new("/study/.venv/bin/python"));
        assert_eq!(placed("/usr/bin/python3", Path::new("/study")), Path::new("/usr/bin/python3"));
    }
}
