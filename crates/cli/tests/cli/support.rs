//! A folder with the examples in it, and the real binary run there.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

/// The repository's root.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the crate is in the repository")
}

/// The binary with its arguments, split at spaces, run in `folder`.
pub(crate) fn command(folder: &Path, line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bartune"));
    command.args(line.split_whitespace()).current_dir(folder).env("NO_COLOR", "1").env("COLUMNS", "100");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Run the binary in `folder` to its end. Runs are not judged: that would take longer than all else. A test that wants it
/// says `judged`.
pub(crate) fn run_in(folder: &Path, line: &str) -> Ran {
    let unjudged = if line.starts_with("run ") && !line.ends_with("--help") { " --no-validate" } else { "" };
    judged(folder, &format!("{line}{unjudged}"))
}

/// Run the binary in `folder` to its end, as a user would.
pub(crate) fn judged(folder: &Path, line: &str) -> Ran {
    command(folder, line).output().expect("the binary starts").into()
}

/// How a command ended and what it printed.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// Stdout as the one JSON object it must be.
    pub(crate) fn json(&self) -> serde_json::Value {
        let value: serde_json::Value = serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("stdout is not one JSON value: {error}\n{self}"));
        assert!(value.is_object(), "stdout is not an object\n{self}");
        value
    }

    /// Panic unless the exit code is `code`.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self}");
        self
    }

    /// Panic unless stderr says `words`.
    #[track_caller]
    pub(crate) fn says(self, words: &str) -> Self {
        assert!(self.stderr.contains(words), "stderr does not say `{words}`\n{self}");
        self
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("the output is UTF-8");
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.code.map_or_else(|| "by a signal".to_owned(), |code| code.to_string());
        writeln!(f, "exit: {code}")?;
        for (name, text) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !text.is_empty() {
                writeln!(f, "--- {name}\n{}", text.trim_end())?;
            }
        }
        Ok(())
    }
}

/// A temporary folder with the example of the README and its bars.
pub(crate) struct Sandbox(TempDir);

impl Sandbox {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("there is room for temporary files");
        let sandbox = Self(folder);
        for name in ["examples/sp500_trend.toml", "examples/data/sp500_daily.parquet"] {
            let to = sandbox.path(name);
            std::fs::create_dir_all(to.parent().expect("it is in a folder")).expect("the folder can be made");
            std::fs::copy(repository().join(name), to).expect("the example is there");
        }
        sandbox
    }

    /// A folder with a study of our own in `study.toml`, on the example's bars.
    pub(crate) fn with_study(text: &str) -> Self {
        let sandbox = Self::new();
        sandbox.write("study.toml", text);
        sandbox
    }

    pub(crate) fn folder(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("the file can be written");
    }

    /// Replace `from` by `to` in a file; it must be there.
    pub(crate) fn edit(&self, name: &str, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.path(name)).expect("the file is there");
        assert!(text.contains(from), "{name} has no `{from}`");
        self.write(name, &text.replacen(from, to, 1));
    }

    pub(crate) fn run(&self, line: &str) -> Ran {
        run_in(self.folder(), line)
    }

    /// Start the binary and leave it running; its output goes nowhere.
    pub(crate) fn start(&self, line: &str) -> Child {
        let mut command = command(self.folder(), line);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts")
    }
}

/// Compare what a command printed with its snapshot; times and rates are left out.
macro_rules! assert_ran {
    ($name:expr, $ran:expr) => {
        insta::with_settings!({
            filters => vec![
                (r"\d+ trials will take about .*", "[TRIALS] trials will take about [ESTIMATE]"),
                (r"in [0-9.]+(ms|s|m[0-9]+s) \([0-9]+/s\)", "in [time] ([rate]/s)"),
                (r"\d+ workers? \(.*; up to (\d+) MB a trial, \d+ MB", "[WORKERS]; up to $1 MB a trial, [SIZE] MB"),
                (r"\d+ workers? \([^)]*\)", "[WORKERS]"),
                // Two workers that compute the same series at once are two misses.
                (r"[0-9.]+% of the series came from earlier trials \([0-9]+ MB kept\)", "[share] of the series came from earlier trials ([size] kept)"),
                (r#""(seconds|trials_per_second|peak_rss_mb)": [0-9.e-]+"#, "\"$1\": [number]"),
            ],
            omit_expression => true,
            prepend_module_to_snapshot => false,
        }, {
            insta::assert_snapshot!($name, $ran.to_string());
        });
    };
}
pub(crate) use assert_ran;
