//! Other programs on the same work, through Python scripts that are part of this one.
//!
//! A script prints one JSON object a line: `{"peer", "what", "against", "ms", "low_ms", "high_ms", "result"}`,
//! where `against` is the key of the figure it is compared with, or `{"peer", "missing"}` where the
//! package is not there. The scripts time in their own process, without its start.

use std::path::Path;
use std::process::Command;

use serde::Deserialize;

use super::BenchReport;

/// The scripts: what each times is in its first lines.
const SCRIPTS: [(&str, &str); 2] = [
    ("backtest.py", include_str!("../../../../benches/peers/backtest.py")),
    ("ask_tell.py", include_str!("../../../../benches/peers/ask_tell.py")),
];

/// A peer's figure, or why there is none.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Peer {
    /// Name and version.
    pub peer: String,
    /// What it did, in words.
    #[serde(default)]
    pub what: String,
    /// Key of the figure it is compared with.
    #[serde(default)]
    pub against: String,
    /// Median milliseconds.
    pub ms: Option<f64>,
    /// Lower quartile.
    pub low_ms: Option<f64>,
    /// Upper quartile.
    pub high_ms: Option<f64>,
    /// What came out.
    #[serde(default)]
    pub result: String,
    /// Why it did not run.
    pub missing: Option<String>,
}

impl Peer {
    /// How many times our time it takes.
    #[must_use]
    pub fn ratio(&self, report: &BenchReport) -> Option<f64> {
        Some(self.ms? / report.row(&self.against)?.timing.median_ms)
    }

    fn missing(peer: &str, why: impl Into<String>) -> Self {
        Self {
            peer: peer.to_owned(),
            what: String::new(),
            against: String::new(),
            ms: None,
            low_ms: None,
            high_ms: None,
            result: String::new(),
            missing: Some(why.into()),
        }
    }
}

/// Run the scripts with this Python on these bars. What does
/// not work is told in the peer's place: a comparison that is missing spoils no other.
#[must_use]
pub fn run(python: &Path, bars_file: &Path, effort: Effort) -> Vec<Peer> {
    SCRIPTS.iter().flat_map(|(name, script)| run_script(python, (name, script), bars_file, effort)).collect()
}

/// How much peers are to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// Figures worth quoting.
    Full,
    /// To see that it works.
    Quick,
}

fn run_script(python: &Path, (name, script): (&str, &str), bars_file: &Path, effort: Effort) -> Vec<Peer> {
    let effort = match effort {
        Effort::Full => "full",
        Effort::Quick => "quick",
    };
    let output = Command::new(python).arg("-c").arg(script).arg(bars_file).arg(effort).output();
    let output = match output {
        Ok(output) => output,
        Err(error) => return vec![Peer::missing(name, format!("cannot run {}: {error}", python.display()))],
    };
    let mut peers = parse(name, &String::from_utf8_lossy(&output.stdout));
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        let last = errors.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
        peers.push(Peer::missing(name, format!("it failed: {last}")));
    }
    peers
}

/// A script's lines; what a package prints of its own is passed over.
fn parse(name: &str, text: &str) -> Vec<Peer> {
    text.lines()
        .filter(|line| line.starts_with('{'))
        .map(|line| {
            serde_json::from_str(line)
                .unwrap_or_else(|error| Peer::missing(name, format!("cannot read `{line}`: {error}")))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_and_gaps_are_read_and_chatter_is_not() {
        let text = "warning: hello\n{\"peer\": \"a 1.0\", \"what\": \"w\", \"against\": \"floor\", \"ms\": 2.5, \"low_ms\": 2, \
                    \"high_ms\": 3, \"result\": \"\"}\n{\"peer\": \"b\", \"missing\": \"No module named 'b'\"}\n{oops\n";
        let peers = parse("script.py", text);
        assert_eq!(peers.len(), 3);
        assert_eq!((peers[0].ms, peers[0].against.as_str()), (Some(2.5), "floor"));
        assert_eq!(peers[1].missing.as_deref(), Some("No module named 'b'"));
        assert!(
            peers[2].missing.as_deref().is_some_and(|why| why.starts_with("cannot read `{oops`")),
            "{:?}",
            peers[2]
        );
    }

    #[test]
    fn a_python_that_is_not_there_is_told_for_each_script() {
        let peers = run(Path::new("/nowhere/python"), Path::new("bars.parquet"), Effort::Quick);
        assert_eq!(peers.len(), SCRIPTS.len());
        assert!(peers.iter().all(|peer| peer.missing.as_deref().is_some_and(|why| why.contains("/nowhere/python"))));
    }
}
