//! What the best of the trials is tested against, besides doing nothing.

use super::Subject;
use super::returns::daily;
use crate::config::Plan;
use crate::error::Error;
use crate::evaluator::{Evaluator, SegmentName};

/// What a trial has to be better than.
#[derive(Debug, Clone, Default)]
pub enum Benchmark {
    /// Nothing more than doing nothing.
    Flat,
    /// Buying at the first open and holding, without costs.
    #[default]
    Held,
    /// A champion, as its study file has it.
    Champion(Box<Plan>),
}

impl Benchmark {
    /// In words.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Flat => "doing nothing",
            Self::Held => "buying and holding",
            Self::Champion(plan) => &plan.name,
        }
    }

    /// Its daily returns over train and validate; `None` for doing nothing.
    pub(super) fn returns(&self, subject: &Subject<'_>) -> Result<Option<Vec<f64>>, Error> {
        let range = subject.evaluator.range(SegmentName::All)?;
        let (calendar, _) = subject.evaluator.calendar(range.clone());
        match self {
            Self::Flat => Ok(None),
            Self::Held => {
                let bars = subject.evaluator.bars();
                let mut last = bars.open()[range.start];
                let days = calendar.days().iter().map(|day| {
                    let close = bars.close()[range.start + day.end - 1];
                    let earned = close / last - 1.0;
                    last = close;
                    earned
                });
                Ok(Some(days.collect()))
            }
            Self::Champion(plan) => {
                let evaluator = Evaluator::new(plan, subject.dataset);
                let run = evaluator.backtest(&plan.parameters.defaults(), SegmentName::All)?;
                Ok(Some(daily(&run, &calendar)))
            }
        }
    }
}
