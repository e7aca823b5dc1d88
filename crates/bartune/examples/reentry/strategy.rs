//! Trend following that is not shaken out twice at one height: after a stop it comes back only above the highest price
//! that it had already seen, or once enough time has passed. The height is the account's own past, which no column of
//! numbers knows before the trades are made.

use bartune::engine::Params;
use bartune::engine::simulator::{Decision, Distances, ExitReason};
use bartune::strategy::{Decide, Moment, Strategy};

/// The strategy; what it holds would be settings of the program, not of a trial.
#[derive(Debug)]
pub(crate) struct Reentry;

/// Places in [`Strategy::series`].
const TREND: usize = 0;
const RANGE: usize = 1;

impl Strategy for Reentry {
    fn name(&self) -> &str {
        "reentry"
    }

    fn version(&self) -> &str {
        "1"
    }

    fn series(&self) -> Vec<(&str, &str)> {
        vec![("trend", "ema(close, slow)"), ("range", "atr(14)")]
    }

    fn start(&self, params: &Params) -> Result<Box<dyn Decide>, String> {
        let number = |name: &str| {
            let value = params.get(name).and_then(|value| value.as_number());
            value.ok_or_else(|| format!("the study file needs a parameter `{name}`"))
        };
        Ok(Box::new(State { stop: number("stop")?, patience: number("patience")?, peak: f64::NEG_INFINITY }))
    }
}

/// One segment of one trial.
struct State {
    /// Distance of the trailing stop, in average ranges.
    stop: f64,
    /// Bars after which a height is forgotten.
    patience: f64,
    /// The highest price seen in a position since the last forgetting.
    peak: f64,
}

impl Decide for State {
    fn decide(&mut self, moment: &Moment<'_>) -> Decision {
        let is_up = moment.close(0) > moment.series(TREND, 0);
        if moment.position().is_some() {
            self.peak = self.peak.max(moment.high(0));
            return Decision { long_exit: !is_up, ..Decision::default() };
        }
        let distances = Distances { trailing: Some(self.stop * moment.series(RANGE, 0)), ..Distances::default() };
        Decision { long_entry: is_up && self.may_come_back(moment), distances, ..Decision::default() }
    }
}

impl State {
    fn may_come_back(&mut self, moment: &Moment<'_>) -> bool {
        let Some(trade) = moment.last_trade() else { return true };
        let waited = (moment.bar() - trade.exit_bar) as f64;
        if waited >= self.patience || trade.exit_reason == ExitReason::Rule {
            self.peak = f64::NEG_INFINITY;
        }
        moment.close(0) > self.peak
    }
}
