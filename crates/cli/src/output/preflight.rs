//! What was found before a run, for people.

use bartune::json::severity_word;
use bartune::preflight::{Estimate, Finding, Preflight, RuleGates, Severity};

use super::{Table, duration, percent};

/// Probes, gates, estimate and findings.
pub(crate) fn preflight_report(found: &Preflight) -> String {
    let probes = found.probes;
    let mut text = format!(
        "\n{} probe trials on the train segment: {} trade, {} feasible; longest warm-up {} bars\n",
        probes.count, probes.trading, probes.feasible, probes.longest_warmup
    );
    found.gates.iter().for_each(|rule| text.push_str(&gates(rule)));
    text.extend(found.estimate.as_ref().map(estimate));
    let speaks_against = found.findings.iter().any(|finding| finding.severity < Severity::Note);
    text.push_str(if speaks_against { "\n" } else { "\nnothing speaks against running this study\n" });
    found.findings.iter().for_each(|finding| text.push_str(&finding_text(finding)));
    text
}

/// A finding on two lines at most.
pub(crate) fn finding_text(finding: &Finding) -> String {
    let remedy = if finding.remedy.is_empty() { String::new() } else { format!("\n  help: {}", finding.remedy) };
    format!("{}[{}]: {}{remedy}\n", severity_word(finding.severity), finding.code, finding.message)
}

fn gates(rule: &RuleGates) -> String {
    let mut table = Table::new(["holds", rule.rule]).ending_in_words();
    for gate in &rule.gates {
        table.row([percent(gate.share), gate.text.clone()]);
    }
    if rule.gates.len() > 1 {
        table.row([percent(rule.share), "all of them".to_owned()]);
    }
    format!("\n{}", table.render())
}

fn estimate(estimate: &Estimate) -> String {
    let megabytes = |bytes: u64| format!("{:.0} MB", bytes as f64 / 1e6);
    let memory = estimate.memory_bytes.map_or_else(String::new, |bytes| format!(", {} of memory", megabytes(bytes)));
    let workers = match estimate.workers.get() {
        1 => " with one worker".to_owned(),
        count => format!(" with {count} workers"),
    };
    format!(
        "\n{} trials will take about {} ({:.2} ms a trial{}), their verdict {}{memory} and a database of {}\n",
        estimate.trials,
        duration(estimate.time),
        estimate.trial.as_secs_f64() * 1e3,
        workers,
        duration(estimate.verdict.total()),
        megabytes(estimate.database_bytes),
    )
}
