//! A validation for people: the verdict first, then what it rests on.

use bartune::statistics::RealityCheck;
use bartune::validation::{AccountOdds, Criterion, Evidence, Period, Survivor, Validation, WalkForward};
use indicatif::{ProgressBar, ProgressStyle};

use super::{Table, percent};

/// A bar on stderr that says what is being done; nothing where stderr is no terminal.
pub(crate) fn stage_bar() -> ProgressBar {
    let bar = ProgressBar::new(100);
    let style =
        ProgressStyle::with_template("{bar:30} {percent:>3}% {msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.set_style(style);
    bar
}

/// Move the bar.
pub(crate) fn show_stage(bar: &ProgressBar, what: &str, share: f64) {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a hundred")]
    bar.set_position((share * 100.0).round() as u64);
    bar.set_message(what.to_owned());
}

/// Three decimals: none of these figures is surer than that.
fn number(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The verdict in two lines, for the end of a run.
pub(crate) fn verdict_in_short(found: &Validation) -> String {
    let judgement = found.judgement();
    let weakest = judgement.weakest.map_or(String::new(), |index| {
        let criterion = &judgement.criteria[index];
        let value = criterion.value.map_or_else(|| "not to be had".to_owned(), number);
        let bound = if criterion.is_limit { "at most" } else { "at least" };
        format!("; weakest: {} {value} ({bound} {})", criterion.name, number(criterion.threshold))
    });
    format!("\nverdict on trial {}: {}{weakest}\n", found.winner.trial.number, judgement.verdict.name())
}

/// The whole of it.
pub(crate) fn validation_report(study: &str, found: &Validation) -> String {
    let judgement = found.judgement();
    let weakest = judgement.weakest.map_or("-", |index| judgement.criteria[index].name);
    let mut text = format!(
        "{study}, trial {}: {}\nweakest: {weakest}\n\n{}",
        found.winner.trial.number,
        judgement.verdict.name(),
        criteria(&judgement.criteria)
    );
    if let (Some(bar), Some(time)) = (found.leak.first_difference, &found.leak.first_difference_time) {
        text.push_str(&format!("\nit decides otherwise when later bars are missing, first at bar {bar} ({time})\n"));
    }
    text.push_str(&evidence(&Evidence::of(found)));
    match &found.walk_forward {
        Ok(walk) => text.push_str(&walk_forward(walk)),
        Err(why) => text.push_str(&format!("\nno walk-forward: {why}\n")),
    }
    text.push_str(&selection(found));
    text.push_str(&monte_carlo(found));
    text.push_str(&plateau(found));
    text.push_str(&survivors(&found.survivors));
    text.push_str(&account(found.account.as_ref()));
    text.push_str(&format!("\n{}", periods(&found.regimes.years, "year")));
    text.push_str(&format!("\n{}", periods(&found.regimes.markets, "market")));
    text
}

/// What the evidence is the mean of.
fn evidence(found: &Evidence) -> String {
    let part = |name: &str, value: Option<f64>| format!("{name} {}", value.map_or_else(|| "-".to_owned(), number));
    format!(
        "evidence: {}, {}, {}, {}\n",
        part("walk-forward", found.walk_forward),
        part("deflated", found.deflated),
        part("superior", found.superior),
        part("validate", found.validate)
    )
}

/// Good trials that differ from each other.
fn survivors(survivors: &[Survivor]) -> String {
    let optional = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), number);
    let mut table = Table::new([
        "trial",
        "objective",
        "Sharpe train",
        "Sharpe validate",
        "costs doubled",
        "neighbours earn",
        "causal",
    ]);
    for survivor in survivors {
        let share = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), percent);
        table.row([
            survivor.number.to_string(),
            number(survivor.objective),
            optional(survivor.sharpe[0]),
            optional(survivor.sharpe[1]),
            share(survivor.costly_return),
            share(survivor.profitable_neighbours),
            if survivor.is_causal { "yes" } else { "NO" }.to_owned(),
        ]);
    }
    format!("\nthe winner, and good trials that differ from it\n{}", table.render())
}

fn account(odds: Option<&AccountOdds>) -> String {
    let Some(odds) = odds else { return String::new() };
    let days = odds.median_days.map_or(String::new(), |days| format!(" (in {} days, the middle one)", number(days)));
    format!(
        "\nthe account, opened on {} other days: passed in {}{days}, failed in {}, still running in {}\n",
        odds.starts,
        percent(odds.passed),
        percent(odds.failed),
        percent(odds.running)
    )
}

fn criteria(criteria: &[Criterion]) -> String {
    let mut table = Table::new(["", "found", "asked", "", ""]).ending_in_words();
    for criterion in criteria {
        let found = criterion.value.map_or_else(|| "-".to_owned(), number);
        let bound = if criterion.is_limit { "at most" } else { "at least" };
        let holds = if criterion.holds() { "yes" } else { "NO" };
        table.row([criterion.name.to_owned(), found, number(criterion.threshold), bound.to_owned(), holds.to_owned()]);
    }
    table.render()
}

fn walk_forward(found: &WalkForward) -> String {
    let mut table = Table::new(["fold", "searched bars", "traded bars", "Sharpe in", "Sharpe out", "return", "trades"]);
    for (index, fold) in found.folds.iter().enumerate() {
        let optional = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), number);
        table.row([
            (index + 1).to_string(),
            fold.in_sample.len().to_string(),
            fold.out_of_sample.len().to_string(),
            optional(fold.in_sample_sharpe),
            optional(fold.out_of_sample_sharpe),
            percent(fold.out_of_sample_return),
            fold.trades.to_string(),
        ]);
    }
    let efficiency = found.efficiency.map_or_else(|| "-".to_owned(), percent);
    let drift: Vec<String> = found.drift.iter().map(|(name, drift)| format!("{name} {}", percent(*drift))).collect();
    format!(
        "\nwalk-forward, {} trials a fold: Sharpe {} over {} days, efficiency {efficiency}\n{}winners wander by {}\n",
        found.fold_trials,
        number(found.sharpe),
        found.returns.len(),
        table.render(),
        if drift.is_empty() { "nothing".to_owned() } else { drift.join(", ") }
    )
}

fn selection(found: &Validation) -> String {
    let mut text = String::new();
    match &found.selection {
        Ok(selection) => {
            text.push_str(&format!(
                "\nselection: Sharpe {} on train; the best of {} trials ({} independent ones) without skill: {}; the middle trial on all days: {}\n",
                number(selection.sharpe),
                selection.trials,
                number(selection.effective_trials.round()),
                number(selection.expected_maximum),
                number(selection.typical),
            ));
            let track = selection.minimum_track_record_days.map_or_else(
                || "no track record would do".to_owned(),
                |days| format!("{} days of track record needed, {} there", number(days.ceil()), selection.days),
            );
            text.push_str(&format!(
                "           probabilistic {}, deflated {}; {track}\n",
                number(selection.probabilistic),
                number(selection.deflated)
            ));
            let mut against = |name: &str, check: &RealityCheck| {
                text.push_str(&format!(
                    "           against {name}: SPA p = {}, reality check p = {}\n",
                    number(check.consistent),
                    number(check.white)
                ));
            };
            if let Some(check) = &selection.reality_check {
                against("doing nothing", check);
            }
            if let Some((name, check)) = &selection.benchmark {
                against(name, check);
            }
        }
        Err(why) => text.push_str(&format!("\nno statistics of selection: {why}\n")),
    }
    match &found.cross_validation {
        Ok(cross) => {
            let paths: Vec<String> = cross.combinatorial.sharpes.iter().map(|sharpe| number(*sharpe)).collect();
            text.push_str(&format!(
                "cross-validation of {} trials: probability of overfitting {}; Sharpe of the paths {}\n",
                cross.trials,
                number(cross.overfitting.probability),
                paths.join(", ")
            ));
        }
        Err(why) => text.push_str(&format!("no cross-validation: {why}\n")),
    }
    text
}

fn monte_carlo(found: &Validation) -> String {
    let Ok(monte_carlo) = &found.monte_carlo else {
        return found.monte_carlo.as_ref().err().map(|why| format!("\nno resampling: {why}\n")).unwrap_or_default();
    };
    let whose = if monte_carlo.is_out_of_sample { "walk-forward" } else { "winner" };
    let range = |q: bartune::validation::Quantiles| {
        format!("{} (5 %: {}, 95 %: {})", percent(q.middle), percent(q.low), percent(q.high))
    };
    let mut table = Table::new(["", "Sharpe", "return"]);
    for stress in &monte_carlo.stresses {
        let sharpe = stress.sharpe.map_or_else(|| "-".to_owned(), number);
        table.row([stress.name.to_owned(), sharpe, stress.total_return.map_or_else(|| "-".to_owned(), percent)]);
    }
    let reordered = monte_carlo.reordered_drawdown.map_or(String::new(), |drawdown| {
        format!("the winner's trades in other orders: drawdown {}\n", range(drawdown))
    });
    format!(
        "\nresampled days of the {whose}: return {}, drawdown {}, loss in {}, ruin in {}\n{reordered}\n{}",
        range(monte_carlo.total_return),
        range(monte_carlo.max_drawdown),
        percent(monte_carlo.loss),
        percent(monte_carlo.ruin),
        table.render()
    )
}

fn plateau(found: &Validation) -> String {
    match &found.plateau {
        Ok(plateau) => {
            let mut text = format!(
                "\nneighbours: {} of {} earn; median objective {} against {} at the winner\n",
                percent(plateau.profitable),
                plateau.neighbours,
                number(plateau.joint_median),
                number(plateau.peak),
            );
            if let Some((trial, mean)) = plateau.robust.filter(|(trial, _)| *trial != found.winner.trial.number) {
                text.push_str(&format!("trial {trial} has better neighbours: {} on average\n", number(mean)));
            }
            for edge in &plateau.edges {
                let end = if edge.is_high { "upper" } else { "lower" };
                text.push_str(&format!("{} is best at the {end} end of its range; widen it\n", edge.name));
            }
            text
        }
        Err(why) => format!("\nno neighbourhood: {why}\n"),
    }
}

fn periods(periods: &[Period], what: &str) -> String {
    let mut table = Table::new([what, "days", "Sharpe", "return"]);
    for period in periods {
        let sharpe = period.sharpe.map_or_else(|| "-".to_owned(), number);
        table.row([period.name.clone(), period.days.to_string(), sharpe, percent(period.total_return)]);
    }
    table.render()
}
