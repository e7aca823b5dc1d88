//! Rules of accounts that are offered to the public.
//!
//! Sources: Topstep's help centre, "Trading Combine parameters", "Daily Loss Limit", "Maximum Loss Limit",
//! "Scaling Plan" and "Consistency Target" (<https://help.topstep.com>), as of 2025. Firms change their rules;
//! compare before you pay for one.

use jiff::tz::TimeZone;

use super::{AccountRules, ContractCap, DailyLoss, Drawdown, DrawdownBasis, OnDailyLoss};

/// A named account.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Preset {
    /// Name in study files.
    pub name: &'static str,
    /// Cash that the account starts with.
    pub cash: f64,
    /// Profit target, where the account is an evaluation.
    pub profit_target: Option<f64>,
    /// Daily loss limit; it stops the day.
    pub daily_loss: f64,
    /// End-of-day trailing limit, locked at the starting cash.
    pub drawdown: f64,
    /// Most contracts by profit at the day's start.
    pub contract_caps: &'static [(f64, f64)],
}

/// Every preset.
pub const PRESETS: [Preset; 4] = [
    Preset {
        name: "topstep-50k",
        cash: 50_000.0,
        profit_target: Some(3_000.0),
        daily_loss: 1_000.0,
        drawdown: 2_000.0,
        contract_caps: &[(0.0, 5.0)],
    },
    Preset {
        name: "topstep-100k",
        cash: 100_000.0,
        profit_target: Some(6_000.0),
        daily_loss: 2_000.0,
        drawdown: 3_000.0,
        contract_caps: &[(0.0, 10.0)],
    },
    Preset {
        name: "topstep-150k",
        cash: 150_000.0,
        profit_target: Some(9_000.0),
        daily_loss: 3_000.0,
        drawdown: 4_500.0,
        contract_caps: &[(0.0, 15.0)],
    },
    Preset {
        name: "express-50k",
        cash: 50_000.0,
        profit_target: None,
        daily_loss: 1_000.0,
        drawdown: 2_000.0,
        contract_caps: &[(0.0, 2.0), (1_500.0, 3.0), (2_000.0, 5.0)],
    },
];

/// Micro contracts that count as one contract.
const MICROS_PER_CONTRACT: f64 = 10.0;
/// 15:10 in Chicago.
const FLAT_BY: u16 = 15 * 60 + 10;
/// 17:00 in Chicago.
const DAY_START: u16 = 17 * 60;

impl Preset {
    /// The preset of this name.
    ///
    /// ```
    /// use bartune_engine::account::Preset;
    /// assert_eq!(Preset::find("topstep-100k").map(|preset| preset.daily_loss), Some(2000.0));
    /// assert!(Preset::find("topstep").is_none());
    /// ```
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        PRESETS.iter().find(|preset| preset.name == name)
    }

    /// Its rules for a contract of full size.
    #[must_use]
    pub fn rules(&self) -> AccountRules {
        self.rules_counting(1.0)
    }

    /// Its rules for a micro contract, ten of which count as one.
    #[must_use]
    pub fn rules_for_micros(&self) -> AccountRules {
        self.rules_counting(MICROS_PER_CONTRACT)
    }

    fn rules_counting(&self, contracts_per_contract: f64) -> AccountRules {
        let cap = |&(from_profit, contracts): &(f64, f64)| ContractCap {
            from_profit,
            contracts: contracts * contracts_per_contract,
        };
        AccountRules {
            profit_target: self.profit_target,
            daily_loss: Some(DailyLoss { amount: self.daily_loss, then: OnDailyLoss::StopForDay }),
            drawdown: Some(Drawdown { amount: self.drawdown, basis: DrawdownBasis::EndOfDay, lock: Some(0.0) }),
            contract_caps: self.contract_caps.iter().map(cap).collect(),
            minimum_days: if self.profit_target.is_some() { 2 } else { 0 },
            consistency: self.profit_target.map(|_| 0.5),
            timezone: TimeZone::get("America/Chicago").expect("the bundled database of time zones has Chicago"),
            day_start: DAY_START,
            flat_by: Some(FLAT_BY),
        }
    }
}
