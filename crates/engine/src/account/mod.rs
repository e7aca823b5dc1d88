//! Rules that a trading account is held to (`docs/accounts.md`): loss limits, a profit target, contract caps, a
//! time to be flat by, minimum days and consistency.
//!
//! [`AccountState`] is a state machine over the equity that the simulator shows it. It decides what is allowed and
//! when the account has failed or passed; it knows neither prices nor orders: closing a position is the
//! simulator's business. Each rule has a number there (A1–A9) that the code cites.
//!
//! **Policies.** A limit that is met exactly is breached. Within a bar the worst is assumed: the account's best
//! equity comes before its worst. Every amount is money relative to the cash at the start.

mod preset;
mod rules;
mod state;
#[cfg(test)]
mod tests;

pub use preset::{PRESETS, Preset};
pub use rules::{AccountRules, ContractCap, DailyLoss, Drawdown, DrawdownBasis, InvalidAccountRules, OnDailyLoss};
pub use state::{AccountOutcome, AccountReport, AccountState, LossRule};
