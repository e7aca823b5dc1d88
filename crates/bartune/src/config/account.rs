//! `[account]`: cash, and what the account is held to. `rules = "topstep-50k"` names a preset; a table says the
//! rules, over a preset if it names one.

use bartune_engine::account::{
    AccountRules, ContractCap, DailyLoss, Drawdown, DrawdownBasis, OnDailyLoss, PRESETS, Preset,
};
use bartune_engine::simulator::Account;
use jiff::tz::TimeZone;

use super::quantity;
use super::section::{Problems, Section, number_of};
use super::tree::{Item, Node};
use crate::diagnostic::{Located, Span, nearest};

/// Cash where neither the file nor a preset says it.
const DEFAULT_CASH: f64 = 100_000.0;

/// `[account]` as typed.
#[derive(Debug, Clone, Default)]
pub(crate) struct AccountOptions {
    pub(crate) cash: Option<Located<f64>>,
    pub(crate) rules: Option<RulesOptions>,
}

/// `account.rules` as typed.
#[derive(Debug, Clone)]
pub(crate) struct RulesOptions {
    span: Span,
    preset: Option<Located<&'static Preset>>,
    profit_target: Option<Located<f64>>,
    daily_loss: Option<Located<f64>>,
    on_daily_loss: Option<OnDailyLoss>,
    drawdown: Option<Located<f64>>,
    drawdown_basis: Option<DrawdownBasis>,
    drawdown_lock: Option<Located<f64>>,
    contracts: Option<Vec<ContractCap>>,
    minimum_days: Option<Located<i64>>,
    consistency: Option<Located<f64>>,
    timezone: Option<Located<TimeZone>>,
    day_start: Option<Located<u16>>,
    flat_by: Option<Located<u16>>,
}

/// Read `[account]`.
pub(crate) fn read(section: Section<'_>) -> AccountOptions {
    let cash = section.number("cash");
    let rules = match section.get("rules").map(|item| (&item.node, &item.span)) {
        Some((Node::Text(_), span)) => {
            Some(RulesOptions { preset: section.parsed("rules", preset), ..RulesOptions::none(span.clone()) })
        }
        _ => section.section("rules").map(rules),
    };
    section.finish();
    AccountOptions { cash, rules }
}

fn rules(section: Section<'_>) -> RulesOptions {
    let basis = [
        ("intraday", DrawdownBasis::Intraday),
        ("end_of_day", DrawdownBasis::EndOfDay),
        ("static", DrawdownBasis::Static),
    ];
    let options = RulesOptions {
        span: section.span().clone(),
        preset: section.parsed("preset", preset),
        profit_target: section.number("profit_target"),
        daily_loss: section.number("daily_loss"),
        on_daily_loss: section
            .word("on_daily_loss", &[("fail", OnDailyLoss::Fail), ("stop_for_day", OnDailyLoss::StopForDay)]),
        drawdown: section.number("drawdown"),
        drawdown_basis: section.word("drawdown_basis", &basis),
        drawdown_lock: section.number("drawdown_lock"),
        contracts: contracts(&section),
        minimum_days: section.integer("minimum_days"),
        consistency: section.number("consistency"),
        timezone: section.parsed("timezone", super::parse_timezone),
        day_start: section.parsed("day_start", quantity::minute_of_day),
        flat_by: section.parsed("flat_by", quantity::minute_of_day),
    };
    section.finish();
    options
}

/// `contracts = 5`, or `[[0, 2], [1500, 3]]`: profit and the most contracts from it on.
fn contracts(section: &Section<'_>) -> Option<Vec<ContractCap>> {
    let item = section.get("contracts")?;
    let row = |item: &Item| match &item.node {
        Node::Array(pair) => match pair.as_slice() {
            [profit, contracts] => number_of(profit)
                .zip(number_of(contracts))
                .map(|(from_profit, contracts)| ContractCap { from_profit, contracts }),
            _ => None,
        },
        _ => None,
    };
    let caps = match &item.node {
        Node::Array(rows) if !rows.is_empty() => rows.iter().map(row).collect(),
        _ => number_of(item).map(|contracts| vec![ContractCap { from_profit: 0.0, contracts }]),
    };
    if caps.is_none() {
        let help =
            "`contracts = 5`, or `contracts = [[0, 2], [1500, 3], [2000, 5]]` (profit, most contracts from it on)";
        let message = "`account.rules.contracts` does not read like a cap";
        section.problems().push_with_help("E103", &item.span, message, help);
    }
    caps
}

fn preset(name: &str) -> Result<&'static Preset, String> {
    Preset::find(name).ok_or_else(|| {
        let near = nearest(name, PRESETS.iter().map(|preset| preset.name));
        let near = near.map_or_else(String::new, |near| format!("did you mean \"{near}\"? "));
        let known = PRESETS.iter().map(|preset| format!("\"{}\"", preset.name)).collect::<Vec<_>>().join(", ");
        format!("there are no rules \"{name}\"; {near}there are {known}, and a table for others")
    })
}

/// The account meant. `counts_as_micro` says whether the contract traded is one of the micros that presets count
/// ten of as one.
pub(crate) fn resolve(options: &AccountOptions, counts_as_micro: Contracts, problems: &Problems) -> Account {
    let preset = options.rules.as_ref().and_then(|rules| rules.preset.as_ref()).map(|preset| preset.value);
    let cash = match &options.cash {
        None => preset.map_or(DEFAULT_CASH, |preset| preset.cash),
        Some(cash) => {
            if !(cash.value > 0.0 && cash.value <= 1e15) {
                problems.push("E104", &cash.span, "cash must be above 0");
            }
            cash.value
        }
    };
    let rules = options.rules.as_ref().map(|rules| rules.resolve(counts_as_micro, problems));
    Account { cash, rules }
}

/// Which contracts an account's caps count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contracts {
    Full,
    Micro,
}

impl RulesOptions {
    fn none(span: Span) -> Self {
        Self {
            span,
            preset: None,
            profit_target: None,
            daily_loss: None,
            on_daily_loss: None,
            drawdown: None,
            drawdown_basis: None,
            drawdown_lock: None,
            contracts: None,
            minimum_days: None,
            consistency: None,
            timezone: None,
            day_start: None,
            flat_by: None,
        }
    }

    fn resolve(&self, contracts: Contracts, problems: &Problems) -> AccountRules {
        let preset = self.preset.as_ref().map(|preset| match contracts {
            Contracts::Full => preset.value.rules(),
            Contracts::Micro => preset.value.rules_for_micros(),
        });
        let base = preset.unwrap_or_default();
        let value = |number: &Option<Located<f64>>| number.as_ref().map(|number| number.value);
        let minute = |minute: &Option<Located<u16>>| minute.as_ref().map(|minute| minute.value);
        let rules = AccountRules {
            profit_target: value(&self.profit_target).or(base.profit_target),
            daily_loss: self.daily_loss(base.daily_loss, problems),
            drawdown: self.drawdown(base.drawdown, problems),
            contract_caps: self.contracts.clone().unwrap_or(base.contract_caps),
            minimum_days: self.minimum_days(base.minimum_days, problems),
            consistency: value(&self.consistency).or(base.consistency),
            timezone: self.timezone.as_ref().map_or(base.timezone, |timezone| timezone.value.clone()),
            day_start: minute(&self.day_start).unwrap_or(base.day_start),
            flat_by: minute(&self.flat_by).or(base.flat_by),
        };
        if let Err(error) = rules.check() {
            problems.push("E104", self.place(error.rule), error.to_string());
        }
        rules
    }

    fn daily_loss(&self, base: Option<DailyLoss>, problems: &Problems) -> Option<DailyLoss> {
        let amount = self.daily_loss.as_ref().map(|amount| amount.value).or(base.map(|limit| limit.amount));
        if amount.is_none() && self.on_daily_loss.is_some() {
            let help = "for example `daily_loss = 1000`";
            problems.push_with_help("E110", &self.span, "`on_daily_loss` is not read without `daily_loss`", help);
        }
        let then = self.on_daily_loss.or(base.map(|limit| limit.then)).unwrap_or(OnDailyLoss::Fail);
        amount.map(|amount| DailyLoss { amount, then })
    }

    fn drawdown(&self, base: Option<Drawdown>, problems: &Problems) -> Option<Drawdown> {
        let amount = self.drawdown.as_ref().map(|amount| amount.value).or(base.map(|limit| limit.amount));
        if amount.is_none() && (self.drawdown_basis.is_some() || self.drawdown_lock.is_some()) {
            let message = "`drawdown_basis` and `drawdown_lock` are not read without `drawdown`";
            problems.push_with_help("E110", &self.span, message, "for example `drawdown = 2000`");
        }
        amount.map(|amount| Drawdown {
            amount,
            basis: self.drawdown_basis.or(base.map(|limit| limit.basis)).unwrap_or(DrawdownBasis::Intraday),
            lock: self.drawdown_lock.as_ref().map(|lock| lock.value).or(base.and_then(|limit| limit.lock)),
        })
    }

    fn minimum_days(&self, base: u32, problems: &Problems) -> u32 {
        let Some(days) = &self.minimum_days else { return base };
        u32::try_from(days.value).unwrap_or_else(|_| {
            problems.push("E104", &days.span, "`account.rules.minimum_days` is a number of days, 0 or more");
            base
        })
    }

    /// Where a rule that cannot be was written.
    fn place(&self, rule: &str) -> &Span {
        let number = match rule {
            "profit_target" => &self.profit_target,
            "daily_loss" => &self.daily_loss,
            "drawdown" => &self.drawdown,
            "drawdown_lock" => &self.drawdown_lock,
            "consistency" => &self.consistency,
            _ => &None,
        };
        number.as_ref().map_or(&self.span, |number| &number.span)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::parse_study;

    fn account(written: &str) -> Result<Account, String> {
        let text = format!(
            "name = \"a\"\n[data]\npath = \"a.csv\"\n[params]\nn = {{ int = [2, 9] }}\n[strategy]\n\
             long_entry = \"close > sma(close, n)\"\n{written}\n"
        );
        let plan = parse_study("a.toml", &text, Path::new(""), &[]).map_err(|problems| problems.to_string())?;
        Ok(plan.account)
    }

    #[test]
    fn a_preset_brings_its_cash_and_its_rules() {
        let named = account("[account]\nrules = \"topstep-100k\"").unwrap();
        assert_eq!(named.cash, 100_000.0);
        assert_eq!(named.rules, Preset::find("topstep-100k").map(Preset::rules));
        assert_eq!(account("[account]\nrules = \"express-50k\"\ncash = 60000").unwrap().cash, 60_000.0);
        assert_eq!(account("").unwrap(), Account { cash: 100_000.0, rules: None });
    }

    #[test]
    fn ten_micros_count_as_one_contract_of_a_preset() {
        let caps = |symbol: &str| {
            let written = format!("[execution]\ninstrument = \"{symbol}\"\n[account]\nrules = \"topstep-50k\"");
            account(&written).unwrap().rules.unwrap().contract_caps[0].contracts
        };
        assert_eq!((caps("ES"), caps("MES")), (5.0, 50.0));
    }

    #[test]
    fn a_table_says_rules_of_its_own_or_over_a_preset() {
        let own = account(
            "[account.rules]\nprofit_target = 1500\ndaily_loss = 600\non_daily_loss = \"stop_for_day\"\ndrawdown = 1250\n\
             drawdown_basis = \"end_of_day\"\ndrawdown_lock = 100\ncontracts = [[0, 2], [1000, 4]]\nminimum_days = 5\n\
             consistency = 0.3\ntimezone = \"America/New_York\"\nday_start = \"18:00\"\nflat_by = \"16:59\"",
        );
        let expected = AccountRules {
            profit_target: Some(1_500.0),
            daily_loss: Some(DailyLoss { amount: 600.0, then: OnDailyLoss::StopForDay }),
            drawdown: Some(Drawdown { amount: 1_250.0, basis: DrawdownBasis::EndOfDay, lock: Some(100.0) }),
            contract_caps: vec![
                ContractCap { from_profit: 0.0, contracts: 2.0 },
                ContractCap { from_profit: 1_000.0, contracts: 4.0 },
            ],
            minimum_days: 5,
            consistency: Some(0.3),
            timezone: TimeZone::get("America/New_York").unwrap(),
            day_start: 1080,
            flat_by: Some(1019),
        };
        assert_eq!(own.unwrap().rules, Some(expected));
        let over =
            account("[account.rules]\npreset = \"topstep-50k\"\non_daily_loss = \"fail\"").unwrap().rules.unwrap();
        assert_eq!(over.daily_loss, Some(DailyLoss { amount: 1_000.0, then: OnDailyLoss::Fail }));
        assert_eq!(over.profit_target, Some(3_000.0));
    }

    #[test]
    fn what_cannot_be_is_said() {
        let said = |written: &str, part: &str| {
            let problems = account(written).unwrap_err();
            assert!(problems.contains(part), "{problems}");
        };
        said("[account]\nrules = \"topstep-5k\"", "did you mean \"topstep-50k\"?");
        said("[account.rules]\ndaily_loss = -5", "account rule `daily_loss` is -5; it must be money above 0");
        said("[account.rules]\ncontracts = [2, 3]", "does not read like a cap");
        said("[account.rules]\ndrawdown_lock = 0", "not read without `drawdown`");
        said("[account.rules]\ntarget = 5", "has no key `target`");
        said("[account.rules]\nminimum_days = -1", "0 or more");
        said("[account]\nrules = 5", "must be a table");
    }
}
