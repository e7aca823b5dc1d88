//! What an account is held to.

use jiff::tz::TimeZone;

/// The rules of an account. Every rule is optional; amounts are in the account's money.
#[derive(Debug, Clone, PartialEq)]
pub struct AccountRules {
    /// Profit at which the account has passed (A5).
    pub profit_target: Option<f64>,
    /// The most that may be lost in a day (A2).
    pub daily_loss: Option<DailyLoss>,
    /// The most that may be lost from the best equity (A3).
    pub drawdown: Option<Drawdown>,
    /// The most contracts, by the profit at the day's start, in ascending order of it (A4). Empty: no cap.
    pub contract_caps: Vec<ContractCap>,
    /// Days with a fill that passing needs (A6).
    pub minimum_days: u32,
    /// The largest share of the whole profit that the best day may have at passing (A7).
    pub consistency: Option<f64>,
    /// The clock of `day_start` and `flat_by`.
    pub timezone: TimeZone,
    /// Minute of the day at which a trading day begins (A1).
    pub day_start: u16,
    /// Minute of the day at which the account must be flat, until the next day starts (A8).
    pub flat_by: Option<u16>,
}

/// A daily loss limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DailyLoss {
    /// Money below the equity at the day's start.
    pub amount: f64,
    /// What meeting it means.
    pub then: OnDailyLoss,
}

/// What meeting the daily loss limit means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnDailyLoss {
    /// The account has failed.
    Fail,
    /// Nothing is traded until the next day starts.
    StopForDay,
}

/// A limit below the best equity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drawdown {
    /// Money below the best equity.
    pub amount: f64,
    /// Which equity counts as the best.
    pub basis: DrawdownBasis,
    /// The floor never rises above the cash at the start plus this.
    pub lock: Option<f64>,
}

/// Which equity a drawdown limit trails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DrawdownBasis {
    /// The highest of any moment, open profit included.
    Intraday,
    /// The highest at the end of a day.
    EndOfDay,
    /// The cash at the start: it does not trail.
    Static,
}

/// The most contracts from a profit on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ContractCap {
    /// Profit at the day's start from which it holds; the lowest holds below it too.
    pub from_profit: f64,
    /// The most contracts.
    pub contracts: f64,
}

/// A rule that cannot be.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("account rule `{rule}` is {value}; it must be {expected}")]
pub struct InvalidAccountRules {
    /// Which.
    pub rule: &'static str,
    /// What it is.
    pub value: f64,
    /// What it may be.
    pub expected: &'static str,
}

/// No rules at all, on a day of UTC.
impl Default for AccountRules {
    fn default() -> Self {
        Self {
            profit_target: None,
            daily_loss: None,
            drawdown: None,
            contract_caps: Vec::new(),
            minimum_days: 0,
            consistency: None,
            timezone: TimeZone::UTC,
            day_start: 0,
            flat_by: None,
        }
    }
}

impl AccountRules {
    /// Check everything that [`AccountState`](super::AccountState) relies on.
    ///
    /// # Errors
    /// The first rule that cannot be, with what it may be.
    pub fn check(&self) -> Result<(), InvalidAccountRules> {
        let money = |rule, value: Option<f64>| {
            check(rule, value.unwrap_or(1.0), "money above 0", |value| value.is_finite() && value > 0.0)
        };
        money("profit_target", self.profit_target)?;
        money("daily_loss", self.daily_loss.map(|limit| limit.amount))?;
        money("drawdown", self.drawdown.map(|limit| limit.amount))?;
        let lock = self.drawdown.and_then(|limit| limit.lock).unwrap_or(0.0);
        check("drawdown_lock", lock, "a finite amount", f64::is_finite)?;
        let share = |value: f64| value > 0.0 && value <= 1.0;
        check("consistency", self.consistency.unwrap_or(1.0), "a share above 0 and at most 1", share)?;
        for (rule, minute) in [("day_start", self.day_start), ("flat_by", self.flat_by.unwrap_or(0))] {
            check(rule, f64::from(minute), "a minute of the day, below 1440", |minute| minute < 1440.0)?;
        }
        self.check_caps()
    }

    fn check_caps(&self) -> Result<(), InvalidAccountRules> {
        for cap in &self.contract_caps {
            check("contracts", cap.contracts, "above 0", |contracts| contracts.is_finite() && contracts > 0.0)?;
            check("contracts", cap.from_profit, "from a finite profit", f64::is_finite)?;
        }
        for pair in self.contract_caps.windows(2) {
            let next = pair[1].from_profit;
            check("contracts", next, "in ascending order of profit", |next| next > pair[0].from_profit)?;
        }
        Ok(())
    }
}

fn check(
    rule: &'static str,
    value: f64,
    expected: &'static str,
    holds: impl Fn(f64) -> bool,
) -> Result<(), InvalidAccountRules> {
    if holds(value) { Ok(()) } else { Err(InvalidAccountRules { rule, value, expected }) }
}
