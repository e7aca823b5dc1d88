//! `search.budget`: what a search may cost, in passes, bars or time.

use std::time::Duration;

use super::quantity;

/// What a search may cost, in what does not depend on the machine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Budget {
    /// So many times the train segment.
    Passes(f64),
    /// So many train bars.
    Bars(f64),
}

/// A budget as it is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum BudgetOption {
    Cost(Budget),
    /// As `search.timeout`.
    Time(Duration),
}

/// Trials of a study that is given a budget in their place, where the budget does not say how many it pays for.
pub(crate) const UNCOUNTED_TRIALS: u64 = 1_000_000;

/// `"20 passes"`, `"2e9 bars"` or `"10m"`.
pub(crate) fn parse(text: &str) -> Result<BudgetOption, String> {
    let wrong =
        || format!("`{text}` is no budget; write \"20 passes\" (of the train segment), \"2e9 bars\" or \"10m\"");
    let words: Vec<&str> = text.split_whitespace().collect();
    let number = |text: &str| {
        let value: f64 = text.replace('_', "").parse().map_err(|_| wrong())?;
        if value.is_finite() && value > 0.0 { Ok(value) } else { Err(wrong()) }
    };
    match words.as_slice() {
        [count, "pass" | "passes"] | [count, "full", "pass" | "passes"] => {
            Ok(BudgetOption::Cost(Budget::Passes(number(count)?)))
        }
        [count, "bar" | "bars"] => Ok(BudgetOption::Cost(Budget::Bars(number(count)?))),
        _ => quantity::duration(text).map(BudgetOption::Time).map_err(|_| wrong()),
    }
}

impl Budget {
    /// In bars, for a train segment of so many.
    #[must_use]
    pub fn bars(self, train: usize) -> f64 {
        match self {
            Self::Bars(bars) => bars,
            Self::Passes(passes) => passes * train as f64,
        }
    }

    /// Trials that it pays for at most, where the cheapest one sees this share of the bars.
    pub(crate) fn most_trials(self, cheapest: f64) -> u64 {
        match self {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped; never negative")]
            Self::Passes(passes) => (passes / cheapest).ceil().clamp(1.0, UNCOUNTED_TRIALS as f64) as u64,
            Self::Bars(_) => UNCOUNTED_TRIALS,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_has_a_unit() {
        assert_eq!(parse("20 passes"), Ok(BudgetOption::Cost(Budget::Passes(20.0))));
        assert_eq!(parse("1 full pass"), Ok(BudgetOption::Cost(Budget::Passes(1.0))));
        assert_eq!(parse("2e9 bars"), Ok(BudgetOption::Cost(Budget::Bars(2e9))));
        assert_eq!(parse("1_000_000 bars"), Ok(BudgetOption::Cost(Budget::Bars(1e6))));
        assert_eq!(parse("10m"), Ok(BudgetOption::Time(Duration::from_secs(600))));
        for text in ["", "20", "20 trials", "0 passes", "-1 bars", "inf bars", "NaN passes"] {
            assert!(parse(text).expect_err("it is none").contains("20 passes"), "{text}");
        }
    }

    #[test]
    fn a_budget_in_passes_bounds_the_trials() {
        assert_eq!(Budget::Passes(20.0).most_trials(1.0), 20);
        assert_eq!(Budget::Passes(20.0).most_trials(0.125), 160);
        assert_eq!(Budget::Bars(1.0).most_trials(1.0), UNCOUNTED_TRIALS);
    }
}
